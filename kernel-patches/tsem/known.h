/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * known.h - events that are known byte for byte, so that their coefficient need
 * not be computed again.
 */
#ifndef _SECURITY_TSEM_KNOWN_H
#define _SECURITY_TSEM_KNOWN_H

#include "model.h"

/* The nine ids of the COE and the capabilities, packed. */
#define TSEM_COE_SIZE 40

/**
 * struct tsem_subject - Who does it: what a coefficient depends on beside the CELL.
 * @task_id: Of the task.
 * @p_task_id: Of its creator.
 * @coe: Packed COE.
 */
struct tsem_subject {
	struct tsem_digest task_id;
	struct tsem_digest p_task_id;
	u8 coe[TSEM_COE_SIZE];
};

static_assert(sizeof(struct tsem_subject) == 2 * TSEM_DIGEST_MAX + TSEM_COE_SIZE);

/* What else is kept as events are, beyond their ids. */
#define TSEM_KNOWN_PATH	   TSEM_EVENT_COUNT	  /* a pathname: whether it is a pseudonym */
#define TSEM_KNOWN_PROGRAM (TSEM_EVENT_COUNT + 1) /* an exec: its TASK_ID */
#define TSEM_KNOWN_NAME	   (TSEM_EVENT_COUNT + 2) /* INODE and PATH: their number, see name.c */
#define TSEM_KNOWN_BRIEF   (TSEM_EVENT_COUNT + 3) /* and an event: the same in brief, see name.h */

/**
 * struct tsem_raw - An event as its hook has packed it; all borrowed.
 * @event: Which, or one of TSEM_KNOWN_*.
 * @who: Number of the subject, from tsem_known_who(); 0 if it is the same for everybody.
 * @cell: Packed CELL.
 * @cell_size: Its bytes.
 */
struct tsem_raw {
	unsigned int event;
	u64 who;
	const u8 *cell;
	size_t cell_size;
};

/** union tsem_known_value - What is known. */
union tsem_known_value {
	struct tsem_point *point;	/* of an event; lives as long as the namespace */
	bool pseudonym;			/* of a pathname */
	struct tsem_digest task_id;	/* of an exec */
	u64 number;			/* of a name; nothing but a TASK_ID is larger */
};

static_assert(sizeof(struct tsem_point *) <= sizeof(u64));

struct tsem_known_event;
struct tsem_known_subject;

/**
 * struct tsem_known - The events of one namespace, in sets of a few slots.
 * @key: Drawn at random, and odd.
 * @mask: All ones; a test has fewer, to make everything collide.
 * @turn: Which slot of a full set is used next.
 * @last_who: Number given to a subject last; none is given twice.
 * @kept: Events in it.
 * @pushed_out: Events that had to make room while they were good.
 * @subjects_pushed_out: Subjects that had to, and of which all is computed again.
 * @slots: Events; replaced whole, read under RCU.
 * @subjects: The same of subjects.
 */
struct tsem_known {
	u64 key;
	u32 mask;
	unsigned int turn;
	atomic64_t last_who;
	atomic_t kept;
	atomic64_t pushed_out;
	atomic64_t subjects_pushed_out;
	struct tsem_known_event __rcu *slots[TSEM_KNOWN_SETS][TSEM_KNOWN_WAYS];
	struct tsem_known_subject __rcu *subjects[TSEM_KNOWN_SUBJECT_SETS][TSEM_KNOWN_WAYS];
};

struct tsem_known *tsem_known_new(void);
void tsem_known_free(struct tsem_known *known);
u64 tsem_known_who(struct tsem_known *known, const struct tsem_subject *subject);
bool tsem_known_find(struct tsem_known *known, const struct tsem_raw *raw, u32 generation,
		     union tsem_known_value *ret);
void tsem_known_add(struct tsem_known *known, const struct tsem_raw *raw, u32 generation,
		    const union tsem_known_value *value);

#endif /* _SECURITY_TSEM_KNOWN_H */
