// SPDX-License-Identifier: GPL-2.0-only
/*
 * event.c - describing an event. A hook asks tsem_event_begin() whether there
 * is anything to describe, packs its members, and returns what
 * tsem_event_end() says. Nothing is queued that is not a whole object of the
 * schema, and nothing that could not be described is permitted.
 */

#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "event.h"
#include "loadable.h"
#include "task.h"
#include "verdict.h"

static_assert(TSEM_ATOMIC_PACKED_MAX >= 2 * (12 + TSEM_DIGEST_MAX) + 4);

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

	tsem_pack_u32(p, tsem_uid(to, cred->uid));
	tsem_pack_u32(p, tsem_uid(to, cred->euid));
	tsem_pack_u32(p, tsem_uid(to, cred->suid));
	tsem_pack_u32(p, tsem_gid(to, cred->gid));
	tsem_pack_u32(p, tsem_gid(to, cred->egid));
	tsem_pack_u32(p, tsem_gid(to, cred->sgid));
	tsem_pack_u32(p, tsem_uid(to, cred->fsuid));
	tsem_pack_u32(p, tsem_gid(to, cred->fsgid));
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
	const struct tsem_ns *ns = tsem_ns_of(current);

	return ns && test_bit(id, ns->params.events);
}

/*
 * Where a hook packs. Each event needs one for a moment, so they come from a cache of their own
 * and, like the buffers of pathnames, are charged to nobody.
 */
static struct kmem_cache *work_cache __ro_after_init;

static int __init work_init(void)
{
	work_cache = kmem_cache_create("tsem_work", TSEM_PACKED_MAX, 0, SLAB_PANIC, NULL);
	return 0;
}
core_initcall(work_init);

/** tsem_work_new() - Get TSEM_PACKED_MAX bytes. Return: NULL without memory. Context: Process. */
u8 *tsem_work_new(void)
{
	return kmem_cache_alloc(work_cache, GFP_KERNEL);
}

/* Takes NULL. */
void tsem_work_free(u8 *work)
{
	if (work)
		kmem_cache_free(work_cache, work);
}

static void begin_small(struct tsem_event *event)
{
	event->work = NULL;
	event->cell = (struct tsem_packer){ .data = event->room, .size = sizeof(event->room) };
}

static int begin_large(struct tsem_event *event, size_t size)
{
	event->work = size > TSEM_PACKED_MAX ? kvmalloc(size, GFP_KERNEL_ACCOUNT) :
					       tsem_work_new();
	if (!event->work)
		return -ENOMEM;
	event->cell = (struct tsem_packer){ .data = event->work, .size = size };
	return 0;
}

static void event_drop_work(struct tsem_event *event)
{
	if (event->cell.size > TSEM_PACKED_MAX)
		kvfree(event->work);
	else
		tsem_work_free(event->work);
	event->work = NULL;
}

/* An operation fails because of TSEM: that is counted, and told to whoever keeps the audit log. */
static void refuse(const struct tsem_event *event, int error)
{
	struct audit_buffer *ab;
	char comm[TASK_COMM_LEN];

	tsem_ns_count(event->ns, TSEM_COUNT_REFUSED);
	if (event->quiet)
		return;
	ab = audit_log_start(audit_context(), GFP_ATOMIC | __GFP_NOWARN, AUDIT_AVC);
	if (!ab)
		return;
	/* Without task_lock(), as in record_fill(). */
	strscpy_pad(comm, current->comm, sizeof(comm));
	audit_log_format(ab, "lsm=TSEM action=denied event=%s ns=%llu number=%llu",
			 tsem_events[event->id].name, event->ns->id, event->number);
	audit_log_format(ab, " error=%d pid=%d comm=", error, task_tgid_nr(current));
	audit_log_untrustedstring(ab, comm);
	audit_log_end(ab);
}

/* Whether an event of current is raised at all. */
static bool is_raised(const struct tsem_ns *ns, enum tsem_event_id id)
{
	return test_bit(id, ns->params.events) && !tsem_task(current)->inside &&
	       !tsem_cred(current_cred())->stacked && !tsem_ns_is_reader(ns, current);
}

static void event_begin(struct tsem_event *event, struct tsem_ns *ns, enum tsem_event_id id)
{
	event->ns = ns;
	event->id = id;
	event->number = 0;
	event->quiet = false;
	event->record = NULL;
	event->object.path = NULL;
	might_sleep_if(!tsem_events[id].atomic);
}

