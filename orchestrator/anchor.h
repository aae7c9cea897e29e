/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * anchor.h - the workload's line to the machine's anchor: what it is told, and
 * what follows if it is not there. Waits for nothing and holds up no verdict.
 */
#ifndef QUIXOTE_ANCHOR_H
#define QUIXOTE_ANCHOR_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "../tma/anchor/feed.h"

struct session;
struct status_message;

/**
 * struct anchor - The line.
 * @fd: To the anchor.
 * @source: On it.
 * @state: What it was told last.
 * @begun: The workload has been told of; from then on the line is made again if it breaks.
 * @waiting: Nothing of the workload is started before the anchor has answered.
 * @before: What it was told before a reload.
 * @outside_before: Events outside their models that agents before the last reload have counted.
 * @outside_older: Those before the one before.
 * @violated: It was told of the first event outside the model.
 * @next_usec: When it is told the state, or the line is made again.
 */
struct anchor {
	int fd;
	sd_event_source *source;
	struct feed_message state;
	bool begun;
	bool waiting;
	struct feed_message before;
	uint64_t outside_before;
	uint64_t outside_older;
	bool violated;
	uint64_t next_usec;
};

#define ANCHOR_EMPTY ((struct anchor){ .fd = -EBADF })

/**
 * anchor_begin() - The TMA is ready: tell which model will be enforced.
 * @ready: What it has said.
 * Return: 1 if the workload has to wait for the answer, which comes to watch_anchored(); 0 if it
 * is not anchored; a negative errno after failing the session.
 */
int anchor_begin(struct session *s, const struct status_message *ready);

/**
 * anchor_reload() - Another model will be enforced.
 * @ready: What its agent has said.
 * Return: 1 if that has to wait for the answer, which comes to reload_anchored(); 0 if nothing is
 * anchored; a negative errno after reload_refuse().
 */
int anchor_reload(struct session *s, const struct status_message *ready);

/** anchor_reload_refused() - It will not: what was told before holds. */
void anchor_reload_refused(struct session *s);

/** anchor_take_left() - Events outside its model that the agent before the last reload counted. */
void anchor_take_left(struct session *s, uint64_t outside);

/** anchor_sealed() - The namespace takes nothing new. */
void anchor_sealed(struct session *s);

/** anchor_take_state() - What the TMA counts and measures now: a pong or its last words. */
void anchor_take_state(struct session *s, uint64_t events, uint64_t outside,
		       const char *measurement);

/** anchor_violation() - An event was outside the model, and the workload is ended for it. */
void anchor_violation(struct session *s);

/** anchor_tick() - Tell the state, or make the line again. */
void anchor_tick(struct session *s, uint64_t now_usec);

/** anchor_end() - Nothing of the workload runs any more. */
void anchor_end(struct session *s);

/** anchor_abandon() - It cannot be said that the workload has ended: the anchor will see us go. */
void anchor_abandon(struct session *s);

void anchor_close(struct session *s);

#endif
