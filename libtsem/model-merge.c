// SPDX-License-Identifier: LGPL-2.1-or-later
/* model-merge.c - two models of one workload, trained apart, become one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "model-private.h"
#include "refuse.h"

/**
 * struct merging - One model being added to another.
 * @runs: Of @model before; the number of a run of @other is higher by so many.
 * @changes: The same of changes.
 * @known: Per run that @other tells: points that it showed first, which @model has.
 */
struct merging {
	struct tsem_model *model;
	const struct tsem_model *other;
	uint64_t runs;
	uint64_t changes;
	uint64_t *known;
};

static bool has_same_paths(const struct model_paths *a, const struct model_paths *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->paths[i], b->paths[i]) != 0)
			return false;
	}
	return true;
}

static int check(const struct tsem_model *model, const struct tsem_model *other,
		 struct tsem_model_error *error)
{
	const struct tsem_model_header wanted = {
		.fields = other->header.fields,
		.digest = other->header.digest,
		.nsref = other->header.nsref,
	};

	if (strcmp(model->header.name, other->header.name) != 0)
		return tsem_refuse(error, -EPROTONOSUPPORT, "they are for two workloads, %s and %s",
				   model->header.name, other->header.name);
	if (tsem_model_matches(model, &wanted, error) < 0)
		return tsem_refuse(
			error, -EPROTONOSUPPORT,
			"they were learned with other Fields=, Digest= or UserNamespace=");
	for (unsigned int list = 0; list < TSEM_MODEL_LIST_COUNT; list++) {
		if (!has_same_paths(&model->lists[list], &other->lists[list]))
			return tsem_refuse(error, -EPROTONOSUPPORT,
					   "they were learned with other Pseudonym= or Scratch=");
	}
	if (tsem_model_is_sealed(model) || tsem_model_is_sealed(other))
		return tsem_refuse(error, -EPERM, "one of them is sealed: quixote model unseal");
	if (model->change_count + other->change_count > TSEM_MODEL_CHANGES)
		return -E2BIG;
	return 0;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	/* A count that has reached the end of its range stays there. */
	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static int64_t later(int64_t a, int64_t b)
{
	return !a || !b ? 0 : a > b ? a : b;
}

/* The run that showed a point first showed nothing new, if the other model has it. */
static void count_known(struct merging *m, uint64_t first)
{
	for (size_t i = 0; first && i < m->other->run_count; i++)
		m->known[i] += m->other->runs[i].number == first;
}

static int add_point(const struct tsem_model_point *point, void *userdata)
{
	struct merging *m = userdata;
	struct tsem_model_point *known = model_find_point(m->model, &point->coefficient);
	struct tsem_model_point numbers = *point;
	struct model_record record = { .coefficient = point->coefficient,
				       .size = point->event_size };
	int r;

	if (known) {
		count_known(m, point->first);
		known->count = add(known->count, point->count);
		known->runs += point->runs;
		known->until = later(known->until, point->until);
		return 0;
	}
	if (m->model->point_count == TSEM_MODEL_POINTS)
		return -E2BIG;
	numbers.first += point->first ? m->runs : 0;
	numbers.change += point->change ? m->changes : 0;
	record.text = strndup(point->event, point->event_size);
	r = record.text ? model_insert_point(m->model, &record, &numbers) : -ENOMEM;
	free(record.text);
	return r;
}

static int add_program(const struct tsem_model_program *program, void *userdata)
{
	struct merging *m = userdata;
	struct model_record record = { .task_id = program->task_id,
				       .p_task_id = program->p_task_id,
				       .size = program->event_size };
	int r;

	if (tsem_model_find_program(m->model, &program->task_id))
		return 0;
	if (m->model->program_count == TSEM_MODEL_PROGRAMS)
		return -E2BIG;
	record.text = strndup(program->event, program->event_size);
	r = record.text ? model_insert_program(m->model, &record) : -ENOMEM;
	free(record.text);
	return r;
}

static int add_life(struct merging *m)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->other->run_count; i++) {
		struct tsem_model_run run = m->other->runs[i];

		run.number += m->runs;
		run.fresh -= m->known[i] < run.fresh ? m->known[i] : run.fresh;
		r = model_keep_run(m->model, &run);
	}
	for (size_t i = 0; r == 0 && i < m->other->change_count; i++) {
		uint64_t number;

		r = tsem_model_add_change(m->model, &m->other->changes[i], &number);
	}
	return r;
}

int tsem_model_merge(struct tsem_model *model, const struct tsem_model *other,
		     struct tsem_model_error *error)
{
	_cleanup_(freep) uint64_t *known = calloc(other->run_count + 1, sizeof(*known));
	struct merging m = { model, other, model->header.runs, model->change_count, known };
	int r = known ? check(model, other, error) : -ENOMEM;

	if (r < 0)
		return r;
	model->header.runs = add(model->header.runs, other->header.runs);
	(void)((r = tsem_model_each_program(other, add_program, &m)) ||
	       (r = tsem_model_each_point(other, add_point, &m)) || (r = add_life(&m)));
	return r;
}
