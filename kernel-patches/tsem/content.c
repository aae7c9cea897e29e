// SPDX-License-Identifier: GPL-2.0-only
/*
 * content.c - the digest of a file's content. The file is opened once more,
 * privately and with the kernel's credentials: the opener's own descriptor is
 * not readable yet, or never. What this does is no event, because the task is
 * marked while it does it.
 *
 * A digest is kept with the inode where the filesystem is on a disk and counts
 * changes (i_version). It is neither used nor stored while anybody can write,
 * through a descriptor or a mapping: such writes need not be counted one by one.
 * tmpfs is no such filesystem: it does not hear of what is written through a
 * mapping to a page that was read there before. Nor is one in a loop device: who
 * writes the file below that changes content, once its pages are read again, and
 * the filesystem counts nothing.
 */

#include <linux/blkdev.h>
#include <linux/cred.h>
#include <linux/fault-inject.h>
#include <linux/file.h>
#include <linux/init_task.h>
#include <linux/iversion.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "describe.h"
#include "inode.h"
#include "task.h"

#define CHUNK SZ_64K

static struct cred *content_cred __ro_after_init;

/* Each is known to its own filesystem only. */
#define MQUEUE_MAGIC   0x19800202
#define CONFIGFS_MAGIC 0x62656570

/* What the kernel makes up when it is read, or cannot read itself (docs/formula.md, section 3). */
static const unsigned long pseudo_filesystems[] = {
	PROC_SUPER_MAGIC,    SYSFS_MAGIC,      DEBUGFS_MAGIC,	TMPFS_MAGIC,
	DEVPTS_SUPER_MAGIC,  BINFMTFS_MAGIC,   SECURITYFS_MAGIC, SELINUX_MAGIC,
	SMACK_MAGIC,	     CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, NSFS_MAGIC,
	EFIVARFS_MAGIC,	     PID_FS_MAGIC,     MQUEUE_MAGIC,	TRACEFS_MAGIC,
	BPF_FS_MAGIC,	     CONFIGFS_MAGIC,
};

bool tsem_on_pseudo_filesystem(const struct super_block *sb)
{
	if (sb->s_bdev)
		return false;	/* none of them is on a disk */
	for (size_t i = 0; i < ARRAY_SIZE(pseudo_filesystems); i++) {
		if (sb->s_magic == pseudo_filesystems[i])
			return true;
	}
	return false;
}

