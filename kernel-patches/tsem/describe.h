/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * describe.h - packing what hooks are given: inodes, paths, files, sockets,
 * addresses; and where their parts come from.
 */
#ifndef _SECURITY_TSEM_DESCRIBE_H
#define _SECURITY_TSEM_DESCRIBE_H

#include <linux/fs.h>
#include <linux/net.h>
#include <linux/path.h>
#include <linux/socket.h>

#include "ns.h"

/**
 * struct tsem_created - That an object was created in a namespace, and by whom.
 * @ns_id: The namespace; its numbers are never used again.
 * @owner: TASK_ID of the creator at that moment.
 * @instance: Running number per directory, namespace and owner; 0 for sockets.
 */
struct tsem_created {
	u64 ns_id;
	u64 instance;
	struct tsem_digest owner;
};

/* path.c */
struct tsem_text {
	const char *bytes;
	size_t size;
};

int tsem_path_text(const struct path *path, char *buffer, struct tsem_text *ret);
int tsem_dentry_text(struct dentry *dentry, char *buffer, struct tsem_text *ret);
const struct tsem_scratch *tsem_scratch_find(const struct tsem_params *params, const char *text,
					     size_t size);
size_t tsem_proc_rewrite(const char *in, unsigned int skip, u32 self, char *out, size_t size);

/* describe.c */
void tsem_pack_inode(struct tsem_packer *p, const struct tsem_ns *ns, const struct inode *inode);
void tsem_pack_path_text(struct tsem_packer *p, const struct tsem_ns *ns,
			 const struct super_block *sb, const struct tsem_created *created,
			 const struct tsem_text *text);
int tsem_pack_path(struct tsem_packer *p, const struct tsem_ns *ns, const struct path *path);
int tsem_pack_path_dentry(struct tsem_packer *p, const struct tsem_ns *ns,
			  const struct path *path);
int tsem_pack_dentry(struct tsem_packer *p, const struct tsem_ns *ns, struct dentry *dentry,
		     const struct tsem_created *created);
bool tsem_content_counts(const struct tsem_ns *ns, const struct file *file, bool executes,
			 bool looks);
int tsem_pack_file(struct tsem_packer *p, struct tsem_ns *ns, struct file *file,
		   bool executes, bool looks);
int tsem_pack_mapped(struct tsem_packer *p, const struct tsem_ns *ns, const struct file *file);
void tsem_pack_sock(struct tsem_packer *p, const struct tsem_ns *ns, const struct sock *sk);
int tsem_pack_address(struct tsem_packer *p, const struct tsem_ns *ns,
		      const struct sockaddr *address, int size, bool whole);
void tsem_pack_digest(struct tsem_packer *p, const struct tsem_ns *ns,
		      const struct tsem_digest *digest);

/* content.c */
int tsem_content_digest(struct tsem_ns *ns, const struct path *path, struct tsem_digest *ret);
u64 tsem_content_number(struct tsem_ns *ns, const struct path *path);
u64 tsem_content_number_of(const struct tsem_ns *ns, const struct path *path, const u8 *digest);
bool tsem_on_pseudo_filesystem(const struct super_block *sb);

#endif /* _SECURITY_TSEM_DESCRIBE_H */
