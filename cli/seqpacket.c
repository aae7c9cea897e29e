// SPDX-License-Identifier: LGPL-2.1-or-later
/* seqpacket.c - see seqpacket.h. */
#include "seqpacket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"

int seqpacket_connect(const char *dir, const char *name)
{
	_cleanup_(close_fdp) int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_(close_fdp) int fd = -EBADF;

	if (dir_fd < 0)
		return -errno;
	/* Non-blocking: a queue that is full is refused and not waited for. */
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Through the directory, as an address is shorter than a path may be. */
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir_fd,
		       name); /* ours, and short */
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int seqpacket_receive(int fd, void *message, size_t size, int timeout_msec)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int r = poll(&ready, 1, timeout_msec);
	ssize_t n;

	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	n = recv(fd, message, size, MSG_TRUNC);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -EPIPE;
	return (size_t)n == size ? 0 : -EBADMSG;
}
