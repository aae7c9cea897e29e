// SPDX-License-Identifier: GPL-2.0-only
/*
 * path.c - pathnames as formula 1 wants them (docs/formula.md, section 3,
 * "Pathnames"): absolute, whole, without process and descriptor numbers.
 */

#include <linux/ctype.h>
#include <linux/dcache.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>

#include "describe.h"

static bool is_number(const char *text, size_t size)
{
	if (!size)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!isdigit(text[i]))
			return false;
	}
	return true;
}

static bool is_word(const char *text, size_t size, const char *word)
{
	return strlen(word) == size && !memcmp(text, word, size);
}

static bool number_equals(const char *text, size_t size, u32 number)
{
	char digits[12];

	return snprintf(digits, sizeof(digits), "%u", number) == size &&
	       !memcmp(text, digits, size);
}

/* What stands in proc for a component that follows @before ("" for the first). */
static const char *proc_word(const char *before, size_t before_size, const char *text,
			     size_t size, bool first, bool own)
{
	if (!is_number(text, size))
		return NULL;
	if (first || is_word(before, before_size, "task"))
		return own ? "self" : "pid";
	if (is_word(before, before_size, "fd") || is_word(before, before_size, "fdinfo"))
		return "n";
	return NULL;
}

/**
 * tsem_proc_rewrite() - Replace process, thread and descriptor numbers.
 * @in: Place in proc, with leading slash, ended by NUL.
 * @skip: Components at its beginning that are not wanted in the result.
 * @self: Number of the own process in that proc; 0 if it has none.
 * @out: Where to; ended by NUL if it fits.
 * @size: Room there.
 *
 * Return: Length of the result, also if it did not fit.
 */
size_t tsem_proc_rewrite(const char *in, unsigned int skip, u32 self, char *out, size_t size)
{
	const char *before = "";
	size_t before_size = 0, used = 0;
	bool own = false;

	for (unsigned int index = 0; *in == '/'; index++) {
		const char *text = in + 1;
		size_t text_size = strcspn(text, "/");
		const char *word;

		if (!index)
			own = self && number_equals(text, text_size, self);
		word = proc_word(before, before_size, text, text_size, !index, own);
		if (index >= skip) {
			int printed = word ? snprintf(out + min(used, size), size - min(used, size),
						      "/%s", word) :
					     snprintf(out + min(used, size), size - min(used, size),
						      "/%.*s", (int)text_size, text);
			used += printed;
		}
		before = text;
		before_size = text_size;
		in = text + text_size;
	}
	return used;
}

static unsigned int dentry_depth(const struct dentry *dentry)
{
	unsigned int depth = 0;

	rcu_read_lock();
	for (; !IS_ROOT(dentry); dentry = READ_ONCE(dentry->d_parent))
		depth++;
	rcu_read_unlock();
	return depth;
}

static size_t skip_components(const char *text, unsigned int count)
{
	const char *p = text;

	while (count-- && *p)
		p += 1 + strcspn(p + 1, "/");
	return p - text;
}

/*
 * Replace the end of @abs, which lies in proc or devpts, by its form without
 * numbers. @abs has PATH_MAX bytes; its text begins at @start.
 */
static int hide_numbers(const struct path *path, char *abs, size_t *size)
{
	const struct super_block *sb = path->dentry->d_sb;
	unsigned int skip = dentry_depth(path->mnt->mnt_root);
	char *place_buffer, *place, *out;
	size_t tail, length;
	u32 self = 0;
	int r = 0;

	place_buffer = __getname();
	out = __getname();
	if (!place_buffer || !out) {
		r = -ENOMEM;
		goto out_put;
	}
	place = dentry_path_raw(path->dentry, place_buffer, PATH_MAX);
	if (IS_ERR(place)) {
		r = PTR_ERR(place);
		goto out_put;
	}
	tail = strlen(place) - skip_components(place, skip);
	if (tail > *size || memcmp(abs + *size - tail, place + strlen(place) - tail, tail))
		goto out_put;	/* moved between the two look-ups: stays as it was */

	if (sb->s_magic == DEVPTS_SUPER_MAGIC) {
		if (is_number(place + 1, strlen(place + 1)))
			length = snprintf(out, PATH_MAX, "/n");
		else
			goto out_put;
	} else {
		self = task_tgid_nr_ns(current, proc_pid_ns((struct super_block *)sb));
		length = tsem_proc_rewrite(place, skip, self, out, PATH_MAX);
	}
	if (*size - tail + length >= PATH_MAX) {
		r = -ENAMETOOLONG;
		goto out_put;
	}
	memcpy(abs + *size - tail, out, length);
	*size += length - tail;
out_put:
	if (out)
		__putname(out);
	if (place_buffer)
		__putname(place_buffer);
	return r;
}

