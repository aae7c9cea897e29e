// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * explain-tell.c - refusals told, one line each: when, who, what, how it differs from
 * the nearest thing that was learned, and what to type; or in JSON.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "../libtsem/cleanup.h"
#include "explanation.h"
#include "phrase.h"
#include "remedy.h"

/* Of a program that was not learned nothing was: one line for all that it did. */
bool explanation_is_grouped(const struct explanation *e, const struct refusal *refusal)
{
	return refusal->culprit && !e->verbose && !e->json;
}

struct near_query explanation_query(const struct explanation *e, const struct refusal *refusal)
{
	return (struct near_query){
		.seen = &refusal->record,
		.event = refusal->event,
		.fields = e->fields,
		.limit = UINT_MAX - 1,
	};
}

static void add_time(struct text *t, time_t when, const char *format)
{
	char shown[64];
	struct tm tm;

	if (localtime_r(&when, &tm) && strftime(shown, sizeof(shown), format, &tm))
		text_add_string(t, shown);
	else
		text_format(t, "%lld", (long long)when);
}

static const char *verdict_words(const char *verdict)
{
	static const struct {
		const char *verdict, *words;
	} rows[] = {
		{ "refused", "refused" },
		{ "untrusted", "not trusted any more" },
		{ "shadow", "would be refused" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(rows[i].verdict, verdict))
			return rows[i].words;
	}
	return "outside the model";
}

static void add_why(const struct explanation *e, const struct refusal *refusal,
		    const struct comparison *c, struct text *t)
{
	if (!e->model.model)
		text_add_string(t, "the model is not known");
	else
		near_explain(refusal->nearest_coefficient ? &refusal->nearest : NULL,
			     &refusal->record, c, &e->subject.programs, t);
}

static void add_fact(struct text *t, const struct fact *fact)
{
	if (fact)
		text_add_shown(t, fact->value, fact->size);
	else
		text_add_string(t, "nothing");
}

static void tell_differences(const struct comparison *c, struct text *t)
{
	for (unsigned int i = 0; i < c->count; i++) {
		text_add_string(t, "    ");
		text_add_shown(t, c->list[i].member, strlen(c->list[i].member));
		text_add_string(t, ": learned ");
		add_fact(t, c->list[i].learned);
		text_add_string(t, ", seen ");
		add_fact(t, c->list[i].seen);
		text_add_string(t, "\n");
	}
}

static void add_what(const struct explanation *e, const struct refusal *refusal, struct text *t)
{
	phrase_add(&refusal->record, &e->subject.programs, t);
	if (habits_has(&e->habits, &refusal->record))
		text_add_string(t, ", as it does before running a program");
}

/* How many others are not told because this one is. */
static void add_group(const struct explanation *e, const struct refusal *refusal, struct text *t)
{
	size_t more = 0;

	if (!explanation_is_grouped(e, refusal))
		return;
	for (size_t i = 0; i < e->refusals.count; i++)
		more += e->refusals.list[i]->culprit == refusal->culprit;
	if (more > 1)
		text_format(t, " (and %zu more for that reason; see --verbose)", more - 1);
}

bool explanation_is_told(const struct explanation *e, size_t number)
{
	const struct refusal *const refusal = e->refusals.list[number];

	if (!explanation_is_grouped(e, refusal))
		return false;
	for (size_t i = 0; i < number; i++) {
		if (e->refusals.list[i]->culprit == refusal->culprit)
			return true;
	}
	return false;
}

/* Limits that the kernel computes from its memory: no model can have what the next boot brings. */
static void add_note(const struct refusal *refusal, struct text *t)
{
	static const struct {
		int resource;
		const char *name;
	} rows[] = {
		{ RLIMIT_NPROC, "nproc" },
		{ RLIMIT_MEMLOCK, "memlock" },
		{ RLIMIT_SIGPENDING, "sigpending" },
	};
	const char *resource = facts_get(&refusal->record, "task_setrlimit.new_rlim.resource");

	for (size_t i = 0; resource && i < ARRAY_SIZE(rows); i++) {
		if (atoi(resource) == rows[i].resource)
			text_format(
				t,
				"    it follows from the memory that is found at boot; to have it "
				"the same each time, set %s in /etc/security/limits.conf\n",
				rows[i].name);
	}
}

