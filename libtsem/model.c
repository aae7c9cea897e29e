// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * model.c - a model in memory; see model.h. Its points and programs are balanced
 * trees (search.h): sorted, and without a bad case that a workload could provoke.
 */
#include <assert.h>
#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "model-private.h"

/**
 * struct point - Node of the tree of points.
 * @public: First, so that a struct tsem_digest can be searched for.
 * @seen_run: The last run that showed it, in the counting of struct tsem_model.
 */
struct point {
	struct tsem_model_point public;
	uint64_t seen_run;
};

/* A power of two, of which three quarters hold as many pseudonyms as a model may have. */
#define PSEUDONYM_SLOTS 2048
static_assert(TSEM_MODEL_PATHS <= PSEUDONYM_SLOTS / 4 * 3, "room for every pseudonym");

static int compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct tsem_digest));
}

static_assert(offsetof(struct point, public.coefficient) == 0, "searched for by its digest");
static_assert(offsetof(struct tsem_model_program, task_id) == 0, "searched for by its digest");

/* Paths. */

static void free_paths(struct model_paths *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = (struct model_paths){ NULL, 0 };
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int copy_paths(const char *const *paths, size_t count, struct model_paths *ret)
{
	ret->paths = calloc(count + 1, sizeof(*ret->paths));
	if (!ret->paths)
		return -ENOMEM;
	for (ret->count = 0; ret->count < count; ret->count++) {
		if (paths[ret->count][0] != '/')
			return -EINVAL;
		ret->paths[ret->count] = strdup(paths[ret->count]);
		if (!ret->paths[ret->count])
			return -ENOMEM;
	}
	qsort(ret->paths, count, sizeof(*ret->paths), compare_paths);
	for (size_t i = 1; i < count; i++) {
		if (!strcmp(ret->paths[i - 1], ret->paths[i]))
			return -EINVAL;
	}
	return 0;
}

int model_add_pseudonym(struct tsem_model *model, const char *path)
{
	struct tsem_set *set = &model->engine.pseudonyms;
	struct tsem_digest pseudonym;
	void *memory;
	bool is_new;

	if (!set->slots) {
		memory = calloc(1, tsem_set_bytes(PSEUDONYM_SLOTS, model->header.digest_size));
		if (!memory)
			return -ENOMEM;
		tsem_set_init(set, memory, PSEUDONYM_SLOTS, model->header.digest_size);
	}
	tsem_pseudonym(path, strlen(path), model->engine.hasher, &pseudonym);
	return tsem_set_add(set, &pseudonym, &is_new) ? 0 : -ENOMEM;
}

static void free_pseudonyms(struct tsem_model *model)
{
	free(model->engine.pseudonyms.memory);
	model->engine.pseudonyms = (struct tsem_set){ .memory = NULL };
}

static int set_pseudonyms(struct tsem_model *model)
{
	const struct model_paths *list = &model->lists[TSEM_MODEL_PSEUDONYMS];
	int r = 0;

	free_pseudonyms(model);
	for (size_t i = 0; i < list->count && r == 0; i++)
		r = model_add_pseudonym(model, list->paths[i]);
	return r;
}

int tsem_model_set_paths(struct tsem_model *model, enum tsem_model_list list,
			 const char *const *paths, size_t count)
{
	struct model_paths copy = { NULL, 0 };
	int r;

	if (count > TSEM_MODEL_PATHS)
		return -E2BIG;
	if (model->point_count)
		return -EPERM;
	r = copy_paths(paths, count, &copy);
	if (r < 0) {
		free_paths(&copy);
		return r;
	}
	free_paths(&model->lists[list]);
	model->lists[list] = copy;
	return list == TSEM_MODEL_PSEUDONYMS ? set_pseudonyms(model) : 0;
}

const char *const *tsem_model_get_paths(const struct tsem_model *model, enum tsem_model_list list,
					size_t *ret_count)
{
	*ret_count = model->lists[list].count;
	return (const char *const *)model->lists[list].paths;
}

/* Points and programs. */

static void free_point(void *node)
{
	struct point *point = node;

	free((char *)point->public.event);
	free(point);
}

static void free_program(void *node)
{
	struct tsem_model_program *program = node;

	free((char *)program->event);
	free(program);
}

int model_insert_point(struct tsem_model *model, struct model_record *take_record,
		       const struct tsem_model_point *numbers)
{
	struct point *point = calloc(1, sizeof(*point)), **found;

	if (!point)
		return -ENOMEM;
	point->public = *numbers;
	point->public.coefficient = take_record->coefficient;
	found = tsearch(point, &model->points, compare_digests);
	if (!found || *found != point) {
		free(point);
		return found ? -EEXIST : -ENOMEM;
	}
	point->public.event = take_record->text;
	point->public.event_size = take_record->size;
	take_record->text = NULL;
	model->point_count++;
	return 0;
}

int model_insert_program(struct tsem_model *model, struct model_record *take_record)
{
	struct tsem_model_program *program = calloc(1, sizeof(*program)), **found;

	if (!program)
		return -ENOMEM;
	*program = (struct tsem_model_program){
		.task_id = take_record->task_id,
		.p_task_id = take_record->p_task_id,
	};
	found = tsearch(program, &model->programs, compare_digests);
	if (!found || *found != program) {
		free(program);
		return found ? -EEXIST : -ENOMEM;
	}
	program->event = take_record->text;
	program->event_size = take_record->size;
	take_record->text = NULL;
	model->program_count++;
	return 0;
}

static struct point *find_point(const struct tsem_model *model,
				const struct tsem_digest *coefficient)
{
	struct point **found = tfind(coefficient, &model->points, compare_digests);

	return found ? *found : NULL;
}

const struct tsem_model_point *tsem_model_find_point(const struct tsem_model *model,
						     const struct tsem_digest *coefficient)
{
	const struct point *point = find_point(model, coefficient);

	return point ? &point->public : NULL;
}

const struct tsem_model_program *tsem_model_find_program(const struct tsem_model *model,
							 const struct tsem_digest *task_id)
{
	struct tsem_model_program **found = tfind(task_id, &model->programs, compare_digests);

	return found ? *found : NULL;
}

struct tsem_model_point *model_find_point(struct tsem_model *model,
					  const struct tsem_digest *coefficient)
{
	struct point *point = find_point(model, coefficient);

	return point ? &point->public : NULL;
}

void model_remove_point(struct tsem_model *model, const struct tsem_digest *coefficient)
{
	struct point *point = find_point(model, coefficient);

	if (!point)
		return;
	(void)tdelete(point, &model->points, compare_digests);
	free_point(point);
	model->point_count--;
}

void model_remove_program(struct tsem_model *model, const struct tsem_digest *task_id)
{
	struct tsem_model_program *program =
		(struct tsem_model_program *)tsem_model_find_program(model, task_id);

	if (!program)
		return;
	(void)tdelete(program, &model->programs, compare_digests);
	free_program(program);
	model->program_count--;
}

static void see_point(struct tsem_model *model, struct point *point, uint64_t count)
{
	/* A count that has reached the end of its range stays there. */
	if (__builtin_add_overflow(point->public.count, count, &point->public.count))
		point->public.count = UINT64_MAX;
	if (__builtin_add_overflow(model->current.events, count, &model->current.events))
		model->current.events = UINT64_MAX;
	if (point->seen_run == model->run)
		return;
	point->seen_run = model->run;
	point->public.runs++;
	model->current.coefficients++;
}

static int add_new_point(struct tsem_model *model, const struct tsem_digest *coefficient,
			 const char *text, size_t size)
{
	struct model_record record;
	const char *reason;
	int r;

	if (!text)
		return -ENOENT;
	if (model->point_count == TSEM_MODEL_POINTS)
		return -E2BIG;
	r = model_record_read(model, text, size, false, &record, &reason);
	if (r < 0)
		return r;
	/* A program is no point of a model; formula.md, section 5. */
	if (record.event == TSEM_EVENT_BPRM_COMMITTED_CREDS ||
	    compare_digests(&record.coefficient, coefficient))
		r = -EBADMSG;
	else
		r = model_insert_point(
			model, &record,
			&(struct tsem_model_point){ .first = model->header.runs + 1 });
	if (r == 0)
		model->current.fresh++;
	free(record.text);
	return r;
}

int tsem_model_add_point(struct tsem_model *model, const struct tsem_digest *coefficient,
			 uint64_t count, const char *text, size_t size)
{
	bool is_new = !find_point(model, coefficient);

	if (is_new) {
		int r = add_new_point(model, coefficient, text, size);

		if (r < 0)
			return r;
	}
	see_point(model, find_point(model, coefficient), count);
	return is_new;
}

int tsem_model_add_program(struct tsem_model *model, const char *text, size_t size)
{
	struct model_record record;
	int r = model_record_read_any(model, text, size, &record);

	if (r < 0)
		return r;
	if (record.event != TSEM_EVENT_BPRM_COMMITTED_CREDS ||
	    compare_digests(&record.coefficient, &record.task_id))
		r = -EBADMSG;
	else if (tsem_model_find_program(model, &record.task_id))
		r = 0;
	else if (model->program_count == TSEM_MODEL_PROGRAMS)
		r = -E2BIG;
	else
		r = model_insert_program(model, &record) ?: 1;
	free(record.text);
	return r;
}

int tsem_model_end_run(struct tsem_model *model)
{
	struct tsem_model_run run = model->current;
	int r;

	run.number = model->header.runs + 1;
	r = model_keep_run(model, &run);
	if (r < 0)
		return r;
	model->current = (struct tsem_model_run){ .number = 0 };
	model->header.runs++;
	model->run++;
	return 0;
}

size_t tsem_model_point_count(const struct tsem_model *model)
{
	return model->point_count;
}

size_t tsem_model_program_count(const struct tsem_model *model)
{
	return model->program_count;
}

/* twalk_r() cannot be ended early: after a result the other nodes are passed over. */

struct point_walk {
	int (*visit)(const struct tsem_model_point *point, void *userdata);
	void *userdata;
	int result;
};

static void visit_point(const void *node, VISIT when, void *closure)
{
	struct point_walk *walk = closure;

	if ((when == postorder || when == leaf) && !walk->result)
		walk->result = walk->visit(&(*(struct point *const *)node)->public, walk->userdata);
}

int tsem_model_each_point(const struct tsem_model *model,
			  int (*visit)(const struct tsem_model_point *point, void *userdata),
			  void *userdata)
{
	struct point_walk walk = { visit, userdata, 0 };

	twalk_r(model->points, visit_point, &walk);
	return walk.result;
}

struct program_walk {
	int (*visit)(const struct tsem_model_program *program, void *userdata);
	void *userdata;
	int result;
};

static void visit_program(const void *node, VISIT when, void *closure)
{
	struct program_walk *walk = closure;

	if ((when == postorder || when == leaf) && !walk->result)
		walk->result =
			walk->visit(*(struct tsem_model_program *const *)node, walk->userdata);
}

int tsem_model_each_program(const struct tsem_model *model,
			    int (*visit)(const struct tsem_model_program *program, void *userdata),
			    void *userdata)
{
	struct program_walk walk = { visit, userdata, 0 };

	twalk_r(model->programs, visit_program, &walk);
	return walk.result;
}

/* The model itself. */

/* What stands between quotes in the header without an escape. */
static bool is_plain(const char *text)
{
	if (!text || !*text || strlen(text) > TSEM_MODEL_NAME_BYTES)
		return false;
	for (; *text; text++) {
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			return false;
	}
	return true;
}

static int copy_header(struct tsem_model *model, const struct tsem_model_header *header)
{
	model->header = (struct tsem_model_header){
		.name = strdup(header->name),
		.digest = strdup(header->digest),
		.nsref = strdup(header->nsref),
		.tool = strdup(header->tool ?: ""),
		.fields = header->fields,
		.digest_size = model->engine.hasher->ops->size,
		.runs = header->runs,
	};
	return model->header.name && model->header.digest && model->header.nsref &&
			       model->header.tool
		       ? 0
		       : -ENOMEM;
}

int tsem_model_new(const struct tsem_model_header *header, struct tsem_hasher *hasher,
		   struct tsem_model **ret)
{
	_cleanup_(tsem_model_freep) struct tsem_model *model = NULL;
	int r;

	if (!is_plain(header->name) || !is_plain(header->digest) || !is_plain(header->nsref) ||
	    strcmp(header->digest, hasher->ops->name))
		return -EINVAL;
	model = calloc(1, sizeof(*model));
	if (!model)
		return -ENOMEM;
	model->engine.hasher = hasher;
	model->engine.fields = header->fields;
	model->run = 1;
	r = copy_header(model, header);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(model);
	return 0;
}

struct tsem_model *tsem_model_free(struct tsem_model *model)
{
	if (!model)
		return NULL;
	tdestroy(model->points, free_point);
	tdestroy(model->programs, free_program);
	for (size_t i = 0; i < TSEM_MODEL_LIST_COUNT; i++)
		free_paths(&model->lists[i]);
	free_pseudonyms(model);
	model_free_life(model);
	free((char *)model->header.name);
	free((char *)model->header.digest);
	free((char *)model->header.nsref);
	free((char *)model->header.tool);
	free(model);
	return NULL;
}

const struct tsem_model_header *tsem_model_get_header(const struct tsem_model *model)
{
	return &model->header;
}

static const char *fields_name(enum tsem_fields fields)
{
	return fields == TSEM_FIELDS_STRICT ? "strict" : "portable";
}

int tsem_model_matches(const struct tsem_model *model, const struct tsem_model_header *wanted,
		       struct tsem_model_error *error)
{
	const struct tsem_model_header *h = &model->header;
	const struct {
		const char *what, *is, *wanted;
	} rows[] = {
		{ "Fields", fields_name(h->fields), fields_name(wanted->fields) },
		{ "Digest", h->digest, wanted->digest },
		{ "UserNamespace", h->nsref, wanted->nsref },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!rows[i].wanted || !strcmp(rows[i].is, rows[i].wanted))
			continue;
		error->line = 1;
		(void)snprintf(
			error->text, sizeof(error->text),
			"the model was learned with %s=%s, not %s: train a new one, or change "
			"%s=",
			rows[i].what, rows[i].is, rows[i].wanted, rows[i].what);
		return -EPROTONOSUPPORT;
	}
	return 0;
}
