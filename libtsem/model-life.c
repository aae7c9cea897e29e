// SPDX-License-Identifier: LGPL-2.1-or-later
/* model-life.c - see model-life.h; with the lines of the file that tell it. */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "model-private.h"

static const char *const what_names[TSEM_MODEL_WHAT_COUNT] = {
	[TSEM_MODEL_ACCEPT] = "accept",	  [TSEM_MODEL_GENERALISE] = "generalise",
	[TSEM_MODEL_SEAL] = "seal",	  [TSEM_MODEL_UNSEAL] = "unseal",
	[TSEM_MODEL_UPGRADE] = "upgrade",
};

const char *tsem_model_what_name(enum tsem_model_what what)
{
	return what_names[what];
}

/* Runs. */

const struct tsem_model_run *tsem_model_get_runs(const struct tsem_model *model, size_t *ret_count)
{
	*ret_count = model->run_count;
	return model->runs;
}

int model_keep_run(struct tsem_model *model, const struct tsem_model_run *run)
{
	if (!model->runs)
		model->runs = calloc(TSEM_MODEL_RUNS, sizeof(*model->runs));
	if (!model->runs)
		return -ENOMEM;
	if (model->run_count == TSEM_MODEL_RUNS)
		memmove(model->runs, model->runs + 1, --model->run_count * sizeof(*model->runs));
	model->runs[model->run_count++] = *run;
	return 0;
}

void model_put_runs(struct out *out, const struct tsem_model *model)
{
	for (size_t i = 0; i < model->run_count; i++) {
		const struct tsem_model_run *run = &model->runs[i];

		out_format(out, "{\"run\": %llu, \"events\": %llu, ",
			   (unsigned long long)run->number, (unsigned long long)run->events);
		out_format(out, "\"coefficients\": %llu, \"new\": %llu",
			   (unsigned long long)run->coefficients, (unsigned long long)run->fresh);
		out_end_line(out);
	}
}

int model_read_run(struct tsem_model *model, struct cursor *c)
{
	struct tsem_model_run run;
	uint64_t last = model->run_count ? model->runs[model->run_count - 1].number : 0;
	int r;

	(void)((r = cursor_number(c, 1, &run.number)) || (r = cursor_expect(c, ", \"events\": ")) ||
	       (r = cursor_number(c, 0, &run.events)) ||
	       (r = cursor_expect(c, ", \"coefficients\": ")) ||
	       (r = cursor_number(c, 0, &run.coefficients)) ||
	       (r = cursor_expect(c, ", \"new\": ")) || (r = cursor_number(c, 0, &run.fresh)) ||
	       (r = cursor_expect_end(c)));
	if (r < 0)
		return r;
	if (run.number <= last)
		return in_refuse(c->in, -EBADMSG, "not sorted: it belongs before the line above");
	if (run.number > model->header.runs)
		return in_refuse(c->in, -EBADMSG, "more runs than there were");
	if (run.fresh > run.coefficients || run.coefficients > run.events)
		return in_refuse(c->in, -EBADMSG, "more coefficients than events");
	if (model->run_count == TSEM_MODEL_RUNS)
		return in_refuse(c->in, -E2BIG, "more than %u of these lines", TSEM_MODEL_RUNS);
	return model_keep_run(model, &run) ? in_refuse_memory(c->in) : 0;
}

/* Changes. */

const struct tsem_model_change *tsem_model_get_changes(const struct tsem_model *model,
						       size_t *ret_count)
{
	*ret_count = model->change_count;
	return model->changes;
}

static void free_change(struct tsem_model_change *change)
{
	free((char *)change->by);
	free((char *)change->why);
	free((char *)change->note);
}

static int keep_change(struct tsem_model *model, const struct tsem_model_change *change)
{
	struct tsem_model_change copy = *change;

	if (!model->changes)
		model->changes = calloc(TSEM_MODEL_CHANGES, sizeof(*model->changes));
	copy.by = strdup(change->by ?: "");
	copy.why = strdup(change->why ?: "");
	copy.note = strdup(change->note ?: "");
	if (!model->changes || !copy.by || !copy.why || !copy.note) {
		free_change(&copy);
		return -ENOMEM;
	}
	copy.number = model->change_count + 1;
	model->changes[model->change_count++] = copy;
	return 0;
}

