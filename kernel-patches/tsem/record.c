// SPDX-License-Identifier: GPL-2.0-only
/*
 * record.c - an event as it is kept: its memory, a reserve of it for hooks that may
 * not sleep, and its text.
 */

#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "ns.h"
#include "record.h"

struct tsem_record *tsem_record_alloc(size_t room, gfp_t gfp)
{
	struct tsem_record *record = kzalloc(struct_size(record, cell, room), gfp);

	if (record)
		record->room = room;
	return record;
}

void tsem_record_free(struct tsem_record *record)
{
	kfree(record);
}

static void pool_fill(struct tsem_pool *pool, gfp_t gfp)
{
	while (READ_ONCE(pool->available) < pool->size) {
		struct tsem_record *record = tsem_record_alloc(TSEM_ATOMIC_PACKED_MAX, gfp);

		if (!record)
			return;
		record->pooled = true;
		spin_lock_irq(&pool->lock);
		list_add(&record->node, &pool->free);
		pool->available++;
		spin_unlock_irq(&pool->lock);
	}
}

/*
 * What was taken is in the queue or the model now. If whoever pays for it has no memory left
 * nobody is ended for that: the next take tries again.
 */
static void pool_refill(struct work_struct *work)
{
	struct tsem_pool *pool = container_of(work, struct tsem_pool, refill);
	struct mem_cgroup *own = set_active_memcg(pool->memcg);

	pool_fill(pool, GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN);
	set_active_memcg(own);
}

/**
 * tsem_pool_init() - Make a pool and fill it.
 * @pool: To be filled.
 * @size: Records in it.
 *
 * Return: 0 or -ENOMEM.
 */
int tsem_pool_init(struct tsem_pool *pool, unsigned int size)
{
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->free);
	INIT_WORK(&pool->refill, pool_refill);
	pool->size = size;
	pool->memcg = get_mem_cgroup_from_mm(current->mm);
	pool_fill(pool, GFP_KERNEL_ACCOUNT);
	pool->low = pool->available;
	if (pool->available < size) {
		tsem_pool_done(pool);
		return -ENOMEM;
	}
	return 0;
}

/* The caller made sure that nobody takes any more. */
void tsem_pool_done(struct tsem_pool *pool)
{
	struct tsem_record *record, *next;

	cancel_work_sync(&pool->refill);
	list_for_each_entry_safe(record, next, &pool->free, node)
		tsem_record_free(record);
	INIT_LIST_HEAD(&pool->free);
	pool->available = 0;
	mem_cgroup_put(pool->memcg);
	pool->memcg = NULL;
}

/**
 * tsem_pool_take() - Get a record where memory cannot be waited for.
 * @pool: The pool.
 *
 * The pool is a reserve: while there is memory at once, a burst of events does
 * not use it up.
 *
 * Context: Any.
 * Return: A record for a CELL of TSEM_ATOMIC_PACKED_MAX bytes; NULL if the pool is
 * empty: the operation is refused.
 */
struct tsem_record *tsem_pool_take(struct tsem_pool *pool)
{
	struct tsem_record *record;
	unsigned long flags;

	record = tsem_record_alloc(TSEM_ATOMIC_PACKED_MAX,
				   GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT);
	if (record)
		return record;

	spin_lock_irqsave(&pool->lock, flags);
	record = list_first_entry_or_null(&pool->free, struct tsem_record, node);
	if (record) {
		list_del(&record->node);
		pool->available--;
		pool->low = min(pool->low, pool->available);
	}
	spin_unlock_irqrestore(&pool->lock, flags);

	schedule_work(&pool->refill);
	return record;
}

/* The event object of a record, packed. */
static size_t pack_event_object(const struct tsem_ns *ns, const struct tsem_record *record,
				u8 *data, size_t size)
{
	struct tsem_packer p = { .data = data, .size = size };
	const char *name = tsem_events[record->event].name;
	/* Of a bare record it is somebody else's later; a serial number stands behind it. */
	bool with_pid = record->kind != TSEM_RECORD_BARE && !record->tnum;

	tsem_pack_u8(&p, with_pid);
	if (with_pid)
		tsem_pack_u32(&p, record->pid);
	tsem_pack_u64(&p, ns->id);
	tsem_pack_u64(&p, record->number);
	tsem_pack_text(&p, record->comm, strnlen(record->comm, sizeof(record->comm)));
	tsem_pack_text(&p, name, strlen(name));
	tsem_pack_u64(&p, record->ttd);
	tsem_pack_u64(&p, record->p_ttd);
	tsem_pack_bytes(&p, record->subject.task_id.bytes, tsem_ns_digest_size(ns));
	tsem_pack_bytes(&p, record->subject.p_task_id.bytes, tsem_ns_digest_size(ns));
	tsem_pack_u64(&p, record->ts_nsec);
	return p.used;
}

/** struct text - Text being written; counts on where it no longer fits. */
struct text {
	char *start;
	size_t size;
	size_t used;
};