/* Get room for the CELL, as tsem_event_describe() says. */
static bool event_get_work(struct tsem_event *event, size_t size, int *ret)
{
	int r;

	if (tsem_events[event->id].atomic || size <= sizeof(event->room)) {
		begin_small(event);
		return true;
	}
	r = begin_large(event, size);
	if (r == 0)
		return true;
	*ret = tsem_lost(event->ns, r);
	if (*ret < 0)
		refuse(event, *ret);
	return false;
}

/**
 * tsem_event_describe() - Whether an event of current is to be described.
 * @event: To be filled.
 * @id: Which event.
 * @size: Bytes that the CELL may need: TSEM_ATOMIC_PACKED_MAX, TSEM_PACKED_MAX, or more.
 * @ret: What the hook returns if there is nothing to describe.
 *
 * Context: As the schema says of the event.
 * Return: true if the hook must pack the CELL into @event->cell and call
 * tsem_event_end(); false if it must return *@ret.
 */
bool tsem_event_describe(struct tsem_event *event, enum tsem_event_id id, size_t size, int *ret)
{
	struct tsem_ns *ns = tsem_ns_of(current);

	if (!is_raised(ns, id))
		return false;
	event_begin(event, ns, id);
	return event_get_work(event, size, ret);
}

static void subject_fill(struct tsem_subject *subject, const struct tsem_ns *ns)
{
	const struct tsem_task *task = tsem_task(current);
	struct tsem_packer coe = { .data = subject->coe, .size = sizeof(subject->coe) };

	subject->task_id = task->task_id;
	subject->p_task_id = task->p_task_id;
	tsem_pack_coe(&coe, current_cred(), ns);
}

static u64 current_cred_id(void)
{
	static atomic64_t last;
	struct tsem_cred *cred = tsem_cred(current_cred());

	if (!atomic64_read(&cred->id))
		atomic64_cmpxchg(&cred->id, 0, atomic64_inc_return(&last));
	return atomic64_read(&cred->id);
}

static noinline_for_stack u64 ask_who(const struct tsem_ns *ns)
{
	struct tsem_subject subject;

	subject_fill(&subject, ns);
	return tsem_known_who(ns->known, &subject);
}

/* The number of current as a subject: the same until it executes or has other credentials. */
static u64 who_is_current(const struct tsem_ns *ns)
{
	struct tsem_who *who = &tsem_task(current)->who;
	u64 cred_id = current_cred_id();

	if (!who->number || who->ns_id != ns->id || who->cred_id != cred_id)
		*who = (struct tsem_who){
			.number = ask_who(ns),
			.ns_id = ns->id,
			.cred_id = cred_id,
		};
	return who->number;
}

static struct tsem_raw raw_of_brief(const struct tsem_event *event, const struct tsem_brief *brief)
{
	return (struct tsem_raw){
		.event = TSEM_KNOWN_BRIEF + event->id,
		.who = who_is_current(event->ns),
		.cell = (const u8 *)brief,
		.cell_size = sizeof(*brief),
	};
}

/* Whether it is permitted by what is known of it in brief; counted, if it is. */
static bool judge_brief(const struct tsem_event *event)
{
	struct tsem_brief brief __uninitialized;
	struct tsem_raw raw;

	if (!tsem_brief_now(event->ns, &event->object, &brief))
		return false;
	raw = raw_of_brief(event, &brief);
	if (!tsem_judge_known(event->ns, &raw))
		return false;
	atomic64_inc(&event->ns->numbers);
	tsem_ns_count(event->ns, TSEM_COUNT_EVENTS);
	tsem_ns_count(event->ns, TSEM_COUNT_BRIEF);
	return true;
}

/**
 * tsem_event_describe_object() - Whether an event of current about an object is to be described.
 * @event: To be filled.
 * @id: Which event.
 * @object: What it is about; copied.
 * @ret: What the hook returns if there is nothing to describe.
 *
 * Context: As the schema says of the event.
 * Return: As tsem_event_describe(). An event that is known in brief need not be described.
 */
