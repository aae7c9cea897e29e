// SPDX-License-Identifier: LGPL-2.1-or-later
/* forensics.c - see forensics.h. On the verdict path: no allocation, no waiting. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "forensics.h"

/* Besides the megabyte of the pipe: a few of the longest records, or a thousand usual ones. */
#define PENDING_BYTES (1u << 20)

/* Time, names of members and the longest coefficient. */
#define HEAD_BYTES 256

int forensics_init(struct forensics *f, int fd)
{
	char *pending = malloc(PENDING_BYTES);

	if (!pending)
		return -ENOMEM;
	*f = (struct forensics){ .fd = fd, .pending = pending };
	return 0;
}

static bool make_room(struct forensics *f, size_t size)
{
	if (size > PENDING_BYTES - f->end && f->start) {
		memmove(f->pending, f->pending + f->start, f->end - f->start);
		f->end -= f->start;
		f->start = 0;
	}
	return size <= PENDING_BYTES - f->end;
}

static void append(struct forensics *f, const void *data, size_t size)
{
	memcpy(f->pending + f->end, data, size);
	f->end += size;
}

void forensics_add(struct forensics *f, const struct forensic *forensic)
{
	struct timespec now;
	char head[HEAD_BYTES];
	int n;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	n = snprintf(head, sizeof(head),
		     "{\"time\":%lld.%06ld,\"coefficient\":\"%s\",\"verdict\":\"%s\",\"record\":",
		     (long long)now.tv_sec, now.tv_nsec / 1000, forensic->coefficient,
		     forensic->verdict);
	if (f->fd < 0 || n < 0 || (size_t)n >= sizeof(head) ||
	    !make_room(f, n + forensic->size + 2)) {
		f->dropped++;
		return;
	}
	append(f, head, n);
	append(f, forensic->record, forensic->size);
	append(f, "}\n", 2);
}

void forensics_flush(struct forensics *f)
{
	while (forensics_is_pending(f) && f->fd >= 0) {
		ssize_t n = write(f->fd, f->pending + f->start, f->end - f->start);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) { /* the recorder is gone: the orchestrator says so */
			f->dropped++;
			f->fd = close_fd(f->fd);
			f->start = f->end = 0;
			return;
		}
		f->start += n;
	}
}
