// SPDX-License-Identifier: GPL-2.0-only
/*
 * verdict.c - queueing a record, waiting for its verdict, and taking verdicts.
 * Rules: nothing waits without end, nothing passes that was lost, and every
 * loss is counted.
 *
 * A waiter lives on the stack of its task. It is touched by others only under
 * ns->lock while it is hashed in ns->waiting, and its task unhashes it under
 * that lock before it leaves.
 */

#include <linux/ctype.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "task.h"
#include "verdict.h"

/** enum verdict - What a waiting event gets. */
enum verdict {
	VERDICT_PENDING,
	VERDICT_TRUSTED,
	VERDICT_UNTRUSTED,
	VERDICT_REFUSED,
	VERDICT_GONE,		/* the last reader went away */
};

struct waiter {
	struct hlist_node node;
	u64 number;
	struct task_struct *task;
	enum verdict verdict;
	struct tsem_asked asked;
};

/* Nobody judges; or it is the whole machine, of which nothing is refused yet. */
static bool only_tells(const struct tsem_ns *ns)
{
	return ns->params.tma == TSEM_TMA_EXPORT ||
	       (tsem_ns_is_root(ns) && !READ_ONCE(ns->enforce));
}

/**
 * tsem_lost() - Count an event that cannot be told.
 * @ns: Its namespace.
 * @error: What the operation fails with.
 *
 * Return: @error, or 0 where a loss is no reason to refuse.
 */
int tsem_lost(struct tsem_ns *ns, int error)
{
	tsem_ns_count(ns, TSEM_COUNT_DROPPED);
	return only_tells(ns) ? 0 : error;
}

/**
 * tsem_undescribed() - An event cannot be described.
 * @ns: Its namespace.
 * @error: Why.
 *
 * Without memory it is lost. What else cannot be looked at (a file that is too large, or
 * cannot be read) is only refused.
 *
 * Return: @error, with which the operation fails; where a loss is no reason to refuse
 * it is one, and 0.
 */
int tsem_undescribed(struct tsem_ns *ns, int error)
{
	return error == -ENOMEM || only_tells(ns) ? tsem_lost(ns, error) : error;
}

/**
 * tsem_refuse_undescribed() - Refuse what could not be described, before there is an event.
 * @ns: Namespace of current.
 * @error: Why.
 *
 * Return: @error, also where nobody judges.
 */
int tsem_refuse_undescribed(struct tsem_ns *ns, int error)
{
	(void)tsem_undescribed(ns, error);
	tsem_ns_count(ns, TSEM_COUNT_REFUSED);
	return error;
}

static struct waiter *find_waiter(struct tsem_ns *ns, u64 number)
{
	struct waiter *waiter;

	lockdep_assert_held(&ns->lock);
	hash_for_each_possible(ns->waiting, waiter, node, number) {
		if (waiter->number == number)
			return waiter;
	}
	return NULL;
}

static void wake(struct waiter *waiter, enum verdict verdict)
{
	WRITE_ONCE(waiter->verdict, verdict);
	wake_up_process(waiter->task);
}

/* What an event gets that nobody will judge. */
static int gone_result(const struct tsem_ns *ns)
{
	if (ns->params.tma == TSEM_TMA_EXPORT)
		return 0;
	if (ns->params.upstream) {
		tsem_task_distrust(current);
		return READ_ONCE(ns->enforce) ? -EPERM : 0;
	}
	return ns->params.gone == TSEM_GONE_ALLOW ? 0 : -EPERM;
}

/*
 * Keep the process of an event that does not wait, so that its verdict finds it,
 * also when the thread has ended or has become the whole process by an exec.
 * Its struct pid is kept and not its task_struct, which would hold the
 * namespace and so itself.
 */
static struct pid *remember_recent(struct tsem_ns *ns, u64 number,
				   const struct tsem_asked *asked)
{
	struct tsem_recent *slot = &ns->recent[ns->recent_next];
	struct pid *old = slot->pid;

	lockdep_assert_held(&ns->lock);
	if (old)
		ns->recent_left = max(ns->recent_left, slot->number);
	if (ns->recent_asked)
		ns->recent_asked[ns->recent_next] = *asked;
	*slot = (struct tsem_recent){ .number = number, .pid = get_pid(task_tgid(current)) };
	ns->recent_next = (ns->recent_next + 1) % TSEM_RECENT_MAX;
	return old;
}

