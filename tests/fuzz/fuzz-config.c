// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-config.c - fuzzes config_parse().
 *
 * What is refused has a sentence that a terminal can show; what is accepted is
 * what config.h promises.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../orchestrator/config-value.h"
#include "../../orchestrator/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
	if (!condition)
		abort();
}

static void check_config(const struct config *c)
{
	const char *wrong;

	check(value_name(c->name, &wrong) == 0);
	check(!c->command != !c->bundle);
	check(!c->command || (c->command[0] && c->command[0][0]));
	check(!c->bundle || (c->bundle[0] && c->type == CONFIG_TYPE_SERVICE && !c->working_directory));
	check(c->model && c->model[0]);
	check(!c->user || value_user(c->user, &wrong) == 0);
	check(c->type < CONFIG_TYPE_COUNT && c->terminal < CONFIG_TERMINAL_COUNT);
	check(c->mode < CONFIG_MODE_COUNT && c->digest < CONFIG_DIGEST_COUNT);
	check(c->root == CONFIG_ROOT_PROCESS);
	check(c->deadline_usec >= 1000 && c->deadline_usec % 1000 == 0);
	for (char **v = c->environment; *v; v++)
		check(value_variable(*v, &wrong) == 0);
	for (char **path = c->pseudonym; *path; path++)
		check(value_path(*path, &wrong) == 0);
	for (char **path = c->scratch; path && *path; path++)
		check((*path)[0] == '/' && (*path)[strlen(*path) - 1] == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_error error = { "" };
	struct config *config = NULL;
	int r = config_parse("/etc/a.cfg", (const char *)data, size, &config, &error);

	if (r == 0) {
		check_config(config);
	} else {
		check(!config && !strncmp(error.text, "/etc/a.cfg", 10));
		for (const char *c = error.text; *c; c++)
			check((unsigned char)*c >= ' ' && *c != 0x7f);
	}
	(void)config_free(config);
	return 0;
}
