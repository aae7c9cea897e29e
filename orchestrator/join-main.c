// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * join-main.c - quixote-join: stands before the program of a systemd unit. It has itself
 * armed by the unit's orchestrator and becomes the program: same process, same descriptors,
 * same environment, and nothing that it was not allowed before. If it cannot be armed the
 * program does not run.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "entrance.h"
#include "failure.h"

/* Longer than the orchestrator needs to answer, shorter than a unit may take to start. */
#define ANSWER_SEC 20

static int open_socket(const char *unit)
{
	const struct timeval limit = { .tv_sec = ANSWER_SEC };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_(close_fdp) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int n;

	if (fd < 0)
		return -errno;
	n = snprintf(address.sun_path, sizeof(address.sun_path), ENTRANCE_DIRECTORY "/%s", unit);
	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int be_armed(const char *unit)
{
	_cleanup_(close_fdp) int fd = open_socket(unit);
	int32_t answer;
	ssize_t n;

	if (fd < 0)
		return fd;
	n = recv(fd, &answer, sizeof(answer), 0);
	if (n < 0)
		return -errno;
	return n == sizeof(answer) ? answer : -ECONNRESET;
}

int main(int argc, char **argv)
{
	int r;

	if (argc < 4) {
		(void)fprintf(stderr,
			      "usage: quixote-join UNIT PROGRAM NAME [ARGUMENT...]\n"
			      "For the units that quixote train has changed; see quixote(1).\n");
		return EXIT_COMMAND_LINE;
	}
	r = be_armed(argv[1]);
	if (r < 0) {
		(void)fprintf(stderr,
			      "quixote-join: %s was not started, because nobody models it: %s; see "
			      "systemctl status quixote-unit@%s.service\n",
			      argv[1], strerror(-r), argv[1]);
		return EXIT_WORKLOAD;
	}
	(void)execv(argv[2], argv + 3);
	(void)fprintf(stderr, "quixote-join: %s: %s\n", argv[2], strerror(errno));
	return EXIT_WORKLOAD;
}
