/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hasher.h - OpenSSL's hash functions behind the core's digest interface.
 */
#ifndef TSEM_HASHER_H
#define TSEM_HASHER_H

#include "core/digest.h"

/**
 * tsem_hasher_new() - Make a hasher of one of formula 1's functions.
 * @name: "sha256", "sha384", "sha512", "sha3-256" or "sm3".
 * @ret: To be given to tsem_hasher_free(); for one thread.
 *
 * The function is fetched here, once, so that hashing itself cannot fail.
 *
 * Return: 0; -EINVAL for another name; -ENOTSUP if OpenSSL does not have it; -ENOMEM.
 */
int tsem_hasher_new(const char *name, struct tsem_hasher **ret);

/** tsem_hasher_free() - Takes NULL. Return: NULL. */
struct tsem_hasher *tsem_hasher_free(struct tsem_hasher *hasher);

static inline void tsem_hasher_freep(struct tsem_hasher **hasher)
{
	*hasher = tsem_hasher_free(*hasher);
}

#endif
