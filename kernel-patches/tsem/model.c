// SPDX-License-Identifier: GPL-2.0-only
/*
 * model.c - the model of a namespace. Points are only ever added, and freed with
 * the model: whoever has found one may keep it as long as the namespace. Which of them
 * hold is another question: each says whether it was loaded on the side that is in
 * force, so that another model can be loaded on the other one beside it. That a
 * digest is new is decided by the same step that enters it, so two processors
 * cannot enter it twice, and list and measurement have one order.
 *
 * A point that came from an event is part of that event's record, so that a hook
 * which may not sleep needs no more memory than its record. Points are found in a tree
 * that they are themselves: no table has to grow beside them, on nobody's account.
 */

#include <linux/slab.h>
#include <linux/sort.h>

#include "model.h"
#include "record.h"
#include "state.h"

/*
 * Which way a digest goes at a depth of the tree: two bits of it, from the first byte on.
 * Digests that differ part at the latest after their last bits. They are uniform, so the
 * tree is as flat as can be without balancing: a million points are some twelve deep. Who
 * looks for digests that begin alike, and computes 2^n of them, makes it n/2 deeper there.
 */
static unsigned int way(const struct tsem_digest *digest, unsigned int depth)
{
	return digest->bytes[depth / 4] >> (2 * (depth % 4)) & 3;
}

/** struct pseudonym - A pathname whose content does not matter. */
struct pseudonym {
	struct hlist_node node;
	struct tsem_digest digest;
};

static void restart(struct tsem_model *model)
{
	tsem_measurement_start(&model->base, &model->aggregate, &model->hash->hasher,
			       &model->measurement);
}

/**
 * tsem_model_new() - Make an empty model.
 * @alg: Outlives it.
 * @aggregate: Of the platform.
 * @points_max: Bound of the valid points.
 * @ret: The model.
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int tsem_model_new(const struct tsem_alg *alg, const struct tsem_digest *aggregate,
		   unsigned int points_max, struct tsem_model **ret)
{
	struct tsem_model *model = kzalloc(sizeof(*model), GFP_KERNEL_ACCOUNT);

	if (!model)
		return -ENOMEM;
	model->alg = alg;
	model->aggregate = *aggregate;
	model->points_max = points_max;
	model->generation = 1;
	spin_lock_init(&model->lock);
	model->hash = tsem_hash_new(alg, GFP_KERNEL_ACCOUNT);
	if (!model->hash) {
		kfree(model);
		return -ENOMEM;
	}
	restart(model);
	*ret = model;
	return 0;
}

static void free_point(struct tsem_point *point)
{
	if (point->record)
		tsem_record_free(point->record);
	else
		kfree(point);
}

/* Takes NULL. The caller made sure that nobody looks any more. Context: Process context. */
void tsem_model_free(struct tsem_model *model)
{
	struct tsem_point *point, *next_point;
	struct pseudonym *pseudonym;
	struct hlist_node *next;

	if (!model)
		return;
	for (point = model->first; point; point = next_point) {
		next_point = point->next;
		free_point(point);
		cond_resched();
	}
	for (size_t i = 0; i < ARRAY_SIZE(model->pseudonyms); i++) {
		hlist_for_each_entry_safe(pseudonym, next, &model->pseudonyms[i], node)
			kfree(pseudonym);
	}
	tsem_hash_free(model->hash);
	kfree_sensitive(model);
}

/**
 * tsem_model_set_base() - Set the base nonce.
 * @model: Its points are hashed with it.
 * @base: Copied.
 *
 * Return: 0; -EPERM after the seal; -EBUSY if there is a point already.
 */
int tsem_model_set_base(struct tsem_model *model, const struct tsem_digest *base)
{
	guard(spinlock_irqsave)(&model->lock);
	if (model->sealed)
		return -EPERM;
	if (model->counts[TSEM_POINT_VALID])
		return -EBUSY;
	model->base = *base;
	restart(model);
	return 0;
}

static struct hlist_head *pseudonym_bucket(struct tsem_model *model,
					   const struct tsem_digest *pseudonym)
{
	return &model->pseudonyms[pseudonym->bytes[0] % ARRAY_SIZE(model->pseudonyms)];
}

