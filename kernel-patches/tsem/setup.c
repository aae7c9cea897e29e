// SPDX-License-Identifier: GPL-2.0-only
/*
 * setup.c - TSEM as a security module: blobs, hooks, boot parameters.
 */

#include <linux/init.h>
#include <linux/lsm_hooks.h>
#include <linux/printk.h>

#include "inode.h"
#include "task.h"

struct lsm_blob_sizes tsem_blob_sizes __ro_after_init = {
	.lbs_cred = sizeof(struct tsem_cred),
	.lbs_file = sizeof(struct tsem_file),
	.lbs_task = sizeof(struct tsem_task),
	.lbs_inode = sizeof(struct tsem_inode),
	.lbs_ipc = sizeof(struct tsem_created),
};

const struct lsm_id tsem_lsmid = {
	.name = "tsem",
	.id = LSM_ID_TSEM,
};

/* The root namespace is not modelled by this version: the one mode there is must be asked for. */
static int __init mode_setup(char *mode)
{
	if (strcmp(mode, "no_root_modeling"))
		pr_warn("tsem: Unknown tsem_mode %s specified, using no_root_modeling.\n", mode);
	return 1;
}
__setup("tsem_mode=", mode_setup);

static int __init tsem_init(void)
{
	tsem_add_task_hooks();
	tsem_add_exec_hooks();
	tsem_add_inode_hooks();
	tsem_add_mark_hooks();
	tsem_add_file_hooks();
	tsem_add_net_hooks();
	tsem_add_cred_hooks();
	tsem_add_ipc_hooks();
	tsem_add_mount_hooks();
	tsem_add_kernel_hooks();
	pr_info("tsem: Initialized namespace only modeling.\n");
	return 0;
}

DEFINE_LSM(tsem) = {
	.name = "tsem",
	.init = tsem_init,
	.blobs = &tsem_blob_sizes,
};
