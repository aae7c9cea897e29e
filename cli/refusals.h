/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * refusals.h - what the recorder kept of a workload, docs/architecture.md: each
 * coefficient once, with how often and when it was refused.
 */
#ifndef QUIXOTE_REFUSALS_H
#define QUIXOTE_REFUSALS_H

#include <stdint.h>
#include <time.h>

#include "../libtsem/core/schema.h"
#include "facts.h"
#include "programs.h"

/** REFUSALS_MAX - Different ones that are kept; who has more has another problem. */
#define REFUSALS_MAX 4096

/**
 * struct refusal - An event outside the model.
 * @record: Bare.
 * @event: Its event, 0 if it is of none that the schema has.
 * @object: phrase_object() of it; NULL also where its name may not count.
 * @order: Among all that happened.
 * @culprit: For whoever looks for it: the program that was not learned, from which it follows.
 * @nearest: For whoever looks for it; freed with the rest.
 * @distance: To it.
 */
struct refusal {
	char *coefficient;
	char *verdict;
	time_t first;
	time_t last;
	uint64_t order;
	uint64_t count;
	struct facts record;
	enum tsem_event_id event;
	const struct fact *object;
	const struct program *culprit;
	struct facts nearest;
	char *nearest_coefficient;
	unsigned int distance;
};

/**
 * struct refusals - All of a workload, in the order in which they happened last.
 * @tree: By coefficient.
 * @taken: Lines that told one.
 * @lost: Lines that the recorder could not keep.
 * @bad: Lines that were not understood.
 * @more: Refusals beyond REFUSALS_MAX.
 */
struct refusals {
	void *tree;
	struct refusal **list;
	size_t count;
	uint64_t taken;
	uint64_t lost;
	uint64_t bad;
	uint64_t more;
};

/**
 * refusals_read() - Read both files of a directory.
 * @dir: Path of the state directory.
 * @programs: What was executed beyond the model is added here.
 * @ret: To be ended by refusals_done().
 *
 * Return: 0, also if there is nothing; -ENOMEM; an errno of open() or read().
 */
int refusals_read(const char *dir, struct programs *programs, struct refusals *ret);

void refusals_done(struct refusals *refusals);

#endif
