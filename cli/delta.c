// SPDX-License-Identifier: LGPL-2.1-or-later
/* delta.c - see delta.h. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "delta.h"
#include "near.h"
#include "phrase.h"

static int add(struct delta *d, struct delta_item change)
{
	struct delta_item *list = d->list;

	if (d->count == d->room) {
		d->room = d->room ? 2 * d->room : 64;
		list = reallocarray(list, d->room, sizeof(*list));
	}
	if (!list) {
		free(change.detail);
		return -ENOMEM;
	}
	d->list = list;
	d->list[d->count++] = change;
	return 0;
}

static int add_detail(struct delta *d, struct delta_item change, struct text *take_detail)
{
	change.detail = take_detail->data;
	if (!take_detail->failed)
		return add(d, change);
	text_done(take_detail);
	return -ENOMEM;
}

/* Of the models as a whole. */

static int compare_value(struct delta *d, const char *what, const char *old, const char *new)
{
	const struct delta_item change = { .kind = DELTA_OTHER, .words = what };
	struct text t = TEXT_EMPTY;

	if (!strcmp(old, new))
		return 0;
	text_format(&t, "was %s, is %s", old, new);
	return add_detail(d, change, &t);
}

static const char *fields_name(const struct tsem_model_header *h)
{
	return h->fields == TSEM_FIELDS_STRICT ? "strict" : "portable";
}

static bool has_path(const struct behaviour *b, enum tsem_model_list list, const char *path)
{
	size_t count;
	const char *const *paths = tsem_model_get_paths(b->model, list, &count);

	for (size_t i = 0; i < count; i++) {
		if (!strcmp(paths[i], path))
			return true;
	}
	return false;
}

/* What stands on one side and not on the other. */
static int compare_paths(struct delta *d, enum tsem_model_list list, unsigned int side)
{
	static const char *const words[TSEM_MODEL_LIST_COUNT] = {
		[TSEM_MODEL_PSEUDONYMS] = "content that does not matter",
		[TSEM_MODEL_SCRATCH] = "scratch directory",
	};
	size_t count;
	const char *const *paths = tsem_model_get_paths(d->sides[side]->model, list, &count);
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct text t = TEXT_EMPTY;

		if (has_path(d->sides[!side], list, paths[i]))
			continue;
		text_add_shown(&t, paths[i], strlen(paths[i]));
		r = add_detail(d,
			       (struct delta_item){ .kind = side ? DELTA_NEW : DELTA_GONE,
						    .words = words[list] },
			       &t);
	}
	return r;
}

static int compare_models(struct delta *d)
{
	const struct tsem_model_header *old = tsem_model_get_header(d->sides[0]->model);
	const struct tsem_model_header *new = tsem_model_get_header(d->sides[1]->model);
	int r;

	(void)((r = compare_value(d, "workload", old->name, new->name)) ||
	       (r = compare_value(d, "projection", fields_name(old), fields_name(new))) ||
	       (r = compare_value(d, "hash function", old->digest, new->digest)) ||
	       (r = compare_value(d, "user namespace", old->nsref, new->nsref)));
	for (unsigned int list = 0; r == 0 && list < TSEM_MODEL_LIST_COUNT; list++)
		r = compare_paths(d, list, 0) ?: compare_paths(d, list, 1);
	return r;
}

/* Of one deed that both have. */

static bool is_same_program(const struct delta *d, const struct fact *old, const struct fact *new)
{
	struct text a = TEXT_EMPTY, b = TEXT_EMPTY;
	bool same;

	if (!old || !new || !programs_find(&d->sides[0]->programs, old->value) ||
	    !programs_find(&d->sides[1]->programs, new->value))
		return false;
	programs_chain(&d->sides[0]->programs, old->value, &a);
	programs_chain(&d->sides[1]->programs, new->value, &b);
	same = !strcmp(text_get(&a), text_get(&b));
	text_done(&a);
	text_done(&b);
	return same;
}

static void add_value(struct text *t, const struct fact *fact)
{
	/* Of a digest so much that it can be found. */
	size_t most = fact && fact->size >= 64 ? 12 : SIZE_MAX;

	if (!fact)
		text_add_string(t, "nothing");
	else
		text_add_shown(t, fact->value, fact->size < most ? fact->size : most);
	text_add_string(t, fact && most < fact->size ? "…" : "");
}

/* What differs and counts, but for who acts, which the actor tells. Nothing if nothing does. */
static void tell_members(const struct delta *d, const struct comparison *c, struct text *t)
{
	for (unsigned int i = 0; i < c->count; i++) {
		const struct difference *m = &c->list[i];

		if (is_same_program(d, m->learned, m->seen))
			continue;
		text_add_string(t, t->size ? "; " : "");
		text_add_shown(t, m->member, strlen(m->member));
		text_add_string(t, " was ");
		add_value(t, m->learned);
		text_add_string(t, ", is ");
		add_value(t, m->seen);
	}
}

/** struct group - Deeds of one actor that are told in the same words. */
struct group {
	const struct deed *deeds;
	size_t count;
};

/* How a deed differs from that of the old ones which is nearest. Return: 1 if it does, 0, -ENOMEM.
 */
static int compare_deed(const struct delta *d, struct group old, const struct deed *new,
			struct text *ret)
{
	const enum tsem_fields fields = tsem_model_get_header(d->sides[1]->model)->fields;
	struct facts seen;
	int r = facts_parse(new->point->event, new->point->event_size, &seen);

