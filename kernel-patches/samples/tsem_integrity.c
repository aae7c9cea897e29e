// SPDX-License-Identifier: GPL-2.0-only
/*
 * tsem_integrity.c - IMA's measurement of what is executed and mapped as code, as a
 * model: its coefficients are the template digests of template ima-ng for the rules
 *
 *	measure func=MMAP_CHECK mask=MAY_EXEC
 *	measure func=BPRM_CHECK mask=MAY_EXEC
 *
 * of ima_policy=tcb and its exceptions, each once, in the same order, in
 * trajectory_coefficients of a namespace with the digest that IMA has. Other than IMA
 * it judges: sealed and enforced, the namespace executes nothing that is not known.
 */

#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/magic.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/string.h>
#include <linux/tsem_model.h>

/* What tcb does not measure: what the kernel makes up, and tmpfs. */
static const unsigned long unmeasured[] = {
	PROC_SUPER_MAGIC, SYSFS_MAGIC, DEBUGFS_MAGIC, TMPFS_MAGIC, DEVPTS_SUPER_MAGIC,
	BINFMTFS_MAGIC, SECURITYFS_MAGIC, SELINUX_MAGIC, SMACK_MAGIC, CGROUP_SUPER_MAGIC,
	CGROUP2_SUPER_MAGIC, NSFS_MAGIC, EFIVARFS_MAGIC,
};

static bool is_measured(u64 magic)
{
	for (size_t i = 0; i < ARRAY_SIZE(unmeasured); i++) {
		if (unmeasured[i] == magic)
			return false;
	}
	return true;
}

/* Whether IMA would look at it. */
static int integrity_init(const struct tsem_seen *event)
{
	u64 mode, magic, prot;
	int r = tsem_seen_number(event, "file.inode.mode", &mode);

	if (r == -ENOENT)
		return 0;	/* anonymous memory */
	if (r < 0)
		return r;
	r = tsem_seen_number(event, "file.inode.s_magic", &magic);
	if (r < 0)
		return r;
	/* Only a mapping has a protection. */
	if (tsem_seen_number(event, "prot", &prot) == 0 && !(prot & PROT_EXEC))
		return 0;
	return S_ISREG(mode) && is_measured(magic);
}

/* The fields of the template, each behind its length. The name has its NUL. */
static void hash_entry(const struct tsem_seen *event, const struct kvec *digest,
		       const struct kvec *name, u8 *ret)
{
	const char *algorithm = tsem_seen_digest_name(event);
	__le32 digest_size = cpu_to_le32(strlen(algorithm) + 2 + digest->iov_len);
	__le32 name_size = cpu_to_le32(name->iov_len);
	const struct kvec parts[] = {
		{ &digest_size, sizeof(digest_size) },
		{ (void *)algorithm, strlen(algorithm) },
		{ ":", 2 },	/* with its NUL */
		*digest,
		{ &name_size, sizeof(name_size) },
		*name,
	};

	tsem_seen_hash(event, parts, ARRAY_SIZE(parts), ret);
}

static int integrity_map(const struct tsem_seen *event, u8 *ret_coefficient)
{
	struct kvec digest, text, name;
	int r = tsem_seen_bytes(event, "file.digest", &digest);

	if (r == 0)
		r = tsem_seen_bytes(event, "file.path.pathname", &text);
	if (r < 0)
		return r;
	name.iov_len = text.iov_len + 1;
	name.iov_base = kmemdup_nul(text.iov_base, text.iov_len, GFP_NOWAIT | __GFP_NOWARN);
	if (!name.iov_base)
		return -ENOMEM;
	strreplace(name.iov_base, ' ', '_');	/* blanks end the fields of IMA's list */
	hash_entry(event, &digest, &name, ret_coefficient);
	kfree(name.iov_base);
	return 0;
}

static const char *const integrity_events[] = { "bprm_check_security", "mmap_file", NULL };

static const struct tsem_model_ops integrity_ops = {
	.name = KBUILD_MODNAME,
	.owner = THIS_MODULE,
	.events = integrity_events,
	.init = integrity_init,
	.map = integrity_map,
};

static int __init integrity_load(void)
{
	return tsem_register_model(&integrity_ops);
}

static void __exit integrity_unload(void)
{
	tsem_unregister_model(&integrity_ops);
}

module_init(integrity_load);
module_exit(integrity_unload);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("TSEM model that measures executed files as IMA does");
MODULE_ALIAS_TSEM_MODEL("tsem_integrity");
