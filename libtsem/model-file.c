// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * model-file.c - the model as a file, docs/model-format.md. Writing and reading
 * stand here together: a line has one spelling, the one that is written.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "model-line.h"
#include "model-private.h"

#define FORMAT "quixote-model"
#define FORMAT_VERSION 1
#define FORMULA 1
#define TOOL "quixote " QUIXOTE_VERSION

static const char *const list_names[TSEM_MODEL_LIST_COUNT] = {
	[TSEM_MODEL_PSEUDONYMS] = "pseudonym",
	[TSEM_MODEL_SCRATCH] = "scratch",
};

static const char *const fields_names[] = {
	[TSEM_FIELDS_STRICT] = "strict",
	[TSEM_FIELDS_PORTABLE] = "portable",
};

static const char *const nsref_names[] = { "initial", "current" };

/* Writing. */

static void put_header(struct out *out, const struct tsem_model *model)
{
	const struct tsem_model_header *h = &model->header;

	out_format(out, "{\"format\": \"%s\", \"version\": %d, \"formula\": %d, ", FORMAT,
		   FORMAT_VERSION, FORMULA);
	out_format(out, "\"fields\": \"%s\", \"digest\": \"%s\", ", fields_names[h->fields],
		   h->digest);
	out_format(out, "\"nsref\": \"%s\", \"name\": \"%s\", \"runs\": %llu, ", h->nsref, h->name,
		   (unsigned long long)h->runs);
	out_format(out, "\"tool\": \"%s\"", TOOL);
	out_end_line(out);
}

static void put_paths(struct out *out, const struct tsem_model *model, enum tsem_model_list list)
{
	for (size_t i = 0; i < model->lists[list].count; i++) {
		out_format(out, "{\"%s\": \"", list_names[list]);
		out_text(out, model->lists[list].paths[i]);
		out_put(out, "\"", 1);
		out_end_line(out);
	}
}

struct writing {
	struct out *out;
	unsigned int digest_size;
};

static int write_program(const struct tsem_model_program *program, void *userdata)
{
	struct writing *w = userdata;

	out_format(w->out, "{\"program\": \"");
	out_hex(w->out, &program->task_id, w->digest_size);
	out_format(w->out, "\", \"p_task_id\": \"");
	out_hex(w->out, &program->p_task_id, w->digest_size);
	out_format(w->out, "\", \"event\": ");
	out_put(w->out, program->event, program->event_size);
	out_end_line(w->out);
	return w->out->error;
}

static int write_point(const struct tsem_model_point *point, void *userdata)
{
	struct writing *w = userdata;

	out_format(w->out, "{\"coefficient\": \"");
	out_hex(w->out, &point->coefficient, w->digest_size);
	out_format(w->out, "\", \"count\": %llu, \"runs\": %llu", (unsigned long long)point->count,
		   (unsigned long long)point->runs);
	if (point->first)
		out_format(w->out, ", \"first\": %llu", (unsigned long long)point->first);
	if (point->change)
		out_format(w->out, ", \"change\": %llu", (unsigned long long)point->change);
	if (point->until) {
		out_format(w->out, ", \"until\": \"");
		out_time(w->out, point->until);
		out_format(w->out, "\"");
	}
	out_format(w->out, ", \"event\": ");
	out_put(w->out, point->event, point->event_size);
	out_end_line(w->out);
	return w->out->error;
}

int tsem_model_write(const struct tsem_model *model, int fd)
{
	_cleanup_(freep) struct out *out = calloc(1, sizeof(*out));
	struct writing w = { out, model->header.digest_size };

	if (!out)
		return -ENOMEM;
	out->fd = fd;
	put_header(out, model);
	model_put_runs(out, model);
	model_put_changes(out, model);
	put_paths(out, model, TSEM_MODEL_PSEUDONYMS);
	put_paths(out, model, TSEM_MODEL_SCRATCH);
	/* What they return is out->error, which stays. */
	(void)tsem_model_each_program(model, write_program, &w);
	(void)tsem_model_each_point(model, write_point, &w);
	out_format(out, "{\"end\": %llu", (unsigned long long)out->lines);
	out_end_line(out);
	out_flush(out);
	return out->error;
}

