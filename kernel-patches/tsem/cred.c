// SPDX-License-Identifier: GPL-2.0-only
/*
 * cred.c - events of credentials: capabilities, user and group ids, user
 * namespaces.
 */

#include <linux/cred.h>
#include <linux/export.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "describe.h"
#include "event.h"
#include "task.h"

static int hook_capable(const struct cred *cred, struct user_namespace *userns, int cap,
			unsigned int opts)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_CAPABLE, &r))
		return r;
	event.quiet = opts & CAP_OPT_NOAUDIT;
	tsem_pack_u32(&event.cell, cap);
	tsem_pack_u32(&event.cell, opts);
	tsem_pack_u8(&event.cell, userns == &init_user_ns);
	return tsem_event_end(&event, 0);
}

static int hook_capget(const struct task_struct *target, kernel_cap_t *effective,
		       kernel_cap_t *inheritable, kernel_cap_t *permitted)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_CAPGET, &r))
		return r;
	tsem_pack_task_id(&event.cell, event.ns, target);
	tsem_pack_u64(&event.cell, effective->val);
	tsem_pack_u64(&event.cell, inheritable->val);
	tsem_pack_u64(&event.cell, permitted->val);
	return tsem_event_end(&event, 0);
}

static int hook_capset(struct cred *new, const struct cred *old, const kernel_cap_t *effective,
		       const kernel_cap_t *inheritable, const kernel_cap_t *permitted)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_CAPSET, &r))
		return r;
	tsem_pack_u64(&event.cell, effective->val);
	tsem_pack_u64(&event.cell, inheritable->val);
	tsem_pack_u64(&event.cell, permitted->val);
	return tsem_event_end(&event, 0);
}

/* An event that is credentials and flags. */
static int fixed(enum tsem_event_id id, const struct cred *new, int flags)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin_small(&event, id, &r))
		return r;
	tsem_pack_creds(&event.cell, new, event.ns);
	tsem_pack_u32(&event.cell, flags);
	return tsem_event_end(&event, 0);
}

static int hook_task_fix_setuid(struct cred *new, const struct cred *old, int flags)
{
	return fixed(TSEM_EVENT_TASK_FIX_SETUID, new, flags);
}

static int hook_task_fix_setgid(struct cred *new, const struct cred *old, int flags)
{
	return fixed(TSEM_EVENT_TASK_FIX_SETGID, new, flags);
}

static int compare_ids(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* Ascending after translation, which need not keep the order. */
static int hash_groups(const struct tsem_ns *ns, const struct group_info *groups,
		       struct tsem_digest *ret)
{
	struct user_namespace *to = tsem_reference_userns(ns);
	unsigned int count = groups->ngroups;
	struct tsem_hash *hash = tsem_hash_new(&ns->alg, GFP_KERNEL);
	u32 *ids = kvmalloc_array(count + 1, sizeof(*ids), GFP_KERNEL_ACCOUNT);
	int r = -ENOMEM;

	if (hash && ids) {
		for (unsigned int i = 0; i < count; i++)
			ids[i] = from_kgid(to, groups->gid[i]);
		sort(ids, count, sizeof(*ids), compare_ids, NULL);
		for (unsigned int i = 0; i < count; i++)
			ids[i] = (__force u32)cpu_to_le32(ids[i]);
		memset(ret, 0, sizeof(*ret));
		tsem_hash_init(&hash->hasher);
		tsem_hash_update(&hash->hasher, ids, count * sizeof(*ids));
		tsem_hash_final(&hash->hasher, ret->bytes);
		r = 0;
	}
	kvfree(ids);
	tsem_hash_free(hash);
	return r;
}

static int hook_task_fix_setgroups(struct cred *new, const struct cred *old)
{
	struct tsem_digest digest;
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_TASK_FIX_SETGROUPS, &r))
		return r;
	r = hash_groups(event.ns, new->group_info, &digest);
	if (r == 0) {
		tsem_pack_u32(&event.cell, new->group_info->ngroups);
		tsem_pack_digest(&event.cell, event.ns, &digest);
	}
	return tsem_event_end(&event, r);
}

static int hook_userns_create(const struct cred *cred)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin_small(&event, TSEM_EVENT_USERNS_CREATE, &r))
		return r;
	tsem_pack_creds(&event.cell, cred, event.ns);
	return tsem_event_end(&event, 0);
}

/* Every caller in 6.12 allocates with GFP_KERNEL, so it may sleep. */
static int hook_cred_prepare(struct cred *new, const struct cred *old, gfp_t gfp)
{
	struct tsem_event event __uninitialized;
	int r;

	*tsem_cred(new) = (struct tsem_cred){ .stacked = tsem_cred(old)->stacked };
	if (!tsem_event_begin_small(&event, TSEM_EVENT_CRED_PREPARE, &r))
		return r;
	tsem_pack_creds(&event.cell, old, event.ns);
	return tsem_event_end(&event, 0);
}

static void hook_cred_transfer(struct cred *new, const struct cred *old)
{
	*tsem_cred(new) = (struct tsem_cred){ .stacked = tsem_cred(old)->stacked };
}

/* Whoever derives credentials from them inherits it: see above. */
static void hook_cred_stacked(struct cred *new)
{
	tsem_cred(new)->stacked = true;
}

static struct security_hook_list cred_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(cred_prepare, hook_cred_prepare),
	LSM_HOOK_INIT(cred_transfer, hook_cred_transfer),
	LSM_HOOK_INIT(cred_stacked, hook_cred_stacked),
	LSM_HOOK_INIT(capable, hook_capable),
	LSM_HOOK_INIT(capget, hook_capget),
	LSM_HOOK_INIT(capset, hook_capset),
	LSM_HOOK_INIT(task_fix_setuid, hook_task_fix_setuid),
	LSM_HOOK_INIT(task_fix_setgid, hook_task_fix_setgid),
	LSM_HOOK_INIT(task_fix_setgroups, hook_task_fix_setgroups),
	LSM_HOOK_INIT(userns_create, hook_userns_create),
};

void __init tsem_add_cred_hooks(void)
{
	security_add_hooks(cred_hooks, ARRAY_SIZE(cred_hooks), &tsem_lsmid);
}
