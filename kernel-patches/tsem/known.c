// SPDX-License-Identifier: GPL-2.0-only
/*
 * known.c - the cache of known events. An event is looked up by a keyed hash of
 * its raw bytes and taken only if all of them are equal: then its coefficient is
 * that of the earlier one, whose point is kept here. What the bytes mean is not
 * looked at. Bounded; what is pushed out is computed again.
 */

#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "known.h"

/**
 * struct tsem_known_event - An event and its point.
 * @hash: Of all bytes.
 * @generation: Of the model when its coefficient was computed.
 * @event: Which.
 * @point: Lives as long as the namespace.
 * @rcu: To free it.
 * @subject: Who.
 * @cell_size: Bytes at @cell.
 * @cell: Packed CELL.
 */
struct tsem_known_event {
	u64 hash;
	u32 generation;
	u32 event;
	struct tsem_point *point;
	struct rcu_head rcu;
	struct tsem_subject subject;
	u32 cell_size;
	u8 cell[] __counted_by(cell_size);
};

/** tsem_known_new() - Make an empty cache. Return: NULL without memory. Context: Process. */
struct tsem_known *tsem_known_new(void)
{
	struct tsem_known *known = kvzalloc(sizeof(*known), GFP_KERNEL_ACCOUNT);

	if (!known)
		return NULL;
	get_random_bytes(&known->key, sizeof(known->key));
	known->mask = ~0ULL;
	return known;
}

/* Takes NULL. The caller made sure that nobody looks any more. */
void tsem_known_free(struct tsem_known *known)
{
	if (!known)
		return;
	for (size_t set = 0; set < TSEM_KNOWN_SETS; set++) {
		for (size_t way = 0; way < TSEM_KNOWN_WAYS; way++)
			kfree(rcu_dereference_protected(known->slots[set][way], true));
	}
	kvfree(known);
}

static u64 hash_raw(const struct tsem_known *known, const struct tsem_raw *raw)
{
	u64 subject = siphash(raw->subject, sizeof(*raw->subject), &known->key);
	u64 cell = siphash(raw->cell, raw->cell_size, &known->key);

	return siphash_3u64(subject, cell, raw->event, &known->key) & known->mask;
}

static bool is_same(const struct tsem_known_event *event, const struct tsem_raw *raw)
{
	return event->event == raw->event && event->cell_size == raw->cell_size &&
	       !memcmp(&event->subject, raw->subject, sizeof(event->subject)) &&
	       !memcmp(event->cell, raw->cell, raw->cell_size);
}

/**
 * tsem_known_find() - Look for an event with the same bytes.
 * @known: The cache.
 * @raw: The event.
 * @generation: Of the model now: what was computed for an older one is not found.
 *
 * Context: Any.
 * Return: The point of its coefficient, or NULL.
 */
struct tsem_point *tsem_known_find(struct tsem_known *known, const struct tsem_raw *raw,
				   u32 generation)
{
	struct tsem_point *point = NULL;
	u64 hash;

	if (raw->cell_size > TSEM_KNOWN_CELL_MAX)
		return NULL;
	hash = hash_raw(known, raw);
	rcu_read_lock();
	for (size_t way = 0; !point && way < TSEM_KNOWN_WAYS; way++) {
		const struct tsem_known_event *event =
			rcu_dereference(known->slots[hash % TSEM_KNOWN_SETS][way]);

		if (event && event->hash == hash && event->generation == generation &&
		    is_same(event, raw))
			point = event->point;
	}
	rcu_read_unlock();
	return point;
}

/* A free slot or an outdated one, else each in turn. */
static size_t choose(struct tsem_known *known, u64 hash, u32 generation)
{
	size_t way;

	for (way = 0; way < TSEM_KNOWN_WAYS; way++) {
		const struct tsem_known_event *event =
			rcu_dereference(known->slots[hash % TSEM_KNOWN_SETS][way]);

		if (!event || event->generation != generation)
			return way;
	}
	/* Two that read the same turn push out one event for nothing. */
	way = READ_ONCE(known->turn);
	WRITE_ONCE(known->turn, way + 1);
	return way % TSEM_KNOWN_WAYS;
}

/**
 * tsem_known_add() - Keep an event.
 * @known: The cache.
 * @raw: The event; copied.
 * @point: Of its coefficient.
 * @generation: Of the model, read before the coefficient was computed.
 *
 * Without memory, or if the event is large, it is not kept.
 *
 * Context: Any.
 */
void tsem_known_add(struct tsem_known *known, const struct tsem_raw *raw,
		    struct tsem_point *point, u32 generation)
{
	struct tsem_known_event *event, *old;
	struct tsem_known_event __rcu **set;

	if (raw->cell_size > TSEM_KNOWN_CELL_MAX)
		return;
	event = kmalloc(struct_size(event, cell, raw->cell_size),
			GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT);
	if (!event)
		return;
	event->hash = hash_raw(known, raw);
	event->generation = generation;
	event->event = raw->event;
	event->point = point;
	event->subject = *raw->subject;
	event->cell_size = raw->cell_size;
	memcpy(event->cell, raw->cell, raw->cell_size);

	set = known->slots[event->hash % TSEM_KNOWN_SETS];
	rcu_read_lock();
	set += choose(known, event->hash, generation);
	old = unrcu_pointer(xchg(set, RCU_INITIALIZER(event)));
	rcu_read_unlock();
	if (old)
		kfree_rcu(old, rcu);
}
