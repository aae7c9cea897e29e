/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ns.h - security modelling namespaces: what is fixed when one is made, the
 * queue of its records, who waits, and what was counted.
 */
#ifndef _SECURITY_TSEM_NS_H
#define _SECURITY_TSEM_NS_H

#include <linux/bitmap.h>
#include <linux/dcache.h>
#include <linux/hashtable.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "digest.h"
#include "known.h"
#include "limits.h"
#include "model.h"
#include "record.h"

/** enum tsem_gone - What happens to events when the last reader is gone. */
enum tsem_gone {
	TSEM_GONE_DENY,
	TSEM_GONE_ALLOW,
	TSEM_GONE_KILL,		/* every member, forks included */
};

/** enum tsem_tma - Who judges. */
enum tsem_tma {
	TSEM_TMA_EXTERNAL,	/* whoever reads the event descriptor */
	TSEM_TMA_INTERNAL,	/* the kernel */
	TSEM_TMA_EXPORT,	/* nobody: events are only told */
};

/** enum tsem_violation - What follows inside the kernel from an event outside a sealed model. */
enum tsem_violation {
	TSEM_VIOLATION_DENY,	/* the event is refused */
	TSEM_VIOLATION_ISOLATE,	/* and its task untrusted for good */
	TSEM_VIOLATION_KILL,	/* and every member is ended */
};

/** struct tsem_scratch - One directory of the scratch set. */
struct tsem_scratch {
	const char *dir;	/* inside ->scratch_text, absolute, with final slash */
	u16 size;
};

/**
 * struct tsem_params - What a create command says.
 * @tma: Who judges.
 * @digest: Name of the hash function.
 * @fields: Projection.
 * @gone: What happens to events without a reader.
 * @events: One bit per event that is raised.
 * @cache: Size of the pool for atomic hooks.
 * @deadline_msec: How long an event waits for its verdict; 0 is without end.
 * @nsref_current: Ids are those of the task's user namespace, not of the initial one.
 * @export_exec: Each exec is told.
 * @batch: A read returns as many records as fit.
 * @remember: An agent is asked once about each coefficient that it trusts.
 * @upstream: Made by one of upstream's verbs: the writer enters, its parent judges.
 * @tnum: Records of an upstream namespace tell the serial number of the task, and so may verdicts.
 * @violation: What follows from an event outside the model.
 * @points: Bound of the model's points.
 * @model: Name of the model; empty if none was named.
 * @key: Upstream's secret between orchestrator and namespace.
 * @key_size: Bytes of it.
 * @scratch_text: Decoded directories; owned, see tsem_params_done().
 * @scratch: Where each of them stands.
 * @scratch_count: Their number.
 */
struct tsem_params {
	enum tsem_tma tma;
	const char *digest;
	enum tsem_fields fields;
	enum tsem_gone gone;
	DECLARE_BITMAP(events, TSEM_EVENT_COUNT);
	unsigned int cache;
	unsigned int deadline_msec;
	bool nsref_current;
	bool export_exec;
	bool batch;
	bool remember;
	bool upstream;
	bool tnum;
	enum tsem_violation violation;
	unsigned int points;
	char model[TSEM_MODEL_NAME_MAX + 1];
	u8 key[TSEM_DIGEST_MAX];
	unsigned int key_size;
	char *scratch_text;
	struct tsem_scratch scratch[TSEM_SCRATCH_MAX];
	unsigned int scratch_count;
};

/* The model that is always there. */
#define TSEM_MODEL_BUILTIN "model0"

/** enum tsem_verb - How a namespace comes into being. */
enum tsem_verb {
	TSEM_VERB_CREATE,	/* ours: without members */
	TSEM_VERB_EXTERNAL,	/* upstream's, judged by the parent of the writer */
	TSEM_VERB_INTERNAL,	/* upstream's, judged by the kernel */
	TSEM_VERB_EXPORT,	/* upstream's, judged by nobody */
};

int tsem_params_parse(enum tsem_verb verb, char *arguments, struct tsem_params *ret);
void tsem_params_done(struct tsem_params *params);

/**
 * struct tsem_release - Arguments of upstream's verdicts.
 * @pid: Of the task, in the initial pid namespace.
 * @tnum: Its serial number; 0 if it was not given.
 * @key: The secret of its namespace.
 * @key_size: Bytes of it; 0 if it was not given.
 */
