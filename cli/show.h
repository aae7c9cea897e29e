/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* show.h - what quixote show is asked for, shared by show.c and show-points.c. */
#ifndef QUIXOTE_SHOW_H
#define QUIXOTE_SHOW_H

#include "running.h"

/** struct show - What to show; @name: of the workload. */
struct show {
	const char *name;
	bool json;
};

/* Each: Return: 0 or a negative errno. */
int show_state(const struct show *show, struct connection *connection);
int show_counts(const struct show *show, struct connection *connection);
int show_coefficients(const struct show *show, struct connection *connection);

#endif
