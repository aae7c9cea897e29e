// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * explain.c - quixote explain: finds what a workload was refused, and for each the
 * nearest thing that was learned.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/model-life.h"
#include "../orchestrator/config.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "explanation.h"
#include "learned.h"
#include "named.h"
#include "phrase.h"
#include "state.h"

static const char help[] =
	"usage: quixote explain [OPTION]... NAME|FILE\n"
	"\n"
	"Tells what the workload NAME, or that of the configuration FILE, was refused: when, "
	"which\n"
	"program with all that led to it, what it tried, and how that differs from what was\n"
	"learned. Each refusal is told once, with how often it happened and since when, and below\n"
	"it the command that accepts it.\n"
	"\n"
	"  -v, --verbose      each member that differs, too\n"
	"      --json         in JSON, one object a line\n"
	"      --model=FILE   the model, if not that of the configuration\n"
	"      --state=DIR    where the refusals were recorded, if not in the usual place\n"
	"  -h, --help         this text\n"
	"\n"
	"A NAME is looked for in " NAMED_DIRECTORY "/NAME.cfg, for its model.\n";

static const struct option options[] = {
	{ "verbose", no_argument, NULL, 'v' },	   { "json", no_argument, NULL, 'j' },
	{ "model", required_argument, NULL, 'm' }, { "state", required_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },	   { NULL, 0, NULL, 0 },
};

/* A name that nothing is known of is a mistake, and nothing refused would be good news. */
static int check_known(const struct explanation *e)
{
	_cleanup_(freep) char *config = NULL;

	if (e->subject.config || access(e->state, F_OK) == 0)
		return 0;
	if (asprintf(&config, "%s.cfg", e->subject.name) < 0)
		config = NULL;
	(void)fprintf(stderr, "quixote: %s: no such workload: neither %s nor %s is there",
		      e->subject.name, e->subject.config_path, e->state);
	if (config && access(config, F_OK) == 0)
		(void)fprintf(stderr, "; did you mean %s?", config);
	(void)fputs("\n", stderr);
	return EXIT_CONFIGURATION;
}

/* The model. */

static int open_model_of(struct explanation *e)
{
	struct tsem_model_error error;
	int r;

	if (!e->model_path) {
		(void)fprintf(stderr,
			      "quixote: %s: no " NAMED_DIRECTORY
			      "/%s.cfg: what was learned is not known; "
			      "name the configuration file instead\n",
			      e->subject.name, e->subject.name);
		return 0;
	}
	r = open_model(e->model_path, &e->model, &error);
	if (r < 0) {
		(void)fprintf(stderr,
			      error.line ? "quixote: %s:%u: " : "quixote: %s: ", e->model_path,
			      error.line);
		(void)fprintf(stderr, "%s\n", error.text);
		return r == -ENOENT ? 0 : EXIT_MODEL;
	}
	e->fields = tsem_model_get_header(e->model.model)->fields;
	r = learned_programs(e->model.model, &e->subject.programs);
	return r < 0 ? EXIT_LOST : 0;
}

static char *hex(const struct tsem_digest *digest, unsigned int size)
{
	char *text = malloc(2 * size + 1);

	for (unsigned int i = 0; text && i < size; i++)
		(void)sprintf(text + 2 * i, "%02x", digest->bytes[i]);
	return text;
}

static int set_nearest(struct refusal *refusal, const struct tsem_model_point *point,
		       unsigned int digest_size, unsigned int distance)
{
	facts_done(&refusal->nearest);
	free(refusal->nearest_coefficient);
	refusal->nearest_coefficient = hex(&point->coefficient, digest_size);
	if (!refusal->nearest_coefficient)
		return -ENOMEM;
	refusal->distance = distance;
	return facts_parse(point->event, point->event_size, &refusal->nearest);
}

/* Is this point nearer to a refusal than those before? */
static int consider_point(const struct tsem_model_point *point, void *userdata)
{
	struct explanation *e = userdata;
	unsigned int size = tsem_model_get_header(e->model.model)->digest_size;
	struct facts facts;
	const struct fact *object;
	enum tsem_event_id event;
	int r = facts_parse(point->event, point->event_size, &facts);

	if (r < 0)
		return r;
	event = phrase_event(&facts);
	object = phrase_counted_object(&facts);
	r = habits_add(&e->habits, &facts);
	for (size_t i = 0; r == 0 && i < e->refusals.count; i++) {
		struct refusal *refusal = e->refusals.list[i];
		struct near_query query = explanation_query(e, refusal);
		struct comparison c;

		if (refusal->event != event || explanation_is_grouped(e, refusal) ||
		    near_least(object, refusal->object) > refusal->distance)
			continue;
		query.limit = refusal->distance;
		near_compare(&query, &facts, &c);
		if (!refusal->nearest_coefficient || c.distance < refusal->distance)
			r = set_nearest(refusal, point, size, c.distance);
	}
	facts_done(&facts);
	return r;
}