struct tsem_release {
	pid_t pid;
	u64 tnum;
	u8 key[TSEM_DIGEST_MAX];
	unsigned int key_size;
};

int tsem_release_parse(char *arguments, struct tsem_release *ret);

/** enum tsem_counter - Lines of the status file that only grow. */
enum tsem_counter {
	TSEM_COUNT_EVENTS,	/* described events */
	TSEM_COUNT_EXPORTED,	/* records that entered the queue */
	TSEM_COUNT_REFUSED,	/* operations that failed because of TSEM */
	TSEM_COUNT_DROPPED,	/* records lost: queue full, pool empty, no memory */
	TSEM_COUNT_EXPIRED,	/* waits that ended at the deadline */
	TSEM_COUNT_UNKNOWN,	/* verdicts for numbers nobody waits for */
	TSEM_COUNT_ENTERED,	/* armed tasks that switched */
	TSEM_COUNT_CONTENT_READ, /* files that were read to be hashed */
	TSEM_COUNT_CONTENT_KEPT, /* files whose digest was still known */
	TSEM_COUNT_KNOWN,	/* events whose coefficient was known by their bytes */
	TSEM_COUNT_BRIEF,	/* of these, events whose name was still known */
	TSEM_COUNT_REMEMBERED,	/* events about which nobody was asked */
	TSEM_COUNT_MARKS_LOST,	/* created objects whose mark goes with the inode */
	TSEM_COUNT_INSTANCES_LOST, /* creations that got no running number */
	TSEM_COUNT_RELOADS,	/* agents and models that took the place of others */
};

#define TSEM_COUNTER_COUNT (TSEM_COUNT_RELOADS + 1)

/**
 * struct tsem_asked - What is remembered if the verdict is trusted.
 * @coefficient: Of the event.
 * @generation: Of the model before it was asked; 0 if there is nothing to remember.
 */
struct tsem_asked {
	struct tsem_digest coefficient;
	u32 generation;
};

/** struct tsem_recent - An event that did not wait and can still be judged, and its process. */
struct tsem_recent {
	u64 number;
	struct pid *pid;	/* reference; NULL if the slot is empty */
};

/**
 * struct tsem_shift - Whose turn it is to judge: event descriptors that were opened before a
 * reload, and those that take their place.
 * @now: Number of those that read and answer.
 * @before: Of those whose place they took: may answer what they have read, and read nothing.
 * @asked: Number of the last event by then.
 * @next: Of those opened since the reload began; 0 if there is none under way. They get nothing
 *	to read yet.
 * @last: The last number given.
 * @next_count: Open descriptors of the next.
 */
struct tsem_shift {
	u64 now;
	u64 before;
	u64 asked;
	u64 next;
	u64 last;
	unsigned int next_count;
};

struct tsem_loadable;

/* The event descriptor, status, counts, and upstream's eight of a model. */
#define TSEM_NS_FILES_MAX 11

/**
 * struct tsem_ns - A security modelling namespace.
 * @refs: Members, armed tasks, and open files of the control plane.
 * @id: From 1, never used again; 0 is the root namespace.
 * @params: Fixed when made.
 * @alg: Hash function.
 * @aggregate: Of the platform, in this function.
 * @model: Of a namespace that is judged by the kernel, or where verdicts are remembered;
 *	else NULL.
 * @loadable: The model that a module brings, or NULL; fixed when made.
 * @known: Events whose coefficients are known; beside @model.
 * @numbers: Last event number.
 * @sealed: The model is complete; irreversible.
 * @enforce: An untrusted task is refused; irreversible.
 * @dead: Gone with TSEM_GONE_KILL: nobody enters, nobody forks.
 * @member_count: Threads.
 * @way_count: Ways in: armed tasks, and the control descriptor that can arm.
 * @counts: Indexed by enum tsem_counter.
 * @mark_count: Marks that are kept; guarded in mark.c.
 * @pool: For atomic hooks.
 * @lock: Protects all below but @read_mutex. Taken with interrupts disabled,
 *	inside any lock of a hook; nothing but pool.lock and model->lock is taken inside it.
 * @queue: Records not yet read.
 * @queue_count: Their number.
 * @queue_bytes: Their size in memory.
 * @waiting: Waiters by number.
 * @waiting_count: Their number.
 * @recent: Ring of atomic events.
 * @recent_next: Where the next one goes.
 * @recent_left: Number of the latest event that has left the ring without a verdict.
 * @recent_asked: Their coefficients, where verdicts are remembered; else NULL.
 * @shift: Which event descriptors judge.
 * @opener_count: Open ones of these.
 * @opened: There was one.
 * @gone: There was one and there is none.
 * @reader: Thread group that reads; reference.
 * @owner: Thread group whose verdicts upstream's verbs take; reference, fixed when made.
 * @readers: Waits for records.
 * @read_mutex: Serialises read(), so that records keep their order.
 * @files: Of the control plane; the rest is NULL.
 * @kill: Ends every member, for hooks that may not.
 * @release: Frees it when the last reference is gone.
 */
