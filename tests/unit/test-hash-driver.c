// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-hash-driver.c - tables of hash functions as kernels write them, and what none writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../cli/hash-driver.h"
#include "../../libtsem/cleanup.h"

#define ENTRY(name, driver, priority, selftest, type)                                              \
	"name         : " name "\ndriver       : " driver "\nmodule       : kernel\n"              \
	"priority     : " priority "\nrefcnt       : 1\nselftest     : " selftest "\n"             \
	"internal     : no\ntype         : " type "\nblocksize    : 64\ndigestsize   : 32\n\n"
#define GENERIC ENTRY("sha256", "sha256-generic", "100", "passed", "shash")
#define HELPED ENTRY("sha256", "sha256-ni", "250", "passed", "shash")

static void drivers(void **state)
{
	static const struct {
		const char *crypto;
		const char *driver; /* NULL: none */
	} rows[] = {
		{ GENERIC, "sha256-generic" },
		{ GENERIC HELPED, "sha256-ni" },
		{ HELPED GENERIC, "sha256-ni" },
		{ ENTRY("sha512", "sha512-avx2", "170", "passed", "shash") GENERIC,
		  "sha256-generic" },
		{ GENERIC ENTRY("sha256", "sha256-ni", "250", "unknown", "shash"),
		  "sha256-generic" },
		{ GENERIC ENTRY("sha256", "sha256-chip", "400", "passed", "ahash"),
		  "sha256-generic" },
		{ GENERIC ENTRY("hmac(sha256)", "hmac(sha256-ni)", "250", "passed", "shash"),
		  "sha256-generic" },
		{ "name : sha256\ndriver : a\npriority : 1\nselftest : passed\ntype : shash", "a" },
		{ "name : sha256\ndriver : a\nselftest : passed\ntype : shash\n", "a" },
		{ "name : sha256\ndriver : \npriority : 1\nselftest : passed\ntype : shash\n",
		  NULL },
		{ "name : sha256\n\ndriver : a\npriority : 1\nselftest : passed\ntype : shash\n",
		  NULL },
		{ "name sha256\ndriver a\npriority 1\nselftest passed\ntype shash\n", NULL },
		{ ENTRY("sha2567", "a", "1", "passed", "shash"), NULL },
		{ ENTRY("sha25", "a", "1", "passed", "shash"), NULL },
		{ ENTRY("sha256", "a", "-1", "passed", "shash"), NULL },
		{ "\n\n\n", NULL },
		{ ": \n: : \n", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *text = strdup(rows[i].crypto);
		char driver[HASH_DRIVER_BYTES];
		FILE *crypto;
		bool found;

		assert_non_null(text);
		/* A stream over no byte at all cannot be made. */
		crypto = *text ? fmemopen(text, strlen(text), "r") : fopen("/dev/null", "re");
		assert_non_null(crypto);
		found = hash_driver_find(crypto, "sha256", driver);
		assert_int_equal(found, rows[i].driver != NULL);
		if (found)
			assert_string_equal(driver, rows[i].driver);
		fclose(crypto);
		free(text);
	}
}

/* A line that is longer than any of the kernel's, and a value that does not fit, harm nothing. */
static void too_long(void **state)
{
	char text[8192], driver[HASH_DRIVER_BYTES];
	FILE *crypto;

	memset(text, 'a', sizeof(text));
	memcpy(text, "driver : ", 9);
	text[200] = '\n';
	text[5000] = '\n';
	crypto = fmemopen(text, sizeof(text), "r");
	assert_non_null(crypto);
	assert_false(hash_driver_find(crypto, "sha256", driver));
	fclose(crypto);
}

static void help(void **state)
{
	assert_true(hash_driver_is_helped("sha256-ni"));
	assert_true(hash_driver_is_helped("sha256-avx2"));
	assert_true(hash_driver_is_helped("sha256-ce"));
	assert_false(hash_driver_is_helped("sha256-generic"));
	assert_false(hash_driver_is_helped("sha256-lib"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drivers),
		cmocka_unit_test(too_long),
		cmocka_unit_test(help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
