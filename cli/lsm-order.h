/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lsm-order.h - where TSEM is in the order of security modules. Opens nothing. */
#ifndef QUIXOTE_LSM_ORDER_H
#define QUIXOTE_LSM_ORDER_H

#include <stddef.h>

/** enum lsm_place - Where. */
enum lsm_place {
	LSM_ABSENT,
	LSM_FIRST,  /* but for those that the kernel always puts first */
	LSM_BEHIND, /* others refuse before it is asked */
};

/**
 * lsm_order_find() - Find it.
 * @order: Names separated by commas, as in /sys/kernel/security/lsm.
 * @ret_before: The first name before it, for LSM_BEHIND; in @order.
 * @ret_size: Its length.
 */
enum lsm_place lsm_order_find(const char *order, const char **ret_before, size_t *ret_size);

#endif
