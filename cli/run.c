// SPDX-License-Identifier: LGPL-2.1-or-later
/* run.c - quixote run: a workload under its model. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "launch.h"
#include "plan.h"

static const char help[] =
	"usage: quixote run [OPTION]... -c FILE [-- ARGUMENT...]\n"
	"       quixote -c FILE [-- ARGUMENT...]\n"
	"\n"
	"Runs the workload that FILE describes, container.cfg(5). In enforce mode it does\n"
	"what its model says; everything else is refused, and told by quixote explain.\n"
	"Each ARGUMENT is appended to its command.\n"
	"\n"
	"  -c, --config=FILE    the configuration\n"
	"      --mode=MODE      enforce or shadow (refuse nothing, only record), instead of\n"
	"                       Mode= of FILE\n"
	"      --kernel=KERNEL  host: this kernel; builtin: the one that quixote brings, which\n"
	"                       protects nothing but needs no privilege; auto (default): this\n"
	"                       one if it has TSEM\n"
	"      --check          run nothing; tell what would be run, and every problem\n"
	"      --json           with --check: tell it in JSON\n"
	"  -h, --help           this text\n"
	"\n"
	"The exit status is that of the workload, 128 + N if signal N ended it, or above 200 if\n"
	"quixote itself failed: see quixote(1).\n";

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "mode", required_argument, NULL, 'm' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "check", no_argument, NULL, 'n' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int set_mode(struct launch *l, const char *name)
{
	l->mode = config_mode_from_string(name);
	if (l->mode < 0)
		return command_line_error(l->command,
					  "--mode=%s: unknown; expected enforce or shadow", name);
	if (l->mode == CONFIG_MODE_TRAIN)
		return command_line_error(l->command, "--mode=train: that is quixote train");
	return 0;
}

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
		r = option == 'm' ? set_mode(l, optarg) : launch_option(l, argv, option);
		if (r)
			return r;
	}
	return launch_arguments(l, argc, argv);
}

/*
 * Whoever enforces a model that nobody signed is reminded, but not twice: the
 * quixote outside the built-in kernel leaves it to the one inside.
 */
static void remind(const struct config *config, enum config_mode mode, int place)
{
	if (mode == CONFIG_MODE_ENFORCE && config->allow_unsigned && place == LAUNCH_KERNEL_HOST)
		(void)fprintf(stderr,
			      "quixote: %s: the model need not be signed (AllowUnsigned=yes)\n",
			      config->name);
}

int run_main(int argc, char *argv[])
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct launch l = { .command = "run", .mode = -1 };
	struct config_error error;
	enum config_mode mode;
	int r, place;

	r = parse(&l, argc, argv);
	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	if (config_read(l.path, &config, &error) < 0) {
		(void)fprintf(stderr, "quixote: %s\n", error.text);
		return EXIT_CONFIGURATION;
	}
	l.terminal = config->terminal != CONFIG_TERMINAL_NO;
	mode = l.mode < 0 ? config->mode : (enum config_mode)l.mode;
	if (l.check)
		return plan_print(&l, config, mode);
	place = launch_place(&l, mode);
	if (place < 0)
		return -place;
	remind(config, mode, place);
	return launch(&l, mode, place);
}
