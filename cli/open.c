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

int open_model(const char *path, struct opened *ret, struct tsem_model_error *error)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct opened opened = { NULL, NULL };
	char digest[TSEM_MODEL_NAME_BYTES + 1];
	int r;

	if (fd < 0)
		return refuse(error, -errno, strerror(errno));
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
	r = tsem_model_read(fd, opened.hasher, error, &opened.model);
	if (r < 0) {
		opened_done(&opened);
		return r;
	}
	*ret = opened;
	return 0;
}

static bool is_configuration(const char *path)
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

int open_argument(const char *path, struct opened *ret)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct config_error error;

	if (!is_configuration(path))
		return open_said(path, ret);
	if (config_read(path, &config, &error) == 0)
		return open_said(config->model, ret);
	(void)fprintf(stderr, "quixote: %s\n", error.text);
	return EXIT_CONFIGURATION;
}
