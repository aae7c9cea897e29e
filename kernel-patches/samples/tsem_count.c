// SPDX-License-Identifier: GPL-2.0-only
/*
 * tsem_count.c - the smallest model: counts the events of each type and leaves the
 * judgement to TSEM. /sys/kernel/security/tsem_count has the counts, a line for each
 * type, over all namespaces with model=tsem_count.
 */

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/tsem_model.h>

static atomic64_t *counts;
static struct dentry *file;

static int count(const struct tsem_seen *event)
{
	atomic64_inc(&counts[tsem_seen_type(event)]);
	return 1;
}

static const struct tsem_model_ops count_ops = {
	.name = KBUILD_MODNAME,
	.owner = THIS_MODULE,
	.init = count,
};

static int counts_show(struct seq_file *m, void *unused)
{
	for (unsigned int type = 1; type < tsem_event_types(); type++)
		seq_printf(m, "%s %lld\n", tsem_event_name(type), atomic64_read(&counts[type]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counts);

static int __init count_load(void)
{
	int r;

	counts = kcalloc(tsem_event_types(), sizeof(*counts), GFP_KERNEL);
	if (!counts)
		return -ENOMEM;
	file = securityfs_create_file(KBUILD_MODNAME, 0400, NULL, NULL, &counts_fops);
	if (IS_ERR(file)) {
		r = PTR_ERR(file);
		goto out_counts;
	}
	r = tsem_register_model(&count_ops);
	if (r < 0)
		goto out_file;
	return 0;

out_file:
	securityfs_remove(file);
out_counts:
	kfree(counts);
	return r;
}

static void __exit count_unload(void)
{
	tsem_unregister_model(&count_ops);
	securityfs_remove(file);
	kfree(counts);
}

module_init(count_load);
module_exit(count_unload);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("TSEM model that counts events");
MODULE_ALIAS_TSEM_MODEL("tsem_count");
