// SPDX-License-Identifier: LGPL-2.1-or-later
/* accepted.c - see accepted.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../libtsem/cleanup.h"
#include "accepted.h"

#define NEW_FILE "." ACCEPTED_FILE ".new"

/* The longest number, its line feed, and one to see that there is more. */
#define TEXT_BYTES 24

int accepted_read(int dir, uint64_t *ret)
{
	_cleanup_(close_fdp) int fd = openat(
		dir, ACCEPTED_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	char text[TEXT_BYTES] = "", *end;
	uint64_t version;
	ssize_t size;

	if (fd < 0 && errno == ENOENT) {
		*ret = 0;
		return 0;
	}
	if (fd < 0)
		return -errno;
	size = read(fd, text, sizeof(text) - 1);
	if (size < 0)
		return -errno;
	errno = 0;
	version = strtoumax(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || errno || strcmp(end, "\n") != 0)
		return -EBADMSG;
	*ret = version;
	return 0;
}

int accepted_write(int dir, uint64_t version)
{
	_cleanup_(close_fdp) int fd = openat(dir, NEW_FILE,
					     O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW |
						     O_NOCTTY | O_NONBLOCK,
					     0600);

	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%" PRIu64 "\n", version) < 0 || fsync(fd) < 0)
		return -errno;
	if (renameat(dir, NEW_FILE, dir, ACCEPTED_FILE) < 0)
		return -errno;
	return fsync(dir) < 0 ? -errno : 0;
}