/* Forget all of them; the caller made sure that nobody adds any more. */
void tsem_recent_clear(struct tsem_ns *ns)
{
	for (unsigned int i = 0; i < TSEM_RECENT_MAX; i++) {
		put_pid(ns->recent[i].pid);
		ns->recent[i].pid = NULL;
	}
}

static size_t record_bytes(const struct tsem_record *record)
{
	return struct_size(record, cell, record->room);
}

/*
 * Append to the queue. Returns -EPERM if there is no room: the record is lost,
 * which is counted, and the operation must not pass.
 */
static int enqueue(struct tsem_ns *ns, struct tsem_record *record, struct waiter *waiter,
		   bool wait)
{
	struct pid *old = NULL;
	unsigned long flags;
	int r = 0;

	spin_lock_irqsave(&ns->lock, flags);
	if (ns->gone) {
		r = 1;
	} else if (ns->queue_count >= TSEM_QUEUE_RECORDS_MAX ||
		   ns->queue_bytes + record_bytes(record) > TSEM_QUEUE_BYTES_MAX) {
		r = -EPERM;
	} else {
		list_add_tail(&record->node, &ns->queue);
		ns->queue_count++;
		ns->queue_bytes += record_bytes(record);
		if (wait) {
			hash_add(ns->waiting, &waiter->node, waiter->number);
			ns->waiting_count++;
		} else {
			old = remember_recent(ns, record->number, &waiter->asked);
		}
	}
	spin_unlock_irqrestore(&ns->lock, flags);

	put_pid(old);
	return r;
}

/* Drop the record of an event that nobody waits for any more, if it was not read yet. */
static struct tsem_record *unqueue(struct tsem_ns *ns, u64 number)
{
	struct tsem_record *record;

	lockdep_assert_held(&ns->lock);
	list_for_each_entry(record, &ns->queue, node) {
		if (record->number != number)
			continue;
		list_del(&record->node);
		ns->queue_count--;
		ns->queue_bytes -= record_bytes(record);
		return record;
	}
	return NULL;
}

/* Upstream's verdicts come from one process: without it there are none. */
static bool orchestrator_is_gone(const struct tsem_ns *ns)
{
	struct task_struct *leader;
	bool gone;

	if (!ns->owner)
		return false;
	rcu_read_lock();
	leader = pid_task(ns->owner, PIDTYPE_PID);
	gone = !leader || (READ_ONCE(leader->exit_state) && thread_group_empty(leader));
	rcu_read_unlock();
	return gone;
}

static void sleep_for_verdict(const struct tsem_ns *ns, const struct waiter *waiter)
{
	DECLARE_WAITQUEUE(owner_exit, current);
	long timeout = ns->params.deadline_msec ? msecs_to_jiffies(ns->params.deadline_msec) :
						  MAX_SCHEDULE_TIMEOUT;

	if (ns->owner)
		add_wait_queue(&ns->owner->wait_pidfd, &owner_exit);
	/* Hooks hold locks of the filesystem: the freezer must not complain about them. */
	for (;;) {
		set_current_state(TASK_KILLABLE | TASK_FREEZABLE_UNSAFE);
		if (READ_ONCE(waiter->verdict) != VERDICT_PENDING || !timeout ||
		    fatal_signal_pending(current) || orchestrator_is_gone(ns))
			break;
		timeout = schedule_timeout(timeout);
	}
	__set_current_state(TASK_RUNNING);
	if (ns->owner)
		remove_wait_queue(&ns->owner->wait_pidfd, &owner_exit);
}

static int wait_for_verdict(struct tsem_ns *ns, struct waiter *waiter)
{
	struct tsem_record *unread = NULL;

	sleep_for_verdict(ns, waiter);

	spin_lock_irq(&ns->lock);
	hash_del(&waiter->node);
	ns->waiting_count--;
	if (waiter->verdict == VERDICT_PENDING)
		unread = unqueue(ns, waiter->number);
	spin_unlock_irq(&ns->lock);
	if (unread)
		tsem_record_free(unread);

	switch (waiter->verdict) {
	case VERDICT_TRUSTED:
		if (waiter->asked.generation)
			tsem_model_remember(ns->model, &waiter->asked.coefficient,
					    waiter->asked.generation);
		return 0;
	case VERDICT_UNTRUSTED:
		tsem_task_distrust(current);
		/* Upstream's verdict is about the task; whether the event fails is the action's. */
		return ns->params.upstream && !READ_ONCE(ns->enforce) ? 0 : -EPERM;
	case VERDICT_REFUSED:
		return -EPERM;
	case VERDICT_GONE:
		return gone_result(ns);
	case VERDICT_PENDING:
		break;
	}
	if (fatal_signal_pending(current))
		return -EPERM;
	if (orchestrator_is_gone(ns))
		return gone_result(ns);
	tsem_ns_count(ns, TSEM_COUNT_EXPIRED);
	return -EPERM;
}

