// SPDX-License-Identifier: GPL-2.0-only
/*
 * loadable.c - models that modules bring: who is registered, who uses them, and
 * what their answers mean. A model is trusted as the kernel is; its mistakes are
 * answered with a refusal all the same.
 */

#include <linux/bitmap.h>
#include <linux/cred.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "loadable.h"
#include "task.h"

/** enum registry_state - Whether models may come and go. Only grows. */
enum registry_state {
	REGISTRY_OPEN,
	REGISTRY_LOCKED,	/* by command */
	REGISTRY_LOCKED_AT_BOOT,
};

/* Protects all below, and the user counts. */
static DEFINE_MUTEX(registry_mutex);
static LIST_HEAD(models);
static unsigned int model_count;
static enum registry_state registry_state;

static int __init locked_setup(char *unused)
{
	registry_state = REGISTRY_LOCKED_AT_BOOT;
	pr_info("tsem: Model state locked by command-line request.\n");
	return 1;
}
__setup("tsem_locked", locked_setup);

/** tsem_loadable_name_valid() - Whether a model may be called so. It is part of an alias. */
bool tsem_loadable_name_valid(const char *name)
{
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return size && size <= TSEM_MODEL_NAME_MAX && !name[size];
}

static int event_by_name(const char *name)
{
	for (unsigned int i = 1; i < TSEM_EVENT_COUNT; i++) {
		if (!strcmp(tsem_events[i].name, name))
			return i;
	}
	return -EINVAL;
}

/* Once for all that will use the model: a hook has nothing to ask it then. */
static int compute_bypass(const char *const *names, unsigned long *bypass)
{
	bitmap_zero(bypass, TSEM_EVENT_COUNT);
	if (!names)
		return 0;
	if (!*names)
		return -EINVAL;
	bitmap_fill(bypass, TSEM_EVENT_COUNT);
	/* It is told, if that was asked for, and judged by nobody. */
	clear_bit(TSEM_EVENT_BPRM_COMMITTED_CREDS, bypass);
	for (; *names; names++) {
		int i = event_by_name(*names);

		if (i < 0 || !test_and_clear_bit(i, bypass))
			return -EINVAL;
	}
	return 0;
}

static struct tsem_loadable *find(const char *name)
{
	struct tsem_loadable *model;

	lockdep_assert_held(&registry_mutex);
	list_for_each_entry(model, &models, node) {
		if (!strcmp(model->ops->name, name))
			return model;
	}
	return NULL;
}

static int add(struct tsem_loadable *model)
{
	guard(mutex)(&registry_mutex);
	if (registry_state != REGISTRY_OPEN) {
		pr_warn("tsem: Attempt to register model in locked state.\n");
		return -EINVAL;
	}
	if (find(model->ops->name))
		return -EEXIST;
	if (model_count == TSEM_MODELS_MAX)
		return -ENOSPC;
	list_add_tail(&model->node, &models);
	model_count++;
	return 0;
}

/**
 * tsem_register_model() - Offer a model to namespaces that will be made.
 * @ops: The model; stays until it is unregistered.
 *
 * The last thing that a module does when it is loaded: the model may be used at once.
 *
 * Context: Process context.
 * Return: 0; -EINVAL (a wrong name, a name or an event that is not there or is there
 * twice, nothing in it, or models are locked); -EPERM without CAP_MAC_ADMIN; -EEXIST
 * if the name is taken; -ENOSPC if there are TSEM_MODELS_MAX; -ENOMEM.
 */
int tsem_register_model(const struct tsem_model_ops *ops)
{
	struct tsem_loadable *model;
	int r;

	if (!ops || !ops->name || !tsem_loadable_name_valid(ops->name) ||
	    !strcmp(ops->name, TSEM_MODEL_BUILTIN) || (!ops->events && !ops->init && !ops->map))
		return -EINVAL;
	if (!tsem_may_control(current_cred()))
		return -EPERM;
	model = kzalloc(sizeof(*model), GFP_KERNEL);
	if (!model)
		return -ENOMEM;
	model->ops = ops;
	r = compute_bypass(ops->events, model->bypass);
	if (r == 0)
		r = add(model);
	if (r < 0) {
		kfree(model);
		return r;
	}
	pr_info("tsem: Registered model: '%s'\n", ops->name);
	return 0;
}
EXPORT_SYMBOL_GPL(tsem_register_model);

/**
 * tsem_unregister_model() - Take a model back.
 * @ops: As it was registered.
 *
 * A module is not unloaded while its model is used or models are locked, so its exit
 * never sees an error.
 *
 * Context: Process context.
 * Return: 0; -EINVAL if it is not registered or models are locked; -EBUSY if a
 * namespace uses it.
 */
int tsem_unregister_model(const struct tsem_model_ops *ops)
{
	struct tsem_loadable *model;

	guard(mutex)(&registry_mutex);
	model = ops && ops->name ? find(ops->name) : NULL;
	if (!model || model->ops != ops || model->pinned)
		return -EINVAL;
	if (WARN_ON_ONCE(model->user_count))
		return -EBUSY;
	list_del(&model->node);
	model_count--;
	kfree(model);
	return 0;
}
EXPORT_SYMBOL_GPL(tsem_unregister_model);

