// SPDX-License-Identifier: LGPL-2.1-or-later
/* write.c - see write.h. */
#include <errno.h>
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
