// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-core.c - the parts of the core for which there are no vectors: SHA-256
 * against OpenSSL, the set, the engine when sealed, full or given a pseudonym,
 * the scanner's bounds.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../libtsem/core/engine.h"
#include "../../libtsem/core/sha256.h"
#include "../../libtsem/hasher.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define COE                                                                                  \
	"\"COE\": {\"uid\": \"0\", \"euid\": \"0\", \"suid\": \"0\", \"gid\": \"0\", "       \
	"\"egid\": \"0\", \"sgid\": \"0\", \"fsuid\": \"0\", \"fsgid\": \"0\", "             \
	"\"capeff\": \"0x0\"}"
#define EVENT(type)                                                                          \
	"\"event\": {\"pid\": \"7\", \"context\": \"1\", \"number\": \"12\", "               \
	"\"process\": \"x\", \"type\": \"" type "\", \"ttd\": \"1\", \"p_ttd\": \"0\", "     \
	"\"task_id\": \"" ZEROS "\", \"p_task_id\": \"" ZEROS "\", \"ts\": \"1\"}"
#define CAPABLE(cap)                                                                         \
	"{" EVENT("capable") ", " COE ", \"capable\": {\"cap\": \"" cap                      \
			     "\", \"opts\": \"2\", \"initial_ns\": \"1\"}}"
#define OPEN(flags, digest)                                                                  \
	"{" EVENT("file_open") ", " COE ", \"file_open\": {\"file\": {\"flags\": \"" flags   \
	"\", \"inode\": {\"uid\": \"0\", \"gid\": \"0\", \"mode\": \"0100644\", "            \
	"\"s_magic\": \"0xef53\", \"s_id\": \"vda\", \"s_uuid\": "                           \
	"\"00000000000000000000000000000000\"}, \"path\": {\"pathname\": \"/var/log/x\"}, "  \
	"\"digest\": \"" digest "\"}}}"
#define OTHER "1111111111111111111111111111111111111111111111111111111111111111"

static uint8_t packed[TSEM_RECORD_LINE_MAX];

static struct tsem_digest numbered(uint64_t number)
{
	struct tsem_digest digest = { { 0 } };

	/* Spread, and with many first slots in common. */
	digest.bytes[0] = (uint8_t)number;
	memcpy(digest.bytes + 8, &number, sizeof(number));
	return digest;
}

static void sha256_is_openssls(void **state)
{
	struct tsem_sha256 ctx;
	struct tsem_hasher own = { &tsem_sha256_ops, &ctx }, *openssl = NULL;
	uint8_t message[300], a[32], b[32];

	assert_int_equal(tsem_hasher_new("sha256", &openssl), 0);
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * 7 + 3);
	for (size_t size = 0; size <= sizeof(message); size++) {
		size_t cut = size / 3;

		tsem_hash_init(&own);
		tsem_hash_update(&own, message, cut);
		tsem_hash_update(&own, message + cut, size - cut);
		tsem_hash_final(&own, a);
		tsem_hash_init(openssl);
		tsem_hash_update(openssl, message, size);
		tsem_hash_final(openssl, b);
		assert_memory_equal(a, b, sizeof(a));
	}
	openssl = tsem_hasher_free(openssl);
}

static void unknown_functions_are_refused(void **state)
{
	static const char *const names[] = { "", "md5", "sha1", "SHA256", "sha256 ", "sha-256", "sm4" };
	struct tsem_hasher *hasher = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(tsem_hasher_new(names[i], &hasher), -EINVAL);
		assert_null(hasher);
	}
}

