/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* remedy.h - what to type about refusals: the exact command that accepts them. */
#ifndef QUIXOTE_REMEDY_H
#define QUIXOTE_REMEDY_H

#include "refusals.h"
#include "text.h"

/**
 * remedy_add() - Add "quixote model accept WORKLOAD EVENT...".
 * @workload: As a command line names it.
 * @refusals: All, so that no EVENT names two of them.
 * @chosen: Of each, whether it is meant; too many are asked about one by one.
 */
void remedy_add(const char *workload, const struct refusals *refusals, const bool *chosen,
		struct text *text);

#endif
