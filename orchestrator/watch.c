// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * watch.c - the orchestrator's side of the status socket, and the tick that
 * asks TMA and kernel how they are. A TMA that does not answer within an
 * event's deadline is hung: its events would expire anyway.
 *
 * The service manager's watchdog hears of progress, not of a loop that turns: it is told
 * when the TMA has answered between two verdicts, and while there is none that could, in
 * states that have a limit of their own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "../libtsem/cleanup.h"
#include "accepted.h"
#include "session-private.h"

#define WATCH_MODEL_MESSAGE_ID "7d0e6a9d2c1f4c55a3f2bd4c0d1a9e37"

#define USEC_PER_MSEC 1000ULL
#define TICK_USEC_MIN (50 * USEC_PER_MSEC)
#define TICK_USEC_MAX (500 * USEC_PER_MSEC)

/* Shorter than this an agent may be silent because the machine is busy. */
#define HUNG_USEC_MIN (2000 * USEC_PER_MSEC)

/* A tick that comes so much later than it was to come. */
#define LATE_USEC (100 * USEC_PER_MSEC)

/* Of a pipe that is full, some times over: 64 KiB by 4 KiB. */
#define PRELOAD_READS_MAX 64

static uint64_t deadline_usec(const struct session *s)
{
	return s->params->deadline_msec * USEC_PER_MSEC;
}

static uint64_t hung_usec(const struct session *s)
{
	return deadline_usec(s) > HUNG_USEC_MIN ? deadline_usec(s) : HUNG_USEC_MIN;
}

static uint64_t tick_usec(const struct session *s)
{
	uint64_t usec = deadline_usec(s) / 4;

	if (s->state == SESSION_GRACE || s->state == SESSION_KILLING || usec < TICK_USEC_MIN)
		return TICK_USEC_MIN; /* the kernel's count of members wakes nobody */
	return usec < TICK_USEC_MAX ? usec : TICK_USEC_MAX;
}

/* A signed model is not replaced by an older one, which was signed as well. */
static int check_version(struct session *s, uint64_t version, bool accept, session_fail_fn *fail)
{
	struct file_identity before;
	char detail[64] = ACCEPTED_FILE;
	uint64_t accepted = 0;
	int r;

	if (!s->params->keys)
		return 0;
	before = privilege_files_as(s->params->caller);
	r = version ? accepted_read(s->state_dir, &accepted) : -EBADMSG;
	if (r == 0 && version < accepted)
		r = -ESTALE;
	else if (r == 0 && version > accepted && accept)
		r = accepted_write(s->state_dir, version);
	(void)privilege_files_as(before);
	if (r == -ESTALE)
		(void)snprintf(detail, sizeof(detail), "version %llu, after %llu",
			       (unsigned long long)version, (unsigned long long)accepted);
	if (r < 0)
		(void)fail(s, FAILURE_MODEL_VERSION, detail, r == -ESTALE ? 0 : r);
	return r;
}

int watch_version(struct session *s, uint64_t version, session_fail_fn *fail)
{
	return check_version(s, version, false, fail);
}

int watch_accept(struct session *s, uint64_t version, session_fail_fn *fail)
{
	return check_version(s, version, true, fail);
}

/*
 * Return: 0 at the end of the model, 1 before it, -EAGAIN if nothing has come, or another
 * errno after failing the session.
 */
int watch_take_preload(struct session *s, struct preload *preload, session_fail_fn *fail)
{
	int r = preload_take(preload, &s->channel);

	if (r == -EAGAIN || r > 0)
		return r;
	preload_close(preload);
	if (r == -EBADMSG)
		(void)fail(s, FAILURE_TMA_GARBAGE, "the model for the kernel", 0);
	else if (r < 0)
		(void)fail(s, FAILURE_NAMESPACE, "the model for the kernel", r);
	return r;
}

static int on_preload(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct session *s = userdata;

	(void)watch_take_preload(s, &s->preload, session_fail);
	return 0;
}

/*
 * The TMA has written all of it before it says that it is ready: what is left is in the
 * pipe, and more than that is not waited for.
 */