struct header_text {
	char name[TSEM_MODEL_NAME_BYTES + 1];
	char digest[TSEM_MODEL_NAME_BYTES + 1];
	char tool[TSEM_MODEL_NAME_BYTES + 1];
	unsigned int fields;
	unsigned int nsref;
	uint64_t runs;
};

static int take_version(struct cursor *c, const char *key, uint64_t ours)
{
	uint64_t version = 0;
	int r = cursor_expect(c, key);

	if (r == 0)
		r = cursor_number(c, 0, &version);
	if (r == 0 && version != ours)
		r = in_refuse(c->in, -EPROTONOSUPPORT, "%s is %llu; this version knows only %llu",
			      strstr(key, "formula") ? "the formula" : "the version of the format",
			      (unsigned long long)version, (unsigned long long)ours);
	return r;
}

/* A reader is a chain that looks like the format. */
static int parse_header(struct cursor *c, struct header_text *h)
{
	int r;

	if (!cursor_starts_with(c, "{\"format\": \"" FORMAT "\""))
		return in_refuse(c->in, -EBADMSG,
				 "not a model: it does not begin with "
				 "{\"format\": \"" FORMAT "\"");
	c->at += strlen("{\"format\": \"" FORMAT "\"");
	(void)((r = take_version(c, ", \"version\": ", FORMAT_VERSION)) ||
	       (r = take_version(c, ", \"formula\": ", FORMULA)) ||
	       (r = cursor_expect(c, ", \"fields\": \"")) ||
	       (r = cursor_name(c, fields_names, ARRAY_SIZE(fields_names), &h->fields)) ||
	       (r = cursor_expect(c, "\", \"digest\": \"")) || (r = cursor_plain(c, h->digest)) ||
	       (r = cursor_expect(c, "\", \"nsref\": \"")) ||
	       (r = cursor_name(c, nsref_names, ARRAY_SIZE(nsref_names), &h->nsref)) ||
	       (r = cursor_expect(c, "\", \"name\": \"")) || (r = cursor_plain(c, h->name)) ||
	       (r = cursor_expect(c, "\", \"runs\": ")) || (r = cursor_number(c, 0, &h->runs)) ||
	       (r = cursor_expect(c, ", \"tool\": \"")) || (r = cursor_plain(c, h->tool)) ||
	       (r = cursor_expect(c, "\"")) || (r = cursor_expect_end(c)));
	if (r == 0 && (!*h->name || !*h->digest))
		r = in_refuse(c->in, -EBADMSG, "name or digest is empty");
	return r;
}

static int read_header(struct in *in, struct header_text *h)
{
	struct cursor c;
	int r = in_next_line(in);

	if (r < 0)
		return r;
	if (r == 0) {
		in->number = 1;
		return in_refuse(in, -EBADMSG, "the file is empty");
	}
	c = cursor_begin(in);
	return parse_header(&c, h);
}

int tsem_model_peek(int fd, char ret_digest[TSEM_MODEL_NAME_BYTES + 1],
		    struct tsem_model_error *error)
{
	_cleanup_(freep) struct in *in = in_new(fd, error);
	struct header_text h;
	int r;

	if (!in)
		return -ENOMEM;
	r = read_header(in, &h);
	if (r == 0)
		memcpy(ret_digest, h.digest, sizeof(h.digest));
	return r;
}

/* Lines of a model come in this order. */
enum kind {
	KIND_RUN,
	KIND_CHANGE,
	KIND_PSEUDONYM,
	KIND_SCRATCH,
	KIND_PROGRAM,
	KIND_POINT,
	KIND_END,
};
#define KIND_COUNT (KIND_END + 1)

/**
 * struct reading - A model being read.
 * @kind: Of the line before.
 * @first: The line is the first of its kind.
 * @last: The digest of the line before, by which this kind is sorted.
 */
struct reading {
	struct in *in;
	struct tsem_model *model;
	enum kind kind;
	bool first;
	struct tsem_digest last;
};

