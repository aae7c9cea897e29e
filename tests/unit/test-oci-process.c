// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-oci-process.c - what is executed gets a word before it, and nothing else is changed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../cli/oci-process.h"
#include "../../libtsem/cleanup.h"
#include "table.h"

/* Where it says W the word is to be. */
static struct taken_case {
	const char *name, *expected;
} taken_cases[] = {
	{ "the shortest", "{\"args\":[W\"a\"]}" },
	{ "an unlimited limit", "{\"args\":[W\"a\"],\"rlimits\":[{\"hard\":18446744073709551615}]}" },
	{ "numbers of all kinds", "{\"a\":[-0,1E+2,0.10,12345678901234567890123],\"args\":[W\"a\"]}" },
	{ "blanks", " {\r\n\t\"args\" \n: \t[W \"a\" , \"b\"]\n}\n " },
	{ "args in an object", "{\"a\":{\"args\":[\"no\"]},\"args\":[W\"a\"]}" },
	{ "args in an object in a list", "{\"a\":[{\"args\":[\"no\"]}],\"args\":[W\"a\"]}" },
	{ "args in an object after", "{\"args\":[W\"a\"],\"a\":{\"args\":[\"no\"]}}" },
	{ "args as a text", "{\"a\":\"args\",\"args\":[W\"a\"]}" },
	{ "args as a text of a list", "{\"a\":[\"args\"],\"args\":[W\"args\",\"args\"]}" },
	{ "args in a text", "{\"a\":\"\\\"args\\\":[\",\"args\":[W\"a\"]}" },
	{ "args in a text that ends with a backslash", "{\"a\":\"\\\\\",\"args\":[W\"\\\\\"]}" },
	{ "args in a name", "{\"\\\"args\":[1],\"args\\\"\":[2],\"args\":[W\"a\"]}" },
	{ "brackets in texts", "{\"a\":\"}]\",\"}\":\"{[\",\"args\":[W\"]\"]}" },
	{ "words of other kinds", "{\"args\":[W{\"args\":[]},[],1]}" },
};

static struct refused_case {
	const char *name, *text;
} refused_cases[] = {
	{ "nothing", "" },
	{ "blanks only", " \n" },
	{ "no object", "[\"args\",[\"a\"]]" },
	{ "a text", "\"args\"" },
	{ "nothing in it", "{}" },
	{ "no list", "{\"args\":\"a\"}" },
	{ "an object", "{\"args\":{\"0\":\"a\"}}" },
	{ "null", "{\"args\":null}" },
	{ "an empty list", "{\"args\":[]}" },
	{ "an empty list with blanks", "{\"args\":[ \n]}" },
	{ "one in an object only", "{\"a\":{\"args\":[\"a\"]}}" },
	{ "one in a text only", "{\"a\":\"\\\"args\\\":[1]\"}" },
	{ "two lists", "{\"args\":[\"a\"],\"args\":[\"b\"]}" },
	{ "two in another spelling", "{\"args\":[\"a\"],\"\\u0061rgs\":[\"b\"]}" },
	{ "two in another spelling, before", "{\"arg\\u0073\":[\"a\"],\"args\":[\"b\"]}" },
	{ "two in an object", "{\"args\":[\"a\"],\"a\":{\"b\":1,\"b\":2}}" },
	{ "one in another spelling only", "{\"\\u0061rgs\":[\"a\"]}" },
	{ "of another case beside it", "{\"args\":[\"a\"],\"Args\":[\"b\"]}" },
	{ "of another case before it", "{\"ARGS\":null,\"args\":[\"a\"]}" },
	{ "of another case only", "{\"Args\":[\"a\"]}" },
	{ "a letter that some take for an s", "{\"args\":[\"a\"],\"arg\xc5\xbf\":[\"b\"]}" },
	{ "the same, escaped", "{\"args\":[\"a\"],\"arg\\u017f\":[\"b\"]}" },
	{ "cut off", "{\"args\":[\"a\"]" },
	{ "a comma too many", "{\"args\":[\"a\",]}" },
	{ "no quotes", "{args:[\"a\"]}" },
	{ "other quotes", "{'args':['a']}" },
	{ "a comment", "{/* */\"args\":[\"a\"]}" },
	{ "something after it", "{\"args\":[\"a\"]} {}" },
	{ "the same twice", "{\"args\":[\"a\"]}{\"args\":[\"a\"]}" },
	{ "a mark of the order of bytes", "\xef\xbb\xbf{\"args\":[\"a\"]}" },
	{ "no UTF-8", "{\"args\":[\"\xff\"]}" },
	{ "an escaped zero", "{\"args\":[\"\\u0000\"]}" },
	{ "a number with a zero before it", "{\"a\":01,\"args\":[\"a\"]}" },
	{ "no number", "{\"a\":NaN,\"args\":[\"a\"]}" },
};

