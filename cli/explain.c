// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * explain.c - quixote explain: what was refused, one line each: when, who, what,
 * and how it differs from the nearest thing that was learned.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/model-life.h"
#include "../orchestrator/config-value.h"
#include "../orchestrator/config.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "habit.h"
#include "near.h"
#include "open.h"
#include "phrase.h"
#include "refusals.h"
#include "remedy.h"
#include "state.h"
#include "text.h"

#define CONFIG_DIR "/etc/quixote"

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
	"A NAME is looked for in " CONFIG_DIR "/NAME.cfg, for its model.\n";

static const struct option options[] = {
	{ "verbose", no_argument, NULL, 'v' },	   { "json", no_argument, NULL, 'j' },
	{ "model", required_argument, NULL, 'm' }, { "state", required_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },	   { NULL, 0, NULL, 0 },
};

/**
 * struct explanation - Everything about one workload.
 * @argument: As the workload was named.
 * @config: NULL if there is none.
 * @config_path: Where it is, or would be.
 * @name: Of the workload.
 * @model_path: NULL if unknown.
 * @fields: Projection, of the model.
 * @accepted: Refusals that the model allows by now; they are not told.
 * @told: The last line.
 * @chosen: Of each refusal, whether the last line is about it.
 */
struct explanation {
	bool verbose;
	bool json;
	const char *argument;
	struct config *config;
	const char *name;
	char config_path[PATH_MAX];
	const char *model_path;
	const char *state;
	struct opened model;
	enum tsem_fields fields;
	struct programs programs;
	struct habits habits;
	struct refusals refusals;
	uint64_t accepted;
	struct text told;
	bool chosen[REFUSALS_MAX];
};

/* Finding the files. */

static bool is_file_argument(const char *argument)
{
	size_t size = strlen(argument);
	struct stat st;

	return strchr(argument, '/') || (size > 4 && !strcmp(argument + size - 4, ".cfg")) ||
	       (stat(argument, &st) == 0 && S_ISREG(st.st_mode));
}

static int read_config(struct explanation *e, const char *path, bool required)
{
	struct config_error error;
	int r = config_read(path, &e->config, &error);

	if (r == -ENOENT && !required)
		return 0;
	if (r < 0) {
		(void)fprintf(stderr, "quixote: %s\n", error.text);
		return EXIT_CONFIGURATION;
	}
	return 0;
}

static int find_workload(struct explanation *e, const char *argument)
{
	const char *wrong;
	int r;

	if (is_file_argument(argument)) {
		(void)snprintf(e->config_path, PATH_MAX, "%s", argument); /* no longer one opens */
		r = read_config(e, argument, true);
	} else {
		if (value_name(argument, &wrong) < 0)
			return command_line_error("explain", "\"%s\" %s", argument, wrong);
		(void)snprintf(e->config_path, PATH_MAX, CONFIG_DIR "/%s.cfg",
			       argument); /* short */
		r = read_config(e, e->config_path, false);
	}
	if (r)
		return r;
	e->name = e->config ? e->config->name : argument;
	if (!e->model_path && e->config)
		e->model_path = e->config->model;
	return 0;
}

/* A name that nothing is known of is a mistake, and nothing refused would be good news. */
static int check_known(const struct explanation *e)
{
	_cleanup_(freep) char *config = NULL;

	if (e->config || access(e->state, F_OK) == 0)
		return 0;
	if (asprintf(&config, "%s.cfg", e->name) < 0)
		config = NULL;
	(void)fprintf(stderr, "quixote: %s: no such workload: neither %s nor %s is there", e->name,
		      e->config_path, e->state);
	if (config && access(config, F_OK) == 0)
		(void)fprintf(stderr, "; did you mean %s?", config);
	(void)fputs("\n", stderr);
	return EXIT_CONFIGURATION;
}

/* The model. */

static int add_program(const struct tsem_model_program *program, void *userdata)
{
	struct programs *programs = userdata;
	struct facts facts;
	int r = facts_parse(program->event, program->event_size, &facts);

	return r < 0 ? r : programs_add(programs, &facts, true);
}

static int open_model_of(struct explanation *e)
{
	struct tsem_model_error error;
	int r;

	if (!e->model_path) {
		(void)fprintf(stderr,
			      "quixote: %s: no " CONFIG_DIR
			      "/%s.cfg: what was learned is not known; "
			      "name the configuration file instead\n",
			      e->name, e->name);
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
	r = tsem_model_each_program(e->model.model, add_program, &e->programs);
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

/* Of a program that was not learned nothing was: one line for all that it did. */
static bool is_grouped(const struct explanation *e, const struct refusal *refusal)
{
	return refusal->culprit && !e->verbose && !e->json;
}

static struct near_query query_of(const struct explanation *e, const struct refusal *refusal)
{
	return (struct near_query){
		.seen = &refusal->record,
		.event = refusal->event,
		.fields = e->fields,
		.limit = UINT_MAX - 1,
	};
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
		struct near_query query = query_of(e, refusal);
		struct comparison c;

		if (refusal->event != event || is_grouped(e, refusal) ||
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
		refusal->culprit = programs_first_unlearned(&e->programs, task_id ?: "");
	}
	return tsem_model_each_point(e->model.model, consider_point, e);
}

/* Telling. */

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
			     &refusal->record, c, &e->programs, t);
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
	phrase_add(&refusal->record, &e->programs, t);
	if (habits_has(&e->habits, &refusal->record))
		text_add_string(t, ", as it does before running a program");
}

