// SPDX-License-Identifier: LGPL-2.1-or-later
/* events.c - quixote events: what a workload does, as it does it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "events.h"
#include "event-tell.h"
#include "text.h"

static const char help[] =
	"usage: quixote events [OPTION]... NAME|FILE\n"
	"\n"
	"Tells the last events of the workload NAME, or that of the configuration FILE, that are\n"
	"still in the memory of its modelling agent: when, who, what, and the verdict.\n"
	"\n"
	"  -f, --follow     instead those from now on, until the workload ends\n"
	"      --outside    those that its model does not have, only\n"
	"      --json       in JSON, one object a line\n"
	"  -h, --help       this text\n";

static const struct option options[] = {
	{ "follow", no_argument, NULL, 'f' },
	{ "outside", no_argument, NULL, 'o' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int fail(const struct events *e, int error)
{
	return running_failed(e->subject.name, error);
}

/* What gave way before it was read. */
static void tell_missed(const struct events *e, const struct answer *answer)
{
	const char *missed = facts_get(&answer->facts, "parameters.missed");

	if (missed && !e->json)
		(void)fprintf(stderr, "quixote: %s: %llu events are not in memory any more\n",
			      e->subject.name, strtoull(missed, NULL, 10)); /* whatever it is */
}

static int tell_answer(struct events *e, struct answer *answer)
{
	tell_missed(e, answer);
	if (e->json)
		return text_print_json(answer->text, answer->size);
	facts_keep(&answer->facts, "parameters.event.");
	return answer->facts.count ? event_tell(&e->subject, &answer->facts) : 0;
}

static int tell_all(struct events *e, struct connection *connection)
{
	int timeout = e->follow ? CONNECTION_FOR_EVER : CONNECTION_MSEC;
	bool more = true;

	while (more) {
		_cleanup_(answer_done) struct answer answer = {};
		int r = connection_receive(connection, timeout, &answer);

		if (r == 0 && answer.error)
			r = -EBADMSG;
		more = answer.continues;
		if (r == 0 && more)
			r = tell_answer(e, &answer);
		if (r == -EPIPE && e->follow)
			return 0; /* it has ended */
		if (r < 0)
			return r;
		if (e->follow && fflush(stdout))
			return -EIO;
	}
	return fflush(stdout) ? -EIO : 0;
}

int events_tell(struct events *e)
{
	_cleanup_(connection_close) struct connection connection = CONNECTION_EMPTY;
	int r;

	r = running_open(e->subject.name, &connection);
	if (r < 0)
		return fail(e, r);
	if (!e->json)
		subject_read_programs(&e->subject);
	r = connection_call(&connection, e->follow ? "FollowEvents" : "ListEvents",
			    e->outside ? "{\"outside\":true}" : "{}", true);
	if (r == 0)
		r = tell_all(e, &connection);
	return r < 0 ? fail(e, r) : EXIT_SUCCESS;
}

static int take_option(struct events *e, char *argv[], int option)
{
	switch (option) {
	case 'f':
		e->follow = true;
		return 0;
	case 'o':
		e->outside = true;
		return 0;
	case 'j':
		e->json = true;
		return 0;
	default:
		return option_error(argv, option);
	}
}

int events_main(int argc, char *argv[])
{
	_cleanup_(events_done) struct events e = {};
	int option, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":fh", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? EXIT_LOST : EXIT_SUCCESS;
		r = take_option(&e, argv, option);
		if (r)
			return r;
	}
	if (optind != argc - 1)
		return command_line_error(argv[0], "one NAME or FILE is expected");
	r = subject_find(argv[0], argv[optind], &e.subject);
	return r ? r : events_tell(&e);
}
