// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * model-convert.c - quixote model convert: from and to the line format of
 * upstream's quixote, which has the coefficients and not the events. Those are
 * taken from a trajectory, where each is found by its coefficient.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/hasher.h"
#include "../libtsem/upstream.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "line.h"
#include "open.h"
#include "records.h"
#include "text.h"
#include "write.h"

static const char help[] =
	"usage: quixote model convert MODEL\n"
	"       quixote model convert --records=FILE --output=MODEL [OPTION]... UPSTREAM "
	"[PATH...]\n"
	"\n"
	"Writes a MODEL to standard output in the line format of upstream's quixote, for the\n"
	"verbs of the kernel that take it: pseudonym, state, seal and end. Or makes a MODEL of\n"
	"such a file: what made its coefficients is looked for in a trajectory, and each must be\n"
	"there. Pseudonyms are digests of paths: the PATHs are those that they may be of.\n"
	"\n"
	"      --records=FILE    the trajectory: records, one JSON object a line\n"
	"      --output=MODEL    where to write the model\n"
	"      --name=NAME       of the workload, by default \"upstream\"\n"
	"      --digest=NAME     hash function, by default sha256\n"
	"      --fields=FIELDS   projection, strict (default, as upstream's way in) or portable\n"
	"      --json            tell what was converted in JSON\n"
	"  -h, --help            this text\n";

static const struct option options[] = {
	{ "records", required_argument, NULL, 'r' }, { "output", required_argument, NULL, 'o' },
	{ "name", required_argument, NULL, 'n' },    { "digest", required_argument, NULL, 'd' },
	{ "fields", required_argument, NULL, 'f' },  { "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },	     { NULL, 0, NULL, 0 },
};

static int fail(const char *path, int status, const char *what)
{
	(void)fprintf(stderr, "quixote: %s: %s\n", path, what);
	return status;
}

/* To upstream's format. */

static int print_state(const struct tsem_model_point *point, void *userdata)
{
	const struct opened *opened = userdata;
	char text[TSEM_UPSTREAM_LINE_BYTES];

	tsem_upstream_print(TSEM_UPSTREAM_STATE, &point->coefficient, opened->hasher->ops->size,
			    text);
	return fputs(text, stdout) < 0 ? -EIO : 0;
}

static int print_pseudonyms(const struct opened *opened)
{
	size_t count;
	const char *const *paths =
		tsem_model_get_paths(opened->model, TSEM_MODEL_PSEUDONYMS, &count);

	for (size_t i = 0; i < count; i++) {
		struct tsem_digest digest = { .bytes = { 0 } };
		char text[TSEM_UPSTREAM_LINE_BYTES];

		tsem_pseudonym(paths[i], strlen(paths[i]), opened->hasher, &digest);
		tsem_upstream_print(TSEM_UPSTREAM_PSEUDONYM, &digest, opened->hasher->ops->size,
				    text);
		if (fputs(text, stdout) < 0)
			return -EIO;
	}
	return 0;
}

/* What the format cannot say stands in comments, for people. */
static int print_comments(const struct tsem_model *model)
{
	const struct tsem_model_header *h = tsem_model_get_header(model);
	struct text t = TEXT_EMPTY;
	size_t count;
	const char *const *paths = tsem_model_get_paths(model, TSEM_MODEL_SCRATCH, &count);
	bool failed;

	text_format(&t, "# %s: formula 1, fields=%s digest=%s nsref=%s\n", h->name,
		    h->fields == TSEM_FIELDS_STRICT ? "strict" : "portable", h->digest, h->nsref);
	for (size_t i = 0; i < count; i++) {
		text_add_string(&t, "# scratch ");
		text_add_shown(&t, paths[i], strlen(paths[i]));
		text_add_string(&t, "\n");
	}
	failed = t.failed || fputs(text_get(&t), stdout) < 0;
	text_done(&t);
	return failed ? -EIO : 0;
}

static int export_model(const char *path)
{
	_cleanup_(opened_done) struct opened opened = { NULL, NULL };
	int r = open_argument(path, &opened);

	if (r)
		return r;
	(void)((r = print_comments(opened.model)) || (r = print_pseudonyms(&opened)) ||
	       (r = tsem_model_each_point(opened.model, print_state, &opened)));
	return r < 0 || fputs("seal\nend\n", stdout) < 0 || fflush(stdout) ? EXIT_LOST
									   : EXIT_SUCCESS;
}

/* From upstream's format. */

/**
 * struct import - A model being made.
 * @paths: What pseudonyms may be of.
 * @found: Those that are.
 * @states: As in the file.
 * @missing: States that no record made.
 * @unknown: Pseudonyms that are of no path.
 */
struct import {
	const struct line *line;
	struct opened opened;
	char *const *paths;
	int path_count;
	const char **found;
	size_t found_count;
	struct tsem_digest *states;
	size_t state_count;
	size_t unknown;
	size_t missing;
};

static int take_pseudonym(struct import *m, const struct tsem_digest *digest)
{
	for (int i = 0; i < m->path_count; i++) {
		struct tsem_digest own = { .bytes = { 0 } };

		tsem_pseudonym(m->paths[i], strlen(m->paths[i]), m->opened.hasher, &own);
		if (memcmp(&own, digest, sizeof(own)))
			continue;
		m->found[m->found_count++] = m->paths[i];
		return m->found_count > TSEM_MODEL_PATHS ? -E2BIG : 0;
	}
	m->unknown++;
	return 0;
}

static int take_word(enum tsem_upstream_word word, const struct tsem_digest *digest, void *userdata)
{
	struct import *m = userdata;

	if (word == TSEM_UPSTREAM_PSEUDONYM)
		return take_pseudonym(m, digest);
	if (m->state_count == TSEM_MODEL_POINTS)
		return -E2BIG;
	m->states[m->state_count++] = *digest;
	return 0;
}

static int read_whole(const char *path, struct text *ret)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	char data[65536];
	size_t n;

	if (!file)
		return fail(path, EXIT_MODEL, strerror(errno));
	while ((n = fread(data, 1, sizeof(data), file)) > 0) {
		text_add(ret, data, n);
		if (ret->size > TSEM_UPSTREAM_BYTES || ret->failed)
			return fail(path, EXIT_MODEL, strerror(ret->failed ? ENOMEM : E2BIG));
	}
	return ferror(file) ? fail(path, EXIT_MODEL, strerror(EIO)) : 0;
}