static struct tsem_loadable *find_and_get(const char *name)
{
	struct tsem_loadable *model;

	guard(mutex)(&registry_mutex);
	model = find(name);
	if (!model || !try_module_get(model->ops->owner))
		return NULL;
	model->user_count++;
	return model;
}

/**
 * tsem_loadable_get() - Get the model of a namespace that is being made.
 * @name: What model= says, valid; the built-in model's or none.
 * @ret: The model, to be given to tsem_loadable_put(); NULL for the built-in one.
 *
 * Context: Process context; may load a module.
 * Return: 0, or -EINVAL if there is none of that name and no module brings it.
 */
int tsem_loadable_get(const char *name, struct tsem_loadable **ret)
{
	*ret = NULL;
	if (!*name || !strcmp(name, TSEM_MODEL_BUILTIN))
		return 0;
	*ret = find_and_get(name);
	if (*ret)
		return 0;
	if (READ_ONCE(registry_state) != REGISTRY_OPEN)
		return -EINVAL;
	/* By an alias of its own: this must not load any module that there is. */
	request_module("tsem-model-%s", name);
	*ret = find_and_get(name);
	return *ret ? 0 : -EINVAL;
}

/** tsem_loadable_put() - A namespace that had the model is gone. NULL is nothing. */
void tsem_loadable_put(struct tsem_loadable *model)
{
	struct module *owner;

	if (!model)
		return;
	scoped_guard(mutex, &registry_mutex) {
		owner = model->ops->owner;
		model->user_count--;
	}
	module_put(owner);
}

/**
 * tsem_loadable_lock() - From now on no model comes and none goes.
 *
 * Context: Process context.
 * Return: 0; -EINVAL if that is so already; -EOPNOTSUPP without modules.
 */
int tsem_loadable_lock(void)
{
	struct tsem_loadable *model;

	if (!IS_ENABLED(CONFIG_MODULES))
		return -EOPNOTSUPP;
	guard(mutex)(&registry_mutex);
	if (registry_state != REGISTRY_OPEN)
		return -EINVAL;
	/* Only one whose module is being unloaded right now still goes. */
	list_for_each_entry(model, &models, node)
		model->pinned = try_module_get(model->ops->owner);
	registry_state = REGISTRY_LOCKED;
	pr_info("tsem: Model state is now locked.\n");
	return 0;
}

/*
 * What the operation fails with. Callers of some hooks take a few errors for "not mine" or
 * start again; these and whatever is no error become a refusal.
 */
static int failure(struct tsem_ns *ns, const struct tsem_raw *raw, int r)
{
	pr_warn_ratelimited("tsem: Model '%s' failed: %d, event %s, ns %llu.\n",
			    ns->loadable->ops->name, r, tsem_events[raw->event].name, ns->id);
	tsem_ns_count(ns, TSEM_COUNT_DROPPED);
	return r < 0 && r > -ERESTARTSYS && r != -ENOSYS && r != -EOPNOTSUPP ? r : -EPERM;
}

/**
 * tsem_loadable_init() - Ask the model of a namespace whether an event is to be judged.
 * @ns: Namespace of current.
 * @raw: The event.
 * @subject: Whose it is.
 *
 * An untrusted task is not asked about: a bypass would permit what it may no longer do.
 *
 * Context: Any.
 * Return: positive to go on; 0 to permit the operation; negative to fail it.
 */
int tsem_loadable_init(struct tsem_ns *ns, const struct tsem_raw *raw,
		       const struct tsem_subject *subject)
{
	const struct tsem_seen seen = { .ns = ns, .raw = raw, .subject = subject };
	int r;

	if (!ns->loadable || !ns->loadable->ops->init || tsem_task_untrusted(current) ||
	    raw->event == TSEM_EVENT_BPRM_COMMITTED_CREDS)
		return 1;
	non_block_start();
	r = ns->loadable->ops->init(&seen);
	non_block_end();
	return r < 0 ? failure(ns, raw, r) : r;
}

/**
 * tsem_loadable_map() - Have the model of a namespace compute a coefficient.
 * @ns: A namespace whose model has map().
 * @raw: The event.
 * @subject: Whose it is.
 * @ret: The coefficient.
 *
 * Context: Any.
 * Return: 0, or what the operation fails with.
 */
int tsem_loadable_map(struct tsem_ns *ns, const struct tsem_raw *raw,
		      const struct tsem_subject *subject, struct tsem_digest *ret)
{
	const struct tsem_seen seen = { .ns = ns, .raw = raw, .subject = subject };
	struct tsem_digest digest = {};
	int r;

	non_block_start();
	r = ns->loadable->ops->map(&seen, digest.bytes);
	non_block_end();
	if (r)
		return failure(ns, raw, r);
	/* Whatever it wrote beyond the digest. */
	memset(digest.bytes + tsem_ns_digest_size(ns), 0,
	       sizeof(digest.bytes) - tsem_ns_digest_size(ns));
	*ret = digest;
	return 0;
}
