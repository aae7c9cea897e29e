// SPDX-License-Identifier: GPL-2.0-only
/*
 * inode.c - events of names and inodes, and the mark of objects that were
 * created in a namespace. The mark begins at inode_create, which knows who
 * creates but has no inode, waits in the task, and is put on the inode by
 * d_instantiate, which every filesystem passes through.
 */

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/mnt_idmapping.h>
#include <linux/posix_acl_xattr.h>
#include <linux/slab.h>
#include <linux/task_work.h>

#include "control.h"
#include "event.h"
#include "inode.h"
#include "verdict.h"

/** struct tsem_creator - How often one kind of task created in a directory. */
struct tsem_creator {
	struct tsem_creator *next;
	u64 ns_id;
	u64 count;
	struct tsem_digest owner;
};

/*
 * Set the running number of a creation, from 1; 0 when the directory has too many creators.
 * Returns -ENOMEM where there is no room to count.
 */
static int set_instance(struct inode *dir, struct tsem_created *created)
{
	struct tsem_inode *blob = tsem_inode(dir);
	struct tsem_creator *creator;

	for (creator = blob->creators; creator; creator = creator->next) {
		if (creator->ns_id == created->ns_id &&
		    !memcmp(&creator->owner, &created->owner, sizeof(creator->owner))) {
			created->instance = ++creator->count;
			return 0;
		}
	}
	created->instance = 0;
	if (blob->creator_count == TSEM_DIRECTORY_CREATORS_MAX)
		return 0;
	creator = kzalloc(sizeof(*creator), GFP_KERNEL_ACCOUNT);
	if (!creator)
		return -ENOMEM;
	creator->ns_id = created->ns_id;
	creator->owner = created->owner;
	creator->count = 1;
	creator->next = blob->creators;
	blob->creators = creator;
	blob->creator_count++;
	created->instance = 1;
	return 0;
}

static void forget_places(struct tsem_task *task)
{
	for (size_t i = 0; i < TSEM_PLACES; i++) {
		kfree(task->places[i].text);
		task->places[i] = (struct tsem_place){};
	}
}

static void forget_birth(struct tsem_task *task)
{
	tsem_mark_free(task->birth.mark);
	task->birth = (struct tsem_birth){};
}

static void forget(struct callback_head *work)
{
	struct tsem_task *task = container_of(work, struct tsem_task, forget);

	forget_places(task);
	forget_birth(task);
	work->func = NULL;
}

/*
 * What one hook leaves for the next holds within a system call: names are known by
 * the addresses of their dentries, which soon mean others.
 */
static void forget_after_call(struct tsem_task *task)
{
	if (task->forget.func)
		return;
	init_task_work(&task->forget, forget);
	if (task_work_add(current, &task->forget, TWA_RESUME))
		task->forget.func = NULL;	/* it exits, and goes nowhere any more */
}

static char *join(const struct tsem_text *dir, const struct qstr *name)
{
	/* The root is the only directory whose path ends with a slash. */
	bool root = dir->size == 1;

	return kasprintf(GFP_KERNEL_ACCOUNT, "%.*s/%.*s", root ? 0 : (int)dir->size, dir->bytes,
			 (int)name->len, name->name);
}

/* Remember where @dentry lies: in @dir, or at @dir if it is that itself. */
static int set_place(struct tsem_place *place, const struct path *dir, struct dentry *dentry)
{
	char *buffer = __getname();
	struct tsem_text text;
	int r;

	if (!buffer)
		return -ENOMEM;
	r = tsem_path_text(dir, buffer, &text);
	if (r == 0) {
		place->text = dentry == dir->dentry ?
				      kmemdup_nul(text.bytes, text.size, GFP_KERNEL_ACCOUNT) :
				      join(&text, &dentry->d_name);
		if (!place->text)
			r = -ENOMEM;
		else if (strlen(place->text) >= PATH_MAX)
			r = -ENAMETOOLONG;
	}
	__putname(buffer);
	if (r == 0) {
		place->dentry = dentry;
		place->parent = dentry->d_parent;
	}
	return r;
}

static int note_places(const struct path *dir, struct dentry *dentry, const struct path *new_dir,
		       struct dentry *new_dentry)
{
	struct tsem_task *task = tsem_task(current);
	int r;

