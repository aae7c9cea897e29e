// SPDX-License-Identifier: LGPL-2.1-or-later
/* ps.c - quixote ps: the workloads that run, one line each. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "overview.h"

static const char help[] =
	"usage: quixote ps [OPTION]...\n"
	"\n"
	"Lists the workloads that run: those of the caller, for root those of everybody.\n"
	"\n"
	"      --json    in JSON, one object a line\n"
	"  -h, --help    this text\n"
	"\n"
	"P50 and P99 are the time that the modelling agent adds to an event that it is asked "
	"about,\n"
	"of the last seconds; - if there was none.\n";

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int ps(bool json)
{
	_cleanup_(running_done) struct running_list list = {};

	if (running_find(&list) < 0) {
		(void)fprintf(stderr, "quixote: %s\n", strerror(ENOMEM));
		return EXIT_LOST;
	}
	if (json)
		overview_json(&list);
	else if (list.count)
		overview_print(&list, true);
	running_warn(&list);
	if (!list.count)
		running_none();
	return fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

int ps_main(int argc, char *argv[])
{
	bool json = false;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? EXIT_LOST : EXIT_SUCCESS;
		if (option != 'j')
			return option_error(argv, option);
		json = true;
	}
	if (optind != argc)
		return command_line_error(argv[0], "what is \"%s\"?", argv[optind]);
	return ps(json);
}
