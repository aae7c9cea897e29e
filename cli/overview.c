// SPDX-License-Identifier: LGPL-2.1-or-later
/* overview.c - see overview.h. */
#include <stdio.h>
#include <string.h>

#include "overview.h"
#include "text.h"

#define USEC_PER_SEC 1000000ull

static void add_duration(struct text *t, uint64_t sec)
{
	static const struct {
		uint64_t sec, sec_small;
		char unit, unit_small;
	} rows[] = {
		{ 86400, 3600, 'd', 'h' },
		{ 3600, 60, 'h', 'm' },
		{ 60, 1, 'm', 's' },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (sec < rows[i].sec)
			continue;
		text_format(t, "%llu%c%02llu%c", (unsigned long long)(sec / rows[i].sec),
			    rows[i].unit,
			    (unsigned long long)(sec % rows[i].sec / rows[i].sec_small),
			    rows[i].unit_small);
		return;
	}
	text_format(t, "%llus", (unsigned long long)sec);
}

/* Three digits are enough. */
static void add_latency(struct text *t, uint64_t nsec)
{
	double usec = (double)nsec / 1e3;

	if (!nsec)
		text_add_string(t, "-");
	else if (usec < 1e3)
		text_format(t, "%.*fus", usec < 10 ? 1 : 0, usec);
	else if (usec < 1e6)
		text_format(t, "%.*fms", usec < 1e4 ? 1 : 0, usec / 1e3);
	else
		text_format(t, "%.1fs", usec / 1e6);
}

/** struct column - Of the table; the first two are left-aligned. */
struct column {
	const char *head;
	const char *value; /* of the status */
	void (*add)(struct text *t, const struct running *running, const char *value);
	int width;
};

static void add_name(struct text *t, const struct running *running, const char *value)
{
	text_add_shown(t, running->name, strlen(running->name));
}

static void add_text(struct text *t, const struct running *running, const char *value)
{
	const char *text = running_text(running, value);

	text_add_shown(t, text, strnlen(text, 16));
}

static void add_number(struct text *t, const struct running *running, const char *value)
{
	text_format(t, "%llu", (unsigned long long)running_number(running, value));
}

static void add_uptime(struct text *t, const struct running *running, const char *value)
{
	add_duration(t, running_number(running, value) / USEC_PER_SEC);
}

static void add_nsec(struct text *t, const struct running *running, const char *value)
{
	add_latency(t, running_number(running, value));
}

static const struct column columns[] = {
	{ "NAME", NULL, add_name, -20 },
	{ "MODE", "mode", add_text, -7 },
	{ "UP", "uptime_usec", add_uptime, 7 },
	{ "EVENTS", "events", add_number, 10 },
	{ "EVENTS/S", "events_per_second", add_number, 8 },
	{ "NEW", "new", add_number, 6 },
	{ "REFUSED", "outside", add_number, 7 },
	{ "P50", "latency.p50_nsec", add_nsec, 7 },
	{ "P99", "latency.p99_nsec", add_nsec, 7 },
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static void print_cell(size_t i, const char *text)
{
	(void)printf("%s%*s%s", i ? " " : "", columns[i].width, text,
		     i + 1 == COLUMN_COUNT ? "\n" : "");
}

void overview_print(const struct running_list *list, bool head)
{
	for (size_t i = 0; head && i < COLUMN_COUNT; i++)
		print_cell(i, columns[i].head);
	for (size_t n = 0; n < list->count; n++) {
		for (size_t i = 0; !list->list[n].fault && i < COLUMN_COUNT; i++) {
			struct text t = TEXT_EMPTY;

			columns[i].add(&t, &list->list[n], columns[i].value);
			print_cell(i, text_get(&t));
			text_done(&t);
		}
	}
}

void overview_json(const struct running_list *list)
{
	for (size_t n = 0; n < list->count; n++) {
		const struct answer *status = &list->list[n].status;

		if (!list->list[n].fault)
			(void)text_print_json(status->text, status->size); /* ferror() */
	}
}
