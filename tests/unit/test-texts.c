// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-texts.c - known texts: which lines are cut, that nothing is found but what
 * is the same in every byte that counts, and that what is found is what the
 * scanner says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../libtsem/core/texts.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define ID_A "00000000000000000000000000000000000000000000000000000000000000aa"
#define ID_B "00000000000000000000000000000000000000000000000000000000000000bb"
#define EXPORT(kind) "{\"export\": {\"type\": \"" kind "\"}, "
#define NUMBERS(pid, context, number)                                                              \
	"\"event\": {\"pid\": \"" pid "\", \"context\": \"" context "\", \"number\": \"" number "\""
#define NAMES(process, type) ", \"process\": \"" process "\", \"type\": \"" type "\""
#define TIMES(ttd, p_ttd) ", \"ttd\": \"" ttd "\", \"p_ttd\": \"" p_ttd "\""
#define IDS(id, p_id) ", \"task_id\": \"" id "\", \"p_task_id\": \"" p_id "\""
#define COE(uid)                                                                                   \
	"\"COE\": {\"uid\": \"" uid "\", \"euid\": \"0\", \"suid\": \"0\", \"gid\": \"0\", "       \
	"\"egid\": \"0\", \"sgid\": \"0\", \"fsuid\": \"0\", \"fsgid\": \"0\", \"capeff\": "       \
	"\"0x0\"}"
#define CAPABLE(cap) "\"capable\": {\"cap\": \"" cap "\", \"opts\": \"2\", \"initial_ns\": \"1\"}"
#define REST ", " COE("0") ", " CAPABLE("21") "}"
#define HEAD EXPORT("event") NUMBERS("7", "1", "5") NAMES("sh", "capable") TIMES("3", "2")
#define LINE HEAD IDS(ID_A, ID_B) ", \"ts\": \"9\"}" REST

static const struct tsem_text_key key = { .words = { 1, 2 } };
static uint8_t packed[TSEM_RECORD_LINE_MAX];

static bool cut(const char *line, struct tsem_text *ret)
{
	return tsem_text_cut(line, strlen(line), 32, &key, ret);
}

static int scan(const char *line, struct tsem_record *ret)
{
	return tsem_record_scan(line, strlen(line), 32, packed, sizeof(packed), ret);
}

static struct tsem_texts *know(const char *line)
{
	struct tsem_texts *texts = calloc(1, sizeof(*texts));
	const struct tsem_digest digest = { .bytes = { 0x11 } };
	struct tsem_record record;
	struct tsem_text text;

	assert_non_null(texts);
	assert_int_equal(scan(line, &record), 0);
	assert_true(cut(line, &text));
	tsem_texts_keep(texts, &text, &record, &digest);
	return texts;
}

/* What may differ from LINE; each is found, and is what the scanner says. */
static struct line_case {
	const char *name, *line;
} found_cases[] = {
	{ "found: the same", LINE },
	{ "found: of another process",
	  EXPORT("event") NUMBERS("4194304", "1", "5") NAMES("nginx: worker", "capable")
		  TIMES("0", "18446744073709551") IDS(ID_A, ID_B) ", \"ts\": \"0\"}" REST },
	{ "found: at another time",
	  HEAD IDS(ID_A, ID_B) ", \"ts\": \"1844674407370955161\"}" REST },
	{ "found: with another number",
	  EXPORT("event") NUMBERS("7", "1", "9999999999999999999") NAMES("sh", "capable")
		  TIMES("3", "2") IDS(ID_A, ID_B) ", \"ts\": \"9\"}" REST },
	{ "found: that does not wait",
	  EXPORT("async_event") NUMBERS("7", "1", "5") NAMES("sh", "capable") TIMES("3", "2")
		  IDS(ID_A, ID_B) ", \"ts\": \"9\"}" REST },
	{ "found: without a name",
	  EXPORT("event") NUMBERS("7", "1", "5") NAMES("", "capable") TIMES("3", "2")
		  IDS(ID_A, ID_B) ", \"ts\": \"9\"}" REST },
};

static void check_found(void **state)
{
	const struct line_case *c = *state;
	struct tsem_texts *texts = know(LINE);
	const struct tsem_known_text *known;
	struct tsem_record record;
	struct tsem_text text;

	assert_true(cut(c->line, &text));
	known = tsem_texts_find(texts, &text);
	assert_non_null(known);
	assert_int_equal(known->coefficient.bytes[0], 0x11);
	assert_int_equal(scan(c->line, &record), 0);
	assert_int_equal(text.kind, record.kind);
	assert_int_equal(text.number, record.number);
	assert_int_equal(text.pid, record.pid);
	assert_int_equal(known->event, record.event);
	free(texts);
}

