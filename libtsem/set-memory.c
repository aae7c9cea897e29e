// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * set-memory.c - memory for the core's sets.
 */
#include <errno.h>
#include <stdlib.h>

#include "set-memory.h"

int tsem_set_new(struct tsem_set *set, size_t slots, unsigned int digest_size)
{
	void *memory = calloc(1, tsem_set_bytes(slots, digest_size));

	if (!memory)
		return -ENOMEM;
	tsem_set_init(set, memory, slots, digest_size);
	return 0;
}

int tsem_set_grow(struct tsem_set *set)
{
	struct tsem_set larger;
	int r = tsem_set_new(&larger, 2 * set->slots, set->digest_size);

	if (r < 0)
		return r;
	tsem_set_move(set, &larger);
	free(set->memory);
	*set = larger;
	return 0;
}

int tsem_set_insert(struct tsem_set *set, const struct tsem_digest *digest)
{
	bool is_new;
	int r = 0;

	while (r == 0 && !tsem_set_add(set, digest, &is_new))
		r = tsem_set_grow(set);
	return r;
}