	for (size_t i = 0; r == 0 && i < old.count; i++) {
		const struct tsem_model_point *point = old.deeds[i].point;
		const struct near_query query = { &seen, new->event, fields, UINT_MAX - 1 };
		struct text t = TEXT_EMPTY;
		struct comparison c;
		struct facts learned;

		r = facts_parse(point->event, point->event_size, &learned);
		if (r < 0)
			break;
		near_compare(&query, &learned, &c);
		tell_members(d, &c, &t);
		facts_done(&learned);
		if (!ret->size || t.size < ret->size) {
			text_done(ret);
			*ret = t;
		} else {
			text_done(&t);
		}
		if (!ret->size)
			break;
	}
	facts_done(&seen);
	return r < 0 || ret->failed ? -ENOMEM : ret->size > 0;
}

static bool has_coefficient(const struct behaviour *b, const struct deed *deed)
{
	return tsem_model_find_point(b->model, &deed->point->coefficient) != NULL;
}

/* The same in both, in words: what of the new is not as in the old? */
static int compare_groups(struct delta *d, struct group old, struct group new)
{
	for (size_t i = 0; i < new.count; i++) {
		const struct deed *deed = &new.deeds[i];
		const struct delta_item item = { .kind = DELTA_OTHER,
						 .actor = deed->actor,
						 .deed = deed,
						 .words = deed->words };
		struct text detail = TEXT_EMPTY;
		int r;

		if (has_coefficient(d->sides[0], deed))
			continue;
		r = compare_deed(d, old, deed, &detail);
		if (r > 0) {
			r = add_detail(d, item, &detail);
			if (r == 0)
				return 0; /* once for these words */
		}
		text_done(&detail);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Deeds from @at on that are told as the first of them. */
static struct group group_at(const struct behaviour *b, size_t at)
{
	size_t end = at;

	while (end < b->deed_count && !behaviour_compare(&b->deeds[at], &b->deeds[end]))
		end++;
	return (struct group){ b->deeds + at, end - at };
}

static int add_group(struct delta *d, enum delta_kind kind, struct group group)
{
	return add(d, (struct delta_item){ .kind = kind,
					   .actor = group.deeds->actor,
					   .deed = group.deeds,
					   .words = group.deeds->words });
}

static int compare_deeds(struct delta *d)
{
	const struct behaviour *old = d->sides[0], *new = d->sides[1];
	size_t i = 0, j = 0;
	int r = 0;

	while (r == 0 && (i < old->deed_count || j < new->deed_count)) {
		struct group a = group_at(old, i), b = group_at(new, j);
		int order = !a.count ? 1 : !b.count ? -1 : behaviour_compare(a.deeds, b.deeds);

		if (order < 0)
			r = add_group(d, DELTA_GONE, a);
		else if (order > 0)
			r = add_group(d, DELTA_NEW, b);
		else
			r = compare_groups(d, a, b);
		i += order <= 0 ? a.count : 0;
		j += order >= 0 ? b.count : 0;
	}
	return r;
}

/* Programs. */

/* The first digest that one has and the other has not; NULL if there is none. */
static const char *find_other(const struct actor *actor, const struct actor *than)
{
	for (const char *at = actor->contents; *at; at += strcspn(at, " ") + 1) {
		char *digest = strndup(at, strcspn(at, " ") + 1);
		bool is_there = digest && strstr(than->contents, digest);

		free(digest);
		if (!is_there)
			return at;
	}
	return NULL;
}

static int compare_content(struct delta *d, const struct actor *old, const struct actor *new)
{
	const struct delta_item item = { .kind = DELTA_OTHER,
					 .actor = new,
					 .words = "its content" };
	const char *was = find_other(old, new), *is = find_other(new, old);
	struct text t = TEXT_EMPTY;

	if (!was && !is)
		return 0;
	if (was)
		text_format(&t, "was %.12s…", was);
	if (is)
		text_format(&t, "%s %.12s…", was ? ", is" : "is also", is);
	return add_detail(d, item, &t);
}

static int compare_actors(struct delta *d)
{
	const struct behaviour *old = d->sides[0], *new = d->sides[1];
	size_t i = 0, j = 0;
	int r = 0;

	while (r == 0 && (i < old->actor_count || j < new->actor_count)) {
		const struct actor *a = i < old->actor_count ? old->actors[i] : NULL;
		const struct actor *b = j < new->actor_count ? new->actors[j] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->key, b->key);

		if (order < 0)
			r = add(d, (struct delta_item){ .kind = DELTA_GONE, .actor = a });
		else if (order > 0)
			r = add(d, (struct delta_item){ .kind = DELTA_NEW, .actor = b });
		else
			r = compare_content(d, a, b);
		i += order <= 0;
		j += order >= 0;
	}
	return r;
}

static int compare_items(const void *a, const void *b)
{
	const struct delta_item *x = a, *y = b;
	int r;

	if (!x->actor || !y->actor)
		return !!x->actor - !!y->actor;
	r = strcmp(x->actor->key, y->actor->key);
	if (r || !x->deed || !y->deed)
		return r ?: !!x->deed - !!y->deed;
	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	return strcmp(x->deed->object ?: "", y->deed->object ?: "") ?: strcmp(x->words, y->words);
}

int delta_find(const struct behaviour *old, const struct behaviour *new, struct delta *ret)
{
	size_t whole;
	int r;

	*ret = (struct delta){ .sides = { old, new } };
	r = compare_models(ret);
	whole = ret->count;
	if (r == 0)
		r = compare_actors(ret);
	if (r == 0)
		r = compare_deeds(ret);
	if (r == 0 && ret->count > whole)
		qsort(ret->list + whole, ret->count - whole, sizeof(*ret->list), compare_items);
	return r;
}

void delta_done(struct delta *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->list[i].detail);
	free(d->list);
	*d = (struct delta){ .list = NULL };
}
