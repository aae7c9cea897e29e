// SPDX-License-Identifier: GPL-2.0-only
/*
 * describe.c - packing the composite types of the schema. Each function packs
 * one type, member by member, in the order of the schema; tsem_event_end()
 * checks the result against it.
 */

#include <linux/cred.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/un.h>
#include <net/sock.h>

#include "describe.h"
#include "event.h"
#include "inode.h"
#include "task.h"

/** tsem_pack_digest() - Pack a DIGEST; zeros for NULL. */
void tsem_pack_digest(struct tsem_packer *p, const struct tsem_ns *ns,
		      const struct tsem_digest *digest)
{
	static const struct tsem_digest zeros;

	tsem_pack_bytes(p, (digest ?: &zeros)->bytes, tsem_ns_digest_size(ns));
}

void tsem_pack_inode(struct tsem_packer *p, const struct tsem_ns *ns, const struct inode *inode)
{
	static const u8 no_uuid[16];
	struct user_namespace *to = tsem_reference_userns(ns);
	const struct super_block *sb = inode->i_sb;

	tsem_pack_u32(p, tsem_uid(to, inode->i_uid));
	tsem_pack_u32(p, tsem_gid(to, inode->i_gid));
	tsem_pack_u32(p, inode->i_mode);
	tsem_pack_u64(p, sb->s_magic);
	tsem_pack_text(p, sb->s_id, strnlen(sb->s_id, sizeof(sb->s_id)));
	tsem_pack_bytes(p, sb->s_magic == TMPFS_MAGIC ? no_uuid : sb->s_uuid.b, sizeof(no_uuid));
}

static bool has_device(const struct super_block *sb)
{
	return MAJOR(sb->s_dev) || d_inode(sb->s_root)->i_op->rename;
}

/**
 * tsem_pack_path_text() - Pack a PATH.
 * @p: Where to.
 * @ns: Namespace of the record.
 * @sb: Where it lies.
 * @created: NULL if it was not created in the namespace.
 * @text: Its name.
 */
void tsem_pack_path_text(struct tsem_packer *p, const struct tsem_ns *ns,
			 const struct super_block *sb, const struct tsem_created *created,
			 const struct tsem_text *text)
{
	const struct tsem_scratch *scratch =
		tsem_scratch_find(&ns->params, text->bytes, text->size);
	bool device = has_device(sb);

	tsem_pack_u8(p, device);
	if (device) {
		tsem_pack_u32(p, MAJOR(sb->s_dev));
		tsem_pack_u32(p, MINOR(sb->s_dev));
	}
	tsem_pack_u8(p, !!created);
	if (created) {
		tsem_pack_digest(p, ns, &created->owner);
		tsem_pack_u64(p, created->instance);
	}
	tsem_pack_u8(p, !!scratch);
	if (scratch)
		tsem_pack_text(p, scratch->dir, scratch->size);
	tsem_pack_text(p, text->bytes, text->size);
}

/* A file made by O_TMPFILE: its name is "#" and a number that is drawn anew each time. */
static bool is_nameless(const struct dentry *dentry)
{
	const struct qstr *name = &dentry->d_name;

	return d_unhashed(dentry) && name->len > 1 && name->name[0] == '#' &&
	       strspn(name->name + 1, "0123456789") == name->len - 1;
}

static void hide_number(const struct dentry *dentry, struct tsem_text *text)
{
	if (is_nameless(dentry))
		text->size -= dentry->d_name.len - 1;
}

static noinline_for_stack bool is_pseudonym(const struct tsem_ns *ns, const struct tsem_text *text)
{
	TSEM_HASH_ON_STACK(hash, &ns->alg);
	struct tsem_digest pseudonym;

	tsem_pseudonym(text->bytes, text->size, &hash->hasher, &pseudonym);
	return tsem_model_has_pseudonym(ns->model, &pseudonym);
}

/* Whether a namespace that has a model of its own was told that content does not matter. */
static bool has_pseudonym(const struct tsem_ns *ns, const struct tsem_text *text)
{
	const struct tsem_raw raw = {
		.event = TSEM_KNOWN_PATH,
		.cell = (const u8 *)text->bytes,
		.cell_size = text->size,
	};
	union tsem_known_value value __uninitialized;
	u32 generation;

	if (!ns->model || !READ_ONCE(ns->model->pseudonym_count))
		return false;
	generation = READ_ONCE(ns->model->generation);
	if (!tsem_known_find(ns->known, &raw, generation, &value)) {
		value.pseudonym = is_pseudonym(ns, text);
		tsem_known_add(ns->known, &raw, generation, &value);
	}
	return value.pseudonym;
}

/*
 * Packs the PATH and, if that is asked for, says whether content does not matter there,
 * unless it is executed.
 */
