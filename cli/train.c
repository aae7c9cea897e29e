// SPDX-License-Identifier: LGPL-2.1-or-later
/* train.c - quixote train: run a workload and learn what it does. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/model-life.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "launch.h"
#include "open.h"
#include "plan.h"
#include "survey.h"

static const char help[] =
	"usage: quixote train [OPTION]... -c FILE [-- COMMAND...]\n"
	"       quixote train [--why=TEXT] UNIT\n"
	"\n"
	"Runs the workload that FILE describes, container.cfg(5), refuses nothing, and adds what\n"
	"it does to its model, and tells how complete that is: see quixote model status. Repeat "
	"it\n"
	"until runs add nothing. A run that is killed leaves the model as it was.\n"
	"\n"
	"COMMAND is a driver: it exercises the workload and is not learned itself. With\n"
	"Type=service the workload is started first, and stopped when the driver ends; with\n"
	"Type=tool the driver runs, and whenever it starts the workload's program by its name,\n"
	"that is learned. COMMAND may be that name itself, with other arguments.\n"
	"\n"
	"UNIT is a service of systemd: it is put below an orchestrator and restarted if it runs. It\n"
	"learns until quixote enforce UNIT, shadow or release.\n"
	"\n"
	"  -c, --config=FILE    the configuration\n"
	"      --into=FILE      add it to this model, not to that of the configuration\n"
	"      --kernel=KERNEL  host: this kernel; builtin: the one that quixote brings; auto\n"
	"                       (default): this one if it has TSEM and the caller may use it\n"
	"      --why=TEXT       of a UNIT: the reason, kept in the history of the model\n"
	"      --check          run nothing; tell what would be run, and every problem\n"
	"      --json           with --check: tell it in JSON\n"
	"  -h, --help           this text\n"
	"\n"
	"The exit status is that of the workload or driver, 128 + N if signal N ended it, or above "
	"200 if\n"
	"quixote itself failed: see quixote(1).\n";

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "into", required_argument, NULL, 'o' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "check", no_argument, NULL, 'n' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
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

/* Beside the output of the workload, which is its own. */
static void tell_status(const struct config *config)
{
	_cleanup_(opened_done) struct opened opened = { NULL, NULL };
	_cleanup_(survey_done) struct survey survey = { .model = NULL };
	_cleanup_(text_done) struct text text = TEXT_EMPTY;
	struct tsem_model_error error;

	/* Whoever trained has said what went wrong. */
	if (open_model(config->model, &opened, &error) < 0 ||
	    survey_take(opened.model, &survey) < 0)
		return;
	survey_tell(&survey, survey_style_of(STDERR_FILENO), &text);
	if (!text.failed)
		(void)fwrite(text_get(&text), 1, text.size, stderr);
}

/* Said here already: the agent would refuse it as a model that it cannot use. */
static bool is_sealed(const struct config *config)
{
	_cleanup_(opened_done) struct opened opened = { NULL, NULL };
	struct tsem_model_error error;

	if (open_model(config->model, &opened, &error) < 0 || !tsem_model_is_sealed(opened.model))
		return false; /* whoever trains says what is wrong with it */
	(void)fprintf(stderr,
		      "quixote: %s: the model is sealed, so no run adds to it; type: quixote model "
		      "unseal %s\n",
		      config->name, config->model);
	return true;
}

static bool has_learned(int status)
{
	return status < EXIT_COMMAND_LINE || status > EXIT_WORKLOAD;
}

/* A service of systemd, and not a configuration: no word says which, or whom to run. */
static bool names_unit(int argc, char *const argv[])
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--") || !strncmp(argv[i], "-c", 2) ||
		    !strncmp(argv[i], "--config", strlen("--config")))
			return false;
	}
	return true;
}

int train_main(int argc, char *argv[])
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct launch l = { .command = "train", .mode = -1 };
	struct config_error error;
	int r, place;

	if (argc > 1 && argv[argc - 1][0] != '-' && names_unit(argc, argv))
		return unit_train(argc, argv);
	r = parse(&l, argc, argv);
	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	if (config_read(l.path, &config, &error) < 0) {
		(void)fprintf(stderr, "quixote: %s\n", error.text);
		return EXIT_CONFIGURATION;
	}
	if (!launch_replace_model(&l, config))
		return EXIT_LOST;
	l.terminal = config->terminal != CONFIG_TERMINAL_NO;
	if (l.check)
		return plan_print(&l, config, CONFIG_MODE_TRAIN);
	place = launch_place(&l, CONFIG_MODE_TRAIN);
	if (place < 0)
		return -place;
	if (is_sealed(config))
		return EXIT_MODEL;
	if (launch_is_guest()) /* the one outside has the terminal, and tells it there */
		return launch(&l, CONFIG_MODE_TRAIN, place);
	r = launch_and_wait(&l, CONFIG_MODE_TRAIN, place);
	if (has_learned(r))
		tell_status(config);
	return r;
}
