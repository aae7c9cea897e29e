// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/*
 * state.c - measurement and state. Source: docs/formula.md, section 6.
 */

#include "state.h"

static void finish(struct tsem_hasher *hasher, struct tsem_digest *ret)
{
	memset(ret, 0, sizeof(*ret));
	tsem_hash_final(hasher, ret->bytes);
}

void tsem_measurement_extend(const struct tsem_digest *base, const struct tsem_digest *coefficient,
			     struct tsem_hasher *hasher, struct tsem_digest *measurement)
{
	unsigned int size = hasher->ops->size;
	struct tsem_digest point;

	tsem_hash_init(hasher);
	tsem_hash_update(hasher, base->bytes, size);
	tsem_hash_update(hasher, coefficient->bytes, size);
	finish(hasher, &point);

	tsem_hash_init(hasher);
	tsem_hash_update(hasher, measurement->bytes, size);
	tsem_hash_update(hasher, point.bytes, size);
	finish(hasher, measurement);
}

void tsem_measurement_start(const struct tsem_digest *base, const struct tsem_digest *aggregate,
			    struct tsem_hasher *hasher, struct tsem_digest *ret)
{
	memset(ret, 0, sizeof(*ret));
	tsem_measurement_extend(base, aggregate, hasher, ret);
}
