// SPDX-License-Identifier: LGPL-2.1-or-later
/* spool.c - see spool.h. On the verdict path: no allocation, no waiting. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "spool.h"

/* Besides the megabyte of the pipe: a few of the longest records, or a thousand usual ones. */
#define PENDING_BYTES (1u << 20)

/* Times, names of members and the longest coefficient. */
#define HEAD_BYTES 320

#define USEC_PER_SEC 1000000u

int spool_init(struct spool *s, int fd)
{
	char *pending = malloc(PENDING_BYTES);

	if (!pending)
		return -ENOMEM;
	*s = (struct spool){ .fd = fd, .pending = pending };
	return 0;
}

static bool make_room(struct spool *s, size_t size)
{
	if (size > PENDING_BYTES - s->end && s->start) {
		memmove(s->pending, s->pending + s->start, s->end - s->start);
		s->end -= s->start;
		s->start = 0;
	}
	return size <= PENDING_BYTES - s->end;
}

static void append(struct spool *s, const void *data, size_t size)
{
	memcpy(s->pending + s->end, data, size);
	s->end += size;
}

static void drop(struct spool *s)
{
	s->dropped++;
	s->untold++;
}

static void add_line(struct spool *s, const char *head, const struct ring_event *event)
{
	char lost[32] = "";
	size_t lost_size, head_size = strlen(head);

	if (s->untold)
		(void)snprintf(lost, sizeof(lost), "{\"lost\":%llu}\n",
			       (unsigned long long)s->untold); /* it fits */
	lost_size = strlen(lost);
	if (s->fd < 0 || !make_room(s, lost_size + head_size + event->size + 2)) {
		drop(s);
		return;
	}
	s->untold = 0;
	append(s, lost, lost_size);
	append(s, head, head_size);
	append(s, event->record, event->size);
	append(s, "}\n", 2);
}

static void print_digest(const struct tsem_digest *digest, unsigned int size, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned int i = 0; i < size; i++) {
		*ret++ = digits[digest->bytes[i] >> 4];
		*ret++ = digits[digest->bytes[i] & 0xf];
	}
	*ret = '\0';
}

void spool_forensic(struct spool *s, const struct ring_event *event, unsigned int digest_size)
{
	char head[HEAD_BYTES], coefficient[2 * TSEM_DIGEST_MAX + 1];

	print_digest(&event->coefficient, digest_size, coefficient);
	(void)snprintf(
		head, sizeof(head),
		"{\"time\":%llu.%06llu,\"coefficient\":\"%s\",\"verdict\":\"%s\",\"record\":",
		(unsigned long long)(event->usec / USEC_PER_SEC),
		(unsigned long long)(event->usec % USEC_PER_SEC), coefficient,
		event->verdict); /* it fits */
	add_line(s, head, event);
}

void spool_event(struct spool *s, const struct ring_event *event, unsigned int digest_size)
{
	char head[HEAD_BYTES], coefficient[2 * TSEM_DIGEST_MAX + 1];

	print_digest(&event->coefficient, digest_size, coefficient);
	(void)snprintf(head, sizeof(head),
		       "{\"usec\":%llu,\"number\":%llu,\"coefficient\":\"%s\",\"verdict\":\"%s\","
		       "\"record\":",
		       (unsigned long long)event->usec, (unsigned long long)event->number,
		       coefficient, event->verdict); /* it fits */
	add_line(s, head, event);
}

void spool_flush(struct spool *s)
{
	while (spool_is_pending(s) && s->fd >= 0) {
		ssize_t n = write(s->fd, s->pending + s->start, s->end - s->start);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) { /* the recorder is gone: the orchestrator says so */
			drop(s);
			s->fd = close_fd(s->fd);
			s->start = s->end = 0;
			return;
		}
		s->start += n;
	}
}
