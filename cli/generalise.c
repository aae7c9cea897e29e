// SPDX-License-Identifier: LGPL-2.1-or-later
/* generalise.c - see generalise.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/model-life.h"
#include "contents.h"
#include "facts.h"
#include "generalise.h"
#include "phrase.h"

const char *rule_key(enum tsem_model_list list)
{
	return list == TSEM_MODEL_PSEUDONYMS ? "Pseudonym" : "Scratch";
}

/** struct editing - For edit(). */
struct editing {
	const struct rule *rule;
	unsigned int digits;
	struct text escaped; /* of the directory, as a record has it */
};

/* The number that says so is a member of the CELL, by the table of events. */
static uint64_t execution_mask(const struct facts *facts, const struct tsem_event_desc *event)
{
	const struct tsem_type *type = &event->cell;
	struct text path = TEXT_EMPTY;
	uint64_t value;

	text_add_string(&path, event->name);
	for (unsigned int i = 0; i < event->executes_depth; i++) {
		const struct tsem_member *member = &type->members[event->executes_path[i]];

		text_format(&path, ".%s", member->name);
		type = &tsem_types[member->index];
	}
	value = strtoull(facts_get(facts, text_get(&path)) ?: "0", NULL, 0);
	text_done(&path);
	return value & event->executes_mask;
}

/* Whether the record executes its file: then content counts wherever it lies. */
static int executes(const char *text, size_t size, bool *ret)
{
	const struct tsem_event_desc *event;
	struct facts facts;
	int r = facts_parse(text, size, &facts);

	if (r < 0)
		return r;
	event = &tsem_events[phrase_event(&facts)];
	*ret = event->executes == TSEM_EXECUTES_ALWAYS ||
	       (event->executes == TSEM_EXECUTES_MASK && execution_mask(&facts, event));
	facts_done(&facts);
	return 0;
}

static bool begins_with(const char *at, const char *end, const struct text *text)
{
	return (size_t)(end - at) >= text->size && !memcmp(at, text->data, text->size);
}

/* A scratch directory of before that the name lies in: it stands before the name. */
static size_t scratch_before(const struct text *done)
{
	static const char key[] = "\"scratch\": \"", end[] = "\", ";
	const char *at = done->data + done->size;
	size_t size;

	if (done->size < strlen(end) || memcmp(at - strlen(end), end, strlen(end)) != 0)
		return 0;
	at -= strlen(end);
	while (at > done->data && at[-1] != '"')
		at--;
	size = strlen(key);
	if ((size_t)(at - done->data) < size || memcmp(at - size, key, size) != 0)
		return 0;
	return done->data + done->size - (at - size);
}

/* The longest directory that a name lies in is the one that is printed. */
static void put_scratch(struct text *ret, const struct text *directory)
{
	size_t before = scratch_before(ret);

	if (before > strlen("\"scratch\": \"\", ") + directory->size)
		return;
	ret->size -= before;
	text_add_string(ret, "\"scratch\": \"");
	text_add(ret, directory->data, directory->size);
	text_add_string(ret, "\", ");
}

/* An address that is a name; with . or .. among its components it has no scratch. */
static bool is_plain_name(const char *at, const char *end)
{
	const char *quote = memchr(at, '"', end - at) ?: end;

	for (; at < quote; at = memchr(at + 1, '/', quote - at - 1) ?: quote) {
		size_t dots = 0;

		while (at + 1 + dots < quote && at[1 + dots] == '.')
			dots++;
		if (dots && dots <= 2 && (at + 1 + dots == quote || at[1 + dots] == '/'))
			return false;
	}
	return true;
}

/* Each name below the directory gets it printed before. */
static void add_scratch(const struct editing *e, const char *text, size_t size, struct text *ret)
{
	static const char *const keys[] = { "\"pathname\": \"", "\"address\": \"" };
	const char *begin = text, *end = text + size;

	for (const char *at = text; (at = memchr(at, '"', end - at)); at++) {
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			const char *name = at + strlen(keys[i]);

			if (name > end || memcmp(at, keys[i], strlen(keys[i])) != 0 ||
			    !begins_with(name, end, &e->escaped) ||
			    (i == 1 && !is_plain_name(name, end)))
				continue;
			text_add(ret, begin, at - begin);
			put_scratch(ret, &e->escaped);
			begin = at;
		}
	}
	text_add(ret, begin, end - begin);
}

