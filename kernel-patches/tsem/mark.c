// SPDX-License-Identifier: GPL-2.0-only
/*
 * mark.c - the marks of objects that were created in a namespace. A mark hangs on
 * the inode and, because the inode may go while the object stays, is kept by what the
 * filesystem knows the object by: the handle that it would give to NFS or fanotify,
 * which a later object with the same inode number does not get.
 *
 * A kept mark goes with the last link of its object, with its filesystem, or with its
 * namespace. What cannot be kept is marked as long as its inode is there, and counted:
 * afterwards its content counts, which is the safe side.
 */

#include <linux/exportfs.h>
#include <linux/fs.h>
#include <linux/jhash.h>
#include <linux/magic.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "inode.h"

/**
 * struct identity - What a filesystem knows an object by; compared as bytes.
 * @sb: The filesystem; never dereferenced.
 * @type: Kind of handle.
 * @words: Length of the handle.
 * @handle: The handle, zeros behind it.
 */
struct identity {
	const struct super_block *sb;
	u32 type;
	u32 words;
	u32 handle[TSEM_HANDLE_WORDS_MAX];
};

static_assert(sizeof(struct identity) == 16 + 4 * TSEM_HANDLE_WORDS_MAX, "no bytes between");

/**
 * struct tsem_mark - That and by whom an object was created.
 * @created: What is told of it.
 * @refs: The inode, and the table.
 * @ns: Namespace in whose name it is kept; NULL if it is not in the table. Guarded by @lock.
 * @identity: Key of the table.
 * @node: In the table.
 * @rcu: Whoever looks up may still see it.
 */
struct tsem_mark {
	struct tsem_created created;
	refcount_t refs;
	struct tsem_ns *ns;
	struct identity identity;
	struct hlist_node node;
	struct rcu_head rcu;
};

/*
 * Marks that are kept, of all namespaces: an object is created once. It does not grow,
 * because that would be on nobody's account; at the limit of a namespace a list has eight.
 */
static struct hlist_head table[TSEM_MARKS_MAX / 8];
static u32 table_seed __ro_after_init;
static atomic_t table_count;

/* Serialises changes of the table with what is counted in namespaces. Innermost. */
static DEFINE_SPINLOCK(lock);

static void mark_put(struct tsem_mark *mark)
{
	if (mark && refcount_dec_and_test(&mark->refs))
		kfree_rcu(mark, rcu);
}

static bool table_is_empty(void)
{
	return !atomic_read(&table_count);
}

static struct hlist_head *bucket_of(const struct identity *identity)
{
	return &table[jhash(identity, sizeof(*identity), table_seed) % ARRAY_SIZE(table)];
}

/* Under RCU, or with @lock held. */
static struct tsem_mark *look_up(const struct identity *identity)
{
	struct tsem_mark *mark;

	hlist_for_each_entry_rcu(mark, bucket_of(identity), node, lockdep_is_held(&lock)) {
		if (!memcmp(&mark->identity, identity, sizeof(*identity)))
			return mark;
	}
	return NULL;
}

/* Pipes, sockets and files without a place; and where an inode stays as long as its object. */
static bool stays(const struct inode *inode)
{
	const struct super_block *sb = inode->i_sb;

	return (sb->s_flags & SB_KERNMOUNT) || sb->s_magic == TMPFS_MAGIC ||
	       sb->s_magic == RAMFS_MAGIC;
}

/* Whether handles tell objects apart, and can be had under the locks of a hook. */
static bool has_handle(const struct inode *inode)
{
	const struct export_operations *ops = inode->i_sb->s_export_op;

	if (!ops)
		return inode->i_generation;
	/* With nfs_export=on it copies directories up to make one. */
	return inode->i_sb->s_magic != OVERLAYFS_SUPER_MAGIC || !exportfs_can_decode_fh(ops);
}

