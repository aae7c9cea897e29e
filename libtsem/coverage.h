/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * coverage.h - how much of a workload's behaviour a model has seen: estimates from
 * how often its coefficients were seen. Knows numbers only.
 */
#ifndef TSEM_COVERAGE_H
#define TSEM_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

/** COVERAGE_CONFIDENCE - Of every interval here. */
#define COVERAGE_CONFIDENCE 0.95

/**
 * struct coverage - Probability that the next observation is of a kind not seen before.
 * @seen: Observations: n.
 * @once: Kinds that were seen once: f1.
 * @twice: Kinds that were seen twice: f2.
 * @unseen: Estimate; 1 without any observation.
 * @low: Of its interval.
 * @high: Of its interval.
 */
struct coverage {
	uint64_t seen;
	uint64_t once;
	uint64_t twice;
	double unseen;
	double low;
	double high;
};

/**
 * coverage_estimate() - Estimate the probability that the next observation is new.
 * @seen: Number of observations, n.
 * @once: Number of kinds that were observed once, f1.
 * @twice: Number of kinds that were observed twice, f2.
 *
 * Good and Turing's estimate (I. J. Good, "The population frequencies of species
 * and the estimation of population parameters", Biometrika 40, 1953, equation 9)::
 *
 *	unseen = f1 / n
 *
 * The interval is the wider, at each end, of two:
 *
 * * W. W. Esty, "A normal limit law for a nonparametric estimator of the coverage
 *   of a random sample", Annals of Statistics 11, 1983::
 *
 *	unseen +- z sqrt(f1 + 2 f2 - f1 * f1 / n) / n
 *
 *   It has a width of 0 where f1 and f2 are 0, and is of no use where they are small.
 * * F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28, 1936:
 *   the exact limits of the expectation of f1, taken as a sum of many rare things,
 *   divided by n. With f1 = 0 the upper one is 3.69 / n. Up to f1 = 100; from there
 *   on the first is wider or the same to the third digit.
 *
 * Both take observations as drawn independently of each other. Events of one run are not:
 * they follow from one another. So events make a model look better than it is, and
 * whoever decides something looks at what is observed per run, too.
 */
struct coverage coverage_estimate(uint64_t seen, uint64_t once, uint64_t twice);

/**
 * coverage_of_streak() - Largest probability, at COVERAGE_CONFIDENCE, with which a run brings
 * something new, if the last runs in a row brought nothing.
 * @runs: Number of those; 0 says nothing: the result is 1.
 *
 * 1 - (1 - confidence)^(1 / runs): C. J. Clopper and E. S. Pearson, "The use of
 * confidence or fiducial limits illustrated in the case of the binomial",
 * Biometrika 26, 1934, for no success in as many trials.
 */
double coverage_of_streak(uint64_t runs);

/**
 * struct completeness - Of a model. Points that changes brought, or that hold up to a
 * time only, are not counted: nobody saw them in a run, or they are there twice.
 * @points: That are counted.
 * @events: Observation: an event. Kind: its coefficient.
 * @runs: Observation: a coefficient in a run, however often. Kind: the coefficient.
 * @streak: Runs in a row that brought nothing new, up to the last.
 * @fresh_probability: coverage_of_streak() of it.
 * @expected: New coefficients to be expected in the next run: those that one run showed,
 *	divided by the number of runs (Good and Turing's estimate again).
 * @complete: 1 minus the larger of both upper limits: at the confidence above, at least
 *	this part of what comes is known. 0 after a single run, which says nothing
 *	about another.
 */
struct completeness {
	uint64_t points;
	struct coverage events;
	struct coverage runs;
	uint64_t streak;
	double fresh_probability;
	double expected;
	double complete;
};

/** completeness_of() - Count the points of a model and estimate. */
struct completeness completeness_of(const struct tsem_model *model);

#endif
