// SPDX-License-Identifier: LGPL-2.1-or-later
/* volatile.c - see volatile.h. */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/model-life.h"
#include "contents.h"
#include "volatile.h"

/** enum kind - What is left out of a record. */
enum kind {
	KIND_CONTENT,
	KIND_NAME, /* one component of it */
	KIND_PORT,
};

static const char *const kind_names[] = { "content", "name", "port" };

/**
 * struct group - Coefficients that are one without a member; node of a tree.
 * @rest: What the record is without it.
 * @first: Run that showed the first of those that not every run showed.
 * @rare: How many these are.
 * @several: Not all of these were first shown by one run.
 * @other: The values differ in more than digits.
 */
struct group {
	struct tsem_digest rest;
	enum kind kind;
	char *of;
	uint64_t points;
	uint64_t first;
	uint64_t rare;
	bool several;
	bool other;
	char *examples[VOLATILE_EXAMPLES];
};

/** struct search - Looking for them. */
struct search {
	const struct tsem_model *model;
	unsigned int digits;
	void *groups;
	struct variables found;
	int result;
};

/** struct part - Of a text: what is left out. */
struct part {
	enum kind kind;
	const char *begin, *end;
	const char *with; /* instead of it */
};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct tsem_digest));
}

static void group_free(void *node)
{
	struct group *group = node;

	free(group->of);
	for (size_t i = 0; i < VOLATILE_EXAMPLES; i++)
		free(group->examples[i]);
	free(group);
}

/* Grouping. */

static struct group *group_of(struct search *s, const struct tsem_digest *rest)
{
	struct group *group = calloc(1, sizeof(*group)), **found;

	if (!group)
		return NULL;
	group->rest = *rest;
	found = tsearch(group, &s->groups, compare);
	if (!found || *found != group)
		free(group);
	return found ? *found : NULL;
}

/* What it is of, for people: the quoted text around it, or that of the file. */
static char *name_of(const struct tsem_model_point *point, const struct part *part)
{
	const char *text = point->event, *begin = part->begin, *end = part->end;
	_cleanup_(text_done) struct text name = TEXT_EMPTY;

	if (part->kind == KIND_CONTENT) {
		end = begin - strlen("\"}, \"digest\": \"") + 0;
		for (begin = end; begin > text && begin[-1] != '"'; begin--)
			;
		return strndup(begin, end - begin);
	}
	while (begin > text && begin[-1] != '"')
		begin--;
	while (end < text + point->event_size && *end != '"')
		end++;
	text_add(&name, begin, part->begin - begin);
	text_add_string(&name, "*");
	text_add(&name, part->end, end - part->end);
	return name.failed ? NULL : TAKE_PTR(name.data);
}

/* Whether two values are one if a number is: "part.0001" and "part.12". */
static bool is_counted(const char *a, const char *b, const char *b_end)
{
	static const char digits[] = "0123456789";

	while (*a && b < b_end) {
		size_t m = strspn(a, digits), n = 0;

		while (b + n < b_end && strchr(digits, b[n]))
			n++;
		if (!m != !n || (!m && *a != *b))
			return false;
		a += m ? m : 1;
		b += n ? n : 1;
	}
	return !*a && b == b_end;
}

static int begin_group(struct group *group, const struct tsem_model_point *point,
		       const struct part *part)
{
	group->kind = part->kind;
	group->of = name_of(point, part);
	return group->of ? 0 : -ENOMEM;
}

static int add_to(struct group *group, const struct tsem_model_point *point,
		  const struct part *part, bool rare)
{
	char **example = group->points < VOLATILE_EXAMPLES ? &group->examples[group->points] : NULL;
	int r = group->of ? 0 : begin_group(group, point, part);

	if (r < 0)
		return r;
	if (example) {
		*example = strndup(part->begin, part->end - part->begin);
		if (!*example)
			return -ENOMEM;
	}
	group->other |=
		part->kind != KIND_NAME || !is_counted(group->examples[0], part->begin, part->end);
	group->points++;
	if (!rare)
		return 0;
	group->several |= group->rare && group->first != point->first;
	group->first = point->first;
	group->rare++;
	return 0;
}