static int pack_path(struct tsem_packer *p, const struct tsem_ns *ns, const struct path *path,
		     bool *ret_hidden)
{
	struct inode *inode = d_backing_inode(path->dentry);
	char *buffer = __getname();
	struct tsem_text text;
	int r;

	if (!buffer)
		return -ENOMEM;
	r = tsem_path_text(path, buffer, &text);
	if (r == 0) {
		hide_number(path->dentry, &text);
		tsem_pack_path_text(p, ns, path->dentry->d_sb, tsem_created_in(inode, ns), &text);
		if (ret_hidden)
			*ret_hidden = tsem_scratch_find(&ns->params, text.bytes, text.size) ||
				      has_pseudonym(ns, &text);
	}
	__putname(buffer);
	return r;
}

int tsem_pack_path(struct tsem_packer *p, const struct tsem_ns *ns, const struct path *path)
{
	return pack_path(p, ns, path, NULL);
}

/**
 * tsem_pack_path_dentry() - Pack a DENTRY of which the kernel has a path.
 * @p: Where to.
 * @ns: Namespace of the record.
 * @path: The object.
 *
 * Return: 0; -ENAMETOOLONG; -ENOMEM.
 */
int tsem_pack_path_dentry(struct tsem_packer *p, const struct tsem_ns *ns, const struct path *path)
{
	struct inode *inode = d_backing_inode(path->dentry);

	tsem_pack_u8(p, !!inode);
	if (inode)
		tsem_pack_inode(p, ns, inode);
	return tsem_pack_path(p, ns, path);
}

/* As the path_* hook just before saw it, if it was this name. */
static int dentry_text(struct dentry *dentry, char *buffer, struct tsem_text *ret)
{
	const struct tsem_place *places = tsem_task(current)->places;

	for (size_t i = 0; i < TSEM_PLACES; i++) {
		const struct tsem_place *place = &places[i];

		if (place->dentry != dentry || place->parent != dentry->d_parent)
			continue;
		*ret = (struct tsem_text){ .bytes = place->text, .size = strlen(place->text) };
		return 0;
	}
	return tsem_dentry_text(dentry, buffer, ret);
}

/**
 * tsem_pack_dentry() - Pack a DENTRY.
 * @p: Where to.
 * @ns: Namespace of the record.
 * @dentry: The name; its directory is locked by the caller.
 * @created: For a name that is about to be created, else NULL.
 *
 * Return: 0; -ENAMETOOLONG; -ENOMEM.
 */
int tsem_pack_dentry(struct tsem_packer *p, const struct tsem_ns *ns, struct dentry *dentry,
		     const struct tsem_created *created)
{
	struct inode *inode = d_backing_inode(dentry);
	char *buffer = __getname();
	struct tsem_text text;
	int r;

	if (!buffer)
		return -ENOMEM;
	r = dentry_text(dentry, buffer, &text);
	if (r == 0) {
		hide_number(dentry, &text);
		tsem_pack_u8(p, !!inode);
		if (inode)
			tsem_pack_inode(p, ns, inode);
		tsem_pack_path_text(p, ns, dentry->d_sb, created ?: tsem_created_in(inode, ns),
				    &text);
	}
	__putname(buffer);
	return r;
}

/* A mapping on a stacked filesystem has a file of the layer below, opened with more flags. */
static unsigned int user_flags(const struct file *file)
{
	return file->f_mode & FMODE_BACKING ? file->f_flags & ~(O_NOATIME | __FMODE_NONOTIFY) :
					      file->f_flags;
}

/**
 * tsem_pack_mapped() - Pack a MAPPED: a FILE without its content.
 * @p: Where to.
 * @ns: Namespace of the record.
 * @file: The file; of one that backs a mapping, what it was opened as is packed.
 *
 * Return: 0, or why its name cannot be had.
 */
int tsem_pack_mapped(struct tsem_packer *p, const struct tsem_ns *ns, const struct file *file)
{
	tsem_pack_u32(p, user_flags(file));
	tsem_pack_inode(p, ns, file_user_inode(file));
	return pack_path(p, ns, file_user_path(file), NULL);
}

/**
 * tsem_content_counts() - Whether an event looks at the content of a file, if that is not hidden.
 * @ns: Namespace of the record.
 * @file: The file.
 * @executes: The event executes it: content counts whatever the file is.
 * @looks: The event looks at content at all; see formula.md, "Content".
 *
 * Return: Whether it does.
 */
bool tsem_content_counts(const struct tsem_ns *ns, const struct file *file, bool executes,
			 bool looks)
{
	struct inode *inode = file_inode(file);

	if (!S_ISREG(inode->i_mode))
		return false;
	return executes || (looks && (file->f_mode & FMODE_READ) && !tsem_created_in(inode, ns) &&
			    !tsem_on_pseudo_filesystem(inode->i_sb));
}

/**
 * tsem_pack_file() - Pack a FILE.
 * @p: Where to.
 * @ns: Namespace of the record.
 * @file: The file.
 * @executes: As in tsem_content_counts().
 * @looks: The same.
 *
 * Context: Process context, without locks that reading the file needs.
 * Return: 0, or why name or content cannot be had: the operation must fail.
 */
