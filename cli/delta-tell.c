// SPDX-License-Identifier: LGPL-2.1-or-later
/* delta-tell.c - the difference of two models told: for a terminal, a merge request, a program. */
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/core/packed.h"
#include "delta.h"

static const char signs[DELTA_KIND_COUNT] = {
	[DELTA_NEW] = '+',
	[DELTA_GONE] = '-',
	[DELTA_OTHER] = '~',
};

static const char *const kind_names[DELTA_KIND_COUNT] = {
	[DELTA_NEW] = "new",
	[DELTA_GONE] = "gone",
	[DELTA_OTHER] = "changed",
};

static const char *const verbs[DELTA_KIND_COUNT] = {
	[DELTA_NEW] = "may now ",
	[DELTA_GONE] = "may no longer ",
	[DELTA_OTHER] = "",
};

/* What is added to the text that is told, in the form that is asked for. */
typedef void add_fn(struct text *t, const char *string);

/* Everything that Markdown, or the place where it is shown, could act upon. */
static void add_markdown(struct text *t, const char *string)
{
	for (; *string; string++) {
		if (strchr("\\`*_{}[]<>()#+-!|~&@:$\"'", *string))
			text_format(t, "&#%d;", *string);
		else
			text_add(t, string, 1);
	}
}

static void count_items(const struct delta *d, bool of_actors, size_t ret[DELTA_KIND_COUNT])
{
	for (size_t i = 0; i < d->count; i++) {
		if (d->list[i].actor && !d->list[i].deed == of_actors)
			ret[d->list[i].kind]++;
	}
}

static void add_summary(const struct delta *d, struct text *t)
{
	size_t actors[DELTA_KIND_COUNT] = { 0 }, deeds[DELTA_KIND_COUNT] = { 0 };

	count_items(d, true, actors);
	count_items(d, false, deeds);
	text_format(t, "programs: %zu new, %zu gone, %zu with other content; ", actors[DELTA_NEW],
		    actors[DELTA_GONE], actors[DELTA_OTHER]);
	text_format(t, "what they may do: %zu new, %zu gone, %zu changed", deeds[DELTA_NEW],
		    deeds[DELTA_GONE], deeds[DELTA_OTHER]);
}

static const char *name_of(const struct delta *d)
{
	return tsem_model_get_header(d->sides[1]->model)->name;
}

static void add_item(const struct delta_item *item, add_fn *add, struct text *t)
{
	if (item->actor)
		add(t, verbs[item->kind]);
	add(t, item->words);
	if (item->detail) {
		add(t, ": ");
		add(t, item->detail);
	}
}

/* How many deeds from this one on are about one object, and new or gone together. */
static size_t count_alike(const struct delta *d, size_t at)
{
	const struct delta_item *first = &d->list[at];
	size_t end = at + 1;

	if (!first->deed || !first->deed->object || first->kind == DELTA_OTHER)
		return 1;
	while (end < d->count && d->list[end].deed && d->list[end].kind == first->kind &&
	       d->list[end].actor == first->actor && d->list[end].deed->object &&
	       !strcmp(d->list[end].deed->object, first->deed->object))
		end++;
	return end - at;
}

/* "open /etc/hosts for reading" without what it is about: "open for reading". */
static void add_verb(const char *words, const char *object, add_fn *add, struct text *t)
{
	const char *at = strstr(words, object), *rest = at ? at + strlen(object) : "";
	char *before = strndup(words, at ? (size_t)(at - words) : strlen(words));

	if (!before) {
		t->failed = true;
		return;
	}
	if (at && at > words && !*rest)
		before[at - words - 1] = '\0';
	add(t, before);
	add(t, *rest == ' ' ? rest + 1 : rest);
	free(before);
}

/* All that is done to one object in one line. */
static void add_alike(const struct delta_item *items, size_t count, add_fn *add, struct text *t)
{
	struct text object = TEXT_EMPTY;

	text_add_shown(&object, items->deed->object, strlen(items->deed->object));
	add(t, items->kind == DELTA_NEW ? "may now use " : "may no longer use ");
	add(t, text_get(&object));
	for (size_t i = 0; i < count; i++) {
		text_add_string(t, i ? ", " : ": ");
		add_verb(items[i].words, text_get(&object), add, t);
	}
	t->failed |= object.failed;
	text_done(&object);
}

static void add_items(const struct delta *d, size_t at, size_t count, add_fn *add, struct text *t)
{
	if (count > 1)
		add_alike(&d->list[at], count, add, t);
	else
		add_item(&d->list[at], add, t);
}

