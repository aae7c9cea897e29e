// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * door.c - see door.h. The lock on the directory says whether a socket in it is
 * in use; the directory stays, so that a lock cannot be on one that is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "directory.h"
#include "door.h"
#include "place.h"

/* Connections that wait to be accepted: clients are few. */
#define BACKLOG 16

/* Of an agent that does not judge yet. */
#define NEXT_SOCKET DIRECTORY_SOCKET ".next"

/* Through the descriptor, as an address is shorter than a path may be. */
static int bind_in(int socket, int dir, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir,
		       name); /* it fits */
	return bind(socket, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

static int make_socket(int dir, const char *name)
{
	_cleanup_(close_fdp) int fd = -EBADF;
	int r;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Of the socket, not of a file: it will have this mode from its first moment. */
	if (fd < 0 || fchmod(fd, 0600) < 0)
		return -errno;
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return -errno;
	r = bind_in(fd, dir, name);
	if (r < 0)
		return r;
	return listen(fd, BACKLOG) < 0 ? -errno : TAKE_FD(fd);
}

int door_open(const char *name, uid_t uid, struct door *ret)
{
	_cleanup_(close_fdp) int dir = -EBADF;
	char path[PATH_MAX];
	int r;

	r = directory_run(name, uid, path, sizeof(path));
	if (r >= 0)
		r = dir = place_open_directory(path);
	if (r < 0)
		return r;
	if (flock(dir, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	r = make_socket(dir, DIRECTORY_SOCKET);
	if (r < 0)
		return r;
	*ret = (struct door){ .dir = TAKE_FD(dir), .socket = r };
	return 0;
}

int door_open_next(const struct door *door)
{
	return door->dir < 0 ? -EBADF : make_socket(door->dir, NEXT_SOCKET);
}

int door_change(const struct door *door)
{
	return renameat(door->dir, NEXT_SOCKET, door->dir, DIRECTORY_SOCKET) < 0 ? -errno : 0;
}

void door_forget_next(const struct door *door)
{
	if (door->dir >= 0)
		(void)unlinkat(door->dir, NEXT_SOCKET, 0); /* else the next reload does */
}

void door_close(struct door *door, struct file_identity owner)
{
	if (door->dir >= 0) {
		struct file_identity before = privilege_files_as(owner);

		(void)unlinkat(door->dir, DIRECTORY_SOCKET, 0); /* else the next run does */
		(void)unlinkat(door->dir, DIRECTORY_BELL, 0);	/* likewise */
		(void)privilege_files_as(before);
	}
	(void)close_fd(door->socket);
	(void)close_fd(door->dir);
	*door = DOOR_EMPTY;
}
