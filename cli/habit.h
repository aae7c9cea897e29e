/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * habit.h - which programs look at a program before they execute it, as shells do. A
 * refusal of the look is what a person meets instead of one of the execution.
 */
#ifndef QUIXOTE_HABIT_H
#define QUIXOTE_HABIT_H

#include <stdbool.h>

#include "facts.h"

/**
 * struct habits - What programs have looked at and executed; each a tree of texts "TASK_ID PATH".
 * To be ended by habits_done().
 */
struct habits {
	void *looked;
	void *executed;
};

/** habits_add() - Take a learned event into account. Return: 0 or -ENOMEM. */
int habits_add(struct habits *habits, const struct facts *learned);

/**
 * habits_has() - Whether an event is a look at a program, by one that was learned to
 * execute what it had looked at.
 */
bool habits_has(const struct habits *habits, const struct facts *seen);

void habits_done(struct habits *habits);

#endif
