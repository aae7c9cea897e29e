// SPDX-License-Identifier: GPL-2.0-only
/*
 * ipc.c - events of System V IPC objects. Their owner is the TASK_ID of the
 * creator at creation, kept with the object.
 */

#include <linux/cred.h>
#include <linux/ipc.h>
#include <linux/sem.h>

#include "describe.h"
#include "event.h"
#include "task.h"

static struct tsem_created *ipc_created(const struct kern_ipc_perm *perm)
{
	return perm->security + tsem_blob_sizes.lbs_ipc;
}

/* Before the object can be found: nobody else looks at it yet. */
static int set_owner(struct kern_ipc_perm *perm)
{
	const struct tsem_ns *ns = tsem_ns_of(current);

	if (ns)
		*ipc_created(perm) = (struct tsem_created){
			.ns_id = tsem_ns_maker(ns),
			.owner = tsem_task(current)->task_id,
		};
	return 0;
}

static void pack_perm(struct tsem_event *event, const struct kern_ipc_perm *perm)
{
	struct user_namespace *to = tsem_reference_userns(event->ns);
	const struct tsem_created *created = ipc_created(perm);

	tsem_pack_u32(&event->cell, from_kuid(to, perm->uid));
	tsem_pack_u32(&event->cell, from_kgid(to, perm->gid));
	tsem_pack_u32(&event->cell, from_kuid(to, perm->cuid));
	tsem_pack_u32(&event->cell, from_kgid(to, perm->cgid));
	tsem_pack_u32(&event->cell, perm->mode);
	tsem_pack_digest(&event->cell, event->ns,
			 created->ns_id == tsem_ns_maker(event->ns) ? &created->owner : NULL);
}

/* An event that is an object and a number. */
static int numbered(enum tsem_event_id id, const struct kern_ipc_perm *perm, int number)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, id, &r))
		return r;
	pack_perm(&event, perm);
	tsem_pack_u32(&event.cell, number);
	return tsem_event_end(&event, 0);
}

static int hook_shm_associate(struct kern_ipc_perm *perm, int shmflg)
{
	return numbered(TSEM_EVENT_SHM_ASSOCIATE, perm, shmflg);
}

/* Commands about no object (IPC_INFO and its like) have none. */
static int hook_shm_shmctl(struct kern_ipc_perm *perm, int cmd)
{
	return perm ? numbered(TSEM_EVENT_SHM_SHMCTL, perm, cmd) : 0;
}

static int hook_shm_shmat(struct kern_ipc_perm *perm, char __user *shmaddr, int shmflg)
{
	return numbered(TSEM_EVENT_SHM_SHMAT, perm, shmflg);
}

static int hook_sem_associate(struct kern_ipc_perm *perm, int semflg)
{
	return numbered(TSEM_EVENT_SEM_ASSOCIATE, perm, semflg);
}

static int hook_sem_semctl(struct kern_ipc_perm *perm, int cmd)
{
	return perm ? numbered(TSEM_EVENT_SEM_SEMCTL, perm, cmd) : 0;
}

static int hook_sem_semop(struct kern_ipc_perm *perm, struct sembuf *sops, unsigned int nsops,
			  int alter)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_SEM_SEMOP, &r))
		return r;
	pack_perm(&event, perm);
	tsem_pack_u32(&event.cell, nsops);
	tsem_pack_u8(&event.cell, !!alter);
	return tsem_event_end(&event, 0);
}

static int hook_msg_queue_associate(struct kern_ipc_perm *perm, int msqflg)
{
	return numbered(TSEM_EVENT_MSG_QUEUE_ASSOCIATE, perm, msqflg);
}

static int hook_msg_queue_msgctl(struct kern_ipc_perm *perm, int cmd)
{
	return perm ? numbered(TSEM_EVENT_MSG_QUEUE_MSGCTL, perm, cmd) : 0;
}

static int hook_msg_queue_msgsnd(struct kern_ipc_perm *perm, struct msg_msg *msg, int msqflg)
{
	return numbered(TSEM_EVENT_MSG_QUEUE_MSGSND, perm, msqflg);
}

static int hook_msg_queue_msgrcv(struct kern_ipc_perm *perm, struct msg_msg *msg,
				 struct task_struct *target, long type, int mode)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_MSG_QUEUE_MSGRCV, &r))
		return r;
	pack_perm(&event, perm);
	tsem_pack_task_id(&event.cell, event.ns, target);
	tsem_pack_u64(&event.cell, type);
	tsem_pack_u32(&event.cell, mode);
	return tsem_event_end(&event, 0);
}

static int hook_ipc_permission(struct kern_ipc_perm *perm, short flag)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_IPC_PERMISSION, &r))
		return r;
	pack_perm(&event, perm);
	tsem_pack_u16(&event.cell, flag);
	return tsem_event_end(&event, 0);
}

static struct security_hook_list ipc_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(shm_alloc_security, set_owner),
	LSM_HOOK_INIT(sem_alloc_security, set_owner),
	LSM_HOOK_INIT(msg_queue_alloc_security, set_owner),
	LSM_HOOK_INIT(shm_associate, hook_shm_associate),
	LSM_HOOK_INIT(shm_shmctl, hook_shm_shmctl),
	LSM_HOOK_INIT(shm_shmat, hook_shm_shmat),
	LSM_HOOK_INIT(sem_associate, hook_sem_associate),
	LSM_HOOK_INIT(sem_semctl, hook_sem_semctl),
	LSM_HOOK_INIT(sem_semop, hook_sem_semop),
	LSM_HOOK_INIT(msg_queue_associate, hook_msg_queue_associate),
	LSM_HOOK_INIT(msg_queue_msgctl, hook_msg_queue_msgctl),
	LSM_HOOK_INIT(msg_queue_msgsnd, hook_msg_queue_msgsnd),
	LSM_HOOK_INIT(msg_queue_msgrcv, hook_msg_queue_msgrcv),
	LSM_HOOK_INIT(ipc_permission, hook_ipc_permission),
};

void __init tsem_add_ipc_hooks(void)
{
	security_add_hooks(ipc_hooks, ARRAY_SIZE(ipc_hooks), &tsem_lsmid);
}
