// SPDX-License-Identifier: GPL-2.0-only
/*
 * tsem_faulty.c - a model that gives wrong answers on request, for tests that have to see
 * them refused: parameters say what it answers about one kind of event.
 */

#include <linux/init.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/tsem_model.h>

static char event[64] = "file_open";
module_param_string(event, event, sizeof(event), 0600);
MODULE_PARM_DESC(event, "name of the events that get the wrong answers");

static int init_answer = 1;
module_param_named(init, init_answer, int, 0600);
MODULE_PARM_DESC(init, "what init() returns: 1 to go on");

static int map_answer;
module_param_named(map, map_answer, int, 0600);
MODULE_PARM_DESC(map, "what map() returns: 0 for a coefficient");

static bool concerns(const struct tsem_seen *seen)
{
	return !strcmp(tsem_event_name(tsem_seen_type(seen)), event);
}

static int faulty_init(const struct tsem_seen *seen)
{
	return concerns(seen) ? READ_ONCE(init_answer) : 1;
}

/* One coefficient for each kind of event. */
static int faulty_map(const struct tsem_seen *seen, u8 *ret_coefficient)
{
	const char *name = tsem_event_name(tsem_seen_type(seen));
	const struct kvec part = { .iov_base = (void *)name, .iov_len = strlen(name) };

	tsem_seen_hash(seen, &part, 1, ret_coefficient);
	return concerns(seen) ? READ_ONCE(map_answer) : 0;
}

static const struct tsem_model_ops faulty_ops = {
	.name = KBUILD_MODNAME,
	.owner = THIS_MODULE,
	.init = faulty_init,
	.map = faulty_map,
};

static int __init faulty_load(void)
{
	return tsem_register_model(&faulty_ops);
}

static void __exit faulty_unload(void)
{
	tsem_unregister_model(&faulty_ops);
}

module_init(faulty_load);
module_exit(faulty_unload);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("TSEM model that gives wrong answers");
MODULE_ALIAS_TSEM_MODEL("tsem_faulty");
