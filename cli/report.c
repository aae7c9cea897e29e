// SPDX-License-Identifier: LGPL-2.1-or-later
/* report.c - see report.h. */
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/core/packed.h"
#include "../libtsem/coverage.h"
#include "../libtsem/model-life.h"
#include "html.h"
#include "phrase.h"
#include "report.h"

/* Rows of a table beyond which it is folded. */
#define FOLD 40

/* Numbers. */

static void tell_card(struct text *t, const char *class, const char *what, const char *value)
{
	text_format(t, "<div class=\"card%s\"><b>%s</b>%s</div>\n", class, value, what);
}

/* @what: One of them. */
static void tell_count(struct text *t, const char *what, uint64_t value)
{
	char text[32], whats[32];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	(void)snprintf(whats, sizeof(whats), "%s%s", what, text_plural(value)); /* it fits */
	tell_card(t, "", whats, text);
}

static void tell_cards(const struct report *r, struct text *t)
{
	const struct tsem_model *model = r->behaviour->model;
	const struct completeness c = completeness_of(model);
	char text[32];

	text_add_string(t, "<div class=\"cards\">\n");
	tell_count(t, "coefficient", tsem_model_point_count(model));
	tell_count(t, "program", r->behaviour->actor_count);
	tell_count(t, "training run", tsem_model_get_header(model)->runs);
	tell_count(t, "event", c.events.seen);
	(void)snprintf(text, sizeof(text), "%.1f %%", 100 * c.complete); /* it fits */
	tell_card(t, "", "complete, at least (95 % sure)", text);
	if (tsem_model_is_sealed(model))
		tell_card(t, "", "no training run adds to it", "sealed");
	else
		tell_card(t, "", "training runs add to it", "open");
	if (r->refusals) {
		(void)snprintf(text, sizeof(text), "%zu", r->refusals->count); /* it fits */
		tell_card(t, r->refusals->count ? " bad" : "", "kinds of events refused", text);
	}
	text_add_string(t, "</div>\n");
}

static void tell_paths(const struct tsem_model *model, enum tsem_model_list list, const char *what,
		       struct text *t)
{
	size_t count;
	const char *const *paths = tsem_model_get_paths(model, list, &count);

	if (!count)
		return;
	text_format(t, "<p>%s: ", what);
	for (size_t i = 0; i < count; i++) {
		text_add_string(t, "<code class=\"tag\">");
		html_add(t, paths[i]);
		text_add_string(t, "</code>");
	}
	text_add_string(t, "</p>\n");
}

static void tell_head(const struct report *r, struct text *t)
{
	const struct tsem_model_header *h = tsem_model_get_header(r->behaviour->model);

	text_add_string(t, "<h1>");
	html_add(t, h->name);
	text_format(t, "</h1>\n<p class=\"dim\">What this workload may do: formula 1, %s, ",
		    h->fields == TSEM_FIELDS_STRICT ? "strict" : "portable");
	html_add(t, h->digest);
	text_add_string(t, "; written by ");
	html_add(t, h->tool);
	text_add_string(t, "</p>\n");
	tell_cards(r, t);
	tell_paths(r->behaviour->model, TSEM_MODEL_PSEUDONYMS, "Content does not matter", t);
	tell_paths(r->behaviour->model, TSEM_MODEL_SCRATCH, "Names and content below do not matter",
		   t);
}

/* The discovery curve. */

#define WIDTH 700
#define HEIGHT 200
#define LEFT 50
#define BOTTOM 24

/** struct curve - Runs to be drawn. */
struct curve {
	const struct tsem_model_run *runs;
	size_t count;
	uint64_t before; /* coefficients that came earlier */
	uint64_t top;
};

static double x_of(const struct curve *c, size_t i)
{
	return LEFT + (WIDTH - LEFT - 10) * (i + 0.5) / c->count;
}

static double y_of(const struct curve *c, uint64_t value)
{
	return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 12.0) * value / (c->top ?: 1);
}

static struct curve curve_of(const struct tsem_model *model)
{
	struct curve c = { .top = tsem_model_point_count(model) };
	uint64_t sum = 0;

	c.runs = tsem_model_get_runs(model, &c.count);
	for (size_t i = 0; i < c.count; i++)
		sum += c.runs[i].fresh;
	c.before = sum < c.top ? c.top - sum : 0;
	c.top = sum > c.top ? sum : c.top;
	return c;
}

