// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-entrance.c - control groups that are a unit's, and those that somebody gave its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../libtsem/cleanup.h"
#include "../../orchestrator/entrance.h"

static void groups(void **state)
{
	static const struct {
		const char *group, *unit;
		const char *own; /* NULL: not of the unit */
	} rows[] = {
		{ "/system.slice/nginx.service", "nginx.service", "/system.slice/nginx.service" },
		{ "/system.slice/nginx.service/worker", "nginx.service", "/system.slice/nginx.service" },
		{ "/a.slice/a-b.slice/nginx.service", "nginx.service", "/a.slice/a-b.slice/nginx.service" },
		{ "/system.slice/system-pg.slice/pg@1.service", "pg@1.service",
		  "/system.slice/system-pg.slice/pg@1.service" },
		{ "/nginx.service", "nginx.service", "/nginx.service" },
		{ "/user.slice/user-1.slice/user@1.service/app.slice/nginx.service", "nginx.service", NULL },
		{ "/user.slice/user-1.slice/session-1.scope/nginx.service", "nginx.service", NULL },
		{ "/system.slice/other.service/nginx.service", "nginx.service", NULL },
		{ "/system.slice/nginx.service2", "nginx.service", NULL },
		{ "/system.slice/nginx.servic", "nginx.service", NULL },
		{ "/system.slice/2nginx.service", "nginx.service", NULL },
		{ "/.slice/nginx.service", "nginx.service", NULL },
		{ "/slice/nginx.service", "nginx.service", NULL },
		{ "system.slice/nginx.service", "nginx.service", NULL },
		{ "/../nginx.service", "nginx.service", NULL },
		{ "//nginx.service", "nginx.service", NULL },
		{ "/system.slice", "nginx.service", NULL },
		{ "/system.slice/", "nginx.service", NULL },
		{ "/", "nginx.service", NULL },
		{ "", "nginx.service", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t size = 12345;

		assert_int_equal(entrance_group_is_of(rows[i].group, rows[i].unit, &size), !!rows[i].own);
		assert_int_equal(size, rows[i].own ? strlen(rows[i].own) : 12345);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(groups) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
