/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rewrite.h - every record of a model derived anew after something in it was
 * edited: TASK_IDs follow from the execs that made them, so a program whose content
 * changes changes the identity of all that it leads to.
 */
#ifndef QUIXOTE_REWRITE_H
#define QUIXOTE_REWRITE_H

#include "../libtsem/model.h"
#include "text.h"

/**
 * struct rewritten - A record of the model.
 * @old: Its coefficient or TASK_ID.
 * @new: What it is now.
 * @numbers: Of the point; NULL for a program.
 * @text: As a model keeps it; owned.
 * @changed: It differs from what it was.
 * @done: For rewrite_model().
 */
struct rewritten {
	struct tsem_digest old;
	struct tsem_digest new;
	const struct tsem_model_point *numbers;
	char *text;
	size_t size;
	bool changed;
	bool done;
};

/**
 * struct rewrite - A model being rewritten; the model stays as it is.
 * @model: What is rewritten; borrowed.
 * @engine: The model that computes the new digests; may be @model.
 * @edit: Edits one record, as a model keeps it, into @ret. Return: 0 or a negative errno.
 * @userdata: For @edit.
 * @programs: Result.
 * @points: Result.
 * @tree: Of @programs, by the hexadecimal of @old.
 */
struct rewrite {
	const struct tsem_model *model;
	const struct tsem_model *engine;
	int (*edit)(const char *text, size_t size, void *userdata, struct text *ret);
	void *userdata;
	struct rewritten *programs;
	size_t program_count;
	struct rewritten *points;
	size_t point_count;
	void *tree;
};

/**
 * rewrite_model() - Edit and derive all of it.
 * Return: 0, then rewrite_done() is called; -EBADMSG (@edit made what is no record, or
 * programs that led to each other); -ENOMEM; what @edit returned.
 */
int rewrite_model(struct rewrite *rewrite);

void rewrite_done(struct rewrite *rewrite);

#endif
