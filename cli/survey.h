/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * survey.h - how much of a workload's behaviour a model has learned: its discovery
 * curve, what is to be expected of the next event and run, and which programs
 * still do new things. Told on one screen, or in JSON.
 */
#ifndef QUIXOTE_SURVEY_H
#define QUIXOTE_SURVEY_H

#include "../libtsem/coverage.h"
#include "programs.h"
#include "text.h"

/** enum survey_style - How a screen looks. */
enum survey_style {
	SURVEY_PLAIN, /* no terminal: numbers instead of a plot */
	SURVEY_PLOT,
	SURVEY_COLOURED,
};

/** survey_style_of() - What the stream of a descriptor can show; NO_COLOR is respected. */
enum survey_style survey_style_of(int fd);

/** struct mover - A program of which not all has been seen often. */
struct mover {
	char *task_id;
	uint64_t fresh;	   /* coefficients that the last run showed first */
	uint64_t once;	   /* that one run showed, of several */
	char *examples[2]; /* of the fresh ones, else of the others, in words; NULL if there are
			      less */
};

/**
 * struct survey - Of a model.
 * @movers: Those with the most fresh ones first, then with the most that were seen once.
 */
struct survey {
	const struct tsem_model *model;
	struct completeness completeness;
	struct programs programs;
	struct mover *movers;
	size_t mover_count;
};

/**
 * survey_take() - Look at a model.
 * @model: Borrowed as long as the survey lives.
 * @ret: To be ended by survey_done().
 * Return: 0; -EBADMSG (cannot be with a model that was read); -ENOMEM.
 */
int survey_take(const struct tsem_model *model, struct survey *ret);

void survey_done(struct survey *survey);

void survey_tell(const struct survey *survey, enum survey_style style, struct text *text);

/** survey_tell_json() - One object in one line. */
void survey_tell_json(const struct survey *survey, struct text *text);

#endif
