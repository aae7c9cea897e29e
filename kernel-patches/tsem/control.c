// SPDX-License-Identifier: GPL-2.0-only
/*
 * control.c - the tree below /sys/kernel/security/tsem and its control file.
 * A control descriptor owns at most one namespace; commands written to it act
 * there. On one that owns none upstream's verbs work, which act on the
 * namespace of the writer. Authority is decided when it is opened.
 */

#include <crypto/algapi.h>
#include <linux/cred.h>
#include <linux/hex.h>
#include <linux/magic.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/pidfs.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "control.h"
#include "event.h"
#include "task.h"

static struct dentry *tree, *external_tma;

static const struct file_operations control_fops, id_fops, aggregate_fops;

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

	if (!tsem_may_control(file->f_cred) || (file->f_flags & O_ACCMODE) == O_RDONLY)
		return -EACCES;
	/* Reading and writing is our way in, writing alone upstream's, members included. */
	if ((file->f_mode & FMODE_READ) && tsem_task(current)->ns)
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

	if (control->ns) {
		tsem_ns_close_way(control->ns);
		tsem_ns_put(control->ns);
	}
	kfree(control);
	return 0;
}

static int command_create(struct control *control, char *arguments)
{
	struct tsem_params params;
	int r;

	if (control->ns)
		return -EBUSY;
	if (tsem_task(current)->ns)
		return -EPERM;
	r = tsem_params_parse(TSEM_VERB_CREATE, arguments, &params);
	if (r < 0)
		return r;
	r = tsem_ns_new(&params, &control->ns);
	tsem_params_done(&params);
	if (r == 0)
		tsem_ns_open_way(control->ns);
	return r;
}