static int check_order(struct reading *r, int compared)
{
	if (r->first || compared < 0)
		return 0;
	return in_refuse(r->in, -EBADMSG,
			 compared ? "not sorted: it belongs before the line above"
				  : "the same as the line above");
}

/* Whether the line is as it would be written. */
static bool is_respelled(const struct in *in, enum tsem_model_list list, const char *path)
{
	_cleanup_(freep) struct out *out = calloc(1, sizeof(*out));

	if (!out)
		return false;
	out->fd = -EBADF;
	out_format(out, "{\"%s\": \"", list_names[list]);
	out_text(out, path); /* fits: the line was read from less than OUT_BYTES */
	out_put(out, "\"", 1);
	out_end_line(out);
	return out_is_line(out, in);
}

static int add_path(struct reading *r, struct model_paths *paths, const char *path)
{
	int result;

	if (paths->count == TSEM_MODEL_PATHS)
		return in_refuse(r->in, -E2BIG, "more than %u of these lines", TSEM_MODEL_PATHS);
	if (!paths->paths)
		paths->paths = calloc(TSEM_MODEL_PATHS + 1, sizeof(*paths->paths));
	if (!paths->paths)
		return in_refuse_memory(r->in);
	result = check_order(r, r->first ? 0 : strcmp(paths->paths[paths->count - 1], path));
	if (result < 0)
		return result;
	paths->paths[paths->count] = strdup(path);
	if (!paths->paths[paths->count])
		return in_refuse_memory(r->in);
	paths->count++;
	if (paths != &r->model->lists[TSEM_MODEL_PSEUDONYMS])
		return 0;
	return model_add_pseudonym(r->model, path) ? in_refuse_memory(r->in) : 0;
}

static int read_path(struct reading *r, struct cursor *c, enum tsem_model_list list)
{
	char path[4096];
	int result = cursor_text(c, path, sizeof(path));

	if (result == 0)
		result = cursor_expect(c, "\"");
	if (result == 0)
		result = cursor_expect_end(c);
	if (result < 0)
		return result;
	if (path[0] != '/' || !is_respelled(r->in, list, path))
		return in_refuse(r->in, -EBADMSG, "not an absolute path in its one spelling");
	return add_path(r, &r->model->lists[list], path);
}

static int read_pseudonym(struct reading *r, struct cursor *c)
{
	return read_path(r, c, TSEM_MODEL_PSEUDONYMS);
}

static int read_scratch(struct reading *r, struct cursor *c)
{
	return read_path(r, c, TSEM_MODEL_SCRATCH);
}

static int check_digest_order(struct reading *r, const struct tsem_digest *digest)
{
	int result = check_order(r, memcmp(&r->last, digest, sizeof(*digest)));

	r->last = *digest;
	return result;
}

/* Up to the last brace of the line. */
static int take_record(struct reading *r, struct cursor *c, struct model_record *ret)
{
	const char *reason = "";
	size_t size;
	int result = cursor_expect(c, ", \"event\": ");

	if (result < 0)
		return result;
	if (c->at >= c->end || c->end[-1] != '}')
		return in_refuse(r->in, -EBADMSG, "the line does not end in a brace");
	size = c->end - c->at - 1;
	result = model_record_read(r->model, c->at, size, true, ret, &reason);
	if (result == -ENOMEM)
		return in_refuse_memory(r->in);
	if (result < 0)
		return in_refuse(r->in, result, "the event is not a record: %s", reason);
	if (ret->size == size && !memcmp(ret->text, c->at, size))
		return 0;
	free(ret->text);
	ret->text = NULL;
	return in_refuse(r->in, -EBADMSG, "the event is not in its one spelling");
}