/** tsem_model_has_pseudonym() - Whether a pathname digest is one. Context: Any. */
bool tsem_model_has_pseudonym(struct tsem_model *model, const struct tsem_digest *pseudonym)
{
	const struct pseudonym *p;
	bool found = false;

	rcu_read_lock();
	hlist_for_each_entry_rcu(p, pseudonym_bucket(model, pseudonym), node) {
		if (!memcmp(&p->digest, pseudonym, sizeof(*pseudonym))) {
			found = true;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

static void renew(struct tsem_model *model)
{
	lockdep_assert_held(&model->lock);
	/* After 2^32 pseudonyms and readers; 0 means that it holds for good. */
	WRITE_ONCE(model->generation, model->generation + 1 ?: 1);
}

/**
 * tsem_model_forget() - What was learned from verdicts holds no more: another agent is there.
 * @model: The model.
 *
 * Context: Process context.
 */
void tsem_model_forget(struct tsem_model *model)
{
	guard(spinlock_irqsave)(&model->lock);
	renew(model);
}

/**
 * tsem_model_add_pseudonym() - The content of a pathname matters no more.
 * @model: Where.
 * @pseudonym: Digest of the pathname; copied.
 *
 * Events in progress were described by those that there are, so a model that is loaded to
 * take the place of another has the same.
 *
 * Context: Process context.
 * Return: 0, also if it is known; -EPERM after the seal; -E2BIG; -ENOMEM.
 */
int tsem_model_add_pseudonym(struct tsem_model *model, const struct tsem_digest *pseudonym)
{
	struct pseudonym *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	int r = 0;

	if (!p)
		return -ENOMEM;
	p->digest = *pseudonym;
	spin_lock_irq(&model->lock);
	if (model->sealed && !model->reloading) {
		r = -EPERM;
	} else if (!tsem_model_has_pseudonym(model, pseudonym)) {
		if (model->reloading) {
			r = -EPERM;
		} else if (model->pseudonym_count < TSEM_PSEUDONYMS_MAX) {
			hlist_add_head_rcu(&p->node, pseudonym_bucket(model, pseudonym));
			WRITE_ONCE(model->pseudonym_count, model->pseudonym_count + 1);
			renew(model);
			p = NULL;
		} else {
			r = -E2BIG;
		}
	}
	spin_unlock_irq(&model->lock);
	kfree(p);
	return r;
}

/**
 * tsem_model_reload() - Begin to load a model that will take the place of this one.
 * @model: Sealed. What is loaded from now on is of the other side; it holds from the next
 *	seal on, and then nothing else that was loaded or learned from verdicts before.
 *
 * May be said again, to begin anew. The caller lets nobody load meanwhile.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EPERM before the seal.
 */
int tsem_model_reload(struct tsem_model *model)
{
	struct tsem_point *point = NULL;

	scoped_guard(spinlock_irq, &model->lock) {
		if (!model->sealed)
			return -EPERM;
		model->reloading = true;
	}
	/* Whoever found this side in force has looked at his point by then. */
	synchronize_rcu();
	while ((point = tsem_point_next(model, point))) {
		WRITE_ONCE(point->given[!model->side], false);
		cond_resched();
	}
	return 0;
}

/**
 * tsem_model_seal() - From now on what is new is outside.
 * @model: Where another one was loaded that is in force now, as one step: a point holds
 *	by one model or by the other.
 *
 * Return: 0; -EPERM if it was sealed.
 */
int tsem_model_seal(struct tsem_model *model)
{
	guard(spinlock_irqsave)(&model->lock);
	if (model->reloading) {
		model->reloading = false;
		WRITE_ONCE(model->loaded, true); /* by a whole model, be it empty */
		WRITE_ONCE(model->side, !model->side);
		renew(model);
		return 0;
	}
	if (model->sealed)
		return -EPERM;
	model->sealed = true;
	return 0;
}

/*
 * The point of a digest, or NULL, and where it is or would be entered. Whoever finds a point
 * finds a whole one.
 */
static struct tsem_point *seek(struct tsem_model *model, const struct tsem_digest *digest,
			       struct tsem_point ***ret_place)
{
	struct tsem_point **place = &model->root, *point;

	for (unsigned int depth = 0;; depth++) {
		/* Pairs with the release in enter(). */
		point = smp_load_acquire(place);
		if (!point || !memcmp(&point->digest, digest, sizeof(*digest)))
			break;
		place = &point->below[way(digest, depth)];
	}
	*ret_place = place;
	return point;
}

/**
 * tsem_model_find() - Look a digest up.
 * @model: Where.
 * @digest: A coefficient.
 *
 * Context: Any.
 * Return: Its point, or NULL.
 */
struct tsem_point *tsem_model_find(struct tsem_model *model, const struct tsem_digest *digest)
{
	struct tsem_point **unused;

	return seek(model, digest, &unused);
}

static size_t record_bytes(const struct tsem_record *record)
{
	return struct_size(record, cell, record->room);
}

/* Whether one more is within the bounds. */
static bool has_room(const struct tsem_model *model, const struct tsem_point *point)
{
	const unsigned int most[TSEM_POINT_KIND_COUNT] = {
		[TSEM_POINT_VALID] = model->points_max,
		[TSEM_POINT_INVALID] = TSEM_FORENSICS_MAX,
		[TSEM_POINT_PROGRAM] = TSEM_PROGRAMS_MAX,
	};

	if (model->counts[point->kind] >= most[point->kind])
		return false;
	return !point->record ||
	       model->bytes + record_bytes(point->record) <= TSEM_TOLD_BYTES_MAX;
}

static void append(struct tsem_model *model, struct tsem_point *point)
{
	struct tsem_point **last = model->last ? &model->last->next : &model->first;

	lockdep_assert_held(&model->lock);
	model->counts[point->kind]++;
	if (point->record) {
		model->bytes += record_bytes(point->record);
		WRITE_ONCE(model->told, model->told + 1);
	}
	if (point->kind != TSEM_POINT_PROGRAM)
		tsem_measurement_extend(&model->base, &point->digest, &model->hash->hasher,
					&model->measurement);
	/* Pairs with the acquire in tsem_point_next(). */
	smp_store_release(last, point);
	model->last = point;
}

/*
 * Enter a point unless its digest is known. Returns the known one, @point, or
 * -E2BIG above a bound.
 */
static struct tsem_point *enter(struct tsem_model *model, struct tsem_point *point)
{
	struct tsem_point **place, *known;

	lockdep_assert_held(&model->lock);
	known = seek(model, &point->digest, &place);
	if (known)
		return known;
	if (!has_room(model, point))
		return ERR_PTR(-E2BIG);
	append(model, point);
	/* Pairs with the acquire in seek(). */
	smp_store_release(place, point);
	return point;
}

/**
 * tsem_model_load() - Add a coefficient as known good.
 * @model: Where.
 * @coefficient: Copied.
 *
 * Context: Process context.
 * Return: 0, also if it is known; -EPERM after the seal; -E2BIG; -ENOMEM.
 */
int tsem_model_load(struct tsem_model *model, const struct tsem_digest *coefficient)
{
	struct tsem_point *point = kzalloc(sizeof(*point), GFP_KERNEL_ACCOUNT), *found;

	if (!point)
		return -ENOMEM;
	point->digest = *coefficient;
	spin_lock_irq(&model->lock);
	if (model->sealed && !model->reloading)
		found = ERR_PTR(-EPERM);
	else
		found = enter(model, point);
	if (!IS_ERR(found)) {
		WRITE_ONCE(found->given[model->side ^ model->reloading], true);
		if (!model->reloading)
			WRITE_ONCE(model->loaded, true);
	}
	spin_unlock_irq(&model->lock);
	if (found != point)
		kfree(point);
	return PTR_ERR_OR_ZERO(found);
}

/**
 * tsem_model_remember() - An agent has trusted an event.
 * @model: The model.
 * @coefficient: Of the event, which is counted.
 * @generation: Of the model before the agent was asked.
 *
 * Where that is not possible the agent is asked again.
 *
 * Context: Process context.
 */
void tsem_model_remember(struct tsem_model *model, const struct tsem_digest *coefficient,
			 u32 generation)
{
	struct tsem_point *point = kzalloc(sizeof(*point), GFP_KERNEL_ACCOUNT), *found;

	if (!point)
		return;
	point->digest = *coefficient;
	point->generation = generation;
	spin_lock_irq(&model->lock);
	found = enter(model, point);
	if (!IS_ERR(found)) {
		atomic64_inc(&found->count);
		WRITE_ONCE(found->generation, generation);
	}
	spin_unlock_irq(&model->lock);
	if (found != point)
		kfree(point);
}

/**
 * tsem_model_add() - An event happened whose digest was not found.
 * @model: The model.
 * @record: The event, with the digest in its point. Moves into the model if the result
 *	is &@record->point, and only then.
 * @program: The digest is a TASK_ID.
 *
 * Context: Any.
 * Return: The point of the digest; -E2BIG above a bound, which is counted as untold if
 * the model is sealed.
 */
struct tsem_point *tsem_model_add(struct tsem_model *model, struct tsem_record *record,
				  bool program)
{
	struct tsem_point *point = &record->point, *found;
	unsigned long flags;

	point->record = record;
	spin_lock_irqsave(&model->lock, flags);
	if (program)
		point->kind = TSEM_POINT_PROGRAM;
	else
		point->kind = model->sealed ? TSEM_POINT_INVALID : TSEM_POINT_VALID;
	point->given[model->side] = true;
	found = enter(model, point);
	if (PTR_ERR(found) == -E2BIG && model->sealed)
		model->untold++;
	spin_unlock_irqrestore(&model->lock, flags);
	return found;
}

/** tsem_model_measurement() - The measurement as it is now. */
void tsem_model_measurement(struct tsem_model *model, struct tsem_digest *ret)
{
	guard(spinlock_irqsave)(&model->lock);
	*ret = model->measurement;
}

static int compare_digests(const void *a, const void *b)
{
	const struct tsem_digest *const *left = a, *const *right = b;

	cond_resched();	/* sort() does not, and there may be a million of them */
	return memcmp(*left, *right, sizeof(**left));
}

/* All coefficients up to some moment, unsorted. Returns their number. */
static unsigned int collect(struct tsem_model *model, const struct tsem_digest **digests,
			    unsigned int room)
{
	struct tsem_point *point = NULL;
	unsigned int count = 0;

	while (count < room && (point = tsem_point_next(model, point))) {
		if (point->kind != TSEM_POINT_PROGRAM)
			digests[count++] = &point->digest;
		cond_resched();
	}
	return count;
}

/**
 * tsem_model_state() - The state: like the measurement, in ascending order.
 * @model: The model.
 * @ret: The state of all points that are there when it begins.
 *
 * Context: Process context; hashes without the lock.
 * Return: 0 or -ENOMEM.
 */
int tsem_model_state(struct tsem_model *model, struct tsem_digest *ret)
{
	const struct tsem_digest **digests;
	struct tsem_digest base, aggregate;
	struct tsem_hash *hash = tsem_hash_new(model->alg, GFP_KERNEL);
	unsigned int count;

	if (!hash)
		return -ENOMEM;
	scoped_guard(spinlock_irqsave, &model->lock) {
		count = model->counts[TSEM_POINT_VALID] + model->counts[TSEM_POINT_INVALID];
		base = model->base;
		aggregate = model->aggregate;
	}
	digests = kvmalloc_array(count + 1, sizeof(*digests), GFP_KERNEL);
	if (!digests) {
		tsem_hash_free(hash);
		return -ENOMEM;
	}
	count = collect(model, digests, count);
	sort(digests, count, sizeof(*digests), compare_digests, NULL);
	tsem_measurement_start(&base, &aggregate, &hash->hasher, ret);
	for (unsigned int i = 0; i < count; i++) {
		tsem_measurement_extend(&base, digests[i], &hash->hasher, ret);
		cond_resched();
	}
	kvfree(digests);
	tsem_hash_free(hash);
	return 0;
}
