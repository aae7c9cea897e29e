/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * coefficient.h - formula 1: from packed bytes to COE_ID, CELL_ID, coefficient
 * and TASK_ID. Source of every formula here: docs/formula.md, section 5 (6 for
 * pseudonyms). Compiled by the kernel and by userspace.
 */
#ifndef TSEM_CORE_COEFFICIENT_H
#define TSEM_CORE_COEFFICIENT_H

#include "packed.h"

/** struct tsem_digest - A digest; only the first D bytes count, the others are zero. */
struct tsem_digest {
	uint8_t bytes[TSEM_DIGEST_MAX];
};

/**
 * tsem_object_digest() - COE_ID or CELL_ID.
 * @type: &tsem_coe, or the cell of an event.
 * @view: Projection and digest size.
 * @data: Packed bytes for which tsem_packed_check() holds.
 * @size: Their number.
 * @hasher: Is begun and ended.
 * @ret: The digest.
 */
void tsem_object_digest(const struct tsem_type *type, const struct tsem_view *view,
			const uint8_t *data, size_t size, struct tsem_hasher *hasher,
			struct tsem_digest *ret);

/** TSEM_COEFFICIENT_PARTS - H(name), PTASK_ID, TASK_ID, COE_ID, CELL_ID. */
#define TSEM_COEFFICIENT_PARTS 5

/** tsem_event_name_digest() - H(name), the same for every event of a kind. */
void tsem_event_name_digest(enum tsem_event_id event, struct tsem_hasher *hasher,
			    struct tsem_digest *ret);

/** tsem_parts_coefficient() - H of the parts in their order. */
void tsem_parts_coefficient(const struct tsem_digest *const parts[TSEM_COEFFICIENT_PARTS],
			    struct tsem_hasher *hasher, struct tsem_digest *ret);

/**
 * tsem_event_coefficient() - H(H(name) || PTASK_ID || TASK_ID || COE_ID || CELL_ID).
 * @event: Of its name.
 * @p_task_id: The creator's.
 * @task_id: The task's; zeros make this formula the TASK_ID of bprm_committed_creds.
 * @coe_id: Who.
 * @cell_id: What.
 * @hasher: Is begun and ended.
 * @ret: The coefficient.
 */
void tsem_event_coefficient(enum tsem_event_id event, const struct tsem_digest *p_task_id,
			    const struct tsem_digest *task_id, const struct tsem_digest *coe_id,
			    const struct tsem_digest *cell_id, struct tsem_hasher *hasher,
			    struct tsem_digest *ret);

/** tsem_pseudonym() - H(u32(length) || pathname). */
void tsem_pseudonym(const void *pathname, size_t size, struct tsem_hasher *hasher,
		    struct tsem_digest *ret);

/**
 * tsem_event_executes() - Whether a record of this event executes its FILE.
 * @event: Which.
 * @digest_size: D, in bytes.
 * @cell: Packed CELL for which tsem_packed_check() holds.
 * @size: Its bytes.
 */
bool tsem_event_executes(enum tsem_event_id event, unsigned int digest_size,
			 const uint8_t *cell, size_t size);

#endif
