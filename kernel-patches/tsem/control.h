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

int tsem_ns_files_create(struct tsem_ns *ns);
void tsem_ns_files_remove(struct tsem_ns *ns);
bool tsem_is_control_plane(const struct inode *inode);

#endif /* _SECURITY_TSEM_CONTROL_H */