static int insert_program(struct reading *r, const struct tsem_digest *task_id,
			  const struct tsem_digest *p_task_id, struct model_record *record)
{
	if (record->event != TSEM_EVENT_BPRM_COMMITTED_CREDS)
		return in_refuse(r->in, -EBADMSG, "the event of a program must be an exec");
	if (memcmp(task_id, &record->task_id, sizeof(*task_id)) ||
	    memcmp(task_id, &record->coefficient, sizeof(*task_id)))
		return in_refuse(r->in, -EBADMSG, "the task_id is not that of the event");
	if (memcmp(p_task_id, &record->p_task_id, sizeof(*p_task_id)))
		return in_refuse(r->in, -EBADMSG, "the p_task_id is not that of the event");
	if (r->model->program_count == TSEM_MODEL_PROGRAMS)
		return in_refuse(r->in, -E2BIG, "more than %u programs", TSEM_MODEL_PROGRAMS);
	return model_insert_program(r->model, record) ? in_refuse_memory(r->in) : 0;
}

static int read_program(struct reading *r, struct cursor *c)
{
	unsigned int size = r->model->header.digest_size;
	struct tsem_digest task_id, p_task_id;
	struct model_record record = { .text = NULL };
	int result;

	(void)((result = cursor_hex(c, size, &task_id)) ||
	       (result = cursor_expect(c, "\", \"p_task_id\": \"")) ||
	       (result = cursor_hex(c, size, &p_task_id)) || (result = cursor_expect(c, "\"")) ||
	       (result = check_digest_order(r, &task_id)) || (result = take_record(r, c, &record)));
	if (result == 0)
		result = insert_program(r, &task_id, &p_task_id, &record);
	free(record.text);
	return result;
}

static int insert_point(struct reading *r, const struct tsem_model_point *point,
			struct model_record *record)
{
	if (record->event == TSEM_EVENT_BPRM_COMMITTED_CREDS)
		return in_refuse(r->in, -EBADMSG,
				 "a bprm_committed_creds is never a point of a model");
	if (memcmp(&point->coefficient, &record->coefficient, sizeof(point->coefficient)))
		return in_refuse(r->in, -EBADMSG, "the coefficient is not that of the event");
	if (point->runs > r->model->header.runs || point->runs > point->count)
		return in_refuse(r->in, -EBADMSG, "more runs than there were");
	if (point->first > r->model->header.runs || point->change > r->model->change_count)
		return in_refuse(r->in, -EBADMSG, "it comes from a run or change that never was");
	if (!point->runs && !point->change)
		return in_refuse(r->in, -EBADMSG, "neither a run nor a change brought it");
	if (r->model->point_count == TSEM_MODEL_POINTS)
		return in_refuse(r->in, -E2BIG, "more than %u coefficients", TSEM_MODEL_POINTS);
	return model_insert_point(r->model, record, point) ? in_refuse_memory(r->in) : 0;
}

/* Members that a point need not have; none of them is 0. */
static int take_origin(struct cursor *c, struct tsem_model_point *ret)
{
	const struct {
		const char *key;
		uint64_t *number;
	} rows[] = { { ", \"first\": ", &ret->first }, { ", \"change\": ", &ret->change } };
	static const char until[] = ", \"until\": \"";
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++) {
		if (!cursor_starts_with(c, rows[i].key))
			continue;
		c->at += strlen(rows[i].key);
		r = cursor_number(c, 1, rows[i].number);
	}
	if (r < 0 || !cursor_starts_with(c, until))
		return r;
	c->at += strlen(until);
	r = cursor_time(c, &ret->until);
	return r ?: cursor_expect(c, "\"");
}

static int read_point(struct reading *r, struct cursor *c)
{
	struct model_record record = { .text = NULL };
	struct tsem_model_point point = { .count = 0 };
	int result;

	(void)((result = cursor_hex(c, r->model->header.digest_size, &point.coefficient)) ||
	       (result = cursor_expect(c, "\", \"count\": ")) ||
	       (result = cursor_number(c, 1, &point.count)) ||
	       (result = cursor_expect(c, ", \"runs\": ")) ||
	       (result = cursor_number(c, 0, &point.runs)) || (result = take_origin(c, &point)) ||
	       (result = check_digest_order(r, &point.coefficient)) ||
	       (result = take_record(r, c, &record)));
	if (result == 0)
		result = insert_point(r, &point, &record);
	free(record.text);
	return result;
}

static int read_run(struct reading *r, struct cursor *c)
{
	return model_read_run(r->model, c);
}

static int read_change(struct reading *r, struct cursor *c)
{
	return model_read_change(r->model, c);
}

