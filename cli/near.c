// SPDX-License-Identifier: LGPL-2.1-or-later
/* near.c - see near.h. What counts and how follows from the tables of the schema. */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../libtsem/cleanup.h"
#include "near.h"
#include "phrase.h"

/* An event on the same object by another program is nearer than any on another object. */
static const unsigned int weights[NEAR_KIND_COUNT] = {
	[NEAR_DETAIL] = 2,  [NEAR_INODE] = 1,	 [NEAR_CONTENT] = 1, [NEAR_CREDS] = 1,
	[NEAR_PARENT] = 10, [NEAR_PROGRAM] = 12, [NEAR_USE] = 90,    [NEAR_OBJECT] = 100,
};

/* As much nearer are two objects at most because of their names. */
#define LIKENESS_MAX 40

/* As much nearer are two files of the same name: a copy of a program is meant to be it. */
#define LIKENESS_OF_NAME 20

/** struct found - A member of the schema, found by its path. */
struct found {
	const struct tsem_type *type;
	const struct tsem_member *member;
	bool local;
};

static const struct tsem_member *find_member(const struct tsem_type *type, const char *name,
					     size_t size)
{
	for (unsigned int i = 0; i < type->member_count; i++) {
		const char *own = type->members[i].name;

		if (strlen(own) == size && !memcmp(own, name, size))
			return &type->members[i];
	}
	return NULL;
}

static const struct tsem_type *find_form(const struct tsem_choice *choice, const char *name,
					 size_t size)
{
	for (unsigned int i = 0; i < choice->form_count; i++) {
		const char *own = choice->forms[i].name;

		if (strlen(own) == size && !memcmp(own, name, size))
			return &tsem_types[choice->forms[i].type];
	}
	return NULL;
}

/* Down from an object, name by name. */
static bool find_below(const struct tsem_type *type, const char *path, struct found *ret)
{
	*ret = (struct found){ .local = false };
	while (type) {
		size_t size = strcspn(path, ".");
		const struct tsem_member *m = find_member(type, path, size);

		if (!m)
			return false;
		ret->type = type;
		ret->member = m;
		ret->local |= m->flags & TSEM_MEMBER_LOCAL;
		if (!path[size])
			return true;
		path += size + 1;
		if (m->kind == TSEM_KIND_CHOICE) {
			size = strcspn(path, ".");
			type = find_form(&tsem_choices[m->index], path, size);
			path += size + (path[size] ? 1 : 0);
		} else {
			type = m->kind == TSEM_KIND_OBJECT ? &tsem_types[m->index] : NULL;
		}
	}
	return false;
}

/* Path inside the CELL; NULL if the member is elsewhere. */
static const char *cell_path(enum tsem_event_id event, const char *path)
{
	const char *name = tsem_events[event].name ?: "";
	size_t size = strlen(name);

	return size && !strncmp(path, name, size) && path[size] == '.' ? path + size + 1 : NULL;
}

/* Named projections; formula.md, section 4. */

static bool is_local_filesystem(const char *magic)
{
	uint64_t value = strtoull(magic, NULL, 16);

	for (unsigned int i = 0; i < TSEM_LOCAL_FILESYSTEM_COUNT; i++) {
		if (tsem_local_filesystems[i] == value)
			return true;
	}
	return false;
}

static int sign(const char *number)
{
	return number[0] == '-' ? -1 : strcmp(number, "0") != 0;
}

static size_t hex_run(const char *text, const char *end)
{
	size_t n = 0;

	while (text + n < end && text[n] && strchr("0123456789abcdefABCDEF", text[n]))
		n++;
	return n;
}

/* Two abstract addresses, in which long runs of hexadecimal digits are one. */
static bool same_absname(const struct fact *a, const struct fact *b)
{
	const char *x = a->value, *y = b->value, *x_end = x + a->size, *y_end = y + b->size;

	if (!a->size || !b->size || *x || *y)
		return false;
	while (x < x_end && y < y_end) {
		size_t m = hex_run(x, x_end), n = hex_run(y, y_end);

		if (m >= 5 && n >= 5) {
			x += m;
			y += n;
		} else if (*x++ != *y++) {
			return false;
		}
	}
	return x == x_end && y == y_end;
}

static bool same_loop(const char *a, const char *b)
{
	static const char prefix[] = "/dev/loop";
	const size_t size = sizeof(prefix) - 1;
	size_t m, n;

	if (strncmp(a, prefix, size) || strncmp(b, prefix, size))
		return false;
	m = strspn(a + size, "0123456789");
	n = strspn(b + size, "0123456789");
	return m && n && !strcmp(a + size + m, b + size + n);
}