/* Where nobody judges it goes on like that, and who reads the log may make it longer. */
static void warn_full(const struct tsem_ns *ns)
{
	if (ns->params.tma == TSEM_TMA_EXPORT && atomic64_read(&ns->counts[TSEM_COUNT_DROPPED]))
		return;
	pr_warn_ratelimited("tsem: Queue of namespace %llu is full.\n", ns->id);
}

/**
 * tsem_submit() - Queue a record and wait for its verdict, if it is of a kind that waits.
 * @ns: Namespace of current.
 * @record: Moves into the queue, or is freed.
 * @asked: What to remember if it is trusted; may be NULL.
 *
 * Context: Process context without spinlocks if it waits, else any.
 * Return: 0 if the operation may go on, else -EPERM.
 */
int tsem_submit(struct tsem_ns *ns, struct tsem_record *record, const struct tsem_asked *asked)
{
	bool wait = record->kind == TSEM_RECORD_EVENT && ns->params.tma != TSEM_TMA_EXPORT;
	struct waiter waiter = {
		.number = record->number,
		.task = current,
		.verdict = VERDICT_PENDING,
	};
	int r;

	if (asked)
		waiter.asked = *asked;
	r = enqueue(ns, record, &waiter, wait);

	if (r) {
		tsem_record_free(record);
		if (r > 0) {
			tsem_ns_count(ns, TSEM_COUNT_DROPPED);
			return gone_result(ns);
		}
		warn_full(ns);
		return tsem_lost(ns, r);
	}
	tsem_ns_count(ns, TSEM_COUNT_EXPORTED);
	if (!wait) {
		wake_up_interruptible_poll(&ns->readers, EPOLLIN | EPOLLRDNORM);
		return 0;
	}
	/* The reader may have this processor at once. */
	wake_up_interruptible_sync_poll(&ns->readers, EPOLLIN | EPOLLRDNORM);
	return wait_for_verdict(ns, &waiter);
}

static struct pid *take_recent(struct tsem_ns *ns, u64 number, struct tsem_asked *ret)
{
	lockdep_assert_held(&ns->lock);
	for (unsigned int i = 0; i < TSEM_RECENT_MAX; i++) {
		struct tsem_recent *slot = &ns->recent[i];

		if (slot->pid && slot->number == number) {
			struct pid *pid = slot->pid;

			slot->pid = NULL;
			if (ns->recent_asked)
				*ret = ns->recent_asked[i];
			return pid;
		}
	}
	return NULL;
}

/* The event has happened already: it can be counted, and its task judged. */
static void answer_late(struct tsem_ns *ns, enum verdict verdict, struct pid *pid,
			const struct tsem_asked *asked)
{
	struct task_struct *task;

	if (verdict == VERDICT_TRUSTED && asked->generation)
		tsem_model_remember(ns->model, &asked->coefficient, asked->generation);
	if (verdict == VERDICT_REFUSED)
		tsem_ns_count(ns, TSEM_COUNT_REFUSED);
	if (verdict != VERDICT_UNTRUSTED)
		return;

	task = get_pid_task(pid, PIDTYPE_TGID);
	if (!task)
		return;
	tsem_task_distrust(task);
	put_task_struct(task);
}

/*
 * A verdict that finds nobody. If it would have had a consequence for an event that has
 * left the ring, this is lost.
 */
static void answer_nobody(struct tsem_ns *ns, enum verdict verdict, bool left)
{
	tsem_ns_count(ns, TSEM_COUNT_UNKNOWN);
	if (!left || verdict == VERDICT_TRUSTED)
		return;
	pr_warn_ratelimited("tsem: A verdict in namespace %llu came too late.\n", ns->id);
	tsem_ns_count(ns, TSEM_COUNT_DROPPED);
}

