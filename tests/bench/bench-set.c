// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bench-set.c - a million coefficients put into a set that grows as a model's does when it is
 * loaded, and looked up again, beside hashing two blocks for each in the same run: what the
 * lookup of an event costs beside the digests it cannot be without. Prints a table.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../libtsem/hasher.h"
#include "../../libtsem/set-memory.h"

#define ENTRIES 1000000u
#define SLOTS_FIRST 1024
#define LOAD_MAX_SEC 1.0 /* what loading is promised to take at most */
#define ENTRY_MAX_BYTES 64

static struct tsem_digest *digests;
static struct tsem_hasher *hasher;
static struct tsem_set set;

static double now_sec(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void make(size_t i)
{
	uint8_t message[96] = { (uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16) };

	tsem_hash_init(hasher);
	tsem_hash_update(hasher, message, sizeof(message));
	tsem_hash_final(hasher, digests[i].bytes);
}

static void load(size_t i)
{
	if (tsem_set_insert(&set, &digests[i]) < 0)
		abort();
}

/* In another order than that of loading. */
static void find(size_t i)
{
	if (!tsem_set_find(&set, &digests[(i * 7919) % ENTRIES]))
		abort();
}

static double measure(void (*work)(size_t i))
{
	double start = now_sec();

	for (size_t i = 0; i < ENTRIES; i++)
		work(i);
	return now_sec() - start;
}

int main(void)
{
	double hashing, loading, finding;

	digests = calloc(ENTRIES, sizeof(*digests));
	if (!digests || tsem_hasher_new("sha256", &hasher) < 0 ||
	    tsem_set_new(&set, SLOTS_FIRST, 32) < 0)
		return 1;
	hashing = measure(make);
	loading = measure(load);
	finding = measure(find);
	printf("%u coefficients, %zu bytes each; CPU time, and ratio\n", ENTRIES,
	       tsem_set_bytes(1, 32));
	printf("SHA-256 of 96 bytes      %8.0f ms  1.0\n", hashing * 1e3);
	printf("  load, growing          %8.0f ms  %.2f\n", loading * 1e3, loading / hashing);
	printf("  look up, another order %8.0f ms  %.2f\n", finding * 1e3, finding / hashing);
	hasher = tsem_hasher_free(hasher);
	free(set.memory);
	free(digests);
	if (set.count == ENTRIES && loading < LOAD_MAX_SEC &&
	    tsem_set_bytes(1, 32) <= ENTRY_MAX_BYTES)
		return 0;
	printf("not as promised: %zu loaded in %.2f s\n", set.count, loading);
	return 1;
}
