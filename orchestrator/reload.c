// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * reload.c - see reload.h. Whatever fails before the seal is a refusal: the next agent is
 * ended, who has asked is told why, and nothing has changed. After the seal there is only
 * the agent before, which has a limit to answer what it has read.
 */
#include "reload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "directory.h"
#include "session-private.h"

#define USEC_PER_MSEC 1000ULL
#define USEC_PER_SEC (1000 * USEC_PER_MSEC)
#define LIMIT_ACCURACY_USEC (10 * USEC_PER_MSEC)

/* As long as the first agent has to load its model, and the anchor to answer. */
#define READY_USEC (30 * USEC_PER_SEC)

/* Beyond the deadline of an event: nobody waits for its verdict any more. */
#define LEAVING_USEC (1 * USEC_PER_SEC)

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata);

static int set_limit(struct session *s, uint64_t usec)
{
	struct reload *r = &s->reload;

	r->limit = sd_event_source_disable_unref(r->limit);
	return sd_event_add_time_relative(s->event, &r->limit, CLOCK_MONOTONIC, usec,
					  LIMIT_ACCURACY_USEC, on_limit, s);
}

/* The service manager hears that it has begun, and of its end, whatever that is. */
static void tell_reload(struct session *s, bool reloading)
{
	struct timespec now;

	if (!reloading) {
		tell_manager(&s->tell, "READY=1");
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	tell_manager(&s->tell, "RELOADING=1\nMONOTONIC_USEC=%llu",
		     (unsigned long long)now.tv_sec * USEC_PER_SEC +
			     (unsigned long long)now.tv_nsec / 1000);
}

/* All but the process, which is reaped. */
static void close_all(struct reload *r)
{
	r->limit = sd_event_source_disable_unref(r->limit);
	r->source = sd_event_source_disable_unref(r->source);
	r->socket = close_fd(r->socket);
	r->door = close_fd(r->door);
	r->keyring = close_fd(r->keyring);
	preload_close(&r->preload);
	place_close(&r->place);
	r->place = PLACE_EMPTY;
}

static void forget_door(struct session *s)
{
	struct file_identity before = privilege_files_as(s->params->caller);

	door_forget_next(&s->door);
	(void)privilege_files_as(before);
}

/* Before the seal: the kernel forgets what it was given when it is begun anew. */
static bool can_be_given_up(const struct session *s)
{
	return s->reload.step == RELOAD_LOADING || s->reload.step == RELOAD_ANCHORING;
}

static int give_up(struct session *s, const char *why)
{
	s->reload.step = RELOAD_NONE;
	agent_kill(&s->reload.agent);
	close_all(&s->reload);
	spools_close(&s->reload.spools);
	forget_door(s);
	anchor_reload_refused(s);
	bell_answer(s->bell, -ECANCELED, why);
	return session_fail(s, FAILURE_RELOAD, why, 0);
}

int reload_refuse(struct session *s, enum failure failure, const char *detail, int error)
{
	char why[BELL_TEXT_BYTES];

	if (!can_be_given_up(s))
		return 0;		  /* one reason is enough */
	if (failure == FAILURE_NAMESPACE) /* there is one; it does not take this */
		(void)snprintf(why, sizeof(why),
			       "%s: %s: the kernel does not take it; restart the workload for it",
			       detail, strerror(-error));
	else
		failure_compose(failure, detail, error, why, sizeof(why));
	(void)give_up(s, why);
	tell_reload(s, false);
	return 0;
}

/* What the agent in force has refused waits for the recorder before to end. */
static bool recorder_waits(const struct session *s)
{
	return !can_be_given_up(s) && s->reload.spools.forensics_read >= 0;
}

static int refuse_wanted(struct session *s)
{
	static const char why[] =
		"the recorder of the model before has not ended, see to the disk of the "
		"state directory; ask again then";

	if (!s->reload.wanted)
		return 0;
	s->reload.wanted = false;
	bell_answer(s->bell, -ECANCELED, why);
	return session_fail(s, FAILURE_RELOAD, why, 0);
}

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct session *s = userdata;

	switch (s->reload.step) {
	case RELOAD_LOADING:
		return reload_refuse(s, FAILURE_TMA_START, "not ready in time", 0);
	case RELOAD_ANCHORING:
		return reload_refuse(s, FAILURE_ANCHOR, "no answer in time", 0);
	case RELOAD_LEAVING:
		agent_kill(&s->reload.agent); /* the rest when it is reaped */
		return 0;
	case RELOAD_NONE:
		return refuse_wanted(s);
	}
	return 0;
}

