// SPDX-License-Identifier: GPL-2.0-only
/*
 * inode.c - events of names and inodes, and the mark of objects that were
 * created in a namespace. The mark begins at inode_create, which knows who
 * creates but has no inode, waits in the task, and is put on the inode by
 * d_instantiate, which every filesystem passes through.
 */

#include <linux/dcache.h>
#include <linux/slab.h>

#include "event.h"
#include "inode.h"

/** struct tsem_creator - How often one kind of task created in a directory. */
struct tsem_creator {
	struct tsem_creator *next;
	u64 ns_id;
	u64 count;
	struct tsem_digest owner;
};

/* The running number of a creation, from 1; 0 when the directory has too many creators. */
static u64 next_instance(struct inode *dir, u64 ns_id, const struct tsem_digest *owner)
{
	struct tsem_inode *blob = tsem_inode(dir);
	struct tsem_creator *creator;

	for (creator = blob->creators; creator; creator = creator->next) {
		if (creator->ns_id == ns_id && !memcmp(&creator->owner, owner, sizeof(*owner)))
			return ++creator->count;
	}
	if (blob->creator_count == TSEM_DIRECTORY_CREATORS_MAX)
		return 0;
	creator = kzalloc(sizeof(*creator), GFP_KERNEL_ACCOUNT);
	if (!creator)
		return 0;
	creator->ns_id = ns_id;
	creator->owner = *owner;
	creator->count = 1;
	creator->next = blob->creators;
	blob->creators = creator;
	blob->creator_count++;
	return 1;
}

/**
 * tsem_inode_set_created() - Mark an object as created.
 * @inode: The object; marked at most once.
 * @created: By whom; copied.
 *
 * Return: 0 or -ENOMEM.
 */
int tsem_inode_set_created(struct inode *inode, const struct tsem_created *created)
{
	struct tsem_created *copy = kmemdup(created, sizeof(*created), GFP_KERNEL_ACCOUNT);

	if (!copy)
		return -ENOMEM;
	if (cmpxchg_release(&tsem_inode(inode)->created, NULL, copy))
		kfree(copy);
	return 0;
}

static void forget_place(struct tsem_place *place)
{
	kfree(place->directory);
	*place = (struct tsem_place){};
}

/* Remember the directory's path for the inode_* hook that follows. */
static int note_place(const struct path *dir, struct dentry *dentry)
{
	struct tsem_task *task = tsem_task(current);
	struct tsem_text text;
	char *buffer;
	int r;

	if (!task->ns || task->inside)
		return 0;
	forget_place(&task->place);
	buffer = __getname();
	if (!buffer)
		return -ENOMEM;
	r = tsem_path_text(dir, buffer, &text);
	if (r == 0) {
		task->place.directory = kmemdup_nul(text.bytes, text.size, GFP_KERNEL_ACCOUNT);
		task->place.dentry = dentry;
		task->place.parent = dir->dentry;
		if (!task->place.directory) {
			forget_place(&task->place);
			r = -ENOMEM;
		}
	}
	__putname(buffer);
	return r;
}

static int hook_path_mknod(const struct path *dir, struct dentry *dentry, umode_t mode,
			   unsigned int dev)
{
	return note_place(dir, dentry);
}

static int hook_path_unlink(const struct path *dir, struct dentry *dentry)
{
	return note_place(dir, dentry);
}

static int hook_inode_create(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct tsem_task *task = tsem_task(current);
	struct tsem_created created;
	struct tsem_event event;
	int r;

	task->birth = (struct tsem_birth){};
	if (!tsem_event_begin(&event, TSEM_EVENT_INODE_CREATE, &r))
		return r;

	created = (struct tsem_created){
		.ns_id = event.ns->id,
		.owner = task->task_id,
		.instance = next_instance(dir, event.ns->id, &task->task_id),
	};
	tsem_pack_inode(&event.cell, event.ns, dir);
	r = tsem_pack_dentry(&event.cell, event.ns, dentry, &created);
	tsem_pack_u32(&event.cell, mode);
	r = tsem_event_end(&event, r);
	if (r == 0)
		task->birth = (struct tsem_birth){
			.dentry = dentry,
			.dir = dir,
			.instance = created.instance,
		};
	return r;
}

static int hook_inode_unlink(struct inode *dir, struct dentry *dentry)
{
	struct tsem_event event;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_INODE_UNLINK, &r))
		return r;
	tsem_pack_inode(&event.cell, event.ns, dir);
	return tsem_event_end(&event, tsem_pack_dentry(&event.cell, event.ns, dentry, NULL));
}

static void hook_d_instantiate(struct dentry *dentry, struct inode *inode)
{
	struct tsem_task *task = tsem_task(current);
	struct tsem_birth birth = task->birth;
	struct tsem_created created;

	if (likely(birth.dentry != dentry) || !inode)
		return;
	task->birth = (struct tsem_birth){};
	if (!task->ns || !S_ISREG(inode->i_mode) || d_inode(dentry->d_parent) != birth.dir)
		return;
	created = (struct tsem_created){
		.ns_id = task->ns->id,
		.owner = task->task_id,
		.instance = birth.instance,
	};
	/* Without memory the object stays unmarked: its content counts, which is the safe side. */
	(void)tsem_inode_set_created(inode, &created);
}

static void hook_inode_free_security_rcu(void *security)
{
	struct tsem_inode *blob = security + tsem_blob_sizes.lbs_inode;
	struct tsem_creator *creator = blob->creators;

	while (creator) {
		struct tsem_creator *next = creator->next;

		kfree(creator);
		creator = next;
	}
	kfree(blob->created);
}

static struct security_hook_list inode_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(path_mknod, hook_path_mknod),
	LSM_HOOK_INIT(path_unlink, hook_path_unlink),
	LSM_HOOK_INIT(inode_create, hook_inode_create),
	LSM_HOOK_INIT(inode_unlink, hook_inode_unlink),
	LSM_HOOK_INIT(d_instantiate, hook_d_instantiate),
	LSM_HOOK_INIT(inode_free_security_rcu, hook_inode_free_security_rcu),
};

void __init tsem_add_inode_hooks(void)
{
	security_add_hooks(inode_hooks, ARRAY_SIZE(inode_hooks), &tsem_lsmid);
}
