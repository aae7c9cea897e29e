/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session-private.h - struct session, shared by session.c (states), setup.c
 * (what is opened and started) and watch.c (the modelling agent).
 */
#ifndef QUIXOTE_SESSION_PRIVATE_H
#define QUIXOTE_SESSION_PRIVATE_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "../libtsem/channel.h"
#include "../tma/status.h"
#include "agent.h"
#include "anchor.h"
#include "bell.h"
#include "door.h"
#include "driver.h"
#include "entrance.h"
#include "failure.h"
#include "place.h"
#include "preload.h"
#include "relay.h"
#include "reload.h"
#include "session.h"
#include "streams.h"
#include "tell.h"
#include "workload.h"

/** enum session_state - In this order; only failures and signals skip some. */
enum session_state {
	SESSION_STARTING,  /* the TMA loads its model */
	SESSION_PREPARING, /* the child gives up its privilege */
	SESSION_EXECUTING, /* it is armed and was let go; a container is waited for */
	SESSION_RUNNING,
	SESSION_STOPPING,  /* the driver is done: the service was asked to end */
	SESSION_GRACE,	   /* the main process is gone: the others may end by themselves */
	SESSION_KILLING,   /* every member is being killed */
	SESSION_FINISHING, /* nothing runs any more: the TMA writes the model */
	SESSION_DRAINING,  /* helpers end, the last output is written */
};
#define SESSION_STATE_COUNT (SESSION_DRAINING + 1)

/**
 * struct session - A workload.
 * @params: What was asked for; borrowed.
 * @event: Loop.
 * @tell: Those who are told.
 * @state: See enum session_state.
 * @exit_status: To end with.
 * @failed: A row of the failure table has decided @exit_status.
 * @signal_count: Requests to end.
 * @channel: Owns the namespace.
 * @status_file: Of the namespace.
 * @counters: Losses already answered for.
 * @place: Model.
 * @door: Management socket.
 * @keyring: Of a model that must be signed.
 * @state_dir: Where its version is kept, and what the recorder writes.
 * @preload: The model on its way into the kernel.
 * @tma: Modelling agent.
 * @tma_socket: To it; closed at its end.
 * @recorder: Of forensics and trajectory; none when there is nothing to keep.
 * @recorder_lost: Eventfd: lines that it could not write.
 * @lost_source: On that.
 * @workload: Main process; pid 0 once reaped. With a driver around it, the driver; of a
 *	bundle, its keeper; of a container started elsewhere, its init, which is no child.
 * @driver: Driver beside it; likewise.
 * @shims: Where programs of a driver around it, or a bundle's, are armed; else NULL.
 * @armer: Where processes of a container that are started elsewhere are armed; else NULL.
 * @workload_source: Tells the end of that container's init.
 * @entrance: Where processes of a unit are armed; else NULL.
 * @streams: Its standard streams.
 * @end: Enabled when all is done; the loop ends when that was told.
 * @result_told: What came of it was.
 * @limit: Ends a state that takes too long.
 * @tick: Asks TMA and kernel how they are.
 * @report_source: On workload.report.
 * @tma_source: On @tma_socket.
 * @ping: Number of the last one.
 * @ping_usec: When it was sent; 0 if it was answered.
 * @anchor: Line to the machine's anchor.
 * @finished: Last message of the TMA; kind is 0 before.
 * @outside_before: Events outside their models that agents before it have counted.
 * @bell: Where somebody asks for a reload.
 * @reload: See there.
 */
struct session {
	const struct session_params *params;
	sd_event *event;
	struct tell tell;
	enum session_state state;
	int exit_status;
	bool failed;
	unsigned int signal_count;

	struct tsem_channel channel;
	int status_file;
	struct tsem_status counters;
	struct place place;
	struct door door;
	int keyring;
	int state_dir;

	struct preload preload;
	struct agent tma;
	int tma_socket;
	struct agent recorder;
	int recorder_lost;
	sd_event_source *lost_source;
	struct workload workload;
	struct workload driver;
	struct driver *shims;
	struct armer *armer;
	sd_event_source *workload_source;
	struct entrance *entrance;
	struct streams streams;

	sd_event_source *end;
	bool result_told;
	sd_event_source *limit;
	sd_event_source *tick;
	sd_event_source *report_source;
	sd_event_source *tma_source;
	uint64_t ping;
	uint64_t ping_usec;
	struct anchor anchor;
	struct status_message finished;
	uint64_t outside_before;

	struct bell *bell;
	struct reload reload;
};

