/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* learned.h - the programs that a model has, for telling TASK_IDs as programs. */
#ifndef QUIXOTE_LEARNED_H
#define QUIXOTE_LEARNED_H

#include "../libtsem/model.h"
#include "programs.h"

/** learned_programs() - Add them. Return: 0; -EBADMSG for an event that is no exec; -ENOMEM. */
int learned_programs(const struct tsem_model *model, struct programs *programs);

#endif
