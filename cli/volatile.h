/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * volatile.h - what differs from run to run in one member only: coefficients that not
 * every run showed, and that are equal when this member is left out; and names that
 * are counted up.
 */
#ifndef QUIXOTE_VOLATILE_H
#define QUIXOTE_VOLATILE_H

#include <stdbool.h>

#include "generalise.h"

/** VOLATILE_EXAMPLES - Values that are told of each. */
#define VOLATILE_EXAMPLES 3

/**
 * struct variable - A member that differs; texts are owned.
 * @rule: What would leave it out; @rule.path is NULL if nothing narrow would.
 * @member: Which: "content", "name" or "port".
 * @of: Of what: a path, with * for the part that differs; or an address.
 * @points: Coefficients that differ in it.
 * @examples: Some of the values.
 */
struct variable {
	struct rule rule;
	const char *member;
	char *of;
	uint64_t points;
	char *examples[VOLATILE_EXAMPLES];
};

/** struct variables - Of a model: those that are left out by a rule first, by what they are of. */
struct variables {
	struct variable *list;
	size_t count;
};

/**
 * variables_find() - Look for them.
 * @ret: To be ended by variables_done().
 * Return: 0; -ENOMEM.
 */
int variables_find(const struct tsem_model *model, struct variables *ret);

void variables_done(struct variables *variables);

#endif
