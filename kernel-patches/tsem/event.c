// SPDX-License-Identifier: GPL-2.0-only
/*
 * event.c - describing an event. A hook asks tsem_event_begin() whether there
 * is anything to describe, packs its members, and returns what
 * tsem_event_end() says. Nothing is queued that is not a whole object of the
 * schema, and nothing that could not be described is permitted.
 */

#include <linux/cred.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "event.h"
#include "task.h"

static_assert(TSEM_ATOMIC_PACKED_MAX >= 2 * (12 + TSEM_DIGEST_MAX) + 4);

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

static void pool_refill(struct work_struct *work)
{
	struct tsem_pool *pool = container_of(work, struct tsem_pool, refill);

	for (;;) {
		struct tsem_record *record;

		if (READ_ONCE(pool->available) >= pool->size)
			return;
		record = tsem_record_alloc(TSEM_ATOMIC_PACKED_MAX, GFP_KERNEL);
		if (!record)
			return;	/* the next take tries again */
		record->pooled = true;
		spin_lock_irq(&pool->lock);
		list_add(&record->node, &pool->free);
		pool->available++;
		spin_unlock_irq(&pool->lock);
	}
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
	pool_refill(&pool->refill);
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

/**
 * tsem_reference_userns() - The user namespace into which ids are translated.
 * @ns: Namespace of the record; formula.md, section 3.
 */
struct user_namespace *tsem_reference_userns(const struct tsem_ns *ns)
{
	return ns->params.nsref_current ? current_user_ns() : &init_user_ns;
}

/**
 * tsem_pack_coe() - Pack a COE, which is also how CREDS begins.
 * @p: Where to.
 * @cred: Whose ids; kept alive by the caller.
 * @ns: Its reference user namespace is used (formula.md, section 3).
 */
void tsem_pack_coe(struct tsem_packer *p, const struct cred *cred, const struct tsem_ns *ns)
{
	struct user_namespace *to = tsem_reference_userns(ns);

	tsem_pack_u32(p, from_kuid(to, cred->uid));
	tsem_pack_u32(p, from_kuid(to, cred->euid));
	tsem_pack_u32(p, from_kuid(to, cred->suid));
	tsem_pack_u32(p, from_kgid(to, cred->gid));
	tsem_pack_u32(p, from_kgid(to, cred->egid));
	tsem_pack_u32(p, from_kgid(to, cred->sgid));
	tsem_pack_u32(p, from_kuid(to, cred->fsuid));
	tsem_pack_u32(p, from_kgid(to, cred->fsgid));
	tsem_pack_u64(p, cred->cap_effective.val);
}

/** tsem_pack_creds() - Pack CREDS; see tsem_pack_coe(). */
void tsem_pack_creds(struct tsem_packer *p, const struct cred *cred, const struct tsem_ns *ns)
{
	tsem_pack_coe(p, cred, ns);
	tsem_pack_u32(p, cred->securebits);
}

/** tsem_event_wanted() - Whether the namespace of current raises an event. */
bool tsem_event_wanted(enum tsem_event_id id)
{
	const struct tsem_ns *ns = tsem_task(current)->ns;

	return ns && test_bit(id, ns->params.events);
}

/**
 * tsem_lost() - Count an event that cannot be told.
 * @ns: Its namespace.
 * @error: What the operation fails with.
 *
 * Return: @error, or 0 where nobody judges: there a loss is no reason to refuse.
 */
int tsem_lost(struct tsem_ns *ns, int error)
{
	tsem_ns_count(ns, TSEM_COUNT_DROPPED);
	return ns->params.tma == TSEM_TMA_EXPORT ? 0 : error;
}

static int begin_atomic(struct tsem_event *event)
{
	const struct tsem_ns *ns = event->ns;

	event->record = tsem_pool_take(&event->ns->pool);
	if (!event->record) {
		pr_warn_ratelimited("tsem: Fail event allocation comm %s ns %llu cs %u.\n",
				    current->comm, ns->id, ns->params.cache);
		return ns->params.upstream ? -ENOMEM : -EPERM;
	}
	event->cell = (struct tsem_packer){
		.data = event->record->cell,
		.size = TSEM_ATOMIC_PACKED_MAX,
	};
	return 0;
}

static int begin_sleeping(struct tsem_event *event, size_t more)
{
	might_sleep();
	event->work = kvmalloc(TSEM_PACKED_MAX + more, GFP_KERNEL_ACCOUNT);
	if (!event->work)
		return -ENOMEM;
	event->cell = (struct tsem_packer){ .data = event->work, .size = TSEM_PACKED_MAX + more };
	return 0;
}

/**
 * tsem_event_begin_sized() - Whether an event of current is to be described.
 * @event: To be filled.
 * @id: Which event.
 * @more: Bytes that the CELL may need beyond TSEM_PACKED_MAX; 0 for an atomic event.
 * @ret: What the hook returns if there is nothing to describe.
 *
 * Context: As the schema says of the event.
 * Return: true if the hook must pack the CELL into @event->cell and call
 * tsem_event_end(); false if it must return *@ret.
 */
bool tsem_event_begin_sized(struct tsem_event *event, enum tsem_event_id id, size_t more, int *ret)
{
	struct tsem_task *task = tsem_task(current);
	int r;

	*ret = 0;
	if (!tsem_event_wanted(id) || task->inside || tsem_cred(current_cred())->stacked ||
	    tsem_ns_is_reader(task->ns, current))
		return false;

	*event = (struct tsem_event){ .ns = task->ns, .id = id };
	r = tsem_events[id].atomic ? begin_atomic(event) : begin_sleeping(event, more);
	if (r == 0)
		return true;
	*ret = tsem_lost(event->ns, r);
	if (*ret < 0)
		tsem_ns_count(event->ns, TSEM_COUNT_REFUSED);
	return false;
}

static void subject_fill(struct tsem_subject *subject, const struct tsem_ns *ns)
{
	const struct tsem_task *task = tsem_task(current);
	struct tsem_packer coe = { .data = subject->coe, .size = sizeof(subject->coe) };

	subject->task_id = task->task_id;
	subject->p_task_id = task->p_task_id;
	tsem_pack_coe(&coe, current_cred(), ns);
}

static void record_fill(struct tsem_record *record, const struct tsem_event *event)
{
	const struct tsem_task *task = tsem_task(current);

	record->event = event->id;
	record->cell_size = event->cell.used;
	record->pid = task_pid_nr(current);
	record->ttd = task->ttd;
	record->p_ttd = task->p_ttd;
	record->ts_nsec = ktime_get_boottime_ns();
	/* Without task_lock(), which some hooks are called with; at worst it is half renamed. */
	strscpy_pad(record->comm, current->comm, sizeof(record->comm));
}

static int record_make(struct tsem_event *event)
{
	const struct tsem_type *cell = &tsem_events[event->id].cell;

	if (WARN_ON_ONCE(!tsem_packed_check(cell, tsem_ns_digest_size(event->ns),
					    event->cell.data, event->cell.used)))
		return -EIO;
	if (!event->record) {
		event->record = tsem_record_alloc(event->cell.used, GFP_KERNEL_ACCOUNT);
		if (!event->record)
			return tsem_lost(event->ns, -ENOMEM);
		memcpy(event->record->cell, event->cell.data, event->cell.used);
	}
	record_fill(event->record, event);
	return 0;
}

/* Have it judged by whoever judges; the record moves. */
static int event_judge(struct tsem_event *event)
{
	struct tsem_record *record = event->record;
	bool untrusted = tsem_task_untrusted(current);
	bool denied = untrusted && READ_ONCE(event->ns->enforce);
	int r;

	event->record = NULL;	/* moves into the model or the queue */
	if (event->ns->params.tma == TSEM_TMA_INTERNAL)
		return tsem_judge(event->ns, record);
	if (untrusted && event->ns->params.upstream)
		record->kind = TSEM_RECORD_LOG;
	else if (untrusted || !tsem_events[event->id].wait)
		record->kind = TSEM_RECORD_ASYNC;
	else
		record->kind = TSEM_RECORD_EVENT;
	record->denied = denied;
	if (event->ns->params.remember)
		r = tsem_judge_remembered(event->ns, record);
	else
		r = tsem_submit(event->ns, record, NULL);
	return r == 0 && denied ? -EPERM : r;
}

/* An event that could be described. */
static int event_finish(struct tsem_event *event)
{
	struct tsem_subject subject;
	const struct tsem_raw raw = {
		.event = event->id,
		.subject = &subject,
		.cell = event->cell.data,
		.cell_size = event->cell.used,
	};
	u64 number;
	int r;

	if (tsem_packer_overflowed(&event->cell))
		return -ENAMETOOLONG;
	subject_fill(&subject, event->ns);
	number = atomic64_inc_return(&event->ns->numbers);
	tsem_ns_count(event->ns, TSEM_COUNT_EVENTS);
	if (event->ns->known && tsem_judge_known(event->ns, &raw))
		return 0;
	r = record_make(event);
	if (r < 0 || !event->record)
		return r;
	event->record->number = number;
	event->record->subject = subject;
	/* The judge may sleep for long. */
	kvfree(event->work);
	event->work = NULL;
	return event_judge(event);
}

/**
 * tsem_event_end() - Have a described event judged.
 * @event: Begun by tsem_event_begin(); void afterwards.
 * @described: 0, or why the hook could not describe it: then it is refused.
 *
 * Waits for the verdict if the event is one that does, at most until the
 * deadline of the namespace.
 *
 * Return: 0 if the operation is permitted, else a negative errno for the hook.
 */
int tsem_event_end(struct tsem_event *event, int described)
{
	int r = described;

	if (r == 0)
		r = event_finish(event);
	kvfree(event->work);
	if (event->record)
		tsem_record_free(event->record);
	if (r < 0)
		tsem_ns_count(event->ns, TSEM_COUNT_REFUSED);
	return r;
}

/* The event object of a record, packed. */
static size_t pack_event_object(const struct tsem_ns *ns, const struct tsem_record *record,
				u8 *data, size_t size)
{
	struct tsem_packer p = { .data = data, .size = size };
	const char *name = tsem_events[record->event].name;
	bool with_pid = record->kind != TSEM_RECORD_BARE;	/* later it is somebody else's */

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

static void print_event(const struct tsem_ns *ns, const struct tsem_record *record,
			struct text *t)
{
	const struct tsem_event_desc *desc = &tsem_events[record->event];
	unsigned int digest_size = tsem_ns_digest_size(ns);
	u8 object[256 + 2 * TSEM_DIGEST_MAX];
	size_t object_size = pack_event_object(ns, record, object, sizeof(object));

	text_string(t, "\"event\": ");
	text_object(t, &tsem_event_object, digest_size, object, object_size);
	text_string(t, ", \"COE\": ");
	text_object(t, &tsem_coe, digest_size, record->subject.coe, TSEM_COE_SIZE);
	text_string(t, ", \"");
	text_string(t, desc->name);
	text_string(t, "\": ");
	text_object(t, &desc->cell, digest_size, record->cell, record->cell_size);
}

/* There is no TPM behind it yet: zeros, as on a machine without one. */
static void print_aggregate(const struct tsem_ns *ns, struct text *t)
{
	text_string(t, "\"aggregate\": {\"value\": \"");
	for (unsigned int i = 0; i < tsem_ns_digest_size(ns); i++)
		text_string(t, "00");
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
