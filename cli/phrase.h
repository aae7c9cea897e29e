/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * phrase.h - an event in words: "open /etc/passwd for reading". One template
 * per event of the schema; what has none is told by its name and first path.
 */
#ifndef QUIXOTE_PHRASE_H
#define QUIXOTE_PHRASE_H

#include "../libtsem/core/schema.h"
#include "facts.h"
#include "programs.h"
#include "text.h"

/** PHRASE_OPENED_FOR_EXEC - As FILE.flags tells an execution; formula.md, section 3. */
#define PHRASE_OPENED_FOR_EXEC 0x20

/** phrase_event() - Return: the event of a bare record, 0 if the schema has none of its name. */
enum tsem_event_id phrase_event(const struct facts *record);

/** phrase_add() - Add what the event does, for a terminal. */
void phrase_add(const struct facts *record, const struct programs *programs, struct text *text);

/** phrase_object() - The path or other name that the event is about; NULL if there is none. */
const struct fact *phrase_object(const struct facts *record);

/** phrase_counted_object() - The same; NULL also if it lies in scratch, where names do not count.
 */
const struct fact *phrase_counted_object(const struct facts *record);

/** phrase_template() - For tests: the template of an event, NULL if it has none. */
const char *phrase_template(enum tsem_event_id event);

/** phrase_is_function() - For tests: whether templates may use this word. */
int phrase_is_function(const char *name, size_t size);

#endif