/* Wherever it stands in the record: a name that differs may be there twice. */
static void leave_out(const struct tsem_model_point *point, const struct part *part,
		      struct text *ret)
{
	const char *at = point->event, *end = at + point->event_size, *found;
	size_t size = part->end - part->begin;

	if (part->kind != KIND_NAME) {
		text_add(ret, at, part->begin - at);
		text_add_string(ret, part->with);
		text_add(ret, part->end, end - part->end);
		return;
	}
	while ((found = memmem(at, end - at, part->begin, size))) {
		/* The brace that a record begins or ends with may be all of a name. */
		bool whole = found > point->event && found[-1] == '/' && found + size < end &&
			     (found[size] == '/' || found[size] == '"');

		text_add(ret, at, found - at);
		text_add(ret, whole ? part->with : found, whole ? strlen(part->with) : size);
		at = found + size;
	}
	text_add(ret, at, end - at);
}

/* What every run showed differs in nothing, unless it is one of many that are counted. */
static bool is_rare(const struct search *s, const struct tsem_model_point *point)
{
	return point->runs < tsem_model_get_header(s->model)->runs;
}

static int try_part(struct search *s, const struct tsem_model_point *point, const struct part *part)
{
	_cleanup_(text_done) struct text text = TEXT_EMPTY;
	struct tsem_digest rest;
	struct group *group;
	int r;

	leave_out(point, part, &text);
	if (text.failed)
		return -ENOMEM;
	r = tsem_model_digest(s->model, text.data, text.size, &rest);
	if (r == -EBADMSG || (r >= 0 && !memcmp(&rest, &point->coefficient, sizeof(rest))))
		return 0; /* it does not count */
	if (r < 0)
		return r;
	group = group_of(s, &rest);
	return group ? add_to(group, point, part, is_rare(s, point)) : -ENOMEM;
}

/* Taking a record apart. */

static int try_contents(struct search *s, const struct tsem_model_point *point, const char *zeros)
{
	const char *at = point->event, *end = at + point->event_size;
	struct content content;
	int r = 0;

	while (r == 0 && content_next(at, end, s->digits, &content)) {
		const struct part part = { KIND_CONTENT, content.digest, content.digest + s->digits,
					   zeros };

		at = part.end;
		r = try_part(s, point, &part);
	}
	return r;
}

/* Each component of a name. */
static int try_name(struct search *s, const struct tsem_model_point *point, const char *name,
		    const char *end)
{
	int r = 0;

	while (r == 0 && name < end) {
		const char *next = memchr(name + 1, '/', end - name - 1) ?: end;
		const struct part part = { KIND_NAME, name + 1, next, "*" };

		if (part.begin < part.end)
			r = try_part(s, point, &part);
		name = next;
	}
	return r;
}

static int try_text(struct search *s, const struct tsem_model_point *point, const char *key,
		    enum kind kind)
{
	const char *at = point->event, *end = at + point->event_size;
	int r = 0;

	while (r == 0 && (at = memmem(at, end - at, key, strlen(key)))) {
		const char *value = at + strlen(key), *value_end = memchr(value, '"', end - value);
		const struct part part = { KIND_PORT, value, value_end, "0" };

		at = value_end;
		if (kind == KIND_PORT)
			r = try_part(s, point, &part);
		else if (*value == '/')
			r = try_name(s, point, value, value_end);
	}
	return r;
}

static int try_point(const struct tsem_model_point *point, void *userdata)
{
	struct search *s = userdata;
	char zeros[2 * TSEM_DIGEST_MAX + 1] = "";
	int r;

	if (!point->runs || point->until)
		return 0;
	memset(zeros, '0', s->digits);
	r = try_text(s, point, "\"pathname\": \"", KIND_NAME);
	if (r == 0)
		r = try_text(s, point, "\"address\": \"", KIND_NAME);
	if (r == 0 && is_rare(s, point))
		r = try_contents(s, point, zeros);
	if (r == 0 && is_rare(s, point))
		r = try_text(s, point, "\"port\": \"", KIND_PORT);
	return r;
}

/* Proposing. */