	if (!tsem_ns_of(current) || task->inside || tsem_cred(current_cred())->stacked)
		return 0;
	/* Nobody waits there with a directory locked that making a namespace needs. */
	r = tsem_may_change_tree(dentry);
	if (r == 0 && new_dentry)
		r = tsem_may_change_tree(new_dentry);
	if (r < 0)
		return r;
	forget_places(task);
	forget_birth(task);
	forget_after_call(task);
	r = set_place(&task->places[0], dir, dentry);
	if (r == 0 && new_dir)
		r = set_place(&task->places[1], new_dir, new_dentry);
	if (r == 0)
		return 0;
	if (!task->ns)
		return tsem_undescribed(tsem_ns_of(current), r);
	/* Also where nobody judges: what follows would be told of another place. */
	return tsem_refuse_undescribed(task->ns, r);
}

static int note_place(const struct path *dir, struct dentry *dentry)
{
	return note_places(dir, dentry, NULL, NULL);
}

/**
 * tsem_note_place() - The hook that follows is about this object, which it knows by its dentry.
 * @path: The object, where it is mounted.
 *
 * Context: Process context. May sleep.
 * Return: 0, or an error with which the operation fails.
 */
int tsem_note_place(const struct path *path)
{
	return note_place(path, path->dentry);
}

/* The path_* hooks. Those that are events of their own are so only with events=all. */

static int path_event(enum tsem_event_id id, const struct path *dir, struct dentry *dentry,
		      struct tsem_event *event, bool *ret_raised)
{
	int r = note_place(dir, dentry);

	*ret_raised = false;
	if (r < 0 || !tsem_event_begin(event, id, &r))
		return r;
	*ret_raised = true;
	r = tsem_pack_path(&event->cell, event->ns, dir);
	return r < 0 ? r : tsem_pack_dentry(&event->cell, event->ns, dentry, NULL);
}

/*
 * The bits that were asked for, less the umask. Where a filesystem has access
 * control lists the VFS leaves those of the umask on, and elsewhere takes them off.
 */
static umode_t asked_mode(umode_t mode)
{
	return mode & ~current_umask();
}

static int hook_path_mknod(const struct path *dir, struct dentry *dentry, umode_t mode,
			   unsigned int dev)
{
	dev_t device = new_decode_dev(dev);
	struct tsem_event event __uninitialized;
	bool raised;
	int r = path_event(TSEM_EVENT_PATH_MKNOD, dir, dentry, &event, &raised);

	if (!raised)
		return r;
	tsem_pack_u32(&event.cell, asked_mode(mode));
	tsem_pack_u32(&event.cell, MAJOR(device));
	tsem_pack_u32(&event.cell, MINOR(device));
	return tsem_event_end(&event, r);
}

static int hook_path_mkdir(const struct path *dir, struct dentry *dentry, umode_t mode)
{
	struct tsem_event event __uninitialized;
	bool raised;
	int r = path_event(TSEM_EVENT_PATH_MKDIR, dir, dentry, &event, &raised);

	if (!raised)
		return r;
	tsem_pack_u32(&event.cell, asked_mode(mode));
	return tsem_event_end(&event, r);
}

static int hook_path_unlink(const struct path *dir, struct dentry *dentry)
{
	struct tsem_event event __uninitialized;
	bool raised;
	int r = path_event(TSEM_EVENT_PATH_UNLINK, dir, dentry, &event, &raised);

	return raised ? tsem_event_end(&event, r) : r;
}

static int hook_path_rmdir(const struct path *dir, struct dentry *dentry)
{
	struct tsem_event event __uninitialized;
	bool raised;
	int r = path_event(TSEM_EVENT_PATH_RMDIR, dir, dentry, &event, &raised);

	return raised ? tsem_event_end(&event, r) : r;
}

static int hook_path_symlink(const struct path *dir, struct dentry *dentry, const char *old_name)
{
	struct tsem_event event __uninitialized;
	bool raised;
	int r = path_event(TSEM_EVENT_PATH_SYMLINK, dir, dentry, &event, &raised);

	if (!raised)
		return r;
	tsem_pack_text(&event.cell, old_name, strlen(old_name));
	return tsem_event_end(&event, r);
}

