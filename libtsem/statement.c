// SPDX-License-Identifier: LGPL-2.1-or-later
/* statement.c - see statement.h. */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "cleanup.h"
#include "refuse.h"
#include "statement.h"

#define FORMULA 1

/* From a model. */

static int count_point(const struct tsem_model_point *point, void *userdata)
{
	struct tsem_statement *s = userdata;

	/* More than JSON can say stays the most that it can say. */
	if (__builtin_add_overflow(s->events, point->count, &s->events) || s->events > INT64_MAX)
		s->events = INT64_MAX;
	s->once += point->count == 1;
	return 0;
}

void tsem_statement_about(const struct tsem_model *model, const uint8_t sha256[32],
			  struct tsem_statement *ret)
{
	const struct tsem_model_header *h = tsem_model_get_header(model);
	struct tsem_statement s = {
		.runs = h->runs,
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
	(void)tsem_model_each_point(model, count_point, &s); /* always 0 */
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
	uint64_t *const fields[] = { &s->version,  &s->runs,   &s->coefficients,
				     &s->programs, &s->events, &s->once };

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
	json_int_t formula, numbers[6];
	struct texts t;
	int r;

	if (!root ||
	    json_unpack(root, "{s:s, s:I, s:s, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I !}",
			"name", &t.name, "version", &numbers[0], "sha256", &t.sha256, "formula",
			&formula, "fields", &t.fields, "digest", &t.digest, "nsref", &t.nsref,
			"source", &t.source, "runs", &numbers[1], "coefficients", &numbers[2],
			"programs", &numbers[3], "events", &numbers[4], "once", &numbers[5]) < 0)
		return tsem_refuse(error, -EBADMSG,
				   "what was signed is not a statement about a model");
	if (formula != FORMULA)
		return tsem_refuse(error, -EPROTONOSUPPORT,
				   "it was signed for formula %lld; this version knows only %d",
				   (long long)formula, FORMULA);
	r = take_texts(&t, &s, error);
	if (r == 0)
		r = take_numbers(numbers, &s, error);
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
		"\"once\": %llu}",
		s->name, (unsigned long long)s->version, s->sha256, FORMULA, s->fields, s->digest,
		s->nsref, s->source, (unsigned long long)s->runs,
		(unsigned long long)s->coefficients, (unsigned long long)s->programs,
		(unsigned long long)s->events, (unsigned long long)s->once);

	ret->payload_size = n;
	ret->signature_count = 0;
}
