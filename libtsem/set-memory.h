/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * set-memory.h - memory for the core's sets, where there is an allocator.
 */
#ifndef TSEM_SET_MEMORY_H
#define TSEM_SET_MEMORY_H

#include "core/set.h"

/**
 * tsem_set_new() - Make an empty set.
 * @slots: A power of two.
 *
 * Its memory is the caller's to free(). Return: 0 or -ENOMEM.
 */
int tsem_set_new(struct tsem_set *set, size_t slots, unsigned int digest_size);

/** tsem_set_grow() - Twice the slots; entries move. Return: 0 or -ENOMEM, the set being as before. */
int tsem_set_grow(struct tsem_set *set);

/** tsem_set_insert() - Add a digest, growing the set if it is full. Return: 0 or -ENOMEM. */
int tsem_set_insert(struct tsem_set *set, const struct tsem_digest *digest);

#endif