/* Whether two values that are not equal count as one. */
static bool same_projected(uint8_t project, const struct fact *a, const struct fact *b)
{
	switch ((enum tsem_named_projection)project) {
	case TSEM_PROJECT_NONE:
		return false;
	case TSEM_PROJECT_FSCLASS:
		return is_local_filesystem(a->value) && is_local_filesystem(b->value);
	case TSEM_PROJECT_EPHEMERAL:
		return strtoul(a->value, NULL, 10) >= 32768 && strtoul(b->value, NULL, 10) >= 32768;
	case TSEM_PROJECT_ABSNAME:
		return same_absname(a, b);
	case TSEM_PROJECT_SIZE01:
	case TSEM_PROJECT_SIGN:
		return sign(a->value) == sign(b->value);
	case TSEM_PROJECT_LOOP:
		return same_loop(a->value, b->value);
	case TSEM_PROJECT_USERVALUE:
		return false; /* at worst a difference is shown that does not count */
	}
	return false;
}

/* Comparing. */

/* Whether the member beside @path that empties it is there. */
static bool is_emptied(const struct facts *facts, const char *path, const struct found *found)
{
	char beside[256];
	const char *dot = strrchr(path, '.');
	size_t size = dot ? (size_t)(dot - path) + 1 : 0;
	const char *name;

	if (found->member->empty_if < 0)
		return false;
	name = found->type->members[found->member->empty_if].name;
	if (size + strlen(name) >= sizeof(beside))
		return false;
	memcpy(beside, path, size);
	strcpy(beside + size, name); /* it fits */
	return facts_find(facts, beside) != NULL;
}

static bool bits_differ(const struct difference *d, uint64_t mask)
{
	return d->learned && d->seen &&
	       ((strtoull(d->learned->value, NULL, 0) ^ strtoull(d->seen->value, NULL, 0)) & mask);
}

static bool ends_in(const char *path, const char *end)
{
	size_t size = strlen(path), end_size = strlen(end);

	return size >= end_size && !strcmp(path + size - end_size, end) &&
	       (size == end_size || path[size - end_size - 1] == '.');
}

static enum near_kind kind_in_cell(const struct difference *d, const struct found *found)
{
	if (ends_in(d->member, "flags") && bits_differ(d, PHRASE_OPENED_FOR_EXEC))
		return NEAR_USE;
	if (!strcmp(d->member, "prot") && bits_differ(d, PROT_EXEC))
		return NEAR_USE;
	if (!strcmp(found->type->name, "INODE")) /* a directory is no file with another mode */
		return bits_differ(d, S_IFMT) && ends_in(d->member, "mode") ? NEAR_OBJECT
									    : NEAR_INODE;
	if (!strcmp(d->member, "previous"))
		return NEAR_PROGRAM;
	if (ends_in(d->member, "scratch"))
		return NEAR_DETAIL; /* the name differs as well */
	if (found->member->kind == TSEM_KIND_DIGEST && ends_in(d->member, "digest"))
		return NEAR_CONTENT;
	if (ends_in(d->member, "owner"))
		return NEAR_DETAIL; /* follows from who made it */
	if (found->member->kind == TSEM_KIND_TEXT || found->member->kind == TSEM_KIND_DIGEST ||
	    ends_in(d->member, "address") || ends_in(d->member, "port"))
		return NEAR_OBJECT;
	return NEAR_DETAIL;
}

/* Return: false if the member does not count in a coefficient at all. */
static bool find_in_schema(enum tsem_event_id event, const char *path, struct found *ret)
{
	const char *in_cell = cell_path(event, path);

	if (in_cell)
		return find_below(&tsem_events[event].cell, in_cell, ret);
	return !strncmp(path, "COE.", 4) && find_below(&tsem_coe, path + 4, ret);
}

static bool same_name(const char *a, const char *b)
{
	const char *x = strrchr(a, '/'), *y = strrchr(b, '/');

	return x && y && x[1] && !strcmp(x, y);
}

/* Names that begin alike are nearer, the same directory most of all; and those that end alike. */
static unsigned int likeness(const struct difference *d)
{
	size_t same = 0, shared = 0;

	if (d->kind != NEAR_OBJECT || !d->learned || !d->seen)
		return 0;
	while (d->learned->value[same] && d->learned->value[same] == d->seen->value[same]) {
		same++;
		if (d->learned->value[same - 1] == '/')
			shared = same;
	}
	shared += same_name(d->learned->value, d->seen->value) ? LIKENESS_OF_NAME : 0;
	return shared < LIKENESS_MAX ? shared : LIKENESS_MAX;
}

