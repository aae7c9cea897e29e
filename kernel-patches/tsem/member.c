// SPDX-License-Identifier: GPL-2.0-only
/*
 * member.c - what a task is to TSEM: its authority, its trust, its identity, and the
 * namespace that it will enter.
 */

#include <linux/cred.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/security.h>

#include "task.h"

/* Serial numbers of execs; 0 is "before the first". */
static atomic64_t last_ttd;

u64 tsem_next_ttd(void)
{
	return atomic64_inc_return(&last_ttd);
}

/**
 * tsem_may_control() - Whether credentials carry the authority of the control plane.
 * @cred: Kept alive by the caller.
 *
 * Asks the capability module alone: a question about a capability is an event,
 * and the control plane must not raise any.
 */
bool tsem_may_control(const struct cred *cred)
{
	return cap_capable(cred, &init_user_ns, CAP_MAC_ADMIN, CAP_OPT_NOAUDIT) == 0;
}

/* Of a process whose leader may have ended before its other threads. Compared only. */
static struct mm_struct *memory_of(struct task_struct *process)
{
	struct mm_struct *mm = NULL;
	struct task_struct *thread;

	for_each_thread(process, thread) {
		mm = READ_ONCE(thread->mm);
		if (mm)
			break;
	}
	return mm;
}

/**
 * tsem_task_distrust() - Mark a task as untrusted, for good.
 * @task: Kept alive by the caller.
 *
 * So are its threads and every process that shares its memory: they could do
 * each other's work. A thread that is just being made inherits the mark from
 * its creator or sees that of its group leader.
 *
 * Context: Any but interrupt context.
 */
void tsem_task_distrust(struct task_struct *task)
{
	struct task_struct *process, *thread;
	struct mm_struct *mm;

	rcu_read_lock();
	mm = memory_of(task);
	for_each_process(process) {
		if (!same_thread_group(process, task) && !(mm && process_shares_mm(process, mm)))
			continue;
		if (process->flags & PF_KTHREAD)
			continue;
		for_each_thread(process, thread)
			WRITE_ONCE(tsem_task(thread)->untrusted, true);
	}
	rcu_read_unlock();
	WRITE_ONCE(tsem_task(task)->untrusted, true);
}

/**
 * tsem_task_identify() - Give current another TASK_ID.
 * @task_id: Copied; NULL for none.
 *
 * Others may read it at the same time, in interrupts, too.
 */
void tsem_task_identify(const struct tsem_digest *task_id)
{
	struct tsem_task *blob = tsem_task(current);
	unsigned long flags;

	local_irq_save(flags);
	raw_write_seqcount_begin(&blob->identity);
	blob->task_id = task_id ? *task_id : (struct tsem_digest){};
	raw_write_seqcount_end(&blob->identity);
	local_irq_restore(flags);
	blob->who.number = 0;
}

/**
 * tsem_pack_task_id() - Pack the TASK_ID of a task.
 * @p: Where to.
 * @ns: Namespace of the record.
 * @task: Kept alive by the caller. Zeros are packed if it is elsewhere.
 */
void tsem_pack_task_id(struct tsem_packer *p, const struct tsem_ns *ns,
		       const struct task_struct *task)
{
	const struct tsem_task *blob = tsem_task(task);
	struct tsem_digest task_id;
	unsigned int sequence;

	do {
		sequence = raw_read_seqcount_begin(&blob->identity);
		if (tsem_ns_of(task) == ns)
			task_id = blob->task_id;
		else
			task_id = (struct tsem_digest){};
	} while (read_seqcount_retry(&blob->identity, sequence));
	tsem_pack_bytes(p, task_id.bytes, tsem_ns_digest_size(ns));
}

static int arm(struct task_struct *task, struct tsem_ns *ns)
{
	struct tsem_task *blob = tsem_task(task);

	/* Another thread has executed and is the process now. */
	if (!thread_group_leader(task))
		return -EBUSY;
	/* It never executes again, and its other threads could not any more. */
	if (READ_ONCE(task->flags) & PF_EXITING)
		return -ESRCH;
	if (READ_ONCE(blob->ns))
		return -EPERM;
	if (READ_ONCE(ns->dead))
		return -EPIPE;
	tsem_ns_get(ns);
	tsem_ns_open_way(ns);
	if (cmpxchg(&blob->armed, NULL, ns)) {
		tsem_ns_close_way(ns);
		tsem_ns_put(ns);
		return -EBUSY;
	}
	return 0;
}

/**
 * tsem_task_arm() - Let a process enter a namespace in its next exec.
 * @task: Its first thread, kept alive by the caller.
 * @ns: The namespace; a reference is taken.
 *
 * It may have other threads: they end with that exec, and until then none of them may execute
 * (hook_bprm_creds_for_exec()). So that none does already, no exec may be going on. A first thread
 * that ends instead leaves the others unable to execute.
 *
 * Context: Process context.
 * Return: 0; -EPERM if the task is in a namespace or a kernel thread; -EBUSY if it executes or
 * is armed; -ESRCH if it has ended; -EPIPE if the namespace takes nobody in any more.
 */
int tsem_task_arm(struct task_struct *task, struct tsem_ns *ns)
{
	int r;

	if (task->flags & PF_KTHREAD)
		return -EPERM;
	/* Not waited for: what an exec waits for can be somebody else's file system. */
	if (!mutex_trylock(&task->signal->cred_guard_mutex))
		return -EBUSY;
	r = arm(task, ns);
	mutex_unlock(&task->signal->cred_guard_mutex);
	return r;
}
