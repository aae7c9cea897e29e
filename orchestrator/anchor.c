// SPDX-License-Identifier: LGPL-2.1-or-later
/* anchor.c - see anchor.h. The anchor looks at every word: nothing is here. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../libtsem/anchor-entry.h"
#include "../libtsem/cleanup.h"
#include "anchor.h"
#include "session-private.h"

#define USEC_PER_SEC 1000000ULL

/*
 * Also of a workload that does nothing: an entry says when the anchor heard of it, and a verifier
 * does not believe one that is older than his MaxAge=. More often is of no use: the anchor writes
 * down what was said last when its interval is over, or somebody asks.
 */
#define STATE_USEC USEC_PER_SEC

/*
 * How long nothing of the workload is started for want of an answer. The anchor waits for a TPM and a disk, which
 * others may hold up for longer than a model takes to load; with that it fits into TimeoutStartSec= of the units.
 */
#define ANSWER_USEC (60 * USEC_PER_SEC)

/* A service manager starts it again within some seconds, or not at all. */
#define AGAIN_USEC (5 * USEC_PER_SEC)

static void hang_up(struct anchor *a)
{
	a->source = sd_event_source_disable_unref(a->source);
	a->fd = close_fd(a->fd);
}

/* Its service manager starts an anchor that ends again: as long as the start has time, the next one
 * is told. */
static bool may_begin_again(const struct session *s)
{
	return s->anchor.waiting && s->state == SESSION_STARTING && !s->failed;
}

/* What waits for an answer is another model of what runs already. */
static bool is_reload(const struct session *s)
{
	return s->reload.step == RELOAD_ANCHORING;
}

static void lose(struct session *s, const char *detail, int error)
{
	struct anchor *a = &s->anchor;

	hang_up(a);
	a->next_usec = 0;
	if (is_reload(s))
		(void)reload_refuse(s, FAILURE_ANCHOR, detail, error);
	else if (a->waiting)
		(void)session_fail(s, FAILURE_ANCHOR, detail, error);
	else
		(void)session_fail(s, FAILURE_ANCHOR_LOST, detail, error);
}

static int say(struct session *s, enum feed_request request, enum tsem_anchor_kind kind)
{
	struct anchor *a = &s->anchor;

	a->state.request = request;
	a->state.kind = kind;
	return feed_send(a->fd, &a->state);
}

/* What must not be lost. */
static void say_entry(struct session *s, enum tsem_anchor_kind kind)
{
	int r = s->anchor.fd < 0 ? 0 : say(s, FEED_ENTRY, kind);

	if (r < 0)
		lose(s, NULL, r);
}

static void fail_old(struct session *s, uint64_t accepted)
{
	char detail[80];

	(void)snprintf(detail, sizeof(detail), "version %llu, after %llu was anchored",
		       (unsigned long long)s->anchor.state.version, (unsigned long long)accepted);
	(void)(is_reload(s) ? reload_refuse : session_fail)(s, FAILURE_MODEL_VERSION, detail, 0);
}

/*
 * Of a line that is made again: an anchor that was held up may read it before the end of the
 * one before. Then the next attempt says it, and as long as none succeeds nobody believes that
 * the workload runs.
 */
static bool may_pass(enum feed_result result)
{
	return result == FEED_BUSY || result == FEED_FULL;
}

static void take_answer(struct session *s, const struct feed_answer *answer)
{
	static const char *const refusals[FEED_RESULT_COUNT] = {
		[FEED_GARBAGE] = "it does not understand; are both of one version?",
		[FEED_BUSY] = "a workload of this name runs already",
		[FEED_FULL] = "it has no room for another workload",
	};
	bool waiting = s->anchor.waiting, reload = is_reload(s);

	if (answer->result == FEED_OLD && waiting) {
		fail_old(s, answer->number);
	} else if (!waiting && may_pass(answer->result)) {
		hang_up(&s->anchor);
	} else if (answer->result != FEED_ANCHORED) {
		lose(s, refusals[answer->result], 0);
		if (!reload)
			anchor_abandon(s); /* it would say the same again */
	} else if (waiting) {
		s->anchor.waiting = false;
		(is_reload(s) ? reload_anchored : watch_anchored)(s);
	}
}

static int on_anchor(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct session *s = userdata;
	struct feed_answer answer;
	int r = feed_receive(fd, &answer);

	if (r == 0)
		take_answer(s, &answer);
	else if (r == -EPIPE && may_begin_again(s))
		hang_up(&s->anchor);
	else if (r != -EAGAIN)
		lose(s, r == -EPIPE ? "it has hung up" : NULL, r == -EPIPE ? 0 : r);
	return 0;
}

static int reach(struct session *s, enum tsem_anchor_kind kind)
{
	struct anchor *a = &s->anchor;
	int r = a->fd = feed_connect(s->params->anchor);

	if (r >= 0)
		r = sd_event_add_io(s->event, &a->source, a->fd, EPOLLIN, on_anchor, s);
	if (r >= 0)
		r = say(s, FEED_ENTRY, kind);
	if (r >= 0)
		return 0;
	hang_up(a);
	return r;
}

