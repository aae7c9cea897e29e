/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * digest.h - the one way the core reaches a hash function. The surroundings
 * provide the operations: the kernel's crypto API, OpenSSL, or the core's own
 * SHA-256 (sha256.c) where there is nothing else.
 */
#ifndef TSEM_CORE_DIGEST_H
#define TSEM_CORE_DIGEST_H

#include "base.h"

/**
 * struct tsem_digest_ops - A hash function.
 * @name: As in formula.md.
 * @size: Of its digest, in bytes, at most TSEM_DIGEST_MAX.
 * @init: Begin a message.
 * @update: Add @size bytes.
 * @final: End the message, write @ops->size bytes to @ret.
 *
 * None of them may fail, sleep or allocate: what can fail is done when @ctx is made.
 */
struct tsem_digest_ops {
	const char *name;
	unsigned int size;
	void (*init)(void *ctx);
	void (*update)(void *ctx, const void *data, size_t size);
	void (*final)(void *ctx, uint8_t *ret);
};

/** struct tsem_hasher - A hash function with the memory it works in; not shared by threads. */
struct tsem_hasher {
	const struct tsem_digest_ops *ops;
	void *ctx;
};

static inline void tsem_hash_init(struct tsem_hasher *h)
{
	h->ops->init(h->ctx);
}

static inline void tsem_hash_update(struct tsem_hasher *h, const void *data, size_t size)
{
	h->ops->update(h->ctx, data, size);
}

static inline void tsem_hash_final(struct tsem_hasher *h, uint8_t *ret)
{
	h->ops->final(h->ctx, ret);
}

#endif