/** session_fail_fn - What a failure means to who has met it: session_fail(), or reload_refuse(). */
typedef int session_fail_fn(struct session *s, enum failure failure, const char *detail,
			    int error);

/* session.c */

/** session_fail() - A row of the failure table has come true. Return: 0, for handlers. */
int session_fail(struct session *s, enum failure failure, const char *detail, int error);

/** session_enter() - Go to a state. Return: 0, for handlers. */
int session_enter(struct session *s, enum session_state state);

/** session_limit() - The state may last so long from now on; 0: as long as it likes. */
int session_limit(struct session *s, uint64_t usec);

/** session_armed() - A process that was started by others is armed. Return: 0 or a negative errno. */
int session_armed(pid_t pid, int pidfd, void *userdata);

/** session_joined() - The same of one more, in a container that runs. */
int session_joined(pid_t pid, int pidfd, void *userdata);

/** session_look() - Whether what the state waits for has happened without waking anyone. */
void session_look(struct session *s);

/* setup.c */

/** setup_channel() - Open the control file: it may be written only, which root overrides. */
int setup_channel(struct session *s);

/** setup_files() - Open what needs the caller's rights: model and state directory. */
int setup_files(struct session *s);

/** setup_namespace() - Make it and open its files. */
int setup_namespace(struct session *s, int *ret_events);

/** setup_agents() - Start recorder and TMA; takes over the descriptor. */
int setup_agents(struct session *s, int take_events);

/**
 * setup_trust() - Open what it takes to verify a model.
 * @place: Of the model; its signature is opened.
 * @fail: Told of a failure.
 * Return: 0, or a negative errno.
 */
int setup_trust(struct session *s, struct place *place, int *ret_keyring, session_fail_fn *fail);

/** struct tma_parts - What a TMA is started with; all borrowed. */
struct tma_parts {
	const struct place *place;
	int keyring;
	int events;
	int door;
	const struct spools *spools;
	struct preload *preload;
};

/** setup_tma() - Start one. @ret_socket: To it. Return: 0 or a negative errno. */
int setup_tma(struct session *s, const struct tma_parts *parts, struct agent *ret, int *ret_socket);

/** setup_recorder() - Start the recorder that reads these; none without a state directory. */
int setup_recorder(struct session *s, const struct spools *spools);

/** setup_workload() - Start the child that will be the workload, with its streams. */
int setup_workload(struct session *s);

/** setup_driver() - Make what those need who start members themselves; nothing without them. */
int setup_driver(struct session *s);

/** setup_entrance() - Let the processes of a unit in. */
int setup_entrance(struct session *s);

/** setup_driver_beside() - Start it. */
int setup_driver_beside(struct session *s);

/* watch.c */

/** watch_begin() - Listen to the TMA, and begin to ask it and the kernel how they are. */
int watch_begin(struct session *s);

/** watch_listen() - Listen to the TMA at @tma_socket. Return: 0 or a negative errno. */
int watch_listen(struct session *s);

/**
 * watch_version() - Whether a signed model may be taken, as it is not older than the last.
 * @version: What the agent has read.
 * Return: 0, or a negative errno after having told @fail.
 */
int watch_version(struct session *s, uint64_t version, session_fail_fn *fail);

/** watch_accept() - From now on no older one is. Return: As watch_version(). */
int watch_accept(struct session *s, uint64_t version, session_fail_fn *fail);

/** watch_take_preload() - Give the kernel what has come. Return: As preload_take(); errors are told
 * @fail. */
int watch_take_preload(struct session *s, struct preload *preload, session_fail_fn *fail);

/**
 * watch_preload() - Give the kernel the rest of a model whose agent is ready.
 * Return: 0, or a negative errno after having told @fail.
 */
int watch_preload(struct session *s, struct preload *preload, session_fail_fn *fail);

/** watch_reason() - Why an agent has given up. Return: As @fail does. */
int watch_reason(struct session *s, const struct status_message *m, session_fail_fn *fail);

/** watch_violation() - An agent says that the workload has to end. Return: 0. */
int watch_violation(struct session *s);

/** watch_tell_model() - Tell the journal which model is in force. @detail: In words, returned. */
void watch_tell_model(struct session *s, const struct status_message *ready, char *detail,
		      size_t size);

/** watch_anchored() - The anchor has the start of the workload: go on. */
void watch_anchored(struct session *s);

/** watch_drain() - The TMA is gone: hear what it said before. */
void watch_drain(struct session *s);

/** watch_losses() - Ask the kernel whether events were lost since the last time. */
void watch_losses(struct session *s);

#endif