/* Cut as LINE is, and another text: the scanner has to look at it. */
static struct line_case other_cases[] = {
	{ "other: type", EXPORT("event") NUMBERS("7", "1", "5") NAMES("sh", "capably")
				 TIMES("3", "2") IDS(ID_A, ID_B) ", \"ts\": \"9\"}" REST },
	{ "other: TASK_ID", HEAD IDS(ID_B, ID_B) ", \"ts\": \"9\"}" REST },
	{ "other: PTASK_ID", HEAD IDS(ID_A, ID_A) ", \"ts\": \"9\"}" REST },
	{ "other: the ids changed places", HEAD IDS(ID_B, ID_A) ", \"ts\": \"9\"}" REST },
	{ "other: an id that is none",
	  HEAD IDS("x0000000000000000000000000000000000000000000000000000000000000aa",
		   ID_B) ", \"ts\": \"9\"}" REST },
	{ "other: COE", HEAD IDS(ID_A, ID_B) ", \"ts\": \"9\"}, " COE("1") ", " CAPABLE("21") "}" },
	{ "other: CELL",
	  HEAD IDS(ID_A, ID_B) ", \"ts\": \"9\"}, " COE("0") ", " CAPABLE("22") "}" },
	{ "other: a blank behind it", LINE " " },
	{ "other: another object behind it", LINE "{}" },
	{ "other: the last brace is missing",
	  HEAD IDS(ID_A, ID_B) ", \"ts\": \"9\"}, " COE("0") ", " CAPABLE("21") },
	{ "other: nothing behind the event", HEAD IDS(ID_A, ID_B) ", \"ts\": \"9\"" },
	{ "other: a key twice", HEAD IDS(ID_A, ID_B) ", \"ts\": \"9\", \"ts\": \"9\"}" REST },
	{ "other: a key more", HEAD IDS(ID_A, ID_B) ", \"ts\": \"9\", \"x\": \"9\"}" REST },
	{ "other: in another order",
	  HEAD IDS(ID_A, ID_B) ", \"ts\": \"9\"}, " CAPABLE("21") ", " COE("0") "}" },
	{ "other: not UTF-8", LINE "\xff" },
};

static void check_other(void **state)
{
	const struct line_case *c = *state;
	struct tsem_texts *texts = know(LINE);
	struct tsem_text text;

	assert_true(cut(c->line, &text));
	assert_null(tsem_texts_find(texts, &text));
	/* Not for want of an equal hash either. */
	text.hash = 0;
	for (size_t i = 0; i < TSEM_TEXTS_COUNT; i++) {
		if (texts->hashes[i])
			text.hash = texts->hashes[i];
	}
	assert_null(tsem_texts_find(texts, &text));
	free(texts);
}

#define WITH_PID(pid)                                                                              \
	EXPORT("event")                                                                            \
	NUMBERS(pid, "1", "5") NAMES("sh", "capable") TIMES("3", "2")                              \
		IDS(ID_A, ID_B) ", \"ts\": \"9\"}" REST
#define WITH_NUMBER(number)                                                                        \
	EXPORT("event")                                                                            \
	NUMBERS("7", "1", number) NAMES("sh", "capable") TIMES("3", "2")                           \
		IDS(ID_A, ID_B) ", \"ts\": \"9\"}" REST
#define WITH_NAME(process)                                                                         \
	EXPORT("event")                                                                            \
	NUMBERS("7", "1", "5") NAMES(process, "capable") TIMES("3", "2")                           \
		IDS(ID_A, ID_B) ", \"ts\": \"9\"}" REST
#define TEN "aaaaaaaaaa"

