// SPDX-License-Identifier: LGPL-2.1-or-later
/* keys.c - see keys.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../libtsem/cleanup.h"
#include "keys.h"

/* As in libtsem/key.h, which says no to more, too. */
#define KEYS_MAX 64

/* Several times a public key: what is longer is something else. */
#define KEY_BYTES 1024

static int refuse(char detail[KEYS_DETAIL_BYTES], int r, const char *path, const char *name)
{
	(void)snprintf(detail, KEYS_DETAIL_BYTES, "%s%s%s", path, name ? "/" : "", name ?: "");
	return r;
}

/* Whether others may change what is trusted. */
static int check_owner(int fd, uid_t owner, mode_t kind)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & S_IFMT) != kind)
		return -EINVAL;
	return (st.st_uid != 0 && st.st_uid != owner) || st.st_mode & 022 ? -EPERM : 0;
}

static bool is_key(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name), suffix = strlen(KEYS_SUFFIX);

	return size > suffix && !strcmp(entry->d_name + size - suffix, KEYS_SUFFIX);
}

static int select_key(const struct dirent *entry)
{
	return is_key(entry);
}

static int copy(int from, int to)
{
	char data[KEY_BYTES + 1];
	ssize_t size = read(from, data, sizeof(data));

	if (size < 0)
		return -errno;
	if (size > KEY_BYTES)
		return -E2BIG;
	return write(to, data, size) == size ? 0 : -EIO;
}

/* A line with its name, and the file. */
static int add_key(int dir, const char *name, uid_t owner, int to)
{
	_cleanup_(close_fdp) int fd =
		openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int size = (int)(strlen(name) - strlen(KEYS_SUFFIX)), r;

	if (fd < 0)
		return -errno;
	/* It begins a line of its own and must not become another. */
	if (strcspn(name, "\n\r") != strlen(name))
		return -EBADMSG;
	r = check_owner(fd, owner, S_IFREG);
	if (r < 0)
		return r;
	return dprintf(to, "# %.*s\n", size, name) < 0 ? -EIO : copy(fd, to);
}

/** struct listing - Names in a directory, sorted. */
struct listing {
	struct dirent **entries;
	int count;
};

static void listing_done(struct listing *l)
{
	for (int i = 0; i < l->count; i++)
		free(l->entries[i]);
	free(l->entries);
}

static int add_keys(int dir, const char *path, uid_t owner, int to, char *detail)
{
	_cleanup_(listing_done) struct listing l = { .entries = NULL };

	l.count = scandirat(dir, ".", &l.entries, select_key, alphasort);
	if (l.count < 0) {
		l.count = 0;
		return refuse(detail, -errno, path, NULL);
	}
	if (l.count > KEYS_MAX)
		return refuse(detail, -E2BIG, path, NULL);
	for (int i = 0; i < l.count; i++) {
		int r = add_key(dir, l.entries[i]->d_name, owner, to);

		if (r < 0)
			return refuse(detail, r, path, l.entries[i]->d_name);
	}
	return 0;
}

int keys_open(const char *path, uid_t owner, char detail[KEYS_DETAIL_BYTES])
{
	_cleanup_(close_fdp) int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(close_fdp) int keys = -EBADF;
	int r;

	if (dir < 0)
		return refuse(detail, -errno, path, NULL);
	r = check_owner(dir, owner, S_IFDIR);
	if (r < 0)
		return refuse(detail, r, path, NULL);
	keys = memfd_create("keys", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (keys < 0)
		return refuse(detail, -errno, path, NULL);
	r = add_keys(dir, path, owner, keys, detail);
	if (r < 0)
		return r;
	if (fcntl(keys, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return refuse(detail, -errno, path, NULL);
	return TAKE_FD(keys);
}
