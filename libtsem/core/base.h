/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * base.h - what the core needs from its surroundings: integers of fixed size
 * and the three functions that a compiler expects anyway. The core runs in the
 * kernel, in the userspace agent and on devices without a C library, so nothing
 * else may be included there.
 */
#ifndef TSEM_CORE_BASE_H
#define TSEM_CORE_BASE_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/types.h>
#include <linux/string.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if __STDC_HOSTED__
#include <string.h>
#else
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
static inline size_t strlen(const char *text)
{
	size_t size = 0;

	while (text[size])
		size++;
	return size;
}
#endif
#endif

/** TSEM_DIGEST_MAX - Size in bytes of the largest digest (sha512). */
#define TSEM_DIGEST_MAX 64

#endif
