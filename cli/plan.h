/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plan.h - what --check tells: what would be run, and every problem that can be seen now. */
#ifndef QUIXOTE_PLAN_H
#define QUIXOTE_PLAN_H

#include "launch.h"
#include "open.h"
#include "text.h"

/* More at once help nobody. */
#define PLAN_PROBLEMS 16

/** enum plan_subject - What a problem is about: first what the configuration says. */
enum plan_subject {
	PLAN_COMMAND,
	PLAN_USER,
	PLAN_DIRECTORY,
	PLAN_MODEL_MISSING,
	PLAN_MODEL,
	PLAN_MODEL_SEALED,
	PLAN_TRUST,
	PLAN_ANCHOR,
};
#define PLAN_SUBJECT_COUNT (PLAN_ANCHOR + 1)

/**
 * struct plan_problem - A sentence.
 * @told: Bytes of @text before it tells a command; 0 if it tells none.
 */
struct plan_problem {
	enum plan_subject subject;
	struct text text;
	size_t told;
};

/**
 * struct plan - What would be done.
 * @launch: Borrowed, as is @config.
 * @place: Of launch_place(), or minus an exit status; left to whoever asks that.
 * @command: The command line with the arguments appended, as a person would type it.
 * @driver: That of the driver; empty if there is none.
 * @model: Has a model if there is one.
 * @trust: Who signed it; empty if that does not matter.
 * @status: Exit status of the first problem.
 */
struct plan {
	const struct launch *launch;
	const struct config *config;
	enum config_mode mode;
	int place;
	struct text command;
	struct text driver;
	struct opened model;
	struct text trust;
	struct plan_problem problems[PLAN_PROBLEMS];
	size_t problem_count;
	int status;
};

/** plan_examine() - Look for the problems of a plan that has its first three members. */
void plan_examine(struct plan *plan);

void plan_done(struct plan *plan);

/**
 * plan_print() - Tell it on standard output, problems on standard error.
 * Return: exit status: 0, or that of the first problem.
 */
int plan_print(const struct launch *launch, const struct config *config, enum config_mode mode);

#endif
