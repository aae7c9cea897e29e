/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plan.h - what --check tells: what would be run, and every problem that can be seen now. */
#ifndef QUIXOTE_PLAN_H
#define QUIXOTE_PLAN_H

#include "launch.h"

/**
 * plan_print() - Tell it on standard output, problems on standard error.
 * Return: exit status: 0, or that of the first problem.
 */
int plan_print(const struct launch *launch, const struct config *config, enum config_mode mode);

#endif