static int hook_path_link(struct dentry *old_dentry, const struct path *new_dir,
			  struct dentry *new_dentry)
{
	/* A link does not leave its mount. */
	const struct path old = { .mnt = new_dir->mnt, .dentry = old_dentry };
	struct tsem_event event __uninitialized;
	int r = note_places(&old, old_dentry, new_dir, new_dentry);

	if (r < 0 || !tsem_event_begin(&event, TSEM_EVENT_PATH_LINK, &r))
		return r;
	r = tsem_pack_dentry(&event.cell, event.ns, old_dentry, NULL);
	if (r == 0)
		r = tsem_pack_path(&event.cell, event.ns, new_dir);
	if (r == 0)
		r = tsem_pack_dentry(&event.cell, event.ns, new_dentry, NULL);
	return tsem_event_end(&event, r);
}

static int hook_path_rename(const struct path *old_dir, struct dentry *old_dentry,
			    const struct path *new_dir, struct dentry *new_dentry,
			    unsigned int flags)
{
	struct tsem_event event __uninitialized;
	int r = note_places(old_dir, old_dentry, new_dir, new_dentry);

	if (r < 0 || !tsem_event_begin(&event, TSEM_EVENT_PATH_RENAME, &r))
		return r;
	r = tsem_pack_path(&event.cell, event.ns, old_dir);
	if (r == 0)
		r = tsem_pack_dentry(&event.cell, event.ns, old_dentry, NULL);
	if (r == 0)
		r = tsem_pack_path(&event.cell, event.ns, new_dir);
	if (r == 0)
		r = tsem_pack_dentry(&event.cell, event.ns, new_dentry, NULL);
	tsem_pack_u32(&event.cell, flags);
	return tsem_event_end(&event, r);
}

static int hook_path_truncate(const struct path *path)
{
	struct tsem_event event __uninitialized;
	int r = note_place(path, path->dentry);

	if (r < 0 || !tsem_event_begin(&event, TSEM_EVENT_PATH_TRUNCATE, &r))
		return r;
	return tsem_event_end(&event, tsem_pack_path(&event.cell, event.ns, path));
}

static int hook_path_chmod(const struct path *path, umode_t mode)
{
	return note_place(path, path->dentry);
}

static int hook_path_chown(const struct path *path, kuid_t uid, kgid_t gid)
{
	return note_place(path, path->dentry);
}

static int hook_path_chroot(const struct path *path)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_PATH_CHROOT, &r))
		return r;
	return tsem_event_end(&event, tsem_pack_path(&event.cell, event.ns, path));
}

/* Describe directory and name, and have the mark ready: afterwards it is too late to refuse. */
static int birth_describe(struct tsem_event *event, struct inode *dir, struct dentry *dentry)
{
	struct tsem_task *task = tsem_task(current);
	struct tsem_created created = {
		.ns_id = tsem_ns_maker(event->ns),
		.owner = task->task_id,
	};
	int r;

	r = set_instance(dir, &created);
	if (r < 0)
		return r;
	if (!created.instance)
		tsem_ns_count(event->ns, TSEM_COUNT_INSTANCES_LOST);
	task->birth.mark = tsem_mark_new(created.instance);
	if (!task->birth.mark)
		return -ENOMEM;
	tsem_pack_inode(&event->cell, event->ns, dir);
	return tsem_pack_dentry(&event->cell, event->ns, dentry, &created);
}

/*
 * An object is about to be made: describe directory and name, and announce the
 * birth. The caller packs what else the event has.
 */
static bool birth_begin(struct tsem_event *event, enum tsem_event_id id, struct inode *dir,
			struct dentry *dentry, int *ret)
{
	struct tsem_task *task = tsem_task(current);

	if (!tsem_event_begin(event, id, ret))
		return false;
	forget_birth(task);
	forget_after_call(task);
	*ret = birth_describe(event, dir, dentry);
	return true;
}

static int birth_end(struct tsem_event *event, int described, struct inode *dir,
		     struct dentry *dentry)
{
	struct tsem_task *task = tsem_task(current);
	int r = tsem_event_end(event, described);

	if (r < 0) {
		forget_birth(task);
	} else {
		task->birth.dentry = dentry;
		task->birth.dir = dir;
	}
	return r;
}

