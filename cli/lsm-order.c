// SPDX-License-Identifier: LGPL-2.1-or-later
/* lsm-order.c - see lsm-order.h. */
#include <stdbool.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "lsm-order.h"

/* The kernel puts these first whatever it is told, and they judge no events of ours. */
static bool is_always_first(const char *name, size_t size)
{
	static const char *const names[] = { "lockdown", "capability" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strlen(names[i]) == size && !memcmp(names[i], name, size))
			return true;
	}
	return false;
}

enum lsm_place lsm_order_find(const char *order, const char **ret_before, size_t *ret_size)
{
	enum lsm_place place = LSM_FIRST;

	for (;; order++) {
		size_t size = strcspn(order, ",\n");

		if (size == 4 && !memcmp(order, "tsem", 4))
			return place;
		if (size && place == LSM_FIRST && !is_always_first(order, size)) {
			place = LSM_BEHIND;
			*ret_before = order;
			*ret_size = size;
		}
		order += size;
		if (!*order)
			return LSM_ABSENT;
	}
}
