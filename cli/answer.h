/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * answer.h - an answer of a management socket, from its text. Whoever gave it
 * reads hostile records, so it may say anything.
 */
#ifndef QUIXOTE_ANSWER_TEXT_H
#define QUIXOTE_ANSWER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "facts.h"

/**
 * struct answer - One answer.
 * @facts: All of it: "parameters.events".
 * @text: Its parameters as they are, in one line; borrowed from what was parsed.
 * @size: Bytes at @text.
 * @error: Name of the error; NULL if it is none.
 * @continues: Another one will follow.
 */
struct answer {
	struct facts facts;
	const char *text;
	size_t size;
	const char *error;
	bool continues;
};

/**
 * answer_parse() - Parse one.
 * @text: Without the NUL that ends it. Line feeds, which can stand between members only, become
 *	blanks; borrowed as long as @ret is used.
 * @ret: To be ended by answer_done().
 *
 * Return: 0; -EBADMSG for what is neither an error nor has parameters first; -E2BIG; -ENOMEM.
 */
int answer_parse(char *text, size_t size, struct answer *ret);

void answer_done(struct answer *answer);

#endif
