// SPDX-License-Identifier: GPL-2.0-only
/*
 * known_test.c - KUnit tests of the cache of known events: only equal bytes are
 * found, also where everything collides; generations; the bounds.
 */

#include <kunit/test.h>

#include "known.h"

/** struct event - Bytes of an event, and which point they have. */
struct event {
	enum tsem_event_id id;
	u64 who;
	u8 cell[TSEM_KNOWN_CELL_MAX + 1];
	size_t size;
	struct tsem_point point;
};

static struct tsem_raw raw_of(const struct event *event)
{
	return (struct tsem_raw){ event->id, event->who, event->cell, event->size };
}

static struct tsem_point *find(struct tsem_known *known, const struct event *event, u32 generation)
{
	const struct tsem_raw raw = raw_of(event);
	union tsem_known_value value;

	return tsem_known_find(known, &raw, generation, &value) ? value.point : NULL;
}

static void add(struct tsem_known *known, struct event *event, u32 generation)
{
	const union tsem_known_value value = { .point = &event->point };
	const struct tsem_raw raw = raw_of(event);

	tsem_known_add(known, &raw, generation, &value);
}

static struct tsem_known *known_new(struct kunit *test, u32 mask)
{
	struct tsem_known *known = tsem_known_new();

	KUNIT_ASSERT_NOT_NULL(test, known);
	known->mask = mask;
	return known;
}

static struct event *event_new(struct kunit *test, unsigned int number, size_t size)
{
	struct event *event = kunit_kzalloc(test, sizeof(*event), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, event);
	event->id = TSEM_EVENT_FILE_OPEN;
	event->size = size;
	memset(event->cell, 0x5a, size);
	memcpy(event->cell, &number, min(size, sizeof(number)));
	return event;
}

/* Every byte of an event counts, with and without the help of the hash. */
static void only_equal_bytes_are_found(struct kunit *test)
{
	static const u32 masks[] = { ~0U, 0 };
	struct event *event = event_new(test, 1, 40), *other = event_new(test, 1, 40);

	for (size_t m = 0; m < ARRAY_SIZE(masks); m++) {
		struct tsem_known *known = known_new(test, masks[m]);

		add(known, event, 1);
		KUNIT_EXPECT_PTR_EQ(test, find(known, event, 1), &event->point);
		other->who++;
		KUNIT_EXPECT_NULL(test, find(known, other, 1));
		other->who--;
		for (size_t i = 0; i < other->size; i++) {
			other->cell[i] ^= 0x80;
			KUNIT_EXPECT_NULL(test, find(known, other, 1));
			other->cell[i] ^= 0x80;
		}
		other->size = 39;
		KUNIT_EXPECT_NULL(test, find(known, other, 1));
		other->size = 41;
		KUNIT_EXPECT_NULL(test, find(known, other, 1));
		other->size = 40;
		other->id = TSEM_EVENT_FILE_RECEIVE;
		KUNIT_EXPECT_NULL(test, find(known, other, 1));
		other->id = TSEM_EVENT_FILE_OPEN;
		KUNIT_EXPECT_PTR_EQ(test, find(known, other, 1), &event->point);
		tsem_known_free(known);
	}
}

/* Every byte of a subject counts, with and without the help of the hash. */
static void only_equal_subjects_have_one_number(struct kunit *test)
{
	static const u32 masks[] = { ~0U, 0 };
	struct tsem_subject subject = {};
	u8 *bytes = (u8 *)&subject;

	for (size_t m = 0; m < ARRAY_SIZE(masks); m++) {
		struct tsem_known *known = known_new(test, masks[m]);
		u64 who = tsem_known_who(known, &subject), last = who;

		KUNIT_EXPECT_NE(test, who, 0);
		KUNIT_EXPECT_EQ(test, tsem_known_who(known, &subject), who);
		for (size_t i = 0; i < sizeof(subject); i++) {
			u64 other;

			bytes[i] ^= 1;
			other = tsem_known_who(known, &subject);
			KUNIT_EXPECT_GT(test, other, last);
			KUNIT_EXPECT_EQ(test, tsem_known_who(known, &subject), other);
			bytes[i] ^= 1;
			last = other;
		}
		/* Where all collide it was pushed out, and its number is not given again. */
		if (!masks[m])
			KUNIT_EXPECT_GT(test, tsem_known_who(known, &subject), last);
		tsem_known_free(known);
	}
}

/* Subjects that push each other out are counted. */
static void subjects_push_out_one(struct kunit *test)
{
	struct tsem_known *known = known_new(test, 0);
	struct tsem_subject subject = {};
	u64 who[TSEM_KNOWN_WAYS + 1];

	for (unsigned int i = 0; i < TSEM_KNOWN_WAYS; i++) {
		subject.coe[0] = i;
		who[i] = tsem_known_who(known, &subject);
	}
	KUNIT_EXPECT_EQ(test, atomic64_read(&known->subjects_pushed_out), 0);
	subject.coe[0] = TSEM_KNOWN_WAYS;
	who[TSEM_KNOWN_WAYS] = tsem_known_who(known, &subject);
	KUNIT_EXPECT_EQ(test, atomic64_read(&known->subjects_pushed_out), 1);
	KUNIT_EXPECT_EQ(test, tsem_known_who(known, &subject), who[TSEM_KNOWN_WAYS]);
	KUNIT_EXPECT_EQ(test, atomic64_read(&known->subjects_pushed_out), 1);
	tsem_known_free(known);
}

