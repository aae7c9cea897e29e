// SPDX-License-Identifier: GPL-2.0-only
/*
 * mount.c - events of mounts and superblocks.
 */

#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/string.h>

#include "control.h"
#include "describe.h"
#include "event.h"
#include "task.h"

static void pack_optional_text(struct tsem_event *event, const char *text)
{
	tsem_pack_u8(&event->cell, !!text);
	if (text)
		tsem_pack_text(&event->cell, text, strlen(text));
}

/*
 * Those with FS_BINARY_MOUNTDATA. They are known by name, because looking one up loads its
 * module, and mount(2) has not asked yet whether the caller may mount.
 */
static const char *const binary_filesystems[] = { "btrfs", "coda", "nfs", "nfs4" };

static bool takes_binary_options(const char *type)
{
	return type && match_string(binary_filesystems, ARRAY_SIZE(binary_filesystems), type) >= 0;
}

/* The page of options that mount(2) copied; not ended by NUL if it is full. */
static void pack_options(struct tsem_event *event, const char *type, const char *data)
{
	size_t size = data && !takes_binary_options(type) ? strnlen(data, PAGE_SIZE - 1) : 0;

	tsem_pack_u8(&event->cell, !!size);
	if (size)
		tsem_pack_text(&event->cell, data, size);
}

static int hook_sb_mount(const char *dev_name, const struct path *path, const char *type,
			 unsigned long flags, void *data)
{
	struct tsem_event event __uninitialized;
	int r = tsem_may_change_tree(path->dentry);

	if (r < 0 || !tsem_event_begin(&event, TSEM_EVENT_SB_MOUNT, &r))
		return r;
	pack_optional_text(&event, dev_name);
	r = tsem_pack_path(&event.cell, event.ns, path);
	pack_optional_text(&event, type);
	tsem_pack_u64(&event.cell, flags);
	pack_options(&event, type, data);
	return tsem_event_end(&event, r);
}

static int hook_sb_umount(struct vfsmount *mnt, int flags)
{
	const struct path path = { .mnt = mnt, .dentry = mnt->mnt_root };
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_SB_UMOUNT, &r))
		return r;
	r = tsem_pack_path_dentry(&event.cell, event.ns, &path);
	tsem_pack_u32(&event.cell, flags);
	return tsem_event_end(&event, r);
}

static int pack_sb(struct tsem_event *event, const struct super_block *sb)
{
	int r = tsem_pack_dentry(&event->cell, event->ns, sb->s_root, NULL);

	tsem_pack_text(&event->cell, sb->s_type->name, strlen(sb->s_type->name));
	tsem_pack_u64(&event->cell, sb->s_flags);
	return r;
}

/* The options are parsed already when this hook runs, and gone as text: sb_mount has had them. */
static int hook_sb_remount(struct super_block *sb, void *mnt_opts)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_SB_REMOUNT, &r))
		return r;
	r = pack_sb(&event, sb);
	tsem_pack_u8(&event.cell, 0);
	return tsem_event_end(&event, r);
}

static int hook_sb_kern_mount(const struct super_block *sb)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_SB_KERN_MOUNT, &r))
		return r;
	return tsem_event_end(&event, pack_sb(&event, sb));
}

static int two_paths(enum tsem_event_id id, const struct path *a, const struct path *b)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, id, &r))
		return r;
	r = tsem_pack_path(&event.cell, event.ns, a);
	if (r == 0)
		r = tsem_pack_path(&event.cell, event.ns, b);
	return tsem_event_end(&event, r);
}

static int hook_sb_pivotroot(const struct path *old_path, const struct path *new_path)
{
	int r = tsem_may_change_tree(old_path->dentry);

	return r < 0 ? r : two_paths(TSEM_EVENT_SB_PIVOTROOT, old_path, new_path);
}

static int hook_move_mount(const struct path *from_path, const struct path *to_path)
{
	int r = tsem_may_change_tree(to_path->dentry);

	return r < 0 ? r : two_paths(TSEM_EVENT_MOVE_MOUNT, from_path, to_path);
}

static int about_dentry(enum tsem_event_id id, struct dentry *dentry)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, id, &r))
		return r;
	return tsem_event_end(&event, tsem_pack_dentry(&event.cell, event.ns, dentry, NULL));
}

static int hook_sb_statfs(struct dentry *dentry)
{
	return about_dentry(TSEM_EVENT_SB_STATFS, dentry);
}

static int hook_quota_on(struct dentry *dentry)
{
	return about_dentry(TSEM_EVENT_QUOTA_ON, dentry);
}

static int hook_quotactl(int cmds, int type, int id, const struct super_block *sb)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_QUOTACTL, &r))
		return r;
	tsem_pack_u32(&event.cell, cmds);
	tsem_pack_u32(&event.cell, type);
	tsem_pack_u32(&event.cell, id);
	tsem_pack_u8(&event.cell, !!sb);
	if (sb)
		r = pack_sb(&event, sb);
	return tsem_event_end(&event, r);
}

static struct security_hook_list mount_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(sb_mount, hook_sb_mount),
	LSM_HOOK_INIT(sb_umount, hook_sb_umount),
	LSM_HOOK_INIT(sb_remount, hook_sb_remount),
	LSM_HOOK_INIT(sb_kern_mount, hook_sb_kern_mount),
	LSM_HOOK_INIT(sb_pivotroot, hook_sb_pivotroot),
	LSM_HOOK_INIT(move_mount, hook_move_mount),
	LSM_HOOK_INIT(sb_statfs, hook_sb_statfs),
	LSM_HOOK_INIT(quotactl, hook_quotactl),
	LSM_HOOK_INIT(quota_on, hook_quota_on),
};

void __init tsem_add_mount_hooks(void)
{
	security_add_hooks(mount_hooks, ARRAY_SIZE(mount_hooks), &tsem_lsmid);
}
