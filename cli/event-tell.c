// SPDX-License-Identifier: LGPL-2.1-or-later
/* event-tell.c - see event-tell.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../libtsem/cleanup.h"
#include "event-tell.h"
#include "phrase.h"

#define USEC_PER_SEC 1000000ull

static void add_time(struct text *t, const struct facts *event)
{
	const char *usec = facts_get(event, "usec"), *sec = facts_get(event, "time");
	unsigned long long value =
		usec ? strtoull(usec, NULL, 10) : (unsigned long long)(strtod(sec, NULL) * 1e6);
	time_t seconds = (time_t)(value / USEC_PER_SEC);
	char text[32] = "?";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	text_format(t, "%s.%03llu  ", text, value % USEC_PER_SEC / 1000);
}

static void add_words(const struct subject *subject, const struct facts *record,
		      const char *verdict, struct text *t)
{
	programs_chain(&subject->programs, facts_get(record, "event.task_id") ?: "", t);
	text_add_string(t, ": ");
	phrase_add(record, &subject->programs, t);
	text_add_string(t, ": ");
	text_add_shown(t, verdict, strlen(verdict));
}

int event_tell(struct subject *subject, struct facts *take_event)
{
	_cleanup_(facts_done) struct facts event = *take_event;
	const char *verdict = facts_get(&event, "verdict");
	struct text t = TEXT_EMPTY;

	*take_event = (struct facts){};
	if (!verdict || !(facts_get(&event, "usec") || facts_get(&event, "time")) ||
	    !facts_get(&event, "record.event.type"))
		return -EBADMSG;
	add_time(&t, &event);
	facts_keep(&event, "record."); /* what was found before stays where it is */
	if (strcmp(verdict, "program") == 0) {
		text_done(&t);
		return programs_add(&subject->programs, &event, !subject->known);
	}
	add_words(subject, &event, verdict, &t);
	(void)puts(text_get(&t));
	text_done(&t);
	return 0;
}
