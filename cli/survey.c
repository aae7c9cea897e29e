// SPDX-License-Identifier: LGPL-2.1-or-later
/* survey.c - see survey.h. What is measured; survey-tell.c tells it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "learned.h"
#include "phrase.h"
#include "survey.h"

enum survey_style survey_style_of(int fd)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	if (!isatty(fd) || !term || !strcmp(term, "dumb"))
		return SURVEY_PLAIN;
	return no_color && *no_color ? SURVEY_PLOT : SURVEY_COLOURED;
}

static struct mover *mover_of(struct survey *s, const char *task_id)
{
	struct mover *mover;

	for (size_t i = s->mover_count; i > 0; i--) { /* neighbours are often of one program */
		if (!strcmp(s->movers[i - 1].task_id, task_id))
			return &s->movers[i - 1];
	}
	mover = reallocarray(s->movers, s->mover_count + 1, sizeof(*s->movers));
	if (!mover)
		return NULL;
	s->movers = mover;
	mover += s->mover_count;
	*mover = (struct mover){ .task_id = strdup(task_id) };
	if (!mover->task_id)
		return NULL;
	s->mover_count++;
	return mover;
}

/* Where an example belongs: fresh ones come first. NULL: there are enough. */
static char **place_of(struct mover *mover, bool fresh)
{
	const size_t last = ARRAY_SIZE(mover->examples) - 1;

	for (size_t i = 0; !fresh && i <= last; i++) {
		if (!mover->examples[i])
			return &mover->examples[i];
	}
	if (!fresh || mover->fresh > last + 1)
		return NULL;
	free(mover->examples[last]);
	memmove(&mover->examples[1], &mover->examples[0], last * sizeof(mover->examples[0]));
	mover->examples[0] = NULL;
	return &mover->examples[0];
}

static int add_example(struct survey *s, struct mover *mover, const struct facts *facts, bool fresh)
{
	struct text words = TEXT_EMPTY;
	char **place = place_of(mover, fresh);

	if (!place)
		return 0;
	phrase_add(facts, &s->programs, &words);
	if (words.failed) {
		text_done(&words);
		return -ENOMEM;
	}
	*place = words.data;
	return 0;
}

static int add_point(const struct tsem_model_point *point, void *userdata)
{
	struct survey *s = userdata;
	uint64_t runs = tsem_model_get_header(s->model)->runs;
	bool fresh = runs && point->first == runs, once = runs > 1 && point->runs == 1;
	struct mover *mover;
	struct facts facts;
	int r;

	if (!point->runs || point->until || (!fresh && !once))
		return 0;
	r = facts_parse(point->event, point->event_size, &facts);
	if (r < 0)
		return r;
	mover = mover_of(s, facts_get(&facts, "event.task_id") ?: "");
	if (mover) {
		mover->fresh += fresh;
		mover->once += once;
		r = add_example(s, mover, &facts, fresh);
	}
	facts_done(&facts);
	return mover ? r : -ENOMEM;
}

static int compare_movers(const void *a, const void *b)
{
	const struct mover *x = a, *y = b;

	if (x->fresh != y->fresh)
		return x->fresh > y->fresh ? -1 : 1;
	if (x->once != y->once)
		return x->once > y->once ? -1 : 1;
	return strcmp(x->task_id, y->task_id);
}

int survey_take(const struct tsem_model *model, struct survey *ret)
{
	struct survey s = { .model = model, .completeness = completeness_of(model) };
	int r = learned_programs(model, &s.programs);

	if (r == 0)
		r = tsem_model_each_point(model, add_point, &s);
	if (r < 0) {
		survey_done(&s);
		return r;
	}
	if (s.mover_count)
		qsort(s.movers, s.mover_count, sizeof(*s.movers), compare_movers);
	*ret = s;
	return 0;
}

void survey_done(struct survey *s)
{
	for (size_t i = 0; i < s->mover_count; i++) {
		free(s->movers[i].task_id);
		for (size_t j = 0; j < ARRAY_SIZE(s->movers[i].examples); j++)
			free(s->movers[i].examples[j]);
	}
	free(s->movers);
	programs_done(&s->programs);
	*s = (struct survey){ .model = NULL };
}
