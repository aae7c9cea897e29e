/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record.h - an event as it is queued, kept and printed.
 */
#ifndef _SECURITY_TSEM_RECORD_H
#define _SECURITY_TSEM_RECORD_H

#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "known.h"

struct tsem_ns;

/** enum tsem_record_kind - Formula.md, section 7. */
enum tsem_record_kind {
	TSEM_RECORD_EVENT,	/* its task waits */
	TSEM_RECORD_ASYNC,	/* nobody waits */
	TSEM_RECORD_AGGREGATE,
	TSEM_RECORD_LOG,	/* upstream's way in: an event of an untrusted task */
	TSEM_RECORD_BARE,	/* judged by the kernel: without envelope and pid */
};

#define TSEM_RECORD_KIND_COUNT (TSEM_RECORD_BARE + 1)

/**
 * struct tsem_record - An event as it is queued and printed.
 * @node: In the queue or the pool.
 * @point: Of its coefficient, if it is the first event with it.
 * @kind: What it tells.
 * @event: Which one.
 * @denied: Of a log record: the operation fails.
 * @pooled: Made for a pool; @room is TSEM_ATOMIC_PACKED_MAX.
 * @pid: Of the thread, in the initial pid namespace.
 * @tnum: Serial number of the thread, which no other ever has; 0 if it is not told.
 * @number: Of the event, in its namespace.
 * @ttd: Serial number of the task's last exec.
 * @p_ttd: The same of its creator.
 * @ts_nsec: When, by the boot-time clock.
 * @comm: Name of the task.
 * @subject: Who.
 * @who: Its number among the known ones, where events are.
 * @cell_size: Bytes at @cell.
 * @room: Room there.
 * @cell: Packed CELL, @cell_size of @room bytes.
 */
struct tsem_record {
	struct list_head node;
	struct tsem_point point;
	enum tsem_record_kind kind;
	enum tsem_event_id event;
	bool denied;
	bool pooled;
	pid_t pid;
	u64 tnum;
	u64 number;
	u64 ttd;
	u64 p_ttd;
	u64 ts_nsec;
	char comm[TASK_COMM_LEN];
	struct tsem_subject subject;
	u64 who;
	u32 cell_size;
	u32 room;
	u8 cell[] __counted_by(room);
};

struct tsem_record *tsem_record_alloc(size_t room, gfp_t gfp);
void tsem_record_free(struct tsem_record *record);
size_t tsem_record_print(const struct tsem_ns *ns, const struct tsem_record *record, char *text,
			 size_t size);

/**
 * struct tsem_pool - Records for hooks that may not sleep.
 * @lock: Protects the list and the numbers.
 * @free: Records to be taken.
 * @available: Their number.
 * @low: Least that was ever available.
 * @size: How many there should be.
 * @memcg: Who pays for them, also for those made by @refill: whoever made the pool.
 * @refill: Makes new ones.
 */
struct tsem_pool {
	spinlock_t lock;
	struct list_head free;
	unsigned int available;
	unsigned int low;
	unsigned int size;
	struct mem_cgroup *memcg;
	struct work_struct refill;
};

int tsem_pool_init(struct tsem_pool *pool, unsigned int size);
void tsem_pool_done(struct tsem_pool *pool);
struct tsem_record *tsem_pool_take(struct tsem_pool *pool);

#endif /* _SECURITY_TSEM_RECORD_H */
