// SPDX-License-Identifier: GPL-2.0-only
/*
 * exec.c - execution: the event, the TASK_ID, and the way in for an armed task.
 *
 * bprm_check_security runs once for each file of a #! chain, while the exec can
 * still fail. There the FILE is described, content included, and everything
 * that the TASK_ID needs is made ready. bprm_committing_creds, past the point of
 * no return, lets an armed task enter; bprm_committed_creds, with the new
 * credentials in place, computes the TASK_ID from what is ready.
 */

#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "describe.h"
#include "event.h"
#include "task.h"
#include "verdict.h"

/** struct packed_file - A packed FILE; owned. */
struct packed_file {
	u8 *data;
	size_t size;
};

/**
 * struct tsem_exec - An exec in progress.
 * @ns: Namespace that it ends in, whose hash function and rules are used. The task is its member
 *	or armed for it, and so holds it.
 * @first: First file of a chain; empty if there is none.
 * @last: Last file so far.
 * @cell: Room for the CELL of bprm_committed_creds.
 */
struct tsem_exec {
	struct tsem_ns *ns;
	struct packed_file first;
	struct packed_file last;
	struct tsem_packer cell;
};

void tsem_exec_free(struct tsem_exec *exec)
{
	if (!exec)
		return;
	kfree(exec->first.data);
	kfree(exec->last.data);
	kfree(exec->cell.data);
	kfree(exec);
}

static void forget_exec(struct tsem_task *task)
{
	tsem_exec_free(task->exec);
	task->exec = NULL;
}

static struct tsem_exec *exec_new(struct tsem_ns *ns)
{
	struct tsem_exec *exec = kzalloc(sizeof(*exec), GFP_KERNEL_ACCOUNT);

	if (exec)
		exec->ns = ns;
	return exec;
}

/*
 * Begins each exec: what an earlier one left when it failed is void. Here it is
 * decided in which namespace this one will end; nobody arms the task before it is over.
 */
static int hook_bprm_creds_for_exec(struct linux_binprm *bprm)
{
	struct tsem_task *task = tsem_task(current);
	struct tsem_ns *armed = READ_ONCE(task->armed);
	struct tsem_ns *ns = task->ns ?: armed ?: tsem_ns_of(current);

	forget_exec(task);
	/* The armed task would not survive this exec, and nobody would enter. */
	if (!task->ns && !armed && READ_ONCE(tsem_task(current->group_leader)->armed))
		return -EPERM;
	if (!ns)
		return 0;
	if (READ_ONCE(ns->dead))
		return -EPERM;
	task->exec = exec_new(ns);
	if (task->exec)
		return 0;
	if (tsem_ns_is_root(ns))
		return tsem_undescribed(ns, -ENOMEM);
	return task->ns ? tsem_refuse_undescribed(ns, -ENOMEM) : -ENOMEM;
}

static int describe_file(struct tsem_ns *ns, struct file *file, struct packed_file *ret)
{
	struct tsem_packer p = { .data = tsem_work_new(), .size = TSEM_PACKED_MAX };
	int r;

	if (!p.data)
		return -ENOMEM;
	r = tsem_pack_file(&p, ns, file, true, true);
	if (r == 0 && tsem_packer_overflowed(&p))
		r = -ENAMETOOLONG;
	if (r == 0) {
		ret->data = kmemdup(p.data, p.used, GFP_KERNEL_ACCOUNT);
		ret->size = p.used;
		if (!ret->data)
			r = -ENOMEM;
	}
	tsem_work_free(p.data);
	return r;
}

/* Takes @file over. */
static int exec_add_file(struct tsem_exec *exec, struct packed_file *file)
{
	size_t size;

	if (exec->last.data && !exec->first.data)
		exec->first = exec->last;
	else
		kfree(exec->last.data);
	exec->last = *file;

	size = TSEM_DIGEST_MAX + exec->last.size + 1 + exec->first.size;
	kfree(exec->cell.data);
	exec->cell = (struct tsem_packer){
		.data = kmalloc(size, GFP_KERNEL_ACCOUNT),
		.size = size,
	};
	return exec->cell.data ? 0 : -ENOMEM;
}

/* Describe one file of the chain, for the TASK_ID and for the event if there is one. */
static int prepare(struct linux_binprm *bprm, struct tsem_exec *exec, struct tsem_event *event)
{
	struct packed_file file;
	int r = describe_file(exec->ns, bprm->file, &file);

	if (r < 0)
		return r;
	if (event)
		tsem_pack_bytes(&event->cell, file.data, file.size);
	return exec_add_file(exec, &file);
}

static int hook_bprm_check_security(struct linux_binprm *bprm)
{
	struct tsem_task *task = tsem_task(current);
	struct tsem_exec *exec = task->exec;
	struct tsem_event event __uninitialized;
	int described = 0, r;

	if (!exec)
		return 0;
	if (tsem_event_begin(&event, TSEM_EVENT_BPRM_CHECK_SECURITY, &r)) {
		described = prepare(bprm, exec, &event);
		r = tsem_event_end(&event, described);
	} else if (r == 0) {
		described = prepare(bprm, exec, NULL);
		/* An armed task is no member yet. */
		if (described < 0 && (task->ns || tsem_ns_is_root(exec->ns)))
			r = tsem_undescribed(exec->ns, described);
		if (r < 0)
			tsem_ns_count(exec->ns, TSEM_COUNT_REFUSED);
	}
	if (r < 0 || described == 0)
		return r;
	/* Also where nobody judges: nothing runs under an identity that is not its own. */
	if (!tsem_ns_is_root(exec->ns))
		return described;
	forget_exec(task);
	return 0;
}

