// SPDX-License-Identifier: GPL-2.0-only
/*
 * setup.c - TSEM as a security module: blobs and hooks, and what each of them asks first.
 */

#include <linux/init.h>
#include <linux/lsm_hooks.h>

#include "inode.h"
#include "task.h"

struct lsm_blob_sizes tsem_blob_sizes __ro_after_init = {
	.lbs_cred = sizeof(struct tsem_cred),
	.lbs_task = sizeof(struct tsem_task),
	.lbs_inode = sizeof(struct tsem_inode),
	.lbs_ipc = sizeof(struct tsem_created),
};

/* Set when it was asked for at boot: without, there are no blobs, and nothing may look for them. */
bool tsem_enabled __ro_after_init;

const struct lsm_id tsem_lsmid = {
	.name = "tsem",
	.id = LSM_ID_TSEM,
};

DEFINE_STATIC_KEY_FALSE(tsem_root_modelled);
struct tsem_ns *tsem_root __ro_after_init;

static int __init tsem_init(void)
{
	tsem_add_task_hooks();
	tsem_add_owner_hooks();
	tsem_add_exec_hooks();
	tsem_add_inode_hooks();
	tsem_add_mark_hooks();
	tsem_add_file_hooks();
	tsem_add_net_hooks();
	tsem_add_cred_hooks();
	tsem_add_ipc_hooks();
	tsem_add_mount_hooks();
	tsem_add_kernel_hooks();
	tsem_enabled = true;
	tsem_root_announce();
	return 0;
}

DEFINE_LSM(tsem) = {
	.name = "tsem",
	.init = tsem_init,
	.blobs = &tsem_blob_sizes,
};
