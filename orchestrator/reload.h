/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reload.h - taking a new model without ending the workload: a second modelling agent
 * verifies it and takes the place of the first one, at the kernel's "seal". Until then all
 * of it can be given up, and nothing of the workload has noticed.
 */
#ifndef QUIXOTE_RELOAD_H
#define QUIXOTE_RELOAD_H

#include <signal.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

#include "../tma/status.h"
#include "agent.h"
#include "failure.h"
#include "place.h"
#include "preload.h"
#include "spools.h"

struct session;

/** enum reload_step - How far it is. */
enum reload_step {
	RELOAD_NONE,
	RELOAD_LOADING,	  /* the next agent verifies its model, the kernel is given it */
	RELOAD_ANCHORING, /* the anchor hears of it */
	RELOAD_LEAVING,	  /* it is in force; the agent before answers what it has read, and ends */
};

/**
 * struct reload - A reload.
 * @step: See there.
 * @agent: The one that does not judge yet, or no more.
 * @socket: To it.
 * @source: On that.
 * @place: Its model and signature.
 * @keyring: Of that.
 * @door: Its management socket.
 * @preload: Its model on the way into the kernel.
 * @spools: What its recorder will read, once the one before has ended.
 * @ready: What it said when it was ready.
 * @limit: Ends a step that takes too long.
 * @left: The agent before has said its last words.
 * @wanted: Somebody has asked for another one, which begins when the agent before and its
 *	recorder have ended.
 */
struct reload {
	enum reload_step step;
	struct agent agent;
	int socket;
	sd_event_source *source;
	struct place place;
	int keyring;
	int door;
	struct preload preload;
	struct spools spools;
	struct status_message ready;
	sd_event_source *limit;
	bool left;
	bool wanted;
};

#define RELOAD_EMPTY                                                                               \
	((struct reload){ .agent = AGENT_EMPTY,                                                    \
			  .socket = -EBADF,                                                        \
			  .place = PLACE_EMPTY,                                                    \
			  .keyring = -EBADF,                                                       \
			  .door = -EBADF,                                                          \
			  .preload.fd = -EBADF,                                                    \
			  .spools = SPOOLS_EMPTY })

/** reload_listen() - Let others ask for it. */
void reload_listen(struct session *s);

/** reload_anchored() - The anchor knows of the next model: go on. */
void reload_anchored(struct session *s);

/** reload_refuse() - It is given up, for a reason that has a row of the table. Return: 0. */
int reload_refuse(struct session *s, enum failure failure, const char *detail, int error);

/** reload_reaped() - The process of its agent was reaped. */
void reload_reaped(struct session *s, const siginfo_t *child);

/** reload_recorder_ended() - The recorder has ended: that of the next agent may begin. */
void reload_recorder_ended(struct session *s);

/** reload_stop() - The workload is about to end: what is not in force yet will not be. */
void reload_stop(struct session *s);

void reload_done(struct session *s);

#endif
