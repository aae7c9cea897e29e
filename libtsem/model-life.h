/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model-life.h - how a model came to be what it is: what each training run
 * showed, and what people changed besides, docs/model-format.md. Changes a model
 * in memory only.
 */
#ifndef TSEM_MODEL_LIFE_H
#define TSEM_MODEL_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/coefficient.h"

struct tsem_model;
struct tsem_model_point;
struct tsem_model_program;
struct tsem_model_error;

/** TSEM_MODEL_RUNS - Most runs that are told one by one; the oldest are forgotten. */
#define TSEM_MODEL_RUNS 4096u

/** TSEM_MODEL_CHANGES - Most changes: a model that people corrected so often was never learned. */
#define TSEM_MODEL_CHANGES 4096u

/** TSEM_MODEL_TEXT_BYTES - Longest text of a change. */
#define TSEM_MODEL_TEXT_BYTES 1024u

/**
 * struct tsem_model_run - What a training run showed.
 * @number: From 1.
 * @events: Events in it.
 * @coefficients: Different ones.
 * @fresh: Of these, how many were new.
 */
struct tsem_model_run {
	uint64_t number;
	uint64_t events;
	uint64_t coefficients;
	uint64_t fresh;
};

/** enum tsem_model_what - What a change did. */
enum tsem_model_what {
	TSEM_MODEL_ACCEPT,     /* refused events were taken into the model */
	TSEM_MODEL_GENERALISE, /* a pseudonym or a scratch directory was added */
	TSEM_MODEL_SEAL,       /* no run adds to it any more */
	TSEM_MODEL_UNSEAL,
	TSEM_MODEL_UPGRADE, /* events were derived for the files of another version */
};
#define TSEM_MODEL_WHAT_COUNT (TSEM_MODEL_UPGRADE + 1)

/**
 * struct tsem_model_change - A change that no run made.
 * @number: From 1; set by tsem_model_add_change().
 * @time: UNIX time.
 * @what: What it did.
 * @by: Who did it.
 * @why: In the words of who did it; may be empty.
 * @note: In the words of the program; may be empty.
 */
struct tsem_model_change {
	uint64_t number;
	int64_t time;
	enum tsem_model_what what;
	const char *by;
	const char *why;
	const char *note;
};

/** tsem_model_what_name() - As in the file. */
const char *tsem_model_what_name(enum tsem_model_what what);

/** tsem_model_get_runs() - Borrowed, ascending; runs before the first are not told. */
const struct tsem_model_run *tsem_model_get_runs(const struct tsem_model *model, size_t *ret_count);

/** tsem_model_get_changes() - Borrowed, ascending from 1. */
const struct tsem_model_change *tsem_model_get_changes(const struct tsem_model *model,
						       size_t *ret_count);

/**
 * tsem_model_add_change() - Write down a change.
 * @change: Copied.
 * @ret_number: Its number, for the points that it brings.
 *
 * Return: 0; -EINVAL (a text too long, or a time that cannot be spelled); -E2BIG; -ENOMEM.
 */
int tsem_model_add_change(struct tsem_model *model, const struct tsem_model_change *change,
			  uint64_t *ret_number);

/** tsem_model_is_sealed() - Whether no run may add to it: it was sealed, and not unsealed since. */
bool tsem_model_is_sealed(const struct tsem_model *model);

/**
 * tsem_model_bring_point() - A change brings a point.
 * @numbers: Its count, runs, first, change and until; the rest is ignored.
 * @record: As for tsem_model_add_point(), or as a model keeps it.
 *
 * A point that the model has stays as it is, but holds for ever if @numbers do.
 *
 * Return: 1 if it is new, 0 if known; -EINVAL (there is no such change); else as
 * tsem_model_add_point().
 */
int tsem_model_bring_point(struct tsem_model *model, const struct tsem_model_point *numbers,
			   const char *record, size_t size);

/**
 * tsem_model_copy_life() - A model without points gets the runs and changes of another.
 * Return: 0; -ENOMEM.
 */
int tsem_model_copy_life(struct tsem_model *model, const struct tsem_model *from);

/**
 * tsem_model_put_point() - Put a point as another model has it into a model with the same life.
 * @numbers: As the other has them; the coefficient is computed.
 * @record: As for tsem_model_bring_point().
 *
 * Two that are one coefficient here become one: their counts add up, it was seen in as
 * many runs as the one that was seen in more, as early as the earlier one, and holds as
 * long as the longer one.
 *
 * Return: 1 if it is new, 0 if it became part of another; else as tsem_model_bring_point().
 */
int tsem_model_put_point(struct tsem_model *model, const struct tsem_model_point *numbers,
			 const char *record, size_t size);

/**
 * tsem_model_digest() - The coefficient of a record, or the TASK_ID that an exec makes.
 * @record: As for tsem_model_bring_point().
 *
 * Return: 1; 0 for a bprm_committed_creds; -EBADMSG; -ENOMEM.
 */
int tsem_model_digest(const struct tsem_model *model, const char *record, size_t size,
		      struct tsem_digest *ret);

/**
 * tsem_model_limit_point() - A point holds up to a time only.
 * @until: UNIX time; 0: for ever.
 * Return: 0, or -ENOENT.
 */
int tsem_model_limit_point(struct tsem_model *model, const struct tsem_digest *coefficient,
			   int64_t until);

/** tsem_model_point_holds() - Whether a point holds at a time. */
bool tsem_model_point_holds(const struct tsem_model_point *point, int64_t now);

/**
 * tsem_model_each_needed_program() - The programs that points name which hold at a time, and
 * those that led to them.
 * @visit: Result other than 0 ends it.
 * Return: the last result of @visit, or 0; -ENOMEM.
 */
int tsem_model_each_needed_program(const struct tsem_model *model, int64_t now,
				   int (*visit)(const struct tsem_model_program *program,
						void *userdata),
				   void *userdata);

/**
 * tsem_model_merge() - Add what another model of the same workload has.
 * @model: What is added to.
 * @other: Untouched.
 * @error: A sentence, with -EPROTONOSUPPORT and -EPERM.
 *
 * Counts and runs add up, as if @other's runs had followed. Its changes follow too.
 *
 * Return: 0; -EPROTONOSUPPORT (for another workload, projection, hash function, user
 * namespace, or with other pseudonyms or scratch directories); -EPERM (one of them
 * is sealed); -E2BIG; -ENOMEM, after which @model is of no use.
 */
int tsem_model_merge(struct tsem_model *model, const struct tsem_model *other,
		     struct tsem_model_error *error);

/**
 * tsem_model_drop() - Remove the points that hold no more, and the programs that no
 * point and no program needs any more.
 *
 * Return: number of points removed; -ENOMEM.
 */
int tsem_model_drop(struct tsem_model *model, int64_t now);

#endif
