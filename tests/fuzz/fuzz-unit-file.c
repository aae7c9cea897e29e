// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-unit-file.c - fuzzes unit_file_add_commands().
 *
 * What it adds goes into a drop-in, where each line of it has to be a comment for systemd.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/unit-file.h"

#define PREFIX "# ExecStart="

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
	if (!condition)
		abort();
}

static void check_lines(const char *line)
{
	for (; *line; line = strchr(line, '\n') + 1) {
		check(strncmp(line, PREFIX, strlen(PREFIX)) == 0);
		check(strchr(line, '\n') != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = TEXT_EMPTY;
	int r = unit_file_add_commands((const char *)data, size, &text);

	check((r < 0) == (size && memchr(data, '\0', size) != NULL));
	check(r == 0 || text.size == 0);
	check(strlen(text_get(&text)) == text.size && !strchr(text_get(&text), '\r'));
	check_lines(text_get(&text));
	text_done(&text);
	return 0;
}
