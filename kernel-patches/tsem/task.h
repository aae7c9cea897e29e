/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task.h - what TSEM knows about a task: namespace, identity, trust.
 */
#ifndef _SECURITY_TSEM_TASK_H
#define _SECURITY_TSEM_TASK_H

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/lsm_hooks.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/types.h>

#include "ns.h"

struct tsem_exec;
struct tsem_mark;

/**
 * struct tsem_place - Where a path_* hook saw a name, for the inode_* hook that follows.
 * @dentry: Of the name; never dereferenced.
 * @parent: Its directory; never dereferenced.
 * @text: Its absolute path, owned.
 */
struct tsem_place {
	const struct dentry *dentry;
	const struct dentry *parent;
	char *text;
};

/* A link and a rename have two names. */
#define TSEM_PLACES 2

/**
 * struct tsem_birth - An object that inode_create announced, until it exists.
 * @dentry: Its name; never dereferenced.
 * @dir: Its directory; never dereferenced.
 * @mark: What it will be marked with, owned; NULL where there was no memory and nobody judges.
 */
struct tsem_birth {
	const struct dentry *dentry;
	const struct inode *dir;
	struct tsem_mark *mark;
};

/**
 * struct tsem_who - The number that a task had as a subject when it was last asked for.
 * @number: 0 if it is to be asked for.
 * @ns_id: In this namespace.
 * @cred_id: With these credentials.
 */
struct tsem_who {
	u64 number;
	u64 ns_id;
	u64 cred_id;
};

/**
 * struct tsem_task - The task blob.
 * @ns: Namespace, reference; NULL outside. Changed by the task itself only.
 * @armed: Namespace it enters in its next exec, reference; set by others with cmpxchg().
 * @identity: Whoever reads @task_id of another task asks whether it changed meanwhile.
 * @task_id: Identity; zeros before the first exec inside. Changed by the task itself only, by
 *	tsem_task_identify().
 * @p_task_id: That of the creator at fork.
 * @who: Number of both with its credentials; void when one of them changes.
 * @ttd: Serial number of the last exec.
 * @p_ttd: The same of the creator at fork.
 * @untrusted: For good. Also true for a task whose group leader has it.
 * @inside: Reads content for TSEM: what it does is no event.
 * @exec: The exec in progress.
 * @places: What the last path_* hook saw.
 * @birth: What the last inode_* hook announced.
 * @forget: Makes both void when the system call ends; queued if it has a function.
 */
struct tsem_task {
	struct tsem_ns *ns;
	struct tsem_ns *armed;
	seqcount_t identity;
	struct tsem_digest task_id;
	struct tsem_digest p_task_id;
	struct tsem_who who;
	u64 ttd;
	u64 p_ttd;
	bool untrusted;
	bool inside;
	struct tsem_exec *exec;
	struct tsem_place places[TSEM_PLACES];
	struct tsem_birth birth;
	struct callback_head forget;
};

/**
 * struct tsem_cred - The credentials blob.
 * @id: No others have it; drawn when it is first asked for by who has them, which is when they
 *	do not change any more. 0 before.
 * @stacked: Of a stacked filesystem, which works with them on its layers: no event.
 */
struct tsem_cred {
	atomic64_t id;
	bool stacked;
};

extern struct lsm_blob_sizes tsem_blob_sizes;
extern bool tsem_enabled;

static inline struct tsem_cred *tsem_cred(const struct cred *cred)
{
	return cred->security + tsem_blob_sizes.lbs_cred;
}

static inline struct tsem_task *tsem_task(const struct task_struct *task)
{
	return task->security + tsem_blob_sizes.lbs_task;
}

DECLARE_STATIC_KEY_FALSE(tsem_root_modelled);
extern struct tsem_ns *tsem_root;

/**
 * tsem_ns_of() - The namespace that models what a task does.
 * @task: Kept alive by the caller.
 *
 * That of which it is a member. Who is in none belongs to the root namespace, if
 * there is one, and is no member: nothing holds it there, and no rule of members
 * applies to it.
 */
static inline struct tsem_ns *tsem_ns_of(const struct task_struct *task)
{
	struct tsem_ns *ns = READ_ONCE(tsem_task(task)->ns);

	if (!ns && static_branch_unlikely(&tsem_root_modelled))
		ns = tsem_root;
	return ns;
}

/** tsem_is_modelled() - Whether anybody models current: for hooks that are called all the time. */
static inline bool tsem_is_modelled(void)
{
	return unlikely(tsem_ns_of(current));
}

static inline bool tsem_task_untrusted(const struct task_struct *task)
{
	return READ_ONCE(tsem_task(task)->untrusted) ||
	       READ_ONCE(tsem_task(task->group_leader)->untrusted);
}

void tsem_task_distrust(struct task_struct *task);
void tsem_task_identify(const struct tsem_digest *task_id);
void tsem_pack_task_id(struct tsem_packer *p, const struct tsem_ns *ns,
		       const struct task_struct *task);
u64 tsem_next_ttd(void);
bool tsem_may_control(const struct cred *cred);
int tsem_task_arm(struct task_struct *task, struct tsem_ns *ns);
void tsem_exec_free(struct tsem_exec *exec);

void tsem_root_announce(void);
void tsem_add_task_hooks(void);
void tsem_add_owner_hooks(void);
void tsem_add_exec_hooks(void);
void tsem_add_inode_hooks(void);
void tsem_add_mark_hooks(void);
void tsem_add_file_hooks(void);
void tsem_add_net_hooks(void);
void tsem_add_cred_hooks(void);
void tsem_add_ipc_hooks(void);
void tsem_add_mount_hooks(void);
void tsem_add_kernel_hooks(void);

extern const struct lsm_id tsem_lsmid;

#endif /* _SECURITY_TSEM_TASK_H */
