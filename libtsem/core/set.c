// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * set.c - a set of digests. Linear probing: three quarters full at most, so
 * that a look-up ends at a free slot after few steps.
 */

#include "set.h"

static struct tsem_set_entry *slot_entry(const struct tsem_set *set, size_t slot)
{
	return (void *)(set->memory + tsem_set_bytes(slot, set->digest_size));
}

static size_t first_slot(const struct tsem_set *set, const uint8_t *digest)
{
	uint64_t hash;

	memcpy(&hash, digest, sizeof(hash));
	return (size_t)hash & (set->slots - 1);
}

/* The entry with this digest, or the free one where it belongs. */
static struct tsem_set_entry *probe(const struct tsem_set *set, const uint8_t *digest)
{
	for (size_t slot = first_slot(set, digest);; slot = (slot + 1) & (set->slots - 1)) {
		struct tsem_set_entry *entry = slot_entry(set, slot);

		if (!(entry->flags & TSEM_SET_USED) ||
		    !memcmp(entry->digest, digest, set->digest_size))
			return entry;
	}
}

void tsem_set_init(struct tsem_set *set, void *memory, size_t slots, unsigned int digest_size)
{
	*set = (struct tsem_set){ .memory = memory, .slots = slots, .digest_size = digest_size };
}

struct tsem_set_entry *tsem_set_find(const struct tsem_set *set, const struct tsem_digest *digest)
{
	struct tsem_set_entry *entry;

	if (!set->slots)
		return NULL;
	entry = probe(set, digest->bytes);
	return entry->flags & TSEM_SET_USED ? entry : NULL;
}

struct tsem_set_entry *tsem_set_add(struct tsem_set *set, const struct tsem_digest *digest,
				    bool *ret_new)
{
	struct tsem_set_entry *entry = tsem_set_find(set, digest);

	*ret_new = !entry;
	if (entry)
		return entry;
	if (set->count + 1 > set->slots / 4 * 3)
		return NULL;
	entry = probe(set, digest->bytes);
	memcpy(entry->digest, digest->bytes, set->digest_size);
	entry->flags = TSEM_SET_USED;
	entry->count = 0;
	entry->number = (uint32_t)set->count++;
	return entry;
}

void tsem_set_move(const struct tsem_set *from, struct tsem_set *to)
{
	size_t entry_size = tsem_set_bytes(1, from->digest_size);

	for (size_t slot = 0; slot < from->slots; slot++) {
		const struct tsem_set_entry *entry = slot_entry(from, slot);

		if (entry->flags & TSEM_SET_USED)
			memcpy(probe(to, entry->digest), entry, entry_size);
	}
	to->count = from->count;
}

struct tsem_set_entry *tsem_set_at(const struct tsem_set *set, size_t slot)
{
	struct tsem_set_entry *entry = slot_entry(set, slot);

	return entry->flags & TSEM_SET_USED ? entry : NULL;
}
