// SPDX-License-Identifier: LGPL-2.1-or-later
/* anchored.c - see anchored.h. The anchor may be writing at the same time. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "anchored.h"

static int refuse(struct anchored *a, int r, const char *path, const char *why)
{
	(void)snprintf(a->error, sizeof(a->error), "%s: %s", path, why);
	return r;
}

static int read_file(const char *path, struct anchored *a, char **ret, size_t *ret_size)
{
	_cleanup_(freep) char *text = NULL;
	size_t size = 0;
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return refuse(a, -errno, path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)TSEM_ANCHOR_LOG_BYTES)
		return refuse(a, -EBADMSG, path, "it is not a log, or too long");
	text = malloc(st.st_size + 1);
	if (!text)
		return refuse(a, -ENOMEM, path, strerror(ENOMEM));
	while (size < (size_t)st.st_size) {
		ssize_t n = read(fd, text + size, st.st_size - size);

		if (n <= 0)
			return refuse(a, -EIO, path, "it cannot be read");
		size += n;
	}
	*ret = TAKE_PTR(text);
	*ret_size = size;
	return 0;
}

/* @value: Where to stop, or NULL. Returns 1 if it was found. */
static int replay(const char *path, const uint8_t *value, struct anchored *a)
{
	size_t at = 0;
	const char *end;

	while ((end = memchr(a->text + at, '\n', a->size - at))) {
		if (tsem_anchor_log_replay(&a->log, a->text + at, end - a->text - at) < 0)
			return refuse(a, -EBADMSG, path, a->log.error);
		at = end + 1 - a->text;
		if (value && memcmp(a->log.value, value, TSEM_ANCHOR_HASH) == 0) {
			a->size = at;
			return 1;
		}
	}
	a->size = at;
	return a->log.records ? 0 : refuse(a, -ENOENT, path, "it is empty");
}

static int read_log(const struct settings *settings, const uint8_t *value, struct anchored *ret)
{
	char path[SETTINGS_TEXT + sizeof("/" SETTINGS_LOG)];
	int r;

	*ret = ANCHORED_EMPTY;
	(void)snprintf(path, sizeof(path), "%s/" SETTINGS_LOG, settings->directory); /* it fits */
	if (tsem_anchor_log_init(&ret->log, settings->pcr) < 0)
		return refuse(ret, -ENOMEM, path, strerror(ENOMEM));
	r = read_file(path, ret, &ret->text, &ret->size);
	if (r == 0)
		r = replay(path, value, ret);
	if (value && r == 0)
		return refuse(ret, -ESTALE, path, "it does not say what the register says");
	return r < 0 ? r : 0;
}

int anchored_read(const struct settings *settings, struct anchored *ret)
{
	return read_log(settings, NULL, ret);
}

int anchored_read_until(const struct settings *settings, const uint8_t value[TSEM_ANCHOR_HASH],
			struct anchored *ret)
{
	return read_log(settings, value, ret);
}

/**
 * struct link - A file, and what it says of the one before.
 * @number: Of the file.
 * @first: Number of its first record.
 * @before: SHA-256 of the file before.
 * @text: It.
 */
struct link {
	uint64_t number;
	uint64_t first;
	uint8_t before[TSEM_ANCHOR_HASH];
	char *text;
	size_t size;
};

static struct link newest_link(const struct anchored *a)
{
	struct link link = { .number = a->log.begin.file.serial, .first = a->log.first };

	memcpy(link.before, a->log.begin.file.before, sizeof(link.before));
	return link;
}

/* That its hash is right is known. */
static int read_first_line(const char *path, struct link *link, struct anchored *a)
{
	const char *end = memchr(link->text, '\n', link->size);
	struct tsem_anchor_log log;
	int r = tsem_anchor_log_init(&log, a->log.pcr);

	if (r == 0)
		r = end ? tsem_anchor_log_replay(&log, link->text, end - link->text) : -EBADMSG;
	if (r == 0) {
		link->first = log.first;
		memcpy(link->before, log.begin.file.before, sizeof(link->before));
	}
	tsem_anchor_log_done(&log);
	return r < 0 ? refuse(a, r, path, "its first line is none of a log") : 0;
}

/* From a file to the one before it. @at->text is that of the one before then, to be freed. */
static int step_back(const struct settings *settings, struct link *at, struct anchored *a)
{
	char path[SETTINGS_TEXT + sizeof("/" SETTINGS_LOG) + 24];
	struct link before = { .number = at->number - 1 };
	uint8_t hash[TSEM_ANCHOR_HASH];
	int r;

	(void)snprintf(path, sizeof(path), "%s/" SETTINGS_LOG ".%" PRIu64, settings->directory,
		       before.number); /* it fits */
	r = read_file(path, a, &before.text, &before.size);
	if (r < 0)
		return r;
	(void)SHA256((const uint8_t *)before.text, before.size, hash);
	r = memcmp(hash, at->before, sizeof(hash)) == 0
		    ? read_first_line(path, &before, a)
		    : refuse(a, -EBADMSG, path, "it is not what the file after it says: changed");
	if (r < 0)
		free(before.text);
	else
		*at = before;
	return r;
}

static int put_before(struct anchored *a, const struct link *link)
{
	char *text;

	if (a->size + link->size > TSEM_ANCHOR_LOG_BYTES)
		return refuse(a, -EFBIG, "the log",
			      "it is longer than evidence may be; give --from=");
	text = realloc(a->text, a->size + link->size);
	if (!text)
		return refuse(a, -ENOMEM, "the log", strerror(ENOMEM));
	memmove(text + link->size, text, a->size);
	memcpy(text, link->text, link->size);
	a->text = text;
	a->size += link->size;
	return 0;
}

/* Where it ends, and who may do without. */
static int refuse_missing(struct anchored *a, const struct link *at)
{
	(void)snprintf(a->error, sizeof(a->error),
		       "the file " SETTINGS_LOG ".%" PRIu64 ", with the records before %" PRIu64
		       ", is not there: bring it back from where it was archived, or give "
		       "--from=%" PRIu64 " for a verifier that has seen them",
		       at->number - 1, at->first, at->first);
	return -ENOENT;
}

int anchored_add_before(const struct settings *settings, uint64_t from, struct anchored *a)
{
	struct link at = newest_link(a);
	int r = 0;

	while (r == 0 && at.first > from) {
		r = step_back(settings, &at, a);
		if (r == -ENOENT)
			return refuse_missing(a, &at);
		if (r < 0)
			return r;
		r = put_before(a, &at);
		free(TAKE_PTR(at.text));
	}
	return r;
}

int anchored_look_back(const struct settings *settings, struct anchored *a,
		       struct anchored_kept *ret)
{
	static const uint8_t none[TSEM_ANCHOR_HASH];
	struct link at = newest_link(a);
	int r = 0;

	*ret = (struct anchored_kept){ .newest = at.number, .pruned = a->log.begin.file.pruned };
	while (r == 0 && at.number > 1 && memcmp(at.before, none, sizeof(none)) != 0) {
		r = step_back(settings, &at, a);
		free(TAKE_PTR(at.text));
	}
	ret->oldest = at.number;
	ret->missing = r == -ENOENT && at.number - 1 > ret->pruned;
	ret->changed = r == -EBADMSG;
	return r == -ENOENT || r == -EBADMSG ? 0 : r;
}

void anchored_done(struct anchored *a)
{
	free(TAKE_PTR(a->text));
	tsem_anchor_log_done(&a->log);
}
