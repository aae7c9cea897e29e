// SPDX-License-Identifier: GPL-2.0-only
/*
 * trajectory.c - what a model inside the kernel tells: upstream's files in
 * internal_tma/model0 for the namespace of the opener, the same for others as
 * internal_tma/N.NAME and external_tma/N.counts. Points are only ever added, so
 * a reader needs no lock and goes on where it was.
 */

#include <linux/seq_file.h>

#include "control.h"
#include "task.h"

/**
 * struct model_file - One of the files.
 * @fops: Leads from an inode back to its row.
 * @name: In internal_tma/model0.
 * @ns_name: Behind the number of a namespace.
 * @kinds: Points of which there is a line each, one bit each; 0 if the file is one line.
 * @told: Of those only the points with a record.
 * @show: Prints one line.
 */
struct model_file {
	const struct file_operations fops;
	const char *name;
	const char *ns_name;
	unsigned int kinds;
	bool told;
	int (*show)(struct seq_file *m, struct tsem_ns *ns, struct tsem_point *point);
};

/**
 * struct listing - A file being read.
 * @ns: Reference.
 * @file: Which.
 * @position: Of @point among the lines.
 * @point: The line that was read last; NULL before the first and at the end.
 */
struct listing {
	struct tsem_ns *ns;
	const struct model_file *file;
	loff_t position;
	struct tsem_point *point;
};

static void show_digest(struct seq_file *m, const struct tsem_ns *ns,
			const struct tsem_digest *digest)
{
	for (unsigned int i = 0; i < tsem_ns_digest_size(ns); i++)
		seq_printf(m, "%02x", digest->bytes[i]);
}

static int show_coefficient(struct seq_file *m, struct tsem_ns *ns, struct tsem_point *point)
{
	show_digest(m, ns, &point->digest);
	seq_putc(m, '\n');
	return 0;
}

static int show_count(struct seq_file *m, struct tsem_ns *ns, struct tsem_point *point)
{
	seq_printf(m, "%lld\n", atomic64_read(&point->count));
	return 0;
}

static int show_both(struct seq_file *m, struct tsem_ns *ns, struct tsem_point *point)
{
	show_digest(m, ns, &point->digest);
	seq_printf(m, " %lld\n", atomic64_read(&point->count));
	return 0;
}

static int show_record(struct seq_file *m, struct tsem_ns *ns, struct tsem_point *point)
{
	char *text;
	size_t room = seq_get_buf(m, &text);
	size_t size = tsem_record_print(ns, point->record, text, room);

	/* Without room seq_file makes more and asks again. */
	seq_commit(m, size <= room ? size : -1);
	return 0;
}

static int show_measurement(struct seq_file *m, struct tsem_ns *ns, struct tsem_point *unused)
{
	struct tsem_digest digest;

	tsem_model_measurement(ns->model, &digest);
	show_digest(m, ns, &digest);
	seq_putc(m, '\n');
	return 0;
}

static int show_state(struct seq_file *m, struct tsem_ns *ns, struct tsem_point *unused)
{
	struct tsem_digest digest;
	int r = tsem_model_state(ns->model, &digest);

	if (r < 0)
		return r;
	show_digest(m, ns, &digest);
	seq_putc(m, '\n');
	return 0;
}

static int model_open(struct inode *inode, struct file *file);
static int model_release(struct inode *inode, struct file *file);

#define FOPS								\
	.fops = {							\
		.owner = THIS_MODULE,					\
		.open = model_open,					\
		.read = seq_read,					\
		.llseek = seq_lseek,					\
		.release = model_release,				\
	}

#define VALID BIT(TSEM_POINT_VALID)
#define INVALID BIT(TSEM_POINT_INVALID)
#define FILE(file, ...) { FOPS, .name = file, .ns_name = "." file, __VA_ARGS__ }

static const struct model_file model_files[] = {
	FILE("trajectory", .kinds = VALID, .told = true, .show = show_record),
	FILE("trajectory_coefficients", .kinds = VALID, .show = show_coefficient),
	FILE("trajectory_counts", .kinds = VALID, .show = show_count),
	FILE("forensics", .kinds = INVALID, .told = true, .show = show_record),
	FILE("forensics_coefficients", .kinds = INVALID, .show = show_coefficient),
	FILE("forensics_counts", .kinds = INVALID, .show = show_count),
	FILE("measurement", .show = show_measurement),
	FILE("state", .show = show_state),
};

/* Ours: every coefficient with its count, for whoever keeps the model elsewhere. */
static const struct model_file counts_file = {
	FOPS,
	.ns_name = ".counts",
	.kinds = VALID | INVALID,
	.show = show_both,
};

