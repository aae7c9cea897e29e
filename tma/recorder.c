// SPDX-License-Identifier: LGPL-2.1-or-later
/* recorder.c - see recorder.h. Looks at no byte of a line but its end. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "recorder.h"

static void open_current(struct recorder *r)
{
	off_t end;

	r->fd = openat(r->dir, RECORDER_FILE,
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

static void rotate(struct recorder *r)
{
	/* If this fails the file stays too long, and the line is lost below. */
	if (renameat(r->dir, RECORDER_FILE, r->dir, RECORDER_OLD_FILE) < 0)
		return;
	r->fd = close_fd(r->fd);
	open_current(r);
}

/* The whole of it or nothing. */
static int append(struct recorder *r, const char *data, size_t size)
{
	ssize_t n;

	if (r->fd < 0)
		open_current(r);
	if (r->size && r->size + size > r->size_max)
		rotate(r);
	if (r->fd < 0 || (r->size && r->size + size > r->size_max))
		return -EIO;

	n = write(r->fd, data, size);
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

static void write_line(struct recorder *r)
{
	if (r->lost) {
		char text[40];
		int n = snprintf(text, sizeof(text), "{\"lost\":%llu}\n",
				 (unsigned long long)r->lost);

		if (append(r, text, n) == 0)
			r->lost = 0;
	}
	if (r->lost || append(r, r->line, r->used) < 0)
		r->lost++;
}

static void end_line(struct recorder *r)
{
	if (r->skipping)
		r->lost++;
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

int recorder_init(struct recorder *r, int dir, uint64_t size_max)
{
	char *line = malloc(RECORDER_LINE_BYTES);

	if (!line)
		return -ENOMEM;
	*r = (struct recorder){ .dir = dir, .fd = -EBADF, .size_max = size_max, .line = line };
	open_current(r);
	return 0;
}

void recorder_done(struct recorder *r)
{
	r->fd = close_fd(r->fd);
	free(TAKE_PTR(r->line));
}
