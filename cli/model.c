// SPDX-License-Identifier: LGPL-2.1-or-later
/* model.c - quixote model: the index of what can be done with a model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "../orchestrator/suggest.h"
#include "command.h"

/* Each is a file of its own, model-NAME.c; its argv[0] is "model NAME", for messages. */
static const struct command commands[] = {
	{ "model show", model_show_main, "tell what a model allows" },
	{ "model diff", model_diff_main, "tell what one allows beside another" },
	{ "model report", model_report_main, "write it as a page of HTML" },
	{ "model merge", model_merge_main, "make one of several" },
	{ "model convert", model_convert_main, "from and to the format of upstream" },
	{ "model status", model_status_main, "tell how complete a model is" },
	{ "model volatile", model_volatile_main, "tell what differs from run to run" },
	{ "model accept", model_accept_main, "take refused events into a model" },
	{ "model seal", model_seal_main, "let no training run add to it any more" },
	{ "model unseal", model_unseal_main, "let training runs add to it again" },
	{ "model upgrade", model_upgrade_main, "derive it for other versions of packages" },
	{ "model mode", model_mode_main, "train, shadow or enforce it" },
	{ "model history", model_history_main, "tell what was done with it" },
	{ "model rollback", model_rollback_main, "go back to what it was" },
	{ "model sign", model_sign_main, "say that a model may be enforced" },
	{ "model verify", model_verify_main, "tell who has signed a model" },
};

#define PREFIX_SIZE strlen("model ")

static const char head[] = "usage: quixote model COMMAND [OPTION]... FILE...\n"
			   "\n"
			   "Works on the model of a workload. FILE is a model, or a configuration\n"
			   "(*.cfg) that names it.\n"
			   "\n";

static const char tail[] = "\nquixote model COMMAND --help tells more, as does quixote-model(1).\n";

static int print_help(FILE *out)
{
	(void)fputs(head, out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		(void)fprintf(out, "  %-8s  %s\n", commands[i].name + PREFIX_SIZE,
			      commands[i].help);
	(void)fputs(tail, out);
	return ferror(out) ? EXIT_LOST : EXIT_SUCCESS;
}

static const char *command_name(size_t i, const void *userdata)
{
	return i < ARRAY_SIZE(commands) ? commands[i].name + PREFIX_SIZE : NULL;
}

static int unknown_command(const char *model, const char *name)
{
	const char *near = suggest(name, command_name, NULL);

	if (near)
		return command_line_error(model, "unknown command \"%s\", did you mean %s?", name,
					  near);
	return command_line_error(model, "unknown command \"%s\"", name);
}

int model_main(int argc, char *argv[])
{
	if (argc < 2) {
		(void)print_help(stderr);
		return EXIT_COMMAND_LINE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return print_help(stdout);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i].name + PREFIX_SIZE) != 0)
			continue;
		argv[1] = (char *)commands[i].name; /* getopt_long() does not write to it */
		return commands[i].main(argc - 1, argv + 1);
	}
	return unknown_command(argv[0], argv[1]);
}