static int read_upstream(struct import *m)
{
	const char *path = m->line->operands[0];
	struct tsem_model_error error = { .text = "" };
	struct text t = TEXT_EMPTY;
	struct tsem_upstream_params params = { .digest_size = m->opened.hasher->ops->size,
					       .visit = take_word,
					       .userdata = m };
	int r = read_whole(path, &t);

	params.data = text_get(&t);
	params.size = t.size;
	if (r == 0)
		r = tsem_upstream_parse(&params, &error);
	if (r < 0 && error.text[0])
		(void)fprintf(stderr, "quixote: %s:%u: %s\n", path, error.line, error.text);
	else if (r < 0)
		(void)fail(path, EXIT_MODEL, strerror(-r));
	text_done(&t);
	return r < 0 ? EXIT_MODEL : r;
}

static int compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct tsem_digest));
}

/* Those of the records whose coefficient the file has. */
static int add_records(struct import *m, struct records *records)
{
	size_t found = 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < records->executed_count; i++)
		r = tsem_model_add_program(m->opened.model, records->executed[i].text,
					   strlen(records->executed[i].text));
	for (size_t i = 0; r >= 0 && i < records->count; i++) {
		const struct outsider *o = &records->list[i];

		if (!bsearch(&o->coefficient, m->states, m->state_count, sizeof(*m->states),
			     compare_digests))
			continue;
		found++;
		r = tsem_model_add_point(m->opened.model, &o->coefficient, o->count, o->text,
					 strlen(o->text));
	}
	m->missing = m->state_count - found;
	return r < 0 ? r : tsem_model_end_run(m->opened.model);
}

static int read_records(struct import *m)
{
	const char *path = m->line->values['r'];
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	struct records records;
	int r;

	if (!file)
		return fail(path, EXIT_MODEL, strerror(errno));
	r = records_begin(m->opened.model, &records);
	if (r == 0)
		r = records_read(&records, file);
	if (r == 0 && records.bad)
		(void)fprintf(stderr, "quixote: %s: %llu lines were not understood\n", path,
			      (unsigned long long)records.bad);
	if (r == 0)
		r = add_records(m, &records);
	records_done(&records);
	if (r == -EBADMSG)
		return fail(path, EXIT_MODEL,
			    "the identity of a program in it does not follow from its record; see "
			    "--fields= and --digest=");
	return r < 0 ? fail(path, EXIT_MODEL, strerror(-r)) : 0;
}

