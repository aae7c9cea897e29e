// SPDX-License-Identifier: LGPL-2.1-or-later
/* reopen.c - see reopen.h. */
#include "reopen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The master of a pseudo terminal would be another one. */
static bool is_same_again(int fd)
{
	struct stat st;
	unsigned int number;

	if (fstat(fd, &st) < 0)
		return false;
	return S_ISFIFO(st.st_mode) || (isatty(fd) && ioctl(fd, TIOCGPTN, &number) < 0);
}

int reopen_nonblocking(int fd, int mode)
{
	int flags = fcntl(fd, F_GETFL);
	char path[32];
	int r;

	if (flags < 0)
		return -errno;
	if ((flags & O_ACCMODE) != mode && (flags & O_ACCMODE) != O_RDWR)
		return -EBADF;
	if (!is_same_again(fd))
		return -EINVAL;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return r < 0 ? -errno : r;
}
