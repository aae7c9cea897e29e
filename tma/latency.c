// SPDX-License-Identifier: LGPL-2.1-or-later
/* latency.c - see latency.h. On the verdict path: no division, no allocation. */
#include <string.h>

#include "latency.h"

/* Three bits behind the highest one; below eight each value has its own. */
static unsigned int bucket_of(uint64_t nsec)
{
	unsigned int exponent;

	if (nsec < 8)
		return (unsigned int)nsec;
	exponent = 63u - (unsigned int)__builtin_clzll(nsec);
	return (exponent - 2) * 8 + (unsigned int)(nsec >> (exponent - 3) & 7);
}

/* The first value that is above a bucket. */
static uint64_t bucket_end(unsigned int bucket)
{
	unsigned int exponent = bucket / 8 + 2;

	if (bucket < 8)
		return bucket + 1;
	return (uint64_t)(bucket % 8 + 9) << (exponent - 3);
}

static void turn(struct latency *l, uint64_t now_nsec)
{
	if (now_nsec - l->windows[l->current].begin_nsec < LATENCY_WINDOW_NSEC)
		return;
	l->current ^= 1;
	memset(&l->windows[l->current], 0, sizeof(l->windows[l->current]));
	l->windows[l->current].begin_nsec = now_nsec;
}

void latency_add(struct latency *l, uint64_t now_nsec, uint64_t nsec, uint32_t count)
{
	struct latency_window *window;

	turn(l, now_nsec);
	window = &l->windows[l->current];
	window->buckets[bucket_of(nsec)] += count;
	window->count += count;
	l->count += count;
	l->sum_nsec += nsec * count;
	if (nsec > l->max_nsec)
		l->max_nsec = nsec;
}

uint64_t latency_quantile(const struct latency *l, unsigned int permille)
{
	uint64_t count = l->windows[0].count + l->windows[1].count, below = 0;

	for (unsigned int i = 0; i < LATENCY_BUCKETS && count; i++) {
		below += l->windows[0].buckets[i] + l->windows[1].buckets[i];
		if (below * 1000 >= count * permille)
			return bucket_end(i) < l->max_nsec ? bucket_end(i) : l->max_nsec;
	}
	return 0;
}