static bool identify(struct inode *inode, struct identity *ret)
{
	int words = TSEM_HANDLE_WORDS_MAX;
	int type;

	if (!has_handle(inode))
		return false;
	*ret = (struct identity){ .sb = inode->i_sb };
	type = exportfs_encode_fid(inode, (struct fid *)ret->handle, &words);
	if (type <= 0 || type == FILEID_INVALID || words > TSEM_HANDLE_WORDS_MAX)
		return false;
	ret->type = type;
	ret->words = words;
	return true;
}

static void leave_table(struct tsem_mark *mark)
{
	lockdep_assert_held(&lock);
	if (!mark->ns)
		return;
	hlist_del_rcu(&mark->node);
	atomic_dec(&table_count);
	mark->ns->mark_count--;
	mark->ns = NULL;
	mark_put(mark);
}

static bool enter_locked(struct tsem_ns *ns, struct tsem_mark *mark)
{
	struct tsem_mark *old;

	lockdep_assert_held(&lock);
	/* The object that was known by this is gone, without our having seen it go. */
	old = look_up(&mark->identity);
	if (old)
		leave_table(old);
	if (ns->mark_count >= TSEM_MARKS_MAX)
		return false;
	hlist_add_head_rcu(&mark->node, bucket_of(&mark->identity));
	atomic_inc(&table_count);
	mark->ns = ns;
	ns->mark_count++;
	refcount_inc(&mark->refs);
	return true;
}

static bool enter_table(struct tsem_ns *ns, struct tsem_mark *mark)
{
	bool entered;

	spin_lock(&lock);
	entered = enter_locked(ns, mark);
	spin_unlock(&lock);
	return entered;
}

/* The mark that is kept for an inode, with a reference. */
static struct tsem_mark *find(struct inode *inode)
{
	struct identity identity;
	struct tsem_mark *mark;

	if (!identify(inode, &identity))
		return NULL;
	rcu_read_lock();
	mark = look_up(&identity);
	if (mark && !refcount_inc_not_zero(&mark->refs))
		mark = NULL;
	rcu_read_unlock();
	return mark;
}

/**
 * tsem_mark_new() - Make the mark of an object that current, which is in a namespace, creates.
 * @instance: Running number of the creation.
 *
 * Context: Process context; may be within a transaction of the filesystem.
 * Return: For tsem_mark_set() or tsem_mark_free(); NULL without memory.
 */
struct tsem_mark *tsem_mark_new(u64 instance)
{
	struct tsem_mark *mark = kzalloc(sizeof(*mark), GFP_NOFS | __GFP_ACCOUNT);

	if (!mark)
		return NULL;
	mark->created = (struct tsem_created){
		.ns_id = tsem_ns_maker(tsem_ns_of(current)),
		.owner = tsem_task(current)->task_id,
		.instance = instance,
	};
	refcount_set(&mark->refs, 1);
	return mark;
}

/**
 * tsem_mark_set() - Mark an object that current, which is in a namespace, has created.
 * @inode: The object; marked at most once.
 * @mark: Taken over.
 *
 * Context: Process context; may be within a transaction of the filesystem.
 */
void tsem_mark_set(struct inode *inode, struct tsem_mark *mark)
{
	struct tsem_ns *ns = tsem_ns_of(current);
	struct tsem_inode *blob = tsem_inode(inode);

	if (READ_ONCE(blob->mark)) {
		mark_put(mark);
		return;
	}
	if (!stays(inode) &&
	    (!identify(inode, &mark->identity) || !enter_table(ns, mark)))
		tsem_ns_count(ns, TSEM_COUNT_MARKS_LOST);
	WRITE_ONCE(blob->asked, true);
	if (cmpxchg_release(&blob->mark, NULL, mark))
		mark_put(mark);
}

/**
 * tsem_mark_created() - Mark an object that passed no hook of its creation.
 * @inode: The object; marked at most once.
 * @instance: Running number of the creation.
 *
 * Context: As tsem_mark_set().
 * Return: 0 or -ENOMEM: it is not marked.
 */
