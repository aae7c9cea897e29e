// SPDX-License-Identifier: LGPL-2.1-or-later
/* named.c - see named.h. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/config.h"
#include "named.h"
#include "oci.h"
#include "open.h"

static bool is_there(const char *directory, const char *name, char ret[PATH_MAX])
{
	int n = snprintf(ret, PATH_MAX, "%s/%s.cfg", directory, name);

	return n > 0 && n < PATH_MAX && access(ret, F_OK) == 0;
}

/* One that cannot be read is nobody's, and whoever uses it says why. */
static bool says_name(const char *path, const char *name)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct config_error error;

	return config_read(path, &config, &error) == 0 && !strcmp(config->name, name);
}

bool named_search(const char *directory, const char *name, char ret[PATH_MAX])
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char path[PATH_MAX];
	size_t found = 0;

	while (dir && (entry = readdir(dir))) {
		int n = snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);

		if (!is_configuration(entry->d_name) || n < 0 || n >= (int)sizeof(path) ||
		    !says_name(path, name))
			continue;
		strcpy(ret, path);
		found++;
	}
	if (dir)
		(void)closedir(dir);
	return found == 1;
}

bool named_find(const char *name, char ret[PATH_MAX])
{
	if (is_there(NAMED_DIRECTORY, name, ret) || is_there(OCI_DIRECTORY, name, ret) ||
	    named_search(NAMED_DIRECTORY, name, ret))
		return true;
	return is_there(NAMED_DIRECTORY, name, ret);
}