/* The directory in which a name differs; NULL if that is one of the system's first. */
static char *directory_of(const char *of)
{
	const char *star = strchr(of, '*'), *slash = star ? star : of;
	char *path;

	while (slash > of && slash[-1] != '/')
		slash--;
	path = strndup(of, slash - of);
	/* One component says nothing about what else lies there. */
	if (path && (slash - of < 2 || !strchr(path + 1, '/') || !path[1] ||
		     !*(strchr(path + 1, '/') + 1))) {
		free(path);
		return NULL;
	}
	return path;
}

static bool has_escape(const char *text)
{
	return strchr(text, '\\') != NULL;
}

static struct rule rule_for(const struct group *group)
{
	if (has_escape(group->of))
		return (struct rule){ TSEM_MODEL_SCRATCH, NULL };
	switch (group->kind) {
	case KIND_CONTENT:
		return (struct rule){ TSEM_MODEL_PSEUDONYMS, strdup(group->of) };
	case KIND_NAME:
		return (struct rule){ TSEM_MODEL_SCRATCH, directory_of(group->of) };
	case KIND_PORT:
		break;
	}
	return (struct rule){ TSEM_MODEL_SCRATCH, NULL };
}

static bool is_same(const struct variable *v, const struct group *group, const struct rule *rule)
{
	if (v->rule.path || rule->path)
		return v->rule.path && rule->path && v->rule.list == rule->list &&
		       !strcmp(v->rule.path, rule->path);
	return v->member == kind_names[group->kind] && !strcmp(v->of, group->of);
}

static int propose(struct search *s, struct group *group)
{
	struct rule rule = rule_for(group);
	struct variable *list;

	for (size_t i = 0; i < s->found.count; i++) {
		if (!is_same(&s->found.list[i], group, &rule))
			continue;
		s->found.list[i].points += group->points;
		free(rule.path);
		return 0;
	}
	list = reallocarray(s->found.list, s->found.count + 1, sizeof(*list));
	if (!list) {
		free(rule.path);
		return -ENOMEM;
	}
	s->found.list = list;
	list += s->found.count++;
	*list = (struct variable){
		rule, kind_names[group->kind], TAKE_PTR(group->of), group->points, { NULL }
	};
	memcpy(list->examples, group->examples, sizeof(list->examples));
	memset(group->examples, 0, sizeof(group->examples));
	return 0;
}

/* So many names that differ in a number are taken for the first of many. */
#define COUNTED_MIN 3

static bool is_volatile(const struct group *group)
{
	return (group->rare > 1 && group->several) ||
	       (group->points >= COUNTED_MIN && !group->other);
}

static void propose_group(const void *node, VISIT when, void *closure)
{
	struct group *group = *(struct group *const *)node;
	struct search *s = closure;

	if ((when == postorder || when == leaf) && s->result == 0 && is_volatile(group))
		s->result = propose(s, group);
}

static int compare_variables(const void *a, const void *b)
{
	const struct variable *x = a, *y = b;

	if (!x->rule.path != !y->rule.path)
		return x->rule.path ? -1 : 1;
	return strcmp(x->of, y->of) ?: strcmp(x->member, y->member);
}

int variables_find(const struct tsem_model *model, struct variables *ret)
{
	struct search s = { .model = model,
			    .digits = 2 * tsem_model_get_header(model)->digest_size };

	s.result = tsem_model_each_point(model, try_point, &s);
	if (s.result == 0)
		twalk_r(s.groups, propose_group, &s);
	tdestroy(s.groups, group_free);
	if (s.result < 0) {
		variables_done(&s.found);
		return s.result;
	}
	if (s.found.count)
		qsort(s.found.list, s.found.count, sizeof(*s.found.list), compare_variables);
	*ret = s.found;
	return 0;
}

void variables_done(struct variables *v)
{
	for (size_t i = 0; i < v->count; i++) {
		free(v->list[i].rule.path);
		free(v->list[i].of);
		for (size_t j = 0; j < VOLATILE_EXAMPLES; j++)
			free(v->list[i].examples[j]);
	}
	free(v->list);
	*v = (struct variables){ NULL, 0 };
}