static int hook_inode_create(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!birth_begin(&event, TSEM_EVENT_INODE_CREATE, dir, dentry, &r))
		return r;
	tsem_pack_u32(&event.cell, asked_mode(mode));
	return birth_end(&event, r, dir, dentry);
}

static int hook_inode_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!birth_begin(&event, TSEM_EVENT_INODE_MKDIR, dir, dentry, &r))
		return r;
	tsem_pack_u32(&event.cell, asked_mode(mode));
	return birth_end(&event, r, dir, dentry);
}

static int hook_inode_symlink(struct inode *dir, struct dentry *dentry, const char *old_name)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!birth_begin(&event, TSEM_EVENT_INODE_SYMLINK, dir, dentry, &r))
		return r;
	tsem_pack_text(&event.cell, old_name, strlen(old_name));
	return birth_end(&event, r, dir, dentry);
}

static int hook_inode_mknod(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!birth_begin(&event, TSEM_EVENT_INODE_MKNOD, dir, dentry, &r))
		return r;
	tsem_pack_u32(&event.cell, asked_mode(mode));
	tsem_pack_u32(&event.cell, MAJOR(dev));
	tsem_pack_u32(&event.cell, MINOR(dev));
	return birth_end(&event, r, dir, dentry);
}

/* An event that is a directory and a name in it. */
static int removal(enum tsem_event_id id, struct inode *dir, struct dentry *dentry)
{
	struct tsem_event event __uninitialized;
	int r;

	/* Whoever removes it, so that the mark goes too: see hook_inode_free_security(). */
	tsem_mark_recall(d_backing_inode(dentry));
	if (!tsem_event_begin(&event, id, &r))
		return r;
	tsem_pack_inode(&event.cell, event.ns, dir);
	return tsem_event_end(&event, tsem_pack_dentry(&event.cell, event.ns, dentry, NULL));
}

static int hook_inode_unlink(struct inode *dir, struct dentry *dentry)
{
	return removal(TSEM_EVENT_INODE_UNLINK, dir, dentry);
}

static int hook_inode_rmdir(struct inode *dir, struct dentry *dentry)
{
	return removal(TSEM_EVENT_INODE_RMDIR, dir, dentry);
}

static int hook_inode_link(struct dentry *old_dentry, struct inode *dir, struct dentry *new_dentry)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_INODE_LINK, &r))
		return r;
	r = tsem_pack_dentry(&event.cell, event.ns, old_dentry, NULL);
	tsem_pack_inode(&event.cell, event.ns, dir);
	if (r == 0)
		r = tsem_pack_dentry(&event.cell, event.ns, new_dentry, NULL);
	return tsem_event_end(&event, r);
}

static int hook_inode_rename(struct inode *old_dir, struct dentry *old_dentry,
			     struct inode *new_dir, struct dentry *new_dentry)
{
	struct tsem_event event __uninitialized;
	int r;

	tsem_mark_recall(d_backing_inode(new_dentry));
	if (!tsem_event_begin(&event, TSEM_EVENT_INODE_RENAME, &r))
		return r;
	tsem_pack_inode(&event.cell, event.ns, old_dir);
	r = tsem_pack_dentry(&event.cell, event.ns, old_dentry, NULL);
	tsem_pack_inode(&event.cell, event.ns, new_dir);
	if (r == 0)
		r = tsem_pack_dentry(&event.cell, event.ns, new_dentry, NULL);
	return tsem_event_end(&event, r);
}

static void pack_attr(struct tsem_event *event, struct mnt_idmap *idmap,
		      const struct dentry *dentry, const struct iattr *attr)
{
	struct user_namespace *to = tsem_reference_userns(event->ns);
	struct user_namespace *fs = dentry->d_sb->s_user_ns;
	u32 uid = 0, gid = 0;

	if (attr->ia_valid & ATTR_UID)
		uid = from_kuid(to, from_vfsuid(idmap, fs, attr->ia_vfsuid));
	if (attr->ia_valid & ATTR_GID)
		gid = from_kgid(to, from_vfsgid(idmap, fs, attr->ia_vfsgid));

	tsem_pack_u32(&event->cell, attr->ia_valid);
	tsem_pack_u32(&event->cell, attr->ia_valid & ATTR_MODE ? attr->ia_mode : 0);
	tsem_pack_u32(&event->cell, uid);
	tsem_pack_u32(&event->cell, gid);
	tsem_pack_u64(&event->cell, attr->ia_valid & ATTR_SIZE ? attr->ia_size : 0);
}