struct tsem_ns {
	refcount_t refs;
	u64 id;
	struct tsem_params params;
	struct tsem_alg alg;
	struct tsem_digest aggregate;
	struct tsem_model *model;
	struct tsem_loadable *loadable;
	struct tsem_known *known;
	atomic64_t numbers;
	bool sealed;
	bool enforce;
	bool dead;
	atomic_t member_count;
	atomic_t way_count;
	atomic64_t counts[TSEM_COUNTER_COUNT];
	unsigned int mark_count;
	struct tsem_pool pool;

	spinlock_t lock;
	struct list_head queue;
	unsigned int queue_count;
	size_t queue_bytes;
	DECLARE_HASHTABLE(waiting, 6);
	unsigned int waiting_count;
	struct tsem_recent recent[TSEM_RECENT_MAX];
	unsigned int recent_next;
	u64 recent_left;
	struct tsem_asked *recent_asked;
	struct tsem_shift shift;
	unsigned int opener_count;
	bool opened;
	bool gone;
	struct pid *reader;
	struct pid *owner;
	wait_queue_head_t readers;
	struct mutex read_mutex;

	struct dentry *files[TSEM_NS_FILES_MAX];
	struct work_struct kill;
	struct work_struct release;
};

int tsem_ns_new(struct tsem_params *params, int (*make_files)(struct tsem_ns *ns),
		struct tsem_ns **ret);
int tsem_ns_new_root(struct tsem_params *params, int (*make_files)(struct tsem_ns *ns),
		     struct tsem_ns **ret);
struct tsem_ns *tsem_ns_get(struct tsem_ns *ns);
void tsem_ns_put(struct tsem_ns *ns);
struct tsem_ns *tsem_ns_find(u64 id);
void tsem_ns_join(struct tsem_ns *ns);
void tsem_ns_leave(struct tsem_ns *ns);
void tsem_ns_open_way(struct tsem_ns *ns);
void tsem_ns_close_way(struct tsem_ns *ns);
bool tsem_ns_is_deserted(const struct tsem_ns *ns);
void tsem_ns_kill(struct tsem_ns *ns);

/* mark.c */
void tsem_marks_forget(struct tsem_ns *ns);

static inline void tsem_ns_count(struct tsem_ns *ns, enum tsem_counter counter)
{
	atomic64_inc(&ns->counts[counter]);
}

static inline unsigned int tsem_ns_digest_size(const struct tsem_ns *ns)
{
	return ns->alg.ops.size;
}

/** tsem_ns_is_root() - Whether it is that of everything outside the others. */
static inline bool tsem_ns_is_root(const struct tsem_ns *ns)
{
	return !ns->id;
}

/**
 * tsem_ns_maker() - How a created object names its namespace.
 * @ns: The namespace.
 *
 * 0, as in a blob that nobody has filled, is none.
 */
static inline u64 tsem_ns_maker(const struct tsem_ns *ns)
{
	return ns->id ?: U64_MAX;
}

/** tsem_ns_is_reader() - Whether a task belongs to the thread group that reads the stream. */
static inline bool tsem_ns_is_reader(const struct tsem_ns *ns, const struct task_struct *task)
{
	return READ_ONCE(ns->reader) == task_tgid((struct task_struct *)task);
}

/** tsem_ns_view() - How packed bytes of this namespace are hashed. */
static inline struct tsem_view tsem_ns_view(const struct tsem_ns *ns)
{
	return (struct tsem_view){
		.digest_size = tsem_ns_digest_size(ns),
		.fields = ns->params.fields,
	};
}

#endif /* _SECURITY_TSEM_NS_H */
