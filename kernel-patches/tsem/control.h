/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * control.h - the files of the control plane.
 */
#ifndef _SECURITY_TSEM_CONTROL_H
#define _SECURITY_TSEM_CONTROL_H

#include <linux/fs.h>

#include "ns.h"

extern const struct file_operations tsem_stream_fops;
extern const struct file_operations tsem_status_fops;

/* A file names its namespace by number; without one it is about that of whoever opens it. */
static inline void *tsem_file_ns(const struct tsem_ns *ns)
{
	return (void *)(uintptr_t)(ns->id + 1);
}

/** tsem_ns_of_file() - As tsem_ns_find(), for a file that names one. */
static inline struct tsem_ns *tsem_ns_of_file(const struct inode *inode)
{
	return tsem_ns_find((uintptr_t)inode->i_private - 1);
}

bool tsem_is_model_file(const struct inode *inode);
int tsem_model_files_create(struct tsem_ns *ns, struct dentry *dir, struct dentry **ret);
int tsem_own_model_files_create(struct dentry *dir);
int tsem_tree_create(void);
int tsem_ns_files_create(struct tsem_ns *ns);
bool tsem_is_control_plane(const struct inode *inode);
bool tsem_is_emptied_control_plane(const struct inode *inode, const struct iattr *attr);
int tsem_may_change_tree(const struct dentry *dentry);

#endif /* _SECURITY_TSEM_CONTROL_H */