/* Whether a descriptor may answer an event: in its turn, and what it may have read then. */
static bool may_answer(const struct tsem_shift *shifts, u64 shift, u64 number)
{
	return shift == shifts->now || (shift == shifts->before && number <= shifts->asked);
}

static void answer_one(struct tsem_ns *ns, u64 shift, enum verdict verdict, u64 number)
{
	struct tsem_asked asked = {};
	struct waiter *waiter = NULL;
	struct pid *pid = NULL;
	bool left;

	spin_lock_irq(&ns->lock);
	if (may_answer(&ns->shift, shift, number))
		waiter = find_waiter(ns, number);
	if (waiter && waiter->verdict == VERDICT_PENDING) {
		/* By the one before: it holds for this event only. */
		if (shift != ns->shift.now)
			waiter->asked.generation = 0;
		wake(waiter, verdict);
	} else if (may_answer(&ns->shift, shift, number)) {
		pid = take_recent(ns, number, &asked);
		if (shift != ns->shift.now)
			asked.generation = 0;
	}
	left = number <= ns->recent_left;
	spin_unlock_irq(&ns->lock);

	if (pid)
		answer_late(ns, verdict, pid, &asked);
	else if (!waiter)
		answer_nobody(ns, verdict, left);
	put_pid(pid);
}

static const struct {
	const char *word;
	enum verdict verdict;
} verdict_words[] = {
	{ "trusted ", VERDICT_TRUSTED },
	{ "untrusted ", VERDICT_UNTRUSTED },
	{ "refused ", VERDICT_REFUSED },
};

/* One line without its line feed: a word, one blank, a decimal number without leading zeros. */
static int parse_verdict(const char *line, size_t size, enum verdict *ret, u64 *ret_number)
{
	char digits[24];
	u64 number;

	for (size_t i = 0; i < ARRAY_SIZE(verdict_words); i++) {
		size_t word = strlen(verdict_words[i].word);

		if (size <= word || memcmp(line, verdict_words[i].word, word))
			continue;
		line += word;
		size -= word;
		if (size >= sizeof(digits) || !isdigit(line[0]) || line[0] == '0')
			return -EINVAL;
		memcpy(digits, line, size);
		digits[size] = '\0';
		if (strlen(digits) != size || kstrtou64(digits, 10, &number) < 0)
			return -EINVAL;
		*ret = verdict_words[i].verdict;
		*ret_number = number;
		return 0;
	}
	return -EINVAL;
}

/**
 * tsem_answer() - Take verdicts.
 * @ns: Namespace of the descriptor.
 * @shift: Of the descriptor.
 * @lines: One verdict a line.
 * @size: Bytes at @lines.
 * @ret_taken: Bytes of the lines that were taken: less than @size if a line is
 *	malformed or not ended.
 */
void tsem_answer(struct tsem_ns *ns, u64 shift, const char *lines, size_t size,
		 size_t *ret_taken)
{
	size_t taken = 0;

	while (taken < size) {
		const char *line = lines + taken;
		const char *end = memchr(line, '\n', size - taken);
		enum verdict verdict;
		u64 number;

		if (!end || parse_verdict(line, end - line, &verdict, &number) < 0)
			break;
		answer_one(ns, shift, verdict, number);
		taken += end - line + 1;
	}
	*ret_taken = taken;
}

/**
 * tsem_answer_task() - Take upstream's verdict, which names the task and not the event.
 * @ns: Namespace of the task.
 * @task: The task; kept alive by the caller.
 * @trusted: The verdict.
 *
 * A task that does not wait is marked if it is untrusted, else nothing happens,
 * as upstream's clients expect.
 *
 * Return: 0.
 */
int tsem_answer_task(struct tsem_ns *ns, struct task_struct *task, bool trusted)
{
	struct waiter *waiter;
	unsigned int bucket;
	bool woken = false;

	spin_lock_irq(&ns->lock);
	hash_for_each(ns->waiting, bucket, waiter, node) {
		if (waiter->task != task || waiter->verdict != VERDICT_PENDING)
			continue;
		wake(waiter, trusted ? VERDICT_TRUSTED : VERDICT_UNTRUSTED);
		woken = true;
		break;
	}
	spin_unlock_irq(&ns->lock);
	if (!woken && !trusted)
		tsem_task_distrust(task);
	return 0;
}