static void draw(const struct curve *c, struct text *t)
{
	uint64_t sum = c->before;
	double room = (WIDTH - LEFT - 10.0) / c->count, width = room < 60 ? room * 0.7 : 42;

	text_format(t,
		    "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"discovery curve\">\n"
		    "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n",
		    WIDTH, HEIGHT, LEFT, HEIGHT - BOTTOM, WIDTH - 10, HEIGHT - BOTTOM);
	for (size_t i = 0; i < c->count; i++)
		text_format(t,
			    "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
			    "height=\"%.1f\"/>\n",
			    x_of(c, i) - width / 2, y_of(c, c->runs[i].fresh), width,
			    HEIGHT - BOTTOM - y_of(c, c->runs[i].fresh));
	text_add_string(t, "<polyline class=\"curve\" points=\"");
	for (size_t i = 0; i < c->count; i++) {
		sum += c->runs[i].fresh;
		text_format(t, "%s%.1f,%.1f", i ? " " : "", x_of(c, i), y_of(c, sum));
	}
	text_format(t, "\"/>\n<text x=\"4\" y=\"16\">%llu</text><text x=\"4\" y=\"%d\">0</text>\n",
		    (unsigned long long)c->top, HEIGHT - BOTTOM);
	for (size_t i = 0; i < c->count; i++) {
		if (i == 0 || i == c->count - 1)
			text_format(t, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">run %llu</text>",
				    x_of(c, i), HEIGHT - 6, (unsigned long long)c->runs[i].number);
	}
	text_add_string(t, "\n</svg>\n");
}

static void tell_curve(const struct report *r, struct text *t)
{
	const struct curve c = curve_of(r->behaviour->model);

	if (!c.count)
		return;
	text_add_string(t, "<h2>How it was learned</h2>\n<div class=\"box\">\n");
	draw(&c, t);
	text_add_string(
		t,
		"</div>\n<p class=\"dim\">The curve is the number of coefficients known after each "
		"run, a bar what the run added.</p>\n");
}

/* The tree of programs. */

/* Whether an actor was executed by another, or below it. */
static bool is_below(const struct actor *a, const struct actor *above)
{
	size_t size = strlen(above->key);

	return !strncmp(a->key, above->key, size) && a->key[size] == '\n';
}

static size_t tell_deeds(const struct behaviour *b, const struct actor *actor, size_t at,
			 struct text *t)
{
	const char *last = "";

	text_add_string(t, "<ul>\n");
	for (; at < b->deed_count && b->deeds[at].actor == actor; at++) {
		if (!strcmp(b->deeds[at].words, last))
			continue;
		last = b->deeds[at].words;
		text_add_string(t, "<li class=\"mono\">");
		html_add_words(t, last);
		text_add_string(t, "</li>\n");
	}
	text_add_string(t, "</ul>\n");
	return at;
}

static size_t count_deeds(const struct behaviour *b, const struct actor *actor, size_t at)
{
	size_t end = at;

	while (end < b->deed_count && b->deeds[end].actor == actor)
		end++;
	return end - at;
}

static void tell_tree(const struct report *r, struct text *t)
{
	const struct behaviour *b = r->behaviour;
	const struct actor *open[PROGRAMS_CHAIN + 1];
	size_t depth = 0, at = 0;

	text_add_string(t, "<h2>Programs</h2>\n<div class=\"box\">\n");
	for (size_t i = 0; i < b->actor_count; i++) {
		const struct actor *a = b->actors[i];
		size_t count = count_deeds(b, a, at);

		for (; depth && !is_below(a, open[depth - 1]); depth--)
			text_add_string(t, "</details>\n");
		text_format(t, "<details%s><summary><b>", depth < 2 ? " open" : "");
		html_add_words(t, a->self);
		text_format(t, "</b> <span class=\"dim\">%zu</span></summary>\n", count);
		at = tell_deeds(b, a, at, t);
		if (depth <= PROGRAMS_CHAIN)
			open[depth++] = a;
		else
			text_add_string(t, "</details>\n");
	}
	for (; depth; depth--)
		text_add_string(t, "</details>\n");
	text_add_string(t, "</div>\n");
}

/* What is touched: each object once, with who touches it and how. */

static int compare_objects(const void *a, const void *b)
{
	const struct deed *x = *(const struct deed *const *)a, *y = *(const struct deed *const *)b;

	return strcmp(x->object, y->object) ?: behaviour_compare(x, y);
}

static size_t list_objects(const struct behaviour *b, bool peers, const struct deed **list)
{
	size_t count = 0;

	for (size_t i = 0; i < b->deed_count; i++) {
		if (b->deeds[i].object && b->deeds[i].is_peer == peers)
			list[count++] = &b->deeds[i];
	}
	qsort(list, count, sizeof(*list), compare_objects);
	return count;
}

static bool is_told(const struct deed *const *list, size_t i, bool by_actor)
{
	for (size_t j = 0; j < i; j++) {
		if (by_actor ? list[j]->actor == list[i]->actor : list[j]->event == list[i]->event)
			return true;
	}
	return false;
}

