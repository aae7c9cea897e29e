/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * digest.h - the crypto API behind the core's digest interface.
 */
#ifndef _SECURITY_TSEM_DIGEST_H
#define _SECURITY_TSEM_DIGEST_H

#include <crypto/hash.h>

#include "coefficient.h"

/**
 * struct tsem_alg - A hash function, for the life of a namespace.
 * @name: As in create digest=.
 * @tfm: Shared by all hashers of the namespace.
 * @ops: For the core; only @ops.size and the functions are of interest there.
 */
struct tsem_alg {
	const char *name;
	struct crypto_shash *tfm;
	struct tsem_digest_ops ops;
};

int tsem_alg_init(struct tsem_alg *alg, const char *name);
void tsem_alg_done(struct tsem_alg *alg);

/**
 * struct tsem_hash - A hasher and its memory, ready to be used in any context.
 * @hasher: For the core.
 * @desc: What it works on; its context follows.
 */
struct tsem_hash {
	struct tsem_hasher hasher;
	struct shash_desc desc;
};

struct tsem_hash *tsem_hash_new(const struct tsem_alg *alg, gfp_t gfp);
void tsem_hash_free(struct tsem_hash *hash);

/**
 * TSEM_HASH_ON_STACK() - Declare a hasher for one function: cannot fail, any context.
 * @name: A pointer to struct tsem_hash.
 * @algorithm: A struct tsem_alg *, outlives it.
 */
#define TSEM_HASH_ON_STACK(name, algorithm)						\
	u8 __##name[sizeof(struct tsem_hash) + HASH_MAX_DESCSIZE]			\
		__aligned(ARCH_SLAB_MINALIGN);						\
	struct tsem_hash *name = tsem_hash_init_at(__##name, algorithm)

struct tsem_hash *tsem_hash_init_at(void *memory, const struct tsem_alg *alg);

#endif /* _SECURITY_TSEM_DIGEST_H */