static void begin_recorder(struct session *s)
{
	struct spools *spools = &s->reload.spools;
	int r = spools->forensics_read < 0 ? 0 : setup_recorder(s, spools);

	spools_close(spools);
	if (r < 0)
		(void)session_fail(s, FAILURE_RECORDER, NULL, r);
}

/* The one before and the next one change places. */
static void change_agents(struct session *s)
{
	struct reload *r = &s->reload;
	struct agent agent = s->tma;
	int socket = s->tma_socket;

	s->tma_source = sd_event_source_disable_unref(s->tma_source);
	r->source = sd_event_source_disable_unref(r->source);
	s->tma = r->agent;
	s->tma_socket = r->socket;
	r->agent = agent;
	r->socket = socket;
	place_close(&s->place);
	s->place = r->place;
	r->place = PLACE_EMPTY;
	(void)close_fd(s->keyring);
	s->keyring = r->keyring;
	r->keyring = -EBADF;
}

static void change_door(struct session *s)
{
	struct file_identity before = privilege_files_as(s->params->caller);
	int r = s->reload.door < 0 ? 0 : door_change(&s->door);

	(void)privilege_files_as(before);
	s->reload.door = close_fd(s->reload.door);
	if (r < 0)
		(void)session_fail(s, FAILURE_MANAGEMENT, NULL, r);
}

/* A PONG that was under way means nothing any more. */
static int hear_last(struct session *s, const struct status_message *m)
{
	struct reload *r = &s->reload;

	switch (m->kind) {
	case STATUS_VIOLATION:
		return watch_violation(s);
	case STATUS_FINISHED:
		r->left = true;
		s->outside_before += m->numbers[STATUS_COUNT_OUTSIDE];
		anchor_take_left(s, m->numbers[STATUS_COUNT_OUTSIDE]);
		if (m->numbers[STATUS_COUNT_DROPPED])
			(void)session_fail(s, FAILURE_FORENSICS_LOST, NULL, 0);
		if (m->numbers[STATUS_COUNT_UNKEPT])
			(void)session_fail(s, FAILURE_TRAJECTORY_LOST, NULL, 0);
		return 0;
	default:
		return 0;
	}
}

static void take_over(struct session *s)
{
	const struct status_message finish = { .kind = STATUS_FINISH };
	char detail[256];
	int r;

	s->reload.step = RELOAD_LEAVING;
	s->reload.left = false;
	change_agents(s);
	change_door(s);
	anchor_sealed(s);
	if (!s->recorder.pid)
		begin_recorder(s);
	r = watch_listen(s);
	if (r >= 0)
		r = set_limit(s, s->params->deadline_msec * USEC_PER_MSEC + LEAVING_USEC);
	if (r < 0)
		(void)session_fail(s, FAILURE_INTERNAL, NULL, r);
	if (status_send(s->reload.socket, &finish) < 0)
		agent_kill(&s->reload.agent); /* it takes no word any more */
	watch_tell_model(s, &s->reload.ready, detail, sizeof(detail));
	bell_answer(s->bell, 0, detail);
	tell_reload(s, false);
}

static int hear_and_listen(struct session *s);