/**
 * tsem_submit_aggregate() - Queue the record that begins upstream's stream.
 * @ns: New, without members.
 *
 * Return: 0 or -ENOMEM.
 */
int tsem_submit_aggregate(struct tsem_ns *ns)
{
	struct tsem_record *record = tsem_record_alloc(0, GFP_KERNEL_ACCOUNT);

	if (!record)
		return -ENOMEM;
	record->kind = TSEM_RECORD_AGGREGATE;
	return tsem_submit(ns, record, NULL);
}

/**
 * tsem_reader_opened() - An event descriptor is opened.
 * @ns: Its namespace.
 * @ret_shift: When it is its turn, for the other functions.
 *
 * Return: 0; -EPIPE if the members were told to end, as there was no reader.
 */
int tsem_reader_opened(struct tsem_ns *ns, u64 *ret_shift)
{
	guard(spinlock_irq)(&ns->lock);
	if (ns->gone && ns->params.gone == TSEM_GONE_KILL)
		return -EPIPE;
	if (ns->shift.next) {
		ns->shift.next_count++;
		*ret_shift = ns->shift.next;
		return 0;
	}
	ns->opener_count++;
	/* What another reader has said is not this one's opinion. */
	if (ns->opened && ns->params.remember)
		tsem_model_forget(ns->model);
	ns->opened = true;
	WRITE_ONCE(ns->gone, false);
	*ret_shift = ns->shift.now;
	return 0;
}

/**
 * tsem_reader_closed() - An event descriptor was closed.
 * @ns: Its namespace.
 * @shift: From tsem_reader_opened().
 *
 * If it was the last one whose turn it is, who waits is told, and who would wait does not:
 * see gone_result().
 *
 * Context: Process context.
 */
void tsem_reader_closed(struct tsem_ns *ns, u64 shift)
{
	struct waiter *waiter;
	unsigned int bucket;
	bool last;

	spin_lock_irq(&ns->lock);
	if (shift == ns->shift.next)
		ns->shift.next_count--;
	last = shift == ns->shift.now && --ns->opener_count == 0;
	if (last) {
		WRITE_ONCE(ns->gone, true);
		hash_for_each(ns->waiting, bucket, waiter, node) {
			if (waiter->verdict == VERDICT_PENDING)
				wake(waiter, VERDICT_GONE);
		}
	}
	spin_unlock_irq(&ns->lock);

	if (last && ns->params.gone == TSEM_GONE_KILL)
		tsem_ns_kill(ns);
}

/**
 * tsem_readers_next() - Who opens the event descriptor from now on is to take the place of others.
 * @ns: Its namespace. If that was begun before, it is begun anew.
 */
void tsem_readers_next(struct tsem_ns *ns)
{
	guard(spinlock_irq)(&ns->lock);
	ns->shift.next = ++ns->shift.last;
	ns->shift.next_count = 0;
}

/**
 * tsem_readers_change() - The next ones take their place, with the model that was loaded.
 * @ns: Where tsem_readers_next() has begun it.
 *
 * As one step for readers: an event has been read before by one of the old ones, who may still
 * answer it, or is read by a new one.
 *
 * Return: 0; -EINVAL if it was not begun; -EPIPE if there is no next one, or the members were told
 * to end. Then nothing has changed.
 */
int tsem_readers_change(struct tsem_ns *ns)
{
	struct tsem_shift *shift = &ns->shift;

	scoped_guard(spinlock_irq, &ns->lock) {
		if (!shift->next)
			return -EINVAL;
		if (!shift->next_count || (ns->gone && ns->params.gone == TSEM_GONE_KILL))
			return -EPIPE;
		if (ns->model)
			(void)tsem_model_seal(ns->model);
		shift->before = shift->now;
		shift->asked = atomic64_read(&ns->numbers);
		WRITE_ONCE(shift->now, shift->next);
		shift->next = 0;
		ns->opener_count = shift->next_count;
		shift->next_count = 0;
		ns->opened = true;
		WRITE_ONCE(ns->gone, false);
	}
	tsem_ns_count(ns, TSEM_COUNT_RELOADS);
	wake_up_interruptible_poll(&ns->readers, EPOLLIN | EPOLLRDNORM | EPOLLHUP);
	return 0;
}
