// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-coverage.c - the estimators, against numbers that were computed otherwise: with
 * decimals of 60 digits, the exact limits by bisection of the summed distribution;
 * those for f1 = 0, 1, 5 and 10 (3.69, 5.57, 11.67, 18.39) also stand in printed tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../libtsem/cleanup.h"
#include "../../libtsem/coverage.h"

static struct estimate {
	const char *name;
	uint64_t seen, once, twice;
	double unseen, low, high;
} estimates[] = {
	{ "estimate: nothing seen", 0, 0, 0, 1, 0, 1 },
	{ "estimate: one event", 1, 1, 0, 1, 0.025317808, 1 },
	{ "estimate: all different", 10, 10, 0, 1, 0.479538870, 1 },
	{ "estimate: nothing seen once", 282, 0, 0, 0, 0, 0.013081133 },
	{ "estimate: one seen once", 100, 1, 0, 0.01, 0, 0.055716434 },
	{ "estimate: some seen twice", 1000, 5, 3, 0.005, 0, 0.011668332 },
	{ "estimate: only seen twice", 1000, 0, 10, 0, 0, 0.008765225 },
	{ "estimate: ten seen once", 1000, 10, 0, 0.01, 0.003833117, 0.018390356 },
	{ "estimate: fifty of 20000", 20000, 50, 40, 0.0025, 0.001383186, 0.003616814 },
	{ "estimate: last of the exact ones", 5000, 100, 60, 0.02, 0.014212296, 0.025787704 },
	{ "estimate: first of the normal ones", 5000, 101, 60, 0.0202, 0.014399569, 0.026000431 },
	{ "estimate: many events", 1000000, 400, 300, 0.0004, 0.000338025, 0.000461975 },
	{ "estimate: mostly seen once", 200, 150, 20, 0.75, 0.663728183, 0.836271817 },
};

static void check_estimate(void **state)
{
	const struct estimate *e = *state;
	const struct coverage c = coverage_estimate(e->seen, e->once, e->twice);

	assert_float_equal(c.unseen, e->unseen, 1e-8);
	assert_float_equal(c.low, e->low, 1e-8);
	assert_float_equal(c.high, e->high, 1e-8);
	assert_int_equal(c.seen, e->seen);
	assert_int_equal(c.once, e->once);
	assert_int_equal(c.twice, e->twice);
}

static void test_streak(void **state)
{
	static const struct {
		uint64_t runs;
		double probability;
	} rows[] = {
		{ 0, 1 }, { 1, 0.95 }, { 3, 0.631596851 }, { 10, 0.258865551 }, { 59, 0.049507610 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_float_equal(coverage_of_streak(rows[i].runs), rows[i].probability, 1e-8);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(estimates) + 1] = { cmocka_unit_test(test_streak) };

	for (size_t i = 0; i < ARRAY_SIZE(estimates); i++)
		tests[i + 1] = (struct CMUnitTest){ .name = estimates[i].name,
						    .test_func = check_estimate,
						    .initial_state = &estimates[i] };
	return cmocka_run_group_tests_name("coverage", tests, NULL, NULL);
}
