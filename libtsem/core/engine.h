/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * engine.h - the deterministic model: a record in, known or new or outside out.
 * No allocation, no I/O; the sets are the caller's memory.
 */
#ifndef TSEM_CORE_ENGINE_H
#define TSEM_CORE_ENGINE_H

#include "record.h"
#include "set.h"

/** TSEM_COE_MAX - A longer packed COE is hashed each time. */
#define TSEM_COE_MAX 64

/**
 * struct tsem_kept - Digests that are the same in most records that an engine judges.
 * @coe: The COE that was hashed last, packed.
 * @coe_size: Its bytes; 0 if there is none.
 * @coe_id: Its digest.
 * @names: H(name) of an event, once @has_name says so.
 */
struct tsem_kept {
	uint8_t coe[TSEM_COE_MAX];
	size_t coe_size;
	struct tsem_digest coe_id;
	struct tsem_digest names[TSEM_EVENT_COUNT];
	bool has_name[TSEM_EVENT_COUNT];
};

/**
 * struct tsem_engine - A model at work.
 * @hasher: Of the namespace's hash function; borrowed.
 * @fields: Projection of the namespace.
 * @points: Coefficients.
 * @pseudonyms: Of pathnames whose content does not matter; may be empty.
 * @sealed: Nothing is learned any more: what is not in @points is outside.
 * @kept: Zeros to begin with, and after @hasher or @fields were changed.
 */
struct tsem_engine {
	struct tsem_hasher *hasher;
	enum tsem_fields fields;
	struct tsem_set points;
	struct tsem_set pseudonyms;
	bool sealed;
	struct tsem_kept kept;
};

/** enum tsem_judgement - What the engine says of an event. */
enum tsem_judgement {
	TSEM_JUDGED_NO_POINT,	/* bprm_committed_creds: never a point of a model */
	TSEM_JUDGED_KNOWN,
	TSEM_JUDGED_LEARNED,	/* new, and a point of the model from now on */
	TSEM_JUDGED_OUTSIDE,	/* sealed, and not a point of it */
	TSEM_JUDGED_FULL,	/* it would be learned, but there is no room: make it and try again */
};

/** struct tsem_result - Of judging one event. */
struct tsem_result {
	enum tsem_judgement judgement;
	struct tsem_digest coe_id;
	struct tsem_digest cell_id;
	struct tsem_digest coefficient;		/* of bprm_committed_creds: the TASK_ID it derives */
	struct tsem_set_entry *entry;		/* its point, counted; NULL if it has none */
};

/**
 * tsem_engine_digest() - The digests of a record, judging nothing.
 * @record: Of a kind that is an event.
 * @ret: @judgement and @entry are not set.
 */
void tsem_engine_digest(const struct tsem_engine *engine, const struct tsem_record *record,
			struct tsem_result *ret);

/**
 * tsem_engine_count() - Judge an event of which the coefficient is known, as tsem_engine_judge().
 * @ret: @coefficient is the caller's, of an event that may be a point. The other digests are not
 *	looked at.
 */
void tsem_engine_count(struct tsem_engine *engine, struct tsem_result *ret);

/** tsem_engine_judge() - Judge an event, count it, and learn it if the model is not sealed. */
void tsem_engine_judge(struct tsem_engine *engine, const struct tsem_record *record,
		       struct tsem_result *ret);

#endif