/* Up to here everything can be given up. */
static int commit(struct session *s)
{
	int r;

	if (watch_accept(s, s->reload.ready.numbers[STATUS_READY_VERSION], reload_refuse) < 0)
		return 0;
	r = tsem_channel_command(&s->channel, "seal");
	if (r < 0)
		return reload_refuse(s, FAILURE_NAMESPACE, "seal", r);
	take_over(s);
	return hear_and_listen(s);
}

void reload_anchored(struct session *s)
{
	(void)commit(s);
}

static int take_ready(struct session *s, const struct status_message *m)
{
	if (!s->reload.agent.pid)
		return 0; /* it has died since */
	s->reload.ready = *m;
	if (watch_version(s, m->numbers[STATUS_READY_VERSION], reload_refuse) < 0 ||
	    watch_preload(s, &s->reload.preload, reload_refuse) < 0)
		return 0;
	s->reload.step = RELOAD_ANCHORING;
	return anchor_reload(s, m) == 0 ? commit(s) : 0;
}

/* What the next agent may say: that it is ready, or that it will not be. */
static int hear_next(struct session *s, const struct status_message *m)
{
	if (m->kind == STATUS_READY && s->reload.step == RELOAD_LOADING)
		return take_ready(s, m);
	if (m->kind == STATUS_FAILED)
		return watch_reason(s, m, reload_refuse);
	return reload_refuse(s, FAILURE_TMA_GARBAGE, NULL, 0);
}

/* Returns false when there is nothing more to hear for now. */
static bool hear(struct session *s)
{
	struct reload *r = &s->reload;
	struct status_message m;
	int e = status_receive(r->socket, &m);

	if (e == -EAGAIN)
		return false;
	if (e < 0) { /* its end is seen when it is reaped */
		r->source = sd_event_source_disable_unref(r->source);
		if (e != -EPIPE && r->step != RELOAD_LEAVING)
			(void)reload_refuse(s, FAILURE_TMA_GARBAGE, NULL, e);
		return false;
	}
	(void)(r->step == RELOAD_LEAVING ? hear_last : hear_next)(s, &m);
	return r->socket >= 0;
}

static int on_message(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)hear(userdata);
	return 0;
}

static int hear_and_listen(struct session *s)
{
	struct reload *r = &s->reload;

	r->source = sd_event_source_disable_unref(r->source);
	return sd_event_add_io(s->event, &r->source, r->socket, EPOLLIN, on_message, s);
}

static int on_preload(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct session *s = userdata;

	(void)watch_take_preload(s, &s->reload.preload, reload_refuse);
	return 0;
}

/* As the caller. Returns a negative errno after having refused. */
static int open_files(struct session *s)
{
	struct reload *r = &s->reload;
	int e = place_open(s->params->model, false, &r->place);

	if (e < 0)
		return reload_refuse(s, FAILURE_MODEL_OPEN, s->params->model, e), e;
	if (s->params->keys) {
		e = setup_trust(s, &r->place, &r->keyring, reload_refuse);
		if (e < 0)
			return e;
	}
	e = r->door = door_open_next(&s->door);
	if (e < 0 && s->door.dir >= 0)
		return reload_refuse(s, FAILURE_MANAGEMENT, NULL, e), e;
	return 0;
}

static int start_agent(struct session *s, int events)
{
	struct reload *r = &s->reload;
	const struct tma_parts parts = {
		.place = &r->place,
		.keyring = r->keyring,
		.events = events,
		.door = r->door,
		.spools = &r->spools,
		.preload = &r->preload,
	};
	int e = s->state_dir < 0 ? 0 : spools_open(s->params->trajectory_kept, &r->spools);

	if (e >= 0)
		e = setup_tma(s, &parts, &r->agent, &r->socket);
	spools_close_writing(&r->spools);
	if (e >= 0)
		e = hear_and_listen(s);
	if (e >= 0 && r->preload.fd >= 0)
		e = sd_event_add_io(s->event, &r->preload.source, r->preload.fd, EPOLLIN,
				    on_preload, s);
	return e < 0 ? e : set_limit(s, READY_USEC);
}