/* Not cut, right or wrong: the scanner's business. */
static struct line_case uncut_cases[] = {
	{ "uncut: nothing", "" },
	{ "uncut: no envelope", "{" NUMBERS("7", "1", "5") NAMES("sh", "capable") TIMES("3", "2")
					IDS(ID_A, ID_B) ", \"ts\": \"9\"}" REST },
	{ "uncut: another kind", EXPORT("log") NUMBERS("7", "1", "5") NAMES("sh", "capable")
					 TIMES("3", "2") IDS(ID_A, ID_B) ", \"ts\": \"9\"}" REST },
	{ "uncut: the aggregate", "{\"export\": {\"type\": \"aggregate\"}, \"aggregate\": {}}" },
	{ "uncut: a blank before it", " " LINE },
	{ "uncut: no pid",
	  EXPORT("event") "\"event\": {\"context\": \"1\", \"number\": \"5\"" NAMES("sh", "capable")
		  TIMES("3", "2") IDS(ID_A, ID_B) ", \"ts\": \"9\"}" REST },
	{ "uncut: an empty pid", WITH_PID("") },
	{ "uncut: a leading zero", WITH_PID("07") },
	{ "uncut: two zeros", WITH_PID("00") },
	{ "uncut: a negative number", WITH_PID("-7") },
	{ "uncut: a blank in a number", WITH_PID("7 ") },
	{ "uncut: a hexadecimal number", WITH_PID("0x7") },
	{ "uncut: an escape in a number", WITH_PID("\\u0037") },
	{ "uncut: ten digits of 32 bits, which might not fit", WITH_PID("4294967296") },
	{ "uncut: twenty digits of 64 bits, which might not fit",
	  WITH_NUMBER("18446744073709551616") },
	{ "uncut: an escape in the name", WITH_NAME("a\\\"b") },
	{ "uncut: a backslash before the quote", WITH_NAME("a\\") },
	{ "uncut: a raw byte below a blank", WITH_NAME("a\tb") },
	{ "uncut: a name that is not ASCII", WITH_NAME("\xc3\xa4") },
	{ "uncut: a name that is not UTF-8", WITH_NAME("\xff") },
	{ "uncut: a long name", WITH_NAME(TEN TEN TEN TEN TEN TEN "aaaaa") },
	{ "uncut: an escape in the type",
	  EXPORT("event") NUMBERS("7", "1", "5") NAMES("sh", "cap\\u0061ble") TIMES("3", "2")
		  IDS(ID_A, ID_B) ", \"ts\": \"9\"}" REST },
	{ "uncut: a short id", HEAD IDS("aa", ID_B) ", \"ts\": \"9\"}" REST },
	{ "uncut: a long id", HEAD IDS(ID_A "00", ID_B) ", \"ts\": \"9\"}" REST },
	{ "uncut: no ids", HEAD ", \"ts\": \"9\"}" REST },
	{ "uncut: a number for a string", HEAD IDS(ID_A, ID_B) ", \"ts\": 9}" REST },
	{ "uncut: members in another order",
	  EXPORT("event") NUMBERS("7", "1", "5") NAMES("sh", "capable")
		  TIMES("3", "2") ", \"ts\": \"9\"" IDS(ID_A, ID_B) "}" REST },
	{ "uncut: white space", EXPORT("event") " " NUMBERS("7", "1", "5") NAMES("sh", "capable")
					TIMES("3", "2") IDS(ID_A, ID_B) ", \"ts\": \"9\"}" REST },
};

static void check_uncut(void **state)
{
	const struct line_case *c = *state;
	struct tsem_text text;

	assert_false(cut(c->line, &text));
}

/* From a copy without a byte behind it, so that a sanitizer sees what is read too far. */
static void cut_short_lines_are_not_found(void **state)
{
	struct tsem_texts *texts = know(LINE);

	for (size_t size = 0; size < strlen(LINE); size++) {
		char *line = malloc(size + !size);
		struct tsem_text text;

		assert_non_null(line);
		memcpy(line, LINE, size);
		if (tsem_text_cut(line, size, 32, &key, &text))
			assert_null(tsem_texts_find(texts, &text));
		free(line);
	}
	free(texts);
}

/* Each byte of a line that is found is one that does not count, or leads to the scanner. */
static void changed_bytes_are_scanned_alike(void **state)
{
	struct tsem_texts *texts = know(LINE);
	unsigned int found = 0, not_found = 0;
	char line[] = LINE;

	for (size_t i = 0; i < strlen(LINE); i++) {
		for (unsigned int byte = 1; byte < 256; byte++) {
			const struct tsem_known_text *known = NULL;
			struct tsem_record record;
			struct tsem_text text;

			line[i] = (char)byte;
			if (cut(line, &text))
				known = tsem_texts_find(texts, &text);
			if (!known) {
				not_found++;
				continue;
			}
			found++;
			assert_int_equal(scan(line, &record), 0);
			assert_int_equal(record.number, text.number);
			assert_int_equal(record.pid, text.pid);
			assert_int_equal(record.kind, text.kind);
			assert_int_equal(record.event, known->event);
		}
		line[i] = LINE[i];
	}
	assert_true(found > 100 && not_found > 100000);
	free(texts);
}

