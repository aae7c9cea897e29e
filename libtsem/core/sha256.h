/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sha256.h - SHA-256 (FIPS 180-4) for where there is no other: devices and
 * enclaves. Userspace uses OpenSSL (libtsem/hasher.h), the kernel its own.
 */
#ifndef TSEM_CORE_SHA256_H
#define TSEM_CORE_SHA256_H

#include "digest.h"

/** struct tsem_sha256 - A message being hashed; the memory of a struct tsem_hasher. */
struct tsem_sha256 {
	uint32_t state[8];
	uint64_t bytes;
	uint8_t block[64];
};

/** tsem_sha256_ops - For a struct tsem_hasher whose ctx is a struct tsem_sha256. */
extern const struct tsem_digest_ops tsem_sha256_ops;

#endif
