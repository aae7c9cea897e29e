// SPDX-License-Identifier: GPL-2.0-only
/*
 * control.c - the tree below /sys/kernel/security/tsem and its control file.
 * A control descriptor owns at most one namespace; commands written to it act
 * there. Authority is decided when it is opened.
 */

#include <linux/cred.h>
#include <linux/magic.h>
#include <linux/pid.h>
#include <linux/pidfs.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "control.h"
#include "task.h"

static struct dentry *tree, *external_tma;

/**
 * struct control - A control descriptor.
 * @lock: One command at a time.
 * @ns: The namespace it owns, reference; NULL before create.
 */
struct control {
	struct mutex lock;
	struct tsem_ns *ns;
};

static int control_open(struct inode *inode, struct file *file)
{
	struct control *control;

	if (!tsem_may_control(file->f_cred) || tsem_task(current)->ns)
		return -EACCES;
	if ((file->f_flags & O_ACCMODE) == O_RDONLY)
		return -EACCES;

	control = kzalloc(sizeof(*control), GFP_KERNEL_ACCOUNT);
	if (!control)
		return -ENOMEM;
	mutex_init(&control->lock);
	file->private_data = control;
	return 0;
}

static int control_release(struct inode *inode, struct file *file)
{
	struct control *control = file->private_data;

	if (control->ns)
		tsem_ns_put(control->ns);
	kfree(control);
	return 0;
}

static int command_create(struct control *control, char *arguments)
{
	struct tsem_params params;
	int r;

	if (control->ns)
		return -EBUSY;
	r = tsem_params_parse(arguments, &params);
	if (r < 0)
		return r;
	r = tsem_ns_new(&params, &control->ns);
	tsem_params_done(&params);
	return r;
}

static int command_arm(struct control *control, char *arguments)
{
	struct task_struct *task;
	unsigned int fd, flags;
	struct pid *pid;
	int r;

	if (strncmp(arguments, "pidfd=", 6) || kstrtouint(arguments + 6, 10, &fd) < 0)
		return -EINVAL;
	pid = pidfd_get_pid(fd, &flags);
	if (IS_ERR(pid))
		return PTR_ERR(pid);
	task = get_pid_task(pid, PIDTYPE_TGID);
	put_pid(pid);
	if (!task)
		return -ESRCH;
	r = tsem_task_arm(task, control->ns);
	put_task_struct(task);
	return r;
}

static int command_seal(struct control *control, char *arguments)
{
	if (*arguments)
		return -EINVAL;
	if (control->ns->sealed)
		return -EPERM;
	WRITE_ONCE(control->ns->sealed, true);
	return 0;
}

static int command_enforce(struct control *control, char *arguments)
{
	if (*arguments)
		return -EINVAL;
	if (control->ns->sealed)
		return -EPERM;
	WRITE_ONCE(control->ns->enforce, true);
	return 0;
}

static const struct command {
	const char *verb;
	bool owns;	/* the descriptor must own a namespace */
	int (*run)(struct control *control, char *arguments);
} commands[] = {
	{ "create", false, command_create },
	{ "arm", true, command_arm },
	{ "seal", true, command_seal },
	{ "enforce", true, command_enforce },
};

static int command_run(struct control *control, char *line)
{
	char *verb = strsep(&line, " ");

	guard(mutex)(&control->lock);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(verb, commands[i].verb))
			continue;
		if (commands[i].owns && !control->ns)
			return -EINVAL;
		return commands[i].run(control, line ?: "");
	}
	return -EINVAL;
}

static ssize_t control_write(struct file *file, const char __user *user, size_t size, loff_t *pos)
{
	char *line, *end;
	int r = -EINVAL;

	if (*pos || !size || size > TSEM_COMMAND_MAX)
		return -EINVAL;
	if (tsem_task(current)->ns)
		return -EPERM;
	line = memdup_user_nul(user, size);
	if (IS_ERR(line))
		return PTR_ERR(line);

	/* Only what stands before the first line feed counts; without one, nothing does. */
	end = memchr(line, '\n', size);
	if (end) {
		*end = '\0';
		if (strlen(line) == end - line)
			r = command_run(file->private_data, line);
	}
	kfree(line);
	return r < 0 ? r : size;
}

static ssize_t control_read(struct file *file, char __user *user, size_t size, loff_t *pos)
{
	struct control *control = file->private_data;
	char text[32];
	int length;

	scoped_guard(mutex, &control->lock) {
		if (!control->ns)
			return -EINVAL;
		length = scnprintf(text, sizeof(text), "id %llu\n", control->ns->id);
	}
	return simple_read_from_buffer(user, size, pos, text, length);
}

/* Reading moves the position and writing wants it at 0: pread() and seeking both work. */
static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.release = control_release,
	.read = control_read,
	.write = control_write,
	.llseek = generic_file_llseek,
};

/** tsem_is_control_plane() - Whether an inode belongs to the tree of TSEM. */
bool tsem_is_control_plane(const struct inode *inode)
{
	return inode->i_sb->s_magic == SECURITYFS_MAGIC &&
	       (inode->i_fop == &control_fops || inode->i_fop == &tsem_stream_fops ||
		inode->i_fop == &tsem_status_fops);
}

/**
 * tsem_ns_files_create() - Make the files of a namespace.
 * @ns: Has its id.
 *
 * The files name the namespace by its id and hold no reference: whoever opens
 * one looks it up.
 */
int tsem_ns_files_create(struct tsem_ns *ns)
{
	void *id = (void *)(uintptr_t)ns->id;
	char name[32];

	snprintf(name, sizeof(name), "%llu", ns->id);
	ns->stream_file = securityfs_create_file(name, 0600, external_tma, id, &tsem_stream_fops);
	if (IS_ERR(ns->stream_file))
		return PTR_ERR(ns->stream_file);

	snprintf(name, sizeof(name), "%llu.status", ns->id);
	ns->status_file = securityfs_create_file(name, 0400, external_tma, id, &tsem_status_fops);
	if (IS_ERR(ns->status_file)) {
		securityfs_remove(ns->stream_file);
		return PTR_ERR(ns->status_file);
	}
	return 0;
}

void tsem_ns_files_remove(struct tsem_ns *ns)
{
	securityfs_remove(ns->status_file);
	securityfs_remove(ns->stream_file);
}

static int __init tree_create(void)
{
	struct dentry *control;

	tree = securityfs_create_dir("tsem", NULL);
	if (IS_ERR(tree))
		return PTR_ERR(tree);
	external_tma = securityfs_create_dir("external_tma", tree);
	if (IS_ERR(external_tma)) {
		securityfs_remove(tree);
		return PTR_ERR(external_tma);
	}
	control = securityfs_create_file("control", 0200, tree, NULL, &control_fops);
	if (IS_ERR(control)) {
		securityfs_remove(external_tma);
		securityfs_remove(tree);
		return PTR_ERR(control);
	}
	return 0;
}

/* After the crypto API and securityfs; before user space. */
late_initcall(tree_create);
