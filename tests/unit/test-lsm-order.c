// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-lsm-order.c - orders of security modules as kernels tell them, and what none tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../cli/lsm-order.h"
#include "../../libtsem/cleanup.h"

static void orders(void **state)
{
	static const struct {
		const char *order;
		enum lsm_place place;
		const char *before;
	} rows[] = {
		{ "capability,tsem", LSM_FIRST, NULL },
		{ "tsem", LSM_FIRST, NULL },
		{ "lockdown,capability,tsem,landlock,yama", LSM_FIRST, NULL },
		{ "capability,tsem\n", LSM_FIRST, NULL },
		{ "capability,landlock,yama,tsem", LSM_BEHIND, "landlock" },
		{ "apparmor,tsem,bpf", LSM_BEHIND, "apparmor" },
		{ "capability2,tsem", LSM_BEHIND, "capability2" },
		{ "lock,tsem", LSM_BEHIND, "lock" },
		{ ",,tsem", LSM_FIRST, NULL },
		{ "", LSM_ABSENT, NULL },
		{ "\n", LSM_ABSENT, NULL },
		{ ",", LSM_ABSENT, NULL },
		{ "capability,landlock,yama,apparmor", LSM_ABSENT, NULL },
		{ "capability,tsem2", LSM_ABSENT, NULL },
		{ "capability,tse", LSM_ABSENT, NULL },
		{ "capability, tsem", LSM_ABSENT, NULL },
		{ "TSEM", LSM_ABSENT, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *before = NULL;
		size_t size = 0;

		assert_int_equal(lsm_order_find(rows[i].order, &before, &size), rows[i].place);
		if (rows[i].place != LSM_BEHIND)
			continue;
		assert_int_equal(size, strlen(rows[i].before));
		assert_memory_equal(before, rows[i].before, size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(orders) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
