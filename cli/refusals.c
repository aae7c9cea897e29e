// SPDX-License-Identifier: LGPL-2.1-or-later
/* refusals.c - see refusals.h. */
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../tma/recorder.h"
#include "phrase.h"
#include "refusals.h"

#define RECORD "record."

/* Of the shortest hash function. */
#define COEFFICIENT_CHARS 64

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct refusal *)a)->coefficient,
		      ((const struct refusal *)b)->coefficient);
}

static int compare_order(const void *a, const void *b)
{
	const struct refusal *x = *(struct refusal *const *)a, *y = *(struct refusal *const *)b;

	return x->order < y->order ? -1 : x->order > y->order;
}

static void refusal_free(void *node)
{
	struct refusal *refusal = node;

	free(refusal->coefficient);
	free(refusal->verdict);
	free(refusal->nearest_coefficient);
	facts_done(&refusal->record);
	facts_done(&refusal->nearest);
	free(refusal);
}

static struct refusal *new_refusal(const struct facts *line)
{
	struct refusal *refusal = calloc(1, sizeof(*refusal));

	if (!refusal)
		return NULL;
	refusal->coefficient = strdup(facts_get(line, "coefficient"));
	refusal->verdict = strdup(facts_get(line, "verdict"));
	if (refusal->coefficient && refusal->verdict)
		return refusal;
	refusal_free(refusal);
	return NULL;
}

/* The members of the record only, without its envelope. */
static void keep_record(struct facts *line)
{
	size_t kept = 0;

	for (size_t i = 0; i < line->count; i++) {
		struct fact fact = line->list[i];

		if (strncmp(fact.path, RECORD, strlen(RECORD)))
			continue;
		fact.path += strlen(RECORD);
		if (strncmp(fact.path, "export.", 7))
			line->list[kept++] = fact;
	}
	line->count = kept;
}

/* Takes the line over if it is the first of its kind. */
static int add_refusal(struct refusals *r, struct facts *line, time_t when)
{
	struct refusal key = { .coefficient = (char *)facts_get(line, "coefficient") };
	struct refusal **found = tfind(&key, &r->tree, compare), *refusal;

	r->taken++;
	if (found) {
		(*found)->count++;
		(*found)->last = when;
		(*found)->order = r->taken;
		return 0;
	}
	if (r->count == REFUSALS_MAX) {
		r->more++;
		return 0;
	}
	refusal = new_refusal(line);
	if (!refusal)
		return -ENOMEM;
	if (!tsearch(refusal, &r->tree, compare)) {
		refusal_free(refusal);
		return -ENOMEM;
	}
	refusal->first = refusal->last = when;
	refusal->count = 1;
	refusal->order = r->taken;
	refusal->record = *line;
	keep_record(&refusal->record);
	refusal->event = phrase_event(&refusal->record);
	refusal->object = phrase_counted_object(&refusal->record);
	*line = (struct facts){ NULL, 0, NULL };
	r->list[r->count++] = refusal;
	return 0;
}

/* It becomes part of a command that people copy. */
static bool is_coefficient(const char *text)
{
	size_t size = text ? strlen(text) : 0;

	return size >= COEFFICIENT_CHARS && strspn(text, "0123456789abcdef") == size;
}

static int take_line(struct refusals *r, struct programs *programs, struct facts *line)
{
	const char *verdict = facts_get(line, "verdict"), *when = facts_get(line, "time");
	const char *lost = facts_get(line, "lost");

	if (lost) {
		r->lost += strtoull(lost, NULL, 10);
		return 0;
	}
	if (!verdict || !when || !is_coefficient(facts_get(line, "coefficient")) ||
	    !facts_get(line, RECORD "event.type"))
		return -EBADMSG;
	if (!strcmp(verdict, "program")) {
		keep_record(line);
		return programs_add(programs, line, false);
	}
	return add_refusal(r, line, (time_t)strtoll(when, NULL, 10));
}

static int read_lines(FILE *file, struct refusals *r, struct programs *programs)
{
	_cleanup_(freep) char *text = NULL;
	size_t room = 0;
	ssize_t size;

	while ((size = getline(&text, &room, file)) > 0) {
		struct facts line = { NULL, 0, NULL };
		int result = -EBADMSG;

		if (text[size - 1] == '\n') /* else it is still being written */
			result = facts_parse(text, size, &line);
		if (result == 0)
			result = take_line(r, programs, &line);
		facts_done(&line);
		if (result == -ENOMEM)
			return result;
		r->bad += result < 0;
	}
	return ferror(file) ? -EIO : 0;
}

static int read_file(const char *dir, const char *name, struct refusals *r,
		     struct programs *programs)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(fclosep) FILE *file = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return read_lines(file, r, programs);
}

int refusals_read(const char *dir, struct programs *programs, struct refusals *ret)
{
	struct refusals r = { .list = calloc(REFUSALS_MAX, sizeof(*r.list)) };
	int result;

	if (!r.list)
		return -ENOMEM;
	result = read_file(dir, RECORDER_FORENSICS ".1", &r, programs);
	if (result == 0)
		result = read_file(dir, RECORDER_FORENSICS, &r, programs);
	if (result < 0) {
		refusals_done(&r);
		return result;
	}
	qsort(r.list, r.count, sizeof(*r.list), compare_order);
	*ret = r;
	return 0;
}

void refusals_done(struct refusals *refusals)
{
	tdestroy(refusals->tree, refusal_free);
	free(refusals->list);
	*refusals = (struct refusals){ .tree = NULL };
}
