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

bool tsem_is_model_file(const struct inode *inode);
int tsem_model_files_create(struct tsem_ns *ns, struct dentry *dir, struct dentry **ret);
int tsem_own_model_files_create(struct dentry *dir);
bool tsem_is_control_plane(const struct inode *inode);
bool tsem_is_emptied_control_plane(const struct inode *inode, const struct iattr *attr);
int tsem_may_change_tree(const struct dentry *dentry);

#endif /* _SECURITY_TSEM_CONTROL_H */