int watch_preload(struct session *s, struct preload *preload, session_fail_fn *fail)
{
	int r = 0;

	for (unsigned int i = 0; preload->fd >= 0 && r >= 0; i++)
		r = i < PRELOAD_READS_MAX ? watch_take_preload(s, preload, fail) : -EAGAIN;
	if (r == -EAGAIN)
		(void)fail(s, FAILURE_TMA_GARBAGE, "ready before its model is", 0);
	return r;
}

/* Which model it is: its digest is the first word of what the agent says. */
void watch_tell_model(struct session *s, const struct status_message *ready, char *detail,
		      size_t size)
{
	const char *digest = ready->text;
	int length = (int)strcspn(digest, " \n");
	unsigned long long version = ready->numbers[STATUS_READY_VERSION];
	unsigned long long points = ready->numbers[STATUS_READY_POINTS];
	char number[32] = "not signed";

	if (version)
		(void)snprintf(number, sizeof(number), "version %llu", version);
	(void)snprintf(detail, size, "the model sha256:%.*s is in force, %s, %llu coefficients",
		       length, digest, number, points);
	tell_journal(&s->tell,
		     "MESSAGE=%s: %s\nMESSAGE_ID=" WATCH_MODEL_MESSAGE_ID
		     "\nPRIORITY=%i\n" TELL_JOURNAL_IDENTIFIER
		     "TSEM_WORKLOAD=%s\nTSEM_MODEL=%.*s\nTSEM_VERSION=%llu\n",
		     s->params->name, detail, LOG_INFO, s->params->name, length, digest, version);
	tell_manager(&s->tell, "STATUS=%s", detail);
}

/* Who judges has the model, and the anchor knows which. */
static int go_on(struct session *s)
{
	int r;

	r = s->params->enforce ? tsem_channel_command(&s->channel, "enforce") : 0;
	if (r >= 0 && s->params->seal)
		r = tsem_channel_command(&s->channel, "seal");
	if (r < 0)
		return session_fail(s, FAILURE_NAMESPACE, "seal", r);
	if (s->params->seal || s->params->enforce)
		anchor_sealed(s);
	return session_enter(s, SESSION_PREPARING);
}

void watch_anchored(struct session *s)
{
	if (s->state == SESSION_STARTING && !s->failed)
		(void)go_on(s);
}

static int answer_ready(struct session *s, const struct status_message *m)
{
	char detail[256];

	if (s->anchor.begun)
		return session_fail(s, FAILURE_TMA_GARBAGE, "ready twice", 0);
	if (watch_accept(s, m->numbers[STATUS_READY_VERSION], session_fail) < 0 ||
	    watch_preload(s, &s->preload, session_fail) < 0)
		return 0;
	if (!s->params->train)
		watch_tell_model(s, m, detail, sizeof(detail));
	return anchor_begin(s, m) == 0 ? go_on(s) : 0;
}

static int answer_pong(struct session *s, const struct status_message *m)
{
	if (!s->ping_usec || m->numbers[STATUS_PONG_NUMBER] != s->ping)
		return session_fail(s, FAILURE_TMA_GARBAGE, "an answer to nothing", 0);
	s->ping_usec = 0;
	anchor_take_state(s, m->numbers[STATUS_PONG_EVENTS], m->numbers[STATUS_PONG_OUTSIDE],
			  m->text);
	tell_alive(&s->tell);
	return 0;
}

int watch_violation(struct session *s)
{
	anchor_violation(s);
	return session_fail(s, FAILURE_VIOLATION, NULL, 0);
}

static int answer_violation(struct session *s, const struct status_message *m)
{
	return watch_violation(s);
}

