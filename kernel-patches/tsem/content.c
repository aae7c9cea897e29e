// SPDX-License-Identifier: GPL-2.0-only
/*
 * content.c - the digest of a file's content. The file is opened once more,
 * privately and with the kernel's credentials: the opener's own descriptor is
 * not readable yet, or never. What this does is no event, because the task is
 * marked while it does it.
 *
 * There is no cache yet: what is hashed is what is there.
 */

#include <linux/cred.h>
#include <linux/file.h>
#include <linux/init_task.h>
#include <linux/magic.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "describe.h"
#include "task.h"

#define CHUNK SZ_64K

static struct cred *content_cred __ro_after_init;

/* events.md names them; there is no magic number for devpts' friends in one place. */
static const unsigned long pseudo_filesystems[] = {
	PROC_SUPER_MAGIC,   SYSFS_MAGIC,     DEBUGFS_MAGIC, TMPFS_MAGIC,   DEVPTS_SUPER_MAGIC,
	BINFMTFS_MAGIC,	    SECURITYFS_MAGIC, SELINUX_MAGIC, SMACK_MAGIC,   CGROUP_SUPER_MAGIC,
	CGROUP2_SUPER_MAGIC, NSFS_MAGIC,     EFIVARFS_MAGIC,
};

bool tsem_on_pseudo_filesystem(const struct super_block *sb)
{
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

/**
 * tsem_content_digest() - Hash the content of a regular file.
 * @ns: Its hash function is used.
 * @path: The file.
 * @ret: The digest.
 *
 * Context: Process context; ends early if the task is killed.
 * Return: 0; -EFBIG above TSEM_CONTENT_BYTES_MAX; -EINTR; -ENOMEM; what the
 * filesystem says.
 */
int tsem_content_digest(const struct tsem_ns *ns, const struct path *path, struct tsem_digest *ret)
{
	struct tsem_task *task = tsem_task(current);
	struct tsem_hash *hash;
	struct file *file;
	int r;

	if (i_size_read(d_inode(path->dentry)) > TSEM_CONTENT_BYTES_MAX)
		return -EFBIG;
	hash = tsem_hash_new(&ns->alg, GFP_KERNEL);
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

static int __init content_init(void)
{
	content_cred = prepare_kernel_cred(&init_task);
	return content_cred ? 0 : -ENOMEM;
}
core_initcall(content_init);
