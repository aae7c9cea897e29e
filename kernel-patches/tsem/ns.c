// SPDX-License-Identifier: GPL-2.0-only
/*
 * ns.c - the life of a namespace. It lives as long as a member, an armed task
 * or an open file of the control plane refers to it; the last reference may be
 * dropped in any context, the rest is done by a work item.
 */

#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "loadable.h"
#include "ns.h"
#include "task.h"
#include "tpm.h"
#include "verdict.h"

/* Namespaces by id. Its lock also makes numbers without gaps. */
static DEFINE_XARRAY_FLAGS(namespaces, XA_FLAGS_ACCOUNT);
static unsigned int namespace_count;
static u64 last_id;
static DEFINE_MUTEX(create_mutex);

/* What it takes to know coefficients. */
static int model_init(struct tsem_ns *ns)
{
	int r = tsem_loadable_get(ns->params.model, &ns->loadable);

	if (r < 0)
		return r;
	if (ns->loadable)
		bitmap_andnot(ns->params.events, ns->params.events, ns->loadable->bypass,
			      TSEM_EVENT_COUNT);
	if (ns->params.tma != TSEM_TMA_INTERNAL && !ns->params.remember)
		return 0;
	ns->known = tsem_known_new();
	if (!ns->known)
		return -ENOMEM;
	if (ns->params.remember) {
		ns->recent_asked = kvcalloc(TSEM_RECENT_MAX, sizeof(*ns->recent_asked),
					    GFP_KERNEL_ACCOUNT);
		if (!ns->recent_asked)
			return -ENOMEM;
	}
	return tsem_model_new(&ns->alg, &ns->aggregate, ns->params.points, &ns->model);
}

static void model_done(struct tsem_ns *ns)
{
	tsem_loadable_put(ns->loadable);
	tsem_model_free(ns->model);
	tsem_known_free(ns->known);
	kvfree(ns->recent_asked);
}

static void remove_files(struct tsem_ns *ns)
{
	for (size_t i = 0; i < TSEM_NS_FILES_MAX; i++) {
		securityfs_remove(ns->files[i]);	/* takes what was not made as well */
		ns->files[i] = NULL;
	}
}

static void release_work(struct work_struct *work)
{
	struct tsem_ns *ns = container_of(work, struct tsem_ns, release);
	struct tsem_record *record, *next;

	cancel_work_sync(&ns->kill);
	remove_files(ns);
	mutex_lock(&create_mutex);
	xa_erase(&namespaces, ns->id);
	namespace_count--;
	mutex_unlock(&create_mutex);

	tsem_marks_forget(ns);
	tsem_recent_clear(ns);
	list_for_each_entry_safe(record, next, &ns->queue, node)
		tsem_record_free(record);
	put_pid(ns->reader);
	put_pid(ns->owner);
	tsem_pool_done(&ns->pool);
	model_done(ns);
	tsem_alg_done(&ns->alg);
	tsem_params_done(&ns->params);
	kfree_sensitive(ns);
}

static void kill_work(struct work_struct *work)
{
	tsem_ns_kill(container_of(work, struct tsem_ns, kill));
}

static struct tsem_ns *ns_alloc(struct tsem_params *params)
{
	struct tsem_ns *ns = kzalloc(sizeof(*ns), GFP_KERNEL_ACCOUNT);

	if (!ns)
		return NULL;

	refcount_set(&ns->refs, 1);
	ns->shift = (struct tsem_shift){ .now = 1, .last = 1 };
	ns->params = *params;
	params->scratch_text = NULL;	/* moved */
	memzero_explicit(params->key, sizeof(params->key));
	spin_lock_init(&ns->lock);
	INIT_LIST_HEAD(&ns->queue);
	hash_init(ns->waiting);
	init_waitqueue_head(&ns->readers);
	mutex_init(&ns->read_mutex);
	INIT_WORK(&ns->release, release_work);
	INIT_WORK(&ns->kill, kill_work);
	return ns;
}

/* The id is taken only when everything else has worked: a failure uses none up. */
static int ns_publish(struct tsem_ns *ns, bool is_root, int (*make_files)(struct tsem_ns *ns))
{
	int r;

	guard(mutex)(&create_mutex);
	if (namespace_count >= TSEM_NAMESPACES_MAX)
		return -ENOSPC;
	ns->id = is_root ? 0 : last_id + 1;
	r = xa_insert(&namespaces, ns->id, ns, GFP_KERNEL);
	if (r < 0)
		return r;

	r = make_files(ns);
	if (r < 0) {
		remove_files(ns);
		xa_erase(&namespaces, ns->id);
		return r;
	}
	if (!is_root)
		last_id = ns->id;
	namespace_count++;
	return 0;
}

