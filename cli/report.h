/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* report.h - a model, and what was refused under it, as one page of HTML. */
#ifndef QUIXOTE_REPORT_H
#define QUIXOTE_REPORT_H

#include "behaviour.h"
#include "refusals.h"
#include "text.h"

/**
 * struct report - What is told; borrowed.
 * @behaviour: Its programs are those of the refusals, too.
 * @refusals: NULL if they are not known.
 */
struct report {
	const struct behaviour *behaviour;
	const struct refusals *refusals;
};

/** report_tell() - The whole page. */
void report_tell(const struct report *report, struct text *text);

#endif
