/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * latency.h - how long verdicts take: from the return of the read that brought a
 * record to the return of the write that took its verdict. Bounded, and exact to
 * an eighth.
 */
#ifndef QUIXOTE_LATENCY_H
#define QUIXOTE_LATENCY_H

#include <stdint.h>

/** LATENCY_BUCKETS - Eight to each power of two nanoseconds. */
#define LATENCY_BUCKETS 512

/** LATENCY_WINDOW_NSEC - Quantiles are of the last one to two of these. */
#define LATENCY_WINDOW_NSEC 10000000000ull

/** struct latency_window - Verdicts of a while. */
struct latency_window {
	uint64_t begin_nsec;
	uint64_t count;
	uint32_t buckets[LATENCY_BUCKETS];
};

/**
 * struct latency - All verdicts, and those of two windows.
 * @windows: The one that is filled, and the one before.
 * @current: Index of the former.
 */
struct latency {
	uint64_t count;
	uint64_t sum_nsec;
	uint64_t max_nsec;
	struct latency_window windows[2];
	unsigned int current;
};

/**
 * latency_add() - Verdicts were written.
 * @now_nsec: Monotonic.
 * @nsec: How long they took.
 * @count: How many.
 */
void latency_add(struct latency *l, uint64_t now_nsec, uint64_t nsec, uint32_t count);

/** latency_quantile() - Return: what @permille of the recent verdicts stayed below; 0 without any.
 */
uint64_t latency_quantile(const struct latency *l, unsigned int permille);

#endif
