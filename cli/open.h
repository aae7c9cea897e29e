/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* open.h - a model opened by its path, for subcommands that only look at it. */
#ifndef QUIXOTE_OPEN_H
#define QUIXOTE_OPEN_H

#include "../libtsem/hasher.h"
#include "../libtsem/model.h"

/**
 * struct opened - A model with the hasher that it borrows.
 */
struct opened {
	struct tsem_hasher *hasher;
	struct tsem_model *model;
};

/**
 * open_model() - Read and verify a model.
 * @error: Why not; printable.
 *
 * Return: 0; an errno of open(); else as tsem_model_read().
 */
int open_model(const char *path, struct opened *ret, struct tsem_model_error *error);

/**
 * open_argument() - The same for a FILE of a command line: a model, or a
 * configuration (*.cfg) that names it. Says why not.
 *
 * Return: 0 or an exit status.
 */
int open_argument(const char *path, struct opened *ret);

static inline void opened_done(struct opened *opened)
{
	opened->model = tsem_model_free(opened->model);
	opened->hasher = tsem_hasher_free(opened->hasher);
}

#endif