/* pipe:, socket:, anon_inode:; what has no directory has no path. */
static bool nameless_text(const struct path *path, char *buffer, struct tsem_text *ret)
{
	struct dentry *dentry = path->dentry;
	char *name;

	if (!dentry->d_op || !dentry->d_op->d_dname || dentry->d_sb->s_magic == TMPFS_MAGIC)
		return false;
	if (IS_ROOT(dentry) && dentry == path->mnt->mnt_root &&
	    !(dentry->d_sb->s_flags & SB_KERNMOUNT))
		return false;

	name = dentry->d_op->d_dname(dentry, buffer, PATH_MAX);
	if (IS_ERR(name))
		return false;
	ret->size = strcspn(name, ":");
	memmove(buffer, name, ret->size);
	memcpy(buffer + ret->size, ":/", 2);
	ret->size += 2;
	ret->bytes = buffer;
	return true;
}

/* On a mount that is attached nowhere: the place in its filesystem. */
static int detached_text(const struct path *path, char *buffer, struct tsem_text *ret)
{
	static const char prefix[] = "detached:";
	size_t prefix_size = sizeof(prefix) - 1;
	char *place = dentry_path_raw(path->dentry, buffer + prefix_size, PATH_MAX - prefix_size);

	if (IS_ERR(place))
		return PTR_ERR(place);
	memcpy(place - prefix_size, prefix, prefix_size);
	ret->bytes = place - prefix_size;
	ret->size = strlen(place) + prefix_size;
	return 0;
}

/**
 * tsem_path_text() - Pathname of a path.
 * @path: The path.
 * @buffer: PATH_MAX bytes, owned by the caller and kept as long as @ret is used.
 * @ret: The pathname.
 *
 * Context: Process context.
 * Return: 0; -ENAMETOOLONG: nothing is ever shortened; -ENOMEM.
 */
int tsem_path_text(const struct path *path, char *buffer, struct tsem_text *ret)
{
	unsigned long magic = path->dentry->d_sb->s_magic;
	char *abs;

	if (nameless_text(path, buffer, ret))
		return 0;

	abs = d_absolute_path(path, buffer, PATH_MAX);
	if (IS_ERR(abs)) {
		if (PTR_ERR(abs) != -EINVAL)
			return PTR_ERR(abs);
		return detached_text(path, buffer, ret);
	}
	*ret = (struct tsem_text){ .bytes = abs, .size = buffer + PATH_MAX - 1 - abs };
	if (magic != PROC_SUPER_MAGIC && magic != DEVPTS_SUPER_MAGIC)
		return 0;
	ret->bytes = memmove(buffer, abs, ret->size);
	return hide_numbers(path, buffer, &ret->size);
}

/**
 * tsem_dentry_text() - Place of a name in its filesystem.
 * @dentry: The name.
 * @buffer: PATH_MAX bytes, owned by the caller and kept as long as @ret is used.
 * @ret: The place.
 *
 * For where the kernel has no mount; otherwise as tsem_path_text().
 *
 * Return: 0 or -ENAMETOOLONG.
 */
int tsem_dentry_text(struct dentry *dentry, char *buffer, struct tsem_text *ret)
{
	char *place = dentry_path_raw(dentry, buffer, PATH_MAX);

	if (IS_ERR(place))
		return PTR_ERR(place);
	*ret = (struct tsem_text){ .bytes = place, .size = strlen(place) };
	return 0;
}

/**
 * tsem_scratch_find() - The directory of the scratch set under which a name lies.
 * @params: Parameters of the namespace.
 * @text: The name.
 * @size: Its length.
 *
 * Return: The longest that matches; NULL if there is none.
 */
const struct tsem_scratch *tsem_scratch_find(const struct tsem_params *params, const char *text,
					     size_t size)
{
	const struct tsem_scratch *longest = NULL;

	for (unsigned int i = 0; i < params->scratch_count; i++) {
		const struct tsem_scratch *scratch = &params->scratch[i];

		if (scratch->size <= size && !memcmp(text, scratch->dir, scratch->size) &&
		    (!longest || scratch->size > longest->size))
			longest = scratch;
	}
	return longest;
}