static void put_text(struct out *out, const char *key, const char *text)
{
	out_format(out, ", \"%s\": \"", key);
	out_text(out, text);
	out_put(out, "\"", 1);
}

static void put_change(struct out *out, const struct tsem_model_change *change)
{
	out_format(out, "{\"change\": %llu, \"time\": \"", (unsigned long long)change->number);
	out_time(out, change->time);
	out_put(out, "\"", 1);
	put_text(out, "by", change->by);
	put_text(out, "what", what_names[change->what]);
	put_text(out, "why", change->why);
	put_text(out, "note", change->note);
	out_end_line(out);
}

void model_put_changes(struct out *out, const struct tsem_model *model)
{
	for (size_t i = 0; i < model->change_count; i++)
		put_change(out, &model->changes[i]);
}

static bool is_text(const char *text)
{
	return !text || strlen(text) <= TSEM_MODEL_TEXT_BYTES;
}

int tsem_model_add_change(struct tsem_model *model, const struct tsem_model_change *change,
			  uint64_t *ret_number)
{
	int r;

	if (!is_text(change->by) || !is_text(change->why) || !is_text(change->note) ||
	    change->time <= 0)
		return -EINVAL;
	if (model->change_count == TSEM_MODEL_CHANGES)
		return -E2BIG;
	r = keep_change(model, change);
	if (r == 0)
		*ret_number = model->change_count;
	return r;
}

/* Whether the line, which is the last change, is as it would be written. */
static bool is_respelled(const struct tsem_model *model, const struct in *in)
{
	_cleanup_(freep) struct out *out = calloc(1, sizeof(*out));

	if (!out)
		return false;
	out->fd = -EBADF;
	put_change(out, &model->changes[model->change_count - 1]);
	return out_is_line(out, in);
}

static int take_text(struct cursor *c, const char *begin, char ret[TSEM_MODEL_TEXT_BYTES + 2])
{
	int r = cursor_expect(c, begin);

	if (r == 0)
		r = cursor_text(c, ret, TSEM_MODEL_TEXT_BYTES + 1);
	return r ?: cursor_expect(c, "\"");
}

int model_read_change(struct tsem_model *model, struct cursor *c)
{
	char by[TSEM_MODEL_TEXT_BYTES + 2], why[TSEM_MODEL_TEXT_BYTES + 2];
	char note[TSEM_MODEL_TEXT_BYTES + 2];
	struct tsem_model_change change = { .by = by, .why = why, .note = note };
	unsigned int what = 0;
	uint64_t number;
	int r;

	(void)((r = cursor_number(c, 1, &number)) || (r = cursor_expect(c, ", \"time\": \"")) ||
	       (r = cursor_time(c, &change.time)) || (r = take_text(c, "\", \"by\": \"", by)) ||
	       (r = cursor_expect(c, ", \"what\": \"")) ||
	       (r = cursor_name(c, what_names, TSEM_MODEL_WHAT_COUNT, &what)) ||
	       (r = take_text(c, "\", \"why\": \"", why)) ||
	       (r = take_text(c, ", \"note\": \"", note)) || (r = cursor_expect_end(c)));
	if (r < 0)
		return r;
	change.what = what;
	if (number != model->change_count + 1)
		return in_refuse(c->in, -EBADMSG, "changes are counted from 1 without a gap");
	if (model->change_count == TSEM_MODEL_CHANGES)
		return in_refuse(c->in, -E2BIG, "more than %u of these lines", TSEM_MODEL_CHANGES);
	if (keep_change(model, &change) < 0)
		return in_refuse_memory(c->in);
	if (!is_respelled(model, c->in))
		return in_refuse(c->in, -EBADMSG, "not in its one spelling");
	return 0;
}

bool tsem_model_is_sealed(const struct tsem_model *model)
{
	for (size_t i = model->change_count; i > 0; i--) {
		enum tsem_model_what what = model->changes[i - 1].what;

		if (what == TSEM_MODEL_SEAL || what == TSEM_MODEL_UNSEAL)
			return what == TSEM_MODEL_SEAL;
	}
	return false;
}

