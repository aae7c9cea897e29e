// SPDX-License-Identifier: LGPL-2.1-or-later
/* anchored.c - see anchored.h. The anchor may be writing at the same time. */
#include <errno.h>
#include <fcntl.h>
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

static int read_file(const char *path, struct anchored *a)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return refuse(a, -errno, path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)TSEM_ANCHOR_LOG_BYTES)
		return refuse(a, -EBADMSG, path, "it is not a log, or too long");
	a->text = malloc(st.st_size + 1);
	if (!a->text)
		return refuse(a, -ENOMEM, path, strerror(ENOMEM));
	while (a->size < (size_t)st.st_size) {
		ssize_t n = read(fd, a->text + a->size, st.st_size - a->size);

		if (n <= 0)
			return refuse(a, -EIO, path, "it cannot be read");
		a->size += n;
	}
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
	r = read_file(path, ret);
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

void anchored_done(struct anchored *a)
{
	free(TAKE_PTR(a->text));
	tsem_anchor_log_done(&a->log);
}