/* How many others are not told because this one is. */
static void add_group(const struct explanation *e, const struct refusal *refusal, struct text *t)
{
	size_t more = 0;

	if (!is_grouped(e, refusal))
		return;
	for (size_t i = 0; i < e->refusals.count; i++)
		more += e->refusals.list[i]->culprit == refusal->culprit;
	if (more > 1)
		text_format(t, " (and %zu more for that reason; see --verbose)", more - 1);
}

static bool is_told_already(const struct explanation *e, size_t number)
{
	const struct refusal *const refusal = e->refusals.list[number];

	if (!is_grouped(e, refusal))
		return false;
	for (size_t i = 0; i < number; i++) {
		if (e->refusals.list[i]->culprit == refusal->culprit)
			return true;
	}
	return false;
}

static void tell(const struct explanation *e, const struct refusal *refusal,
		 const struct comparison *c, struct text *t)
{
	add_time(t, refusal->last, "%Y-%m-%d %H:%M:%S  ");
	programs_chain(&e->programs, facts_get(&refusal->record, "event.task_id") ?: "", t);
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
	unsigned int count = programs_path(&e->programs, task_id, path);

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
	programs_chain(&e->programs, facts_get(&refusal->record, "event.task_id") ?: "", &part);
	add_json_phrase("who", &part, t);
	add_what(e, refusal, &part);
	add_json_phrase("what", &part, t);
	add_why(e, refusal, c, &part);
	add_json_phrase("why", &part, t);
	add_json_text(t, "nearest", refusal->nearest_coefficient,
		      strlen(refusal->nearest_coefficient ?: ""));
	add_json_chain(e, facts_get(&refusal->record, "event.task_id") ?: "", t);
	add_json_differences(c, t);
	if (e->config) {
		remedy_add(e->argument, &e->refusals, e->chosen, &part);
		add_json_phrase("accept", &part, t);
	}
	text_add_string(t, "}\n");
}

/* Below what was told: how to allow all that it was about. */
static int end_told(struct explanation *e)
{
	struct text t = TEXT_EMPTY;
	int r;

	if (!e->told.size || e->json || !e->config)
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
		bool alike = i == number || (is_grouped(e, refusal) &&
					     e->refusals.list[i]->culprit == refusal->culprit);

		e->chosen[i] = alike || (e->chosen[i] && !anew);
	}
}

static int print_refusal(struct explanation *e, size_t number)
{
	struct refusal *refusal = e->refusals.list[number];
	const struct near_query query = query_of(e, refusal);
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
		r = end_told(e);
	if (!e->json)
		choose(e, number, is_new);
	if (is_new && r == 0 && !t.failed)
		(void)fwrite(text_get(&t), 1, t.size, stdout);
	r = t.failed ? -ENOMEM : r;
	text_done(&e->told);
	e->told = t;
	return r;
}

/* What a person must know besides. */
static void print_notes(const struct explanation *e)
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
			(void)fprintf(stderr, "quixote: %s: %llu %s\n", e->name,
				      (unsigned long long)rows[i].count, rows[i].note);
	}
	if (e->json)
		return;
	if (!e->refusals.count)
		(void)printf("%s: nothing was refused%s\n", e->name,
			     e->accepted ? " that the model does not allow by now" : "");
	else if (e->config)
		(void)printf("What of this is right can be learned, quixote train -c %s, or "
			     "accepted: quixote model accept %s%s\n",
			     e->config_path, e->config_path,
			     e->config->allow_unsigned ? ""
						       : "; the model is signed again then: "
							 "quixote model sign");
}

static int explain(struct explanation *e)
{
	int r = open_model_of(e);

	if (r)
		return r;
	r = refusals_read(e->state, &e->programs, &e->refusals);
	if (r < 0) {
		(void)fprintf(stderr, "quixote: %s: %s\n", e->state, strerror(-r));
		return EXIT_LOST;
	}
	leave_out_accepted(e);
	r = find_nearest(e);
	for (size_t i = 0; r == 0 && i < e->refusals.count; i++) {
		if (!is_told_already(e, i))
			r = print_refusal(e, i);
	}
	if (r == 0)
		r = end_told(e);
	if (r < 0) {
		(void)fprintf(stderr, "quixote: %s: %s\n", e->name, strerror(-r));
		return EXIT_LOST;
	}
	print_notes(e);
	return fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

static void explanation_done(struct explanation *e)
{
	text_done(&e->told);
	refusals_done(&e->refusals);
	programs_done(&e->programs);
	habits_done(&e->habits);
	opened_done(&e->model);
	e->config = config_free(e->config);
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
	r = find_workload(&e, e.argument);
	if (r)
		return r;
	if (!e.state)
		e.state = state = state_directory(e.name);
	if (!e.state)
		return EXIT_LOST;
	r = check_known(&e);
	return r ? r : explain(&e);
}
