/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* event-tell.h - events as the agent and the recorder keep them, each in one line of words. */
#ifndef QUIXOTE_EVENT_TELL_H
#define QUIXOTE_EVENT_TELL_H

#include "subject.h"

/**
 * event_tell() - Print an event: when, who, what, and what became of it.
 * @subject: What is executed is added to its programs.
 * @take_event: Members "usec" or "time", "verdict", "coefficient" and those of "record"; emptied.
 *
 * Return: 0; -EBADMSG if it is none; -ENOMEM.
 */
int event_tell(struct subject *subject, struct facts *take_event);

#endif
