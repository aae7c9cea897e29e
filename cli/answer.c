// SPDX-License-Identifier: LGPL-2.1-or-later
/* answer.c - see answer.h. */
#include <errno.h>
#include <string.h>

#include "answer.h"

#define PARAMETERS "{\"parameters\":"

/* The object of the parameters; line feeds can stand between its members only. */
static void find_parameters(char *text, size_t size, struct answer *answer)
{
	size_t depth = 0, begin = strlen(PARAMETERS);
	bool quoted = false;

	if (size < begin || memcmp(text, PARAMETERS, begin) != 0)
		return;
	for (size_t i = begin; i < size; i++) {
		if (text[i] == '\n' || text[i] == '\r')
			text[i] = ' ';
		if (text[i] == '"')
			quoted = !quoted;
		else if (quoted && text[i] == '\\')
			i++;
		else if (!quoted && text[i] == '{')
			depth++;
		else if (!quoted && text[i] == '}' && --depth == 0) {
			answer->text = text + begin;
			answer->size = i + 1 - begin;
			return;
		}
	}
}

int answer_parse(char *text, size_t size, struct answer *ret)
{
	struct answer answer = {};
	const char *continues;
	int r;

	r = facts_parse(text, size, &answer.facts);
	if (r < 0)
		return r;
	answer.error = facts_get(&answer.facts, "error");
	continues = facts_get(&answer.facts, "continues");
	answer.continues = continues && strcmp(continues, "true") == 0;
	find_parameters(text, size, &answer);
	if (!answer.error && !answer.text) {
		answer_done(&answer);
		return -EBADMSG;
	}
	*ret = answer;
	return 0;
}

void answer_done(struct answer *answer)
{
	facts_done(&answer->facts);
	*answer = (struct answer){};
}