static int read_end(struct reading *r, struct cursor *c)
{
	uint64_t lines;
	int result = cursor_number(c, 0, &lines);

	if (result == 0)
		result = cursor_expect_end(c);
	if (result == 0 && lines != r->in->number - 1)
		result = in_refuse(r->in, -EBADMSG,
				   "%llu lines were written before this one, not %u",
				   (unsigned long long)lines, r->in->number - 1);
	return result;
}

static const struct {
	const char *begin;
	int (*read)(struct reading *r, struct cursor *c);
} kinds[KIND_COUNT] = {
	[KIND_RUN] = { "{\"run\": ", read_run },
	[KIND_CHANGE] = { "{\"change\": ", read_change },
	[KIND_PSEUDONYM] = { "{\"pseudonym\": \"", read_pseudonym },
	[KIND_SCRATCH] = { "{\"scratch\": \"", read_scratch },
	[KIND_PROGRAM] = { "{\"program\": \"", read_program },
	[KIND_POINT] = { "{\"coefficient\": \"", read_point },
	[KIND_END] = { "{\"end\": ", read_end },
};

static int read_line(struct reading *r)
{
	struct cursor c = cursor_begin(r->in);

	for (unsigned int kind = 0; kind < KIND_COUNT; kind++) {
		if (!cursor_starts_with(&c, kinds[kind].begin))
			continue;
		if (kind < r->kind)
			return in_refuse(r->in, -EBADMSG, "this kind of line belongs further up");
		r->first = kind != r->kind || r->in->number == 2;
		r->kind = kind;
		c.at += strlen(kinds[kind].begin);
		return kinds[kind].read(r, &c);
	}
	return in_refuse(r->in, -EBADMSG,
			 "unknown line; expected run, change, pseudonym, scratch, program, "
			 "coefficient or end");
}

static int read_lines(struct reading *r)
{
	int result;

	do {
		result = in_next_line(r->in);
		if (result == 0)
			return in_refuse(r->in, -EBADMSG,
					 "the file was cut off: there is no last line "
					 "{\"end\": ...}");
		if (result > 0)
			result = read_line(r);
	} while (result == 0 && r->kind != KIND_END);
	if (result < 0)
		return result;
	result = in_next_line(r->in);
	return result > 0 ? in_refuse(r->in, -EBADMSG, "something behind the end") : result;
}

static int new_model(struct in *in, const struct header_text *h, struct tsem_hasher *hasher,
		     struct tsem_model **ret)
{
	const struct tsem_model_header header = {
		.name = h->name,
		.digest = h->digest,
		.nsref = nsref_names[h->nsref],
		.tool = h->tool,
		.fields = h->fields,
		.runs = h->runs,
	};

	if (strcmp(h->digest, hasher->ops->name))
		return in_refuse(in, -EPROTONOSUPPORT, "the model is for digest %s, not %s",
				 h->digest, hasher->ops->name);
	return tsem_model_new(&header, hasher, ret) ? in_refuse_memory(in) : 0;
}

static int read_model(struct in *in, struct tsem_hasher *hasher, struct tsem_model **ret)
{
	_cleanup_(tsem_model_freep) struct tsem_model *model = NULL;
	struct reading reading = { .in = in, .kind = KIND_RUN };
	struct header_text h;
	int r = read_header(in, &h);

	if (r == 0)
		r = new_model(in, &h, hasher, &model);
	if (r < 0)
		return r;
	reading.model = model;
	r = read_lines(&reading);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(model);
	return 0;
}

int tsem_model_read_from(const struct tsem_model_source *source, struct tsem_model_error *error,
			 struct tsem_model **ret)
{
	_cleanup_(freep) struct in *in = in_new(source->fd, error);

	if (!in)
		return -ENOMEM;
	in->measure = source->measure;
	return read_model(in, source->hasher, ret);
}

int tsem_model_read(int fd, struct tsem_hasher *hasher, struct tsem_model_error *error,
		    struct tsem_model **ret)
{
	const struct tsem_model_source source = { fd, hasher, NULL };

	return tsem_model_read_from(&source, error, ret);
}
