// SPDX-License-Identifier: LGPL-2.1-or-later
/* suggest.c - see suggest.h. */
#include <ctype.h>
#include <string.h>

#include "suggest.h"

/* Longer words are not compared: no key and no command is that long. */
#define WORD_MAX 32

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

static int lower(char c)
{
	return tolower((unsigned char)c);
}

/* Insertions, deletions and replacements from one word to the other; case does not count. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= b_size; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			size_t above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1,
				      diagonal + (lower(a[i - 1]) != lower(b[j - 1])));
			diagonal = above;
		}
	}
	return row[b_size];
}

const char *suggest(const char *typed, const char *(*word)(size_t i, const void *userdata),
		    const void *userdata)
{
	size_t typed_size = strlen(typed), best_distance = typed_size / 3 + 2;
	const char *best = NULL, *w;

	if (typed_size > WORD_MAX)
		return NULL;
	for (size_t i = 0; (w = word(i, userdata)); i++) {
		size_t d =
			strlen(w) > WORD_MAX ? WORD_MAX : distance(typed, typed_size, w, strlen(w));

		if (d < best_distance && d < strlen(w)) {
			best_distance = d;
			best = w;
		}
	}
	return best;
}
