/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * answer.h - the methods of the management socket: what is told, a bounded
 * piece at a time. Changes nothing.
 */
#ifndef QUIXOTE_ANSWER_H
#define QUIXOTE_ANSWER_H

#include "call.h"
#include "counts.h"
#include "judge.h"
#include "latency.h"
#include "reply.h"
#include "ring.h"
#include "status.h"

/** ANSWER_BYTES - Room for a piece of answers and the longest one. */
#define ANSWER_BYTES (512u << 10)

/** ANSWER_COUNTS_BYTES - Read of the kernel's counts at once: some two hundred. */
#define ANSWER_COUNTS_BYTES (16u << 10)

/** struct answer_losses - See the interface description. */
struct answer_losses {
	uint64_t forensics;
	uint64_t trajectory;
	uint64_t journal;
	uint64_t clients_refused;
	uint64_t clients_dropped;
};

/** struct answer_rate - Events in a while. */
struct answer_rate {
	uint64_t begin_usec;
	uint64_t events;
};

/**
 * struct answer_source - What answers are made of.
 * @params: How it is judged; borrowed.
 * @judge: Borrowed.
 * @counts: Descriptor of the kernel's counts, where it judges.
 * @counts_reader: Of them.
 * @counter: The answer that reads them at the moment, if it still does.
 * @latency: Of verdicts.
 * @events: The last ones.
 * @outside: Those outside the model.
 * @begin_usec: Of this run; monotonic, as are all times but those of events.
 * @rates: The last begin of a second, and the one before.
 */
struct answer_source {
	const struct judge_params *params;
	struct judge *judge;
	int counts;
	struct counts_reader counts_reader;
	const struct answer *counter;
	struct latency latency;
	struct ring events;
	struct ring outside;
	struct answer_losses losses;
	uint64_t kernel[STATUS_PING_COUNT];
	uint64_t begin_usec;
	struct answer_rate rates[2];
};

/** answer_tick() - Time has passed: for events per second. */
void answer_tick(struct answer_source *source, uint64_t now_usec);

/** enum answer_kind - What is still to be told. */
enum answer_kind {
	ANSWER_NOTHING,
	ANSWER_POINTS,
	ANSWER_EVENTS, /* those that there were when it began */
	ANSWER_FOLLOW, /* for ever */
	ANSWER_MODEL,
};
#define ANSWER_KIND_COUNT (ANSWER_MODEL + 1)

/**
 * struct answer - To one call.
 * @ring: Of events.
 * @cursor: Into it.
 * @until: Number of the first event that is not told.
 * @counting: The kernel's counts have to be read first.
 * @slot: Next one of the points, or next path.
 * @slots: Of the points when it began.
 */
struct answer {
	enum answer_kind kind;
	const struct ring *ring;
	struct ring_cursor cursor;
	uint64_t until;
	bool counting;
	size_t slot;
	size_t slots;
};

/** answer_begin() - Answer a call, or begin to. */
void answer_begin(struct answer *answer, struct answer_source *source, const struct call *call,
		  uint64_t now_usec, struct reply *reply);

/** answer_continue() - Tell another piece; @answer is ANSWER_NOTHING after the last one. */
void answer_continue(struct answer *answer, struct answer_source *source, struct reply *reply);

/** answer_has_more() - Whether answer_continue() has something to tell. */
static inline bool answer_has_more(const struct answer *answer)
{
	return answer->kind != ANSWER_NOTHING &&
	       (answer->kind != ANSWER_FOLLOW || ring_is_behind(answer->ring, &answer->cursor));
}

#endif