bool tsem_event_describe_object(struct tsem_event *event, enum tsem_event_id id,
				const struct tsem_object *object, int *ret)
{
	struct tsem_ns *ns = tsem_ns_of(current);

	if (!is_raised(ns, id))
		return false;
	event_begin(event, ns, id);
	/* A loadable model wants to see each event. */
	if (object->path && ns->known && !ns->loadable) {
		event->object = *object;
		if (judge_brief(event))
			return false;
		tsem_moment_take(ns, object, &event->moment);
	}
	return event_get_work(event, TSEM_PACKED_MAX, ret);
}

/* An event that was known at length is known in brief the next time. */
static void keep_brief(const struct tsem_event *event, struct tsem_point *point)
{
	union tsem_known_value value = { .point = point }, unused __uninitialized;
	u32 generation = event->moment.generation;
	struct tsem_brief brief __uninitialized;
	struct tsem_raw raw;

	if (!event->object.path ||
	    !tsem_brief_packed(event->ns, &event->object, &event->moment, &event->cell, &brief))
		return;
	raw = raw_of_brief(event, &brief);
	if (!tsem_known_find(event->ns->known, &raw, generation, &unused))
		tsem_known_add(event->ns->known, &raw, generation, &value);
}

static void record_fill(struct tsem_record *record, const struct tsem_event *event)
{
	const struct tsem_task *task = tsem_task(current);

	record->event = event->id;
	record->cell_size = event->cell.used;
	record->pid = task_pid_nr(current);
	if (event->ns->params.tnum)
		record->tnum = task_pid(current)->ino;
	record->ttd = task->ttd;
	record->p_ttd = task->p_ttd;
	record->ts_nsec = ktime_get_boottime_ns();
	/* Without task_lock(), which some hooks are called with; at worst it is half renamed. */
	strscpy_pad(record->comm, current->comm, sizeof(record->comm));
}

static int record_make(struct tsem_event *event)
{
	const struct tsem_type *cell = &tsem_events[event->id].cell;
	struct tsem_ns *ns = event->ns;
	bool atomic = tsem_events[event->id].atomic;

	if (WARN_ON_ONCE(!tsem_packed_check(cell, tsem_ns_digest_size(event->ns),
					    event->cell.data, event->cell.used)))
		return -EIO;
	event->record = atomic ? tsem_pool_take(&ns->pool) :
				 tsem_record_alloc(event->cell.used, GFP_KERNEL_ACCOUNT);
	if (!event->record && atomic)
		pr_warn_ratelimited("tsem: Fail event allocation comm %s ns %llu cs %u.\n",
				    current->comm, ns->id, ns->params.cache);
	if (!event->record)
		return tsem_lost(ns, atomic && !ns->params.upstream ? -EPERM : -ENOMEM);
	memcpy(event->record->cell, event->cell.data, event->cell.used);
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

/* Whether the event is to be judged, see tsem_loadable_init(). */
static noinline_for_stack int ask_model(const struct tsem_event *event, const struct tsem_raw *raw)
{
	struct tsem_subject subject __uninitialized;

	subject_fill(&subject, event->ns);
	return tsem_loadable_init(event->ns, raw, &subject);
}

/* An event that could be described. */
static int event_finish(struct tsem_event *event)
{
	struct tsem_raw raw = {
		.event = event->id,
		.cell = event->cell.data,
		.cell_size = event->cell.used,
	};
	struct tsem_point *point;
	int r;

	if (tsem_packer_overflowed(&event->cell))
		return tsem_undescribed(event->ns, -ENAMETOOLONG);
	/* Asked in place: clearing the stack of ask_model() costs more than its question. */
	r = event->ns->loadable ? ask_model(event, &raw) : 1;
	if (r <= 0)
		return r;
	event->number = atomic64_inc_return(&event->ns->numbers);
	tsem_ns_count(event->ns, TSEM_COUNT_EVENTS);
	if (event->ns->known) {
		raw.who = who_is_current(event->ns);
		point = tsem_judge_known(event->ns, &raw);
		if (point) {
			keep_brief(event, point);
			return 0;
		}
	}
	r = record_make(event);
	if (r < 0 || !event->record)
		return r;
	event->record->number = event->number;
	event->record->who = raw.who;
	subject_fill(&event->record->subject, event->ns);
	/* The judge may sleep for long. */
	event_drop_work(event);
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
	int r = described == 0 ? event_finish(event) : tsem_undescribed(event->ns, described);

	event_drop_work(event);
	if (event->record)
		tsem_record_free(event->record);
	if (r < 0)
		refuse(event, r);
	return r;
}