int tsem_pack_file(struct tsem_packer *p, struct tsem_ns *ns, struct file *file, bool executes,
		   bool looks)
{
	struct inode *inode = file_inode(file);
	bool counts = tsem_content_counts(ns, file, executes, looks);
	struct tsem_digest digest = {};
	bool hidden = false;
	int r;

	tsem_pack_u32(p, file->f_flags);
	tsem_pack_inode(p, ns, inode);
	r = pack_path(p, ns, &file->f_path, counts && !executes ? &hidden : NULL);
	if (r < 0)
		return r;

	if (counts && !hidden) {
		r = tsem_content_digest(ns, &file->f_path, &digest);
		if (r < 0)
			return r;
	}
	tsem_pack_digest(p, ns, &digest);
	return 0;
}

/**
 * tsem_pack_sock() - Pack a SOCK.
 * @p: Where to.
 * @ns: Namespace of the record.
 * @sk: The socket; one without a struct socket has no owner.
 *
 * Context: Any.
 */
void tsem_pack_sock(struct tsem_packer *p, const struct tsem_ns *ns, const struct sock *sk)
{
	const struct socket *sock = READ_ONCE(sk->sk_socket);
	const struct tsem_created *created =
		sock ? tsem_created_in(SOCK_INODE((struct socket *)sock), ns) : NULL;

	tsem_pack_u32(p, sk->sk_family);
	tsem_pack_u32(p, sk->sk_type);
	tsem_pack_u32(p, sk->sk_protocol);
	tsem_pack_digest(p, ns, created ? &created->owner : NULL);
}

static bool has_dot_component(const char *text, size_t size)
{
	for (size_t start = 0; start < size;) {
		size_t end = start;

		while (end < size && text[end] != '/')
			end++;
		if ((end - start == 1 && text[start] == '.') ||
		    (end - start == 2 && text[start] == '.' && text[start + 1] == '.'))
			return true;
		start = end + 1;
	}
	return false;
}

static void pack_unix(struct tsem_packer *p, const struct tsem_ns *ns,
		      const struct sockaddr_un *address, int size)
{
	const struct tsem_scratch *scratch = NULL;
	size_t length = size - offsetof(struct sockaddr_un, sun_path);

	if (length && address->sun_path[0]) {
		length = strnlen(address->sun_path, length);
		if (!has_dot_component(address->sun_path, length))
			scratch = tsem_scratch_find(&ns->params, address->sun_path, length);
	}
	tsem_pack_u8(p, !!scratch);
	if (scratch)
		tsem_pack_text(p, scratch->dir, scratch->size);
	tsem_pack_text(p, address->sun_path, length);
}

static int pack_other(struct tsem_packer *p, const struct tsem_ns *ns,
		      const struct sockaddr *address, int size)
{
	struct tsem_hash *hash = tsem_hash_new(&ns->alg, GFP_KERNEL);
	__le16 family = cpu_to_le16(size >= 2 ? address->sa_family : 0);
	struct tsem_digest digest = {};

	if (!hash)
		return -ENOMEM;
	tsem_hash_init(&hash->hasher);
	if (size >= 2) {
		tsem_hash_update(&hash->hasher, &family, 2);
		tsem_hash_update(&hash->hasher, (const u8 *)address + 2, size - 2);
	} else if (size > 0) {
		tsem_hash_update(&hash->hasher, address, size);
	}
	tsem_hash_final(&hash->hasher, digest.bytes);
	tsem_hash_free(hash);
	tsem_pack_digest(p, ns, &digest);
	return 0;
}

/**
 * tsem_pack_address() - Pack an ADDR, ADDR_SHORT or ADDR_MSG: its own family selects the form.
 * @p: Where to.
 * @ns: Namespace of the record.
 * @address: In kernel memory.
 * @size: Its length in bytes, as the caller of the system call gave it.
 * @whole: With the flow information and scope of an IPv6 address (ADDR only).
 *
 * Return: 0 or -ENOMEM.
 */
int tsem_pack_address(struct tsem_packer *p, const struct tsem_ns *ns,
		      const struct sockaddr *address, int size, bool whole)
{
	int family = size >= (int)sizeof(address->sa_family) ? address->sa_family : AF_UNSPEC;

	if (family == AF_UNIX && size <= (int)sizeof(struct sockaddr_un)) {
		tsem_pack_u8(p, 1);
		pack_unix(p, ns, (const struct sockaddr_un *)address, size);
		return 0;
	}
	if (family == AF_INET && size >= (int)sizeof(struct sockaddr_in)) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)address;

		tsem_pack_u8(p, 2);
		tsem_pack_u16(p, ntohs(in->sin_port));
		tsem_pack_u32(p, ntohl(in->sin_addr.s_addr));
		return 0;
	}
	if (family == AF_INET6 && size >= (int)sizeof(struct sockaddr_in6)) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

		tsem_pack_u8(p, 10);
		tsem_pack_u16(p, ntohs(in6->sin6_port));
		if (whole) {
			tsem_pack_u32(p, ntohl(in6->sin6_flowinfo));
			tsem_pack_u32(p, in6->sin6_scope_id);
		}
		tsem_pack_bytes(p, &in6->sin6_addr, 16);
		return 0;
	}
	tsem_pack_u8(p, 255);
	return pack_other(p, ns, address, size);
}