static int command_arm(struct control *control, char *arguments)
{
	struct task_struct *task;
	unsigned int fd, flags;
	struct pid *pid;
	int r;

	if (!control->ns)
		return -EINVAL;
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

/* The namespace a command is about: the descriptor's, or with upstream's verbs the writer's. */
static struct tsem_ns *command_ns(const struct control *control)
{
	struct tsem_ns *own = tsem_task(current)->ns;

	if (control->ns)
		return control->ns;
	return own && own->params.upstream ? own : NULL;
}

static int command_seal(struct control *control, char *arguments)
{
	struct tsem_ns *ns = command_ns(control);

	if (!ns || *arguments)
		return -EINVAL;
	if (ns->sealed)
		return -EPERM;
	WRITE_ONCE(ns->sealed, true);
	return 0;
}

static int command_enforce(struct control *control, char *arguments)
{
	struct tsem_ns *ns = command_ns(control);

	if (!ns || *arguments)
		return -EINVAL;
	if (ns->sealed)
		return -EPERM;
	WRITE_ONCE(ns->enforce, true);
	return 0;
}

/* The parent judges: it must be able to, and outlive the mistake of having none. */
static struct pid *get_orchestrator(void)
{
	struct task_struct *parent;
	struct pid *pid = NULL;

	rcu_read_lock();
	parent = rcu_dereference(current->real_parent);
	if (!is_global_init(parent) && !tsem_task(parent)->ns &&
	    cap_raised(__task_cred(parent)->cap_effective, CAP_MAC_ADMIN))
		pid = get_pid(task_tgid(parent));
	rcu_read_unlock();
	return pid;
}

/* The writer becomes the first member, and as monitor its reader. Takes the reference over. */
static void enter_as_monitor(struct tsem_ns *ns)
{
	struct tsem_task *task = tsem_task(current);

	ns->reader = get_pid(task_tgid(current));
	task->task_id = (struct tsem_digest){};
	task->p_task_id = (struct tsem_digest){};
	WRITE_ONCE(task->ns, ns);
	tsem_ns_join(ns);
}

static int upstream_enter(enum tsem_verb verb, struct tsem_params *params)
{
	struct tsem_ns *ns;
	struct pid *owner = NULL;
	int r;

	if (tsem_task(current)->ns)
		return -EPERM;
	if (!thread_group_empty(current) || tsem_task(current)->armed)
		return -EBUSY;
	if (verb == TSEM_VERB_EXTERNAL) {
		owner = get_orchestrator();
		if (!owner)
			return -EPERM;
	}
	r = tsem_ns_new(params, &ns);
	if (r < 0) {
		put_pid(owner);
		return r;
	}
	ns->owner = owner;
	if (verb == TSEM_VERB_EXTERNAL)
		r = tsem_submit_aggregate(ns);
	if (r < 0) {
		tsem_ns_put(ns);
		return r;
	}
	enter_as_monitor(ns);
	return 0;
}

static int command_upstream(enum tsem_verb verb, struct control *control, char *arguments)
{
	struct tsem_params params;
	int r;

	if (control->ns)
		return -EINVAL;
	r = tsem_params_parse(verb, arguments, &params);
	if (r < 0)
		return r;
	r = upstream_enter(verb, &params);
	tsem_params_done(&params);
	return r;
}

static int command_external(struct control *control, char *arguments)
{
	return command_upstream(TSEM_VERB_EXTERNAL, control, arguments);
}

static int command_export(struct control *control, char *arguments)
{
	return command_upstream(TSEM_VERB_EXPORT, control, arguments);
}

/** struct release - Arguments of upstream's verdicts. */
struct release {
	pid_t pid;
	u8 key[TSEM_DIGEST_MAX];
	unsigned int key_size;
};

static int release_parse(char *arguments, struct release *ret)
{
	char *argument;

	*ret = (struct release){};
	while ((argument = strsep(&arguments, " "))) {
		size_t size = strlen(argument);

		if (!size)
			continue;
		if (!strncmp(argument, "pid=", 4)) {
			if (kstrtoint(argument + 4, 10, &ret->pid) < 0)
				return -EINVAL;
		} else if (!strncmp(argument, "key=", 4) && size % 2 == 0 &&
			   size / 2 - 2 <= sizeof(ret->key)) {
			ret->key_size = size / 2 - 2;
			if (hex2bin(ret->key, argument + 4, ret->key_size) < 0)
				return -EINVAL;
		} else {
			return -EINVAL;
		}
	}
	return ret->pid > 0 && ret->key_size ? 0 : -EINVAL;
}

/* Both must hold: the writer is the registered orchestrator, and knows the key. */
static bool may_release(const struct tsem_ns *ns, const struct release *release)
{
	return ns && ns->owner && ns->owner == task_tgid(current) &&
	       release->key_size == ns->params.key_size &&
	       !crypto_memneq(release->key, ns->params.key, release->key_size);
}

/* The number is that of the record: of the initial pid namespace. */
static int upstream_answer(const struct release *release, bool trusted)
{
	struct task_struct *task;
	struct tsem_ns *ns;
	int r = -EINVAL;

	rcu_read_lock();
	task = find_task_by_pid_ns(release->pid, &init_pid_ns);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	if (!task)
		return -ESRCH;

	/* The reference to the task keeps its namespace: it is dropped with the blob. */
	ns = READ_ONCE(tsem_task(task)->ns);
	if (may_release(ns, release))
		r = tsem_answer_task(ns, task, trusted);
	else
		pr_warn_ratelimited("tsem: Invalid process release request.\n");
	put_task_struct(task);
	return r;
}

static int command_release(struct control *control, char *arguments, bool trusted)
{
	struct release release;
	int r;

	if (control->ns)
		return -EINVAL;
	r = release_parse(arguments, &release);
	if (r == 0)
		r = upstream_answer(&release, trusted);
	memzero_explicit(&release, sizeof(release));
	return r;
}

static int command_trusted(struct control *control, char *arguments)
{
	return command_release(control, arguments, true);
}

static int command_untrusted(struct control *control, char *arguments)
{
	return command_release(control, arguments, false);
}

static const struct command {
	const char *verb;
	int (*run)(struct control *control, char *arguments);
} commands[] = {
	{ "create", command_create },
	{ "arm", command_arm },
	{ "seal", command_seal },
	{ "enforce", command_enforce },
	{ "external", command_external },
	{ "export", command_export },
	{ "trusted", command_trusted },
	{ "untrusted", command_untrusted },
};

static int command_run(struct control *control, char *line)
{
	char *verb = strsep(&line, " ");
	char none[] = "";

	guard(mutex)(&control->lock);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(verb, commands[i].verb))
			return commands[i].run(control, line ?: none);
	}
	return -EINVAL;
}