int watch_reason(struct session *s, const struct status_message *m, session_fail_fn *fail)
{
	static const enum failure failures[STATUS_FAILURE_COUNT] = {
		[0] = FAILURE_TMA_GARBAGE,
		[STATUS_FAILURE_SETUP] = FAILURE_TMA_START,
		[STATUS_FAILURE_MODEL] = FAILURE_MODEL_LOAD,
		[STATUS_FAILURE_CHANNEL] = FAILURE_CHANNEL,
		[STATUS_FAILURE_RECORD] = FAILURE_RECORD,
		[STATUS_FAILURE_MODEL_FULL] = FAILURE_MODEL_FULL,
		[STATUS_FAILURE_MODEL_WRITE] = FAILURE_MODEL_WRITE,
		[STATUS_FAILURE_SIGNATURE] = FAILURE_MODEL_SIGNATURE,
	};
	const char *detail = m->text[0] ? m->text : NULL;
	_cleanup_(freep) char *of_model = NULL;

	if (m->code >= STATUS_FAILURE_COUNT)
		return fail(s, FAILURE_TMA_GARBAGE, NULL, 0);
	/* The agent has a descriptor and no name. */
	if (m->code == STATUS_FAILURE_MODEL && detail &&
	    asprintf(&of_model, "%s: %s", s->params->model, detail) < 0)
		of_model = NULL;
	if (m->code == STATUS_FAILURE_MODEL)
		detail = of_model ?: s->params->model;
	return fail(s, failures[m->code], detail, 0);
}

static int answer_failed(struct session *s, const struct status_message *m)
{
	return watch_reason(s, m, session_fail);
}

static int answer_finished(struct session *s, const struct status_message *m)
{
	if (s->state == SESSION_KILLING && !s->failed)
		return session_fail(s, FAILURE_TMA_GARBAGE, "finished too early", 0);
	s->finished = *m;
	anchor_take_state(s, m->numbers[STATUS_COUNT_EVENTS], m->numbers[STATUS_COUNT_OUTSIDE],
			  m->text);
	return 0;
}

#define STATE(name) (1u << SESSION_##name)
#define ALIVE                                                                                      \
	(STATE(PREPARING) | STATE(EXECUTING) | STATE(RUNNING) | STATE(STOPPING) | STATE(GRACE) |   \
	 STATE(KILLING) | STATE(FINISHING))

/* What the TMA may say and when; a row that is missing has no states and is refused. */
static const struct {
	unsigned int states;
	int (*answer)(struct session *s, const struct status_message *m);
} status_rules[STATUS_KIND_COUNT] = {
	[STATUS_READY] = { STATE(STARTING), answer_ready },
	[STATUS_PONG] = { ALIVE, answer_pong },
	[STATUS_VIOLATION] = { ALIVE, answer_violation },
	[STATUS_FAILED] = { STATE(STARTING) | ALIVE | STATE(DRAINING), answer_failed },
	[STATUS_FINISHED] = { STATE(KILLING) | STATE(FINISHING), answer_finished },
};

/* Returns false when there is nothing more to hear for now. */
static bool hear(struct session *s)
{
	struct status_message m;
	int r = status_receive(s->tma_socket, &m);

	if (r == -EAGAIN)
		return false;
	if (r == -EPIPE) {
		s->tma_source = sd_event_source_disable_unref(s->tma_source);
		s->tma_socket = close_fd(s->tma_socket);
		return false;
	}
	/* Killed, it may still have said something: no news and no reason to fail again. */
	if (r == 0 && s->failed && !(status_rules[m.kind].states & (1u << s->state)))
		return true;
	if (r < 0 || !(status_rules[m.kind].states & (1u << s->state))) {
		(void)session_fail(s, FAILURE_TMA_GARBAGE, NULL, r);
		return false;
	}
	(void)status_rules[m.kind].answer(s, &m);
	return true;
}

static int on_tma_message(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct session *s = userdata;

	(void)hear(s); /* one for each turn of the loop; its death is seen when it is reaped */
	return 0;
}

void watch_drain(struct session *s)
{
	while (s->tma_socket >= 0 && hear(s))
		;
}

static bool can_answer(const struct session *s)
{
	return s->tma_socket >= 0 && s->state >= SESSION_PREPARING && s->state <= SESSION_KILLING;
}

