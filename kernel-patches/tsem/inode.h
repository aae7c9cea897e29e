/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inode.h - what TSEM knows about an inode.
 */
#ifndef _SECURITY_TSEM_INODE_H
#define _SECURITY_TSEM_INODE_H

#include <linux/fs.h>
#include <linux/lsm_hooks.h>

#include "describe.h"
#include "task.h"

struct tsem_creator;
struct tsem_mark;
struct tsem_name;

/**
 * struct tsem_content - A digest of an inode's content.
 * @number: No other digest has it.
 * @version: The inode's count of changes that it belongs to.
 * @alg: Name of the hash function, one of those in digest.c.
 * @digest: The digest.
 * @rcu: Whoever looks up may still see it.
 */
struct tsem_content {
	u64 number;
	u64 version;
	const char *alg;
	struct tsem_digest digest;
	struct rcu_head rcu;
};

/**
 * struct tsem_inode - The inode blob.
 * @mark: Set once: by whoever made the object, or when it is recalled. Reference.
 * @asked: A mark was looked for.
 * @creators: Of a directory: how often whom created in it. Guarded by its i_rwsem.
 * @creator_count: Entries there.
 * @content: Last digest of its content; replaced whole, see content.c.
 * @name: What it was called last; replaced whole, see name.c.
 */
struct tsem_inode {
	struct tsem_mark *mark;
	bool asked;
	struct tsem_creator *creators;
	unsigned int creator_count;
	struct tsem_content __rcu *content;
	struct tsem_name __rcu *name;
};

static inline struct tsem_inode *tsem_inode(const struct inode *inode)
{
	return inode->i_security + tsem_blob_sizes.lbs_inode;
}

/* inode.c */
int tsem_note_place(const struct path *path);

/* mark.c */
struct tsem_mark *tsem_mark_new(u64 instance);
void tsem_mark_set(struct inode *inode, struct tsem_mark *mark);
int tsem_mark_created(struct inode *inode, u64 instance);
void tsem_mark_recall(struct inode *inode);
const struct tsem_created *tsem_created_in(struct inode *inode, const struct tsem_ns *ns);
void tsem_mark_free(struct tsem_mark *mark);

#endif /* _SECURITY_TSEM_INODE_H */
