// SPDX-License-Identifier: LGPL-2.1-or-later
/* train.c - quixote train: run a workload and learn what it does. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "launch.h"
#include "plan.h"

static const char help[] =
	"usage: quixote train [OPTION]... -c FILE [-- COMMAND...]\n"
	"\n"
	"Runs the workload that FILE describes, container.cfg(5), refuses nothing, and adds what\n"
	"it does to its model. Repeat it until a run adds no new coefficient. A run that is\n"
	"killed leaves the model as it was.\n"
	"\n"
	"COMMAND is a driver: it exercises the workload and is not learned itself. With\n"
	"Type=service the workload is started first, and stopped when the driver ends; with\n"
	"Type=tool the driver runs, and whenever it starts the workload's program by its name,\n"
	"that is learned.\n"
	"\n"
	"  -c, --config=FILE    the configuration\n"
	"      --kernel=KERNEL  host: this kernel; builtin: the one that quixote brings; auto\n"
	"                       (default): this one if it has TSEM and the caller may use it\n"
	"      --check          run nothing; tell what would be run, and every problem\n"
	"      --json           with --check: tell it in JSON\n"
	"  -h, --help           this text\n"
	"\n"
	"The exit status is that of the workload or driver, 128 + N if signal N ended it, or above "
	"200 if\n"
	"quixote itself failed: see quixote(1).\n";

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' }, { "kernel", required_argument, NULL, 'k' },
	{ "check", no_argument, NULL, 'n' },	    { "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },	    { NULL, 0, NULL, 0 },
};

/* Return: 0; an exit status, said; -1 after help. */
static int parse(struct launch *l, int argc, char *argv[])
{
	int option, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:c:h", options, NULL)) != -1) {
		if (option == 'h') {
			(void)fputs(help, stdout);
			return -1;
		}
		r = launch_option(l, argv, option);
		if (r)
			return r;
	}
	r = launch_arguments(l, argc, argv);
	l->driver = r == 0 && l->arguments && l->arguments[0];
	return r;
}

int train_main(int argc, char *argv[])
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct launch l = { .command = "train", .mode = -1 };
	struct config_error error;
	int r, place;

	r = parse(&l, argc, argv);
	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	if (config_read(l.path, &config, &error) < 0) {
		(void)fprintf(stderr, "quixote: %s\n", error.text);
		return EXIT_CONFIGURATION;
	}
	if (l.check)
		return plan_print(&l, config, CONFIG_MODE_TRAIN);
	place = launch_place(&l, CONFIG_MODE_TRAIN);
	return place < 0 ? -place : launch(&l, CONFIG_MODE_TRAIN, place);
}