static void check_taken(void **state)
{
	static const char word[] = "/proc/self/fd/3";
	const struct taken_case *c = *state;
	const char *place = strchr(c->expected, 'W');
	struct text before = TEXT_EMPTY, expected = TEXT_EMPTY, text = TEXT_EMPTY;

	text_add(&before, c->expected, place - c->expected);
	text_add_string(&before, place + 1);
	text_add(&expected, c->expected, place - c->expected);
	text_format(&expected, "\"%s\",%s", word, place + 1);
	assert_int_equal(oci_process_insert(before.data, before.size, word, &text), 0);
	assert_string_equal(text_get(&text), text_get(&expected));
	text_done(&before);
	text_done(&expected);
	text_done(&text);
}

static void check_refused(void **state)
{
	const struct refused_case *c = *state;
	struct text text = TEXT_EMPTY;

	assert_int_equal(oci_process_insert(c->text, strlen(c->text), "a", &text), -EBADMSG);
	assert_null(text.data);
}

static void test_cut_off(void **state)
{
	static const char whole[] = "{\"a\":{\"args\":[1]},\"args\" : [\"a\\\"\",\"b\"],\"c\":[{}]}";

	for (size_t size = 0; size < sizeof(whole) - 1; size++) {
		char *part = malloc(size ?: 1); /* of this size, so that reading further is seen */
		struct text text = TEXT_EMPTY;

		assert_non_null(part);
		memcpy(part, whole, size);
		assert_int_equal(oci_process_insert(part, size, "a", &text), -EBADMSG);
		free(part);
	}
}

static void test_zero(void **state)
{
	static const char zero[] = "{\"args\":[\"a\"]}\0", inside[] = "{\"args\":[\"a\0\"]}";
	static const char after[] = "{\"a\":1\0,\"args\":[\"a\"]}";
	struct text text = TEXT_EMPTY;

	assert_int_equal(oci_process_insert(after, sizeof(after) - 1, "a", &text), -EBADMSG);
	assert_int_equal(oci_process_insert(zero, sizeof(zero) - 1, "a", &text), -EBADMSG);
	assert_int_equal(oci_process_insert(inside, sizeof(inside) - 1, "a", &text), -EBADMSG);
}

static void test_limit(void **state)
{
	static const char process[] = "{\"args\":[\"a\"]}";
	char *large = malloc(OCI_PROCESS_BYTES + 1);
	struct text text = TEXT_EMPTY;

	assert_non_null(large);
	memset(large, ' ', OCI_PROCESS_BYTES + 1);
	memcpy(large, process, sizeof(process) - 1);
	assert_int_equal(oci_process_insert(large, OCI_PROCESS_BYTES + 1, "a", &text), -E2BIG);
	assert_int_equal(oci_process_insert(large, OCI_PROCESS_BYTES, "a", &text), 0);
	assert_int_equal(text.size, OCI_PROCESS_BYTES + 4);
	text_done(&text);
	free(large);
}

static void test_deep(void **state)
{
	struct text process = TEXT_EMPTY, text = TEXT_EMPTY;

	text_add_string(&process, "{\"a\":");
	for (size_t i = 0; i < 100000; i++)
		text_add_string(&process, "[");
	assert_int_equal(oci_process_insert(process.data, process.size, "a", &text), -EBADMSG);
	text_done(&process);
}

int main(void)
{
	static const struct CMUnitTest single[] = {
		cmocka_unit_test(test_cut_off), cmocka_unit_test(test_zero),
		cmocka_unit_test(test_limit),	cmocka_unit_test(test_deep),
	};
	struct CMUnitTest tests[ARRAY_SIZE(single) + ARRAY_SIZE(taken_cases) +
				ARRAY_SIZE(refused_cases)];
	size_t count = 0;

	for (; count < ARRAY_SIZE(single); count++)
		tests[count] = single[count];
	ADD_TABLE(taken_cases, check_taken);
	ADD_TABLE(refused_cases, check_refused);
	return cmocka_run_group_tests_name("oci-process", tests, NULL, NULL);
}