static int new_model(struct import *m)
{
	const char *fields = m->line->values['f'] ?: "strict";
	const struct tsem_model_header header = {
		.name = m->line->values['n'] ?: "upstream",
		.digest = m->line->values['d'] ?: "sha256",
		.nsref = "initial",
		.fields = strcmp(fields, "strict") ? TSEM_FIELDS_PORTABLE : TSEM_FIELDS_STRICT,
	};

	if (strcmp(fields, "strict") && strcmp(fields, "portable"))
		return command_line_error("model convert",
					  "--fields=%s: expected strict or portable", fields);
	if (tsem_hasher_new(header.digest, &m->opened.hasher) < 0)
		return command_line_error("model convert", "--digest=%s: unknown", header.digest);
	if (tsem_model_new(&header, m->opened.hasher, &m->opened.model) < 0)
		return command_line_error("model convert", "--name=%s: no name for a workload",
					  header.name);
	return 0;
}

/* A state that occurs twice is one. */
static void sort_states(struct import *m)
{
	size_t kept = 0;

	qsort(m->states, m->state_count, sizeof(*m->states), compare_digests);
	for (size_t i = 0; i < m->state_count; i++) {
		if (!kept || compare_digests(&m->states[kept - 1], &m->states[i]))
			m->states[kept++] = m->states[i];
	}
	m->state_count = kept;
}

static int check_complete(const struct import *m)
{
	const char *path = m->line->operands[0];

	if (!m->missing)
		return 0;
	(void)fprintf(
		stderr,
		"quixote: %s: no record made %zu of its %zu states; see --records=, --fields= and "
		"--digest=, and the PATHs of pseudonyms\n",
		path, m->missing, m->state_count);
	return EXIT_MODEL;
}

static int import_model(struct import *m)
{
	int r = new_model(m);

	if (r == 0)
		r = read_upstream(m);
	if (r)
		return r;
	if (m->unknown) {
		(void)fprintf(
			stderr,
			"quixote: %s: %zu of its pseudonyms are of none of the PATHs behind it\n",
			m->line->operands[0], m->unknown);
		return EXIT_MODEL;
	}
	if (tsem_model_set_paths(m->opened.model, TSEM_MODEL_PSEUDONYMS, m->found, m->found_count) <
	    0)
		return command_line_error("model convert",
					  "a PATH must be absolute, and there once");
	sort_states(m);
	r = read_records(m);
	if (r == 0)
		r = check_complete(m);
	return r ? r : write_model(m->opened.model, m->line->values['o']);
}

static int tell(const struct import *m)
{
	int n = printf(m->line->values['j'] ? "{\"model\": \"%s\", \"coefficients\": %zu}\n"
					    : "%s: %zu coefficients\n",
		       m->line->values['j'] ? tsem_model_get_header(m->opened.model)->name
					    : m->line->values['o'],
		       tsem_model_point_count(m->opened.model));

	return n < 0 || fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

static int convert(const struct line *line)
{
	struct import m = { .line = line,
			    .paths = line->operands + 1,
			    .path_count = line->count - 1 };
	int r = EXIT_LOST;

	m.found = calloc(TSEM_MODEL_PATHS + 1, sizeof(*m.found));
	m.states = calloc(TSEM_MODEL_POINTS, sizeof(*m.states));
	if (m.found && m.states)
		r = import_model(&m);
	if (r == 0)
		r = tell(&m);
	opened_done(&m.opened);
	free(m.found);
	free(m.states);
	return r;
}

int model_convert_main(int argc, char *argv[])
{
	static const struct grammar grammar = { help, options, 1, INT_MAX, "one FILE", NULL };
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	if (line.values['r'] && line.values['o'])
		return convert(&line);
	if (line.values['r'] || line.values['o'])
		return command_line_error(argv[0], "--records= and --output= belong together");
	if (line.count > 1)
		return command_line_error(argv[0], "one MODEL is expected");
	return export_model(line.operands[0]);
}