static void tell_object(const struct deed *const *list, size_t count, struct text *t)
{
	text_add_string(t, "<tr><td><code>");
	html_add(t, list[0]->object);
	text_add_string(t, "</code></td><td>");
	for (size_t i = 0; i < count; i++) {
		if (is_told(list, i, true))
			continue;
		text_add_string(t, "<span class=\"tag\" title=\"");
		html_add_words(t, list[i]->actor->name);
		text_add_string(t, "\">");
		html_add_words(t, list[i]->actor->self);
		text_add_string(t, "</span>");
	}
	text_add_string(t, "</td><td>");
	for (size_t i = 0; i < count; i++) {
		if (!is_told(list, i, false))
			text_format(t, "<span class=\"tag\">%s</span>",
				    tsem_events[list[i]->event].name);
	}
	text_add_string(t, "</td></tr>\n");
}

static void tell_objects(const struct report *r, bool peers, const char *title, struct text *t)
{
	const struct deed **list = calloc(r->behaviour->deed_count + 1, sizeof(*list));
	size_t count = list ? list_objects(r->behaviour, peers, list) : 0;

	t->failed |= !list;
	text_format(t, "<h2>%s</h2>\n<div class=\"box\">\n", title);
	if (count > FOLD)
		text_format(t, "<details><summary>all of them</summary>\n");
	if (count)
		text_format(t, "<table>\n<tr><th>%s</th><th>by</th><th>events</th></tr>\n",
			    peers ? "address" : "path");
	else
		text_add_string(t, "<p class=\"dim\">none</p>\n");
	for (size_t i = 0; i < count;) {
		size_t end = i + 1;

		while (end < count && !strcmp(list[i]->object, list[end]->object))
			end++;
		tell_object(list + i, end - i, t);
		i = end;
	}
	text_add_string(t, count ? "</table>\n" : "");
	text_add_string(t, count > FOLD ? "</details>\n</div>\n" : "</div>\n");
	free(list);
}

/* What was refused, and what people changed. */

static void tell_refusal(const struct report *r, const struct refusal *refusal, struct text *t)
{
	struct text who = TEXT_EMPTY, what = TEXT_EMPTY;

	programs_chain(&r->behaviour->programs, facts_get(&refusal->record, "event.task_id") ?: "",
		       &who);
	phrase_add(&refusal->record, &r->behaviour->programs, &what);
	text_add_string(t, "<tr><td class=\"dim\">");
	html_add_time(t, refusal->last);
	text_add_string(t, "</td><td>");
	html_add_words(t, text_get(&who));
	text_add_string(t, "</td><td class=\"mono\">");
	html_add_words(t, text_get(&what));
	text_add_string(t, "</td><td><span class=\"tag bad\">");
	html_add(t, refusal->verdict);
	text_format(t, "</span></td><td>%llu</td></tr>\n", (unsigned long long)refusal->count);
	t->failed |= who.failed || what.failed;
	text_done(&who);
	text_done(&what);
}

static void tell_refusals(const struct report *r, struct text *t)
{
	if (!r->refusals)
		return;
	text_add_string(t, "<h2>Refused</h2>\n<div class=\"box\">\n");
	if (!r->refusals->count)
		text_add_string(t, "<p class=\"dim\">nothing</p>\n");
	else
		text_add_string(t,
				"<table>\n<tr><th>last (UTC)</th><th>by</th><th>what</th><th></th>"
				"<th>times</th></tr>\n");
	for (size_t i = r->refusals->count; i > 0; i--)
		tell_refusal(r, r->refusals->list[i - 1], t);
	text_add_string(t, r->refusals->count ? "</table>\n</div>\n" : "</div>\n");
}

static void tell_changes(const struct report *r, struct text *t)
{
	size_t count;
	const struct tsem_model_change *list = tsem_model_get_changes(r->behaviour->model, &count);

	if (!count)
		return;
	text_add_string(
		t,
		"<h2>Changed by people</h2>\n<div class=\"box\">\n<table>\n<tr><th>when (UTC)</th>"
		"<th>what</th><th>who</th><th>why</th></tr>\n");
	for (size_t i = 0; i < count; i++) {
		text_add_string(t, "<tr><td class=\"dim\">");
		html_add_time(t, list[i].time);
		text_format(t, "</td><td><span class=\"tag\">%s</span>",
			    tsem_model_what_name(list[i].what));
		html_add(t, list[i].note);
		text_add_string(t, "</td><td>");
		html_add(t, list[i].by);
		text_add_string(t, "</td><td>");
		html_add(t, list[i].why);
		text_add_string(t, "</td></tr>\n");
	}
	text_add_string(t, "</table>\n</div>\n");
}

void report_tell(const struct report *r, struct text *t)
{
	html_begin(t, tsem_model_get_header(r->behaviour->model)->name);
	tell_head(r, t);
	tell_refusals(r, t);
	tell_curve(r, t);
	tell_tree(r, t);
	tell_objects(r, false, "Files and other names", t);
	tell_objects(r, true, "Peers", t);
	tell_changes(r, t);
	html_end(t);
}
