/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * name.h - what an object is called, kept with its inode, so that an event about it is
 * known without the name being put together again.
 */
#ifndef _SECURITY_TSEM_NAME_H
#define _SECURITY_TSEM_NAME_H

#include <linux/fs.h>
#include <linux/path.h>

#include "ns.h"

/* Of mmap_file: beside the flags of the file. */
#define TSEM_OBJECT_NUMBERS 3

/**
 * struct tsem_object - What an event is about: an object with a name, and numbers. The CELL is
 *	@lead bytes 1, the flags of @file if there is one, INODE, PATH, if @content the digest
 *	of the content, and the numbers.
 * @path: The object; NULL if what the event is about is described only at length.
 * @inode: The same.
 * @file: The same, opened; NULL if it is not.
 * @lead: Presence bytes before all else.
 * @content: There is a digest.
 * @executes: As in tsem_pack_file().
 * @looks: The same.
 * @count: How many numbers.
 * @numbers: The numbers.
 */
struct tsem_object {
	const struct path *path;
	struct inode *inode;
	struct file *file;
	u8 lead;
	bool content;
	bool executes;
	bool looks;
	u8 count;
	u32 numbers[TSEM_OBJECT_NUMBERS];
};

/**
 * struct tsem_moment - What a name depends on and nobody locks, before it is packed.
 * @renames: Count of rename_lock.
 * @mounts: Count of mount_lock.
 * @generation: Of the model.
 * @created: Mark of the object in the namespace.
 */
struct tsem_moment {
	unsigned int renames;
	unsigned int mounts;
	u32 generation;
	const struct tsem_created *created;
};

/**
 * struct tsem_brief - An event in brief. Two that are equal have the same bytes; the reverse
 *	need not hold.
 * @name: Number of INODE and PATH.
 * @content: Number of the digest; 0 if that is zeros or there is none.
 * @flags: Of the file; 0 if there is none.
 * @numbers: Of the object, zeros behind them.
 */
struct tsem_brief {
	u64 name;
	u64 content;
	u32 flags;
	u32 numbers[TSEM_OBJECT_NUMBERS];
};

static_assert(sizeof(struct tsem_brief) == 16 + 4 * (1 + TSEM_OBJECT_NUMBERS), "no bytes between");

struct tsem_name;

bool tsem_brief_now(struct tsem_ns *ns, const struct tsem_object *object, struct tsem_brief *ret);
void tsem_moment_take(const struct tsem_ns *ns, const struct tsem_object *object,
		      struct tsem_moment *ret);
bool tsem_brief_packed(struct tsem_ns *ns, const struct tsem_object *object,
		       const struct tsem_moment *moment, const struct tsem_packer *cell,
		       struct tsem_brief *ret);
void tsem_name_forget(struct inode *inode);

#endif /* _SECURITY_TSEM_NAME_H */
