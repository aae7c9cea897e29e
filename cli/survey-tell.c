// SPDX-License-Identifier: LGPL-2.1-or-later
/* survey-tell.c - a survey on one screen, and in JSON; see survey.h. */
#include <stdio.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/model-life.h"
#include "survey.h"

/* The plot: so many runs wide, so many lines high, each of eight steps. */
#define PLOT_WIDTH 60
#define PLOT_HEIGHT 4
#define STEPS 8

/* Runs and programs that are told one by one where there are more. */
#define TOLD_RUNS 12
#define TOLD_MOVERS 5

/** struct curve - Discovery: coefficients after each run that is told. */
struct curve {
	const struct tsem_model_run *runs;
	size_t count;
	uint64_t total; /* after the last */
};

static struct curve curve_of(const struct survey *s)
{
	struct curve c;

	c.runs = tsem_model_get_runs(s->model, &c.count);
	c.total = s->completeness.points;
	return c;
}

/* Coefficients after run @index: what came later is taken away again. */
static uint64_t total_after(const struct curve *c, size_t index)
{
	uint64_t total = c->total;

	for (size_t i = c->count - 1; i > index; i--)
		total -= c->runs[i].fresh < total ? c->runs[i].fresh : total;
	return total;
}

static void add_percent(struct text *t, double part)
{
	text_format(t, part > 0 && part < 0.001 ? "%.3f %%" : "%.1f %%", 100 * part);
}

/* The screen. */

static void tell_plot(const struct curve *c, enum survey_style style, struct text *t)
{
	static const char *const blocks[STEPS + 1] = {
		" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"
	};
	size_t width = c->count < PLOT_WIDTH ? c->count : PLOT_WIDTH;

	for (int row = PLOT_HEIGHT - 1; row >= 0; row--) {
		if (row == PLOT_HEIGHT - 1)
			text_format(t, "  %8llu ┤", (unsigned long long)c->total);
		else
			text_format(t, "  %8s │", "");
		if (style == SURVEY_COLOURED)
			text_add_string(t, "\033[32m");
		for (size_t column = 0; column < width; column++) {
			size_t run = width > 1 ? column * (c->count - 1) / (width - 1) : 0;
			int64_t level = c->total ? (int64_t)((double)total_after(c, run) /
							     (double)c->total * PLOT_HEIGHT * STEPS)
						 : 0;

			level -= (int64_t)row * STEPS;
			text_add_string(t, blocks[level < 0 ? 0 : level > STEPS ? STEPS : level]);
		}
		text_add_string(t, style == SURVEY_COLOURED ? "\033[0m\n" : "\n");
	}
	text_format(t, "  %8s └ coefficients after run %llu to %llu\n", "",
		    (unsigned long long)c->runs[0].number,
		    (unsigned long long)c->runs[c->count - 1].number);
}

static void tell_curve(const struct curve *c, enum survey_style style, struct text *t)
{
	size_t begin = c->count > TOLD_RUNS ? c->count - TOLD_RUNS : 0;

	if (!c->count) {
		text_add_string(t, "  discovery: not kept by the version that learned it\n");
		return;
	}
	if (style != SURVEY_PLAIN && c->count > 1) {
		tell_plot(c, style, t);
		return;
	}
	text_format(t, "  discovery, from run %llu on: %llu",
		    (unsigned long long)c->runs[begin].number,
		    (unsigned long long)total_after(c, begin));
	for (size_t i = begin + 1; i < c->count; i++)
		text_format(t, " +%llu", (unsigned long long)c->runs[i].fresh);
	text_add_string(t, "\n");
}

static void tell_coverage(const struct coverage *c, const char *what, const char *of,
			  struct text *t)
{
	text_format(t, "  %s is new with probability ", what);
	add_percent(t, c->unseen);
	text_add_string(t, " (");
	add_percent(t, c->low);
	text_add_string(t, " to ");
	add_percent(t, c->high);
	text_format(t, "): of %llu %s once\n", (unsigned long long)c->seen, of);
}

static void tell_expectation(const struct survey *s, struct text *t)
{
	const struct completeness *c = &s->completeness;
	uint64_t runs = tsem_model_get_header(s->model)->runs;
	char events[64], coefficients[64];

	(void)snprintf(events, sizeof(events), "events %llu %s seen",
		       (unsigned long long)c->events.once,
		       c->events.once == 1 ? "was" : "were"); /* fits */
	(void)snprintf(coefficients, sizeof(coefficients), "in all runs %llu %s seen",
		       (unsigned long long)c->runs.once,
		       c->runs.once == 1 ? "was" : "were"); /* fits */
	tell_coverage(&c->events, "the next event", events, t);
	if (runs < 2) {
		text_add_string(t, "  a single run says nothing about the next: run it again\n");
		return;
	}
	tell_coverage(&c->runs, "what the next run does", coefficients, t);
	text_format(t, "  the next run is expected to add %.1f", c->expected);
	if (c->streak) {
		text_format(t, "; after %llu that added none, to add some with at most ",
			    (unsigned long long)c->streak);
		add_percent(t, c->fresh_probability);
	}
	text_add_string(t, "\n  completeness: at least ");
	add_percent(t, c->complete);
	text_format(t, "; all limits at %.0f %% confidence%s\n", 100 * COVERAGE_CONFIDENCE,
		    runs < 5 ? ", and rough: these are few runs" : "");
}