static void tell(const struct explanation *e, const struct refusal *refusal,
		 const struct comparison *c, struct text *t)
{
	add_time(t, refusal->last, "%Y-%m-%d %H:%M:%S  ");
	programs_chain(&e->subject.programs, facts_get(&refusal->record, "event.task_id") ?: "", t);
	text_add_string(t, ": ");
	add_what(e, refusal, t);
	text_format(t, ": %s", verdict_words(refusal->verdict));
	if (refusal->count > 1)
		text_format(t, " %llu times", (unsigned long long)refusal->count);
	if (refusal->first != refusal->last)
		add_time(t, refusal->first, " since %Y-%m-%d %H:%M:%S");
	text_add_string(t, ": ");
	add_why(e, refusal, c, t);
	add_group(e, refusal, t);
	text_add_string(t, "\n");
	add_note(refusal, t);
	if (!e->verbose)
		return;
	text_add_string(t, "    coefficient ");
	text_add_shown(t, refusal->coefficient, strlen(refusal->coefficient));
	text_format(t, ", nearest %s\n", refusal->nearest_coefficient ?: "none");
	tell_differences(c, t);
}

static void add_json_text(struct text *t, const char *name, const char *value, size_t size)
{
	text_format(t, "%s\"%s\": ", t->size > 1 && t->data[t->size - 1] != '{' ? ", " : "", name);
	if (value)
		text_add_json(t, value, size);
	else
		text_add_string(t, "null");
}

static void add_json_differences(const struct comparison *c, struct text *t)
{
	text_add_string(t, ", \"differs\": [");
	for (unsigned int i = 0; i < c->count; i++) {
		const struct difference *d = &c->list[i];

		text_add_string(t, i ? ", {" : "{");
		add_json_text(t, "member", d->member, strlen(d->member));
		add_json_text(t, "learned", d->learned ? d->learned->value : NULL,
			      d->learned ? d->learned->size : 0);
		add_json_text(t, "seen", d->seen ? d->seen->value : NULL,
			      d->seen ? d->seen->size : 0);
		text_add_string(t, "}");
	}
	text_add_string(t, "]");
}

static void add_json_chain(const struct explanation *e, const char *task_id, struct text *t)
{
	const struct program *path[PROGRAMS_CHAIN];
	unsigned int count = programs_path(&e->subject.programs, task_id, path);

	text_add_string(t, ", \"programs\": [");
	for (unsigned int i = 0; i < count; i++) {
		text_add_string(t, i ? ", {" : "{");
		add_json_text(t, "task_id", path[i]->task_id, strlen(path[i]->task_id));
		add_json_text(t, "path", path[i]->path, strlen(path[i]->path));
		add_json_text(t, "script", path[i]->script,
			      path[i]->script ? strlen(path[i]->script) : 0);
		text_format(t, ", \"learned\": %s}", path[i]->learned ? "true" : "false");
	}
	text_add_string(t, "]");
}

static void add_json_phrase(const char *name, struct text *part, struct text *t)
{
	add_json_text(t, name, text_get(part), part->size);
	t->failed |= part->failed;
	text_done(part);
}

static void tell_json(const struct explanation *e, const struct refusal *refusal,
		      const struct comparison *c, struct text *t)
{
	struct text part = TEXT_EMPTY;

	text_format(t, "{\"first\": %lld, \"last\": %lld, \"count\": %llu",
		    (long long)refusal->first, (long long)refusal->last,
		    (unsigned long long)refusal->count);
	add_json_text(t, "verdict", refusal->verdict, strlen(refusal->verdict));
	add_json_text(t, "coefficient", refusal->coefficient, strlen(refusal->coefficient));
	add_json_text(t, "event", facts_get(&refusal->record, "event.type"),
		      strlen(facts_get(&refusal->record, "event.type")));
	programs_chain(&e->subject.programs, facts_get(&refusal->record, "event.task_id") ?: "",
		       &part);
	add_json_phrase("who", &part, t);
	add_what(e, refusal, &part);
	add_json_phrase("what", &part, t);
	add_why(e, refusal, c, &part);
	add_json_phrase("why", &part, t);
	add_json_text(t, "nearest", refusal->nearest_coefficient,
		      strlen(refusal->nearest_coefficient ?: ""));
	add_json_chain(e, facts_get(&refusal->record, "event.task_id") ?: "", t);
	add_json_differences(c, t);
	if (e->subject.config) {
		remedy_add(e->argument, &e->refusals, e->chosen, &part);
		add_json_phrase("accept", &part, t);
	}
	text_add_string(t, "}\n");
}

