// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream.c - the event descriptor and the status file of a namespace. Reading
 * the event descriptor takes records from the queue, writing to it gives
 * verdicts, its last close is "reader gone". Where the kernel judges nothing is
 * asked: it tells what is new to the model, each reader all of it. Opened for
 * reading only it behaves as upstream's clients know it: one record, then end of
 * file until a seek.
 */

#include <linux/cred.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "control.h"
#include "loadable.h"
#include "task.h"
#include "tpm.h"
#include "verdict.h"

/**
 * struct stream - An event descriptor.
 * @ns: Reference.
 * @shift: When it is its turn, see struct tsem_shift.
 * @lock: Protects all below, and serialises reading only.
 * @point: Where the kernel judges: the last point that was passed.
 * @told: The records among them.
 * @line: Upstream's reading: the record being delivered, owned.
 * @size: Its length.
 * @done: It has been delivered; the next read is end of file.
 */
struct stream {
	struct tsem_ns *ns;
	u64 shift;
	struct mutex lock;
	struct tsem_point *point;
	unsigned int told;
	char *line;
	size_t size;
	bool done;
};

/* A member may read its own stream where upstream's monitor does, nowhere else. */
static bool may_read(const struct tsem_ns *ns)
{
	return tsem_task(current)->ns != ns || ns->params.upstream;
}

static bool is_judged_here(const struct tsem_ns *ns)
{
	return ns->params.tma == TSEM_TMA_INTERNAL;
}

static int events_open(struct inode *inode, struct file *file)
{
	struct stream *stream;
	struct tsem_ns *ns;
	int r = 0;

	if (!tsem_may_control(file->f_cred))
		return -EACCES;
	ns = tsem_ns_of_file(inode);
	if (!ns)
		return -ENOENT;
	stream = kzalloc(sizeof(*stream), GFP_KERNEL_ACCOUNT);
	if (!stream) {
		r = -ENOMEM;
		goto out_put;
	}
	if (tsem_task(current)->ns && (tsem_task(current)->ns != ns || !may_read(ns)))
		r = -EACCES;
	else if (is_judged_here(ns) && (file->f_flags & O_ACCMODE) != O_RDWR)
		r = -EACCES;	/* upstream's clients know no such file */
	if (r < 0)
		goto out_put;

	r = tsem_reader_opened(ns, &stream->shift);
	if (r < 0)
		goto out_put;
	stream->ns = ns;
	mutex_init(&stream->lock);
	file->private_data = stream;
	return 0;

out_put:
	kfree(stream);
	tsem_ns_put(ns);
	return r;
}

static int events_release(struct inode *inode, struct file *file)
{
	struct stream *stream = file->private_data;
	struct tsem_ns *ns = stream->ns;

	tsem_reader_closed(ns, stream->shift);
	kvfree(stream->line);
	kfree(stream);
	tsem_ns_put(ns);
	return 0;
}

/*
 * The thread group that reads is safe from the namespace, see hook_task_kill(). Of several
 * it is the one whose turn it is.
 */
static void note_reader(struct stream *stream)
{
	struct pid *reader = task_tgid(current), *old = reader;
	struct tsem_ns *ns = stream->ns;

	if (READ_ONCE(ns->reader) == reader)
		return;
	get_pid(reader);
	spin_lock_irq(&ns->lock);
	if (stream->shift == ns->shift.now) {
		old = ns->reader;
		WRITE_ONCE(ns->reader, reader);
	}
	spin_unlock_irq(&ns->lock);
	put_pid(old);
}

/* Others have taken its place: it reads no more. */
static bool is_over(const struct stream *stream)
{
	return READ_ONCE(stream->ns->shift.now) > stream->shift;
}

static struct tsem_record *take_first(struct stream *stream)
{
	struct tsem_record *record = NULL;
	struct tsem_ns *ns = stream->ns;

	spin_lock_irq(&ns->lock);
	if (stream->shift == ns->shift.now)
		record = list_first_entry_or_null(&ns->queue, struct tsem_record, node);
	if (record) {
		list_del(&record->node);
		ns->queue_count--;
		ns->queue_bytes -= struct_size(record, cell, record->room);
	}
	spin_unlock_irq(&ns->lock);
	return record;
}

