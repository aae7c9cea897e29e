// SPDX-License-Identifier: GPL-2.0-only
/*
 * plant.c - mistakes to be made on request, so that a test can see that a machine's log is
 * judged: a name written to tsem-plant in debugfs is a mistake made at once. Only in
 * kernels that look for mistakes; nothing else of TSEM knows it.
 */

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

static DEFINE_MUTEX(first_mutex);
static DEFINE_MUTEX(second_mutex);
static DEFINE_SPINLOCK(plant_lock);
static int __rcu *plant_pointer;
static int plant_count;

static void plant_use_after_free(void)
{
	int *number = kzalloc(sizeof(*number), GFP_KERNEL);

	kfree(number);
	pr_info("plant: %d\n", READ_ONCE(*number));
}

static void plant_out_of_bounds(void)
{
	char *bytes = kzalloc(20, GFP_KERNEL);
	size_t size = 20;

	OPTIMIZER_HIDE_VAR(size);
	if (bytes)
		WRITE_ONCE(bytes[size], 1);
	kfree(bytes);
}

static void plant_sleep_in_atomic(void)
{
	spin_lock(&plant_lock);
	might_sleep();
	spin_unlock(&plant_lock);
}

static void plant_warning(void)
{
	WARN_ON(!plant_pointer);
}

static void plant_lock_order(void)
{
	mutex_lock(&first_mutex);
	mutex_lock(&second_mutex);
	mutex_unlock(&second_mutex);
	mutex_unlock(&first_mutex);

	mutex_lock(&second_mutex);
	mutex_lock(&first_mutex);
	mutex_unlock(&first_mutex);
	mutex_unlock(&second_mutex);
}

static void plant_lock_kept(void)
{
	mutex_lock(&first_mutex);
}

static void plant_rcu_without_lock(void)
{
	pr_info("plant: %d\n", !rcu_dereference(plant_pointer));
}

static void plant_leak(void)
{
	for (int i = 0; i < 10; i++)
		pr_info("plant: %d\n", !kmalloc(48, GFP_KERNEL));
}

static void plant_null_pointer(void)
{
	int *number = NULL;

	OPTIMIZER_HIDE_VAR(number);
	pr_info("plant: %d\n", READ_ONCE(*number));
}

static void plant_count_up(struct work_struct *unused)
{
	unsigned long end = jiffies + 2 * HZ;

	while (time_before(jiffies, end)) {
		plant_count++;
		barrier();
		cond_resched();
	}
}

static DECLARE_WORK(plant_work, plant_count_up);

static void plant_race(void)
{
	queue_work(system_unbound_wq, &plant_work);
	plant_count_up(NULL);
	flush_work(&plant_work);
}

static const struct {
	const char *name;
	void (*make)(void);
} plants[] = {
	{ "use-after-free", plant_use_after_free },
	{ "out-of-bounds", plant_out_of_bounds },
	{ "sleep-in-atomic", plant_sleep_in_atomic },
	{ "warning", plant_warning },
	{ "lock-order", plant_lock_order },
	{ "lock-kept", plant_lock_kept },
	{ "rcu-without-lock", plant_rcu_without_lock },
	{ "leak", plant_leak },
	{ "race", plant_race },
	{ "null-pointer", plant_null_pointer },
};

static ssize_t plant_write(struct file *file, const char __user *user, size_t size, loff_t *pos)
{
	char name[32] = {};

	if (size >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, user, size))
		return -EFAULT;
	for (size_t i = 0; i < ARRAY_SIZE(plants); i++) {
		if (strcmp(strim(name), plants[i].name) == 0) {
			plants[i].make();
			return size;
		}
	}
	return -EINVAL;
}

static const struct file_operations plant_fops = {
	.owner = THIS_MODULE,
	.write = plant_write,
};

static int __init plant_init(void)
{
	debugfs_create_file("tsem-plant", 0200, NULL, NULL, &plant_fops);
	return 0;
}
late_initcall(plant_init);