int tsem_mark_created(struct inode *inode, u64 instance)
{
	struct tsem_mark *mark;

	if (READ_ONCE(tsem_inode(inode)->mark))
		return 0;
	mark = tsem_mark_new(instance);
	if (!mark)
		return -ENOMEM;
	tsem_mark_set(inode, mark);
	return 0;
}

/**
 * tsem_mark_recall() - Give an inode back the mark of its object.
 * @inode: May be NULL.
 *
 * Context: Process context, unless the inode stays() as long as its object.
 */
void tsem_mark_recall(struct inode *inode)
{
	struct tsem_inode *blob;
	struct tsem_mark *mark;

	if (!inode || table_is_empty())
		return;
	blob = tsem_inode(inode);
	if (READ_ONCE(blob->asked) || stays(inode))
		return;
	mark = find(inode);
	WRITE_ONCE(blob->asked, true);
	if (mark && cmpxchg_release(&blob->mark, NULL, mark))
		mark_put(mark);
}

/**
 * tsem_created_in() - Who created an object, if that was in this namespace.
 * @inode: The object; may be NULL.
 * @ns: The namespace.
 *
 * Context: As tsem_mark_recall().
 * Return: Lives as long as the inode; NULL if it was not.
 */
const struct tsem_created *tsem_created_in(struct inode *inode, const struct tsem_ns *ns)
{
	const struct tsem_mark *mark;

	if (!inode)
		return NULL;
	tsem_mark_recall(inode);
	/* Pairs with the release by whoever put it there. */
	mark = smp_load_acquire(&tsem_inode(inode)->mark);
	return mark && mark->created.ns_id == tsem_ns_maker(ns) ? &mark->created : NULL;
}

/* The inode goes, and after its last link the object too. */
static void hook_inode_free_security(struct inode *inode)
{
	struct tsem_mark *mark = tsem_inode(inode)->mark;

	if (!mark || inode->i_nlink)
		return;
	spin_lock(&lock);
	leave_table(mark);
	spin_unlock(&lock);
}

/** tsem_mark_free() - Drop a mark that is held; takes NULL. Context: Any. */
void tsem_mark_free(struct tsem_mark *mark)
{
	mark_put(mark);
}

/* Forget the marks of a namespace, or of a filesystem. */
static void forget(const struct tsem_ns *ns, const struct super_block *sb)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct hlist_node *next;
		struct tsem_mark *mark;

		spin_lock(&lock);
		hlist_for_each_entry_safe(mark, next, &table[i], node) {
			if (mark->ns == ns || mark->identity.sb == sb)
				leave_table(mark);
		}
		spin_unlock(&lock);
		cond_resched();
	}
}

/**
 * tsem_marks_forget() - Forget the marks of a namespace.
 * @ns: Without members: none is added any more.
 *
 * Context: Process context.
 */
void tsem_marks_forget(struct tsem_ns *ns)
{
	bool any;

	/* Who is just taking a mark away is done with the namespace when it lets go of the lock. */
	spin_lock(&lock);
	any = ns->mark_count;
	spin_unlock(&lock);
	if (any)
		forget(ns, NULL);
}

static void hook_sb_delete(struct super_block *sb)
{
	if (!table_is_empty())
		forget(NULL, sb);
}

static struct security_hook_list mark_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(inode_free_security, hook_inode_free_security),
	LSM_HOOK_INIT(sb_delete, hook_sb_delete),
};

void __init tsem_add_mark_hooks(void)
{
	security_add_hooks(mark_hooks, ARRAY_SIZE(mark_hooks), &tsem_lsmid);
}

/* Before any task can be in a namespace. */
static int __init mark_init(void)
{
	table_seed = get_random_u32();
	return 0;
}
core_initcall(mark_init);