static void put_first(struct tsem_ns *ns, struct tsem_record *record)
{
	spin_lock_irq(&ns->lock);
	list_add(&record->node, &ns->queue);
	ns->queue_count++;
	ns->queue_bytes += struct_size(record, cell, record->room);
	spin_unlock_irq(&ns->lock);
}

/* Most records fit; a longer one is printed again into memory of its size. */
#define TEXT_USUAL SZ_4K

static ssize_t copy_record(const struct tsem_ns *ns, const struct tsem_record *record,
			   char __user *user, size_t room, char *usual)
{
	size_t size = tsem_record_print(ns, record, usual, TEXT_USUAL);
	char *text = usual;
	ssize_t r = size;

	if (size > room)
		return -EMSGSIZE;
	if (size > TEXT_USUAL) {
		text = kvmalloc(size, GFP_KERNEL_ACCOUNT);
		if (!text)
			return -ENOMEM;
		tsem_record_print(ns, record, text, size);
	}
	if (copy_to_user(user, text, size))
		r = -EFAULT;
	if (text != usual)
		kvfree(text);
	return r;
}

static ssize_t read_records(struct stream *stream, char __user *user, size_t room, char *usual)
{
	struct tsem_ns *ns = stream->ns;
	size_t used = 0;

	do {
		struct tsem_record *record = take_first(stream);
		ssize_t r;

		if (!record)
			break;
		r = copy_record(ns, record, user + used, room - used, usual);
		if (r < 0) {
			put_first(ns, record);
			return used ? used : r;
		}
		tsem_record_free(record);
		used += r;
	} while (ns->params.batch);

	return used;
}

/* What is new to the model since the last time. */
static ssize_t read_told(struct stream *stream, char __user *user, size_t room, char *usual)
{
	struct tsem_ns *ns = stream->ns;
	struct tsem_point *point;
	size_t used = 0;

	guard(mutex)(&stream->lock);
	while ((point = tsem_point_next(ns->model, stream->point))) {
		ssize_t r = 0;

		if (point->record)
			r = copy_record(ns, point->record, user + used, room - used, usual);
		if (r < 0)
			return used ? used : r;
		stream->point = point;
		used += r;
		if (r > 0) {
			WRITE_ONCE(stream->told, stream->told + 1);
			if (!ns->params.batch)
				break;
		}
		cond_resched();
	}
	return used;
}

/* Take the next record as text. */
static int stream_fetch(struct stream *stream)
{
	struct tsem_ns *ns = stream->ns;
	struct tsem_record *record = take_first(stream);

	if (!record)
		return -ENODATA;
	stream->size = tsem_record_print(ns, record, NULL, 0);
	stream->line = kvmalloc(stream->size, GFP_KERNEL_ACCOUNT);
	if (!stream->line) {
		put_first(ns, record);
		return -ENOMEM;
	}
	tsem_record_print(ns, record, stream->line, stream->size);
	tsem_record_free(record);
	return 0;
}

/* A record in as many reads as it takes, end of file, and the next one after a seek. */
static ssize_t read_upstream(struct stream *stream, char __user *user, size_t size, loff_t *pos)
{
	ssize_t r;

	guard(mutex)(&stream->lock);
	if (!stream->line) {
		if (stream->done && *pos)
			return 0;
		r = stream_fetch(stream);
		if (r < 0)
			return r;
		*pos = 0;
	}
	r = simple_read_from_buffer(user, size, pos, stream->line, stream->size);
	if (r >= 0 && *pos >= stream->size) {
		kvfree(stream->line);
		stream->line = NULL;
		stream->done = true;
	}
	return r;
}

static loff_t events_llseek(struct file *file, loff_t offset, int whence)
{
	struct stream *stream = file->private_data;

	if (offset || whence != SEEK_SET)
		return -EINVAL;
	/* What was not delivered yet is: nothing is lost to an early seek. */
	guard(mutex)(&stream->lock);
	stream->done = false;
	if (!stream->line)
		file->f_pos = 0;
	return 0;
}