static void digests_of_another_size_are_cut_elsewhere(void **state)
{
	struct tsem_text text;

	assert_false(tsem_text_cut(LINE, strlen(LINE), 48, &key, &text));
	assert_false(tsem_text_cut(LINE, strlen(LINE), 0, &key, &text));
}

static void long_texts_are_not_cut(void **state)
{
	char line[8192];
	struct tsem_text text;
	int size = snprintf(line, sizeof(line), "%s", LINE);

	assert_true(cut(line, &text));
	for (size_t used = text.size; used <= TSEM_TEXT_MAX; used++) {
		assert_true(tsem_text_cut(line, (size_t)size, 32, &key, &text));
		assert_int_equal(text.size, used);
		line[size++] = ' ';
	}
	assert_false(tsem_text_cut(line, (size_t)size, 32, &key, &text));
}

/* So many of one place stay; one more displaces one, and never gives another's coefficient. */
static void collisions_displace_one(void **state)
{
	struct tsem_texts *texts = calloc(1, sizeof(*texts));
	unsigned int found = 0;

	assert_non_null(texts);
	for (unsigned int pass = 0; pass < 2; pass++) {
		for (uint8_t i = 0; i <= TSEM_TEXTS_WAYS; i++) {
			const struct tsem_digest digest = { .bytes = { i } };
			const struct tsem_known_text *known;
			struct tsem_record record;
			struct tsem_text text;
			char line[2048];

			(void)snprintf(line, sizeof(line), "%s%d%s",
				       HEAD IDS(ID_A, ID_B) ", \"ts\": \"9\"}, " COE(
					       "0") ", \"capable\": {\"cap\": \"",
				       i, "\", \"opts\": \"2\", \"initial_ns\": \"1\"}}");
			assert_int_equal(scan(line, &record), 0);
			assert_true(cut(line, &text));
			text.hash = 5;
			if (!pass) {
				tsem_texts_keep(texts, &text, &record, &digest);
				continue;
			}
			known = tsem_texts_find(texts, &text);
			if (known)
				assert_int_equal(known->coefficient.bytes[0], i);
			found += !!known;
		}
	}
	assert_int_equal(found, TSEM_TEXTS_WAYS);
	free(texts);
}

static void nothing_is_known_to_begin_with(void **state)
{
	struct tsem_texts *texts = calloc(1, sizeof(*texts));
	struct tsem_text text;

	assert_non_null(texts);
	assert_true(cut(LINE, &text));
	assert_int_not_equal(text.hash, 0);
	assert_null(tsem_texts_find(texts, &text));
	free(texts);
}

/* Two lie in a page, and none in two. */
static void a_known_text_is_two_kilobytes(void **state)
{
	assert_int_equal(sizeof(struct tsem_known_text), 2048);
}

static size_t add_cases(struct CMUnitTest *tests, const struct line_case *cases, size_t count,
			CMUnitTestFunction check)
{
	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){ cases[i].name, check, NULL, NULL,
						(void *)(uintptr_t)&cases[i] };
	return count;
}

int main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(cut_short_lines_are_not_found),
		cmocka_unit_test(changed_bytes_are_scanned_alike),
		cmocka_unit_test(digests_of_another_size_are_cut_elsewhere),
		cmocka_unit_test(long_texts_are_not_cut),
		cmocka_unit_test(collisions_displace_one),
		cmocka_unit_test(nothing_is_known_to_begin_with),
		cmocka_unit_test(a_known_text_is_two_kilobytes),
	};
	struct CMUnitTest
		tests[ARRAY_SIZE(found_cases) + ARRAY_SIZE(other_cases) + ARRAY_SIZE(uncut_cases)];
	size_t count = 0;

	count += add_cases(tests, found_cases, ARRAY_SIZE(found_cases), check_found);
	count += add_cases(tests + count, other_cases, ARRAY_SIZE(other_cases), check_other);
	count += add_cases(tests + count, uncut_cases, ARRAY_SIZE(uncut_cases), check_uncut);
	return cmocka_run_group_tests_name("lines", tests, NULL, NULL) +
	       cmocka_run_group_tests(others, NULL, NULL);
}
