// SPDX-License-Identifier: LGPL-2.1-or-later
/* recorder.c - see recorder.h. Looks at no byte of a line but its first and its end. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "crc.h"
#include "recorder.h"

/* The longest name that is given to an old file. */
#define NAME_BYTES 64

static void open_current(struct recorder *r)
{
	off_t end;

	r->fd = openat(r->params.dir, r->params.file,
		       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (r->fd < 0) {
		r->fd = -EBADF;
		return;
	}
	end = lseek(r->fd, 0, SEEK_END);
	if (end < 0)
		r->fd = close_fd(r->fd);
	else
		r->size = end;
}

static const char *old_name(const struct recorder *r, unsigned int number, char *name)
{
	if (!number)
		return r->params.file;
	(void)snprintf(name, NAME_BYTES, "%s.%u", r->params.file, number); /* it fits */
	return name;
}

/* Each becomes the next older one; the oldest is replaced. */
static void rotate(struct recorder *r)
{
	char from[NAME_BYTES], to[NAME_BYTES];

	for (unsigned int i = r->params.kept; i > 0; i--) {
		/* If this fails the file stays too long, and the line is lost below. */
		if (renameat(r->params.dir, old_name(r, i - 1, from), r->params.dir,
			     old_name(r, i, to)) < 0 &&
		    errno != ENOENT)
			return;
	}
	r->fd = close_fd(r->fd);
	r->size = 0;
	open_current(r);
}

/* The whole of it or nothing. */
static int append(struct recorder *r, const struct iovec *parts, int count)
{
	size_t size = 0;
	ssize_t n;

	for (int i = 0; i < count; i++)
		size += parts[i].iov_len;
	if (r->fd < 0)
		open_current(r);
	if (r->size && r->size + size > r->params.size_max)
		rotate(r);
	if (r->fd < 0 || (r->size && r->size + size > r->params.size_max))
		return -EIO;

	n = writev(r->fd, parts, count);
	if (n == (ssize_t)size) {
		r->size += size;
		return 0;
	}
	/* Cut off again; if even this fails, a line feed keeps the next line whole. */
	if (n > 0 && ftruncate(r->fd, r->size) < 0) {
		r->size += n;
		(void)!write(r->fd, "\n", 1);
	}
	return -EIO;
}

/** struct checked - A line that begins with its check, where there is one. */
struct checked {
	char check[CRC_MEMBER_SIZE + 1];
	struct iovec parts[2];
	int count;
};

/* @line: With its line feed; borrowed. Returns -EBADMSG for what cannot be checked. */
static int check_line(const struct recorder *r, char *line, size_t size, struct checked *ret)
{
	if (!r->params.checked) {
		ret->parts[0] = (struct iovec){ .iov_base = line, .iov_len = size };
		ret->count = 1;
		return 0;
	}
	if (size < 3 || line[0] != '{' || line[1] == '}')
		return -EBADMSG;
	(void)snprintf(ret->check, sizeof(ret->check), CRC_MEMBER, crc32_of(line + 1, size - 2));
	ret->parts[0] = (struct iovec){ .iov_base = ret->check, .iov_len = CRC_MEMBER_SIZE };
	ret->parts[1] = (struct iovec){ .iov_base = line + 1, .iov_len = size - 1 };
	ret->count = 2;
	return 0;
}

static void lose(struct recorder *r)
{
	r->lost++;
	r->lost_all++;
}

/* What was lost before goes with it or not at all, so that a full disk is not filled with that. */
static int write_lines(struct recorder *r, char *line, size_t size)
{
	struct checked own = { .count = 0 }, lost = { .count = 0 };
	struct iovec parts[4];
	char text[40];
	int n = 0, res;

	if (r->lost) {
		n = snprintf(text, sizeof(text), "{\"lost\":%llu}\n", (unsigned long long)r->lost);
		(void)check_line(r, text, n, &lost); /* it can be */
	}
	res = size ? check_line(r, line, size, &own) : 0;
	if (res < 0)
		return res;
	for (n = 0; n < lost.count; n++)
		parts[n] = lost.parts[n];
	for (int i = 0; i < own.count; i++)
		parts[n++] = own.parts[i];
	res = append(r, parts, n);
	if (res == 0)
		r->lost = 0;
	return res;
}

static void write_line(struct recorder *r)
{
	if (write_lines(r, r->line, r->used) < 0)
		lose(r);
}

static void end_line(struct recorder *r)
{
	if (r->skipping)
		lose(r);
	else
		write_line(r);
	r->skipping = false;
	r->used = 0;
}

void recorder_feed(struct recorder *r, const char *data, size_t size)
{
	while (size) {
		const char *end = memchr(data, '\n', size);
		size_t part = end ? (size_t)(end + 1 - data) : size;

		if (part > RECORDER_LINE_BYTES - r->used)
			r->skipping = true;
		if (!r->skipping) {
			memcpy(r->line + r->used, data, part);
			r->used += part;
		}
		if (end)
			end_line(r);
		data += part;
		size -= part;
	}
}

int recorder_init(struct recorder *r, const struct recorder_params *params)
{
	char *line = malloc(RECORDER_LINE_BYTES);

	if (!line)
		return -ENOMEM;
	*r = (struct recorder){ .params = *params, .fd = -EBADF, .line = line };
	open_current(r);
	return 0;
}

void recorder_done(struct recorder *r)
{
	if (r->lost)
		(void)write_lines(r, NULL, 0); /* if there is room for it now */
	r->fd = close_fd(r->fd);
	free(TAKE_PTR(r->line));
}