/* Below what was told: how to allow all that it was about. */
int explanation_end_told(struct explanation *e)
{
	struct text t = TEXT_EMPTY;
	int r;

	if (!e->told.size || e->json || !e->subject.config)
		return 0;
	text_add_string(&t, "    to allow it: ");
	remedy_add(e->argument, &e->refusals, e->chosen, &t);
	r = t.failed ? -ENOMEM : 0;
	if (r == 0)
		(void)printf("%s\n", text_get(&t));
	text_done(&t);
	return r;
}

/* This one, and those that are not told because it is. */
static void choose(struct explanation *e, size_t number, bool anew)
{
	const struct refusal *refusal = e->refusals.list[number];

	for (size_t i = 0; i < e->refusals.count; i++) {
		bool alike = i == number || (explanation_is_grouped(e, refusal) &&
					     e->refusals.list[i]->culprit == refusal->culprit);

		e->chosen[i] = alike || (e->chosen[i] && !anew);
	}
}

int explanation_tell(struct explanation *e, size_t number)
{
	struct refusal *refusal = e->refusals.list[number];
	const struct near_query query = explanation_query(e, refusal);
	struct comparison c = { .fields = e->fields };
	struct text t = TEXT_EMPTY;
	bool is_new;
	int r = 0;

	if (refusal->nearest_coefficient)
		near_compare(&query, &refusal->nearest, &c);
	if (e->json) {
		choose(e, number, true);
		tell_json(e, refusal, &c, &t);
	} else {
		tell(e, refusal, &c, &t);
	}
	/* One thing that a person does may raise several events that are told in the same words. */
	is_new = !e->told.data || t.failed || strcmp(e->told.data, t.data);
	if (is_new)
		r = explanation_end_told(e);
	if (!e->json)
		choose(e, number, is_new);
	if (is_new && r == 0 && !t.failed)
		(void)fwrite(text_get(&t), 1, t.size, stdout);
	r = t.failed ? -ENOMEM : r;
	text_done(&e->told);
	e->told = t;
	return r;
}

/* A service is not trained as other workloads are, and a container by who creates it. */
static void tell_what_to_type(const struct subject *subject)
{
	const char *unit = subject->config->unit;

	if (subject_is_of_engine(subject))
		(void)printf("What of this is right can be learned, by a container that is created "
			     "with quixote.mode=train, ");
	else
		(void)printf("What of this is right can be learned, quixote train %s%s, ",
			     unit ? "" : "-c ", unit ?: subject->config_path);
	(void)printf("or accepted: quixote model accept %s%s\n", subject->config_path,
		     subject->config->allow_unsigned ? "" : "; the model is signed again then: "
							    "quixote model sign");
}

/* What a person must know besides. */
void explanation_tell_notes(const struct explanation *e)
{
	const struct {
		uint64_t count;
		const char *note;
	} rows[] = {
		{ e->refusals.lost, "refusals could not be recorded" },
		{ e->refusals.more, "refusals more are recorded" },
		{ e->refusals.bad, "lines of the record were not understood" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].count)
			(void)fprintf(stderr, "quixote: %s: %llu %s\n", e->subject.name,
				      (unsigned long long)rows[i].count, rows[i].note);
	}
	if (e->json)
		return;
	if (!e->refusals.count)
		(void)printf("%s: nothing was refused%s\n", e->subject.name,
			     e->accepted ? " that the model does not allow by now" : "");
	else if (e->subject.config)
		tell_what_to_type(&e->subject);
}
