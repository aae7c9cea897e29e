// SPDX-License-Identifier: LGPL-2.1-or-later
/* ask.c - see ask.h. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "ask.h"

/* Longer than the orchestrator needs to answer, shorter than anybody wants to wait. */
#ifndef ASK_LIMIT_SEC
#define ASK_LIMIT_SEC 10
#endif

int ask_open_container(const char *pid_file, pid_t *ret)
{
	_cleanup_(fclosep) FILE *file = fopen(pid_file, "re");
	int pidfd;
	long pid;

	if (!file)
		return -errno;
	if (fscanf(file, "%ld", &pid) != 1 || pid <= 0)
		return -EBADMSG;
	pidfd = syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (pidfd < 0)
		return -errno;
	*ret = pid;
	return pidfd;
}

/* The socket's own word for a limit that was reached says that it should be tried again. */
static int last_error(void)
{
	return errno == EAGAIN ? -ETIMEDOUT : -errno;
}

int ask_connect(const char *path)
{
	const struct timeval limit = { .tv_sec = ASK_LIMIT_SEC };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_(close_fdp) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
	    (int)sizeof(address.sun_path))
		return -ENAMETOOLONG;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return last_error();
	return TAKE_FD(fd);
}

static int send_pidfd(int fd, int pidfd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct iovec part = { .iov_base = "", .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(pidfd));
	memcpy(CMSG_DATA(c), &pidfd, sizeof(pidfd));
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? last_error() : 0;
}

int ask_answer(int fd)
{
	int32_t answer;
	ssize_t n = recv(fd, &answer, sizeof(answer), MSG_TRUNC);

	if (n <= 0)
		return n < 0 ? last_error() : -ECONNRESET;
	return n == sizeof(answer) && answer <= 0 ? answer : -EPROTO;
}

int ask_to_arm(int fd, int pidfd)
{
	int r = send_pidfd(fd, pidfd);

	return r < 0 ? r : ask_answer(fd);
}
