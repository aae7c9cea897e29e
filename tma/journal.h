/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * journal.h - refusals told to the system's journal, as structured entries: each
 * coefficient once, and again when it has been refused ten, a hundred, a thousand
 * times. Never waits; what the journal does not take is lost and counted.
 */
#ifndef QUIXOTE_JOURNAL_H
#define QUIXOTE_JOURNAL_H

#include <stdbool.h>

#include "../libtsem/core/set.h"
#include "ring.h"

/** JOURNAL_MESSAGE_ID - Of every such entry. */
#define JOURNAL_MESSAGE_ID "07fec21ebb3848dda24f0aca647e87c5"

/** JOURNAL_COEFFICIENTS - Most that are told; more than that is one story, and it has been told. */
#define JOURNAL_COEFFICIENTS 6144

/**
 * struct journal - Entries on their way.
 * @fd: Connected datagram socket; -EBADF without a journal.
 * @name: Of the workload; borrowed.
 * @told: Coefficients with how often they were refused.
 * @blocked: It takes nothing until it is ready again.
 * @lost: Entries that were not taken.
 * @begin: First entry that was not sent, in @pending.
 * @end: Behind the last one.
 * @pending: Each its size in 32 bits, then its bytes.
 */
struct journal {
	int fd;
	const char *name;
	struct tsem_set told;
	bool blocked;
	uint64_t lost;
	size_t begin;
	size_t end;
	char *pending;
};

/** journal_init() - Return: 0 or -ENOMEM. Allocates; nothing later does. */
int journal_init(struct journal *j, int fd, const char *name, unsigned int digest_size);

/** journal_add() - An event was outside the model. @type: Its name in the schema. */
void journal_add(struct journal *j, const struct ring_event *event, const char *type);

/** journal_flush() - Send a few of those that wait. */
void journal_flush(struct journal *j);

/** journal_has_work() - Whether journal_flush() could send something. */
static inline bool journal_has_work(const struct journal *j)
{
	return j->begin < j->end && !j->blocked;
}

/** journal_wake() - The socket has become ready. */
static inline void journal_wake(struct journal *j)
{
	j->blocked = false;
}

#endif