static void tell_mover(const struct survey *s, const struct mover *mover, struct text *t)
{
	text_add_string(t, "    ");
	programs_chain(&s->programs, mover->task_id, t);
	text_format(t, ": %llu first seen in the last run, %llu seen in one run only\n",
		    (unsigned long long)mover->fresh, (unsigned long long)mover->once);
	for (size_t i = 0; i < ARRAY_SIZE(mover->examples) && mover->examples[i]; i++)
		text_format(t, "        %s\n", mover->examples[i]);
}

static void tell_movers(const struct survey *s, struct text *t)
{
	if (tsem_model_get_header(s->model)->runs < 2)
		return; /* everything is new */
	if (!s->mover_count) {
		text_add_string(t, "  nothing moves: each run showed the same\n");
		return;
	}
	text_add_string(
		t,
		"  still moving; what differs in one member only, quixote model volatile tells:\n");
	for (size_t i = 0; i < s->mover_count && i < TOLD_MOVERS; i++)
		tell_mover(s, &s->movers[i], t);
	if (s->mover_count > TOLD_MOVERS)
		text_format(t, "    and %zu programs more; see --json\n",
			    s->mover_count - TOLD_MOVERS);
}

void survey_tell(const struct survey *s, enum survey_style style, struct text *t)
{
	const struct tsem_model_header *h = tsem_model_get_header(s->model);
	const struct curve curve = curve_of(s);
	const char *bold = style == SURVEY_COLOURED ? "\033[1m" : "";
	size_t points = tsem_model_point_count(s->model);
	size_t programs = tsem_model_program_count(s->model);

	text_format(t, "%s%s: %zu coefficient%s of %zu program%s, %llu run%s%s%s\n", bold, h->name,
		    points, text_plural(points), programs, text_plural(programs),
		    (unsigned long long)h->runs, text_plural(h->runs),
		    tsem_model_is_sealed(s->model) ? ", sealed" : "", *bold ? "\033[0m" : "");
	if (!s->completeness.runs.seen) {
		text_add_string(t, "  no run has shown anything yet\n");
		return;
	}
	if (curve.count && curve.runs[curve.count - 1].number == h->runs)
		text_format(t, "  %llu first seen in the last run\n",
			    (unsigned long long)curve.runs[curve.count - 1].fresh);
	tell_curve(&curve, style, t);
	tell_expectation(s, t);
	tell_movers(s, t);
}

/* JSON. */

static void add_coverage(const char *name, const struct coverage *c, struct text *t)
{
	text_format(t, ", \"%s\": {\"unseen\": %.9g, \"low\": %.9g, \"high\": %.9g, ", name,
		    c->unseen, c->low, c->high);
	text_format(t, "\"seen\": %llu, \"once\": %llu, \"twice\": %llu}",
		    (unsigned long long)c->seen, (unsigned long long)c->once,
		    (unsigned long long)c->twice);
}

static void add_curve(const struct curve *c, struct text *t)
{
	text_add_string(t, ", \"curve\": [");
	for (size_t i = 0; i < c->count; i++) {
		const struct tsem_model_run *run = &c->runs[i];

		text_format(t, "%s{\"run\": %llu, \"events\": %llu, \"coefficients\": %llu, ",
			    i ? ", " : "", (unsigned long long)run->number,
			    (unsigned long long)run->events, (unsigned long long)run->coefficients);
		text_format(t, "\"new\": %llu, \"total\": %llu}", (unsigned long long)run->fresh,
			    (unsigned long long)total_after(c, i));
	}
	text_add_string(t, "]");
}

static void add_text(const char *before, const char *text, struct text *t)
{
	text_add_string(t, before);
	text_add_json(t, text, strlen(text));
}

static void add_movers(const struct survey *s, struct text *t)
{
	text_add_string(t, ", \"moving\": [");
	for (size_t i = 0; i < s->mover_count; i++) {
		const struct mover *mover = &s->movers[i];
		struct text chain = TEXT_EMPTY;

		programs_chain(&s->programs, mover->task_id, &chain);
		add_text(i ? ", {\"program\": " : "{\"program\": ", text_get(&chain), t);
		text_done(&chain);
		add_text(", \"task_id\": ", mover->task_id, t);
		text_format(t, ", \"new\": %llu, \"once\": %llu, \"examples\": [",
			    (unsigned long long)mover->fresh, (unsigned long long)mover->once);
		for (size_t j = 0; j < ARRAY_SIZE(mover->examples) && mover->examples[j]; j++)
			add_text(j ? ", " : "", mover->examples[j], t);
		text_add_string(t, "]}");
	}
	text_add_string(t, "]");
}

void survey_tell_json(const struct survey *s, struct text *t)
{
	const struct tsem_model_header *h = tsem_model_get_header(s->model);
	const struct completeness *c = &s->completeness;
	const struct curve curve = curve_of(s);

	add_text("{\"name\": ", h->name, t);
	text_format(t, ", \"runs\": %llu, \"coefficients\": %zu, \"programs\": %zu, \"sealed\": %s",
		    (unsigned long long)h->runs, tsem_model_point_count(s->model),
		    tsem_model_program_count(s->model),
		    tsem_model_is_sealed(s->model) ? "true" : "false");
	text_format(t, ", \"confidence\": %.9g, \"complete\": %.9g", COVERAGE_CONFIDENCE,
		    c->complete);
	add_coverage("next_event", &c->events, t);
	add_coverage("next_run", &c->runs, t);
	text_format(t, ", \"expected_new\": %.9g, \"streak\": %llu, \"new_probability\": %.9g",
		    c->expected, (unsigned long long)c->streak, c->fresh_probability);
	add_curve(&curve, t);
	add_movers(s, t);
	text_add_string(t, "}\n");
}
