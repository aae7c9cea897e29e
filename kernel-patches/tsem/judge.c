// SPDX-License-Identifier: GPL-2.0-only
/*
 * judge.c - judging an event inside the kernel: its coefficient, what the model
 * says of it, and what follows. Nothing here sleeps or waits, so events of every
 * hook are judged before they happen.
 */

#include <linux/poll.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "event.h"
#include "loadable.h"
#include "task.h"
#include "tpm.h"
#include "verdict.h"

/**
 * tsem_record_coefficient() - Compute the coefficient of an event.
 * @ns: Its namespace.
 * @record: The event; where a pseudonym hides content it was described without.
 * @ret: The coefficient.
 *
 * Context: Any.
 */
void tsem_record_coefficient(const struct tsem_ns *ns, const struct tsem_record *record,
			     struct tsem_digest *ret)
{
	TSEM_HASH_ON_STACK(hash, &ns->alg);
	const struct tsem_subject *subject = &record->subject;
	struct tsem_view view = tsem_ns_view(ns);
	struct tsem_digest coe_id, cell_id;

	tsem_object_digest(&tsem_coe, &view, subject->coe, sizeof(subject->coe), &hash->hasher,
			   &coe_id);
	tsem_object_digest(&tsem_events[record->event].cell, &view, record->cell,
			   record->cell_size, &hash->hasher, &cell_id);
	tsem_event_coefficient(record->event, &subject->p_task_id, &subject->task_id,
			       &coe_id, &cell_id, &hash->hasher, ret);
}

/*
 * End every member. That is for a worker, as a hook may hold any lock; who may sleep holds none
 * that a signal needs, and does not live until the worker comes.
 */
static void kill_members(struct tsem_ns *ns, enum tsem_event_id id)
{
	if (!tsem_events[id].atomic)
		do_send_sig_info(SIGKILL, SEND_SIG_PRIV, current, PIDTYPE_TGID);
	schedule_work(&ns->kill);
}

/* An event is outside the model. */
static int violation_result(struct tsem_ns *ns, enum tsem_event_id id)
{
	bool enforce = READ_ONCE(ns->enforce);

	if (ns->params.upstream) {
		tsem_task_distrust(current);
		return enforce ? -EPERM : 0;
	}
	if (!enforce)
		return 0;	/* it is told, and nothing else */
	if (ns->params.violation != TSEM_VIOLATION_DENY)
		tsem_task_distrust(current);
	if (ns->params.violation == TSEM_VIOLATION_KILL)
		kill_members(ns, id);
	return -EPERM;
}

/* As upstream's administrators know it, but not without limit. */
static void warn_untrusted(const struct tsem_ns *ns, const struct tsem_record *record)
{
	pr_warn_ratelimited("Untrusted event %s: model_ns=%lld, comm=%s, pid=%d\n",
			    tsem_events[record->event].name, ns->id, record->comm, record->pid);
}

/* Add what was not found. Takes the record over. */
static struct tsem_point *add(struct tsem_ns *ns, struct tsem_record *record, bool program)
{
	struct tsem_point *point = tsem_model_add(ns->model, record, program);

	if (point == &record->point) {
		wake_up_interruptible_poll(&ns->readers, EPOLLIN | EPOLLRDNORM);
		tsem_tpm_extend(ns->model);
	} else {
		tsem_record_free(record);
	}
	return point;
}

/* Which program a TASK_ID is: told once, judged never. */
static int tell_program(struct tsem_ns *ns, struct tsem_record *record)
{
	struct tsem_point *point = tsem_model_find(ns->model, &record->subject.task_id);

	if (point) {
		tsem_record_free(record);
	} else {
		record->point.digest = record->subject.task_id;
		point = add(ns, record, true);
	}
	if (!IS_ERR(point))
		atomic64_inc(&point->count);
	else if (PTR_ERR(point) != -E2BIG || !READ_ONCE(ns->sealed))
		tsem_ns_count(ns, TSEM_COUNT_DROPPED);
	return 0;
}

static struct tsem_raw raw_of(const struct tsem_record *record)
{
	return (struct tsem_raw){
		.event = record->event,
		.who = record->who,
		.cell = record->cell,
		.cell_size = record->cell_size,
	};
}

/* The formula's, or what a loadable model makes of it where the kernel alone judges. */
static int coefficient(struct tsem_ns *ns, const struct tsem_record *record,
		       struct tsem_digest *ret)
{
	const struct tsem_raw raw = raw_of(record);

	if (ns->loadable && ns->loadable->ops->map && ns->params.tma == TSEM_TMA_INTERNAL)
		return tsem_loadable_map(ns, &raw, &record->subject, ret);
	tsem_record_coefficient(ns, record, ret);
	return 0;
}

/*
 * The point of an event that is not known by its bytes, NULL, or an error. One that has
 * come before and holds is kept for the next time.
 */
static struct tsem_point *find_point(struct tsem_ns *ns, const struct tsem_record *record,
				     struct tsem_asked *ret)
{
	struct tsem_point *point;
	int r;

