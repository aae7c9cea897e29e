// SPDX-License-Identifier: LGPL-2.1-or-later
/* place.c - see place.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "directory.h"
#include "place.h"

static void give_back(struct file_identity *before)
{
	(void)privilege_files_as(*before);
}

/* Until the end of the scope; the variable is only there to end it. */
#define FILES_AS(identity)                                                                         \
	_cleanup_(give_back) __attribute__((unused)) struct file_identity before =                 \
		privilege_files_as(identity)

static int open_parent(const char *path, char **ret_name)
{
	const char *slash = strrchr(path, '/');
	_cleanup_(freep) char *dir = NULL, *name = NULL;
	int fd;

	name = strdup(slash ? slash + 1 : path);
	dir = slash ? strndup(path, slash + 1 - path) : strdup(".");
	if (!name || !dir)
		return -ENOMEM;
	if (!*name)
		return -EISDIR;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_name = TAKE_PTR(name);
	return fd;
}

static int open_regular(int dir, const char *name)
{
	_cleanup_(close_fdp) int fd =
		openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -errno;
	return fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ? -EINVAL : TAKE_FD(fd);
}

static int open_old(const struct place *place, bool train)
{
	int fd = open_regular(place->dir, place->name);

	if (fd != -ENOENT || !train)
		return fd;
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int place_open_signature(struct place *place)
{
	_cleanup_(freep) char *name = NULL;

	if (asprintf(&name, "%s.sig", place->name) < 0) {
		name = NULL;
		return -ENOMEM;
	}
	place->fd_signature = open_regular(place->dir, name);
	return place->fd_signature < 0 ? place->fd_signature : 0;
}

/* Whether the name still leads to what was opened and locked. */
static bool is_same_file(int dir, const char *name, int fd)
{
	struct stat by_name, by_fd;

	return fstatat(dir, name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &by_fd) == 0 &&
	       by_name.st_dev == by_fd.st_dev && by_name.st_ino == by_fd.st_ino;
}

/*
 * One name and a lock, so that a run that was killed leaves at most one file
 * behind, which the next run uses again, and two runs never write one model.
 */
static int open_new(const struct place *place)
{
	for (int attempt = 0; attempt < 3; attempt++) {
		_cleanup_(close_fdp) int fd = -EBADF;

		fd = openat(place->dir, place->temp,
			    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0644);
		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0)
			return errno == EWOULDBLOCK ? -EBUSY : -errno;
		if (!is_same_file(place->dir, place->temp, fd))
			continue; /* another run renamed it in between */
		if (ftruncate(fd, 0) < 0)
			return -errno;
		return TAKE_FD(fd);
	}
	return -EBUSY;
}

/* Who may write in a directory is its owner, as far as the process may choose. */
static struct file_identity owner_of(int dir, struct file_identity otherwise)
{
	struct stat st;

	if (otherwise.uid != 0 || fstat(dir, &st) < 0)
		return otherwise;
	return (struct file_identity){ .uid = st.st_uid, .gid = st.st_gid };
}

static int prepare_new(struct place *place)
{
	FILES_AS(place->identity);

	if (asprintf(&place->temp, ".%s.new", place->name) < 0) {
		place->temp = NULL;
		return -ENOMEM;
	}
	place->fd_new = open_new(place);
	return place->fd_new < 0 ? place->fd_new : 0;
}

int place_open(const char *path, bool train, struct place *ret)
{
	_cleanup_(place_close) struct place place = PLACE_EMPTY;
	int r;

	place.dir = open_parent(path, &place.name);
	if (place.dir < 0)
		return place.dir;
	/* The lock comes first: what is read under it nobody replaces. */
	if (train) {
		const struct file_identity now =
			privilege_files_as((struct file_identity){ .uid = -1, .gid = -1 });

		place.identity = owner_of(place.dir, now);
		r = prepare_new(&place);
		if (r < 0)
			return r;
	}
	place.fd_old = open_old(&place, train);
	if (place.fd_old < 0)
		return place.fd_old;
	*ret = place;
	place = PLACE_EMPTY;
	return 0;
}

int place_commit(struct place *place)
{
	FILES_AS(place->identity);
	struct stat st;

	if (fstat(place->fd_old, &st) == 0 && S_ISREG(st.st_mode))
		(void)fchmod(place->fd_new, st.st_mode & 0777); /* a convenience */
	if (fsync(place->fd_new) < 0)
		return -errno;
	if (renameat(place->dir, place->temp, place->dir, place->name) < 0)
		return -errno;
	free(TAKE_PTR(place->temp));
	/* The name has changed: a directory that cannot be synced is no failure of this run. */
	(void)fsync(place->dir);
	return 0;
}

void place_close(struct place *place)
{
	if (place->temp && place->fd_new >= 0) {
		FILES_AS(place->identity);

		(void)unlinkat(place->dir, place->temp, 0); /* else the next run uses it */
	}
	free(place->temp);
	free(place->name);
	(void)close_fd(place->fd_new);
	(void)close_fd(place->fd_old);
	(void)close_fd(place->fd_signature);
	(void)close_fd(place->dir);
	*place = PLACE_EMPTY;
}

/* As mkdir -p; what is there already is taken as it is. */
static int make_directories(char *path)
{
	for (char *slash = path + 1;; slash++) {
		char was = *slash;

		if (was && was != '/')
			continue;
		*slash = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST) {
			*slash = was;
			return -errno;
		}
		*slash = was;
		if (!was)
			return 0;
	}
}

int place_open_directory(char *path)
{
	int r, fd;

	r = make_directories(path);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int place_open_state(const char *name, uid_t uid, struct file_identity *ret_owner)
{
	_cleanup_(close_fdp) int fd = -EBADF;
	char path[PATH_MAX];
	struct stat st;
	int r;

	r = directory_state(name, uid, path, sizeof(path));
	if (r < 0)
		return r;
	fd = place_open_directory(path);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_owner = (struct file_identity){ .uid = st.st_uid, .gid = st.st_gid };
	return TAKE_FD(fd);
}
