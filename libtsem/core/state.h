/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * state.h - measurement and state of a model. Source: docs/formula.md, section 6.
 * Compiled by the kernel and by userspace.
 */
#ifndef TSEM_CORE_STATE_H
#define TSEM_CORE_STATE_H

#include "coefficient.h"

/**
 * tsem_measurement_start() - Where measurement and state begin: H(0^D || P(aggregate)).
 * @base: Base nonce; zeros if there is none.
 * @aggregate: Zeros if there is none.
 * @hasher: Is begun and ended.
 * @ret: The measurement of no point.
 */
void tsem_measurement_start(const struct tsem_digest *base, const struct tsem_digest *aggregate,
			    struct tsem_hasher *hasher, struct tsem_digest *ret);

/**
 * tsem_measurement_extend() - One more point: H(M || P(coefficient)).
 * @base: Base nonce; zeros if there is none.
 * @coefficient: The point.
 * @hasher: Is begun and ended.
 * @measurement: Replaced. In order of arrival it is the measurement, over all
 *	points in ascending order the state.
 */
void tsem_measurement_extend(const struct tsem_digest *base, const struct tsem_digest *coefficient,
			     struct tsem_hasher *hasher, struct tsem_digest *measurement);

#endif
