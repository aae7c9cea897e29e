// SPDX-License-Identifier: LGPL-2.1-or-later
/* write.c - see write.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "../orchestrator/place.h"
#include "write.h"

int write_model(const struct tsem_model *model, const char *path)
{
	_cleanup_(place_close) struct place place = PLACE_EMPTY;
	int r = place_open(path, true, &place);

	if (r == 0)
		r = tsem_model_write(model, place.fd_new);
	if (r == 0)
		r = place_commit(&place);
	if (r == 0)
		return 0;
	(void)fprintf(stderr, "quixote: %s: %s\n", path,
		      r == -EBUSY ? "another run writes it; wait until it is done" : strerror(-r));
	return EXIT_MODEL;
}

static int write_temporary(int fd, const struct text *text)
{
	ssize_t n = write(fd, text->data, text->size);

	if (n < 0)
		return -errno;
	if ((size_t)n != text->size)
		return -ENOSPC;
	return fsync(fd) < 0 ? -errno : 0;
}

int write_text(const struct text *text, const char *path)
{
	_cleanup_(freep) char *temporary = NULL;
	_cleanup_(close_fdp) int fd = -EBADF;
	int r;

	if (asprintf(&temporary, "%s.new", path) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	r = write_temporary(fd, text);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary);
	return r;
}
