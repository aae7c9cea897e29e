// SPDX-License-Identifier: GPL-2.0-only
/*
 * known.c - the cache of known events. An event is looked up by a keyed hash of
 * its raw bytes and taken only if all of them are equal: then its coefficient is
 * that of the earlier one, whose point is kept here. What the bytes mean is not
 * looked at. The same holds for what else follows from bytes alone and takes a
 * digest to compute. Bounded; what is pushed out is computed again.
 */

#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "known.h"

/**
 * struct tsem_known_event - An event and what is known of it.
 * @hash: Of its bytes.
 * @generation: Of the model when that was computed.
 * @event: Which.
 * @value: What is known.
 * @rcu: To free it.
 * @subject: Who; zeros if it is the same for everybody.
 * @cell_size: Bytes at @cell.
 * @cell: Packed CELL.
 */
struct tsem_known_event {
	u32 hash;
	u32 generation;
	u32 event;
	union tsem_known_value value;
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
	known->key = get_random_u64() | 1;
	known->mask = ~0U;
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

/* Eight bytes more. The key is odd, so nothing is lost by multiplying. */
static u64 mix(u64 hash, u64 word, u64 key)
{
	hash = (hash ^ word) * key;
	return hash ^ hash >> 32;
}

static u64 mix_bytes(u64 hash, const u8 *bytes, size_t size, u64 key)
{
	size_t at;

	for (at = 0; at + 8 <= size; at += 8)
		hash = mix(hash, get_unaligned((const u64 *)(bytes + at)), key);
	for (; at < size; at++)
		hash = mix(hash, bytes[at], key);
	return hash;
}

/*
 * Made to be fast and not to be strong: who finds events with one hash has those of the own
 * namespace looked up in vain and computed, and no more, as all bytes are compared. For the
 * same reason eight bytes of each TASK_ID are enough.
 */
static u32 hash_raw(const struct tsem_known *known, const struct tsem_raw *raw)
{
	const struct tsem_subject *subject = raw->subject;
	u64 key = known->key, hash = mix(raw->event, raw->cell_size, key);

	if (subject) {
		hash = mix_bytes(hash, subject->task_id.bytes, 8, key);
		hash = mix_bytes(hash, subject->p_task_id.bytes, 8, key);
		hash = mix_bytes(hash, subject->coe, sizeof(subject->coe), key);
	}
	return mix_bytes(hash, raw->cell, raw->cell_size, key) & known->mask;
}

static bool is_same(const struct tsem_known_event *event, const struct tsem_raw *raw)
{
	return event->event == raw->event && event->cell_size == raw->cell_size &&
	       (!raw->subject || !memcmp(&event->subject, raw->subject, sizeof(event->subject))) &&
	       !memcmp(event->cell, raw->cell, raw->cell_size);
}

/**
 * tsem_known_find() - Look for an event with the same bytes.
 * @known: The cache.
 * @raw: The event.
 * @generation: Of the model now: what was computed for an older one is not found.
 * @ret: What is known of it; untouched if nothing is.
 *
 * Context: Any.
 * Return: Whether anything is.
 */
bool tsem_known_find(struct tsem_known *known, const struct tsem_raw *raw, u32 generation,
		     union tsem_known_value *ret)
{
	bool found = false;
	u32 hash;

	if (raw->cell_size > TSEM_KNOWN_CELL_MAX)
		return false;
	hash = hash_raw(known, raw);
	rcu_read_lock();
	for (size_t way = 0; !found && way < TSEM_KNOWN_WAYS; way++) {
		const struct tsem_known_event *event =
			rcu_dereference(known->slots[hash % TSEM_KNOWN_SETS][way]);

		found = event && event->hash == hash && event->generation == generation &&
			is_same(event, raw);
		if (found)
			*ret = event->value;
	}
	rcu_read_unlock();
	return found;
}

/* A free slot or an outdated one, else each in turn. */
static size_t choose(struct tsem_known *known, u32 hash, u32 generation)
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
 * @generation: Of the model, read before @value was computed.
 * @value: What is known of it; copied.
 *
 * Without memory, or if the event is large, it is not kept.
 *
 * Context: Any.
 */
void tsem_known_add(struct tsem_known *known, const struct tsem_raw *raw, u32 generation,
		    const union tsem_known_value *value)
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
	event->value = *value;
	event->subject = raw->subject ? *raw->subject : (struct tsem_subject){};
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
