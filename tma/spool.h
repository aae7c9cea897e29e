/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spool.h - events on their way to the recorder, as lines in a pipe. Bounded
 * and never waiting: what does not fit is dropped and counted, and the next line
 * that fits is preceded by {"lost":N}.
 */
#ifndef QUIXOTE_SPOOL_H
#define QUIXOTE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ring.h"

/**
 * struct spool - Lines that wait for room in the pipe.
 * @fd: Non-blocking pipe; -EBADF when it is gone.
 * @dropped: Lines that did not fit.
 * @untold: Of them since the last {"lost":N}.
 * @start: First byte of @pending that was not written.
 * @end: After the last one.
 * @pending: Whole lines, apart from the first one.
 */
struct spool {
	int fd;
	uint64_t dropped;
	uint64_t untold;
	size_t start;
	size_t end;
	char *pending;
};

/** spool_init() - Return: 0 or -ENOMEM. Allocates; nothing later does. */
int spool_init(struct spool *s, int fd);

/** spool_forensic() - Add an event outside the model, as forensics.jsonl has it. */
void spool_forensic(struct spool *s, const struct ring_event *event, unsigned int digest_size);

/** spool_event() - Add an event, as a trajectory has it. */
void spool_event(struct spool *s, const struct ring_event *event, unsigned int digest_size);

/** spool_flush() - Write what the pipe takes now. */
void spool_flush(struct spool *s);

static inline bool spool_is_pending(const struct spool *s)
{
	return s->start < s->end;
}

#endif
