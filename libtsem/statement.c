// SPDX-License-Identifier: LGPL-2.1-or-later
/* statement.c - see statement.h. */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "cleanup.h"
#include "coverage.h"
#include "refuse.h"
#include "statement.h"

#define FORMULA 1

/* Numbers in a statement, but for the formula. */
#define NUMBERS 10

/* From a model. */

/* More than JSON can say stays the most that it can say. */
static uint64_t said(uint64_t number)
{
	return number < INT64_MAX ? number : INT64_MAX;
}

void tsem_statement_about(const struct tsem_model *model, const uint8_t sha256[32],
			  struct tsem_statement *ret)
{
	const struct tsem_model_header *h = tsem_model_get_header(model);
	const struct completeness c = completeness_of(model);
	struct tsem_statement s = {
		.runs = said(h->runs),
		.events = said(c.events.seen),
		.once = c.events.once,
		.twice = c.events.twice,
		.shown = said(c.runs.seen),
		.shown_once = c.runs.once,
		.shown_twice = c.runs.twice,
		.coefficients = tsem_model_point_count(model),
		.programs = tsem_model_program_count(model),
	};

	/* They fit: a model has no longer ones. */
	(void)snprintf(s.name, sizeof(s.name), "%s", h->name);
	(void)snprintf(s.digest, sizeof(s.digest), "%s", h->digest);
	(void)snprintf(s.nsref, sizeof(s.nsref), "%s", h->nsref);
	(void)snprintf(s.fields, sizeof(s.fields), "%s",
		       h->fields == TSEM_FIELDS_STRICT ? "strict" : "portable");
	for (size_t i = 0; i < TSEM_SHA256_CHARS / 2; i++)
		(void)sprintf(s.sha256 + 2 * i, "%02x", sha256[i]);
	*ret = s;
}

int tsem_statement_agrees(const struct tsem_statement *s, const struct tsem_statement *model,
			  struct tsem_model_error *error)
{
	const struct {
		const char *what, *said, *is;
	} texts[] = {
		{ "name", s->name, model->name },
		{ "fields", s->fields, model->fields },
		{ "digest", s->digest, model->digest },
		{ "nsref", s->nsref, model->nsref },
	};
	const struct {
		const char *what;
		uint64_t said, is;
	} numbers[] = {
		{ "runs", s->runs, model->runs },
		{ "coefficients", s->coefficients, model->coefficients },
		{ "programs", s->programs, model->programs },
		{ "events", s->events, model->events },
		{ "once", s->once, model->once },
		{ "twice", s->twice, model->twice },
		{ "shown", s->shown, model->shown },
		{ "shown_once", s->shown_once, model->shown_once },
		{ "shown_twice", s->shown_twice, model->shown_twice },
	};

	if (strcmp(s->sha256, model->sha256))
		return tsem_refuse(error, -EKEYREJECTED,
				   "the model is not the one that was signed");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strcmp(texts[i].said, texts[i].is))
			return tsem_refuse(error, -EKEYREJECTED,
					   "what was signed says %s %s, the model says %s",
					   texts[i].what, texts[i].said, texts[i].is);
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (numbers[i].said != numbers[i].is)
			return tsem_refuse(error, -EKEYREJECTED,
					   "what was signed says %llu %s, the model has %llu",
					   (unsigned long long)numbers[i].said, numbers[i].what,
					   (unsigned long long)numbers[i].is);
	}
	return 0;
}

/* Reading. */

static bool is_plain(const char *text, size_t most)
{
	if (strlen(text) > most)
		return false;
	for (; *text; text++) {
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			return false;
	}
	return true;
}

int tsem_statement_is_source(const char *source)
{
	return is_plain(source, TSEM_SOURCE_BYTES);
}

/** struct texts - Its texts, as JSON has them. */
struct texts {
	const char *name, *sha256, *fields, *digest, *nsref, *source;
};