static int hash_file(struct file *file, struct tsem_hasher *hasher)
{
	loff_t position = 0;
	ssize_t got;
	void *chunk;

	chunk = kvmalloc(CHUNK, GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;

	while ((got = kernel_read(file, chunk, CHUNK, &position)) > 0) {
		tsem_hash_update(hasher, chunk, got);
		if (position > TSEM_CONTENT_BYTES_MAX)
			got = -EFBIG;
		else if (fatal_signal_pending(current))
			got = -EINTR;
		if (got < 0)
			break;
		cond_resched();
	}
	kvfree(chunk);
	return got;
}

static int read_content(const struct tsem_ns *ns, const struct path *path,
			struct tsem_digest *ret)
{
	struct tsem_task *task = tsem_task(current);
	struct tsem_hash *hash = tsem_hash_new(&ns->alg, GFP_KERNEL);
	struct file *file;
	int r;

	if (!hash)
		return -ENOMEM;

	task->inside = true;
	file = dentry_open(path, O_RDONLY | O_LARGEFILE | O_NOATIME | __FMODE_NONOTIFY,
			   content_cred);
	if (IS_ERR(file)) {
		r = PTR_ERR(file);
		goto out_free;
	}
	tsem_hash_init(&hash->hasher);
	r = hash_file(file, &hash->hasher);
	fput(file);
	if (r == 0) {
		memset(ret, 0, sizeof(*ret));
		tsem_hash_final(&hash->hasher, ret->bytes);
	}
out_free:
	task->inside = false;
	tsem_hash_free(hash);
	return r;
}

/* Whether all changes go through the filesystem. The number of a partition tells no driver. */
static bool on_own_disk(const struct super_block *sb)
{
	return sb->s_bdev && sb->s_bdev->bd_disk->major != LOOP_MAJOR;
}

/* Whether this inode's count of changes can be relied on now. */
static bool is_settled(struct inode *inode)
{
	return IS_I_VERSION(inode) && on_own_disk(inode->i_sb) && !inode_is_open_for_write(inode) &&
	       !mapping_writably_mapped(inode->i_mapping);
}

static bool is_of(const struct tsem_content *content, const struct tsem_alg *alg, u64 version)
{
	return content && content->version == version && content->alg == alg->name;
}

static bool find_kept(struct inode *inode, const struct tsem_alg *alg, u64 version,
		      struct tsem_digest *ret)
{
	const struct tsem_content *content;
	bool found;

	rcu_read_lock();
	content = rcu_dereference(tsem_inode(inode)->content);
	found = is_of(content, alg, version);
	if (found)
		*ret = content->digest;
	rcu_read_unlock();
	return found;
}

/**
 * tsem_content_number() - Number of the digest of a file's content, if it is known now.
 * @ns: Its hash function is used.
 * @path: The regular file.
 *
 * Context: Process context.
 * Return: The number; 0 if the file must be read.
 */
u64 tsem_content_number(struct tsem_ns *ns, const struct path *path)
{
	struct inode *inode = d_real_inode(path->dentry);
	const struct tsem_content *content;
	u64 number = 0, version;

	if (!is_settled(inode) || i_size_read(inode) > TSEM_CONTENT_BYTES_MAX)
		return 0;
	version = inode_query_iversion(inode);
	rcu_read_lock();
	content = rcu_dereference(tsem_inode(inode)->content);
	if (is_of(content, &ns->alg, version))
		number = content->number;
	rcu_read_unlock();
	if (number)
		tsem_ns_count(ns, TSEM_COUNT_CONTENT_KEPT);
	return number;
}

/**
 * tsem_content_number_of() - Number of a digest, if it was the last of this file.
 * @ns: Its hash function is used.
 * @path: The file.
 * @digest: As many bytes as a digest of the namespace has.
 *
 * Return: The number, or 0.
 */
u64 tsem_content_number_of(const struct tsem_ns *ns, const struct path *path, const u8 *digest)
{
	const struct tsem_content *content;
	u64 number = 0;

	rcu_read_lock();
	content = rcu_dereference(tsem_inode(d_real_inode(path->dentry))->content);
	if (content && content->alg == ns->alg.name &&
	    !memcmp(content->digest.bytes, digest, tsem_ns_digest_size(ns)))
		number = content->number;
	rcu_read_unlock();
	return number;
}

static void keep(struct inode *inode, const struct tsem_alg *alg, u64 version,
		 const struct tsem_digest *digest)
{
	struct tsem_content *content = kmalloc(sizeof(*content), GFP_KERNEL_ACCOUNT), *old;
	static atomic64_t last;

	if (!content)
		return;	/* it is read again */
	content->number = atomic64_inc_return(&last);
	content->version = version;
	content->alg = alg->name;
	content->digest = *digest;
	old = (__force struct tsem_content *)xchg(&tsem_inode(inode)->content,
						  RCU_INITIALIZER(content));
	if (old)
		kfree_rcu(old, rcu);
}

#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
/* A file that cannot be read, on request: see fault-injection.rst. */
static DECLARE_FAULT_ATTR(fail_digest);

static bool fails_on_request(void)
{
	return should_fail(&fail_digest, 1);
}

static int __init fail_digest_init(void)
{
	return PTR_ERR_OR_ZERO(fault_create_debugfs_attr("fail_tsem_digest", NULL, &fail_digest));
}
late_initcall(fail_digest_init);
#else
static bool fails_on_request(void)
{
	return false;
}
#endif

/**
 * tsem_content_digest() - Digest of the content of a regular file.
 * @ns: Its hash function is used.
 * @path: The file.
 * @ret: The digest.
 *
 * Context: Process context; ends early if the task is killed.
 * Return: 0; -EFBIG above TSEM_CONTENT_BYTES_MAX; -EINTR; -ENOMEM; what the
 * filesystem says.
 */
int tsem_content_digest(struct tsem_ns *ns, const struct path *path, struct tsem_digest *ret)
{
	struct inode *inode = d_real_inode(path->dentry);	/* below overlayfs */
	/* Before it is asked who can write: a page that is writable by then counts no more. */
	u64 version = IS_I_VERSION(inode) ? inode_query_iversion(inode) : 0;
	bool settled = is_settled(inode);
	int r;

	if (i_size_read(inode) > TSEM_CONTENT_BYTES_MAX)
		return -EFBIG;
	if (settled && find_kept(inode, &ns->alg, version, ret)) {
		tsem_ns_count(ns, TSEM_COUNT_CONTENT_KEPT);
		return 0;
	}
	tsem_ns_count(ns, TSEM_COUNT_CONTENT_READ);
	r = fails_on_request() ? -EIO : read_content(ns, path, ret);
	/* What was copied up meanwhile was read from another inode to the end. */
	if (r == 0 && settled && is_settled(inode) && inode_query_iversion(inode) == version &&
	    d_real_inode(path->dentry) == inode)
		keep(inode, &ns->alg, version, ret);
	return r;
}

static int __init content_init(void)
{
	content_cred = prepare_kernel_cred(&init_task);
	return content_cred ? 0 : -ENOMEM;
}
core_initcall(content_init);
