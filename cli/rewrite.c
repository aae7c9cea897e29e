// SPDX-License-Identifier: LGPL-2.1-or-later
/* rewrite.c - see rewrite.h. */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/model-life.h"
#include "rewrite.h"

/** struct name - Node of the tree: a TASK_ID in hexadecimal, and its program. */
struct name {
	char hex[2 * TSEM_DIGEST_MAX + 1];
	struct rewritten *program;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->hex, ((const struct name *)b)->hex);
}

static unsigned int digits_of(const struct rewrite *w)
{
	return 2 * tsem_model_get_header(w->model)->digest_size;
}

static void print_hex(const struct tsem_digest *digest, unsigned int digits, char *ret)
{
	for (unsigned int i = 0; i < digits / 2; i++)
		(void)sprintf(ret + 2 * i, "%02x", digest->bytes[i]);
}

static const struct rewritten *find(const struct rewrite *w, const char *hex)
{
	struct name key, **found;

	memcpy(key.hex, hex, digits_of(w));
	key.hex[digits_of(w)] = '\0';
	found = tfind(&key, &w->tree, compare);
	return found ? (*found)->program : NULL;
}

/* Where the next quoted text that can be a TASK_ID stands; NULL at the end. */
static const char *next_id(const char *at, const char *end, unsigned int digits)
{
	while ((at = memchr(at, '"', end - at))) {
		at++;
		if ((size_t)(end - at) > digits && at[digits] == '"' &&
		    strspn(at, "0123456789abcdef") == digits)
			return at;
	}
	return NULL;
}

/* Whether all programs that a text names are known by their new names; but itself. */
static bool is_ready(const struct rewrite *w, const char *text, size_t size,
		     const struct rewritten *self)
{
	const char *at = text, *end = text + size;

	while ((at = next_id(at, end, digits_of(w)))) {
		const struct rewritten *program = find(w, at);

		if (program && program != self && !program->done)
			return false;
		at += digits_of(w) + 1;
	}
	return true;
}

/* Old names become new ones. */
static void rename_ids(const struct rewrite *w, const struct text *from, struct text *ret)
{
	const char *begin = text_get(from), *end = begin + from->size, *at = begin;
	unsigned int digits = digits_of(w);

	while ((at = next_id(at, end, digits))) {
		const struct rewritten *program = find(w, at);
		char hex[2 * TSEM_DIGEST_MAX + 1];

		if (program && program->done && program->changed) {
			print_hex(&program->new, digits, hex);
			text_add(ret, begin, at - begin);
			text_add(ret, hex, digits);
			begin = at + digits;
		}
		at += digits + 1;
	}
	text_add(ret, begin, end - begin);
}

/* The record with its edits, and with the new names of the programs in it. */
static int derive(const struct rewrite *w, struct rewritten *r)
{
	_cleanup_(text_done) struct text edited = TEXT_EMPTY, renamed = TEXT_EMPTY;
	int result = w->edit(r->text, r->size, w->userdata, &edited);

	if (result < 0)
		return result;
	rename_ids(w, &edited, &renamed);
	if (edited.failed || renamed.failed)
		return -ENOMEM;
	result = tsem_model_digest(w->engine, renamed.data, renamed.size, &r->new);
	if (result < 0)
		return result;
	r->changed = memcmp(&r->old, &r->new, sizeof(r->old)) != 0;
	free(r->text);
	r->size = renamed.size;
	r->text = TAKE_PTR(renamed.data);
	renamed = TEXT_EMPTY;
	return 0;
}

/* Its own name stands in the record of an exec. */
static int rename_self(const struct rewrite *w, struct rewritten *program)
{
	_cleanup_(text_done) struct text text = { program->text, program->size, 0, false };
	struct text renamed = TEXT_EMPTY;

	program->text = NULL;
	program->done = true;
	rename_ids(w, &text, &renamed);
	program->text = renamed.data;
	program->size = renamed.size;
	return renamed.failed ? -ENOMEM : 0;
}

static int derive_programs(struct rewrite *w)
{
	size_t left = w->program_count, before;

	do {
		before = left;
		for (size_t i = 0; i < w->program_count; i++) {
			struct rewritten *program = &w->programs[i];
			int r;

			if (program->done || !is_ready(w, program->text, program->size, program))
				continue;
			r = derive(w, program);
			if (r == 0)
				r = rename_self(w, program);
			if (r < 0)
				return r;
			left--;
		}
	} while (left && left < before);
	return left ? -EBADMSG : 0; /* no hash can be in itself */
}

static int keep(struct rewritten *r, const struct tsem_digest *old, const char *text, size_t size)
{
	*r = (struct rewritten){ .old = *old, .text = malloc(size + 1), .size = size };
	if (!r->text)
		return -ENOMEM;
	memcpy(r->text, text, size);
	r->text[size] = '\0';
	return 0;
}

static int add_program(const struct tsem_model_program *program, void *userdata)
{
	struct rewrite *w = userdata;
	struct name *name = malloc(sizeof(*name));

	if (!name)
		return -ENOMEM;
	print_hex(&program->task_id, digits_of(w), name->hex);
	name->program = &w->programs[w->program_count];
	if (!tsearch(name, &w->tree, compare)) {
		free(name);
		return -ENOMEM;
	}
	return keep(&w->programs[w->program_count++], &program->task_id, program->event,
		    program->event_size);
}

static int add_point(const struct tsem_model_point *point, void *userdata)
{
	struct rewrite *w = userdata;
	struct rewritten *r = &w->points[w->point_count++];
	int result = keep(r, &point->coefficient, point->event, point->event_size);

	r->numbers = point;
	return result < 0 ? result : derive(w, r);
}

int rewrite_model(struct rewrite *w)
{
	int r;

	w->programs = calloc(tsem_model_program_count(w->model) + 1, sizeof(*w->programs));
	w->points = calloc(tsem_model_point_count(w->model) + 1, sizeof(*w->points));
	if (!w->programs || !w->points)
		return -ENOMEM;
	r = tsem_model_each_program(w->model, add_program, w);
	if (r == 0)
		r = derive_programs(w);
	return r ?: tsem_model_each_point(w->model, add_point, w);
}

void rewrite_done(struct rewrite *w)
{
	for (size_t i = 0; i < w->program_count; i++)
		free(w->programs[i].text);
	for (size_t i = 0; i < w->point_count; i++)
		free(w->points[i].text);
	free(w->programs);
	free(w->points);
	tdestroy(w->tree, free);
	*w = (struct rewrite){ .model = NULL };
}