static void add_difference(struct comparison *c, struct difference d)
{
	c->distance += weights[d.kind] - likeness(&d);
	if (c->count < NEAR_MAX)
		c->list[c->count++] = d;
}

/**
 * struct pair - Two events being compared.
 * @hint: Where in @learned the next member is likely to be: the order is the same.
 * @seen_hint: The same in what was seen.
 */
struct pair {
	const struct near_query *query;
	const struct facts *learned;
	size_t hint;
	size_t seen_hint;
};

static const struct fact *find_from(const struct facts *facts, const char *path, size_t *hint)
{
	for (size_t i = 0; i < facts->count; i++) {
		size_t at = *hint + i < facts->count ? *hint + i : *hint + i - facts->count;

		if (!strcmp(facts->list[at].path, path)) {
			*hint = at + 1 < facts->count ? at + 1 : 0;
			return &facts->list[at];
		}
	}
	return NULL;
}

/* What an object of the event says but its actor, it says of one run only. */
static bool is_of_one_run(const char *path)
{
	return !strncmp(path, "event.", 6);
}

static void compare_actor(const struct pair *p, const char *path, enum near_kind kind,
			  struct comparison *ret)
{
	struct difference d = { kind, path, facts_find(p->learned, path),
				facts_find(p->query->seen, path) };

	if (d.learned && d.seen && strcmp(d.learned->value, d.seen->value))
		add_difference(ret, d);
}

static bool is_equal(const struct fact *a, const struct fact *b)
{
	return a && b && a->size == b->size && !memcmp(a->value, b->value, a->size);
}

static void compare_member(const struct pair *p, const char *path, struct difference d,
			   struct comparison *ret)
{
	const char *in_cell = cell_path(p->query->event, path);
	struct found found;

	if (is_equal(d.learned, d.seen) || !find_in_schema(p->query->event, path, &found))
		return;
	if (p->query->fields == TSEM_FIELDS_PORTABLE && found.local)
		return;
	if (is_emptied(p->learned, path, &found) && is_emptied(p->query->seen, path, &found)) {
		ret->renamed = true;
		return;
	}
	if (d.learned && d.seen && p->query->fields == TSEM_FIELDS_PORTABLE &&
	    same_projected(found.member->project, d.learned, d.seen))
		return;
	d.member = in_cell ?: path;
	d.kind = in_cell ? kind_in_cell(&d, &found) : NEAR_CREDS;
	add_difference(ret, d);
}

unsigned int near_least(const struct fact *learned, const struct fact *seen)
{
	const struct difference d = { NEAR_OBJECT, NULL, learned, seen };

	if (!learned || !seen || strcmp(learned->path, seen->path) || is_equal(learned, seen))
		return 0;
	if (!learned->value[0] || !seen->value[0])
		return 0; /* abstract addresses may be equal in the projection */
	return weights[NEAR_OBJECT] - likeness(&d);
}

static void compare_members(struct pair *p, struct comparison *ret)
{
	const struct facts *seen = p->query->seen, *learned = p->learned;
	struct difference d = { .learned = NULL };

	for (size_t i = 0; i < seen->count && ret->distance <= p->query->limit; i++) {
		d.seen = &seen->list[i];
		if (is_of_one_run(d.seen->path))
			continue;
		d.learned = find_from(learned, d.seen->path, &p->hint);
		compare_member(p, d.seen->path, d, ret);
	}
	d.seen = NULL;
	for (size_t i = 0; i < learned->count && ret->distance <= p->query->limit; i++) {
		d.learned = &learned->list[i];
		if (!is_of_one_run(d.learned->path) &&
		    !find_from(seen, d.learned->path, &p->seen_hint))
			compare_member(p, d.learned->path, d, ret);
	}
}

void near_compare(const struct near_query *query, const struct facts *learned,
		  struct comparison *ret)
{
	struct pair p = { query, learned, 0, 0 };

	ret->distance = ret->count = 0;
	ret->renamed = false;
	ret->fields = query->fields;
	/* The TASK_ID of an exec is what follows from the rest. */
	if (query->event != TSEM_EVENT_BPRM_COMMITTED_CREDS)
		compare_actor(&p, "event.task_id", NEAR_PROGRAM, ret);
	compare_actor(&p, "event.p_task_id", NEAR_PARENT, ret);
	compare_members(&p, ret);
	ret->distance += ret->renamed ? NEAR_RENAMED : 0;
}

/* Saying it. */