static ssize_t events_read(struct file *file, char __user *user, size_t size, loff_t *pos)
{
	struct stream *stream = file->private_data;
	struct tsem_ns *ns = stream->ns;
	/* Before the queue is found empty. */
	bool ended = is_over(stream) || tsem_ns_is_deserted(ns);
	char *usual;
	ssize_t r;

	if (!may_read(ns))
		return -EPERM;
	note_reader(stream);
	if (!(file->f_mode & FMODE_WRITE))
		return read_upstream(stream, user, size, pos);
	usual = kmalloc(TEXT_USUAL, GFP_KERNEL);
	if (!usual)
		return -ENOMEM;
	if (is_judged_here(ns)) {
		r = read_told(stream, user, size, usual);
	} else {
		mutex_lock(&ns->read_mutex);
		r = read_records(stream, user, size, usual);
		mutex_unlock(&ns->read_mutex);
	}
	kfree(usual);

	if (r == 0 && !ended)
		return -EAGAIN;
	return r;
}

static ssize_t events_write(struct file *file, const char __user *user, size_t size, loff_t *pos)
{
	struct stream *stream = file->private_data;
	struct tsem_ns *ns = stream->ns;
	size_t taken;
	char *lines;

	if (tsem_task(current)->ns == ns)
		return -EPERM;
	/* Of the whole machine nobody outside the kernel judges. */
	if (!size || size > TSEM_VERDICTS_MAX || is_judged_here(ns) || tsem_ns_is_root(ns))
		return -EINVAL;
	note_reader(stream);
	lines = kvmalloc(size, GFP_KERNEL);
	if (!lines)
		return -ENOMEM;
	if (copy_from_user(lines, user, size)) {
		kvfree(lines);
		return -EFAULT;
	}
	tsem_answer(ns, stream->shift, lines, size, &taken);
	kvfree(lines);
	return taken ? taken : -EINVAL;
}

static bool has_records(const struct stream *stream)
{
	struct tsem_ns *ns = stream->ns;

	if (is_judged_here(ns))
		return READ_ONCE(ns->model->told) != READ_ONCE(stream->told);
	return READ_ONCE(ns->shift.now) == stream->shift && !list_empty_careful(&ns->queue);
}

static __poll_t events_poll(struct file *file, struct poll_table_struct *wait)
{
	struct stream *stream = file->private_data;
	struct tsem_ns *ns = stream->ns;
	__poll_t mask = EPOLLOUT | EPOLLWRNORM;
	bool ended;

	poll_wait(file, &ns->readers, wait);
	/* Before the queue is found empty. */
	ended = is_over(stream) || tsem_ns_is_deserted(ns);
	if (has_records(stream))
		mask |= EPOLLIN | EPOLLRDNORM;
	else if (ended)
		mask |= EPOLLHUP;
	return mask;
}

const struct file_operations tsem_stream_fops = {
	.owner = THIS_MODULE,
	.open = events_open,
	.release = events_release,
	.read = events_read,
	.write = events_write,
	.poll = events_poll,
	.llseek = events_llseek,
};

static const char *const counter_names[] = {
	[TSEM_COUNT_EVENTS] = "events",	    [TSEM_COUNT_EXPORTED] = "exported",
	[TSEM_COUNT_REFUSED] = "refused",   [TSEM_COUNT_DROPPED] = "dropped",
	[TSEM_COUNT_EXPIRED] = "expired",   [TSEM_COUNT_UNKNOWN] = "unknown",
	[TSEM_COUNT_ENTERED] = "entered",   [TSEM_COUNT_CONTENT_READ] = "content_read",
	[TSEM_COUNT_CONTENT_KEPT] = "content_kept", [TSEM_COUNT_MARKS_LOST] = "marks_lost",
	[TSEM_COUNT_KNOWN] = "known",	    [TSEM_COUNT_REMEMBERED] = "remembered",
	[TSEM_COUNT_INSTANCES_LOST] = "instances_lost", [TSEM_COUNT_BRIEF] = "known_brief",
	[TSEM_COUNT_RELOADS] = "reloads",
};