static void hook_bprm_committing_creds(const struct linux_binprm *bprm)
{
	struct tsem_task *task = tsem_task(current);
	struct tsem_ns *armed = READ_ONCE(task->armed);

	if (!armed || !task->exec || task->exec->ns != armed)
		return;
	tsem_task_identify(NULL);
	task->p_task_id = (struct tsem_digest){};
	task->ttd = 0;
	task->p_ttd = 0;
	WRITE_ONCE(task->ns, armed);	/* with its reference */
	WRITE_ONCE(task->armed, NULL);
	tsem_ns_join(armed);
	tsem_ns_close_way(armed);
	tsem_ns_count(armed, TSEM_COUNT_ENTERED);
	smp_mb(); /* pairs with tsem_ns_kill(): it finds the task, or we see what it wants */
	if (READ_ONCE(armed->dead))
		do_send_sig_info(SIGKILL, SEND_SIG_PRIV, current, PIDTYPE_TGID);
}

static void pack_cell(struct tsem_exec *exec, const struct tsem_digest *previous,
		      unsigned int digest_size)
{
	exec->cell.used = 0;
	tsem_pack_bytes(&exec->cell, previous->bytes, digest_size);
	tsem_pack_bytes(&exec->cell, exec->last.data, exec->last.size);
	tsem_pack_u8(&exec->cell, !!exec->first.data);
	if (exec->first.data)
		tsem_pack_bytes(&exec->cell, exec->first.data, exec->first.size);
}

/* Formula.md, section 5: the second formula, with TASK_ID zero. */
static noinline_for_stack void compute_task_id(const struct tsem_ns *ns,
					       const struct tsem_subject *subject,
					       const struct tsem_packer *cell,
					       struct tsem_digest *ret)
{
	TSEM_HASH_ON_STACK(hash, &ns->alg);
	const struct tsem_event_desc *desc = &tsem_events[TSEM_EVENT_BPRM_COMMITTED_CREDS];
	struct tsem_view view = tsem_ns_view(ns);
	struct tsem_digest coe_id = {}, cell_id = {};

	tsem_object_digest(&tsem_coe, &view, subject->coe, sizeof(subject->coe), &hash->hasher,
			   &coe_id);
	tsem_object_digest(&desc->cell, &view, cell->data, cell->used, &hash->hasher, &cell_id);
	tsem_event_coefficient(TSEM_EVENT_BPRM_COMMITTED_CREDS, &subject->p_task_id,
			       &subject->task_id, &coe_id, &cell_id, &hash->hasher, ret);
}

/*
 * The TASK_ID follows from the bytes, so an exec that was there before needs no digest.
 * Returns whether it was.
 */
static bool set_task_id(struct tsem_task *task, struct tsem_exec *exec)
{
	const struct tsem_ns *ns = exec->ns;
	struct tsem_subject subject = { .p_task_id = task->p_task_id };
	struct tsem_packer coe = { .data = subject.coe, .size = sizeof(subject.coe) };
	struct tsem_raw raw = { .event = TSEM_KNOWN_PROGRAM };
	u32 generation = ns->known ? READ_ONCE(ns->model->generation) : 0;
	union tsem_known_value value = {};
	bool known;

	tsem_pack_coe(&coe, current_cred(), ns);
	pack_cell(exec, &task->task_id, tsem_ns_digest_size(ns));
	raw.cell = exec->cell.data;
	raw.cell_size = exec->cell.used;
	if (ns->known)
		raw.who = tsem_known_who(ns->known, &subject);
	known = ns->known && tsem_known_find(ns->known, &raw, generation, &value);
	if (!known)
		compute_task_id(ns, &subject, &exec->cell, &value.task_id);
	if (!known && ns->known)
		tsem_known_add(ns->known, &raw, generation, &value);
	tsem_task_identify(&value.task_id);
	return known;
}

/* Tell the agent which program a TASK_ID is. It does not wait, and a loss is counted. */
static void export_exec(const struct tsem_exec *exec)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_BPRM_COMMITTED_CREDS, &r))
		return;
	tsem_pack_bytes(&event.cell, exec->cell.data, exec->cell.used);
	(void)tsem_event_end(&event, 0);
}

static void hook_bprm_committed_creds(const struct linux_binprm *bprm)
{
	struct tsem_task *task = tsem_task(current);
	struct tsem_exec *exec = task->exec;
	struct tsem_ns *ns = tsem_ns_of(current);
	struct tsem_digest unknown = {};
	bool known;

	if (!ns)
		return;
	if (!exec && tsem_ns_is_root(ns)) {
		/* It could not be described, or began before there was a root namespace. */
		memset(&unknown, 0xff, tsem_ns_digest_size(ns));
		tsem_task_identify(&unknown);
		task->ttd = tsem_next_ttd();
		return;
	}
	if (WARN_ON_ONCE(!exec || exec->ns != ns || !exec->cell.data)) {
		/* Nothing runs under an identity that is not its own. */
		tsem_task_distrust(current);
		return;
	}
	known = set_task_id(task, exec);
	task->ttd = tsem_next_ttd();
	/* An agent that remembers was told of it by the first such exec. */
	known = known && ns->params.remember && tsem_may_rely(ns);
	if (ns->params.export_exec && !known)
		export_exec(exec);
	forget_exec(task);
}

static struct security_hook_list exec_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(bprm_creds_for_exec, hook_bprm_creds_for_exec),
	LSM_HOOK_INIT(bprm_check_security, hook_bprm_check_security),
	LSM_HOOK_INIT(bprm_committing_creds, hook_bprm_committing_creds),
	LSM_HOOK_INIT(bprm_committed_creds, hook_bprm_committed_creds),
};

void __init tsem_add_exec_hooks(void)
{
	security_add_hooks(exec_hooks, ARRAY_SIZE(exec_hooks), &tsem_lsmid);
}
