// SPDX-License-Identifier: GPL-2.0-only
/*
 * name.c - names that are kept. Putting a pathname together and packing it is most of what a
 * known event costs. So INODE and PATH, as they were packed, stay with the inode and have a
 * number that no other bytes get; the event in brief is that number, the number of its content
 * and what else is packed, and is looked up among the known events.
 *
 * A kept name is used as long as nothing can have changed that it is made of:
 *
 * * it was asked for by the same dentry, mount and inode, in the same namespace. A dentry stays
 *   the same one, with all that it lies below, as long as its inode gets no other: d_instantiate
 *   forgets the name. Whoever frees a mount counts mount_lock on;
 * * nothing was renamed (rename_lock) or mounted (mount_lock) anywhere. After that it is put
 *   together again, and has the same number if it is the same;
 * * owner and mode are compared with the inode's, the mark of who created it with the inode's;
 * * what belongs to a filesystem (its type, device, id) is not expected to change as long as it
 *   is mounted, and the parameters of a namespace do not.
 *
 * The counts are of 32 bits, so a name is not used for longer than it takes to count through;
 * an id that is changed in a mounted filesystem after all is seen then.
 * Names that depend on who asks (proc), on the user namespace (nsref=current) or on what comes
 * with being unlinked (O_TMPFILE) are not kept.
 */

#include <linux/dcache.h>
#include <linux/jiffies.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "describe.h"
#include "event.h"
#include "inode.h"
#include "name.h"

/** enum hidden - Whether content does not matter where the object lies. */
enum hidden {
	HIDDEN_UNKNOWN,
	HIDDEN_NO,
	HIDDEN_YES,
};

/**
 * struct tsem_name - INODE and PATH of an object as they were packed. Never changes.
 * @number: No other bytes have it.
 * @ns_id: Namespace for which they were packed.
 * @dentry: The object; never dereferenced.
 * @mnt: Where it is mounted; never dereferenced.
 * @created: Its mark; never dereferenced.
 * @until: When it is to be put together again, in jiffies.
 * @renames: Count of rename_lock at which it was the name.
 * @mounts: Count of mount_lock.
 * @generation: Of the model when @hidden was so.
 * @hidden: Whether content does not matter there.
 * @rcu: To free it.
 * @size: Bytes at @bytes.
 * @bytes: INODE and PATH.
 */
struct tsem_name {
	u64 number;
	u64 ns_id;
	const struct dentry *dentry;
	const struct vfsmount *mnt;
	const struct tsem_created *created;
	u64 until;
	unsigned int renames;
	unsigned int mounts;
	u32 generation;
	enum hidden hidden;
	struct rcu_head rcu;
	u32 size;
	u8 bytes[] __counted_by(size);
};

/* INODE begins with these. */
struct owner {
	__le32 uid;
	__le32 gid;
	__le32 mode;
} __packed;

/* As a file that was made by O_TMPFILE may be called. */
static bool is_numbered(const struct dentry *dentry)
{
	guard(rcu)();
	return READ_ONCE(dentry->d_name.name)[0] == '#';
}

/* Whether it is the same for everybody who asks, and we hear of it when it is another. */
static bool is_keepable(const struct tsem_ns *ns, const struct tsem_object *object)
{
	const struct dentry *dentry = object->path->dentry;
	unsigned long magic = dentry->d_sb->s_magic;

	return !ns->params.nsref_current && !IS_PRIVATE(object->inode) &&
	       magic != PROC_SUPER_MAGIC && magic != DEVPTS_SUPER_MAGIC &&
	       !(dentry->d_op && dentry->d_op->d_dname) && !is_numbered(dentry) &&
	       d_backing_inode(dentry) == object->inode;
}

static bool has_owner(const struct tsem_name *name, const struct inode *inode)
{
	const struct owner *owner = (const struct owner *)name->bytes;

	return le32_to_cpu(owner->uid) == __kuid_val(inode->i_uid) &&
	       le32_to_cpu(owner->gid) == __kgid_val(inode->i_gid) &&
	       le32_to_cpu(owner->mode) == inode->i_mode;
}