static_assert(ARRAY_SIZE(model_files) + 3 == TSEM_NS_FILES_MAX);

static struct tsem_point *next_line(const struct listing *listing, struct tsem_point *point)
{
	do {
		point = tsem_point_next(listing->ns->model, point);
	} while (point && (!(listing->file->kinds & BIT(point->kind)) ||
			   (listing->file->told && !point->record)));
	return point;
}

static void *listing_start(struct seq_file *m, loff_t *position)
{
	struct listing *listing = m->private;

	if (!listing->file->kinds)
		return *position ? NULL : SEQ_START_TOKEN;
	if (!listing->point || *position < listing->position) {
		listing->point = next_line(listing, NULL);
		listing->position = 0;
	}
	while (listing->point && listing->position < *position) {
		listing->point = next_line(listing, listing->point);
		listing->position++;
	}
	return listing->point;
}

static void *listing_next(struct seq_file *m, void *line, loff_t *position)
{
	struct listing *listing = m->private;
	struct tsem_point *next;

	++*position;
	if (line == SEQ_START_TOKEN)
		return NULL;
	next = next_line(listing, line);
	if (next) {
		listing->point = next;
		listing->position = *position;
	}
	return next;
}

static void listing_stop(struct seq_file *m, void *line)
{
}

static int listing_show(struct seq_file *m, void *line)
{
	struct listing *listing = m->private;

	return listing->file->show(m, listing->ns, line == SEQ_START_TOKEN ? NULL : line);
}

static const struct seq_operations listing_ops = {
	.start = listing_start,
	.next = listing_next,
	.stop = listing_stop,
	.show = listing_show,
};

/* That of the opener, as upstream's rule has it. */
static struct tsem_ns *own_ns(const struct file *file)
{
	struct tsem_ns *ns = tsem_ns_of(current);

	if (!ns || !ns->model ||
	    (READ_ONCE(ns->sealed) && !tsem_may_control(file->f_cred)))
		return ERR_PTR(-EACCES);
	return tsem_ns_get(ns);
}

static struct tsem_ns *named_ns(const struct inode *inode, const struct file *file)
{
	if (!tsem_may_control(file->f_cred) || tsem_task(current)->ns)
		return ERR_PTR(-EACCES);
	return tsem_ns_of_file(inode) ?: ERR_PTR(-ENOENT);
}

static int model_open(struct inode *inode, struct file *file)
{
	struct tsem_ns *ns = inode->i_private ? named_ns(inode, file) : own_ns(file);
	struct listing *listing;

	if (IS_ERR(ns))
		return PTR_ERR(ns);
	listing = __seq_open_private(file, &listing_ops, sizeof(*listing));
	if (!listing) {
		tsem_ns_put(ns);
		return -ENOMEM;
	}
	listing->ns = ns;
	listing->file = container_of(inode->i_fop, struct model_file, fops);
	return 0;
}

static int model_release(struct inode *inode, struct file *file)
{
	struct listing *listing = ((struct seq_file *)file->private_data)->private;

	tsem_ns_put(listing->ns);
	return seq_release_private(inode, file);
}

/** tsem_is_model_file() - Whether an inode is one of these files. */
bool tsem_is_model_file(const struct inode *inode)
{
	return inode->i_fop->open == model_open;
}

static int create(const struct model_file *file, struct tsem_ns *ns, struct dentry *dir,
		  struct dentry **ret)
{
	char name[64];

	snprintf(name, sizeof(name), "%llu%s", ns->id, file->ns_name);
	*ret = securityfs_create_file(name, 0400, dir, tsem_file_ns(ns), &file->fops);
	return PTR_ERR_OR_ZERO(*ret);
}

/**
 * tsem_model_files_create() - Make the files of one namespace.
 * @ns: Has a model.
 * @dir: Where.
 * @ret: Becomes one entry per file, up to an error, which is the last one's.
 */
int tsem_model_files_create(struct tsem_ns *ns, struct dentry *dir, struct dentry **ret)
{
	int r = create(&counts_file, ns, dir, ret++);

	if (ns->params.tma != TSEM_TMA_INTERNAL)
		return r;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(model_files); i++)
		r = create(&model_files[i], ns, dir, ret++);
	return r;
}

/** tsem_own_model_files_create() - Make those of the opener's namespace. */
int __init tsem_own_model_files_create(struct dentry *dir)
{
	for (size_t i = 0; i < ARRAY_SIZE(model_files); i++) {
		struct dentry *file = securityfs_create_file(model_files[i].name, 0400, dir, NULL,
							     &model_files[i].fops);

		if (IS_ERR(file))
			return PTR_ERR(file);
	}
	return 0;
}