/* What became of the actor itself, if this is the item that says so. */
static const char *fate(const struct delta_item *item)
{
	if (item->deed || item->kind == DELTA_OTHER)
		return "";
	return item->kind == DELTA_NEW ? " (new)" : " (gone)";
}

static bool is_actor_itself(const struct delta_item *item)
{
	return item->actor && !item->deed && item->kind != DELTA_OTHER;
}

/* Whether an item is the first about its actor. */
static bool begins(const struct delta *d, size_t i)
{
	return i == 0 || !d->list[i - 1].actor ||
	       strcmp(d->list[i - 1].actor->key, d->list[i].actor->key);
}

static void plain(struct text *t, const char *string)
{
	text_add_string(t, string);
}

static void tell_text(const struct delta *d, struct text *t)
{
	for (size_t i = 0, n; i < d->count; i += n) {
		const struct delta_item *item = &d->list[i];

		n = count_alike(d, i);
		if (item->actor && begins(d, i))
			text_format(t, "%s%s\n", item->actor->name, fate(item));
		if (is_actor_itself(item))
			continue;
		text_format(t, "%s%c ", item->actor ? "    " : "", signs[item->kind]);
		add_items(d, i, n, plain, t);
		text_add_string(t, "\n");
	}
	text_format(t, "%s: ", name_of(d));
	if (d->count)
		add_summary(d, t);
	else
		text_add_string(t, "no difference in behaviour");
	text_add_string(t, "\n");
}

static void tell_markdown(const struct delta *d, struct text *t)
{
	text_add_string(t, "### What ");
	add_markdown(t, name_of(d));
	text_add_string(t, " may do\n\n");
	if (!d->count)
		text_add_string(t, "No difference in behaviour.\n");
	for (size_t i = 0, n; i < d->count; i += n) {
		const struct delta_item *item = &d->list[i];

		n = count_alike(d, i);
		if (item->actor && begins(d, i)) {
			text_add_string(t, i ? "\n**" : "**");
			add_markdown(t, item->actor->name);
			text_format(t, "**%s\n\n", fate(item));
		}
		if (is_actor_itself(item))
			continue;
		text_format(t, "* %s: ", kind_names[item->kind]);
		add_items(d, i, n, add_markdown, t);
		text_add_string(t, "\n");
	}
	if (!d->count)
		return;
	text_add_string(t, "\nIn all: ");
	add_summary(d, t);
	text_add_string(t, ".\n");
}

static void add_member(struct text *t, const char *name, const char *value)
{
	text_format(t, "%s\"%s\": ", t->data[t->size - 1] == '{' ? "" : ", ", name);
	if (value)
		text_add_json(t, value, strlen(value));
	else
		text_add_string(t, "null");
}

static void add_coefficient(const struct delta *d, const struct delta_item *item, struct text *t)
{
	unsigned int side = item->kind != DELTA_GONE;
	unsigned int size = tsem_model_get_header(d->sides[side]->model)->digest_size;

	text_add_string(t, ", \"coefficient\": \"");
	for (unsigned int i = 0; i < size; i++)
		text_format(t, "%02x", item->deed->point->coefficient.bytes[i]);
	text_format(t, "\", \"event\": \"%s\"", tsem_events[item->deed->event].name);
}

static void tell_json(const struct delta *d, struct text *t)
{
	text_add_string(t, "{");
	add_member(t, "name", name_of(d));
	text_format(t, ", \"different\": %s, \"changes\": [", d->count ? "true" : "false");
	for (size_t i = 0; i < d->count; i++) {
		const struct delta_item *item = &d->list[i];

		text_add_string(t, i ? ", {" : "{");
		add_member(t, "kind", kind_names[item->kind]);
		add_member(t, "program", item->actor ? item->actor->name : NULL);
		add_member(t, "what", item->words);
		add_member(t, "detail", item->detail);
		if (item->deed)
			add_coefficient(d, item, t);
		text_add_string(t, "}");
	}
	text_add_string(t, "]}\n");
}

void delta_tell(const struct delta *d, enum delta_form form, struct text *t)
{
	static void (*const tell[])(const struct delta *d, struct text *t) = {
		[DELTA_TEXT] = tell_text,
		[DELTA_MARKDOWN] = tell_markdown,
		[DELTA_JSON] = tell_json,
	};

	tell[form](d, t);
}
