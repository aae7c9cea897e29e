/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * set.h - a set of digests with a count each: the coefficients of a model, or
 * its pseudonyms. Open addressing; a digest is uniform already, so its first
 * bytes are the hash. The caller provides the memory.
 */
#ifndef TSEM_CORE_SET_H
#define TSEM_CORE_SET_H

#include "coefficient.h"

#define TSEM_SET_USED		0x1	/* the entry holds a digest */
#define TSEM_SET_VIOLATION	0x2	/* added after the model was sealed */

/**
 * struct tsem_set_entry - Followed by the D bytes of its digest: 48 bytes in all for 32.
 * @count: Events seen with it.
 * @number: In order of arrival, from 0.
 * @flags: TSEM_SET_* bits.
 */
struct tsem_set_entry {
	uint64_t count;
	uint32_t number;
	uint32_t flags;
	uint8_t digest[];
};

/**
 * struct tsem_set - The set.
 * @memory: Entries; borrowed from the caller.
 * @slots: Room for so many, a power of two.
 * @count: Entries in it; never more than three quarters of @slots.
 * @digest_size: D, in bytes.
 */
struct tsem_set {
	uint8_t *memory;
	size_t slots;
	size_t count;
	unsigned int digest_size;
};

/** tsem_set_bytes() - Memory that @slots entries need. */
static inline size_t tsem_set_bytes(size_t slots, unsigned int digest_size)
{
	return slots * (sizeof(struct tsem_set_entry) + digest_size);
}

/**
 * tsem_set_init() - Make an empty set.
 * @memory: tsem_set_bytes() zeroed bytes, aligned for a uint64_t; borrowed.
 * @slots: A power of two.
 */
void tsem_set_init(struct tsem_set *set, void *memory, size_t slots, unsigned int digest_size);

/** tsem_set_find() - Return: the entry, or NULL. */
struct tsem_set_entry *tsem_set_find(const struct tsem_set *set, const struct tsem_digest *digest);

/**
 * tsem_set_add() - Find an entry or make it.
 * @ret_new: Whether it was made; its count is 0 then.
 *
 * Return: the entry; NULL if the set is full: tsem_set_move() to a larger one.
 */
struct tsem_set_entry *tsem_set_add(struct tsem_set *set, const struct tsem_digest *digest,
				    bool *ret_new);

/** tsem_set_move() - Put all entries of @from into the empty @to, which has more slots. */
void tsem_set_move(const struct tsem_set *from, struct tsem_set *to);

/** tsem_set_at() - The entry in a slot below @set->slots, or NULL if it is free. */
struct tsem_set_entry *tsem_set_at(const struct tsem_set *set, size_t slot);

#endif
