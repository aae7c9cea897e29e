// SPDX-License-Identifier: LGPL-2.1-or-later
/* state.c - see state.h. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "state.h"

#define STATE_DIR_ROOT "/var/lib/quixote"

char *state_directory(const char *name)
{
	const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int n;

	if (getuid() == 0)
		n = asprintf(&path, STATE_DIR_ROOT "/%s", name);
	else if (base && base[0] == '/')
		n = asprintf(&path, "%s/quixote/%s", base, name);
	else
		n = asprintf(&path, "%s/.local/state/quixote/%s", home ?: "", name);
	return n < 0 ? NULL : path;
}