static int hook_inode_setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	struct tsem_event event __uninitialized;
	int r;

	if (tsem_is_emptied_control_plane(d_inode(dentry), attr))
		return 0;	/* hook_file_open() has asked who it is */
	r = tsem_may_change_tree(dentry);
	if (r < 0 || !tsem_event_begin(&event, TSEM_EVENT_INODE_SETATTR, &r))
		return r;
	r = tsem_pack_dentry(&event.cell, event.ns, dentry, NULL);
	pack_attr(&event, idmap, dentry, attr);
	return tsem_event_end(&event, r);
}

static noinline int describe_getattr(const struct path *path)
{
	const struct tsem_object object = {
		.path = path,
		.inode = d_backing_inode(path->dentry),
		.lead = 1,
	};
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin_object(&event, TSEM_EVENT_INODE_GETATTR, &object, &r))
		return r;
	return tsem_event_end(&event, tsem_pack_path_dentry(&event.cell, event.ns, path));
}

static int hook_inode_getattr(const struct path *path)
{
	return tsem_is_modelled() ? describe_getattr(path) : 0;
}

/* An event that is a name and perhaps a text. */
static int named(enum tsem_event_id id, struct dentry *dentry, const char *text)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin(&event, id, &r))
		return r;
	r = tsem_pack_dentry(&event.cell, event.ns, dentry, NULL);
	if (text)
		tsem_pack_text(&event.cell, text, strlen(text));
	return tsem_event_end(&event, r);
}

static int hook_inode_setxattr(struct mnt_idmap *idmap, struct dentry *dentry, const char *name,
			       const void *value, size_t size, int flags)
{
	struct tsem_event event __uninitialized;
	int r = tsem_may_change_tree(dentry);

	if (r < 0 || !tsem_event_begin_sized(&event, TSEM_EVENT_INODE_SETXATTR,
					     TSEM_PACKED_MAX + size, &r))
		return r;
	r = tsem_pack_dentry(&event.cell, event.ns, dentry, NULL);
	tsem_pack_text(&event.cell, name, strlen(name));
	tsem_pack_text(&event.cell, value, size);
	tsem_pack_u32(&event.cell, flags);
	return tsem_event_end(&event, r);
}

static int hook_inode_getxattr(struct dentry *dentry, const char *name)
{
	return named(TSEM_EVENT_INODE_GETXATTR, dentry, name);
}

static int hook_inode_listxattr(struct dentry *dentry)
{
	return named(TSEM_EVENT_INODE_LISTXATTR, dentry, NULL);
}

static int hook_inode_removexattr(struct mnt_idmap *idmap, struct dentry *dentry, const char *name)
{
	int r = tsem_may_change_tree(dentry);

	return r < 0 ? r : named(TSEM_EVENT_INODE_REMOVEXATTR, dentry, name);
}

static int hook_inode_killpriv(struct mnt_idmap *idmap, struct dentry *dentry)
{
	return named(TSEM_EVENT_INODE_KILLPRIV, dentry, NULL);
}

static int hook_inode_set_acl(struct mnt_idmap *idmap, struct dentry *dentry, const char *acl_name,
			      struct posix_acl *acl)
{
	size_t size = acl ? posix_acl_xattr_size(acl->a_count) : 0;
	struct tsem_event event __uninitialized;
	void *value = NULL;
	int r = tsem_may_change_tree(dentry);

	if (r < 0 || !tsem_event_begin_sized(&event, TSEM_EVENT_INODE_SET_ACL,
					     TSEM_PACKED_MAX + size, &r))
		return r;
	r = tsem_pack_dentry(&event.cell, event.ns, dentry, NULL);
	tsem_pack_text(&event.cell, acl_name, strlen(acl_name));
	tsem_pack_u8(&event.cell, !!acl);
	if (acl) {
		value = kmalloc(size, GFP_KERNEL_ACCOUNT);
		if (!value)
			r = -ENOMEM;
		else if (posix_acl_to_xattr(tsem_reference_userns(event.ns), acl, value, size) < 0)
			r = -EINVAL;
		else
			tsem_pack_text(&event.cell, value, size);
	}
	kfree(value);
	return tsem_event_end(&event, r);
}

