// SPDX-License-Identifier: LGPL-2.1-or-later
/* ring.c - see ring.h. An event lies in one piece; what is left at the end of the memory is
 * skipped. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

/**
 * struct entry - Before each record.
 * @bytes: To the next entry.
 * @event: Its record lies behind; NULL if this only fills the end of the memory.
 */
struct entry {
	uint64_t bytes;
	struct ring_event event;
};

int ring_init(struct ring *ring)
{
	uint8_t *memory = malloc(RING_BYTES);

	if (!memory)
		return -ENOMEM;
	memset(memory, 0,
	       RING_BYTES); /* touched once, so that adding meets no page that is not there */
	*ring = (struct ring){ .memory = memory };
	return 0;
}

/* All sizes are multiples of eight, so that entries are aligned. */
static struct entry *entry_at(const struct ring *ring, uint64_t position)
{
	return (void *)(ring->memory + position % RING_BYTES);
}

/* An entry has its header whole, or the rest of the memory is passed over without one. */
static uint64_t skip_rest(uint64_t position)
{
	uint64_t rest = RING_BYTES - position % RING_BYTES;

	return rest < sizeof(struct entry) ? position + rest : position;
}

static void drop_oldest(struct ring *ring)
{
	const struct entry *entry;

	ring->begin = skip_rest(ring->begin);
	entry = entry_at(ring, ring->begin);
	ring->begin += entry->bytes;
	if (entry->event.record)
		ring->first++;
}

static void make_room(struct ring *ring, uint64_t until)
{
	while (until - ring->begin > RING_BYTES)
		drop_oldest(ring);
}

void ring_add(struct ring *ring, const struct ring_event *event)
{
	uint64_t bytes = (sizeof(struct entry) + event->size + 7) & ~7ull, rest;
	struct entry *entry;

	if (bytes > RING_BYTES / 2)
		return;
	ring->end = skip_rest(ring->end);
	rest = RING_BYTES - ring->end % RING_BYTES;
	if (rest < bytes) {
		make_room(ring, ring->end + rest);
		*entry_at(ring, ring->end) = (struct entry){ .bytes = rest };
		ring->end += rest;
	}
	make_room(ring, ring->end + bytes);
	entry = entry_at(ring, ring->end);
	entry->bytes = bytes;
	entry->event = *event;
	entry->event.record = (char *)(entry + 1);
	memcpy(entry + 1, event->record, event->size);
	ring->end += bytes;
	ring->count++;
}

struct ring_cursor ring_oldest(const struct ring *ring)
{
	return (struct ring_cursor){ .at = ring->begin, .number = ring->first };
}

struct ring_cursor ring_newest(const struct ring *ring)
{
	return (struct ring_cursor){ .at = ring->end, .number = ring->count };
}

bool ring_next(const struct ring *ring, struct ring_cursor *cursor, struct ring_event *ret,
	       uint64_t *ret_missed)
{
	const struct entry *entry;

	*ret_missed = 0;
	/* Also before the oldest: what filled the memory in between may have given way. */
	if (cursor->number <= ring->first) {
		*ret_missed = ring->first - cursor->number;
		*cursor = ring_oldest(ring);
	}
	while (cursor->number < ring->count) {
		cursor->at = skip_rest(cursor->at);
		entry = entry_at(ring, cursor->at);
		cursor->at += entry->bytes;
		if (!entry->event.record)
			continue;
		cursor->number++;
		*ret = entry->event;
		return true;
	}
	return false;
}