static const struct difference *first_of(const struct comparison *c, enum near_kind kind)
{
	for (unsigned int i = 0; i < c->count; i++) {
		if (c->list[i].kind == kind)
			return &c->list[i];
	}
	return NULL;
}

static void add_value(struct text *t, const struct fact *fact)
{
	if (fact)
		text_add_shown(t, fact->value, fact->size);
	else
		text_add_string(t, "nothing");
}

/* The file whose digest differs: "file.digest" has its name in "file.path.pathname". */
static void say_content(const struct difference *d, const struct facts *seen, struct text *t)
{
	const char *type = facts_get(seen, "event.type"), *dot = strrchr(d->member, '.');
	_cleanup_(freep) char *path = NULL;
	const struct fact *fact = NULL;

	if (dot &&
	    asprintf(&path, "%s.%.*s.path.pathname", type, (int)(dot - d->member), d->member) < 0) {
		path = NULL;
		t->failed = true;
	}
	if (path)
		fact = facts_find(seen, path);
	text_add_string(t, "the content of ");
	add_value(t, fact ?: phrase_object(seen));
	text_add_string(t, " is not the one learned");
}

/** struct search - For the learned program that is nearest to another. */
struct search {
	const struct program *wanted;
	const struct program *best;
	enum tsem_fields fields;
	struct comparison comparison;
};

static void consider(const struct program *program, void *userdata)
{
	struct search *s = userdata;
	const struct near_query query = {
		.seen = &s->wanted->record,
		.event = TSEM_EVENT_BPRM_COMMITTED_CREDS,
		.fields = s->fields,
		.limit = s->best ? s->comparison.distance : UINT_MAX - 1,
	};
	struct comparison c;

	if (!program->learned)
		return;
	near_compare(&query, &program->record, &c);
	if (s->best && c.distance >= query.limit)
		return;
	s->best = program;
	s->comparison = c;
}

static void explain(const struct facts *learned, const struct facts *seen,
		    const struct comparison *c, const struct programs *programs, struct text *t);

/* The most frequent reason: a program was built anew, or is another one under its name. */
static bool is_only_content(const struct comparison *c)
{
	if (!first_of(c, NEAR_CONTENT))
		return false;
	for (int kind = NEAR_CREDS; kind < NEAR_KIND_COUNT; kind++) {
		if (first_of(c, kind))
			return false;
	}
	return true;
}

/* A program that was not learned does nothing that was: why it was not says it all. */
static void say_unlearned(const struct program *program, enum tsem_fields fields,
			  const struct programs *programs, struct text *t)
{
	struct search s = { .wanted = program, .fields = fields };
	const char *path = program->script ?: program->path;

	programs_each(programs, consider, &s);
	text_add_shown(t, path, strlen(path));
	if (s.best && is_only_content(&s.comparison)) {
		text_add_string(t, " was not learned with this content");
		return;
	}
	text_add_string(t, " itself was not learned");
	if (!s.best)
		return;
	if (first_of(&s.comparison, NEAR_OBJECT)) {
		text_add_string(t, "; nearest: ");
		program_name(s.best, t);
		return;
	}
	text_add_string(t, ": ");
	explain(&s.best->record, &program->record, &s.comparison, programs, t);
}

static void say_program(const struct difference *d, const struct programs *programs,
			const char *how, struct text *t)
{
	const char *task_id = d->learned ? d->learned->value : "";

	if (!task_id[strspn(task_id, "0")]) {
		text_add_string(t, d->kind == NEAR_PARENT ? "learned only in the first process"
							  : "learned only as the first program");
		return;
	}
	text_format(t, "learned only %s ", how);
	programs_chain(programs, task_id, t);
}

static void add_filesystem(struct text *t, const struct fact *magic)
{
	static const struct {
		uint64_t magic;
		const char *name;
	} rows[] = {
		{ 0xef53, "ext4" },	  { 0x9123683e, "btrfs" },   { 0x58465342, "xfs" },
		{ 0x01021994, "tmpfs" },  { 0x794c7630, "overlay" }, { 0x9fa0, "proc" },
		{ 0x62656572, "sysfs" },  { 0x6969, "nfs" },	     { 0x01021997, "9p" },
		{ 0x00c0ffee, "hostfs" }, { 0x65735546, "fuse" },
	};
	uint64_t value = magic ? strtoull(magic->value, NULL, 16) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].magic == value) {
			text_add_string(t, rows[i].name);
			return;
		}
	}
	add_value(t, magic);
}