static void text_string(struct text *t, const char *string)
{
	size_t size = strlen(string);

	if (t->used <= t->size && size <= t->size - t->used)
		memcpy(t->start + t->used, string, size);
	t->used += size;
}

static void text_object(struct text *t, const struct tsem_type *type, unsigned int digest_size,
			const u8 *data, size_t data_size)
{
	size_t room = t->used < t->size ? t->size - t->used : 0;

	t->used += tsem_packed_print(type, digest_size, data, data_size,
				     room ? t->start + t->used : NULL, room);
}

static void print_event_object(const struct tsem_ns *ns, const struct tsem_record *record,
			       struct text *t)
{
	u8 object[256 + 2 * TSEM_DIGEST_MAX];
	size_t object_size = pack_event_object(ns, record, object, sizeof(object));
	char numbers[64];
	size_t brace;

	if (record->tnum) {
		snprintf(numbers, sizeof(numbers), "{\"pid\": \"%d\", \"tnum\": \"%llu\",",
			 record->pid, record->tnum);
		text_string(t, numbers);
	}
	brace = t->used;
	text_object(t, &tsem_event_object, tsem_ns_digest_size(ns), object, object_size);
	/* The rest of the object goes on after a blank. */
	if (record->tnum && brace < t->size)
		t->start[brace] = ' ';
}

static void print_event(const struct tsem_ns *ns, const struct tsem_record *record,
			struct text *t)
{
	const struct tsem_event_desc *desc = &tsem_events[record->event];
	unsigned int digest_size = tsem_ns_digest_size(ns);

	text_string(t, "\"event\": ");
	print_event_object(ns, record, t);
	text_string(t, ", \"COE\": ");
	text_object(t, &tsem_coe, digest_size, record->subject.coe, TSEM_COE_SIZE);
	text_string(t, ", \"");
	text_string(t, desc->name);
	text_string(t, "\": ");
	text_object(t, &desc->cell, digest_size, record->cell, record->cell_size);
}

static void print_aggregate(const struct tsem_ns *ns, struct text *t)
{
	char digits[2 * TSEM_DIGEST_MAX + 1];

	*bin2hex(digits, ns->aggregate.bytes, tsem_ns_digest_size(ns)) = '\0';
	text_string(t, "\"aggregate\": {\"value\": \"");
	text_string(t, digits);
	text_string(t, "\"}");
}

static const struct tsem_member process_member[] = {
	{ TSEM_KEY("process"), .kind = TSEM_KIND_TEXT, .empty_if = -1 },
	{ TSEM_KEY("event"), .kind = TSEM_KIND_TEXT, .empty_if = -1 },
	{ TSEM_KEY("action"), .kind = TSEM_KIND_TEXT, .empty_if = -1 },
};

static const struct tsem_type log_type = { "log", process_member, ARRAY_SIZE(process_member) };

static void print_log(const struct tsem_ns *ns, const struct tsem_record *record, struct text *t)
{
	const char *const texts[] = {
		record->comm, tsem_events[record->event].name, record->denied ? "DENY" : "LOG",
	};
	u8 data[128];
	struct tsem_packer p = { .data = data, .size = sizeof(data) };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		tsem_pack_text(&p, texts[i], strlen(texts[i]));
	text_string(t, "\"log\": ");
	text_object(t, &log_type, tsem_ns_digest_size(ns), data, p.used);
}

static const char *const kind_names[] = {
	[TSEM_RECORD_EVENT] = "event",
	[TSEM_RECORD_ASYNC] = "async_event",
	[TSEM_RECORD_AGGREGATE] = "aggregate",
	[TSEM_RECORD_LOG] = "log",
	[TSEM_RECORD_BARE] = NULL,
};

static_assert(ARRAY_SIZE(kind_names) == TSEM_RECORD_KIND_COUNT);

/**
 * tsem_record_print() - Print a record as one line.
 * @ns: Its namespace.
 * @record: The record.
 * @text: Where to; no NUL is added. May be NULL if @size is 0.
 * @size: Room at @text.
 *
 * Format: formula.md, section 7.
 *
 * Return: Length of the whole line with its line feed, also if it did not fit.
 */
size_t tsem_record_print(const struct tsem_ns *ns, const struct tsem_record *record, char *text,
			 size_t size)
{
	struct text t = { .start = text, .size = size };

	text_string(&t, "{");
	if (kind_names[record->kind]) {
		text_string(&t, "\"export\": {\"type\": \"");
		text_string(&t, kind_names[record->kind]);
		text_string(&t, "\"}, ");
	}
	switch (record->kind) {
	case TSEM_RECORD_EVENT:
	case TSEM_RECORD_ASYNC:
	case TSEM_RECORD_BARE:
		print_event(ns, record, &t);
		break;
	case TSEM_RECORD_AGGREGATE:
		print_aggregate(ns, &t);
		break;
	case TSEM_RECORD_LOG:
		print_log(ns, record, &t);
		break;
	}
	text_string(&t, "}\n");
	return t.used;
}