static void begin(struct session *s)
{
	_cleanup_(close_fdp) int events = -EBADF;
	struct file_identity before;
	int r;

	s->reload.step = RELOAD_LOADING;
	tell_reload(s, true);
	before = privilege_files_as(s->params->caller);
	r = open_files(s);
	(void)privilege_files_as(before);
	if (r < 0)
		return;
	r = tsem_channel_command(&s->channel, "reload");
	if (r >= 0)
		r = events = tsem_channel_open_events(&s->channel);
	if (r < 0) {
		(void)reload_refuse(s, FAILURE_NAMESPACE, "reload", r);
		return;
	}
	r = start_agent(s, events);
	if (r < 0)
		(void)reload_refuse(s, FAILURE_TMA_START, "quixote-tma", r);
}

/* Why it cannot even be begun; NULL if it can. */
static const char *obstacle(const struct session *s)
{
	if (s->params->internal)
		return "the kernel itself judges by its model (Root=kernel) and takes no other; "
		       "restart the workload";
	if (s->params->train)
		return "it learns, and writes its model when it ends";
	if (s->state != SESSION_RUNNING || s->failed || !s->tma.pid)
		return "it is about to end";
	return NULL;
}

/* The agent before has a limit, its recorder is given one. */
static int wait_for_those_before(struct session *s)
{
	s->reload.wanted = true;
	return s->reload.agent.pid ? 0 : set_limit(s, READY_USEC);
}

static void on_rung(void *userdata)
{
	struct session *s = userdata;
	const char *why = obstacle(s);

	s->reload.wanted = false;
	if (why)
		bell_answer(s->bell, -EOPNOTSUPP, why);
	else if (!s->reload.agent.pid && !recorder_waits(s))
		begin(s);
	else if (wait_for_those_before(s) < 0)
		(void)refuse_wanted(s);
}

void reload_listen(struct session *s)
{
	struct file_identity before;
	int r;

	if (s->door.dir < 0)
		return; /* it has been said already */
	before = privilege_files_as(s->params->caller);
	r = bell_new(s->event, s->door.dir, s->params->caller.uid, on_rung, s, &s->bell);
	(void)privilege_files_as(before);
	if (r < 0)
		(void)session_fail(s, FAILURE_MANAGEMENT, DIRECTORY_BELL, r);
}

static void next_died(struct session *s, const siginfo_t *child)
{
	char detail[64] = "it died";

	if (child->si_code != CLD_EXITED)
		(void)snprintf(detail, sizeof(detail), "it died of signal %d", child->si_status);
	(void)reload_refuse(s, FAILURE_TMA_START, detail, 0);
}

void reload_reaped(struct session *s, const siginfo_t *child)
{
	struct reload *r = &s->reload;

	agent_reaped(&r->agent);
	while (r->socket >= 0 && hear(s)) /* what it said before */
		;
	if (r->step == RELOAD_LEAVING) {
		r->step = RELOAD_NONE;
		close_all(r);
		if (!r->left)
			(void)session_fail(s, FAILURE_RELOAD_LEFT, NULL, 0);
	} else if (r->step != RELOAD_NONE) {
		next_died(s, child);
	}
	if (r->wanted)
		on_rung(s);
}

void reload_recorder_ended(struct session *s)
{
	if (s->reload.step == RELOAD_NONE || s->reload.step == RELOAD_LEAVING)
		begin_recorder(s);
	if (s->reload.wanted)
		on_rung(s);
}

void reload_stop(struct session *s)
{
	static const char why[] = "the workload ends";

	if (can_be_given_up(s))
		(void)give_up(s, why);
	else if (s->reload.wanted)
		bell_answer(s->bell, -ECANCELED, why);
	s->reload.wanted = false;
}

void reload_done(struct session *s)
{
	agent_kill(&s->reload.agent);
	close_all(&s->reload);
	spools_close(&s->reload.spools);
	s->bell = bell_free(s->bell);
}