static void set_keeps_what_it_is_given(void **state)
{
	struct tsem_set small, large;
	void *memory = calloc(1, tsem_set_bytes(1024, 32)), *more = calloc(1, tsem_set_bytes(2048, 32));
	bool new;

	assert_non_null(memory);
	assert_non_null(more);
	tsem_set_init(&small, memory, 1024, 32);
	for (uint64_t i = 0; i < 768; i++) {
		struct tsem_digest digest = numbered(i);
		struct tsem_set_entry *entry = tsem_set_add(&small, &digest, &new);

		assert_non_null(entry);
		assert_true(new);
		assert_int_equal(entry->number, i);
		entry->count = i;
		assert_ptr_equal(tsem_set_add(&small, &digest, &new), entry);
		assert_false(new);
	}
	struct tsem_digest one_more = numbered(768);

	assert_null(tsem_set_add(&small, &one_more, &new));	/* three quarters full */
	assert_null(tsem_set_find(&small, &one_more));
	tsem_set_init(&large, more, 2048, 32);
	tsem_set_move(&small, &large);
	assert_int_equal(large.count, 768);
	for (uint64_t i = 0; i < 768; i++) {
		struct tsem_digest digest = numbered(i);

		assert_int_equal(tsem_set_find(&large, &digest)->count, i);
	}
	assert_null(tsem_set_find(&large, &one_more));
	assert_non_null(tsem_set_add(&large, &one_more, &new));
	free(memory);
	free(more);
}

static void an_entry_is_small(void **state)
{
	assert_true(tsem_set_bytes(1, 32) <= 64);
}

static void an_empty_set_has_nothing(void **state)
{
	struct tsem_set set = { .slots = 0 };
	struct tsem_digest digest = numbered(1);

	assert_null(tsem_set_find(&set, &digest));
}

/* The engine. */

struct fixture {
	struct tsem_engine engine;
	struct tsem_result result;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(tsem_hasher_new("sha256", &f->engine.hasher), 0);
	f->engine.fields = TSEM_FIELDS_PORTABLE;
	tsem_set_init(&f->engine.points, calloc(1, tsem_set_bytes(4, 32)), 4, 32);
	tsem_set_init(&f->engine.pseudonyms, calloc(1, tsem_set_bytes(4, 32)), 4, 32);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->engine.points.memory);
	free(f->engine.pseudonyms.memory);
	f->engine.hasher = tsem_hasher_free(f->engine.hasher);
	free(f);
	return 0;
}

static enum tsem_judgement judge(struct fixture *f, const char *line)
{
	struct tsem_record record;

	assert_int_equal(tsem_record_scan(line, strlen(line), 32, packed, sizeof(packed), &record), 0);
	assert_int_equal(record.number, 12);
	assert_int_equal(record.pid, 7);
	tsem_engine_judge(&f->engine, &record, &f->result);
	return f->result.judgement;
}

static void engine_learns_until_sealed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(judge(f, CAPABLE("1")), TSEM_JUDGED_LEARNED);
	assert_int_equal(judge(f, CAPABLE("1")), TSEM_JUDGED_KNOWN);
	assert_int_equal(f->result.entry->count, 2);
	f->engine.sealed = true;
	assert_int_equal(judge(f, CAPABLE("1")), TSEM_JUDGED_KNOWN);
	assert_int_equal(judge(f, CAPABLE("2")), TSEM_JUDGED_OUTSIDE);
	assert_null(f->result.entry);
	assert_int_equal(judge(f, CAPABLE("2")), TSEM_JUDGED_OUTSIDE);
	assert_int_equal(f->engine.points.count, 1);
}

static void engine_says_when_it_is_full(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(judge(f, CAPABLE("1")), TSEM_JUDGED_LEARNED);
	assert_int_equal(judge(f, CAPABLE("2")), TSEM_JUDGED_LEARNED);
	assert_int_equal(judge(f, CAPABLE("3")), TSEM_JUDGED_LEARNED);
	assert_int_equal(judge(f, CAPABLE("4")), TSEM_JUDGED_FULL);
	assert_int_equal(judge(f, CAPABLE("3")), TSEM_JUDGED_KNOWN);
}

