// SPDX-License-Identifier: GPL-2.0-only
/*
 * task.c - tasks: membership and identity across fork, and the events and rules
 * between tasks.
 */

#include <linux/cred.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/slab.h>

#include "event.h"
#include "inode.h"
#include "task.h"

static int raise_task_alloc(unsigned long clone_flags)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin_small(&event, TSEM_EVENT_TASK_ALLOC, &r))
		return r;
	tsem_pack_u64(&event.cell, clone_flags);
	return tsem_event_end(&event, 0);
}

static int hook_task_alloc(struct task_struct *child, unsigned long clone_flags)
{
	const struct tsem_task *from = tsem_task(current);
	struct tsem_task *to = tsem_task(child);
	int r;

	*to = (struct tsem_task){};
	if (!tsem_ns_of(current))
		return 0;
	r = raise_task_alloc(clone_flags);
	if (r < 0)
		return r;

	if (from->ns) {
		to->ns = tsem_ns_get(from->ns);
		tsem_ns_join(to->ns);
	}
	to->untrusted = tsem_task_untrusted(current);
	to->task_id = from->task_id;
	to->ttd = from->ttd;
	if (clone_flags & CLONE_THREAD) {
		to->p_task_id = from->p_task_id;
		to->p_ttd = from->p_ttd;
	} else {
		to->p_task_id = from->task_id;
		to->p_ttd = from->ttd;
	}
	smp_mb(); /* pairs with tsem_ns_kill() */
	return to->ns && READ_ONCE(to->ns->dead) ? -EPERM : 0;
}

/* Also called when hook_task_alloc() or a later step of the fork failed. Context: Any. */
static void hook_task_free(struct task_struct *task)
{
	struct tsem_task *blob = tsem_task(task);

	for (size_t i = 0; i < TSEM_PLACES; i++)
		kfree(blob->places[i].text);
	tsem_mark_free(blob->birth.mark);
	tsem_exec_free(blob->exec);
	if (blob->armed) {
		tsem_ns_close_way(blob->armed);
		tsem_ns_put(blob->armed);
	}
	if (blob->ns)
		tsem_ns_leave(blob->ns);
	*blob = (struct tsem_task){};
}

static bool has_mac_admin(struct task_struct *task)
{
	bool has;

	rcu_read_lock();
	has = cap_raised(__task_cred(task)->cap_effective, CAP_MAC_ADMIN);
	rcu_read_unlock();
	return has;
}

/* Rules between tasks that no model can change. */

/* A member does nothing to its reader, unless it is that itself. */
static int spare_reader(struct task_struct *target)
{
	const struct tsem_ns *ns = tsem_task(current)->ns;

	return ns && tsem_ns_is_reader(ns, target) && !same_thread_group(current, target) ?
		       -EPERM : 0;
}

static int may_touch(struct task_struct *target)
{
	const struct tsem_ns *ns = tsem_task(current)->ns;
	const struct tsem_ns *other = READ_ONCE(tsem_task(target)->ns);

	if (spare_reader(target) < 0)
		return -EPERM;
	if (ns == other || tsem_may_control(current_cred()))
		return 0;
	return -EPERM;
}

/*
 * Upstream forbids signals across namespaces in both directions. Ours is about
 * what members do: whoever started a workload may end it, as any other process.
 */
static int may_signal(struct task_struct *target)
{
	const struct tsem_ns *ns = tsem_task(current)->ns;
	const struct tsem_ns *other = READ_ONCE(tsem_task(target)->ns);
	int r;

	if (!ns && other && !other->params.upstream)
		return 0;
	r = may_touch(target);
	if (r == 0 && ns && has_mac_admin(target) && !tsem_may_control(current_cred()))
		r = -EPERM;
	return r;
}

/*
 * Upstream judges SIGURG nowhere. Ours lets a process alone that sends it to itself, as
 * run-time systems do when a thread of theirs has computed for long.
 */