static int hook_inode_remove_acl(struct mnt_idmap *idmap, struct dentry *dentry,
				 const char *acl_name)
{
	int r = tsem_may_change_tree(dentry);

	return r < 0 ? r : named(TSEM_EVENT_INODE_REMOVE_ACL, dentry, acl_name);
}

static void hook_d_instantiate(struct dentry *dentry, struct inode *inode)
{
	struct tsem_task *task = tsem_task(current);
	struct tsem_birth birth = task->birth;

	if (inode)
		tsem_name_forget(inode);
	if (likely(birth.dentry != dentry) || !inode)
		return;
	task->birth = (struct tsem_birth){};
	/* What has content already was not made just now. */
	if (!tsem_ns_of(current) || d_inode(dentry->d_parent) != birth.dir ||
	    (S_ISREG(inode->i_mode) && i_size_read(inode)))
		tsem_mark_free(birth.mark);
	else if (birth.mark)
		tsem_mark_set(inode, birth.mark);
	else	/* nobody judges, so it is not refused but unmarked, and its content counts */
		tsem_ns_count(tsem_ns_of(current), TSEM_COUNT_MARKS_LOST);
}

static void hook_inode_free_security_rcu(void *security)
{
	struct tsem_inode *blob = security + tsem_blob_sizes.lbs_inode;
	struct tsem_creator *creator = blob->creators;

	while (creator) {
		struct tsem_creator *next = creator->next;

		kfree(creator);
		creator = next;
	}
	tsem_mark_free(blob->mark);
	kfree(rcu_access_pointer(blob->content));
	kfree(rcu_access_pointer(blob->name));
}

static struct security_hook_list inode_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(path_mknod, hook_path_mknod),
	LSM_HOOK_INIT(path_mkdir, hook_path_mkdir),
	LSM_HOOK_INIT(path_unlink, hook_path_unlink),
	LSM_HOOK_INIT(path_rmdir, hook_path_rmdir),
	LSM_HOOK_INIT(path_symlink, hook_path_symlink),
	LSM_HOOK_INIT(path_link, hook_path_link),
	LSM_HOOK_INIT(path_rename, hook_path_rename),
	LSM_HOOK_INIT(path_truncate, hook_path_truncate),
	LSM_HOOK_INIT(path_chmod, hook_path_chmod),
	LSM_HOOK_INIT(path_chown, hook_path_chown),
	LSM_HOOK_INIT(path_chroot, hook_path_chroot),
	LSM_HOOK_INIT(inode_create, hook_inode_create),
	LSM_HOOK_INIT(inode_mkdir, hook_inode_mkdir),
	LSM_HOOK_INIT(inode_symlink, hook_inode_symlink),
	LSM_HOOK_INIT(inode_mknod, hook_inode_mknod),
	LSM_HOOK_INIT(inode_unlink, hook_inode_unlink),
	LSM_HOOK_INIT(inode_rmdir, hook_inode_rmdir),
	LSM_HOOK_INIT(inode_link, hook_inode_link),
	LSM_HOOK_INIT(inode_rename, hook_inode_rename),
	LSM_HOOK_INIT(inode_setattr, hook_inode_setattr),
	LSM_HOOK_INIT(inode_getattr, hook_inode_getattr),
	LSM_HOOK_INIT(inode_setxattr, hook_inode_setxattr),
	LSM_HOOK_INIT(inode_getxattr, hook_inode_getxattr),
	LSM_HOOK_INIT(inode_listxattr, hook_inode_listxattr),
	LSM_HOOK_INIT(inode_removexattr, hook_inode_removexattr),
	LSM_HOOK_INIT(inode_killpriv, hook_inode_killpriv),
	LSM_HOOK_INIT(inode_set_acl, hook_inode_set_acl),
	LSM_HOOK_INIT(inode_remove_acl, hook_inode_remove_acl),
	LSM_HOOK_INIT(d_instantiate, hook_d_instantiate),
	LSM_HOOK_INIT(inode_free_security_rcu, hook_inode_free_security_rcu),
};

void __init tsem_add_inode_hooks(void)
{
	security_add_hooks(inode_hooks, ARRAY_SIZE(inode_hooks), &tsem_lsmid);
}
