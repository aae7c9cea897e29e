// SPDX-License-Identifier: GPL-2.0-only
/*
 * root_test.c - KUnit tests of the values of boot parameters.
 */

#include <kunit/test.h>

#include "root.h"

/* What stays if a value is refused is what was there before: the default. */
static void boot_modes(struct kunit *test)
{
	static const struct {
		const char *text;
		int r;
		enum tsem_root_mode mode;
	} cases[] = {
		{ "no_root_modeling", 0, TSEM_ROOT_NONE },
		{ "root_export_only", 0, TSEM_ROOT_EXPORT },
		{ "full_modeling", 0, TSEM_ROOT_MODEL },
		{ "", -EINVAL, TSEM_ROOT_MODEL },
		{ "full", -EINVAL, TSEM_ROOT_NONE },
		{ "full_modeling ", -EINVAL, TSEM_ROOT_EXPORT },
		{ "Root_export_only", -EINVAL, TSEM_ROOT_NONE },
		{ "1", -EINVAL, TSEM_ROOT_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum tsem_root_mode mode = cases[i].mode;

		KUNIT_EXPECT_EQ_MSG(test, tsem_root_mode_parse(cases[i].text, &mode), cases[i].r,
				    "%s", cases[i].text);
		KUNIT_EXPECT_EQ_MSG(test, mode, cases[i].mode, "%s", cases[i].text);
	}
}

static void boot_caches(struct kunit *test)
{
	static const struct {
		const char *text;
		int r;
		unsigned int cache;
	} cases[] = {
		{ "1", 0, 1 },
		{ "0x10", 0, 16 },
		{ "010", 0, 8 },
		{ "16384", 0, 16384 },
		{ "0", -ERANGE, 7 },
		{ "16385", -ERANGE, 7 },
		{ "0xffffffff", -ERANGE, 7 },
		{ "4294967297", -EINVAL, 7 },	/* wraps to 1 */
		{ "-1", -EINVAL, 7 },
		{ "", -EINVAL, 7 },
		{ "many", -EINVAL, 7 },
		{ "12k", -EINVAL, 7 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int cache = 7;

		KUNIT_EXPECT_EQ_MSG(test, tsem_root_cache_parse(cases[i].text, &cache), cases[i].r,
				    "%s", cases[i].text);
		KUNIT_EXPECT_EQ_MSG(test, cache, cases[i].cache, "%s", cases[i].text);
	}
}

static struct kunit_case root_cases[] = {
	KUNIT_CASE(boot_modes),
	KUNIT_CASE(boot_caches),
	{}
};

static struct kunit_suite root_suite = {
	.name = "tsem-root",
	.test_cases = root_cases,
};

kunit_test_suite(root_suite);