static bool is_name_now(const struct tsem_name *name, const struct tsem_ns *ns,
			const struct tsem_object *object, const struct tsem_created *created)
{
	return name->ns_id == ns->id && name->dentry == object->path->dentry &&
	       name->mnt == object->path->mnt && has_owner(name, object->inode) &&
	       name->created == created &&
	       name->renames == read_seqbegin(&rename_lock) &&
	       name->mounts == read_seqbegin(&mount_lock) &&
	       time_before64(get_jiffies_64(), name->until);
}

/* Whether the digest of the content is packed where it is not hidden. */
static bool content_counts(const struct tsem_ns *ns, const struct tsem_object *object)
{
	return object->content &&
	       tsem_content_counts(ns, object->file, object->executes, object->looks);
}

/*
 * The number of the name that the object has now, and whether its content does not matter
 * there; 0 if no name is kept.
 */
static u64 number_now(const struct tsem_ns *ns, const struct tsem_object *object,
		      enum hidden *ret_hidden)
{
	const struct tsem_created *created;
	const struct tsem_name *name;
	u64 number = 0;

	if (!rcu_access_pointer(tsem_inode(object->inode)->name))
		return 0;
	created = tsem_created_in(object->inode, ns);	/* may sleep */
	rcu_read_lock();
	name = rcu_dereference(tsem_inode(object->inode)->name);
	if (name && is_name_now(name, ns, object, created)) {
		number = name->number;
		*ret_hidden = name->generation == READ_ONCE(ns->model->generation) ?
				      name->hidden : HIDDEN_UNKNOWN;
	}
	rcu_read_unlock();
	return number;
}

/**
 * tsem_brief_now() - An event in brief, as its hook would pack it now.
 * @ns: Namespace of current; has a model.
 * @object: What it is about.
 * @ret: The event.
 *
 * Context: As tsem_mark_recall().
 * Return: false if it is to be described at length.
 */
bool tsem_brief_now(struct tsem_ns *ns, const struct tsem_object *object, struct tsem_brief *ret)
{
	enum hidden hidden = HIDDEN_UNKNOWN;

	ret->name = number_now(ns, object, &hidden);
	if (!ret->name)
		return false;
	ret->content = 0;
	ret->flags = object->file ? object->file->f_flags : 0;
	memcpy(ret->numbers, object->numbers, sizeof(ret->numbers));
	if (!content_counts(ns, object) || (!object->executes && hidden == HIDDEN_YES))
		return true;
	if (!object->executes && hidden == HIDDEN_UNKNOWN)
		return false;
	ret->content = tsem_content_number(ns, object->path);
	return ret->content;
}

/**
 * tsem_moment_take() - Take down what a name depends on, before it is packed.
 * @ns: Namespace of current; has a model.
 * @object: What the event is about.
 * @ret: The moment.
 *
 * Context: As tsem_mark_recall().
 */
void tsem_moment_take(const struct tsem_ns *ns, const struct tsem_object *object,
		      struct tsem_moment *ret)
{
	ret->generation = READ_ONCE(ns->model->generation);
	ret->created = tsem_created_in(object->inode, ns);
	ret->mounts = read_seqbegin(&mount_lock);
	ret->renames = read_seqbegin(&rename_lock);
}

/* Whether what was packed since then is one name, of one moment. */
static bool is_still(const struct tsem_moment *moment, const struct tsem_ns *ns,
		     const struct tsem_object *object)
{
	return !read_seqretry(&rename_lock, moment->renames) &&
	       !read_seqretry(&mount_lock, moment->mounts) &&
	       moment->created == tsem_created_in(object->inode, ns) &&
	       moment->generation == READ_ONCE(ns->model->generation);
}

static u64 next_number(void)
{
	static atomic64_t last;

	return atomic64_inc_return(&last);
}