static int ns_new(struct tsem_params *params, bool is_root,
		  int (*make_files)(struct tsem_ns *ns), struct tsem_ns **ret)
{
	struct tsem_ns *ns = ns_alloc(params);
	int r;

	if (!ns)
		return -ENOMEM;

	r = tsem_alg_init(&ns->alg, ns->params.digest);
	if (r < 0)
		goto out_free;
	tsem_aggregate(&ns->alg, &ns->aggregate);
	r = model_init(ns);
	if (r < 0)
		goto out_model;
	r = tsem_pool_init(&ns->pool, ns->params.cache);
	if (r < 0)
		goto out_model;
	r = ns_publish(ns, is_root, make_files);
	if (r < 0)
		goto out_pool;

	*ret = ns;
	return 0;

out_pool:
	tsem_pool_done(&ns->pool);
out_model:
	model_done(ns);
	tsem_alg_done(&ns->alg);
out_free:
	tsem_params_done(&ns->params);
	kfree(ns);
	return r;
}

/**
 * tsem_ns_new() - Make a namespace without members.
 * @params: What the command said; its text moves into the namespace.
 * @make_files: Makes its files, in @ns->files, when it has its id; they are removed with it.
 * @ret: The namespace, with one reference for the caller.
 *
 * Context: Process context.
 * Return: 0, -ENOMEM, -ENOENT (no such hash function in this kernel), -EINVAL
 * (no such model) or an error of securityfs.
 */
int tsem_ns_new(struct tsem_params *params, int (*make_files)(struct tsem_ns *ns),
		struct tsem_ns **ret)
{
	return ns_new(params, false, make_files, ret);
}

/**
 * tsem_ns_new_root() - Make the namespace of whoever is in no other.
 * @params: As for tsem_ns_new().
 * @make_files: As there.
 * @ret: The namespace; it is never deserted and never goes.
 *
 * Return: As tsem_ns_new().
 */
int tsem_ns_new_root(struct tsem_params *params, int (*make_files)(struct tsem_ns *ns),
		     struct tsem_ns **ret)
{
	int r = ns_new(params, true, make_files, ret);

	if (r == 0)
		tsem_ns_open_way(*ret);
	return r;
}

struct tsem_ns *tsem_ns_get(struct tsem_ns *ns)
{
	refcount_inc(&ns->refs);
	return ns;
}

/* Context: Any. */
void tsem_ns_put(struct tsem_ns *ns)
{
	if (refcount_dec_and_test(&ns->refs))
		schedule_work(&ns->release);
}

/**
 * tsem_ns_find() - Look up a namespace that is still alive.
 * @id: Its number.
 *
 * Return: The namespace with a reference, or NULL.
 */
struct tsem_ns *tsem_ns_find(u64 id)
{
	struct tsem_ns *ns;

	/* The work item that frees a namespace erases it under this mutex. */
	guard(mutex)(&create_mutex);
	ns = xa_load(&namespaces, id);
	if (ns && !refcount_inc_not_zero(&ns->refs))
		ns = NULL;
	return ns;
}

/** tsem_ns_join() - A task becomes a member; it brings its reference. */
void tsem_ns_join(struct tsem_ns *ns)
{
	atomic_inc(&ns->member_count);
}

/** tsem_ns_leave() - A member is gone, and its reference. Context: Any. */
void tsem_ns_leave(struct tsem_ns *ns)
{
	if (atomic_dec_and_test(&ns->member_count))
		wake_up_all(&ns->readers);
	tsem_ns_put(ns);
}

/** tsem_ns_open_way() - There is one more way in; the caller has a reference. */
void tsem_ns_open_way(struct tsem_ns *ns)
{
	atomic_inc(&ns->way_count);
}

/**
 * tsem_ns_close_way() - A way in is gone.
 * @ns: Who went through it has joined already.
 *
 * Context: Any.
 */
void tsem_ns_close_way(struct tsem_ns *ns)
{
	if (atomic_dec_and_test(&ns->way_count))
		wake_up_all(&ns->readers);
}

/** tsem_ns_is_deserted() - Whether nobody is in it, and nobody can come any more. */
bool tsem_ns_is_deserted(const struct tsem_ns *ns)
{
	/* In this order: a way is closed after its user has joined. */
	if (atomic_read(&ns->way_count))
		return false;
	smp_rmb(); /* pairs with the full barrier of atomic_dec_and_test() */
	return !atomic_read(&ns->member_count);
}

static bool kill_once(struct tsem_ns *ns)
{
	struct task_struct *process, *task;
	bool killed = false;

	rcu_read_lock();
	for_each_process_thread(process, task) {
		if (READ_ONCE(tsem_task(task)->ns) != ns || task->exit_state ||
		    fatal_signal_pending(task) || (task->flags & PF_EXITING))
			continue;
		do_send_sig_info(SIGKILL, SEND_SIG_PRIV, task, PIDTYPE_TGID);
		killed = true;
	}
	rcu_read_unlock();
	return killed;
}

/**
 * tsem_ns_kill() - End every member.
 * @ns: Nobody enters it and nobody forks in it any more.
 *
 * A fork that began before @dead was set fails, as its parent has a fatal
 * signal, or is found by the next round. Who enters ends itself.
 *
 * Context: Process context.
 */
void tsem_ns_kill(struct tsem_ns *ns)
{
	WRITE_ONCE(ns->dead, true);
	smp_mb(); /* pairs with fork and exec, which read @dead after they set @ns */
	for (int round = 0; round < 16 && kill_once(ns); round++)
		cond_resched();
}