static bool is_allowed_by_now(const struct explanation *e, const struct refusal *refusal)
{
	const struct tsem_model_point *point;
	struct tsem_digest coefficient = { .bytes = { 0 } };
	const char *hex = refusal->coefficient;

	for (size_t i = 0; i < TSEM_DIGEST_MAX && hex[2 * i] && hex[2 * i + 1]; i++) {
		if (sscanf(hex + 2 * i, "%2hhx", &coefficient.bytes[i]) != 1)
			return false;
	}
	point = tsem_model_find_point(e->model.model, &coefficient);
	return point && tsem_model_point_holds(point, time(NULL));
}

/* What was accepted since is no question any more. */
static void leave_out_accepted(struct explanation *e)
{
	size_t kept = 0;

	for (size_t i = 0; e->model.model && i < e->refusals.count; i++) {
		if (is_allowed_by_now(e, e->refusals.list[i]))
			e->accepted++; /* the tree owns it */
		else
			e->refusals.list[kept++] = e->refusals.list[i];
	}
	if (e->model.model)
		e->refusals.count = kept;
}

static int find_nearest(struct explanation *e)
{
	if (!e->model.model)
		return 0;
	for (size_t i = 0; i < e->refusals.count; i++) {
		struct refusal *refusal = e->refusals.list[i];
		const char *task_id = facts_get(&refusal->record, "event.task_id");

		refusal->distance = UINT_MAX;
		refusal->culprit = programs_first_unlearned(&e->subject.programs, task_id ?: "");
	}
	return tsem_model_each_point(e->model.model, consider_point, e);
}

static int explain(struct explanation *e)
{
	int r = open_model_of(e);

	if (r)
		return r;
	r = refusals_read(e->state, &e->subject.programs, &e->refusals);
	if (r < 0) {
		(void)fprintf(stderr, "quixote: %s: %s\n", e->state, strerror(-r));
		return EXIT_LOST;
	}
	leave_out_accepted(e);
	r = find_nearest(e);
	for (size_t i = 0; r == 0 && i < e->refusals.count; i++) {
		if (!explanation_is_told(e, i))
			r = explanation_tell(e, i);
	}
	if (r == 0)
		r = explanation_end_told(e);
	if (r < 0) {
		(void)fprintf(stderr, "quixote: %s: %s\n", e->subject.name, strerror(-r));
		return EXIT_LOST;
	}
	explanation_tell_notes(e);
	return fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

static void explanation_done(struct explanation *e)
{
	text_done(&e->told);
	refusals_done(&e->refusals);
	habits_done(&e->habits);
	opened_done(&e->model);
	subject_done(&e->subject);
}

static int take_option(struct explanation *e, char *argv[], int option)
{
	switch (option) {
	case 'v':
		e->verbose = true;
		return 0;
	case 'j':
		e->json = true;
		return 0;
	case 'm':
		e->model_path = optarg;
		return 0;
	case 's':
		e->state = optarg;
		return 0;
	default:
		return option_error(argv, option);
	}
}

int explain_main(int argc, char *argv[])
{
	_cleanup_(explanation_done) struct explanation e = { .fields = TSEM_FIELDS_PORTABLE };
	_cleanup_(freep) char *state = NULL;
	int option, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":vh", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? EXIT_LOST : EXIT_SUCCESS;
		r = take_option(&e, argv, option);
		if (r)
			return r;
	}
	if (optind != argc - 1)
		return command_line_error(argv[0], "one NAME or FILE is expected");
	e.argument = argv[optind];
	r = subject_find(argv[0], e.argument, &e.subject);
	if (r)
		return r;
	if (!e.model_path && e.subject.config)
		e.model_path = e.subject.config->model;
	if (!e.state)
		e.state = state = state_directory(e.subject.name);
	if (!e.state)
		return EXIT_LOST;
	r = check_known(&e);
	return r ? r : explain(&e);
}
