/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event.h - one event: from the hook that raises it to the answer it gets.
 */
#ifndef _SECURITY_TSEM_EVENT_H
#define _SECURITY_TSEM_EVENT_H

#include "name.h"
#include "ns.h"
#include "record.h"
#include "task.h"

/**
 * struct tsem_event - An event being described by its hook.
 * @ns: Namespace of current; borrowed.
 * @id: Which event.
 * @number: In its namespace; 0 until it is described.
 * @quiet: Somebody only asks: a refusal is nothing for the audit log.
 * @cell: Where the hook packs the CELL.
 * @record: Made at the end, if the event is not known.
 * @work: Buffer behind @cell.
 * @object: What it is about; without a path if it is described at length only.
 * @moment: Before that was packed.
 * @room: The same where what is packed is small.
 *
 * Hooks declare it __uninitialized: tsem_event_begin() fills what is needed, and where nothing is
 * modelled a hook must not pay for clearing it.
 */
struct tsem_event {
	struct tsem_ns *ns;
	enum tsem_event_id id;
	u64 number;
	bool quiet;
	struct tsem_packer cell;
	struct tsem_record *record;
	u8 *work;
	struct tsem_object object;
	struct tsem_moment moment;
	u8 room[TSEM_ATOMIC_PACKED_MAX];
};

u8 *tsem_work_new(void);
void tsem_work_free(u8 *work);

bool tsem_event_describe(struct tsem_event *event, enum tsem_event_id id, size_t size, int *ret);
bool tsem_event_describe_object(struct tsem_event *event, enum tsem_event_id id,
				const struct tsem_object *object, int *ret);

/* The question of every hook of every task, so it is asked in place; see tsem_event_describe(). */
static inline bool tsem_event_begin_sized(struct tsem_event *event, enum tsem_event_id id,
					  size_t size, int *ret)
{
	*ret = 0;
	if (likely(!tsem_ns_of(current)))
		return false;
	return tsem_event_describe(event, id, size, ret);
}

int tsem_event_end(struct tsem_event *event, int described);

static inline bool tsem_event_begin(struct tsem_event *event, enum tsem_event_id id, int *ret)
{
	return tsem_event_begin_sized(event, id, TSEM_PACKED_MAX, ret);
}

/* Of an event without names; a socket's address is the longest that it can have. */
static inline bool tsem_event_begin_small(struct tsem_event *event, enum tsem_event_id id, int *ret)
{
	return tsem_event_begin_sized(event, id, TSEM_ATOMIC_PACKED_MAX, ret);
}

/* Of an event that is about an object with a name; see tsem_event_describe_object(). */
static inline bool tsem_event_begin_object(struct tsem_event *event, enum tsem_event_id id,
					   const struct tsem_object *object, int *ret)
{
	*ret = 0;
	if (likely(!tsem_ns_of(current)))
		return false;
	return tsem_event_describe_object(event, id, object, ret);
}

/* A FILE or MAPPED. What backs a mapping of a stacked filesystem is described at length. */
static inline struct tsem_object tsem_object_of(struct file *file)
{
	return (struct tsem_object){
		.path = file->f_mode & FMODE_BACKING ? NULL : &file->f_path,
		.inode = file_inode(file),
		.file = file,
	};
}

bool tsem_event_wanted(enum tsem_event_id id);
struct user_namespace *tsem_reference_userns(const struct tsem_ns *ns);

/* from_kuid() and from_kgid(): the initial user namespace translates nothing. */
static inline uid_t tsem_uid(struct user_namespace *to, kuid_t uid)
{
	return to == &init_user_ns ? __kuid_val(uid) : from_kuid(to, uid);
}

static inline gid_t tsem_gid(struct user_namespace *to, kgid_t gid)
{
	return to == &init_user_ns ? __kgid_val(gid) : from_kgid(to, gid);
}

void tsem_pack_coe(struct tsem_packer *p, const struct cred *cred, const struct tsem_ns *ns);
void tsem_pack_creds(struct tsem_packer *p, const struct cred *cred, const struct tsem_ns *ns);

/* judge.c */
void tsem_record_coefficient(const struct tsem_ns *ns, const struct tsem_record *record,
			     struct tsem_digest *ret);
bool tsem_may_rely(const struct tsem_ns *ns);
struct tsem_point *tsem_judge_known(struct tsem_ns *ns, const struct tsem_raw *raw);
int tsem_judge(struct tsem_ns *ns, struct tsem_record *record);
int tsem_judge_remembered(struct tsem_ns *ns, struct tsem_record *record);

#endif /* _SECURITY_TSEM_EVENT_H */