static bool is_let_alone(struct task_struct *target, int sig)
{
	const struct tsem_ns *ns = tsem_task(current)->ns;

	return sig == SIGURG && (!ns || ns->params.upstream || same_thread_group(current, target));
}

static int hook_task_kill(struct task_struct *target, struct kernel_siginfo *info, int sig,
			  const struct cred *cred)
{
	struct tsem_event event __uninitialized;
	int r;

	/* Sent for somebody else, or by the kernel, as for out-of-band data: not ours to judge. */
	if (cred || info == SEND_SIG_PRIV || (info != SEND_SIG_NOINFO && SI_FROMKERNEL(info)) ||
	    is_let_alone(target, sig))
		return 0;
	r = may_signal(target);
	if (r < 0)
		return r;
	if (!tsem_event_begin(&event, TSEM_EVENT_TASK_KILL, &r))
		return r;
	tsem_pack_task_id(&event.cell, event.ns, target);
	tsem_pack_u32(&event.cell, sig);
	tsem_pack_u8(&event.cell, tsem_ns_of(target) != event.ns);
	return tsem_event_end(&event, 0);
}

/* An event that is the TASK_ID of a task and a number. */
static int about_task(enum tsem_event_id id, const struct task_struct *task, bool with_number,
		      int number)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, id, &r))
		return r;
	event.quiet = id == TSEM_EVENT_PTRACE_ACCESS_CHECK && (number & PTRACE_MODE_NOAUDIT);
	tsem_pack_task_id(&event.cell, event.ns, task);
	if (with_number)
		tsem_pack_u32(&event.cell, number);
	return tsem_event_end(&event, 0);
}

static int hook_task_getpgid(struct task_struct *task)
{
	return about_task(TSEM_EVENT_TASK_GETPGID, task, false, 0);
}

static int hook_task_getsid(struct task_struct *task)
{
	return about_task(TSEM_EVENT_TASK_GETSID, task, false, 0);
}

static int hook_task_setnice(struct task_struct *task, int nice)
{
	int r = spare_reader(task);

	return r < 0 ? r : about_task(TSEM_EVENT_TASK_SETNICE, task, true, nice);
}

static int hook_task_setioprio(struct task_struct *task, int ioprio)
{
	int r = spare_reader(task);

	return r < 0 ? r : about_task(TSEM_EVENT_TASK_SETIOPRIO, task, true, ioprio);
}

static int hook_task_getioprio(struct task_struct *task)
{
	return about_task(TSEM_EVENT_TASK_GETIOPRIO, task, false, 0);
}

static int hook_task_setscheduler(struct task_struct *task)
{
	int r = spare_reader(task);

	return r < 0 ? r : about_task(TSEM_EVENT_TASK_SETSCHEDULER, task, false, 0);
}

static int hook_task_getscheduler(struct task_struct *task)
{
	return about_task(TSEM_EVENT_TASK_GETSCHEDULER, task, false, 0);
}

static int hook_task_setpgid(struct task_struct *task, pid_t pgid)
{
	static const struct tsem_digest zeros;
	struct task_struct *source;
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_TASK_SETPGID, &r))
		return r;
	tsem_pack_task_id(&event.cell, event.ns, task);
	rcu_read_lock();
	source = pgid ? find_task_by_vpid(pgid) : task;
	if (source)
		tsem_pack_task_id(&event.cell, event.ns, source);
	else
		tsem_pack_bytes(&event.cell, zeros.bytes, tsem_ns_digest_size(event.ns));
	rcu_read_unlock();
	return tsem_event_end(&event, 0);
}

static int hook_task_prlimit(const struct cred *cred, const struct cred *tcred, unsigned int flags)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_TASK_PRLIMIT, &r))
		return r;
	tsem_pack_creds(&event.cell, cred, event.ns);
	tsem_pack_creds(&event.cell, tcred, event.ns);
	tsem_pack_u32(&event.cell, flags);
	return tsem_event_end(&event, 0);
}

