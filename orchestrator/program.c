// SPDX-License-Identifier: LGPL-2.1-or-later
/* program.c - see program.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "program.h"

int program_find(const char *dir, const char *name, char *path, size_t size)
{
	static const char *const between[] = { "", "../tma/" };
	const char *named = getenv("QUIXOTE_LIBEXEC");
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(between); i++) {
		int n = snprintf(path, size, "%s/%s%s", named ?: dir, between[i], name);

		if (n < 0 || (size_t)n >= size)
			return -ENAMETOOLONG;
		if (access(path, X_OK) == 0)
			return 0;
		r = -errno;
	}
	return r;
}
