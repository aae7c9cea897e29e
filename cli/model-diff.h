/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* model-diff.h - the difference of two models told on standard output, for diff and for ci. */
#ifndef QUIXOTE_MODEL_DIFF_H
#define QUIXOTE_MODEL_DIFF_H

#include "delta.h"
#include "line.h"

/** model_diff() - Return: 0 if there is none, 1 if there is one, EXIT_LOST. */
int model_diff(const struct tsem_model *old, const struct tsem_model *new, enum delta_form form);

/** model_diff_form() - What --markdown ('m') or --json ('j') asks for. */
enum delta_form model_diff_form(const struct line *line);

#endif