/* The same name and content, but on another kind of file system. */
static void say_filesystem(const struct difference *d, struct text *t)
{
	text_add_string(t, "learned only on file system ");
	add_filesystem(t, d->learned);
	text_add_string(t, ", not ");
	add_filesystem(t, d->seen);
}

/* "its user was 0, not 1000", for whatever has no sentence of its own. */
static void say_member(const struct difference *d, const char *what, struct text *t)
{
	const char *dot = strrchr(d->member, '.');

	text_add_string(t, what);
	text_add_shown(t, dot ? dot + 1 : d->member, strlen(dot ? dot + 1 : d->member));
	text_add_string(t, " ");
	add_value(t, d->learned);
	text_add_string(t, ", not ");
	add_value(t, d->seen);
}

static void say_phrase(const struct facts *learned, const struct programs *programs,
		       const char *what, struct text *t)
{
	text_add_string(t, what);
	phrase_add(learned, programs, t);
}

/* In words if they tell the two apart, else by the first member that does. */
static void say_detail(const struct difference *d, const struct facts *learned,
		       const struct facts *seen, const struct programs *programs, struct text *t)
{
	struct text was = TEXT_EMPTY, is = TEXT_EMPTY;

	phrase_add(learned, programs, &was);
	phrase_add(seen, programs, &is);
	if (strcmp(text_get(&was), text_get(&is)) != 0)
		say_phrase(learned, programs, "learned only: ", t);
	else
		say_member(d, "learned only with ", t);
	t->failed |= was.failed || is.failed;
	text_done(&was);
	text_done(&is);
}

static void say(enum near_kind kind, const struct difference *d, const struct facts *learned,
		const struct facts *seen, const struct programs *programs, struct text *t)
{
	switch (kind) {
	case NEAR_USE:
		say_phrase(learned, programs, "learned only: ", t);
		return;
	case NEAR_PROGRAM:
		say_program(d, programs,
			    strcmp(d->member, "previous") ? "under another program:"
							  : "when executed by",
			    t);
		return;
	case NEAR_PARENT:
		say_program(d, programs, "when started by", t);
		return;
	case NEAR_CREDS:
		say_member(d, "learned only with ", t);
		return;
	case NEAR_CONTENT:
		say_content(d, seen, t);
		return;
	case NEAR_INODE:
		if (ends_in(d->member, "s_magic"))
			say_filesystem(d, t);
		else
			say_member(d, "learned only of a file with ", t);
		return;
	case NEAR_OBJECT:
	case NEAR_DETAIL:
		say_detail(d, learned, seen, programs, t);
		return;
	}
}

/* On another object: what the same program did instead is the most that helps. */
static void say_nothing_like_it(const struct facts *learned, const struct comparison *c,
				const struct programs *programs, struct text *t)
{
	/* Had it been done with another object, that would be nearer. */
	if (first_of(c, NEAR_USE)) {
		text_add_string(t, "no event of this kind was learned");
		return;
	}
	text_add_string(t, "nothing like it was learned");
	if (!first_of(c, NEAR_PROGRAM))
		say_phrase(learned, programs, "; nearest: ", t);
}

static void explain(const struct facts *learned, const struct facts *seen,
		    const struct comparison *c, const struct programs *programs, struct text *t)
{
	bool any = false;

	/* Another name with another content is another thing, also where names do not count. */
	if (first_of(c, NEAR_OBJECT) || (c->renamed && first_of(c, NEAR_CONTENT))) {
		say_nothing_like_it(learned, c, programs, t);
		return;
	}
	for (int kind = NEAR_USE; kind >= 0; kind--) {
		const struct difference *d = first_of(c, kind);

		/* A program and its parent are one reason, as are a content and its inode. */
		if (!d || (kind == NEAR_PARENT && first_of(c, NEAR_PROGRAM)) ||
		    (kind == NEAR_INODE && first_of(c, NEAR_CONTENT)))
			continue;
		text_add_string(t, any ? "; " : "");
		say(kind, d, learned, seen, programs, t);
		any = true;
	}
	if (!any)
		text_add_string(t, "it is learned now");
}

void near_explain(const struct facts *learned, const struct facts *seen, const struct comparison *c,
		  const struct programs *programs, struct text *t)
{
	const char *task_id = facts_get(seen, "event.task_id");
	const struct program *unlearned =
		task_id ? programs_first_unlearned(programs, task_id) : NULL;

	if (unlearned)
		say_unlearned(unlearned, c->fields, programs, t);
	else if (!learned)
		text_add_string(t, "no event of this kind was learned");
	else
		explain(learned, seen, c, programs, t);
}