void model_free_life(struct tsem_model *model)
{
	for (size_t i = 0; i < model->change_count; i++)
		free_change(&model->changes[i]);
	free(model->changes);
	free(model->runs);
}

/* Points that changes bring and take away. */

int tsem_model_digest(const struct tsem_model *model, const char *text, size_t size,
		      struct tsem_digest *ret)
{
	struct model_record record;
	int r = model_record_read_any(model, text, size, &record);

	if (r < 0)
		return r;
	free(record.text);
	*ret = record.coefficient;
	return record.event != TSEM_EVENT_BPRM_COMMITTED_CREDS;
}

static int bring_record(struct tsem_model *model, const struct tsem_model_point *numbers,
			struct model_record *record)
{
	struct tsem_model_point *known;

	if (record->event == TSEM_EVENT_BPRM_COMMITTED_CREDS)
		return -EBADMSG;
	known = model_find_point(model, &record->coefficient);
	if (known && !numbers->until)
		known->until = 0;
	if (known)
		return 0;
	if (model->point_count == TSEM_MODEL_POINTS)
		return -E2BIG;
	return model_insert_point(model, record, numbers) ?: 1;
}

int tsem_model_bring_point(struct tsem_model *model, const struct tsem_model_point *numbers,
			   const char *text, size_t size)
{
	struct model_record record;
	int r;

	if (!numbers->change || numbers->change > model->change_count || !numbers->count ||
	    numbers->runs > numbers->count || numbers->runs > model->header.runs ||
	    numbers->first > model->header.runs)
		return -EINVAL;
	r = model_record_read_any(model, text, size, &record);
	if (r < 0)
		return r;
	r = bring_record(model, numbers, &record);
	free(record.text);
	return r;
}

int tsem_model_copy_life(struct tsem_model *model, const struct tsem_model *from)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->run_count; i++)
		r = model_keep_run(model, &from->runs[i]);
	for (size_t i = 0; r == 0 && i < from->change_count; i++)
		r = keep_change(model, &from->changes[i]);
	return r;
}

static void unite(struct tsem_model_point *point, const struct tsem_model_point *other)
{
	if (__builtin_add_overflow(point->count, other->count, &point->count))
		point->count = UINT64_MAX;
	if (other->runs > point->runs)
		point->runs = other->runs;
	if (!point->first || (other->first && other->first < point->first))
		point->first = other->first;
	if (!other->change)
		point->change = 0;
	if (!other->until || (point->until && other->until > point->until))
		point->until = other->until;
	/* Something must have brought it. */
	if (!point->runs && !point->change)
		point->change = other->change;
}

static int put_record(struct tsem_model *model, const struct tsem_model_point *numbers,
		      struct model_record *record)
{
	struct tsem_model_point *known;

	if (record->event == TSEM_EVENT_BPRM_COMMITTED_CREDS)
		return -EBADMSG;
	known = model_find_point(model, &record->coefficient);
	if (!known)
		return model_insert_point(model, record, numbers) ?: 1;
	unite(known, numbers);
	return 0;
}

int tsem_model_put_point(struct tsem_model *model, const struct tsem_model_point *numbers,
			 const char *text, size_t size)
{
	struct model_record record;
	int r;

	if (numbers->change > model->change_count || numbers->runs > model->header.runs ||
	    numbers->first > model->header.runs || !numbers->count)
		return -EINVAL;
	r = model_record_read_any(model, text, size, &record);
	if (r < 0)
		return r;
	r = put_record(model, numbers, &record);
	free(record.text);
	return r;
}

int tsem_model_limit_point(struct tsem_model *model, const struct tsem_digest *coefficient,
			   int64_t until)
{
	struct tsem_model_point *point = model_find_point(model, coefficient);

	if (!point)
		return -ENOENT;
	point->until = until;
	return 0;
}

bool tsem_model_point_holds(const struct tsem_model_point *point, int64_t now)
{
	return !point->until || now < point->until;
}

/**
 * struct dropping - What goes.
 * @list: Digests of points or programs.
 * @needed: Tree of TASK_IDs, in hexadecimal, that something names which stays.
 * @digits: Of a digest.
 * @grown: @needed has more than before.
 */