static int take_texts(const struct texts *t, struct tsem_statement *s,
		      struct tsem_model_error *error)
{
	const struct {
		const char *what, *text;
		char *field;
		size_t room;
	} rows[] = {
		{ "name", t->name, s->name, sizeof(s->name) },
		{ "sha256", t->sha256, s->sha256, sizeof(s->sha256) },
		{ "fields", t->fields, s->fields, sizeof(s->fields) },
		{ "digest", t->digest, s->digest, sizeof(s->digest) },
		{ "nsref", t->nsref, s->nsref, sizeof(s->nsref) },
		{ "source", t->source, s->source, sizeof(s->source) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!is_plain(rows[i].text, rows[i].room - 1))
			return tsem_refuse(error, -EBADMSG,
					   "%s is not up to %zu characters of ASCII", rows[i].what,
					   rows[i].room - 1);
		(void)snprintf(rows[i].field, rows[i].room, "%s", rows[i].text); /* it fits */
	}
	return 0;
}

static int take_numbers(const json_int_t *numbers, struct tsem_statement *s,
			struct tsem_model_error *error)
{
	uint64_t *const fields[NUMBERS] = { &s->version,    &s->runs,	&s->coefficients,
					    &s->programs,   &s->events, &s->once,
					    &s->twice,	    &s->shown,	&s->shown_once,
					    &s->shown_twice };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (numbers[i] < (i == 0 ? 1 : 0))
			return tsem_refuse(error, -EBADMSG, "a number is too small");
		*fields[i] = (uint64_t)numbers[i];
	}
	return 0;
}

int tsem_statement_parse(const struct tsem_envelope *e, struct tsem_statement *ret,
			 struct tsem_model_error *error)
{
	_cleanup_(json_decrefp) json_t *root =
		json_loadb((const char *)e->payload, e->payload_size, JSON_REJECT_DUPLICATES, NULL);
	struct tsem_statement s = { .version = 0 };
	json_int_t formula, n[NUMBERS];
	struct texts t;
	int r;

	if (!root ||
	    json_unpack(root,
			"{s:s, s:I, s:s, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, "
			"s:I, s:I, s:I !}",
			"name", &t.name, "version", &n[0], "sha256", &t.sha256, "formula", &formula,
			"fields", &t.fields, "digest", &t.digest, "nsref", &t.nsref, "source",
			&t.source, "runs", &n[1], "coefficients", &n[2], "programs", &n[3],
			"events", &n[4], "once", &n[5], "twice", &n[6], "shown", &n[7],
			"shown_once", &n[8], "shown_twice", &n[9]) < 0)
		return tsem_refuse(error, -EBADMSG,
				   "what was signed is not a statement about a model");
	if (formula != FORMULA)
		return tsem_refuse(error, -EPROTONOSUPPORT,
				   "it was signed for formula %lld; this version knows only %d",
				   (long long)formula, FORMULA);
	r = take_texts(&t, &s, error);
	if (r == 0)
		r = take_numbers(n, &s, error);
	if (r == 0)
		*ret = s;
	return r;
}

/* Writing. */

void tsem_statement_print(const struct tsem_statement *s, struct tsem_envelope *ret)
{
	/* None of its texts needs an escape, and all together are shorter than there is room. */
	int n = snprintf(
		(char *)ret->payload, sizeof(ret->payload),
		"{\"name\": \"%s\", \"version\": %llu, \"sha256\": \"%s\", \"formula\": %d, "
		"\"fields\": \"%s\", \"digest\": \"%s\", \"nsref\": \"%s\", \"source\": \"%s\", "
		"\"runs\": %llu, \"coefficients\": %llu, \"programs\": %llu, \"events\": %llu, "
		"\"once\": %llu, \"twice\": %llu, \"shown\": %llu, \"shown_once\": %llu, "
		"\"shown_twice\": %llu}",
		s->name, (unsigned long long)s->version, s->sha256, FORMULA, s->fields, s->digest,
		s->nsref, s->source, (unsigned long long)s->runs,
		(unsigned long long)s->coefficients, (unsigned long long)s->programs,
		(unsigned long long)s->events, (unsigned long long)s->once,
		(unsigned long long)s->twice, (unsigned long long)s->shown,
		(unsigned long long)s->shown_once, (unsigned long long)s->shown_twice);

	ret->payload_size = n;
	ret->signature_count = 0;
}
