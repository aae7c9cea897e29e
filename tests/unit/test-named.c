// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-named.c - which configuration of a directory is meant by the name of a workload. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../cli/named.h"
#include "../../libtsem/cleanup.h"
#include "table.h"

#define COMMAND "Command=/bin/a\n"

static struct named_case {
	const char *name, *wanted;
	const char *files[2][2]; /* name and lines */
	const char *found;	 /* or NULL */
} named_cases[] = {
	{ "of a unit with an @",
	  "db-15.service",
	  { { "db@15.service.cfg", "Name=db-15.service\n" COMMAND } },
	  "db@15.service.cfg" },
	{ "beside another",
	  "db-15.service",
	  { { "db@15.service.cfg", "Name=db-15.service\n" COMMAND }, { "web.cfg", COMMAND } },
	  "db@15.service.cfg" },
	{ "beside one that cannot be read",
	  "db-15.service",
	  { { "a.cfg", "Nme=db-15.service\n" },
	    { "db@15.service.cfg", "Name=db-15.service\n" COMMAND } },
	  "db@15.service.cfg" },
	{ "without a name of its own", "web", { { "web.cfg", COMMAND } }, "web.cfg" },
	{ "nothing there", "web", {}, NULL },
	{ "another name", "web", { { "web.cfg", "Name=other\n" COMMAND } }, NULL },
	{ "name that begins so", "web", { { "a.cfg", "Name=web2\n" COMMAND } }, NULL },
	{ "no configuration", "web", { { "a.txt", "Name=web\n" COMMAND } }, NULL },
	{ "two of one name",
	  "web",
	  { { "a.cfg", "Name=web\n" COMMAND }, { "b.cfg", "Name=web\n" COMMAND } },
	  NULL },
	{ "one that cannot be read", "web", { { "a.cfg", "Name=web\nNmae=web\n" COMMAND } }, NULL },
};

static void write_file(const char *directory, const char *name, const char *lines)
{
	_cleanup_(fclosep) FILE *file = NULL;
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fprintf(file, "[Workload]\n%s[Model]\nFile=/m\n", lines) > 0);
}

static void check_named(void **state)
{
	const struct named_case *c = *state;
	char directory[] = "/tmp/quixote-named.XXXXXX", path[PATH_MAX], expected[PATH_MAX];
	bool found;

	assert_non_null(mkdtemp(directory));
	for (size_t i = 0; i < 2 && c->files[i][0]; i++)
		write_file(directory, c->files[i][0], c->files[i][1]);
	found = named_search(directory, c->wanted, path);
	for (size_t i = 0; i < 2 && c->files[i][0]; i++) {
		(void)snprintf(expected, sizeof(expected), "%s/%s", directory, c->files[i][0]);
		assert_int_equal(unlink(expected), 0);
	}
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(found, c->found != NULL);
	(void)snprintf(expected, sizeof(expected), "%s/%s", directory, c->found ?: "");
	if (c->found)
		assert_string_equal(path, expected);
}

static void check_no_directory(void **state)
{
	char path[PATH_MAX];

	assert_false(named_search("/nonexistent", "web", path));
}

int main(void)
{
	struct CMUnitTest tests[1 + ARRAY_SIZE(named_cases)] = { cmocka_unit_test(
		check_no_directory) };
	size_t count = 1;

	ADD_TABLE(named_cases, check_named);
	return cmocka_run_group_tests_name("named", tests, NULL, NULL);
}