/* The agent has them as one text: its model, and the model's state. */
static int take_identity(struct feed_message *state, const struct status_message *ready)
{
	const char *blank = strchr(ready->text, ' ');

	if (!blank || (size_t)(blank - ready->text) >= sizeof(state->model) ||
	    strlen(blank + 1) >= sizeof(state->state))
		return -EBADMSG;
	memcpy(state->model, ready->text, blank - ready->text);
	strcpy(state->state, blank + 1);
	strcpy(state->measurement, blank + 1);
	return 0;
}

static enum tsem_anchor_mode mode_of(const struct session_params *params)
{
	if (params->train)
		return TSEM_ANCHOR_TRAIN;
	return params->enforce ? TSEM_ANCHOR_ENFORCE : TSEM_ANCHOR_SHADOW;
}

static int begin(struct session *s)
{
	int r = reach(s, TSEM_ANCHOR_START);

	if (r < 0)
		lose(s, s->params->anchor, r);
	return r;
}

int anchor_begin(struct session *s, const struct status_message *ready)
{
	struct anchor *a = &s->anchor;
	int r;

	if (!s->params->anchor)
		return 0;
	a->state.mode = mode_of(s->params);
	a->state.version = ready->numbers[STATUS_READY_VERSION];
	r = take_identity(&a->state, ready);
	if (r < 0) {
		(void)session_fail(s, FAILURE_TMA_GARBAGE, "no model that could be anchored", 0);
		return r;
	}
	(void)snprintf(a->state.workload, sizeof(a->state.workload), "%s", s->params->name);
	a->begun = a->waiting = true;
	r = begin(s);
	if (r < 0)
		return r;
	r = session_limit(s, ANSWER_USEC);
	if (r < 0)
		(void)session_fail(s, FAILURE_INTERNAL, NULL, r);
	return r < 0 ? r : 1;
}

int anchor_reload(struct session *s, const struct status_message *ready)
{
	struct anchor *a = &s->anchor;
	int r = -ENOTCONN;

	if (!a->begun)
		return 0;
	a->before = a->state;
	a->waiting = true;
	a->state.version = ready->numbers[STATUS_READY_VERSION];
	if (take_identity(&a->state, ready) < 0)
		return reload_refuse(s, FAILURE_TMA_GARBAGE, "no model that could be anchored", 0),
		       -EBADMSG;
	if (a->fd >= 0)
		r = say(s, FEED_ENTRY, TSEM_ANCHOR_START);
	if (r < 0)
		return reload_refuse(s, FAILURE_ANCHOR, NULL, r), r;
	return 1;
}

void anchor_reload_refused(struct session *s)
{
	struct anchor *a = &s->anchor;

	if (!a->before.model[0])
		return;
	a->state = a->before;
	a->before = (struct feed_message){};
	a->waiting = false;
}

void anchor_take_left(struct session *s, uint64_t outside)
{
	struct anchor *a = &s->anchor;

	a->outside_before = a->outside_older + outside;
}

void anchor_sealed(struct session *s)
{
	struct anchor *a = &s->anchor;

	if (a->before.model[0]) {
		a->outside_older = a->outside_before;
		a->outside_before = a->before.outside;
		a->before = (struct feed_message){};
	}
	say_entry(s, TSEM_ANCHOR_SEAL);
}

void anchor_violation(struct session *s)
{
	struct anchor *a = &s->anchor;

	if (!a->begun || a->violated)
		return;
	a->violated = true;
	if (!a->state.outside)
		a->state.outside = 1; /* told before it was counted */
	say_entry(s, TSEM_ANCHOR_VIOLATION);
}

void anchor_take_state(struct session *s, uint64_t events, uint64_t outside,
		       const char *measurement)
{
	struct anchor *a = &s->anchor;

	/* While the anchor hears of another model, what is said of the old one has to wait. */
	if (!a->begun || a->before.model[0] || !measurement[0] ||
	    strlen(measurement) >= sizeof(a->state.measurement))
		return;
	strcpy(a->state.measurement, measurement);
	/* What the kernel remembers the agent does not see. */
	a->state.events = s->counters.events > events ? s->counters.events : events;
	a->state.outside = a->outside_before + outside;
	a->state.lost = s->counters.expired + s->counters.dropped;
	if (a->state.outside)
		anchor_violation(s);
}

void anchor_tick(struct session *s, uint64_t now_usec)
{
	struct anchor *a = &s->anchor;
	int r;

	if (a->fd < 0 && may_begin_again(s)) {
		(void)begin(s); /* said */
		return;
	}
	if (!a->begun || a->waiting || now_usec < a->next_usec)
		return;
	if (a->fd < 0) {
		(void)reach(s, TSEM_ANCHOR_RESUME); /* it was said that it is gone */
		a->next_usec = now_usec + AGAIN_USEC;
		return;
	}
	a->next_usec = now_usec + STATE_USEC;
	r = say(s, FEED_STATE, TSEM_ANCHOR_INTERVAL);
	if (r < 0 && r != -EAGAIN) /* the next one says as much */
		lose(s, NULL, r);
}

void anchor_end(struct session *s)
{
	struct anchor *a = &s->anchor;

	/* It reads this after we are gone. */
	if (a->begun && !a->waiting)
		say_entry(s, TSEM_ANCHOR_STOP);
	a->begun = false;
}

void anchor_abandon(struct session *s)
{
	s->anchor.begun = false;
}

void anchor_close(struct session *s)
{
	hang_up(&s->anchor);
}
