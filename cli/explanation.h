/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* explanation.h - what explain.c (finding) and explain-tell.c (telling) share. */
#ifndef QUIXOTE_EXPLANATION_H
#define QUIXOTE_EXPLANATION_H

#include <limits.h>

#include "../orchestrator/config.h"
#include "habit.h"
#include "near.h"
#include "open.h"
#include "refusals.h"
#include "subject.h"

/**
 * struct explanation - Everything about one workload.
 * @argument: As the workload was named.
 * @model_path: NULL if unknown.
 * @fields: Projection, of the model.
 * @accepted: Refusals that the model allows by now; they are not told.
 * @told: The last line.
 * @chosen: Of each refusal, whether the last line is about it.
 */
struct explanation {
	bool verbose;
	bool json;
	const char *argument;
	struct subject subject;
	const char *model_path;
	const char *state;
	struct opened model;
	enum tsem_fields fields;
	struct habits habits;
	struct refusals refusals;
	uint64_t accepted;
	struct text told;
	bool chosen[REFUSALS_MAX];
};

/** explanation_is_grouped() - Whether a refusal is told with all others of the same culprit. */
bool explanation_is_grouped(const struct explanation *e, const struct refusal *refusal);

/** explanation_query() - For the nearest learned event. */
struct near_query explanation_query(const struct explanation *e, const struct refusal *refusal);

/** explanation_is_told() - Whether one before it has told this one. */
bool explanation_is_told(const struct explanation *e, size_t number);

/** explanation_tell() - Tell a refusal, unless its words were told last. Return: 0 or -ENOMEM. */
int explanation_tell(struct explanation *e, size_t number);

/** explanation_end_told() - After the last one: what to type about it. Return: 0 or -ENOMEM. */
int explanation_end_told(struct explanation *e);

/** explanation_tell_notes() - What a person must know besides. */
void explanation_tell_notes(const struct explanation *e);

#endif