static_assert(ARRAY_SIZE(counter_names) == TSEM_COUNTER_COUNT);

static const char *const mode_names[] = {
	[TSEM_TMA_EXTERNAL] = "external",
	[TSEM_TMA_INTERNAL] = "internal",
	[TSEM_TMA_EXPORT] = "export",
};

static void show_model(struct seq_file *m, struct tsem_ns *ns)
{
	unsigned int counts[TSEM_POINT_KIND_COUNT] = {};
	unsigned int pseudonyms = 0;
	size_t bytes = 0;
	u64 untold = 0;

	if (ns->model) {
		spin_lock_irq(&ns->model->lock);
		memcpy(counts, ns->model->counts, sizeof(counts));
		pseudonyms = ns->model->pseudonym_count;
		bytes = ns->model->bytes;
		untold = ns->model->untold;
		spin_unlock_irq(&ns->model->lock);
	}
	seq_printf(m, "points %u\nforensics %u\nprograms %u\nuntold %llu\n",
		   counts[TSEM_POINT_VALID], counts[TSEM_POINT_INVALID],
		   counts[TSEM_POINT_PROGRAM], untold);
	seq_printf(m, "pseudonyms %u\ntold_bytes %zu\n", pseudonyms, bytes);
	seq_printf(m, "known_kept %d\nknown_pushed_out %lld\nsubjects_pushed_out %lld\n",
		   ns->known ? atomic_read(&ns->known->kept) : 0,
		   ns->known ? atomic64_read(&ns->known->pushed_out) : 0,
		   ns->known ? atomic64_read(&ns->known->subjects_pushed_out) : 0);
}

static void show_tpm(struct seq_file *m, const struct tsem_ns *ns)
{
	struct tsem_tpm_counts counts;

	if (tsem_tpm_follows(ns->model, &counts))
		seq_printf(m, "tpm_extended %llu\ntpm_failed %llu\n", counts.extended,
			   counts.failed);
}

static int status_show(struct seq_file *m, void *v)
{
	struct tsem_ns *ns = m->private;
	unsigned int waiting, queued, low;
	size_t bytes;
	bool gone;

	spin_lock_irq(&ns->lock);
	waiting = ns->waiting_count;
	queued = ns->queue_count;
	bytes = ns->queue_bytes;
	gone = ns->gone;
	spin_unlock_irq(&ns->lock);
	low = READ_ONCE(ns->pool.low);

	seq_printf(m, "model %s\n", ns->loadable ? ns->loadable->ops->name : TSEM_MODEL_BUILTIN);
	seq_printf(m, "mode %s\nsealed %d\nenforce %d\n", mode_names[ns->params.tma],
		   READ_ONCE(ns->sealed), READ_ONCE(ns->enforce));
	for (unsigned int i = 0; i < TSEM_COUNTER_COUNT; i++)
		seq_printf(m, "%s %lld\n", counter_names[i], atomic64_read(&ns->counts[i]));
	show_model(m, ns);
	show_tpm(m, ns);
	seq_printf(m, "marks %u\n", READ_ONCE(ns->mark_count));
	seq_printf(m, "waiting %u\nqueued %u\nbytes %zu\npool_low %u\nmembers %d\ngone %d\n",
		   waiting, queued, bytes, low, atomic_read(&ns->member_count), gone);
	return 0;
}

static int status_open(struct inode *inode, struct file *file)
{
	struct tsem_ns *ns;
	int r;

	if (!tsem_may_control(file->f_cred) || tsem_task(current)->ns)
		return -EACCES;
	ns = tsem_ns_of_file(inode);
	if (!ns)
		return -ENOENT;
	r = single_open(file, status_show, ns);
	if (r < 0)
		tsem_ns_put(ns);
	return r;
}

static int status_release(struct inode *inode, struct file *file)
{
	struct tsem_ns *ns = ((struct seq_file *)file->private_data)->private;

	tsem_ns_put(ns);
	return single_release(inode, file);
}

const struct file_operations tsem_status_fops = {
	.owner = THIS_MODULE,
	.open = status_open,
	.release = status_release,
	.read = seq_read,
	.llseek = seq_lseek,
};
