// SPDX-License-Identifier: LGPL-2.1-or-later
/* config-edit.c - see config-edit.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/ini-lines.h"
#include "../orchestrator/privilege.h"
#include "config-edit.h"

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

/* Whether a line is "[section]". */
static bool is_section(const char *at, const char *end, const char *section)
{
	size_t size = strlen(section);

	return (size_t)(end - at) >= size + 2 && at[0] == '[' && !memcmp(at + 1, section, size) &&
	       at[1 + size] == ']';
}

/* Whether a line is "key =". */
static bool is_key(const char *at, const char *end, const char *key)
{
	size_t size = strlen(key);

	if ((size_t)(end - at) <= size || memcmp(at, key, size) != 0)
		return false;
	at = skip_blanks(at + size, end);
	return at < end && (*at == '=' || *at == ':');
}

/** struct place_in - Where a value stands in a text: [@begin, @end) is what it replaces. */
struct place_in {
	const char *begin, *end;
	bool found, is_new;
};

static struct place_in find(const char *at, const char *end, const char *section, const char *key)
{
	struct place_in place = { .found = false };
	bool inside = false;

	while (at < end) {
		const char *line_end = memchr(at, '\n', end - at) ?: end;
		const char *word = skip_blanks(at, line_end);

		if (word < line_end && *word == '[')
			inside = is_section(word, line_end, section);
		if (inside && *word == '[' && !place.found)
			place = (struct place_in){ line_end, line_end, true, true };
		if (inside && is_key(word, line_end, key))
			return (struct place_in){ word, line_end, true, false };
		at = line_end < end ? line_end + 1 : end;
	}
	return place;
}

int config_edit_text(const struct text *text, const char *section, const char *key,
		     const char *value, struct text *ret)
{
	const char *begin = text_get(text), *end = begin + text->size;
	struct place_in place = find(begin, end, section, key);

	if (!place.found)
		return -ENOENT;
	text_add(ret, begin, place.begin - begin);
	text_format(ret, "%s%s=%s", place.is_new ? "\n" : "", key, value);
	text_add(ret, place.end, end - place.end);
	return ret->failed ? -ENOMEM : 0;
}

/** struct place_on_disk - The directory of a file, which is looked up once, and its name there. */
struct place_on_disk {
	int dir;
	const char *name;
};

/* Beside the file, with its owner and mode, then in its place. */
static int write_file(const struct place_on_disk *at, const struct stat *like,
		      const struct text *text)
{
	_cleanup_(freep) char *temp = NULL;
	_cleanup_(close_fdp) int fd = -EBADF;
	int r = 0;

	if (asprintf(&temp, "%s.new", at->name) < 0) {
		temp = NULL;
		return -ENOMEM;
	}
	fd = openat(at->dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if ((getuid() == 0 && fchown(fd, like->st_uid, like->st_gid) < 0) ||
	    fchmod(fd, like->st_mode & 0777) < 0)
		r = -errno;
	if (r == 0 && write(fd, text->data, text->size) != (ssize_t)text->size)
		r = errno ? -errno : -ENOSPC;
	if (r == 0 && (fsync(fd) < 0 || renameat(at->dir, temp, at->dir, at->name) < 0))
		r = -errno;
	if (r < 0)
		(void)unlinkat(at->dir, temp, 0); /* it is ours */
	return r;
}

/* With the rights of whoever owns the directory, who may change what its name leads to. */
static int write_as_owner(const struct place_on_disk *at, const struct stat *like,
			  const struct text *text)
{
	struct file_identity before;
	struct stat dir;
	int r;

	if (getuid() != 0)
		return write_file(at, like, text);
	if (fstat(at->dir, &dir) < 0)
		return -errno;
	before = privilege_files_as((struct file_identity){ .uid = dir.st_uid, .gid = dir.st_gid });
	r = write_file(at, like, text);
	(void)privilege_files_as(before);
	return r;
}

/* @real: Absolute; its last slash is cut out. */
static int open_place(char *real, struct place_on_disk *ret)
{
	char *slash = strrchr(real, '/');

	*slash = '\0';
	ret->name = slash + 1;
	ret->dir = open(slash == real ? "/" : real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->dir < 0)
		return -errno;
	return openat(ret->dir, ret->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

static void place_on_disk_close(struct place_on_disk *at)
{
	(void)close_fd(at->dir);
}

static int say(struct config_error *error, const char *path, int r)
{
	(void)snprintf(error->text, sizeof(error->text), "%.400s: %s", path,
		       r == -EEXIST ? "the file with .new behind its name is in the way"
				    : strerror(-r)); /* cut */
	return r;
}

int config_edit(const char *path, const char *key, const char *value, struct config_error *error)
{
	_cleanup_(text_done) struct text before = TEXT_EMPTY, after = TEXT_EMPTY;
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(freep) char *real = realpath(path, NULL);
	_cleanup_(place_on_disk_close) struct place_on_disk at = { .dir = -EBADF };
	_cleanup_(close_fdp) int fd = real ? open_place(real, &at) : -EBADF;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return say(error, path, -errno);
	r = text_read(fd, INI_FILE_BYTES, &before);
	if (r == 0)
		r = config_edit_text(&before, "Model", key, value, &after);
	if (r < 0)
		return say(error, path, r);
	r = config_parse(path, after.data, after.size, &config, error);
	if (r < 0)
		return r;
	errno = 0;
	r = write_as_owner(&at, &st, &after);
	return r < 0 ? say(error, path, r) : 0;
}
