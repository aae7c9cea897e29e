// SPDX-License-Identifier: LGPL-2.1-or-later
/* directory.c - see directory.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "directory.h"

#define STATE_DIR_ROOT "/var/lib/quixote"
#define RUN_DIR_ROOT "/run/quixote"

static const char *absolute(const char *variable)
{
	const char *path = getenv(variable);

	return path && path[0] == '/' ? path : NULL;
}

static int print(char *path, size_t size, const char *base, const char *below, const char *name)
{
	int n = snprintf(path, size, "%s%s%s%s", base, below, name ? "/" : "", name ?: "");

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static int state_of_others(const char *name, char *path, size_t size)
{
	const char *base = absolute("XDG_STATE_HOME"), *home = absolute("HOME");

	if (base)
		return print(path, size, base, "/quixote", name);
	return home ? print(path, size, home, "/.local/state/quixote", name) : -ENOENT;
}

int directory_state(const char *name, uid_t uid, char *path, size_t size)
{
	const char *unit = absolute("STATE_DIRECTORY"); /* of a unit that has StateDirectory= */

	if (uid == 0 && unit)
		return print(path, size, unit, "", NULL);
	if (uid == 0)
		return print(path, size, STATE_DIR_ROOT, "", name);
	return state_of_others(name, path, size);
}

int directory_run(const char *name, uid_t uid, char *path, size_t size)
{
	const char *named = absolute("QUIXOTE_RUNTIME_DIR"), *base = absolute("XDG_RUNTIME_DIR");

	if (named)
		return print(path, size, named, "", name);
	if (uid == 0)
		return print(path, size, RUN_DIR_ROOT, "", name);
	if (base)
		return print(path, size, base, "/quixote", name);
	return state_of_others(name, path, size);
}
