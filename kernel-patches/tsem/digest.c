// SPDX-License-Identifier: GPL-2.0-only
/*
 * digest.c - hash functions. Everything that can fail (an unknown algorithm, no
 * memory) fails when an algorithm or a hasher is made; hashing itself does not.
 */

#include <linux/slab.h>

#include "digest.h"

static void shash_init(void *ctx)
{
	struct shash_desc *desc = ctx;

	WARN_ON_ONCE(crypto_shash_init(desc));
}

static void shash_update(void *ctx, const void *data, size_t size)
{
	struct shash_desc *desc = ctx;

	WARN_ON_ONCE(crypto_shash_update(desc, data, size));
}

static void shash_final(void *ctx, uint8_t *ret)
{
	struct shash_desc *desc = ctx;

	WARN_ON_ONCE(crypto_shash_final(desc, ret));
}

/* The functions of formula 1; another one would give models nobody can read. */
static const char *const digest_names[] = { "sha256", "sha384", "sha512", "sha3-256", "sm3" };

/**
 * tsem_alg_init() - Get a hash function.
 * @alg: To be filled.
 * @name: One of formula 1.
 *
 * Context: Process context; may load a module.
 * Return: 0; -EINVAL if formula 1 does not have it; -ENOENT if this kernel does
 * not; -ENOMEM.
 */
int tsem_alg_init(struct tsem_alg *alg, const char *name)
{
	int i = match_string(digest_names, ARRAY_SIZE(digest_names), name);
	struct crypto_shash *tfm;

	if (i < 0)
		return -EINVAL;

	tfm = crypto_alloc_shash(name, 0, CRYPTO_ALG_ASYNC);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);

	*alg = (struct tsem_alg){
		.name = digest_names[i],
		.tfm = tfm,
		.ops = {
			.name = digest_names[i],
			.size = crypto_shash_digestsize(tfm),
			.init = shash_init,
			.update = shash_update,
			.final = shash_final,
		},
	};
	return 0;
}

void tsem_alg_done(struct tsem_alg *alg)
{
	if (alg->tfm)
		crypto_free_shash(alg->tfm);
	alg->tfm = NULL;
}

/* See TSEM_HASH_ON_STACK(). */
struct tsem_hash *tsem_hash_init_at(void *memory, const struct tsem_alg *alg)
{
	struct tsem_hash *hash = memory;

	hash->desc.tfm = alg->tfm;
	hash->hasher.ops = &alg->ops;
	hash->hasher.ctx = &hash->desc;
	return hash;
}

/**
 * tsem_hash_new() - Make a hasher.
 * @alg: Outlives it.
 * @gfp: How to allocate.
 *
 * Return: To be given to tsem_hash_free(); NULL without memory.
 */
struct tsem_hash *tsem_hash_new(const struct tsem_alg *alg, gfp_t gfp)
{
	struct tsem_hash *hash = kzalloc(sizeof(*hash) + crypto_shash_descsize(alg->tfm), gfp);

	return hash ? tsem_hash_init_at(hash, alg) : NULL;
}

void tsem_hash_free(struct tsem_hash *hash)
{
	kfree_sensitive(hash);
}
