// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * hasher.c - OpenSSL's hash functions. Fetched and initialised once; a message
 * then begins by copying the initialised context, which cannot fail.
 */
#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "hasher.h"

/** struct openssl_hasher - The hasher and what it stands on. */
struct openssl_hasher {
	struct tsem_hasher hasher;	/* first: freed through it */
	struct tsem_digest_ops ops;
	EVP_MD *md;
	EVP_MD_CTX *ctx;
};

static const struct {
	const char *name;
	const char *openssl;
} names[] = {
	{ "sha256", "SHA2-256" },   { "sha384", "SHA2-384" }, { "sha512", "SHA2-512" },
	{ "sha3-256", "SHA3-256" }, { "sm3", "SM3" },
};
#define NAMES (sizeof(names) / sizeof(names[0]))

/* With a fetched function and memory that is there, none of these has a way to fail. */

static void openssl_init(void *ctx)
{
	struct openssl_hasher *h = ctx;
	int ok = EVP_DigestInit_ex2(h->ctx, NULL, NULL);

	assert(ok == 1);
	(void)ok;
}

static void openssl_update(void *ctx, const void *data, size_t size)
{
	struct openssl_hasher *h = ctx;
	int ok = EVP_DigestUpdate(h->ctx, data, size);

	assert(ok == 1);
	(void)ok;
}

static void openssl_final(void *ctx, uint8_t *ret)
{
	struct openssl_hasher *h = ctx;
	int ok = EVP_DigestFinal_ex(h->ctx, ret, NULL);

	assert(ok == 1);
	(void)ok;
}

/* Position in the table, or its end. */
static size_t find_name(const char *name)
{
	size_t i = 0;

	while (i < NAMES && strcmp(names[i].name, name))
		i++;
	return i;
}

static int hasher_fetch(struct openssl_hasher *h, const char *name)
{
	h->md = EVP_MD_fetch(NULL, name, NULL);
	if (!h->md)
		return -ENOTSUP;
	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1)
		return -ENOMEM;
	return 0;
}

int tsem_hasher_new(const char *name, struct tsem_hasher **ret)
{
	size_t i = find_name(name);
	struct openssl_hasher *h;
	int r;

	if (i == NAMES)
		return -EINVAL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	r = hasher_fetch(h, names[i].openssl);
	if (r < 0) {
		(void)tsem_hasher_free(&h->hasher);
		return r;
	}
	h->ops = (struct tsem_digest_ops){
		.name = names[i].name,
		.size = (unsigned int)EVP_MD_get_size(h->md),
		.init = openssl_init,
		.update = openssl_update,
		.final = openssl_final,
	};
	h->hasher = (struct tsem_hasher){ .ops = &h->ops, .ctx = h };
	*ret = &h->hasher;
	return 0;
}

struct tsem_hasher *tsem_hasher_free(struct tsem_hasher *hasher)
{
	struct openssl_hasher *h = (struct openssl_hasher *)hasher;

	if (!h)
		return NULL;
	EVP_MD_CTX_free(h->ctx);
	EVP_MD_free(h->md);
	free(h);
	return NULL;
}
