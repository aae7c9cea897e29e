// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-unit-file.c - which lines of a unit's file are its command. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../cli/unit-file.h"
#include "../../libtsem/cleanup.h"
#include "table.h"

static struct file_case {
	const char *name, *content, *commands;
} file_cases[] = {
	{ "a command", "[Service]\nExecStart=/bin/a -b\n", "# ExecStart=/bin/a -b\n" },
	{ "no line feed at the end", "[Service]\nExecStart=/bin/a", "# ExecStart=/bin/a\n" },
	{ "two, and none before", "[Service]\nExecStart=\nExecStart=/bin/a\nExecStart=-/bin/b\n",
	  "# ExecStart=\n# ExecStart=/bin/a\n# ExecStart=-/bin/b\n" },
	{ "blanks", " [Service] \n\tExecStart \t= /bin/a  b \r\n", "# ExecStart=/bin/a  b\n" },
	{ "continued", "[Service]\nExecStart=/bin/a \\\n  -b\\\n-c\nType=simple\n",
	  "# ExecStart=/bin/a    -b -c\n" },
	{ "continued, with a comment inside", "[Service]\nExecStart=/bin/a \\\n# no\\\n ; no\n -b\n",
	  "# ExecStart=/bin/a   -b\n" },
	{ "continued, with nothing behind", "[Service]\nExecStart=/bin/a \\\n", "# ExecStart=/bin/a\n" },
	{ "continued, with a comment behind", "[Service]\nExecStart=/bin/a \\\n#", "# ExecStart=/bin/a\n" },
	{ "backslash at the end that is one", "[Service]\nExecStart=/bin/a \\\\\nType=simple\n",
	  "# ExecStart=/bin/a \\\\\n" },
	{ "lines that end otherwise", "[Service]\rExecStart=/bin/a \\\r\n -b\n\rExecStart=c\r\n",
	  "# ExecStart=/bin/a   -b\n# ExecStart=c\n" },
	{ "empty line behind a continued one", "[Service]\nExecStart=/bin/a \\\n\nExecStart=b\n",
	  "# ExecStart=/bin/a\n# ExecStart=b\n" },
	{ "section twice", "[Service]\n[Unit]\n[Service]\nExecStart=a\n", "# ExecStart=a\n" },
	{ "nothing", "", "" },
	{ "another section", "[Unit]\nExecStart=/bin/a\n", "" },
	{ "before any section", "ExecStart=/bin/a\n[Service]\n", "" },
	{ "another section behind", "[Service]\n[Install]\nExecStart=/bin/a\n", "" },
	{ "section with a blank in it", "[ Service]\nExecStart=/bin/a\n", "" },
	{ "section that begins so", "[Services]\nExecStart=/bin/a\n", "" },
	{ "section without its end", "[Service\nExecStart=/bin/a\n", "" },
	{ "other keys", "[Service]\nExecStartPre=/bin/a\nExecStop=/bin/b\nExecStar=c\nxExecStart=d\n", "" },
	{ "small letters", "[service]\nExecStart=/bin/a\n[Service]\nexecstart=/bin/a\n", "" },
	{ "no value", "[Service]\nExecStart\nExecStart \n", "" },
	{ "comments", "[Service]\n#ExecStart=/bin/a\n ; ExecStart=/bin/a\n", "" },
	{ "inside another value", "[Service]\nDescription=a \\\nExecStart=/bin/a\n", "" },
	{ "blanks only", " \t\n\\\n\\", "" },
};

static void check_file(void **state)
{
	const struct file_case *c = *state;
	struct text text = TEXT_EMPTY;

	assert_int_equal(unit_file_add_commands(c->content, strlen(c->content), &text), 0);
	assert_string_equal(text_get(&text), c->commands);
	text_done(&text);
}

static void test_refused(void **state)
{
	static const char zero[] = "[Service]\nExecStart=/bin/a\0b\n";
	char *large = calloc(1, UNIT_FILE_BYTES + 1);
	struct text text = TEXT_EMPTY;

	assert_non_null(large);
	memset(large, ' ', UNIT_FILE_BYTES + 1);
	assert_int_equal(unit_file_add_commands(zero, sizeof(zero) - 1, &text), -EBADMSG);
	assert_int_equal(unit_file_add_commands(large, UNIT_FILE_BYTES + 1, &text), -E2BIG);
	assert_int_equal(unit_file_add_commands(large, UNIT_FILE_BYTES, &text), 0);
	assert_string_equal(text_get(&text), "");
	free(large);
}

/* A file that is cut off anywhere says no more than the whole one. */
static void test_cut_off(void **state)
{
	static const char whole[] = "[Service]\nExecStart=/bin/a \\\n -b\n[Install]\nExecStart=/bin/c\n";

	for (size_t size = 0; size < sizeof(whole) - 1; size++) {
		struct text text = TEXT_EMPTY;

		assert_int_equal(unit_file_add_commands(whole, size, &text), 0);
		assert_int_equal(strncmp("# ExecStart=/bin/a   -b\n", text_get(&text),
					 text.size ? text.size - 1 : 0),
				 0);
		text_done(&text);
	}
}

int main(void)
{
	static const struct CMUnitTest single[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cut_off),
	};
	struct CMUnitTest tests[ARRAY_SIZE(single) + ARRAY_SIZE(file_cases)];
	size_t count = 0;

	for (; count < ARRAY_SIZE(single); count++)
		tests[count] = single[count];
	ADD_TABLE(file_cases, check_file);
	return cmocka_run_group_tests_name("unit-file", tests, NULL, NULL);
}
