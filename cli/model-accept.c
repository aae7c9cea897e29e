// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * model-accept.c - quixote model accept: refused events, reviewed by a person, become
 * part of the model.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "../tma/recorder.h"
#include "command.h"
#include "line.h"
#include "named.h"
#include "records.h"
#include "revision.h"
#include "state.h"
#include "text.h"

/* Of a coefficient: fewer digits name too many. */
#define DIGITS_MIN 4

/* As in the call of line_parse(). */
#define EVENTS_MAX 4096

static const char help[] =
	"usage: quixote model accept [OPTION]... NAME|FILE EVENT...\n"
	"       quixote model accept [OPTION]... --interactive|--all NAME|FILE\n"
	"\n"
	"Takes events that were refused, or would have been, into the next version of a model,\n"
	"with who did it, when and why. FILE is the configuration (*.cfg) or the model of the\n"
	"workload, NAME stands for " NAMED_DIRECTORY
	"/NAME.cfg. An EVENT is named by the first digits of its\n"
	"coefficient, as quixote explain tells it. Without EVENT: lists those that can be "
	"accepted.\n"
	"\n"
	"      --interactive    ask about each\n"
	"      --all            accept all of them\n"
	"      --why=TEXT       the reason, kept in the model\n"
	"      --records=FILE   where the events are, if not in the state of the workload\n"
	"      --json           in JSON\n"
	"  -h, --help           this text\n";

