/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model.h - the model of a namespace inside the kernel: its points in order of
 * arrival, its measurement, base and aggregate, and its pseudonyms.
 * Formula.md, section 6.
 */
#ifndef _SECURITY_TSEM_MODEL_H
#define _SECURITY_TSEM_MODEL_H

#include <linux/rculist.h>
#include <linux/spinlock.h>

#include "digest.h"
#include "limits.h"

struct tsem_record;

/** enum tsem_point_kind - What a point says of its digest. */
enum tsem_point_kind {
	TSEM_POINT_VALID,	/* a coefficient of the model */
	TSEM_POINT_INVALID,	/* a coefficient that came after the model was sealed */
	TSEM_POINT_PROGRAM,	/* no coefficient but a TASK_ID: told once, part of no state */
};

#define TSEM_POINT_KIND_COUNT (TSEM_POINT_PROGRAM + 1)

/* Ways on from a point: two bits of a digest. */
#define TSEM_POINT_WAYS 4

/* The model in force and the one that is loaded to take its place, in turn. */
#define TSEM_MODEL_SIDES 2

/**
 * struct tsem_point - A digest that the model knows. It lives as long as the model.
 * @below: Points whose digests go on in each way, see way() in model.c; each set once.
 * @next: That arrived after it; set once, see tsem_point_next().
 * @record: The event that brought it and of which it is a part; NULL if it was loaded.
 * @count: Events seen with it.
 * @generation: 0, or that of the verdict which has made it known: it holds as long as
 *	the model has the same.
 * @kind: One of enum tsem_point_kind; never changes.
 * @given: On which sides of the model it was loaded, or learned by the kernel.
 * @digest: The key.
 */
struct tsem_point {
	struct tsem_point *below[TSEM_POINT_WAYS];
	struct tsem_point *next;
	struct tsem_record *record;
	atomic64_t count;
	u32 generation;
	u8 kind;
	bool given[TSEM_MODEL_SIDES];
	struct tsem_digest digest;
};

#ifdef CONFIG_64BIT
static_assert(sizeof(struct tsem_point) == 128); /* a slab has objects of this size */
#endif

/**
 * struct tsem_model - A model.
 * @alg: Hash function of the namespace; borrowed.
 * @root: The first point of the tree by digests. Looked up without a lock, entered under @lock.
 * @points_max: Bound of the valid points.
 * @generation: Never 0. Grows when what was computed or said before holds no more; read
 *	without the lock, before the computing or saying.
 * @loaded: Points were loaded; read without the lock.
 * @side: Which of the two is in force; read without the lock, see tsem_point_holds().
 * @lock: Makes one step of entering a point, appending it to the list and extending the
 *	measurement; protects all below. Taken with interrupts disabled, inside any
 *	lock of a hook.
 * @sealed: What is new is invalid.
 * @reloading: The other side is being loaded, to be in force from the next seal on.
 * @first: Points in order of arrival; see tsem_point_next().
 * @last: The latest of them.
 * @counts: Points of each kind.
 * @told: Points that have a record; read without the lock by whoever polls.
 * @untold: Events outside the model, or programs, of which no record could be kept.
 * @bytes: Memory of the records that are kept.
 * @base: Base nonce.
 * @aggregate: Of the platform.
 * @measurement: Over all coefficients in order of arrival.
 * @hash: For the measurement.
 * @pseudonyms: By their first byte. Looked up under RCU.
 * @pseudonym_count: Their number; read without the lock.
 */
struct tsem_model {
	const struct tsem_alg *alg;
	struct tsem_point *root;
	unsigned int points_max;
	u32 generation;
	bool loaded;
	u8 side;

	spinlock_t lock;
	bool sealed;
	bool reloading;
	struct tsem_point *first;
	struct tsem_point *last;
	unsigned int counts[TSEM_POINT_KIND_COUNT];
	unsigned int told;
	u64 untold;
	size_t bytes;
	struct tsem_digest base;
	struct tsem_digest aggregate;
	struct tsem_digest measurement;
	struct tsem_hash *hash;
	struct hlist_head pseudonyms[64];
	unsigned int pseudonym_count;
};

int tsem_model_new(const struct tsem_alg *alg, const struct tsem_digest *aggregate,
		   unsigned int points_max, struct tsem_model **ret);
void tsem_model_free(struct tsem_model *model);
int tsem_model_set_base(struct tsem_model *model, const struct tsem_digest *base);
int tsem_model_add_pseudonym(struct tsem_model *model, const struct tsem_digest *pseudonym);
bool tsem_model_has_pseudonym(struct tsem_model *model, const struct tsem_digest *pseudonym);
int tsem_model_load(struct tsem_model *model, const struct tsem_digest *coefficient);
void tsem_model_remember(struct tsem_model *model, const struct tsem_digest *coefficient,
			 u32 generation);
void tsem_model_forget(struct tsem_model *model);
int tsem_model_reload(struct tsem_model *model);
int tsem_model_seal(struct tsem_model *model);
struct tsem_point *tsem_model_find(struct tsem_model *model, const struct tsem_digest *digest);
struct tsem_point *tsem_model_add(struct tsem_model *model, struct tsem_record *record,
				  bool program);
void tsem_model_measurement(struct tsem_model *model, struct tsem_digest *ret);
int tsem_model_state(struct tsem_model *model, struct tsem_digest *ret);

/** tsem_point_holds() - Whether a coefficient is known good now. */
static inline bool tsem_point_holds(const struct tsem_model *model,
				    const struct tsem_point *point)
{
	bool given;

	if (point->kind != TSEM_POINT_VALID)
		return false;
	/* One step to tsem_model_reload(), which clears the side that is not in force. */
	rcu_read_lock();
	given = READ_ONCE(point->given[READ_ONCE(model->side)]);
	rcu_read_unlock();
	return given || READ_ONCE(point->generation) == READ_ONCE(model->generation);
}

/** tsem_point_next() - The point that arrived after one, or the first; NULL if there is none. */
static inline struct tsem_point *tsem_point_next(struct tsem_model *model,
						 struct tsem_point *point)
{
	struct tsem_point **next = point ? &point->next : &model->first;

	/* Pairs with the release in append(): what is reached is complete. */
	return smp_load_acquire(next);
}

#endif /* _SECURITY_TSEM_MODEL_H */
