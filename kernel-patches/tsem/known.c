// SPDX-License-Identifier: GPL-2.0-only
/*
 * known.c - the cache of known events. An event is looked up by a keyed hash of
 * its raw bytes and taken only if all of them are equal: then its coefficient is
 * that of the earlier one, whose point is kept here. Subjects, which are the same
 * for many events, have numbers for which the same holds. What the bytes mean is not
 * looked at. The same holds for what else follows from bytes alone and takes a
 * digest to compute. Bounded; what is pushed out is computed again.
 */

#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <linux/vmalloc.h>

#include "known.h"

/**
 * struct tsem_known_event - An event and what is known of it.
 * @hash: Of its bytes.
 * @generation: Of the model when that was computed.
 * @event: Which.
 * @value: What is known.
 * @rcu: To free it.
 * @who: Number of the subject.
 * @cell_size: Bytes at @cell.
 * @cell: Packed CELL.
 */
struct tsem_known_event {
	u32 hash;
	u32 generation;
	u32 event;
	union tsem_known_value value;
	struct rcu_head rcu;
	u64 who;
	u32 cell_size;
	u8 cell[] __counted_by(cell_size);
};

/** struct tsem_known_subject - A subject and its number. */
struct tsem_known_subject {
	u64 who;
	struct rcu_head rcu;
	struct tsem_subject subject;
};

/** tsem_known_new() - Make an empty cache. Return: NULL without memory. Context: Process. */
struct tsem_known *tsem_known_new(void)
{
	/* In pages, as an allocation of its own it would be rounded up to twice its size. */
	struct tsem_known *known = __vmalloc(sizeof(*known), GFP_KERNEL_ACCOUNT | __GFP_ZERO);

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
	for (size_t set = 0; set < TSEM_KNOWN_SUBJECT_SETS; set++) {
		for (size_t way = 0; way < TSEM_KNOWN_WAYS; way++)
			kfree(rcu_dereference_protected(known->subjects[set][way], true));
	}
	vfree(known);
}

/* Eight bytes more. The key is odd, so nothing is lost by multiplying. */
static u64 mix(u64 hash, u64 word, u64 key)
{
	hash = (hash ^ word) * key;
	return hash ^ hash >> 32;
}

static u64 word_at(const u8 *bytes)
{
	return get_unaligned((const u64 *)bytes);
}

/* The last word may have bytes of the one before: all of them are in it, and few are twice. */
static u64 mix_bytes(u64 hash, const u8 *bytes, size_t size, u64 key)
{
	size_t at = 0;

	if (size < 8) {
		for (; at < size; at++)
			hash = mix(hash, bytes[at], key);
		return hash;
	}
	for (; at + 8 < size; at += 8)
		hash = mix(hash, word_at(bytes + at), key);
	return mix(hash, word_at(bytes + size - 8), key);
}

/* As memcmp(), in place and by words, which is most of what a hit costs. */
static bool is_equal(const u8 *a, const u8 *b, size_t size)
{
	size_t at = 0;

	if (size < 8)
		return !memcmp(a, b, size);
	for (; at + 8 < size; at += 8) {
		if (word_at(a + at) != word_at(b + at))
			return false;
	}
	return word_at(a + size - 8) == word_at(b + size - 8);
}

/*
 * Made to be fast and not to be strong: who finds events with one hash has those of the own
 * namespace looked up in vain and computed, and no more, as all bytes are compared.
 */
static u32 hash_raw(const struct tsem_known *known, const struct tsem_raw *raw)
{
	u64 hash = mix(raw->who, (u64)raw->cell_size << 32 | raw->event, known->key);

	return mix_bytes(hash, raw->cell, raw->cell_size, known->key) & known->mask;
}

/* Eight bytes of each TASK_ID are enough, for the same reason. */
static u32 hash_subject(const struct tsem_known *known, const struct tsem_subject *subject)
{
	u64 hash = mix_bytes(0, subject->task_id.bytes, 8, known->key);

	hash = mix_bytes(hash, subject->p_task_id.bytes, 8, known->key);
	return mix_bytes(hash, subject->coe, sizeof(subject->coe), known->key) & known->mask;
}

/* Which slot of a full set gives way: each in turn. */
static size_t next_turn(struct tsem_known *known)
{
	/* Two that read the same turn push out one for nothing. */
	unsigned int turn = READ_ONCE(known->turn);

	WRITE_ONCE(known->turn, turn + 1);
	return turn % TSEM_KNOWN_WAYS;
}

static u64 find_who(struct tsem_known_subject __rcu *const *set,
		    const struct tsem_subject *subject)
{
	u64 who = 0;

	rcu_read_lock();
	for (size_t way = 0; !who && way < TSEM_KNOWN_WAYS; way++) {
		const struct tsem_known_subject *known = rcu_dereference(set[way]);

		if (known && !memcmp(&known->subject, subject, sizeof(*subject)))
			who = known->who;
	}
	rcu_read_unlock();
	return who;
}

static u64 add_who(struct tsem_known *known, struct tsem_known_subject __rcu **set,
		   const struct tsem_subject *subject)
{
	struct tsem_known_subject *new, *old;
	u64 who = atomic64_inc_return(&known->last_who);
	size_t way = 0;

	new = kmalloc(sizeof(*new), GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT);
	if (!new)
		return who;
	new->who = who;
	new->subject = *subject;
	while (way < TSEM_KNOWN_WAYS && rcu_access_pointer(set[way]))
		way++;
	if (way == TSEM_KNOWN_WAYS)
		way = next_turn(known);
	old = unrcu_pointer(xchg(&set[way], RCU_INITIALIZER(new)));
	if (old) {
		atomic64_inc(&known->subjects_pushed_out);
		kfree_rcu(old, rcu);
	}
	return who;
}

/**
 * tsem_known_who() - Number of a subject.
 * @known: The cache.
 * @subject: The subject; copied.
 *
 * One subject may have several numbers, if it was pushed out or there was no memory; then
 * what is known of it by another one is computed again. No number has two subjects.
 *
 * Context: Any.
 * Return: The number; never 0.
 */
u64 tsem_known_who(struct tsem_known *known, const struct tsem_subject *subject)
{
	struct tsem_known_subject __rcu **set =
		known->subjects[hash_subject(known, subject) % TSEM_KNOWN_SUBJECT_SETS];

	return find_who(set, subject) ?: add_who(known, set, subject);
}

static bool is_same(const struct tsem_known_event *event, const struct tsem_raw *raw)
{
	return event->event == raw->event && event->who == raw->who &&
	       event->cell_size == raw->cell_size &&
	       is_equal(event->cell, raw->cell, raw->cell_size);
}

static void value_get(const struct tsem_known_event *event, union tsem_known_value *ret)
{
	if (event->event == TSEM_KNOWN_PROGRAM)
		ret->task_id = event->value.task_id;
	else
		ret->number = event->value.number;
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
			value_get(event, ret);
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
	return next_turn(known);
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
	event->who = raw->who;
	event->cell_size = raw->cell_size;
	memcpy(event->cell, raw->cell, raw->cell_size);

	set = known->slots[event->hash % TSEM_KNOWN_SETS];
	rcu_read_lock();
	set += choose(known, event->hash, generation);
	old = unrcu_pointer(xchg(set, RCU_INITIALIZER(event)));
	rcu_read_unlock();
	if (!old) {
		atomic_inc(&known->kept);
		return;
	}
	if (old->generation == generation)
		atomic64_inc(&known->pushed_out);
	kfree_rcu(old, rcu);
}
