// SPDX-License-Identifier: LGPL-2.1-or-later
/* history.c - see history.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/hasher.h"
#include "facts.h"
#include "history.h"
#include "text.h"

#define LOG "log"
#define NEW ".new"

/* A hundred entries of the longest texts are far below it. */
#define LOG_BYTES (4u << 20)

/** struct member - A text of an entry, as the log has it. */
static const struct member {
	const char *name;
	size_t offset;
} members[] = {
	{ "by", offsetof(struct history_entry, by) },
	{ "what", offsetof(struct history_entry, what) },
	{ "digest", offsetof(struct history_entry, digest) },
	{ "mode", offsetof(struct history_entry, mode) },
	{ "why", offsetof(struct history_entry, why) },
	{ "note", offsetof(struct history_entry, note) },
};

static char **text_of(const struct history_entry *entry, const struct member *member)
{
	return (char **)((char *)entry + member->offset);
}

static void free_entry(struct history_entry *entry)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		free(*text_of(entry, &members[i]));
}

void history_done(struct history *h)
{
	for (size_t i = 0; i < h->count; i++)
		free_entry(&h->list[i]);
	free(h->list);
	(void)close_fd(h->dir);
	*h = HISTORY_EMPTY;
}

/* Reading. */

static bool is_digest(const char *text)
{
	return strlen(text) == HISTORY_DIGEST_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == HISTORY_DIGEST_SIZE - 1;
}

static int parse_entry(const char *line, size_t size, struct history_entry *ret)
{
	struct facts facts;
	const char *number, *when;
	int r = facts_parse(line, size, &facts);

	if (r < 0)
		return r;
	number = facts_get(&facts, "version");
	when = facts_get(&facts, "time");
	*ret = (struct history_entry){
		.number = number ? strtoull(number, NULL, 10) : 0,
		.time = when ? strtoll(when, NULL, 10) : 0,
	};
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(members); i++) {
		const char *value = facts_get(&facts, members[i].name);

		*text_of(ret, &members[i]) = value ? strdup(value) : NULL;
		if (!*text_of(ret, &members[i]))
			r = value ? -ENOMEM : -EBADMSG;
	}
	facts_done(&facts);
	if (r == 0 && (!ret->number || !is_digest(ret->digest)))
		r = -EBADMSG;
	if (r < 0)
		free_entry(ret);
	return r;
}

