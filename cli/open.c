// SPDX-License-Identifier: LGPL-2.1-or-later
/* open.c - see open.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "../libtsem/cleanup.h"
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
