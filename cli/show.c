// SPDX-License-Identifier: LGPL-2.1-or-later
/* show.c - quixote show: one thing of a workload that runs; an index of what there is. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "../orchestrator/suggest.h"
#include "command.h"
#include "events.h"
#include "recorded.h"
#include "show.h"
#include "state.h"
#include "text.h"

static const char head[] =
	"usage: quixote show WHAT [OPTION]... NAME|FILE\n"
	"\n"
	"Shows something of the workload NAME, or that of the configuration FILE, while it runs.\n"
	"\n";

static const char tail[] = "\n"
			   "      --json    in JSON, one object a line\n"
			   "  -h, --help    this text\n";

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* What the model is for, then what it does not look at. */
static void tell_model(const struct answer *answer)
{
	for (size_t i = 0; i < answer->facts.count; i++) {
		const struct fact *fact = &answer->facts.list[i];
		struct text t = TEXT_EMPTY;

		if (strncmp(fact->path, "parameters.", 11) != 0)
			continue;
		text_add_shown(&t, fact->path + 11, strlen(fact->path + 11));
		text_add_string(&t, ": ");
		text_add_shown(&t, fact->value, fact->size);
		(void)puts(text_get(&t));
		text_done(&t);
	}
}

static int show_model(const struct show *show, struct connection *connection)
{
	int r = connection_call(connection, "GetModel", "{}", true);
	bool more = r == 0;

	while (r == 0 && more) {
		_cleanup_(answer_done) struct answer answer = {};

		r = connection_receive(connection, CONNECTION_MSEC, &answer);
		if (r == 0 && answer.error)
			r = -EBADMSG;
		more = answer.continues;
		if (r < 0 || !more)
			continue;
		if (show->json)
			r = text_print_json(answer.text, answer.size);
		else
			tell_model(&answer);
	}
	return r;
}

/* What is missing here are events. */
static const struct {
	const char *name;
	const char *help;
	int (*show)(const struct show *show, struct connection *connection);
	bool outside;
} things[] = {
	{ "state", "the state: one digest of all coefficients", show_state, false },
	{ "trajectory", "the last events, in order", NULL, false },
	{ "forensics", "the last events outside the model", NULL, true },
	{ "counts", "how often each coefficient was seen in this run", show_counts, false },
	{ "coefficients", "the coefficients of the model", show_coefficients, false },
	{ "model", "what the model is for, and what it does not look at", show_model, false },
};

static int print_help(void)
{
	(void)fputs(head, stdout);
	for (size_t i = 0; i < ARRAY_SIZE(things); i++)
		(void)printf("  %-13s %s\n", things[i].name, things[i].help);
	(void)fputs(tail, stdout);
	return ferror(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

static const char *thing_name(size_t i, const void *userdata)
{
	return i < ARRAY_SIZE(things) ? things[i].name : NULL;
}

static int unknown_thing(const char *command, const char *name)
{
	const char *near = suggest(name, thing_name, NULL);

	if (near)
		return command_line_error(command, "cannot show \"%s\", did you mean %s?", name,
					  near);
	return command_line_error(command, "cannot show \"%s\"", name);
}

/* What outlives the agent. @fault: Why it could not be asked. */
static int show_recorded(struct events *events, int fault)
{
	const char *name = events->subject.name;
	_cleanup_(freep) char *dir = state_directory(name);
	int r;

	subject_read_programs(&events->subject);
	r = dir ? recorded_tell(events, dir) : -ENOMEM;
	if (r == 0)
		return running_failed(name, fault);
	if (r == -EBADMSG)
		return EXIT_LOST; /* it has been said where */
	return r < 0 || fflush(stdout) ? running_failed(name, r < 0 ? r : -EIO) : EXIT_SUCCESS;
}

static int show_thing(size_t thing, struct events *events)
{
	_cleanup_(connection_close) struct connection connection = CONNECTION_EMPTY;
	const struct show show = { .name = events->subject.name, .json = events->json };
	int r;

	events->outside = things[thing].outside;
	r = running_open(show.name, &connection);
	if (!things[thing].show)
		return running_is_nothing(r) ? show_recorded(events, r) : events_tell(events);
	if (r == 0)
		r = things[thing].show(&show, &connection);
	if (r < 0)
		return running_failed(show.name, r);
	return fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

int show_main(int argc, char *argv[])
{
	_cleanup_(events_done) struct events events = {};
	int option, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return print_help();
		if (option != 'j')
			return option_error(argv, option);
		events.json = true;
	}
	if (optind == argc)
		return command_line_error(argv[0], "what to show is expected");
	for (size_t i = 0; i < ARRAY_SIZE(things); i++) {
		if (strcmp(things[i].name, argv[optind]) != 0)
			continue;
		if (optind != argc - 2)
			return command_line_error(argv[0], "one NAME or FILE is expected");
		r = subject_find(argv[0], argv[optind + 1], &events.subject);
		return r ? r : show_thing(i, &events);
	}
	return unknown_thing(argv[0], argv[optind]);
}