static int append(struct history *h, const struct history_entry *entry)
{
	struct history_entry *list = reallocarray(h->list, h->count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	h->list = list;
	h->list[h->count++] = *entry;
	return 0;
}

static int read_log(struct history *h, FILE *file)
{
	_cleanup_(freep) char *line = NULL;
	uint64_t last = 0, bytes = 0;
	size_t room = 0;
	ssize_t size;
	int r = 0;

	while (r == 0 && (size = getline(&line, &room, file)) > 0) {
		struct history_entry entry;

		bytes += size;
		r = bytes > LOG_BYTES ? -E2BIG : parse_entry(line, size, &entry);
		if (r < 0)
			return r;
		r = entry.number > last ? append(h, &entry) : -EBADMSG;
		if (r < 0)
			free_entry(&entry);
		last = entry.number;
	}
	return r == 0 && ferror(file) ? -EIO : r;
}

static int open_directory(int dir, const char *name, int create)
{
	_cleanup_(freep) char *path = NULL;
	int fd;

	if (asprintf(&path, "%s.history", name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (create && mkdirat(dir, path, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int history_open(int dir, const char *name, int create, struct history *ret)
{
	_cleanup_(history_done) struct history h = HISTORY_EMPTY;
	_cleanup_(fclosep) FILE *file = NULL;
	int fd, r;

	h.dir = open_directory(dir, name, create);
	if (h.dir == -ENOENT) {
		*ret = HISTORY_EMPTY;
		return 0;
	}
	if (h.dir < 0)
		return h.dir;
	fd = openat(h.dir, LOG, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno != ENOENT)
		return -errno;
	file = fd < 0 ? NULL : fdopen(fd, "re");
	r = file ? read_log(&h, file) : 0;
	if (r < 0)
		return r;
	*ret = h;
	h = HISTORY_EMPTY;
	return 0;
}

/* Writing. */

/* The content under a name that it has only when all of it is there. */
static int replace(int dir, const char *name, const void *data, size_t size)
{
	_cleanup_(close_fdp) int fd =
		openat(dir, NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	const char *at = data;

	if (fd < 0)
		return -errno;
	while (size) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		size -= n;
	}
	if (fsync(fd) < 0 || renameat(dir, NEW, dir, name) < 0)
		return -errno;
	(void)fsync(dir); /* it is there; only a crash could still lose the name */
	return 0;
}

static void add_entry(struct text *t, const struct history_entry *entry)
{
	text_format(t, "{\"version\": %llu, \"time\": %lld", (unsigned long long)entry->number,
		    (long long)entry->time);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const char *value = *text_of(entry, &members[i]);

		text_format(t, ", \"%s\": ", members[i].name);
		text_add_json(t, value, strlen(value));
	}
	text_add_string(t, "}\n");
}

static bool is_named(const struct history *h, size_t begin, const char *digest)
{
	for (size_t i = begin; i < h->count; i++) {
		if (!strcmp(h->list[i].digest, digest))
			return true;
	}
	return false;
}

/* After the log no more names it. */
static void remove_version(const struct history *h, const char *digest)
{
	char name[HISTORY_DIGEST_SIZE + 8];

	(void)snprintf(name, sizeof(name), "%s.model", digest); /* fits */
	(void)unlinkat(h->dir, name, 0);			/* what stays only takes room */
}

static int copy_entry(const struct history_entry *entry, struct history_entry *ret)
{
	*ret = *entry;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		*text_of(ret, &members[i]) = strdup(*text_of(entry, &members[i]) ?: "");
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (*text_of(ret, &members[i]))
			continue;
		free_entry(ret);
		return -ENOMEM;
	}
	return 0;
}

static void forget_oldest(struct history *h, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_named(h, count, h->list[i].digest))
			remove_version(h, h->list[i].digest);
		free_entry(&h->list[i]);
	}
	h->count -= count;
	memmove(h->list, h->list + count, h->count * sizeof(*h->list));
}

int history_add(struct history *h, const struct history_entry *entry)
{
	_cleanup_(text_done) struct text log = TEXT_EMPTY;
	struct history_entry copy;
	size_t begin;
	int r = copy_entry(entry, &copy);

	if (r < 0)
		return r;
	copy.number = h->count ? h->list[h->count - 1].number + 1 : 1;
	r = append(h, &copy);
	if (r < 0) {
		free_entry(&copy);
		return r;
	}
	begin = h->count > HISTORY_ENTRIES ? h->count - HISTORY_ENTRIES : 0;
	for (size_t i = begin; i < h->count; i++)
		add_entry(&log, &h->list[i]);
	r = log.failed ? -ENOMEM : replace(h->dir, LOG, log.data, log.size);
	if (r == 0)
		forget_oldest(h, begin);
	else
		free_entry(&h->list[--h->count]);
	return r;
}

/* Versions. */

static int read_all(int fd, struct text *ret)
{
	_cleanup_(freep) char *buffer = malloc(1 << 16);
	off_t offset = 0;
	ssize_t n;

	if (!buffer)
		return -ENOMEM;
	while ((n = pread(fd, buffer, 1 << 16, offset)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text_add(ret, buffer, n);
		offset += n;
	}
	return ret->failed ? -ENOMEM : 0;
}

static int digest_of(const struct text *content, char ret[HISTORY_DIGEST_SIZE])
{
	struct tsem_hasher *hasher = NULL;
	uint8_t digest[TSEM_DIGEST_MAX];
	int r = tsem_hasher_new("sha256", &hasher);

	if (r < 0)
		return r;
	tsem_hash_init(hasher);
	tsem_hash_update(hasher, text_get(content), content->size);
	tsem_hash_final(hasher, digest);
	for (size_t i = 0; i < HISTORY_DIGEST_SIZE / 2; i++)
		(void)sprintf(ret + 2 * i, "%02x", digest[i]);
	(void)tsem_hasher_free(hasher);
	return 0;
}

int history_keep(struct history *h, int fd, char ret[HISTORY_DIGEST_SIZE])
{
	_cleanup_(text_done) struct text content = TEXT_EMPTY;
	char name[HISTORY_DIGEST_SIZE + 8];
	int r = read_all(fd, &content);

	if (r == 0)
		r = digest_of(&content, ret);
	if (r < 0)
		return r;
	(void)snprintf(name, sizeof(name), "%s.model", ret); /* fits */
	if (faccessat(h->dir, name, F_OK, 0) == 0)
		return 0;
	return replace(h->dir, name, text_get(&content), content.size);
}

int history_open_version(const struct history *h, const char *digest)
{
	_cleanup_(text_done) struct text content = TEXT_EMPTY;
	char name[HISTORY_DIGEST_SIZE + 8], again[HISTORY_DIGEST_SIZE];
	_cleanup_(close_fdp) int fd = -EBADF;
	int r;

	(void)snprintf(name, sizeof(name), "%s.model", digest); /* fits */
	fd = openat(h->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = read_all(fd, &content);
	if (r == 0)
		r = digest_of(&content, again);
	if (r < 0)
		return r;
	return strcmp(digest, again) ? -EBADMSG : TAKE_FD(fd);
}