struct dropping {
	int64_t now;
	struct tsem_digest *list;
	size_t count;
	void *needed;
	unsigned int digits;
	bool grown;
};

static int compare_hex(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Each quoted text that can be a TASK_ID. */
static int need_all(struct dropping *d, const char *text, size_t size)
{
	for (const char *at = text; (at = memchr(at, '"', size - (at - text))); at++) {
		size_t room = size - (at - text) - 1;
		char *hex, **found;

		if (room <= d->digits || at[1 + d->digits] != '"' || memchr(at + 1, '"', d->digits))
			continue;
		hex = strndup(at + 1, d->digits);
		found = hex ? tsearch(hex, &d->needed, compare_hex) : NULL;
		if (!found || *found != hex)
			free(hex);
		if (!found)
			return -ENOMEM;
		d->grown |= *found == hex;
	}
	return 0;
}

static int sort_point(const struct tsem_model_point *point, void *userdata)
{
	struct dropping *d = userdata;

	if (tsem_model_point_holds(point, d->now))
		return need_all(d, point->event, point->event_size);
	d->list[d->count++] = point->coefficient;
	return 0;
}

static bool is_needed(const struct dropping *d, const struct tsem_digest *task_id)
{
	char hex[2 * TSEM_DIGEST_MAX + 1];

	for (unsigned int i = 0; i < d->digits / 2; i++)
		(void)sprintf(hex + 2 * i, "%02x", task_id->bytes[i]);
	return tfind(hex, &d->needed, compare_hex) != NULL;
}

static int need_ancestors(const struct tsem_model_program *program, void *userdata)
{
	struct dropping *d = userdata;

	return is_needed(d, &program->task_id) ? need_all(d, program->event, program->event_size)
					       : 0;
}

static int dropping_begin(const struct tsem_model *model, int64_t now, struct dropping *ret)
{
	int r;

	*ret = (struct dropping){ .now = now, .digits = 2 * model->header.digest_size };
	ret->list = calloc(model->point_count + model->program_count + 1, sizeof(*ret->list));
	if (!ret->list)
		return -ENOMEM;
	r = tsem_model_each_point(model, sort_point, ret);
	do {
		ret->grown = false;
		if (r == 0)
			r = tsem_model_each_program(model, need_ancestors, ret);
	} while (r == 0 && ret->grown);
	return r;
}

static void dropping_done(struct dropping *d)
{
	tdestroy(d->needed, free);
	free(d->list);
}

/** struct needed_walk - What tsem_model_each_program() hands through. */
struct needed_walk {
	const struct dropping *dropping;
	int (*visit)(const struct tsem_model_program *program, void *userdata);
	void *userdata;
};

static int visit_needed(const struct tsem_model_program *program, void *userdata)
{
	const struct needed_walk *walk = userdata;

	return is_needed(walk->dropping, &program->task_id) ? walk->visit(program, walk->userdata)
							    : 0;
}

int tsem_model_each_needed_program(const struct tsem_model *model, int64_t now,
				   int (*visit)(const struct tsem_model_program *program,
						void *userdata),
				   void *userdata)
{
	_cleanup_(dropping_done) struct dropping d;
	struct needed_walk walk = { &d, visit, userdata };
	int r = dropping_begin(model, now, &d);

	return r < 0 ? r : tsem_model_each_program(model, visit_needed, &walk);
}

static int list_unneeded(const struct tsem_model_program *program, void *userdata)
{
	struct dropping *d = userdata;

	if (!is_needed(d, &program->task_id))
		d->list[d->count++] = program->task_id;
	return 0;
}

int tsem_model_drop(struct tsem_model *model, int64_t now)
{
	_cleanup_(dropping_done) struct dropping d;
	int dropped, r = dropping_begin(model, now, &d);

	if (r < 0 || !d.count)
		return r;
	dropped = (int)d.count; /* at most TSEM_MODEL_POINTS */
	for (size_t i = 0; i < d.count; i++)
		model_remove_point(model, &d.list[i]);
	d.count = 0;
	(void)tsem_model_each_program(model, list_unneeded, &d); /* cannot fail */
	for (size_t i = 0; i < d.count; i++)
		model_remove_program(model, &d.list[i]);
	return dropped;
}
