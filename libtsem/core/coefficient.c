// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/*
 * coefficient.c - the digests of formula 1, section 5, and pseudonyms, section 6.
 */

#include "coefficient.h"

/* The first D bytes are the digest, the others zero, so that digests compare whole. */
static void finish(struct tsem_hasher *hasher, struct tsem_digest *ret)
{
	memset(ret, 0, sizeof(*ret));
	tsem_hash_final(hasher, ret->bytes);
}

void tsem_object_digest(const struct tsem_type *type, const struct tsem_view *view,
			const uint8_t *data, size_t size, struct tsem_hasher *hasher,
			struct tsem_digest *ret)
{
	tsem_hash_init(hasher);
	tsem_packed_hash(type, view, data, size, hasher);
	finish(hasher, ret);
}

void tsem_event_name_digest(enum tsem_event_id event, struct tsem_hasher *hasher,
			    struct tsem_digest *ret)
{
	const char *name = tsem_events[event].name;

	tsem_hash_init(hasher);
	tsem_hash_update(hasher, name, strlen(name));
	finish(hasher, ret);
}

void tsem_parts_coefficient(const struct tsem_digest *const parts[TSEM_COEFFICIENT_PARTS],
			    struct tsem_hasher *hasher, struct tsem_digest *ret)
{
	uint8_t bytes[TSEM_COEFFICIENT_PARTS * TSEM_DIGEST_MAX];
	size_t size = hasher->ops->size, used = 0;

	for (unsigned int i = 0; i < TSEM_COEFFICIENT_PARTS; i++, used += size)
		memcpy(bytes + used, parts[i]->bytes, size);
	tsem_hash_init(hasher);
	tsem_hash_update(hasher, bytes, used);
	finish(hasher, ret);
}

void tsem_event_coefficient(enum tsem_event_id event, const struct tsem_digest *p_task_id,
			    const struct tsem_digest *task_id, const struct tsem_digest *coe_id,
			    const struct tsem_digest *cell_id, struct tsem_hasher *hasher,
			    struct tsem_digest *ret)
{
	struct tsem_digest name;
	const struct tsem_digest *const parts[TSEM_COEFFICIENT_PARTS] = {
		&name, p_task_id, task_id, coe_id, cell_id,
	};

	tsem_event_name_digest(event, hasher, &name);
	tsem_parts_coefficient(parts, hasher, ret);
}

void tsem_pseudonym(const void *pathname, size_t size, struct tsem_hasher *hasher,
		    struct tsem_digest *ret)
{
	const uint8_t length[4] = {
		(uint8_t)size, (uint8_t)(size >> 8), (uint8_t)(size >> 16), (uint8_t)(size >> 24),
	};

	tsem_hash_init(hasher);
	tsem_hash_update(hasher, length, sizeof(length));
	tsem_hash_update(hasher, pathname, size);
	finish(hasher, ret);
}

bool tsem_event_executes(enum tsem_event_id event, unsigned int digest_size, const uint8_t *cell,
			 size_t size)
{
	const struct tsem_event_desc *desc = &tsem_events[event];
	const struct tsem_type *type = &desc->cell;
	uint32_t value = 0;

	if (desc->executes != TSEM_EXECUTES_MASK)
		return desc->executes == TSEM_EXECUTES_ALWAYS;

	for (unsigned int i = 0; i < desc->executes_depth; i++) {
		unsigned int position = desc->executes_path[i];

		cell = tsem_packed_find(type, digest_size, cell, size, position, &size);
		if (!cell)
			return false;
		type = &tsem_types[type->members[position].index];
	}
	if (size != 4)
		return false;
	for (unsigned int i = 4; i--;)
		value = value << 8 | cell[i];
	return value & desc->executes_mask;
}
