// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * model-record.c - one record of a model: scanned, its digests computed, and
 * printed in the one spelling that models keep, which leaves out what differs
 * in every run.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "core/record.h"
#include "model-private.h"

/* What a model keeps of the event object, in the order of the schema. */
static const char *const kept_members[] = { "process", "type", "task_id", "p_task_id" };
#define KEPT_COUNT ARRAY_SIZE(kept_members)

/* A kept text has no members of its run: it gets some, so that it is a record again. */
static const char kept_begin[] = "{\"event\": {";
static const char run_members[] =
	"\"context\": \"0\", \"number\": \"0\", \"ttd\": \"0\", \"p_ttd\": \"0\", \"ts\": \"0\", ";

static unsigned int event_object_position(const char *name)
{
	for (unsigned int i = 0; i < tsem_event_object.member_count; i++) {
		if (!strcmp(tsem_event_object.members[i].name, name))
			return i;
	}
	assert(!"the schema has the members that a model keeps");
	return 0;
}

/* Return: 0; -EBADMSG; -ENOMEM. */
static int add_run_members(const char *text, size_t size, char **ret, size_t *ret_size)
{
	const size_t begin = strlen(kept_begin), members = strlen(run_members);
	char *record;

	if (size < begin || memcmp(text, kept_begin, begin))
		return -EBADMSG;
	record = malloc(size + members);
	if (!record)
		return -ENOMEM;
	memcpy(record, text, begin);
	memcpy(record + begin, run_members, members);
	memcpy(record + begin + members, text + begin, size - begin);
	*ret = record;
	*ret_size = size + members;
	return 0;
}

/** struct printer - Canonical text being made: measured first, then written. */
struct printer {
	char *text;
	size_t room;
	size_t size;
	unsigned int digest_size;
};

static void print_string(struct printer *p, const char *string)
{
	size_t size = strlen(string);

	if (p->size <= p->room && size <= p->room - p->size)
		memcpy(p->text + p->size, string, size);
	p->size += size;
}

static void print_object(struct printer *p, const struct tsem_type *type, struct tsem_span object)
{
	bool fits = p->size < p->room;

	p->size += tsem_packed_print(type, p->digest_size, object.data, object.size,
				     fits ? p->text + p->size : NULL, fits ? p->room - p->size : 0);
}

/* The event object without what differs in every run. */
static void print_event_object(struct printer *p, struct tsem_span object, uint8_t *buffer)
{
	struct tsem_member members[KEPT_COUNT];
	const struct tsem_type type = { "event", members, KEPT_COUNT };
	struct tsem_packer packer = { buffer, object.size, 0 };

	for (unsigned int i = 0; i < KEPT_COUNT; i++) {
		unsigned int position = event_object_position(kept_members[i]);
		const uint8_t *member;
		size_t size = 0;

		members[i] = tsem_event_object.members[position];
		member = tsem_packed_find(&tsem_event_object, p->digest_size, object.data,
					  object.size, position, &size);
		assert(member); /* none of them is optional */
		tsem_pack_bytes(&packer, member, size);
	}
	print_object(p, &type, (struct tsem_span){ buffer, packer.used });
}

static void print_record(struct printer *p, const struct tsem_record *record, uint8_t *buffer)
{
	print_string(p, "{\"event\": ");
	print_event_object(p, record->object, buffer);
	print_string(p, ", \"COE\": ");
	print_object(p, &tsem_coe, record->coe);
	print_string(p, ", \"");
	print_string(p, tsem_events[record->event].name);
	print_string(p, "\": ");
	print_object(p, &tsem_events[record->event].cell, record->cell);
	print_string(p, "}");
}

static int print_kept(const struct tsem_record *record, unsigned int digest_size,
		      struct model_record *ret)
{
	_cleanup_(freep) uint8_t *buffer = malloc(record->object.size);
	struct printer p = { .digest_size = digest_size };
	size_t size;

	if (!buffer)
		return -ENOMEM;
	print_record(&p, record, buffer);
	size = p.size;
	p = (struct printer){ malloc(size), size, 0, digest_size };
	if (!p.text)
		return -ENOMEM;
	print_record(&p, record, buffer);
	assert(p.size == size);
	ret->text = p.text;
	ret->size = size;
	return 0;
}

static int scan(const struct tsem_model *model, const char *text, size_t size, uint8_t *buffer,
		struct tsem_record *ret, const char **ret_reason)
{
	int r = tsem_record_scan(text, size, model->header.digest_size, buffer, size, ret);

	if (r < 0) {
		*ret_reason = tsem_reject_name(-r);
		return -EBADMSG;
	}
	if (ret->kind == TSEM_RECORD_AGGREGATE || ret->kind == TSEM_RECORD_LOG) {
		*ret_reason = "not an event";
		return -EBADMSG;
	}
	return 0;
}

/** struct digested - A record and what it comes to; @record points into @buffer. */
struct digested {
	uint8_t *buffer;
	struct tsem_record record;
	struct tsem_result result;
};

static void digested_done(struct digested *d)
{
	free(d->buffer);
}

/* The caller calls digested_done() in any case. */
static int digest(const struct tsem_model *model, const char *text, size_t size,
		  struct digested *ret, const char **ret_reason)
{
	int r;

	ret->buffer = malloc(size ? size : 1);
	if (!ret->buffer)
		return -ENOMEM;
	r = scan(model, text, size, ret->buffer, &ret->record, ret_reason);
	if (r == 0)
		tsem_engine_digest(&model->engine, &ret->record, &ret->result);
	return r;
}

static int read_record(const struct tsem_model *model, const char *text, size_t size,
		       struct model_record *ret, const char **ret_reason)
{
	_cleanup_(digested_done) struct digested d = {};
	int r = digest(model, text, size, &d, ret_reason);

	if (r < 0)
		return r;
	*ret = (struct model_record){
		.event = d.record.event,
		.coefficient = d.result.coefficient,
		.task_id = d.record.task_id,
		.p_task_id = d.record.p_task_id,
	};
	return print_kept(&d.record, model->header.digest_size, ret);
}

int tsem_model_coefficient(const struct tsem_model *model, const char *record, size_t size,
			   struct tsem_digest *ret)
{
	_cleanup_(digested_done) struct digested d = {};
	const char *reason;
	int r = digest(model, record, size, &d, &reason);

	if (r == 0)
		*ret = d.result.coefficient;
	return r;
}

int model_record_read(const struct tsem_model *model, const char *text, size_t size, bool kept,
		      struct model_record *ret, const char **ret_reason)
{
	_cleanup_(freep) char *record = NULL;
	int r;

	if (!kept)
		return read_record(model, text, size, ret, ret_reason);
	r = add_run_members(text, size, &record, &size);
	if (r == -EBADMSG)
		*ret_reason = "it does not begin with {\"event\": {";
	return r < 0 ? r : read_record(model, record, size, ret, ret_reason);
}

int model_record_read_any(const struct tsem_model *model, const char *text, size_t size,
			  struct model_record *ret)
{
	const char *reason;
	int r = model_record_read(model, text, size, false, ret, &reason);

	return r == -EBADMSG ? model_record_read(model, text, size, true, ret, &reason) : r;
}