static bool is_same(const struct tsem_name *a, const struct tsem_name *b)
{
	return a->ns_id == b->ns_id && a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

/*
 * Names that take turns with one inode, of several links or namespaces, keep their numbers, or
 * all that is known of them in brief would be of no use each time.
 */
static u64 number_in_turn(const struct tsem_ns *ns, const struct tsem_name *name)
{
	const struct tsem_raw raw = {
		.event = TSEM_KNOWN_NAME,
		.cell = name->bytes,
		.cell_size = name->size,
	};
	union tsem_known_value value __uninitialized;

	if (!tsem_known_find(ns->known, &raw, name->generation, &value)) {
		value.number = next_number();
		tsem_known_add(ns->known, &raw, name->generation, &value);
	}
	return value.number;
}

/* What was kept before of the same bytes gives its number, and what it says of content. */
static void take_over(const struct tsem_ns *ns, struct tsem_name *name,
		      const struct tsem_name *old)
{
	if (!old) {
		name->number = next_number();
		return;
	}
	if (!is_same(name, old)) {
		name->number = number_in_turn(ns, name);
		return;
	}
	name->number = old->number;
	if (name->hidden == HIDDEN_UNKNOWN && old->generation == name->generation)
		name->hidden = old->hidden;
}

/* Keep a name with the inode. Returns its number; 0 without memory. */
static u64 keep(const struct tsem_ns *ns, const struct tsem_object *object,
		const struct tsem_moment *moment, const u8 *bytes, size_t size,
		enum hidden hidden)
{
	struct tsem_name __rcu **place = &tsem_inode(object->inode)->name;
	struct tsem_name *name, *old;
	u64 number;

	name = kmalloc(struct_size(name, bytes, size), GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT);
	if (!name)
		return 0;
	name->ns_id = ns->id;
	name->dentry = object->path->dentry;
	name->mnt = object->path->mnt;
	name->created = moment->created;
	name->until = get_jiffies_64() + TSEM_NAME_SECONDS * HZ;
	name->renames = moment->renames;
	name->mounts = moment->mounts;
	name->generation = moment->generation;
	name->hidden = hidden;
	name->size = size;
	memcpy(name->bytes, bytes, size);
	rcu_read_lock();
	take_over(ns, name, rcu_dereference(*place));
	number = name->number;
	old = unrcu_pointer(xchg(place, RCU_INITIALIZER(name)));
	rcu_read_unlock();
	if (old)
		kfree_rcu(old, rcu);
	return number;
}

static bool is_zero(const u8 *digest, size_t size)
{
	return !memchr_inv(digest, 0, size);
}

/**
 * tsem_brief_packed() - An event in brief, from what its hook has packed.
 * @ns: Namespace of current; has a model.
 * @object: What it is about; still referenced by whoever called the hook.
 * @moment: Taken before it was packed.
 * @cell: The CELL; all of it fits.
 * @ret: The event.
 *
 * Keeps the name. What is read here is only what was packed: it may have changed since.
 *
 * Context: As tsem_mark_recall().
 * Return: false if the event cannot be told in brief.
 */
bool tsem_brief_packed(struct tsem_ns *ns, const struct tsem_object *object,
		       const struct tsem_moment *moment, const struct tsem_packer *cell,
		       struct tsem_brief *ret)
{
	size_t before = object->lead + (object->file ? 4 : 0);
	size_t digest_size = object->content ? tsem_ns_digest_size(ns) : 0;
	const u8 *numbers = cell->data + cell->used - 4 * object->count;
	const u8 *digest = numbers - digest_size, *bytes = cell->data + before;
	bool zero = is_zero(digest, digest_size);
	enum hidden hidden = HIDDEN_UNKNOWN;

	if (!is_keepable(ns, object) || !is_still(moment, ns, object) || digest <= bytes ||
	    digest - bytes > TSEM_KNOWN_CELL_MAX)
		return false;
	if (!object->executes && content_counts(ns, object))
		hidden = zero ? HIDDEN_YES : HIDDEN_NO;
	*ret = (struct tsem_brief){
		.content = zero ? 0 : tsem_content_number_of(ns, object->path, digest),
		.flags = object->file ? get_unaligned_le32(bytes - 4) : 0,
	};
	if (!zero && !ret->content)
		return false;
	for (unsigned int i = 0; i < object->count; i++)
		ret->numbers[i] = get_unaligned_le32(numbers + 4 * i);
	ret->name = keep(ns, object, moment, bytes, digest - bytes, hidden);
	return ret->name;
}

/**
 * tsem_name_forget() - An inode gets another dentry.
 * @inode: The inode.
 *
 * Context: Any.
 */
void tsem_name_forget(struct inode *inode)
{
	struct tsem_name __rcu **place = &tsem_inode(inode)->name;
	struct tsem_name *old;

	if (likely(!rcu_access_pointer(*place)))
		return;
	old = unrcu_pointer(xchg(place, NULL));
	if (old)
		kfree_rcu(old, rcu);
}
