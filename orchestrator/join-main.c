// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * join-main.c - quixote-join: stands before the program of a systemd unit. It has itself
 * armed by the unit's orchestrator and becomes the program: same process, same descriptors,
 * same environment, and nothing that it was not allowed before. If it cannot be armed the
 * program does not run.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/version.h"
#include "ask.h"
#include "entrance.h"
#include "failure.h"

static int be_armed(const char *unit)
{
	_cleanup_(close_fdp) int fd = -EBADF;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), ENTRANCE_DIRECTORY "/%s", unit) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = ask_connect(path);
	return fd < 0 ? fd : ask_answer(fd);
}

int main(int argc, char **argv)
{
	int r;

	if (version_told(argc, argv, "quixote-join"))
		return EXIT_SUCCESS;
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
			      "systemctl status quixote-unit@%s\n",
			      argv[1], strerror(-r), argv[1]);
		return EXIT_WORKLOAD;
	}
	(void)execv(argv[2], argv + 3);
	(void)fprintf(stderr, "quixote-join: %s: %s\n", argv[2], strerror(errno));
	return EXIT_WORKLOAD;
}
