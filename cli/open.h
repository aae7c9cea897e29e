/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* open.h - a model opened by its path, for subcommands that only look at it. */
#ifndef QUIXOTE_OPEN_H
#define QUIXOTE_OPEN_H

#include <stdbool.h>

#include "../libtsem/hasher.h"
#include "../libtsem/model.h"
#include "../orchestrator/config.h"

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

/** open_model_fd() - The same from an open file. */
int open_model_fd(int fd, struct opened *ret, struct tsem_model_error *error);

/** is_configuration() - Whether a FILE of a command line is a configuration, by its name. */
bool is_configuration(const char *path);

/** open_model_measured() - As open_model_fd(); @measure is given all bytes of the file. */
int open_model_measured(int fd, struct tsem_hasher *measure, struct opened *ret,
			struct tsem_model_error *error);

/**
 * open_argument() - The same for a FILE of a command line: a model, or a
 * configuration (*.cfg) that names it. Says why not.
 *
 * Return: 0 or an exit status.
 */
int open_argument(const char *path, struct opened *ret);

/**
 * open_path() - The path of the model that a FILE of a command line means. Says why not.
 * @ret: Borrowed from @path or @ret_config.
 * @ret_config: The configuration, owned by the caller; NULL if @path is the model itself.
 *
 * Return: 0 or an exit status.
 */
int open_path(const char *path, struct config **ret_config, const char **ret);

static inline void opened_done(struct opened *opened)
{
	opened->model = tsem_model_free(opened->model);
	opened->hasher = tsem_hasher_free(opened->hasher);
}

#endif
