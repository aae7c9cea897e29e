/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* events.h - telling the events of a workload that runs, for events and show. */
#ifndef QUIXOTE_EVENTS_H
#define QUIXOTE_EVENTS_H

#include "running.h"
#include "subject.h"

/**
 * struct events - Which events, and how.
 * @follow: Those from now on, until the workload ends.
 * @outside: Those that the model does not have.
 */
struct events {
	struct subject subject;
	bool follow;
	bool outside;
	bool json;
};

static inline void events_done(struct events *e)
{
	subject_done(&e->subject);
}

/** events_tell() - Tell them. Return: Exit status, after having said what failed. */
int events_tell(struct events *e);

#endif
