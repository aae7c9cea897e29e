/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* write.h - files written whole, and renamed; those of models are locked, too. */
#ifndef QUIXOTE_WRITE_H
#define QUIXOTE_WRITE_H

#include "../libtsem/model.h"
#include "text.h"

/** write_model() - Says what goes wrong. Return: 0 or an exit status; then the old file is there. */
int write_model(const struct tsem_model *model, const char *path);

/** write_text() - Write a file of root's that all may read. Return: 0 or a negative errno. */
int write_text(const struct text *text, const char *path);

#endif
