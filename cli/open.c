// SPDX-License-Identifier: LGPL-2.1-or-later
/* open.c - see open.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/config.h"
#include "../orchestrator/failure.h"
#include "open.h"

static int refuse(struct tsem_model_error *error, int r, const char *what)
{
	error->line = 0;
	(void)snprintf(error->text, sizeof(error->text), "%s", what); /* cut */
	return r;
}

int open_model_measured(int fd, struct tsem_hasher *measure, struct opened *ret,
			struct tsem_model_error *error)
{
	struct tsem_model_source source = { .fd = fd, .measure = measure };
	struct opened opened = { NULL, NULL };
	char digest[TSEM_MODEL_NAME_BYTES + 1];
	int r;

	r = tsem_model_peek(fd, digest, error);
	if (r < 0)
		return r;
	r = tsem_hasher_new(digest, &opened.hasher);
	if (r < 0) {
		error->line = 1;
		(void)snprintf(error->text, sizeof(error->text), "the hash function %s is unknown",
			       digest);
		return r == -ENOMEM ? r : -EPROTONOSUPPORT;
	}
	source.hasher = opened.hasher;
	r = tsem_model_read_from(&source, error, &opened.model);
	if (r < 0) {
		opened_done(&opened);
		return r;
	}
	*ret = opened;
	return 0;
}

int open_model_fd(int fd, struct opened *ret, struct tsem_model_error *error)
{
	return open_model_measured(fd, NULL, ret, error);
}

int open_model(const char *path, struct opened *ret, struct tsem_model_error *error)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? refuse(error, -errno, strerror(errno)) : open_model_fd(fd, ret, error);
}

bool is_configuration(const char *path)
{
	size_t size = strlen(path);

	return size > 4 && !strcmp(path + size - 4, ".cfg");
}

static int open_said(const char *path, struct opened *ret)
{
	struct tsem_model_error error;

	if (open_model(path, ret, &error) == 0)
		return EXIT_SUCCESS;
	(void)fprintf(stderr, error.line ? "quixote: %s:%u: " : "quixote: %s: ", path, error.line);
	(void)fprintf(stderr, "%s\n", error.text);
	return EXIT_MODEL;
}

int open_path(const char *path, struct config **ret_config, const char **ret)
{
	struct config_error error;

	*ret_config = NULL;
	*ret = path;
	if (!is_configuration(path))
		return EXIT_SUCCESS;
	if (config_read(path, ret_config, &error) < 0) {
		(void)fprintf(stderr, "quixote: %s\n", error.text);
		return EXIT_CONFIGURATION;
	}
	*ret = (*ret_config)->model;
	return EXIT_SUCCESS;
}

int open_argument(const char *path, struct opened *ret)
{
	_cleanup_(config_freep) struct config *config = NULL;
	int r = open_path(path, &config, &path);

	return r ? r : open_said(path, ret);
}
