/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model-private.h - what model.c (the model in memory), model-file.c (its file)
 * and model-record.c (one record of it) share.
 */
#ifndef TSEM_MODEL_PRIVATE_H
#define TSEM_MODEL_PRIVATE_H

#include <stdbool.h>

#include "core/engine.h"
#include "model-life.h"
#include "model-line.h"
#include "model.h"

/** struct model_paths - Pseudonyms or scratch directories, sorted by bytes. */
struct model_paths {
	char **paths;
	size_t count;
};

/**
 * struct tsem_model - See model.h.
 * @engine: For digests only: hash function, projection and pseudonyms; no points.
 * @header: Its strings are owned here.
 * @lists: Indexed by enum tsem_model_list.
 * @points: Tree of struct point, in the order of tsearch().
 * @programs: Tree of struct program.
 * @run: Number of the run that is being added; a point that has it was seen in it.
 * @current: What that run has shown so far; without its number.
 * @runs: Those that went before, ascending.
 * @changes: Ascending from 1; their texts are owned here.
 */
struct tsem_model {
	struct tsem_engine engine;
	struct tsem_model_header header;
	struct model_paths lists[TSEM_MODEL_LIST_COUNT];
	void *points;
	void *programs;
	size_t point_count;
	size_t program_count;
	uint64_t run;
	struct tsem_model_run current;
	struct tsem_model_run *runs;
	size_t run_count;
	struct tsem_model_change *changes;
	size_t change_count;
};

/**
 * struct model_record - A record, verified.
 * @event: Which.
 * @coefficient: Computed; of bprm_committed_creds the TASK_ID that it makes.
 * @task_id: As printed in the record.
 * @p_task_id: The same.
 * @text: As a model keeps it; owned.
 * @size: Bytes at @text.
 */
struct model_record {
	enum tsem_event_id event;
	struct tsem_digest coefficient;
	struct tsem_digest task_id;
	struct tsem_digest p_task_id;
	char *text;
	size_t size;
};

/**
 * model_record_read() - Scan a record and compute what follows from it.
 * @kept: @text is as a model keeps it, without context, number, ttd, p_ttd and ts.
 * @reason: What is wrong, with -EBADMSG; static.
 *
 * Return: 0 (the caller frees @ret->text); -EBADMSG; -ENOMEM.
 */
int model_record_read(const struct tsem_model *model, const char *text, size_t size, bool kept,
		      struct model_record *ret, const char **ret_reason);

/** model_add_pseudonym() - Its content counts no more from now on. Return: 0 or -ENOMEM. */
int model_add_pseudonym(struct tsem_model *model, const char *path);

/* For the reader: takes over @record's text; numbers of @point as in the file. -EEXIST if it is
 * there.
 */
int model_insert_point(struct tsem_model *model, struct model_record *take_record,
		       const struct tsem_model_point *point);
int model_insert_program(struct tsem_model *model, struct model_record *take_record);

/** model_record_read_any() - The same of a record that is as a model keeps it, or as the kernel
 * wrote it. */
int model_record_read_any(const struct tsem_model *model, const char *text, size_t size,
			  struct model_record *ret);

/* model.c, for changes. */
struct tsem_model_point *model_find_point(struct tsem_model *model,
					  const struct tsem_digest *coefficient);
void model_remove_point(struct tsem_model *model, const struct tsem_digest *coefficient);
void model_remove_program(struct tsem_model *model, const struct tsem_digest *task_id);

/* model-life.c: its part of struct tsem_model, and of the file. */
int model_keep_run(struct tsem_model *model, const struct tsem_model_run *run);
void model_free_life(struct tsem_model *model);
void model_put_runs(struct out *out, const struct tsem_model *model);
void model_put_changes(struct out *out, const struct tsem_model *model);

/* They take the line from its first number on. Return: as cursor_expect(), -ENOMEM. */
int model_read_run(struct tsem_model *model, struct cursor *c);
int model_read_change(struct tsem_model *model, struct cursor *c);

#endif
