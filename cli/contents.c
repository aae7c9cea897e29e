// SPDX-License-Identifier: LGPL-2.1-or-later
/* contents.c - see contents.h. */
#include <string.h>

#include "contents.h"

/* Quotes in a name are escaped, so no name can look like this. */
static const char before[] = "\"pathname\": \"";
static const char between[] = "\"}, \"digest\": \"";

/* The quote that ends a text. */
static const char *text_end(const char *at, const char *end)
{
	for (; at < end && *at != '"'; at++)
		at += *at == '\\' && at + 1 < end;
	return at;
}

bool content_next(const char *at, const char *end, unsigned int digits, struct content *ret)
{
	while ((at = memmem(at, end - at, before, strlen(before)))) {
		const char *path = at + strlen(before), *path_end = text_end(path, end);

		at = path_end;
		if ((size_t)(end - path_end) < strlen(between) + digits ||
		    memcmp(path_end, between, strlen(between)) != 0)
			continue;
		*ret = (struct content){ path, path_end - path, path_end + strlen(between) };
		return true;
	}
	return false;
}
