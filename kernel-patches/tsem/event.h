/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event.h - one event: from the hook that raises it to the answer it gets.
 */
#ifndef _SECURITY_TSEM_EVENT_H
#define _SECURITY_TSEM_EVENT_H

#include "known.h"
#include "ns.h"

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
 * @number: Of the event, in its namespace.
 * @ttd: Serial number of the task's last exec.
 * @p_ttd: The same of its creator.
 * @ts_nsec: When, by the boot-time clock.
 * @comm: Name of the task.
 * @subject: Who.
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
	u64 number;
	u64 ttd;
	u64 p_ttd;
	u64 ts_nsec;
	char comm[TASK_COMM_LEN];
	struct tsem_subject subject;
	u32 cell_size;
	u32 room;
	u8 cell[] __counted_by(room);
};

struct tsem_record *tsem_record_alloc(size_t room, gfp_t gfp);
void tsem_record_free(struct tsem_record *record);

/**
 * struct tsem_event - An event being described by its hook.
 * @ns: Namespace of current; borrowed.
 * @id: Which event.
 * @cell: Where the hook packs the CELL.
 * @record: From the pool, if the hook may not sleep; else made at the end.
 * @work: Buffer behind @cell, if the hook may sleep.
 */
struct tsem_event {
	struct tsem_ns *ns;
	enum tsem_event_id id;
	struct tsem_packer cell;
	struct tsem_record *record;
	void *work;
};

bool tsem_event_begin_sized(struct tsem_event *event, enum tsem_event_id id, size_t more,
			    int *ret);
int tsem_event_end(struct tsem_event *event, int described);

static inline bool tsem_event_begin(struct tsem_event *event, enum tsem_event_id id, int *ret)
{
	return tsem_event_begin_sized(event, id, 0, ret);
}

int tsem_lost(struct tsem_ns *ns, int error);
bool tsem_event_wanted(enum tsem_event_id id);
struct user_namespace *tsem_reference_userns(const struct tsem_ns *ns);
void tsem_pack_coe(struct tsem_packer *p, const struct cred *cred, const struct tsem_ns *ns);
void tsem_pack_creds(struct tsem_packer *p, const struct cred *cred, const struct tsem_ns *ns);
size_t tsem_record_print(const struct tsem_ns *ns, const struct tsem_record *record, char *text,
			 size_t size);

/* pool */
int tsem_pool_init(struct tsem_pool *pool, unsigned int size);
void tsem_pool_done(struct tsem_pool *pool);
struct tsem_record *tsem_pool_take(struct tsem_pool *pool);

/* judge.c */
void tsem_record_coefficient(const struct tsem_ns *ns, const struct tsem_record *record,
			     struct tsem_digest *ret);
bool tsem_judge_known(struct tsem_ns *ns, const struct tsem_raw *raw);
int tsem_judge(struct tsem_ns *ns, struct tsem_record *record);
int tsem_judge_remembered(struct tsem_ns *ns, struct tsem_record *record);

/* verdict.c */
int tsem_submit(struct tsem_ns *ns, struct tsem_record *record, const struct tsem_asked *asked);
void tsem_answer(struct tsem_ns *ns, const char *lines, size_t size, size_t *ret_taken);
int tsem_answer_task(struct tsem_ns *ns, struct task_struct *task, bool trusted);
int tsem_submit_aggregate(struct tsem_ns *ns);
void tsem_reader_closed(struct tsem_ns *ns);
void tsem_recent_clear(struct tsem_ns *ns);

#endif /* _SECURITY_TSEM_EVENT_H */
