// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-call.c - calls on the management socket: what is one, what is none, what stays untouched. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "../../libtsem/cleanup.h"
#include "../../tma/call.h"

static struct call_case {
	const char *name, *text;
	int r;
	struct call call;
} cases[] = {
	{ "a method", "{\"method\":\"a.B\"}", 0, { .method = "a.B" } },
	{ "blanks",
	  " { \"method\" : \"a\" , \"more\" : true } ",
	  0,
	  { .method = "a", .more = true } },
	{ "escaped", "{\"\\u006dethod\":\"\\u0061\"}", 0, { .method = "a" } },
	{ "no parameters", "{\"method\":\"a\",\"parameters\":{}}", 0, { .method = "a" } },
	{ "not more",
	  "{\"method\":\"a\",\"more\":false,\"oneway\":true}",
	  0,
	  { .method = "a", .oneway = true } },
	{ "no upgrade", "{\"method\":\"a\",\"upgrade\":false}", 0, { .method = "a" } },
	{ "an interface",
	  "{\"method\":\"a\",\"parameters\":{\"interface\":\"x.y\"}}",
	  0,
	  { .method = "a", .given = CALL_INTERFACE, .interface = "x.y" } },
	{ "outside",
	  "{\"method\":\"a\",\"parameters\":{\"outside\":true}}",
	  0,
	  { .method = "a", .given = CALL_OUTSIDE, .outside = true } },
	{ "a parameter that is null",
	  "{\"method\":\"a\",\"parameters\":{\"outside\":null}}",
	  0,
	  { .method = "a" } },
	{ "a parameter of another type",
	  "{\"method\":\"a\",\"parameters\":{\"outside\":\"x\"}}",
	  0,
	  { .method = "a", .wrong = "outside" } },
	{ "unknown parameters",
	  "{\"method\":\"a\",\"parameters\":{\"x\":-1.5e3,\"y\":{\"z\":\"\"}}}",
	  0,
	  { .method = "a", .wrong = "x" } },
#define REFUSED(name, text)                                                                        \
	{                                                                                          \
		name, text, -EBADMSG,                                                              \
		{                                                                                  \
		}                                                                                  \
	}
	REFUSED("nothing", ""),
	REFUSED("blanks only", "  "),
	REFUSED("no object", "\"a\""),
	REFUSED("an array", "[]"),
	REFUSED("no method", "{}"),
	REFUSED("no method but more", "{\"more\":true}"),
	REFUSED("an empty method", "{\"method\":\"\"}"),
	REFUSED("a number as method", "{\"method\":1}"),
	REFUSED("a method with a blank", "{\"method\":\"a b\"}"),
	REFUSED("a method with a quote", "{\"method\":\"a\\\"b\"}"),
	REFUSED("a method with a NUL", "{\"method\":\"a\\u0000\"}"),
	REFUSED("a method that is not ASCII", "{\"method\":\"\xc3\xa4\"}"),
	REFUSED("a method of 64 bytes",
		"{\"method\":"
		"\"0123456789012345678901234567890123456789012345678901234567890123\"}"),
	REFUSED("no UTF-8", "{\"method\":\"\xff\"}"),
	REFUSED("cut off", "{\"method\":\"a\""),
	REFUSED("cut off in a string", "{\"method\":\"a"),
	REFUSED("cut off in a word", "{\"method\":\"a\",\"more\":tru"),
	REFUSED("bytes behind", "{\"method\":\"a\"}}"),
	REFUSED("a method twice", "{\"method\":\"a\",\"method\":\"a\"}"),
	REFUSED("more twice", "{\"method\":\"a\",\"more\":true,\"more\":true}"),
	REFUSED("another member", "{\"method\":\"a\",\"id\":\"1\"}"),
	REFUSED("a member that is too long",
		"{\"method\":\"a\",\"0123456789012345678901234567890123\":true}"),
	REFUSED("more as a number", "{\"method\":\"a\",\"more\":1}"),
	REFUSED("more as a text", "{\"method\":\"a\",\"more\":\"true\"}"),
	REFUSED("an upgrade", "{\"method\":\"a\",\"upgrade\":true}"),
	REFUSED("parameters as an array", "{\"method\":\"a\",\"parameters\":[]}"),
	REFUSED("an array as a parameter", "{\"method\":\"a\",\"parameters\":{\"x\":[1]}}"),
	REFUSED("a parameter without value", "{\"method\":\"a\",\"parameters\":{\"x\":}}"),
	REFUSED("a parameter twice",
		"{\"method\":\"a\",\"parameters\":{\"outside\":true,\"outside\":true}}"),
	REFUSED("a parameter with a blank", "{\"method\":\"a\",\"parameters\":{\"x y\":1}}"),
	REFUSED("a parameter without name", "{\"method\":\"a\",\"parameters\":{\"\":1}}"),
	REFUSED("an interface with a slash",
		"{\"method\":\"a\",\"parameters\":{\"interface\":\"/\"}}"),
	REFUSED("a deep parameter", "{\"method\":\"a\",\"parameters\":{\"x\":{\"a\":{\"a\":{\"a\":{"
				    "\"a\":{\"a\":{\"a\":{}}}}}}}}}"),
	REFUSED("a comma too many", "{\"method\":\"a\",}"),
};

static void check_case(void **state)
{
	const struct call_case *c = *state;
	struct call call, untouched;

	memset(&untouched, 0xaa, sizeof(untouched));
	call = untouched;
	assert_int_equal(call_parse(c->text, strlen(c->text), &call), c->r);
	if (c->r < 0) {
		assert_memory_equal(&call, &untouched, sizeof(call));
		return;
	}
	assert_string_equal(call.method, c->call.method);
	assert_int_equal(call.more, c->call.more);
	assert_int_equal(call.oneway, c->call.oneway);
	assert_int_equal(call.given, c->call.given);
	assert_string_equal(call.interface, c->call.interface);
	assert_int_equal(call.outside, c->call.outside);
	assert_string_equal(call.wrong, c->call.wrong);
}

static void test_too_long(void **state)
{
	static char text[CALL_BYTES];
	struct call call;

	memset(text, ' ', sizeof(text));
	memcpy(text, "{\"method\":\"a\"}", 14);
	assert_int_equal(call_parse(text, sizeof(text) - 1, &call), 0);
	assert_int_equal(call_parse(text, sizeof(text), &call), -EBADMSG);
}

int main(void)
{
	static struct CMUnitTest tests[ARRAY_SIZE(cases) + 1];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
						.test_func = check_case,
						.initial_state = &cases[i] };
	tests[ARRAY_SIZE(cases)] = (struct CMUnitTest)cmocka_unit_test(test_too_long);
	return _cmocka_run_group_tests("call", tests, ARRAY_SIZE(tests), NULL, NULL);
}