static void a_pseudonym_hides_content_but_not_of_execution(void **state)
{
	struct fixture *f = *state;
	struct tsem_digest pseudonym;
	bool new;

	tsem_pseudonym("/var/log/x", 10, f->engine.hasher, &pseudonym);
	assert_non_null(tsem_set_add(&f->engine.pseudonyms, &pseudonym, &new));
	assert_int_equal(judge(f, OPEN("0", ZEROS)), TSEM_JUDGED_LEARNED);
	f->engine.sealed = true;
	assert_int_equal(judge(f, OPEN("0", OTHER)), TSEM_JUDGED_KNOWN);
	assert_int_equal(judge(f, OPEN("32", ZEROS)), TSEM_JUDGED_OUTSIDE);
	f->engine.sealed = false;
	assert_int_equal(judge(f, OPEN("32", ZEROS)), TSEM_JUDGED_LEARNED);
	f->engine.sealed = true;
	assert_int_equal(judge(f, OPEN("32", OTHER)), TSEM_JUDGED_OUTSIDE);
}

/* The scanner's bounds. */

static void every_truncation_is_refused(void **state)
{
	static const char line[] = "{\"export\": {\"type\": \"event\"}, " EVENT(
		"capable") ", " COE ", \"capable\": {\"cap\": \"1\", \"opts\": \"2\", "
			   "\"initial_ns\": \"1\"}}";
	struct tsem_record record;

	assert_int_equal(tsem_record_scan(line, sizeof(line) - 1, 32, packed, sizeof(packed),
					  &record), 0);
	for (size_t size = 0; size < sizeof(line) - 1; size++) {
		char *copy = malloc(size + 1);	/* so that a sanitizer sees one byte too many */

		assert_non_null(copy);
		memcpy(copy, line, size);
		assert_true(tsem_record_scan(copy, size, 32, packed, sizeof(packed), &record) < 0);
		free(copy);
	}
}

static void a_small_buffer_is_refused(void **state)
{
	static const char line[] = OPEN("0", ZEROS);
	struct tsem_record record;
	uint8_t small[64];

	for (size_t room = 0; room <= sizeof(small); room++)
		assert_int_equal(tsem_record_scan(line, sizeof(line) - 1, 32, small, room, &record),
				 -TSEM_REJECT_TOO_LONG);
}

static void a_long_line_is_taken_and_a_longer_one_refused(void **state)
{
	char *line = malloc(TSEM_RECORD_LINE_MAX + 1);
	size_t size = sizeof(CAPABLE("1")) - 1;
	struct tsem_record record;

	assert_non_null(line);
	memset(line, ' ', TSEM_RECORD_LINE_MAX + 1);
	memcpy(line, CAPABLE("1"), size);
	assert_int_equal(tsem_record_scan(line, TSEM_RECORD_LINE_MAX, 32, packed, sizeof(packed),
					  &record), 0);
	assert_int_equal(tsem_record_scan(line, TSEM_RECORD_LINE_MAX + 1, 32, packed,
					  sizeof(packed), &record), -TSEM_REJECT_TOO_LONG);
	free(line);
}

static void a_number_is_found_where_nothing_else_is(void **state)
{
	static const struct {
		const char *line;
		uint64_t number;
	} cases[] = {
		{ "", 0 },
		{ "\"number\": \"", 0 },
		{ "\"number\": \"5", 0 },
		{ "\"number\": \"5x\"", 0 },
		{ "\"number\": \"99999999999999999999999\"", 0 },
		{ "\"number\": \"\"", 0 },
		{ "{\"event\": {\"number\": \"42\", broken", 42 },
		{ "{\"process\": \"\\\"number\\\": \\\"7\\\"\", \"number\": \"8\"}", 8 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(tsem_record_peek_number(cases[i].line, strlen(cases[i].line)),
				 cases[i].number);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_is_openssls),
		cmocka_unit_test(unknown_functions_are_refused),
		cmocka_unit_test(set_keeps_what_it_is_given),
		cmocka_unit_test(an_entry_is_small),
		cmocka_unit_test(an_empty_set_has_nothing),
		cmocka_unit_test_setup_teardown(engine_learns_until_sealed, setup, teardown),
		cmocka_unit_test_setup_teardown(engine_says_when_it_is_full, setup, teardown),
		cmocka_unit_test_setup_teardown(a_pseudonym_hides_content_but_not_of_execution, setup,
						teardown),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(a_small_buffer_is_refused),
		cmocka_unit_test(a_long_line_is_taken_and_a_longer_one_refused),
		cmocka_unit_test(a_number_is_found_where_nothing_else_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
