// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-answer.c - what answers are made of: the ring of events, latencies, JSON that is whole or
 * not there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../libtsem/cleanup.h"
#include "../../tma/latency.h"
#include "../../tma/reply.h"
#include "../../tma/ring.h"

static void add_event(struct ring *ring, uint64_t number, size_t size)
{
	static char record[RING_BYTES];

	memset(record, (int)('a' + number % 26), size);
	ring_add(ring,
		 &(struct ring_event){
			 .number = number, .verdict = "trusted", .record = record, .size = size });
}

static void assert_event(const struct ring *ring, struct ring_cursor *cursor, uint64_t number)
{
	struct ring_event event;
	uint64_t missed;

	assert_true(ring_next(ring, cursor, &event, &missed));
	assert_int_equal(event.number, number);
	assert_int_equal(missed, 0);
	for (size_t i = 0; i < event.size; i++)
		assert_int_equal(event.record[i], 'a' + number % 26);
}

static void test_ring(void **state)
{
	struct ring_event event;
	struct ring_cursor oldest, newest;
	struct ring ring;
	uint64_t missed;

	assert_int_equal(ring_init(&ring), 0);
	oldest = ring_oldest(&ring);
	assert_false(ring_next(&ring, &oldest, &event, &missed));
	add_event(&ring, 1, 10);
	newest = ring_newest(&ring);
	assert_false(ring_is_behind(&ring, &newest));
	add_event(&ring, 2, 0);
	assert_true(ring_is_behind(&ring, &newest));
	assert_event(&ring, &oldest, 1);
	assert_event(&ring, &oldest, 2);
	assert_event(&ring, &newest, 2);
	assert_false(ring_next(&ring, &newest, &event, &missed));
	free(ring.memory);
}

/* Every size, so that each way of reaching the end of the memory comes up; a reader that keeps up
 * sees all, one that does not learns how many it missed.
 */
static void test_ring_goes_round(void **state)
{
	struct ring_cursor fast, slow = {};
	struct ring_event event;
	uint64_t missed, seen;
	struct ring ring;

	assert_int_equal(ring_init(&ring), 0);
	fast = ring_oldest(&ring);
	for (uint64_t number = 0; number < 20000; number++) {
		add_event(&ring, number, number * 7919 % 3000);
		assert_event(&ring, &fast, number);
	}
	assert_true(ring_next(&ring, &slow, &event, &missed));
	assert_int_equal(event.number, missed);
	assert_true(missed > 10000 && missed < 20000);
	for (seen = 1; ring_next(&ring, &slow, &event, &missed); seen++)
		assert_int_equal(missed, 0);
	assert_int_equal(event.number, 19999);
	assert_true(seen > 500);
	free(ring.memory);
}

/* A reader that stands where the oldest event begins has missed none, wherever that is. */
static void test_ring_and_oldest(void **state)
{
	static struct ring_cursor stood[20000];
	struct ring_cursor fast;
	struct ring ring;

	assert_int_equal(ring_init(&ring), 0);
	fast = ring_oldest(&ring);
	for (uint64_t number = 0; number < ARRAY_SIZE(stood); number++) {
		struct ring_cursor slow;

		stood[number] = fast;
		add_event(&ring, number, number * 7919 % 3000);
		assert_event(&ring, &fast, number);
		slow = stood[ring.first];
		assert_event(&ring, &slow, ring.first);
	}
	assert_true(ring.first > 10000);
	free(ring.memory);
}

static void test_ring_and_long_events(void **state)
{
	struct ring_cursor cursor;
	struct ring ring;

	assert_int_equal(ring_init(&ring), 0);
	for (uint64_t number = 0; number < 50; number++)
		add_event(&ring, number, 262144 + number);
	cursor = ring_oldest(&ring);
	assert_event(&ring, &cursor, ring.first);
	add_event(&ring, 50, RING_BYTES / 2); /* not taken: it would leave no other */
	assert_int_equal(ring.count, 50);
	free(ring.memory);
}