static const struct option options[] = {
	{ "interactive", no_argument, NULL, 'i' },
	{ "all", no_argument, NULL, 'a' },
	{ "why", required_argument, NULL, 'w' },
	{ "json", no_argument, NULL, 'j' },
	{ "records", required_argument, NULL, 'r' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/** struct acceptance - Events being accepted. */
struct acceptance {
	const struct line *line;
	struct revision revision;
	struct records records;
	size_t accepted;
	const char *why;
	char answer[TSEM_MODEL_TEXT_BYTES + 1]; /* the reason, if it was asked for */
};

static int fail(const char *what, int error)
{
	(void)fprintf(stderr, "quixote: %s: %s\n", what, strerror(-error));
	return EXIT_LOST;
}

static void add_line(const struct acceptance *a, const struct outsider *o, struct text *t)
{
	text_format(t, "%.12s  ", o->hex);
	programs_chain(&a->records.programs, o->task_id, t);
	text_format(t, ": %s (%llu time%s)\n", o->what, (unsigned long long)o->count,
		    o->count == 1 ? "" : "s");
}

/* Choosing. */

static bool is_meant(const struct outsider *o, const char *digits)
{
	size_t size = strlen(digits);

	return !strncmp(o->hex, digits, size) || (*o->told && !strncmp(o->told, digits, size));
}

static int choose(struct acceptance *a, const char *digits)
{
	struct outsider *found = NULL;

	if (strlen(digits) < DIGITS_MIN || digits[strspn(digits, "0123456789abcdef")])
		return command_line_error("model accept",
					  "\"%s\" is no EVENT: expected at least %d of the first "
					  "digits of its coefficient",
					  digits, DIGITS_MIN);
	for (size_t i = 0; i < a->records.count; i++) {
		struct outsider *o = &a->records.list[i];

		if (!is_meant(o, digits))
			continue;
		if (found)
			return command_line_error("model accept",
						  "\"%s\" begins more than one EVENT", digits);
		found = o;
	}
	if (!found)
		return command_line_error("model accept",
					  "no EVENT that could be accepted begins with \"%s\"",
					  digits);
	found->accepted = true;
	return 0;
}

/* What is behind the room there is answers no later question. */
static void skip_line(void)
{
	int c;

	do {
		c = getchar();
	} while (c != '\n' && c != EOF);
}

/* Return: the answer without its line feed; NULL at the end. */
static char *ask(const char *question, char *room, size_t size)
{
	(void)fputs(question, stderr);
	(void)fflush(stderr);
	if (!fgets(room, (int)size, stdin))
		return NULL;
	if (!strchr(room, '\n'))
		skip_line();
	room[strcspn(room, "\n")] = '\0';
	return room;
}

static void choose_interactively(struct acceptance *a)
{
	char answer[16];

	for (size_t i = 0; i < a->records.count; i++) {
		_cleanup_(text_done) struct text text = TEXT_EMPTY;
		struct outsider *o = &a->records.list[i];

		add_line(a, o, &text);
		text_add_string(&text, "accept it? y, n, or q to end: ");
		if (!ask(text_get(&text), answer, sizeof(answer)) || answer[0] == 'q')
			return;
		o->accepted = answer[0] == 'y';
	}
}

static int choose_all(struct acceptance *a)
{
	int r = 0;

	if (a->line->values['i']) {
		choose_interactively(a);
		return 0;
	}
	for (size_t i = 0; a->line->values['a'] && i < a->records.count; i++)
		a->records.list[i].accepted = true;
	for (int i = 1; r == 0 && i < a->line->count; i++)
		r = choose(a, a->line->operands[i]);
	return r;
}

/* Accepting. */

/* The program that did it, and those that led there: for people, who read the model. */
static int bring_programs(struct acceptance *a, const char *task_id)
{
	const struct program *path[PROGRAMS_CHAIN];
	unsigned int count = programs_path(&a->records.programs, task_id, path);
	int r = 0;

	for (unsigned int i = 0; r >= 0 && i < count; i++) {
		const struct executed *e = records_find_executed(&a->records, path[i]->task_id);

		if (e)
			r = tsem_model_add_program(a->revision.opened.model, e->text,
						   strlen(e->text));
	}
	return r < 0 ? r : 0;
}

static int bring(struct acceptance *a, const struct outsider *o, uint64_t change)
{
	const struct tsem_model_point numbers = { .count = o->count, .change = change };
	int r = tsem_model_bring_point(a->revision.opened.model, &numbers, o->text,
				       strlen(o->text));

	return r < 0 ? r : bring_programs(a, o->task_id);
}

static int accept_chosen(struct acceptance *a)
{
	char note[64];
	uint64_t change;
	int r;

	(void)snprintf(note, sizeof(note), "%zu of %zu refused events", a->accepted,
		       a->records.count); /* fits */
	r = revision_change(&a->revision,
			    &(struct tsem_model_change){
				    .what = TSEM_MODEL_ACCEPT, .why = a->why, .note = note },
			    &change);
	if (r)
		return r;
	for (size_t i = 0; i < a->records.count; i++) {
		r = a->records.list[i].accepted ? bring(a, &a->records.list[i], change) : 0;
		if (r < 0)
			return revision_fail(&a->revision, r);
	}
	return revision_commit(&a->revision, &(struct history_entry){ .what = (char *)"accept",
								      .why = (char *)a->why,
								      .note = note });
}

/* Telling. */

static void add_json(const struct acceptance *a, const struct outsider *o, struct text *t)
{
	struct text who = TEXT_EMPTY;

	programs_chain(&a->records.programs, o->task_id, &who);
	text_format(t, "{\"coefficient\": \"%s\", \"count\": %llu, \"accepted\": %s, \"who\": ",
		    o->hex, (unsigned long long)o->count, o->accepted ? "true" : "false");
	text_add_json(t, text_get(&who), who.size);
	text_add_string(t, ", \"what\": ");
	text_add_json(t, o->what, strlen(o->what));
	text_add_string(t, "}\n");
	text_done(&who);
}

static int tell(const struct acceptance *a)
{
	_cleanup_(text_done) struct text text = TEXT_EMPTY;
	bool json = a->line->values['j'];

	for (size_t i = 0; i < a->records.count; i++) {
		const struct outsider *o = &a->records.list[i];

		if (json)
			add_json(a, o, &text);
		else if (o->accepted || !a->accepted)
			add_line(a, o, &text);
	}
	if (!json && a->accepted)
		text_format(&text, "accepted %zu, %zu can still be accepted\n", a->accepted,
			    a->records.count - a->accepted);
	else if (!json && !a->records.count)
		text_add_string(&text,
				"nothing can be accepted: all that was refused is allowed now\n");
	if (text.failed)
		return EXIT_LOST;
	(void)fwrite(text_get(&text), 1, text.size, stdout);
	return fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

static int read_records(struct acceptance *a)
{
	const struct revision *revision = &a->revision;
	const char *file_path = a->line->values['r'];
	const char *name = revision->config ? revision->config->name
					    : tsem_model_get_header(revision->opened.model)->name;
	int r = records_begin(revision->opened.model, &a->records);

	if (r == 0 && file_path) {
		_cleanup_(fclosep) FILE *file = fopen(file_path, "re");

		r = file ? records_read(&a->records, file) : -errno;
	} else if (r == 0) {
		_cleanup_(freep) char *dir = state_directory(name);

		r = dir ? records_read_state(&a->records, dir, RECORDER_FORENSICS) : -ENOMEM;
	}
	if (r < 0)
		return fail(file_path ?: name, r);
	if (a->records.bad)
		(void)fprintf(stderr, "quixote: %s: %llu lines of the record were not understood\n",
			      name, (unsigned long long)a->records.bad);
	return 0;
}

static int accept_events(struct acceptance *a)
{
	int r = read_records(a);

	if (r == 0)
		r = choose_all(a);
	if (r)
		return r;
	for (size_t i = 0; i < a->records.count; i++)
		a->accepted += a->records.list[i].accepted;
	a->why = a->line->values['w'];
	if (a->accepted && !a->why && a->line->values['i'])
		a->why = ask("why? ", a->answer, sizeof(a->answer));
	r = a->accepted ? accept_chosen(a) : 0;
	return r ?: tell(a);
}

/* A name without a file of that name stands for a configuration of the system. */
static const char *find_file(const char *argument, char path[PATH_MAX])
{
	if (strchr(argument, '/') || is_configuration(argument) || access(argument, F_OK) == 0)
		return argument;
	(void)named_find(argument, path); /* else its opening says where it was looked for */
	return path;
}

int model_accept_main(int argc, char *argv[])
{
	static const struct grammar grammar = {
		help, options, 1, 1 + EVENTS_MAX, "NAME or FILE, and events", NULL
	};
	struct acceptance a = { .revision = REVISION_EMPTY };
	char path[PATH_MAX];
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	if ((line.values['i'] != NULL) + (line.values['a'] != NULL) + (line.count > 1) > 1)
		return command_line_error(argv[0],
					  "either events, --interactive or --all is expected");
	a.line = &line;
	r = revision_begin(find_file(line.operands[0], path), &a.revision);
	if (r == 0)
		r = accept_events(&a);
	records_done(&a.records);
	revision_done(&a.revision);
	return r;
}
