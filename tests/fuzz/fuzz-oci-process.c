// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-oci-process.c - fuzzes oci_process_insert().
 *
 * Without the word before its arguments, the process is what it was for a reader of JSON, too.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/oci-process.h"

#define WORD "/proc/self/fd/3"
#define FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
	if (!condition)
		abort();
}

static void check_meaning(const char *data, size_t size, const struct text *text)
{
	json_t *before = json_loadb(data, size, FLAGS, NULL);
	json_t *after = json_loadb(text->data, text->size, FLAGS, NULL);
	json_t *args = json_object_get(after, "args");

	check(before && after);
	check(strcmp(json_string_value(json_array_get(args, 0)), WORD) == 0);
	check(json_array_remove(args, 0) == 0 && json_equal(before, after));
	json_decref(before);
	json_decref(after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = TEXT_EMPTY;
	int r = oci_process_insert((const char *)data, size, WORD, &text);

	check((r == 0) == (text.size == size + strlen("\"" WORD "\",")) && (r == 0 || !text.size));
	if (r == 0)
		check_meaning((const char *)data, size, &text);
	text_done(&text);
	return 0;
}