static int hook_task_setrlimit(struct task_struct *task, unsigned int resource,
			       struct rlimit *limit)
{
	struct tsem_event event __uninitialized;
	int r = spare_reader(task);

	if (r < 0 || !tsem_event_begin(&event, TSEM_EVENT_TASK_SETRLIMIT, &r))
		return r;
	tsem_pack_task_id(&event.cell, event.ns, task);
	tsem_pack_u32(&event.cell, resource);
	tsem_pack_u64(&event.cell, limit->rlim_cur);
	tsem_pack_u64(&event.cell, limit->rlim_max);
	return tsem_event_end(&event, 0);
}

/* Bit n: argument n is printed. Of an option that is not in the table only the first counts. */
static unsigned int prctl_arguments(u32 option)
{
	for (unsigned int i = 0; i < TSEM_PRCTL_COUNT; i++) {
		if (tsem_prctls[i].option == option)
			return tsem_prctls[i].args;
	}
	return BIT(2);
}

static int hook_task_prctl(int option, unsigned long arg2, unsigned long arg3, unsigned long arg4,
			   unsigned long arg5)
{
	const unsigned long arguments[] = { arg2, arg3, arg4, arg5 };
	unsigned int printed = prctl_arguments(option);
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_TASK_PRCTL, &r))
		return r < 0 ? r : -ENOSYS;
	tsem_pack_u32(&event.cell, option);
	for (unsigned int i = 0; i < ARRAY_SIZE(arguments); i++)
		tsem_pack_u64(&event.cell, printed & BIT(i + 2) ? arguments[i] : 0);
	r = tsem_event_end(&event, 0);
	/* "Not mine": the call goes on. */
	return r < 0 ? r : -ENOSYS;
}

/* Looking is everybody's; attaching across namespaces, and to the reader at all, is not. */
static int hook_ptrace_access_check(struct task_struct *child, unsigned int mode)
{
	int r = mode & PTRACE_MODE_ATTACH ? may_touch(child) : spare_reader(child);

	return r < 0 ? r : about_task(TSEM_EVENT_PTRACE_ACCESS_CHECK, child, true, mode);
}

static int hook_ptrace_traceme(struct task_struct *parent)
{
	const struct tsem_ns *ns = tsem_task(current)->ns;

	if (ns != READ_ONCE(tsem_task(parent)->ns) && !has_mac_admin(parent))
		return -EPERM;
	return about_task(TSEM_EVENT_PTRACE_TRACEME, parent, false, 0);
}

static struct security_hook_list task_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(task_alloc, hook_task_alloc),
	LSM_HOOK_INIT(task_free, hook_task_free),
	LSM_HOOK_INIT(task_kill, hook_task_kill),
	LSM_HOOK_INIT(task_setpgid, hook_task_setpgid),
	LSM_HOOK_INIT(task_getpgid, hook_task_getpgid),
	LSM_HOOK_INIT(task_getsid, hook_task_getsid),
	LSM_HOOK_INIT(task_setnice, hook_task_setnice),
	LSM_HOOK_INIT(task_setioprio, hook_task_setioprio),
	LSM_HOOK_INIT(task_getioprio, hook_task_getioprio),
	LSM_HOOK_INIT(task_setscheduler, hook_task_setscheduler),
	LSM_HOOK_INIT(task_getscheduler, hook_task_getscheduler),
	LSM_HOOK_INIT(task_prlimit, hook_task_prlimit),
	LSM_HOOK_INIT(task_setrlimit, hook_task_setrlimit),
	LSM_HOOK_INIT(task_prctl, hook_task_prctl),
	LSM_HOOK_INIT(ptrace_access_check, hook_ptrace_access_check),
	LSM_HOOK_INIT(ptrace_traceme, hook_ptrace_traceme),
};

void __init tsem_add_task_hooks(void)
{
	security_add_hooks(task_hooks, ARRAY_SIZE(task_hooks), &tsem_lsmid);
}
