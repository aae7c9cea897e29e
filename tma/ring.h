/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring.h - the last events, in a fixed piece of memory: the oldest give way.
 * Readers come with a cursor of their own and learn how many they have missed.
 */
#ifndef QUIXOTE_RING_H
#define QUIXOTE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../libtsem/core/coefficient.h"

/** RING_BYTES - About a thousand events; room for the longest record, too. */
#define RING_BYTES (1u << 20)

/**
 * struct ring_event - An event.
 * @usec: When it was read, since the epoch.
 * @number: In its namespace.
 * @verdict: Word, static.
 * @coefficient: Or TASK_ID, of an exec.
 * @record: JSON object that has been scanned.
 */
struct ring_event {
	uint64_t usec;
	uint64_t number;
	const char *verdict;
	struct tsem_digest coefficient;
	const char *record;
	size_t size;
};

/**
 * struct ring - The memory.
 * @begin: Where the oldest event is; positions only grow, and are taken modulo RING_BYTES.
 * @end: Where the next one goes.
 * @first: Running number of the oldest.
 * @count: Events there were, in all.
 */
struct ring {
	uint8_t *memory;
	uint64_t begin;
	uint64_t end;
	uint64_t first;
	uint64_t count;
};

/** struct ring_cursor - Where a reader is. */
struct ring_cursor {
	uint64_t at;
	uint64_t number;
};

/** ring_init() - Return: 0 or -ENOMEM. Allocates; nothing later does. */
int ring_init(struct ring *ring);

/** ring_add() - Copy an event into it; one that could not fit at all is not taken. */
void ring_add(struct ring *ring, const struct ring_event *event);

/** ring_oldest() - A cursor before all there is. */
struct ring_cursor ring_oldest(const struct ring *ring);

/** ring_newest() - A cursor behind all there is. */
struct ring_cursor ring_newest(const struct ring *ring);

/**
 * ring_next() - Take the next event.
 * @ret: Borrowed until the next ring_add().
 * @ret_missed: Events that gave way before this cursor came to them.
 *
 * Return: whether there is one.
 */
bool ring_next(const struct ring *ring, struct ring_cursor *cursor, struct ring_event *ret,
	       uint64_t *ret_missed);

static inline bool ring_is_behind(const struct ring *ring, const struct ring_cursor *cursor)
{
	return cursor->number < ring->count;
}

#endif