static void ask_tma(struct session *s, uint64_t now)
{
	struct status_message m = { .kind = STATUS_PING };
	int r;

	if (!can_answer(s))
		return;
	if (s->ping_usec) {
		if (now - s->ping_usec > hung_usec(s))
			(void)session_fail(s, FAILURE_TMA_HUNG, NULL, 0);
		return;
	}
	m.numbers[STATUS_PING_NUMBER] = ++s->ping;
	m.numbers[STATUS_PING_EVENTS] = s->counters.events;
	m.numbers[STATUS_PING_MEMBERS] = s->counters.members;
	m.numbers[STATUS_PING_WAITING] = s->counters.waiting;
	m.numbers[STATUS_PING_EXPIRED] = s->counters.expired;
	m.numbers[STATUS_PING_DROPPED] = s->counters.dropped;
	m.numbers[STATUS_PING_REMEMBERED] = s->counters.remembered;
	r = status_send(s->tma_socket, &m);
	if (r == 0)
		s->ping_usec = now;
	else if (r != -EPIPE) /* its end is seen when it is reaped */
		(void)session_fail(s, FAILURE_TMA_HUNG, NULL, r);
}

void watch_losses(struct session *s)
{
	struct tsem_status now;
	int r;

	if (s->status_file < 0 || s->failed)
		return;
	r = tsem_status_read(s->status_file, &now);
	if (r < 0) {
		(void)session_fail(s, FAILURE_CHANNEL, "status file", r);
		return;
	}
	if (now.expired > s->counters.expired)
		(void)session_fail(s, FAILURE_EVENT_EXPIRED, NULL, 0);
	else if (now.dropped > s->counters.dropped)
		(void)session_fail(s, FAILURE_EVENT_DROPPED, NULL, 0);
	s->counters = now;
}

/*
 * While this process did not run, nor perhaps the whole machine, an agent was not late: it has
 * the rest of its time, from now on.
 */
static void forgive(struct session *s, uint64_t due, uint64_t now)
{
	if (s->ping_usec && now > due + LATE_USEC)
		s->ping_usec += now - due;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct session *s = userdata;
	uint64_t now;
	int r;

	r = sd_event_now(s->event, CLOCK_MONOTONIC, &now);
	if (r < 0)
		return r;
	if (!can_answer(s))
		tell_alive(&s->tell);
	forgive(s, usec, now);
	if (s->tma.pid) {
		ask_tma(s, now);
		watch_losses(s);
	}
	anchor_tick(s, now);
	session_look(s);
	r = sd_event_source_set_time_relative(source, tick_usec(s));
	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Said once: from then on the gaps are in the files, and space that comes and goes is no news. */
static int on_recorder_lost(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct session *s = userdata;

	s->lost_source = sd_event_source_disable_unref(s->lost_source);
	return session_fail(s, FAILURE_DISK_FULL, NULL, 0);
}

int watch_listen(struct session *s)
{
	int r = sd_event_add_io(s->event, &s->tma_source, s->tma_socket, EPOLLIN, on_tma_message,
				s);

	if (r < 0)
		return r;
	/* With the priority of all others: an agent that never stops talking holds up none of them.
	 */
	(void)sd_event_source_set_description(s->tma_source, "tma"); /* for people */
	s->ping_usec = 0;
	return 0;
}

int watch_begin(struct session *s)
{
	int r;

	if (s->recorder_lost >= 0) {
		r = sd_event_add_io(s->event, &s->lost_source, s->recorder_lost, EPOLLIN,
				    on_recorder_lost, s);
		if (r < 0)
			return r;
	}

	r = watch_listen(s);
	if (r < 0)
		return r;
	if (s->preload.fd >= 0)
		r = sd_event_add_io(s->event, &s->preload.source, s->preload.fd, EPOLLIN,
				    on_preload, s);
	if (r < 0)
		return r;
	r = sd_event_add_time_relative(s->event, &s->tick, CLOCK_MONOTONIC, tick_usec(s),
				       10 * USEC_PER_MSEC, on_tick, s);
	if (r < 0)
		return r;
	(void)sd_event_source_set_description(s->tick, "tick");
	return 0;
}