/* As many as a set has ways stay, then the next pushes one out, never two. */
static void collisions_push_out_one(struct kunit *test)
{
	struct tsem_known *known = known_new(test, 0);
	struct event *events[TSEM_KNOWN_WAYS + 1];
	unsigned int found = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(events); i++) {
		events[i] = event_new(test, i, 40);
		add(known, events[i], 1);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(events); i++) {
		struct tsem_point *point = find(known, events[i], 1);

		KUNIT_EXPECT_TRUE(test, !point || point == &events[i]->point);
		found += !!point;
	}
	KUNIT_EXPECT_EQ(test, found, TSEM_KNOWN_WAYS);
	KUNIT_EXPECT_EQ(test, atomic_read(&known->kept), TSEM_KNOWN_WAYS);
	KUNIT_EXPECT_EQ(test, atomic64_read(&known->pushed_out), 1);
	KUNIT_EXPECT_PTR_EQ(test, find(known, events[TSEM_KNOWN_WAYS], 1),
			    &events[TSEM_KNOWN_WAYS]->point);
	tsem_known_free(known);
}

static void older_generations_are_not_found(struct kunit *test)
{
	struct tsem_known *known = known_new(test, 0);
	struct event *event = event_new(test, 1, 40), *other = event_new(test, 2, 40);

	add(known, event, 1);
	KUNIT_EXPECT_NULL(test, find(known, event, 2));
	KUNIT_EXPECT_PTR_EQ(test, find(known, event, 1), &event->point);
	/* What is outdated makes room first. */
	for (unsigned int i = 0; i < TSEM_KNOWN_WAYS; i++)
		add(known, i ? other : event, 2);
	KUNIT_EXPECT_NULL(test, find(known, event, 1));
	KUNIT_EXPECT_PTR_EQ(test, find(known, event, 2), &event->point);
	tsem_known_free(known);
}

static void large_events_are_not_kept(struct kunit *test)
{
	struct tsem_known *known = known_new(test, ~0U);
	struct event *event = event_new(test, 1, TSEM_KNOWN_CELL_MAX);

	add(known, event, 1);
	KUNIT_EXPECT_PTR_EQ(test, find(known, event, 1), &event->point);
	event->size++;
	add(known, event, 1);
	KUNIT_EXPECT_NULL(test, find(known, event, 1));
	event->size = 0;
	KUNIT_EXPECT_NULL(test, find(known, event, 1));
	add(known, event, 1);
	KUNIT_EXPECT_PTR_EQ(test, find(known, event, 1), &event->point);
	tsem_known_free(known);
}

/* What is known of a pathname or of an exec is not known of an event with the same bytes. */
static void kinds_are_told_apart(struct kunit *test)
{
	static const u32 masks[] = { ~0U, 0 };
	struct event *event = event_new(test, 1, 40);
	const union tsem_known_value program = { .task_id.bytes = { 1, 2, 3 } };
	const union tsem_known_value path = { .pseudonym = true };
	union tsem_known_value value = {};

	for (size_t m = 0; m < ARRAY_SIZE(masks); m++) {
		struct tsem_known *known = known_new(test, masks[m]);
		struct tsem_raw raw = raw_of(event);

		raw.event = TSEM_KNOWN_PROGRAM;
		tsem_known_add(known, &raw, 1, &program);
		KUNIT_EXPECT_NULL(test, find(known, event, 1));
		KUNIT_EXPECT_TRUE(test, tsem_known_find(known, &raw, 1, &value));
		KUNIT_EXPECT_MEMEQ(test, &value.task_id, &program.task_id,
				   sizeof(value.task_id));

		raw.event = TSEM_KNOWN_PATH;
		raw.who = 0;
		KUNIT_EXPECT_FALSE(test, tsem_known_find(known, &raw, 1, &value));
		tsem_known_add(known, &raw, 1, &path);
		KUNIT_EXPECT_NULL(test, find(known, event, 1));
		KUNIT_EXPECT_TRUE(test, tsem_known_find(known, &raw, 1, &value));
		KUNIT_EXPECT_TRUE(test, value.pseudonym);
		tsem_known_free(known);
	}
}

static struct kunit_case known_cases[] = {
	KUNIT_CASE(only_equal_bytes_are_found),
	KUNIT_CASE(only_equal_subjects_have_one_number),
	KUNIT_CASE(subjects_push_out_one),
	KUNIT_CASE(collisions_push_out_one),
	KUNIT_CASE(older_generations_are_not_found),
	KUNIT_CASE(large_events_are_not_kept),
	KUNIT_CASE(kinds_are_told_apart),
	{}
};

static struct kunit_suite known_suite = {
	.name = "tsem_known",
	.test_cases = known_cases,
};

kunit_test_suite(known_suite);
