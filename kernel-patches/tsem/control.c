// SPDX-License-Identifier: GPL-2.0-only
/*
 * control.c - the tree below /sys/kernel/security/tsem and its control file.
 * A control descriptor owns at most one namespace; commands written to it act
 * there. On one that owns none upstream's verbs work, which act on the
 * namespace of the writer. Authority is decided when it is opened.
 */

#include <crypto/algapi.h>
#include <crypto/sha2.h>
#include <linux/cred.h>
#include <linux/magic.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/pidfs.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "control.h"
#include "loadable.h"
#include "task.h"
#include "tpm.h"
#include "verdict.h"

static struct dentry *tree, *external_tma, *internal_tma;

/* For whoever is in no namespace. */
static struct tsem_digest usual_aggregate __ro_after_init;

static const struct file_operations control_fops, id_fops, aggregate_fops;

/**
 * struct control - A control descriptor.
 * @lock: One command at a time.
 * @ns: The namespace it owns, reference; NULL before create.
 * @by_member: A member has opened it: whoever it is handed to makes no namespace by it.
 */
struct control {
	struct mutex lock;
	struct tsem_ns *ns;
	bool by_member;
};

static int control_open(struct inode *inode, struct file *file)
{
	const struct tsem_ns *ns = tsem_task(current)->ns;
	struct control *control;

	if (!tsem_may_control(file->f_cred) || (file->f_flags & O_ACCMODE) == O_RDONLY)
		return -EACCES;
	/* Reading and writing is our way in, writing alone upstream's, its members included. */
	if (ns && ((file->f_mode & FMODE_READ) || !ns->params.upstream))
		return -EACCES;

	control = kzalloc(sizeof(*control), GFP_KERNEL_ACCOUNT);
	if (!control)
		return -ENOMEM;
	mutex_init(&control->lock);
	control->by_member = ns;
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

static int create_ns_file(struct tsem_ns *ns, const char *suffix, umode_t mode,
			  const struct file_operations *fops, struct dentry **ret)
{
	struct dentry *dir = ns->params.tma == TSEM_TMA_INTERNAL ? internal_tma : external_tma;
	char name[32];

	snprintf(name, sizeof(name), "%llu%s", ns->id, suffix);
	*ret = securityfs_create_file(name, mode, dir, tsem_file_ns(ns), fops);
	return PTR_ERR_OR_ZERO(*ret);
}

/**
 * tsem_ns_files_create() - Make the files of a namespace.
 * @ns: Has its id.
 *
 * They name the namespace by its id and hold no reference: whoever opens one looks
 * it up.
 */
int tsem_ns_files_create(struct tsem_ns *ns)
{
	struct dentry *dir = ns->params.tma == TSEM_TMA_INTERNAL ? internal_tma : external_tma;
	struct dentry **files = ns->files;
	/* Upstream's clients know of no other file, and of none where the kernel judges. */
	bool as_upstream = ns->params.upstream && !tsem_ns_is_root(ns);
	int r;

	if (as_upstream && ns->params.tma == TSEM_TMA_INTERNAL)
		return 0;
	r = create_ns_file(ns, "", 0600, &tsem_stream_fops, files++);
	if (r < 0 || as_upstream)
		return r;
	r = create_ns_file(ns, ".status", 0400, &tsem_status_fops, files++);
	return r == 0 && ns->model ? tsem_model_files_create(ns, dir, files) : r;
}

static int command_create(struct control *control, char *arguments)
{
	struct tsem_params params;
	int r;

	if (control->ns)
		return -EBUSY;
	if (tsem_task(current)->ns || control->by_member)
		return -EPERM;
	r = tsem_params_parse(TSEM_VERB_CREATE, arguments, &params);
	if (r < 0)
		return r;
	r = tsem_ns_new(&params, tsem_ns_files_create, &control->ns);
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
	struct tsem_ns *own = tsem_ns_of(current);

	if (control->ns)
		return control->ns;
	return own && own->params.upstream ? own : NULL;
}

static int command_seal(struct control *control, char *arguments)
{
	struct tsem_ns *ns = command_ns(control);

	if (!ns || *arguments)
		return -EINVAL;
	if (ns->shift.next)
		return tsem_readers_change(ns);
	if (ns->sealed)
		return -EPERM;
	if (ns->model)
		(void)tsem_model_seal(ns->model);
	WRITE_ONCE(ns->sealed, true);
	return 0;
}

/*
 * Another agent, and another model where there is one, are to take the place of those
 * that judge: they do with the next seal, and until then it can be begun anew.
 */
static int command_reload(struct control *control, char *arguments)
{
	struct tsem_ns *ns = control->ns;
	int r;

	/* Who has read an event and goes would leave it waiting without end. */
	if (!ns || *arguments || ns->params.tma != TSEM_TMA_EXTERNAL || !ns->params.deadline_msec)
		return -EINVAL;
	r = ns->model ? tsem_model_reload(ns->model) : 0;
	if (r == 0)
		tsem_readers_next(ns);
	return r;
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

/* Exactly one digest of the namespace. */
static int parse_value(const struct tsem_ns *ns, const char *arguments, struct tsem_digest *ret)
{
	unsigned int size = tsem_ns_digest_size(ns);

	memset(ret, 0, sizeof(*ret));
	if (strncmp(arguments, "value=", 6) || strlen(arguments + 6) != 2 * size ||
	    hex2bin(ret->bytes, arguments + 6, size) < 0)
		return -EINVAL;
	return 0;
}

/* A command that gives the model a digest, before it is sealed. */
static int give_model(const struct control *control, const char *arguments,
		      int (*give)(struct tsem_model *model, const struct tsem_digest *digest))
{
	struct tsem_ns *ns = command_ns(control);
	struct tsem_digest digest;
	int r;

	if (!ns || !ns->model)
		return -EINVAL;
	r = parse_value(ns, arguments, &digest);
	if (r == 0)
		r = give(ns->model, &digest);
	tsem_tpm_extend(ns->model);
	memzero_explicit(&digest, sizeof(digest));
	return r;
}

static int command_state(struct control *control, char *arguments)
{
	return give_model(control, arguments, tsem_model_load);
}

static int command_base(struct control *control, char *arguments)
{
	return give_model(control, arguments, tsem_model_set_base);
}

static int command_pseudonym(struct control *control, char *arguments)
{
	return give_model(control, arguments, tsem_model_add_pseudonym);
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

/*
 * The writer becomes the first member, and as monitor its reader; nobody reads what
 * the kernel judges. Takes the reference over.
 */
static void enter(struct tsem_ns *ns)
{
	struct tsem_task *task = tsem_task(current);

	if (ns->params.tma != TSEM_TMA_INTERNAL) {
		guard(spinlock_irq)(&ns->lock);
		if (!ns->reader)	/* its files are there: somebody may read already */
			WRITE_ONCE(ns->reader, get_pid(task_tgid(current)));
	}
	tsem_task_identify(NULL);
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
	r = tsem_ns_new(params, tsem_ns_files_create, &ns);
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
	enter(ns);
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

static int command_internal(struct control *control, char *arguments)
{
	return command_upstream(TSEM_VERB_INTERNAL, control, arguments);
}

static int command_export(struct control *control, char *arguments)
{
	return command_upstream(TSEM_VERB_EXPORT, control, arguments);
}

static bool knows_key(const struct tsem_ns *ns, const struct tsem_release *release)
{
	return release->key_size == ns->params.key_size &&
	       !crypto_memneq(release->key, ns->params.key, release->key_size);
}

/*
 * The writer is the registered orchestrator, and knows the key or, where records tell it, the
 * serial number of the task, which get_released() has compared. What is given must be right.
 */
static bool may_release(const struct tsem_ns *ns, const struct tsem_release *release)
{
	if (!ns || !ns->owner || ns->owner != task_tgid(current) ||
	    (release->tnum && !ns->params.tnum))
		return false;
	return (release->tnum && !release->key_size) || knows_key(ns, release);
}

/* The number is that of the record: of the initial pid namespace. */
static struct task_struct *get_released(const struct tsem_release *release)
{
	struct task_struct *task = NULL;
	struct pid *pid;

	rcu_read_lock();
	pid = find_pid_ns(release->pid, &init_pid_ns);
	if (pid && (!release->tnum || release->tnum == pid->ino))
		task = get_pid_task(pid, PIDTYPE_PID);
	rcu_read_unlock();
	return task;
}

static int upstream_answer(const struct tsem_release *release, bool trusted)
{
	struct task_struct *task = get_released(release);
	struct tsem_ns *ns;
	int r = -EINVAL;

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
	struct tsem_release release;
	int r;

	if (control->ns)
		return -EINVAL;
	r = tsem_release_parse(arguments, &release);
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

/* No model comes or goes from now on, for the whole system. */
static int command_lock(struct control *control, char *arguments)
{
	if (*arguments || tsem_task(current)->ns || control->by_member)
		return -EINVAL;
	return tsem_loadable_lock();
}

static const struct command {
	const char *verb;
	int (*run)(struct control *control, char *arguments);
} commands[] = {
	{ "create", command_create },
	{ "arm", command_arm },
	{ "seal", command_seal },
	{ "reload", command_reload },
	{ "enforce", command_enforce },
	{ "state", command_state },
	{ "base", command_base },
	{ "pseudonym", command_pseudonym },
	{ "lock", command_lock },
	{ "external", command_external },
	{ "internal", command_internal },
	{ "export", command_export },
	{ "trusted", command_trusted },
	{ "untrusted", command_untrusted },
};

static int command_run(struct control *control, char *line)
{
	char *verb = strsep(&line, " ");
	char none[] = "";

	guard(mutex)(&control->lock);
	/* Whoever is in a namespace changes none, whatever descriptor it was left. */
	if (control->ns && tsem_task(current)->ns)
		return -EPERM;
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
	const struct tsem_ns *ns = tsem_ns_of(current);

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

/* Of the opener's namespace, if the kernel judges it; outside any, in the usual hash function. */
static int aggregate_open(struct inode *inode, struct file *file)
{
	struct tsem_ns *ns = tsem_ns_of(current);

	if (ns && (ns->params.tma != TSEM_TMA_INTERNAL ||
		   (READ_ONCE(ns->sealed) && !tsem_may_control(file->f_cred))))
		return -EACCES;
	file->private_data = ns ? tsem_ns_get(ns) : NULL;
	return 0;
}

static int aggregate_release(struct inode *inode, struct file *file)
{
	if (file->private_data)
		tsem_ns_put(file->private_data);
	return 0;
}

static ssize_t aggregate_read(struct file *file, char __user *user, size_t size, loff_t *pos)
{
	const struct tsem_ns *ns = file->private_data;
	const struct tsem_digest *digest = ns ? &ns->aggregate : &usual_aggregate;
	unsigned int digest_size = ns ? tsem_ns_digest_size(ns) : SHA256_DIGEST_SIZE;
	char text[2 * TSEM_DIGEST_MAX + 1];

	*bin2hex(text, digest->bytes, digest_size) = '\n';
	return simple_read_from_buffer(user, size, pos, text, 2 * digest_size + 1);
}

static const struct file_operations aggregate_fops = {
	.owner = THIS_MODULE,
	.open = aggregate_open,
	.release = aggregate_release,
	.read = aggregate_read,
	.llseek = generic_file_llseek,
};

/** tsem_is_control_plane() - Whether an inode belongs to the tree of TSEM. */
bool tsem_is_control_plane(const struct inode *inode)
{
	return inode->i_sb->s_magic == SECURITYFS_MAGIC &&
	       (inode->i_fop == &control_fops || inode->i_fop == &id_fops ||
		inode->i_fop == &aggregate_fops || inode->i_fop == &tsem_stream_fops ||
		inode->i_fop == &tsem_status_fops || tsem_is_model_file(inode));
}

/**
 * tsem_may_change_tree() - Whether current may change or cover something.
 * @dentry: What is to be changed or covered; matters if it is in the tree of TSEM.
 *
 * Return: 0 or -EPERM.
 */
int tsem_may_change_tree(const struct dentry *dentry)
{
	if (IS_ERR_OR_NULL(tree) || dentry->d_sb != tree->d_sb ||
	    !is_subdir((struct dentry *)dentry, tree))
		return 0;
	return tsem_may_control(current_cred()) && !tsem_task(current)->ns ? 0 : -EPERM;
}

/**
 * tsem_is_emptied_control_plane() - Whether a change is that of opening with O_TRUNC.
 * @inode: What is to be changed.
 * @attr: How.
 *
 * As a shell does with > and a file name. The files of the tree have no content
 * that could be lost, so it means nothing where they may be opened.
 */
bool tsem_is_emptied_control_plane(const struct inode *inode, const struct iattr *attr)
{
	return (attr->ia_valid & ATTR_OPEN) && (attr->ia_valid & ATTR_SIZE) && !attr->ia_size &&
	       tsem_is_control_plane(inode);
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

static int __init make_usual_aggregate(void)
{
	struct tsem_alg alg;
	int r = tsem_alg_init(&alg, "sha256");

	if (r == 0) {
		tsem_aggregate(&alg, &usual_aggregate);
		tsem_alg_done(&alg);
	}
	return r;
}

static int __init tree_fill(void)
{
	struct dentry *model0;
	int r = make_usual_aggregate();

	if (r < 0)
		return r;

	external_tma = securityfs_create_dir("external_tma", tree);
	if (IS_ERR(external_tma))
		return PTR_ERR(external_tma);
	internal_tma = securityfs_create_dir("internal_tma", tree);
	if (IS_ERR(internal_tma))
		return PTR_ERR(internal_tma);
	model0 = securityfs_create_dir("model0", internal_tma);
	if (IS_ERR(model0))
		return PTR_ERR(model0);
	r = tsem_own_model_files_create(model0);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(tree_files); i++) {
		struct dentry *file = securityfs_create_file(tree_files[i].name, tree_files[i].mode,
							     tree, NULL, tree_files[i].fops);

		if (IS_ERR(file))
			return PTR_ERR(file);
	}
	return 0;
}

/**
 * tsem_tree_create() - Make the tree.
 *
 * Return: 0 or an error of securityfs; there is no part of it then.
 */
int __init tsem_tree_create(void)
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
