// SPDX-License-Identifier: LGPL-2.1-or-later
/* coverage.c - see coverage.h. */
#include <math.h>

#include "coverage.h"
#include "model-life.h"

/* Two-sided, of the normal distribution, for COVERAGE_CONFIDENCE. */
#define Z 1.959963984540054
#define TAIL ((1 - COVERAGE_CONFIDENCE) / 2)

/* Above, the normal limits are as good. */
#define EXACT_MAX 100

/* Probability of at most @count, if @mean are expected. */
static double poisson_up_to(uint64_t count, double mean)
{
	double term = exp(-mean), sum = term;

	for (uint64_t i = 1; i <= count; i++) {
		term *= mean / (double)i;
		sum += term;
	}
	return sum;
}

/* The mean with which at most @count has a probability; it falls while the mean grows. */
static double mean_of(uint64_t count, double probability)
{
	double low = 0, high = 2.0 * (double)count + 20;

	for (int i = 0; i < 100; i++) {
		double middle = (low + high) / 2;

		if (poisson_up_to(count, middle) > probability)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

static double lesser(double a, double b)
{
	return a < b ? a : b;
}

static double greater(double a, double b)
{
	return a > b ? a : b;
}

struct coverage coverage_estimate(uint64_t seen, uint64_t once, uint64_t twice)
{
	struct coverage c = { seen, once, twice, 1, 0, 1 };
	double n = (double)seen, f1 = (double)once, f2 = (double)twice, width;

	if (!seen)
		return c;
	c.unseen = f1 / n;
	width = Z * sqrt(greater(0, f1 + 2 * f2 - f1 * f1 / n)) / n;
	c.low = c.unseen - width;
	c.high = c.unseen + width;
	if (once <= EXACT_MAX) {
		c.low = lesser(c.low, once ? mean_of(once - 1, 1 - TAIL) / n : 0);
		c.high = greater(c.high, mean_of(once, TAIL) / n);
	}
	c.low = greater(c.low, 0);
	c.high = lesser(c.high, 1);
	return c;
}

double coverage_of_streak(uint64_t runs)
{
	return runs ? 1 - pow(1 - COVERAGE_CONFIDENCE, 1 / (double)runs) : 1;
}

/** struct tally - Of points. */
struct tally {
	uint64_t points;
	uint64_t events, events_once, events_twice;
	uint64_t runs, runs_once, runs_twice;
};

static int count_point(const struct tsem_model_point *point, void *userdata)
{
	struct tally *t = userdata;

	if (!point->runs || point->until)
		return 0;
	t->points++;
	t->events = point->count > UINT64_MAX - t->events ? UINT64_MAX : t->events + point->count;
	t->events_once += point->count == 1;
	t->events_twice += point->count == 2;
	t->runs += point->runs;
	t->runs_once += point->runs == 1;
	t->runs_twice += point->runs == 2;
	return 0;
}

static uint64_t streak_of(const struct tsem_model *model)
{
	uint64_t expected = tsem_model_get_header(model)->runs, streak = 0;
	size_t count;
	const struct tsem_model_run *runs = tsem_model_get_runs(model, &count);

	/* A run that is not told may have brought anything. */
	for (; count && runs[count - 1].number == expected && !runs[count - 1].fresh &&
	       runs[count - 1].events;
	     count--, expected--)
		streak++;
	return streak;
}

struct completeness completeness_of(const struct tsem_model *model)
{
	uint64_t runs = tsem_model_get_header(model)->runs;
	struct completeness c = { .streak = streak_of(model) };
	struct tally t = { .events = 0 };

	(void)tsem_model_each_point(model, count_point, &t); /* cannot fail */
	c.points = t.points;
	c.events = coverage_estimate(t.events, t.events_once, t.events_twice);
	c.runs = coverage_estimate(t.runs, t.runs_once, t.runs_twice);
	c.fresh_probability = coverage_of_streak(c.streak);
	c.expected = runs ? (double)t.runs_once / (double)runs : 0;
	c.complete = runs > 1 ? 1 - greater(c.events.high, c.runs.high) : 0;
	return c;
}
