// SPDX-License-Identifier: GPL-2.0-only
/*
 * owner.c - who had a signal sent to whom by an open file. What members may not send
 * they may not have sent by the kernel either, whenever that happens.
 *
 * Hardly any file has an owner, and every file that is opened would pay for a blob of
 * its own, so those that members have set are kept in a table beside the files.
 */

#include <linux/fs.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "task.h"

/**
 * struct owned - An open file whose owner was set by a member.
 * @file: The key; never dereferenced.
 * @ns_id: Namespace of whoever did it last; 0 outside.
 * @node: In the table.
 * @rcu: Whoever looks up may still see it.
 */
struct owned {
	const struct file *file;
	u64 ns_id;
	struct rhash_head node;
	struct rcu_head rcu;
};

static const struct rhashtable_params table_params = {
	.key_len = sizeof(const struct file *),
	.key_offset = offsetof(struct owned, file),
	.head_offset = offsetof(struct owned, node),
	.automatic_shrinking = true,
};

static struct rhashtable table;

static bool table_is_empty(void)
{
	return !atomic_read(&table.nelems);
}

static bool enter(const struct file *file, u64 ns_id)
{
	struct owned *owned = kmalloc(sizeof(*owned), GFP_ATOMIC | __GFP_NOWARN | __GFP_ACCOUNT);

	if (!owned)
		return false;
	owned->file = file;
	owned->ns_id = ns_id;
	if (!rhashtable_insert_fast(&table, &owned->node, table_params))
		return true;
	kfree(owned);
	return false;
}

/* Change what is kept of a file; its owner's lock is held, so nobody else does. */
static bool renew(const struct file *file, u64 ns_id)
{
	struct owned *owned;

	if (table_is_empty())
		return false;
	rcu_read_lock();
	owned = rhashtable_lookup(&table, &file, table_params);
	if (owned)
		WRITE_ONCE(owned->ns_id, ns_id);
	rcu_read_unlock();
	return owned;
}

/* Who gets a signal from a file is chosen when its owner is set. */
static void hook_file_set_fowner(struct file *file)
{
	const struct tsem_ns *ns = tsem_task(current)->ns;
	struct fown_struct *owner = file_f_owner(file);

	if (renew(file, ns ? ns->id : 0) || !ns || enter(file, ns->id))
		return;
	/* What cannot be kept must not happen: the file has no owner. */
	put_pid(owner->pid);
	owner->pid = NULL;
}

/* Context: Any. */
static int hook_file_send_sigiotask(struct task_struct *target, struct fown_struct *fown, int sig)
{
	const struct tsem_ns *ns = READ_ONCE(tsem_task(target)->ns);
	const struct file *file = fown->file;
	struct owned *owned;
	u64 ns_id = 0;

	if (table_is_empty())
		return 0;
	rcu_read_lock();
	owned = rhashtable_lookup(&table, &file, table_params);
	if (owned)
		ns_id = READ_ONCE(owned->ns_id);
	rcu_read_unlock();
	if (!ns_id)
		return 0;
	return ns && ns->id == ns_id && !tsem_ns_is_reader(ns, target) ? 0 : -EPERM;
}

static void hook_file_free_security(struct file *file)
{
	const struct file *key = file;
	struct owned *owned;

	if (likely(table_is_empty()))
		return;
	owned = rhashtable_lookup_fast(&table, &key, table_params);
	if (!owned)
		return;
	rhashtable_remove_fast(&table, &owned->node, table_params);
	kfree_rcu(owned, rcu);
}

static struct security_hook_list owner_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(file_set_fowner, hook_file_set_fowner),
	LSM_HOOK_INIT(file_send_sigiotask, hook_file_send_sigiotask),
	LSM_HOOK_INIT(file_free_security, hook_file_free_security),
};

void __init tsem_add_owner_hooks(void)
{
	security_add_hooks(owner_hooks, ARRAY_SIZE(owner_hooks), &tsem_lsmid);
}

/* Before any task can be in a namespace. */
static int __init owner_init(void)
{
	return rhashtable_init(&table, &table_params);
}
core_initcall(owner_init);
