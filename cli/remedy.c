// SPDX-License-Identifier: LGPL-2.1-or-later
/* remedy.c - see remedy.h. */
#include <string.h>

#include "remedy.h"

/* As "quixote model accept" lists them. */
#define DIGITS 12

/* More than a person looks at in a command line. */
#define EVENTS_MAX 8

/* So many digits that no other refusal begins with them. */
static size_t digits_of(const struct refusals *r, size_t number)
{
	const char *hex = r->list[number]->coefficient;
	size_t digits = DIGITS;

	for (size_t i = 0; i < r->count; i++) {
		while (i != number && hex[digits] && !strncmp(r->list[i]->coefficient, hex, digits))
			digits++;
	}
	return digits;
}

void remedy_add(const char *workload, const struct refusals *r, const bool *chosen, struct text *t)
{
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++)
		count += chosen[i];
	text_add_string(t, "quixote model accept ");
	text_add_string(t, count > EVENTS_MAX ? "--interactive " : "");
	text_add_word(t, workload);
	for (size_t i = 0; count <= EVENTS_MAX && i < r->count; i++) {
		const char *hex = r->list[i]->coefficient;

		if (!chosen[i])
			continue;
		text_add_string(t, " ");
		text_add_shown(t, hex, strnlen(hex, digits_of(r, i)));
	}
}