static ssize_t control_write(struct file *file, const char __user *user, size_t size, loff_t *pos)
{
	char *line, *end;
	int r = -EINVAL;

	if (*pos || !size || size > TSEM_COMMAND_MAX)
		return -EINVAL;
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
	kfree_sensitive(line);
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

/* The id of the opener's namespace; of a sealed one it is not told any more. */
static int id_open(struct inode *inode, struct file *file)
{
	const struct tsem_ns *ns = tsem_task(current)->ns;

	return ns && READ_ONCE(ns->sealed) ? -EACCES : 0;
}

static ssize_t id_read(struct file *file, char __user *user, size_t size, loff_t *pos)
{
	const struct tsem_ns *ns = tsem_task(current)->ns;
	char text[32];
	int length = scnprintf(text, sizeof(text), "%llu\n", ns ? ns->id : 0);

	return simple_read_from_buffer(user, size, pos, text, length);
}

static const struct file_operations id_fops = {
	.owner = THIS_MODULE,
	.open = id_open,
	.read = id_read,
	.llseek = generic_file_llseek,
};

/* Of the root namespace only. There is no TPM behind it yet: zeros, as on a machine without one. */
static int aggregate_open(struct inode *inode, struct file *file)
{
	return tsem_task(current)->ns ? -EACCES : 0;
}

static ssize_t aggregate_read(struct file *file, char __user *user, size_t size, loff_t *pos)
{
	char text[2 * 32 + 1];

	memset(text, '0', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\n';
	return simple_read_from_buffer(user, size, pos, text, sizeof(text));
}

static const struct file_operations aggregate_fops = {
	.owner = THIS_MODULE,
	.open = aggregate_open,
	.read = aggregate_read,
	.llseek = generic_file_llseek,
};

/** tsem_is_control_plane() - Whether an inode belongs to the tree of TSEM. */
bool tsem_is_control_plane(const struct inode *inode)
{
	return inode->i_sb->s_magic == SECURITYFS_MAGIC &&
	       (inode->i_fop == &control_fops || inode->i_fop == &id_fops ||
		inode->i_fop == &aggregate_fops || inode->i_fop == &tsem_stream_fops ||
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

static const struct tree_file {
	const char *name;
	umode_t mode;
	const struct file_operations *fops;
} tree_files[] = {
	{ "control", 0200, &control_fops },
	{ "id", 0400, &id_fops },
	{ "aggregate", 0400, &aggregate_fops },
};

static int __init tree_fill(void)
{
	external_tma = securityfs_create_dir("external_tma", tree);
	if (IS_ERR(external_tma))
		return PTR_ERR(external_tma);
	for (size_t i = 0; i < ARRAY_SIZE(tree_files); i++) {
		struct dentry *file = securityfs_create_file(tree_files[i].name, tree_files[i].mode,
							     tree, NULL, tree_files[i].fops);

		if (IS_ERR(file))
			return PTR_ERR(file);
	}
	return 0;
}

static int __init tree_create(void)
{
	int r;

	tree = securityfs_create_dir("tsem", NULL);
	if (IS_ERR(tree))
		return PTR_ERR(tree);
	r = tree_fill();
	if (r < 0)
		securityfs_recursive_remove(tree);
	return r;
}

/* After the crypto API and securityfs; before user space. */
late_initcall(tree_create);
