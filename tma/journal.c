// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * journal.c - see journal.h. Entries are datagrams of lines NAME=VALUE, the
 * journal's native protocol; no value here has a line feed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>

#include "../libtsem/set-memory.h"
#include "journal.h"

/* Some hundred entries. */
#define PENDING_BYTES (256u << 10)

/* Of the set: JOURNAL_COEFFICIENTS are three quarters of them. */
#define SLOTS 8192

/* A longer record is left out; what is sent must fit into the socket's buffer. */
#define RECORD_BYTES_MAX (32u << 10)

/* All that stands before the record: names, the longest coefficient, the name of a workload thrice.
 */
#define HEAD_BYTES 1024

/* Sent in a row, before the loop looks at events again. */
#define FLUSH_MAX 4

int journal_init(struct journal *j, int fd, const char *name, unsigned int digest_size)
{
	*j = (struct journal){ .fd = fd, .name = name };
	if (fd < 0)
		return 0;
	j->pending = malloc(PENDING_BYTES);
	return j->pending ? tsem_set_new(&j->told, SLOTS, digest_size) : -ENOMEM;
}

static bool is_power_of_ten(uint64_t count)
{
	while (count && count % 10 == 0)
		count /= 10;
	return count == 1;
}

static void print_digest(const struct tsem_digest *digest, unsigned int size, char *ret)
{
	for (unsigned int i = 0; i < size; i++)
		(void)snprintf(ret + (size_t)2 * i, 3, "%02x", digest->bytes[i]);
}

static bool make_room(struct journal *j, size_t size)
{
	if (size > PENDING_BYTES - j->end && j->begin) {
		memmove(j->pending, j->pending + j->begin, j->end - j->begin);
		j->end -= j->begin;
		j->begin = 0;
	}
	return size <= PENDING_BYTES - j->end;
}

static void append(struct journal *j, const void *data, size_t size)
{
	memcpy(j->pending + j->end, data, size);
	j->end += size;
}

static int print_head(const struct journal *j, const struct ring_event *event, const char *type,
		      uint64_t count, char head[HEAD_BYTES])
{
	char coefficient[2 * TSEM_DIGEST_MAX + 1], times[40] = "";
	int n;

	print_digest(&event->coefficient, j->told.digest_size, coefficient);
	if (count > 1)
		(void)snprintf(times, sizeof(times), " %llu times", (unsigned long long)count);
	n = snprintf(head, HEAD_BYTES,
		     "MESSAGE=%s: %s: %s%s; see quixote explain %s\n"
		     "MESSAGE_ID=" JOURNAL_MESSAGE_ID "\n"
		     "PRIORITY=%d\n"
		     "SYSLOG_IDENTIFIER=quixote\n"
		     "TSEM_WORKLOAD=%s\n"
		     "TSEM_EVENT=%s\n"
		     "TSEM_VERDICT=%s\n"
		     "TSEM_COEFFICIENT=%s\n"
		     "TSEM_COUNT=%llu\n",
		     j->name, type, event->verdict, times, j->name, LOG_NOTICE, j->name, type,
		     event->verdict, coefficient, (unsigned long long)count);
	return n < 0 || n >= HEAD_BYTES ? -E2BIG : n;
}

static void add_entry(struct journal *j, const struct ring_event *event, const char *type,
		      uint64_t count)
{
	static const char name[] = "TSEM_RECORD=";
	bool with_record = event->size <= RECORD_BYTES_MAX;
	char head[HEAD_BYTES];
	int n = print_head(j, event, type, count, head);
	uint32_t size;

	if (n < 0) {
		j->lost++;
		return;
	}
	size = (uint32_t)n + (with_record ? (uint32_t)(strlen(name) + event->size + 1) : 0);
	if (!make_room(j, sizeof(size) + size)) {
		j->lost++;
		return;
	}
	append(j, &size, sizeof(size));
	append(j, head, (size_t)n);
	if (!with_record)
		return;
	append(j, name, strlen(name));
	append(j, event->record, event->size);
	append(j, "\n", 1);
}

void journal_add(struct journal *j, const struct ring_event *event, const char *type)
{
	struct tsem_set_entry *entry;
	bool new;

	if (j->fd < 0)
		return;
	entry = tsem_set_add(&j->told, &event->coefficient, &new);
	if (!entry)
		j->lost++;
	else if (is_power_of_ten(++entry->count))
		add_entry(j, event, type, entry->count);
}

void journal_flush(struct journal *j)
{
	for (int i = 0; i < FLUSH_MAX && journal_has_work(j); i++) {
		uint32_t size;

		memcpy(&size, j->pending + j->begin, sizeof(size));
		if (send(j->fd, j->pending + j->begin + sizeof(size), size,
			 MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			if (errno == EINTR)
				return;
			if (errno == EAGAIN) {
				j->blocked = true;
				return;
			}
			j->lost++; /* it is gone, or takes nothing of this size */
		}
		j->begin += sizeof(size) + size;
		if (j->begin == j->end)
			j->begin = j->end = 0;
	}
}