	ret->generation = READ_ONCE(ns->model->generation);
	r = coefficient(ns, record, &ret->coefficient);
	if (r < 0)
		return ERR_PTR(r);
	point = tsem_model_find(ns->model, &ret->coefficient);
	if (point && tsem_point_holds(ns->model, point)) {
		const union tsem_known_value value = { .point = point };
		const struct tsem_raw raw = raw_of(record);

		tsem_known_add(ns->known, &raw, ret->generation, &value);
	}
	return point;
}

/* What the model says. Takes the record over. */
static int judge_point(struct tsem_ns *ns, struct tsem_record *record)
{
	enum tsem_event_id id = record->event;
	struct tsem_point *point;
	struct tsem_asked asked;

	point = find_point(ns, record, &asked);
	if (point) {
		tsem_record_free(record);
		if (IS_ERR(point))
			return PTR_ERR(point);	/* counted; nobody can say what it is */
	} else {
		record->point.digest = asked.coefficient;
		point = add(ns, record, false);
	}
	if (!IS_ERR(point)) {
		atomic64_inc(&point->count);
		return point->kind == TSEM_POINT_VALID ? 0 : violation_result(ns, id);
	}
	/* Outside a sealed model it is refused whether it could be told, or was counted there. */
	if (PTR_ERR(point) == -E2BIG && READ_ONCE(ns->sealed))
		return violation_result(ns, id);
	return tsem_lost(ns, -EPERM);
}

/** tsem_may_rely() - Whether what is known of the model permits something now, to this task. */
bool tsem_may_rely(const struct tsem_ns *ns)
{
	bool gone = READ_ONCE(ns->gone) && !(ns->params.tma == TSEM_TMA_INTERNAL &&
					     ns->params.gone == TSEM_GONE_ALLOW);

	return !tsem_task_untrusted(current) && !gone;
}

/**
 * tsem_judge_known() - Whether an event is permitted because the same bytes were before.
 * @ns: Namespace of current; has a model.
 * @raw: The event.
 *
 * Computes no digest and needs no record.
 *
 * Context: Any.
 * Return: Its point if it is permitted, and counted; NULL if it is to be judged.
 */
struct tsem_point *tsem_judge_known(struct tsem_ns *ns, const struct tsem_raw *raw)
{
	union tsem_known_value value __uninitialized;

	if (!tsem_may_rely(ns) ||
	    !tsem_known_find(ns->known, raw, READ_ONCE(ns->model->generation), &value) ||
	    !tsem_point_holds(ns->model, value.point))
		return NULL;
	atomic64_inc(&value.point->count);
	tsem_ns_count(ns, TSEM_COUNT_KNOWN);
	if (ns->params.remember)
		tsem_ns_count(ns, TSEM_COUNT_REMEMBERED);
	return value.point;
}

/*
 * A whole model was given and nothing can be added: what is not in it needs no verdict
 * to be outside, and is refused before it happens, where nobody could be waited for.
 */
static bool is_outside(const struct tsem_ns *ns, const struct tsem_record *record)
{
	return READ_ONCE(ns->sealed) && READ_ONCE(ns->enforce) && READ_ONCE(ns->model->loaded) &&
	       !tsem_events[record->event].wait;
}

/**
 * tsem_judge_remembered() - Ask the agent, unless it has trusted the coefficient before.
 * @ns: Namespace of current, with remember=1.
 * @record: The event; moves into the queue or is freed.
 *
 * Context: As tsem_submit().
 * Return: 0 if the operation may go on, else -EPERM.
 */
int tsem_judge_remembered(struct tsem_ns *ns, struct tsem_record *record)
{
	struct tsem_point *point;
	struct tsem_asked asked;
	bool outside;
	int r;

	if (!tsem_may_rely(ns) || record->event == TSEM_EVENT_BPRM_COMMITTED_CREDS)
		return tsem_submit(ns, record, NULL);
	point = find_point(ns, record, &asked);
	if (point && tsem_point_holds(ns->model, point)) {
		atomic64_inc(&point->count);
		tsem_ns_count(ns, TSEM_COUNT_REMEMBERED);
		tsem_record_free(record);
		return 0;
	}
	outside = is_outside(ns, record);
	r = tsem_submit(ns, record, &asked);
	return r == 0 && outside ? -EPERM : r;
}

/**
 * tsem_judge() - Judge an event by the namespace's own model.
 * @ns: Namespace of current, modelled inside the kernel.
 * @record: The event; moves into the model or is freed.
 *
 * Context: Any.
 * Return: 0 if the operation may go on, else -EPERM or what a loadable model says.
 */
int tsem_judge(struct tsem_ns *ns, struct tsem_record *record)
{
	bool untrusted = tsem_task_untrusted(current);
	bool denied = untrusted && READ_ONCE(ns->enforce);
	int r;

	if (untrusted)
		warn_untrusted(ns, record);
	if (untrusted && ns->params.upstream) {
		tsem_record_free(record);
		return denied ? -EPERM : 0;
	}
	if (READ_ONCE(ns->gone) && ns->params.gone != TSEM_GONE_ALLOW)
		denied = true;	/* nobody is left to be told */
	record->kind = TSEM_RECORD_BARE;
	if (record->event == TSEM_EVENT_BPRM_COMMITTED_CREDS)
		return tell_program(ns, record);
	r = judge_point(ns, record);
	return r == 0 && denied ? -EPERM : r;
}
