// SPDX-License-Identifier: GPL-2.0-only
/*
 * model_test.c - KUnit tests of the model inside the kernel: whole sequences of
 * formula 1, what is new and what is known, the seal, pseudonyms, and every bound.
 */

#include <kunit/test.h>
#include <linux/hex.h>

#include "model.h"
#include "record.h"

struct step {
	const char *coefficient;
	bool new;
	const char *measurement;
};

struct sequence {
	const char *id, *hash, *base, *aggregate, *after_load, *measurement, *state;
	const char *const *states;
	unsigned int state_count;
	const struct step *steps;
	unsigned int step_count;
	unsigned int points;
};

#include "sequences_test.h"

static void sequence_describe(const struct sequence *sequence, char *name)
{
	strscpy(name, sequence->id, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(sequences, sequences, sequence_describe);

static struct tsem_digest digest_of(struct kunit *test, const char *hex)
{
	struct tsem_digest digest = {};

	KUNIT_ASSERT_EQ(test, hex2bin(digest.bytes, hex, strlen(hex) / 2), 0);
	return digest;
}

static struct tsem_digest numbered(unsigned int number)
{
	struct tsem_digest digest = {};

	memcpy(digest.bytes, &number, sizeof(number));
	return digest;
}

/** struct fixture - A model and its hash function. */
struct fixture {
	struct tsem_alg alg;
	struct tsem_model *model;
};

static void fixture_new(struct kunit *test, struct fixture *fixture, const char *hash,
			const char *aggregate, unsigned int points_max)
{
	struct tsem_digest digest = digest_of(test, aggregate);

	KUNIT_ASSERT_EQ(test, tsem_alg_init(&fixture->alg, hash), 0);
	KUNIT_ASSERT_EQ(test, tsem_model_new(&fixture->alg, &digest, points_max,
					     &fixture->model), 0);
}

static void fixture_done(struct fixture *fixture)
{
	tsem_model_free(fixture->model);
	tsem_alg_done(&fixture->alg);
}

/* As an event would; returns what tsem_model_add() says and whether it was new. */
static struct tsem_point *happen(struct kunit *test, struct tsem_model *model,
				 const struct tsem_digest *digest, bool program, bool *ret_new)
{
	struct tsem_record *record = tsem_record_alloc(16, GFP_KERNEL);
	struct tsem_point *point;

	KUNIT_ASSERT_NOT_NULL(test, record);
	record->point.digest = *digest;
	point = tsem_model_add(model, record, program);
	*ret_new = point == &record->point;
	if (!*ret_new)
		tsem_record_free(record);
	return point;
}

static void expect_measurement(struct kunit *test, struct tsem_model *model, const char *hex)
{
	struct tsem_digest measurement, expected = digest_of(test, hex);

	tsem_model_measurement(model, &measurement);
	KUNIT_EXPECT_MEMEQ(test, measurement.bytes, expected.bytes, TSEM_DIGEST_MAX);
}

static void expect_state(struct kunit *test, struct tsem_model *model, const char *hex)
{
	struct tsem_digest state, expected = digest_of(test, hex);

	KUNIT_ASSERT_EQ(test, tsem_model_state(model, &state), 0);
	KUNIT_EXPECT_MEMEQ(test, state.bytes, expected.bytes, TSEM_DIGEST_MAX);
}

static void sequence_as_recorded(struct kunit *test)
{
	const struct sequence *s = test->param_value;
	struct fixture fixture;
	struct tsem_digest digest;
	bool new;

	fixture_new(test, &fixture, s->hash, s->aggregate, 1000);
	if (*s->base) {
		digest = digest_of(test, s->base);
		KUNIT_EXPECT_EQ(test, tsem_model_set_base(fixture.model, &digest), 0);
	}
	for (unsigned int i = 0; i < s->state_count; i++) {
		digest = digest_of(test, s->states[i]);
		KUNIT_EXPECT_EQ(test, tsem_model_load(fixture.model, &digest), 0);
	}
	expect_measurement(test, fixture.model, s->after_load);
	for (unsigned int i = 0; i < s->step_count; i++) {
		digest = digest_of(test, s->steps[i].coefficient);
		happen(test, fixture.model, &digest, false, &new);
		KUNIT_EXPECT_EQ(test, new, s->steps[i].new);
		expect_measurement(test, fixture.model, s->steps[i].measurement);
	}
	expect_measurement(test, fixture.model, s->measurement);
	expect_state(test, fixture.model, s->state);
	KUNIT_EXPECT_EQ(test, fixture.model->counts[TSEM_POINT_VALID], s->points);
	fixture_done(&fixture);
}

/* The order of arrival changes the measurement and not the state; programs change neither. */
static void state_has_no_order(struct kunit *test)
{
	struct tsem_digest measurement[2], state[2], digest;
	bool new;

	for (unsigned int order = 0; order < 2; order++) {
		struct fixture fixture;

		fixture_new(test, &fixture, "sha256", "", 1000);
		for (unsigned int i = 0; i < 100; i++) {
			digest = numbered(order ? 99 - i : i);
			happen(test, fixture.model, &digest, false, &new);
			digest = numbered(order ? 1000 + i : 5000);
			happen(test, fixture.model, &digest, true, &new);
		}
		tsem_model_measurement(fixture.model, &measurement[order]);
		KUNIT_EXPECT_EQ(test, tsem_model_state(fixture.model, &state[order]), 0);
		fixture_done(&fixture);
	}
	KUNIT_EXPECT_MEMNEQ(test, &measurement[0], &measurement[1], sizeof(measurement[0]));
	KUNIT_EXPECT_MEMEQ(test, &state[0], &state[1], sizeof(state[0]));
}

static void sealed_takes_nothing(struct kunit *test)
{
	struct tsem_digest one = numbered(1), two = numbered(2), base = numbered(3);
	struct tsem_point *point;
	struct fixture fixture;
	bool new;

	fixture_new(test, &fixture, "sha256", "", 1000);
	KUNIT_EXPECT_EQ(test, tsem_model_load(fixture.model, &one), 0);
	KUNIT_EXPECT_EQ(test, tsem_model_load(fixture.model, &one), 0);
	KUNIT_EXPECT_EQ(test, tsem_model_set_base(fixture.model, &base), -EBUSY);
	KUNIT_EXPECT_EQ(test, tsem_model_seal(fixture.model), 0);
	KUNIT_EXPECT_EQ(test, tsem_model_seal(fixture.model), -EPERM);
	KUNIT_EXPECT_EQ(test, tsem_model_load(fixture.model, &two), -EPERM);
	KUNIT_EXPECT_EQ(test, tsem_model_set_base(fixture.model, &base), -EPERM);
	KUNIT_EXPECT_EQ(test, tsem_model_add_pseudonym(fixture.model, &two), -EPERM);

	point = happen(test, fixture.model, &one, false, &new);
	KUNIT_EXPECT_FALSE(test, new);
	KUNIT_EXPECT_EQ(test, point->kind, TSEM_POINT_VALID);
	point = happen(test, fixture.model, &two, false, &new);
	KUNIT_EXPECT_TRUE(test, new);
	KUNIT_EXPECT_EQ(test, point->kind, TSEM_POINT_INVALID);
	KUNIT_EXPECT_PTR_EQ(test, tsem_model_find(fixture.model, &two), point);
	KUNIT_EXPECT_EQ(test, fixture.model->counts[TSEM_POINT_VALID], 1);
	KUNIT_EXPECT_EQ(test, fixture.model->counts[TSEM_POINT_INVALID], 1);
	fixture_done(&fixture);
}

/* A verdict holds for its generation, what was loaded for good. */
static void verdicts_hold_for_a_generation(struct kunit *test)
{
	struct tsem_digest one = numbered(1), two = numbered(2), three = numbered(3);
	struct tsem_point *loaded, *learned;
	struct fixture fixture;
	u32 before;

	fixture_new(test, &fixture, "sha256", "", 2);
	before = fixture.model->generation;
	KUNIT_EXPECT_EQ(test, tsem_model_load(fixture.model, &one), 0);
	tsem_model_remember(fixture.model, &two, before);
	tsem_model_remember(fixture.model, &two, before);
	loaded = tsem_model_find(fixture.model, &one);
	learned = tsem_model_find(fixture.model, &two);
	KUNIT_ASSERT_NOT_NULL(test, learned);
	KUNIT_EXPECT_EQ(test, atomic64_read(&learned->count), 2);
	KUNIT_EXPECT_TRUE(test, tsem_point_holds(fixture.model, loaded));
	KUNIT_EXPECT_TRUE(test, tsem_point_holds(fixture.model, learned));

	tsem_model_forget(fixture.model);
	KUNIT_EXPECT_TRUE(test, tsem_point_holds(fixture.model, loaded));
	KUNIT_EXPECT_FALSE(test, tsem_point_holds(fixture.model, learned));
	/* A verdict on what was asked before is counted and not remembered. */
	tsem_model_remember(fixture.model, &two, before);
	KUNIT_EXPECT_FALSE(test, tsem_point_holds(fixture.model, learned));
	tsem_model_remember(fixture.model, &two, fixture.model->generation);
	KUNIT_EXPECT_TRUE(test, tsem_point_holds(fixture.model, learned));
	/* A new pseudonym changes coefficients. */
	KUNIT_EXPECT_EQ(test, tsem_model_add_pseudonym(fixture.model, &one), 0);
	KUNIT_EXPECT_FALSE(test, tsem_point_holds(fixture.model, learned));
	/* Above the bound the agent is asked each time. */
	tsem_model_remember(fixture.model, &three, fixture.model->generation);
	KUNIT_EXPECT_NULL(test, tsem_model_find(fixture.model, &three));
	fixture_done(&fixture);
}

static bool holds(struct fixture *fixture, unsigned int n)
{
	struct tsem_digest digest = numbered(n);
	const struct tsem_point *point = tsem_model_find(fixture->model, &digest);

	return point && tsem_point_holds(fixture->model, point);
}

static int load(struct fixture *fixture, unsigned int n)
{
	struct tsem_digest digest = numbered(n);

	return tsem_model_load(fixture->model, &digest);
}

static void trust(struct fixture *fixture, unsigned int n, u32 generation)
{
	struct tsem_digest digest = numbered(n);

	tsem_model_remember(fixture->model, &digest, generation);
}

/* 1 is in both models, 2 in the old one only, 3 in the new one, 4 an agent has trusted. */
static void another_model_takes_the_place(struct kunit *test)
{
	struct fixture fixture;
	u32 before;

	fixture_new(test, &fixture, "sha256", "", 8);
	KUNIT_EXPECT_EQ(test, load(&fixture, 1), 0);
	KUNIT_EXPECT_EQ(test, load(&fixture, 2), 0);
	KUNIT_EXPECT_EQ(test, tsem_model_reload(fixture.model), -EPERM);
	KUNIT_EXPECT_EQ(test, tsem_model_seal(fixture.model), 0);
	before = fixture.model->generation;
	trust(&fixture, 4, before);

	KUNIT_EXPECT_EQ(test, tsem_model_reload(fixture.model), 0);
	KUNIT_EXPECT_EQ(test, load(&fixture, 1), 0);
	KUNIT_EXPECT_EQ(test, load(&fixture, 3), 0);
	/* Not yet. */
	KUNIT_EXPECT_TRUE(test, holds(&fixture, 1) && holds(&fixture, 2) && holds(&fixture, 4));
	KUNIT_EXPECT_FALSE(test, holds(&fixture, 3));
	KUNIT_EXPECT_EQ(test, fixture.model->generation, before);

	KUNIT_EXPECT_EQ(test, tsem_model_seal(fixture.model), 0);
	KUNIT_EXPECT_TRUE(test, holds(&fixture, 1) && holds(&fixture, 3));
	KUNIT_EXPECT_FALSE(test, holds(&fixture, 2) || holds(&fixture, 4));
	/* Nor by a verdict that was asked for before; by a new one all the same. */
	trust(&fixture, 2, before);
	trust(&fixture, 4, before);
	KUNIT_EXPECT_FALSE(test, holds(&fixture, 2) || holds(&fixture, 4));
	trust(&fixture, 2, fixture.model->generation);
	KUNIT_EXPECT_TRUE(test, holds(&fixture, 2));

	KUNIT_EXPECT_EQ(test, load(&fixture, 5), -EPERM);
	KUNIT_EXPECT_EQ(test, tsem_model_seal(fixture.model), -EPERM);
	fixture_done(&fixture);
}

/* What was loaded and given up is part of nothing, however often. */
static void a_model_that_was_given_up_leaves_nothing(struct kunit *test)
{
	struct fixture fixture;

	fixture_new(test, &fixture, "sha256", "", 8);
	KUNIT_EXPECT_EQ(test, load(&fixture, 1), 0);
	KUNIT_EXPECT_EQ(test, tsem_model_seal(fixture.model), 0);
	for (unsigned int round = 0; round < 3; round++) {
		KUNIT_EXPECT_EQ(test, tsem_model_reload(fixture.model), 0);
		KUNIT_EXPECT_EQ(test, load(&fixture, 2 + round), 0);
		KUNIT_EXPECT_TRUE(test, holds(&fixture, 1));
		KUNIT_EXPECT_FALSE(test, holds(&fixture, 2 + round));
	}
	KUNIT_EXPECT_EQ(test, tsem_model_reload(fixture.model), 0);
	KUNIT_EXPECT_EQ(test, tsem_model_seal(fixture.model), 0);
	for (unsigned int n = 1; n < 5; n++)
		KUNIT_EXPECT_FALSE(test, holds(&fixture, n));
	/* An empty model is one: what does not wait is outside. */
	KUNIT_EXPECT_TRUE(test, fixture.model->loaded);

	/* And back, to the side that had the first one. */
	KUNIT_EXPECT_EQ(test, tsem_model_reload(fixture.model), 0);
	KUNIT_EXPECT_EQ(test, load(&fixture, 3), 0);
	KUNIT_EXPECT_EQ(test, tsem_model_seal(fixture.model), 0);
	KUNIT_EXPECT_TRUE(test, holds(&fixture, 3));
	KUNIT_EXPECT_FALSE(test, holds(&fixture, 1) || holds(&fixture, 2) || holds(&fixture, 4));
	fixture_done(&fixture);
}

static void another_model_has_the_same_pseudonyms(struct kunit *test)
{
	struct tsem_digest one = numbered(1), two = numbered(2);
	struct fixture fixture;

	fixture_new(test, &fixture, "sha256", "", 2);
	KUNIT_EXPECT_EQ(test, tsem_model_add_pseudonym(fixture.model, &one), 0);
	KUNIT_EXPECT_EQ(test, tsem_model_seal(fixture.model), 0);
	KUNIT_EXPECT_EQ(test, tsem_model_add_pseudonym(fixture.model, &one), -EPERM);
	KUNIT_EXPECT_EQ(test, tsem_model_reload(fixture.model), 0);
	KUNIT_EXPECT_EQ(test, tsem_model_add_pseudonym(fixture.model, &one), 0);
	KUNIT_EXPECT_EQ(test, tsem_model_add_pseudonym(fixture.model, &two), -EPERM);
	KUNIT_EXPECT_FALSE(test, tsem_model_has_pseudonym(fixture.model, &two));
	KUNIT_EXPECT_EQ(test, tsem_model_set_base(fixture.model, &one), -EPERM);
	fixture_done(&fixture);
}

/* Points of both have one bound; what was there costs nothing again. */
static void both_models_are_bounded(struct kunit *test)
{
	struct fixture fixture;

	fixture_new(test, &fixture, "sha256", "", 2);
	KUNIT_EXPECT_EQ(test, load(&fixture, 1), 0);
	KUNIT_EXPECT_EQ(test, tsem_model_seal(fixture.model), 0);
	KUNIT_EXPECT_EQ(test, tsem_model_reload(fixture.model), 0);
	KUNIT_EXPECT_EQ(test, load(&fixture, 2), 0);
	KUNIT_EXPECT_EQ(test, load(&fixture, 1), 0);
	KUNIT_EXPECT_EQ(test, load(&fixture, 3), -E2BIG);
	KUNIT_EXPECT_TRUE(test, holds(&fixture, 1));
	KUNIT_EXPECT_FALSE(test, holds(&fixture, 2) || holds(&fixture, 3));
	fixture_done(&fixture);
}

static void points_are_bounded(struct kunit *test)
{
	struct tsem_digest digest;
	struct fixture fixture;
	bool new;

	fixture_new(test, &fixture, "sha256", "", 2);
	for (unsigned int i = 0; i < 2; i++) {
		digest = numbered(i);
		KUNIT_EXPECT_EQ(test, tsem_model_load(fixture.model, &digest), 0);
	}
	digest = numbered(2);
	KUNIT_EXPECT_EQ(test, tsem_model_load(fixture.model, &digest), -E2BIG);
	KUNIT_EXPECT_EQ(test, PTR_ERR(happen(test, fixture.model, &digest, false, &new)), -E2BIG);
	KUNIT_EXPECT_NULL(test, tsem_model_find(fixture.model, &digest));
	/* It is refused and counted as dropped, see judge.c. */
	KUNIT_EXPECT_EQ(test, fixture.model->untold, 0);
	digest = numbered(0);
	KUNIT_EXPECT_EQ(test, tsem_model_load(fixture.model, &digest), 0);
	fixture_done(&fixture);
}

/* How many of @kind go in, one after the other; the rest is untold. */
static void expect_bound(struct kunit *test, bool program, unsigned int bound)
{
	struct tsem_point *point = NULL;
	unsigned int listed = 0;
	struct tsem_digest digest;
	struct fixture fixture;
	bool new;

	fixture_new(test, &fixture, "sha256", "", 1);
	KUNIT_ASSERT_EQ(test, tsem_model_seal(fixture.model), 0);
	for (unsigned int i = 0; i < bound; i++) {
		digest = numbered(i);
		happen(test, fixture.model, &digest, program, &new);
		if (!new)
			break;
	}
	KUNIT_EXPECT_TRUE(test, new);
	digest = numbered(bound);
	KUNIT_EXPECT_EQ(test, PTR_ERR(happen(test, fixture.model, &digest, program, &new)), -E2BIG);
	KUNIT_EXPECT_EQ(test, fixture.model->untold, 1);
	KUNIT_EXPECT_EQ(test, fixture.model->told, bound);
	while ((point = tsem_point_next(fixture.model, point)))
		listed++;
	KUNIT_EXPECT_EQ(test, listed, bound);
	fixture_done(&fixture);
}

static void forensics_are_bounded(struct kunit *test)
{
	expect_bound(test, false, TSEM_FORENSICS_MAX);
}

static void programs_are_bounded(struct kunit *test)
{
	expect_bound(test, true, TSEM_PROGRAMS_MAX);
}

static void told_bytes_are_bounded(struct kunit *test)
{
	struct tsem_digest digest = numbered(1);
	struct fixture fixture;
	bool new;

	fixture_new(test, &fixture, "sha256", "", 1000);
	fixture.model->bytes = TSEM_TOLD_BYTES_MAX;
	KUNIT_EXPECT_EQ(test, PTR_ERR(happen(test, fixture.model, &digest, false, &new)), -E2BIG);
	/* What is loaded has no record. */
	KUNIT_EXPECT_EQ(test, tsem_model_load(fixture.model, &digest), 0);
	fixture_done(&fixture);
}

static void pseudonyms_are_bounded(struct kunit *test)
{
	struct tsem_digest digest;
	struct fixture fixture;

	fixture_new(test, &fixture, "sha256", "", 1000);
	for (unsigned int i = 0; i < TSEM_PSEUDONYMS_MAX; i++) {
		digest = numbered(i);
		KUNIT_EXPECT_FALSE(test, tsem_model_has_pseudonym(fixture.model, &digest));
		KUNIT_EXPECT_EQ(test, tsem_model_add_pseudonym(fixture.model, &digest), 0);
		KUNIT_EXPECT_TRUE(test, tsem_model_has_pseudonym(fixture.model, &digest));
	}
	KUNIT_EXPECT_EQ(test, tsem_model_add_pseudonym(fixture.model, &digest), 0);
	digest = numbered(TSEM_PSEUDONYMS_MAX);
	KUNIT_EXPECT_EQ(test, tsem_model_add_pseudonym(fixture.model, &digest), -E2BIG);
	KUNIT_EXPECT_EQ(test, fixture.model->pseudonym_count, TSEM_PSEUDONYMS_MAX);
	fixture_done(&fixture);
}

static struct kunit_case model_cases[] = {
	KUNIT_CASE_PARAM(sequence_as_recorded, sequences_gen_params),
	KUNIT_CASE(state_has_no_order),
	KUNIT_CASE(sealed_takes_nothing),
	KUNIT_CASE(verdicts_hold_for_a_generation),
	KUNIT_CASE(another_model_takes_the_place),
	KUNIT_CASE(a_model_that_was_given_up_leaves_nothing),
	KUNIT_CASE(another_model_has_the_same_pseudonyms),
	KUNIT_CASE(both_models_are_bounded),
	KUNIT_CASE(points_are_bounded),
	KUNIT_CASE(forensics_are_bounded),
	KUNIT_CASE(programs_are_bounded),
	KUNIT_CASE(told_bytes_are_bounded),
	KUNIT_CASE(pseudonyms_are_bounded),
	{}
};

static struct kunit_suite model_suite = {
	.name = "tsem_model",
	.test_cases = model_cases,
};

kunit_test_suite(model_suite);