static void test_latency(void **state)
{
	static struct latency l;

	assert_int_equal(latency_quantile(&l, 500), 0);
	for (unsigned int i = 1; i <= 1000; i++)
		latency_add(&l, 1, i * 1000, 1);
	assert_in_range(latency_quantile(&l, 500), 500000, 500000 * 9 / 8);
	assert_in_range(latency_quantile(&l, 990), 990000, 1000000);
	assert_int_equal(latency_quantile(&l, 1000), 1000000);
	assert_int_equal(l.count, 1000);
	assert_int_equal(l.sum_nsec, 500500000);
	assert_int_equal(l.max_nsec, 1000000);
}

static void test_latency_of_every_size(void **state)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		static struct latency l;

		l = (struct latency){};
		latency_add(&l, 1, 1ull << bit, 3);
		assert_int_equal(latency_quantile(&l, 500), 1ull << bit);
	}
}

static void test_latency_forgets(void **state)
{
	static struct latency l;

	latency_add(&l, 0, 1000000, 100);
	latency_add(&l, LATENCY_WINDOW_NSEC, 1000, 100);
	assert_int_equal(latency_quantile(&l, 990), 1000000);
	latency_add(&l, 2 * LATENCY_WINDOW_NSEC, 1000, 100);
	assert_in_range(latency_quantile(&l, 990), 1000, 1125);
	assert_int_equal(l.count, 300);
	assert_int_equal(l.max_nsec, 1000000);
}

static void test_reply(void **state)
{
	static const char expected[] =
		"{\"error\":\"a.B\",\"parameters\":{\"t\":\"\\u0022\\u005c\\u0001\\u007f\xc3\xa4\","
		"\"r\":\"\\udcff\",\"n\":18446744073709551615,\"o\":{\"d\":\"0aff\"},"
		"\"l\":[\"x\",\"y\"],\"j\":{}},\"continues\":true}";
	const char *const list[] = { "x", "y" };
	const struct tsem_digest digest = { .bytes = { 0x0a, 0xff } };
	char data[400];
	struct reply reply = { .data = data, .size = sizeof(data) };

	reply_open(&reply, "a.B");
	reply_text(&reply, "t", "\"\\\x01\x7f\xc3\xa4");
	reply_text(&reply, "r", "\xff");
	reply_number(&reply, "n", UINT64_MAX);
	reply_begin(&reply, "o");
	reply_digest(&reply, "d", &digest, 2);
	reply_end(&reply);
	reply_texts(&reply, "l", list, 2);
	reply_json(&reply, "j", "{}", 2);
	assert_true(reply_close(&reply, true));
	assert_int_equal(reply.end, sizeof(expected)); /* with its NUL */
	assert_memory_equal(data, expected, sizeof(expected));
}

/* In any room: the whole answer, or what was there before. */
static void test_reply_that_does_not_fit(void **state)
{
	char data[200];

	for (size_t size = 0; size < sizeof(data); size++) {
		struct reply reply = { .data = data, .size = size };
		size_t end;

		reply_open(&reply, NULL);
		(void)reply_close(&reply, false);
		end = reply.end;
		reply_open(&reply, NULL);
		reply_text(&reply, "text", "0123456789\n");
		if (reply_close(&reply, false))
			assert_int_equal(
				reply.end,
				end + strlen("{'parameters':{'text':'0123456789\\u000a'}}") + 1);
		else
			assert_int_equal(reply.end, end);
		assert_true(reply.end <= size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_ring_goes_round),
		cmocka_unit_test(test_ring_and_oldest),
		cmocka_unit_test(test_ring_and_long_events),
		cmocka_unit_test(test_latency),
		cmocka_unit_test(test_latency_of_every_size),
		cmocka_unit_test(test_latency_forgets),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_reply_that_does_not_fit),
	};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
