/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* write.h - a model written to its file: locked, whole, renamed. */
#ifndef QUIXOTE_WRITE_H
#define QUIXOTE_WRITE_H

#include "../libtsem/model.h"

/** write_model() - Says what goes wrong. Return: 0 or an exit status; then the old file is there. */
int write_model(const struct tsem_model *model, const char *path);

#endif