/* Nobody looks at content below the directory any more. */
static void hide_contents(const struct editing *e, struct text *text)
{
	const char *at = text->data, *end = at + text->size;
	struct content content;

	while (content_next(at, end, e->digits, &content)) {
		at = content.digest + e->digits;
		if (begins_with(content.path, end, &e->escaped))
			memset(text->data + (content.digest - text->data), '0', e->digits);
	}
}

static int edit(const char *text, size_t size, void *userdata, struct text *ret)
{
	const struct editing *e = userdata;
	bool executing = false;
	int r;

	if (e->rule->list == TSEM_MODEL_PSEUDONYMS) {
		text_add(ret, text, size); /* the model hides the content */
		return 0;
	}
	r = executes(text, size, &executing);
	if (r < 0)
		return r;
	add_scratch(e, text, size, ret);
	if (!executing && !ret->failed)
		hide_contents(e, ret);
	return 0;
}

/* Lists, with one path more. */
static int copy_paths(const struct tsem_model *from, const struct rule *rule, struct tsem_model *to)
{
	for (unsigned int list = 0; list < TSEM_MODEL_LIST_COUNT; list++) {
		_cleanup_(freep) const char **paths = NULL;
		size_t count;
		const char *const *old = tsem_model_get_paths(from, list, &count);
		int r;

		paths = calloc(count + 1, sizeof(*paths));
		if (!paths)
			return -ENOMEM;
		if (count)
			memcpy(paths, old, count * sizeof(*paths));
		if (list == rule->list)
			paths[count++] = rule->path;
		r = tsem_model_set_paths(to, list, paths, count);
		if (r < 0)
			return r == -EINVAL ? -EEXIST : r;
	}
	return 0;
}

static int fill(struct generalised *g)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < g->rewrite.program_count; i++)
		r = tsem_model_add_program(g->model, g->rewrite.programs[i].text,
					   g->rewrite.programs[i].size);
	for (size_t i = 0; r >= 0 && i < g->rewrite.point_count; i++)
		r = tsem_model_put_point(g->model, g->rewrite.points[i].numbers,
					 g->rewrite.points[i].text, g->rewrite.points[i].size);
	return r < 0 ? r : 0;
}

/* As a record has it: a JSON string of canonical spelling, without its quotes. */
static int escape(const char *path, struct text *ret)
{
	struct text quoted = TEXT_EMPTY;

	text_add_json(&quoted, path, strlen(path));
	if (!quoted.failed)
		text_add(ret, quoted.data + 1, quoted.size - 2);
	ret->failed |= quoted.failed;
	text_done(&quoted);
	return ret->failed ? -ENOMEM : 0;
}

int generalise(const struct tsem_model *model, struct tsem_hasher *hasher, const struct rule *rule,
	       struct generalised *ret)
{
	const struct tsem_model_header *header = tsem_model_get_header(model);
	struct editing editing = { .rule = rule, .digits = 2 * header->digest_size };
	struct generalised g = { .model = NULL };
	int r = tsem_model_new(header, hasher, &g.model);

	if (r == 0)
		r = copy_paths(model, rule, g.model);
	if (r == 0)
		r = tsem_model_copy_life(g.model, model);
	if (r == 0)
		r = escape(rule->path, &editing.escaped);
	g.rewrite = (struct rewrite){
		.model = model, .engine = g.model, .edit = edit, .userdata = &editing
	};
	if (r == 0)
		r = rewrite_model(&g.rewrite);
	if (r == 0)
		r = fill(&g);
	text_done(&editing.escaped);
	if (r < 0) {
		generalised_done(&g);
		return r;
	}
	*ret = g;
	return 0;
}

void generalised_done(struct generalised *g)
{
	rewrite_done(&g->rewrite);
	g->model = tsem_model_free(g->model);
}
