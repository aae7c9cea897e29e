// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-words.c - fuzzes what quixote explain does with a record, and what comes from
 * a management socket.
 *
 * Whatever stands in it, what is said is a line that a terminal can show; a
 * record is at no distance from itself.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/answer.h"
#include "../../cli/facts.h"
#include "../../cli/near.h"
#include "../../cli/phrase.h"
#include "../../cli/programs.h"
#include "../../cli/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_shown(const struct text *t)
{
	for (size_t i = 0; i < t->size; i++) {
		unsigned char c = t->data[i];

		if (c < ' ' || c == 0x7f || (c == 0xc2 && (unsigned char)t->data[i + 1] < 0xa0))
			abort();
	}
}

static void check_words(const struct facts *facts, const struct programs *programs)
{
	const struct near_query query = { facts, phrase_event(facts), TSEM_FIELDS_PORTABLE,
					  UINT32_MAX - 1 };
	struct comparison c;
	struct text t = TEXT_EMPTY;

	phrase_add(facts, programs, &t);
	programs_chain(programs, facts_get(facts, "event.task_id") ?: "", &t);
	near_compare(&query, facts, &c);
	if (c.distance > NEAR_RENAMED || c.count)
		abort();
	near_explain(facts, facts, &c, programs, &t);
	check_shown(&t);
	text_done(&t);
}

/* What stands in an answer can be taken out of it, in one line. */
static void check_answer(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct answer answer;
	struct facts facts;

	if (!text)
		return;
	memcpy(text, data, size);
	if (answer_parse(text, size, &answer) == 0) {
		if (!answer.text && !answer.error)
			abort();
		if (answer.text && (memchr(answer.text, '\n', answer.size) ||
				    facts_parse(answer.text, answer.size, &facts) < 0))
			abort();
		if (answer.text)
			facts_done(&facts);
		answer_done(&answer);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct programs programs = { NULL };
	struct facts facts, exec;

	check_answer(data, size);
	if (facts_parse((const char *)data, size, &facts) < 0)
		return 0;
	if (facts_parse((const char *)data, size, &exec) == 0)
		(void)programs_add(&programs, &exec, false);
	check_words(&facts, &programs);
	programs_done(&programs);
	facts_done(&facts);
	return 0;
}
