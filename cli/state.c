// SPDX-License-Identifier: LGPL-2.1-or-later
/* state.c - see state.h. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "../orchestrator/directory.h"
#include "state.h"

char *state_directory(const char *name)
{
	char path[PATH_MAX];

	return directory_state(name, getuid(), path, sizeof(path)) < 0 ? NULL : strdup(path);
}
