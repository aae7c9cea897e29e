// SPDX-License-Identifier: LGPL-2.1-or-later
/* main.c - quixote: the index of subcommands, and what to do with what is none. */
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "../orchestrator/suggest.h"
#include "command.h"
#include "oci.h"

static const struct command commands[] = {
	{ "train", train_main, "learn what a workload does" },
	{ "run", run_main, "run a workload under its model (also: quixote -c FILE)" },
	{ "shadow", shadow_main, "only tell what the model of a service does not have" },
	{ "enforce", enforce_main, "refuse what the model of a service does not have" },
	{ "release", release_main, "let a service go on without its model" },
	{ "status", status_main, "tell how a service fares under its model" },
	{ "reload", reload_main, "have a workload that runs take its model anew" },
	{ "rehearse", rehearse_main, "try a model on events that have happened" },
	{ "ps", ps_main, "list the workloads that run" },
	{ "top", top_main, "the same, again and again" },
	{ "show", show_main, "show state, events or counts of a workload that runs" },
	{ "events", events_main, "tell the events of a workload as they come" },
	{ "metrics", metrics_main, "print what is counted, for a monitoring system" },
	{ "ci", ci_main, "tell in a pipeline what it does that its model does not have" },
	{ "explain", explain_main,
	  "tell what was refused, who did it, and what was learned instead" },
	{ "model", model_main, "look at a model, sign it" },
	{ "key", key_main, "make and list the keys that sign models" },
	{ "tpm", tpm_main, "make, tell or remove what the anchor has in the TPM" },
	{ "attest", attest_main, "prove what this machine's workloads are and were" },
	{ "verify", verify_main, "tell what that proves of another machine" },
	{ "digest", digest_main, "compute the coefficients of records" },
	{ "oci", oci_main, "run containers of podman as workloads" },
	{ "doctor", doctor_main, "look at what quixote needs, and tell how to repair it" },
};

static const char head[] = "usage: quixote COMMAND [OPTION]...\n"
			   "       quixote -c FILE [-- ARGUMENT...]\n"
			   "\n"
			   "Runs a workload that does what its model says and nothing else.\n"
			   "\n";

static const char tail[] = "\n"
			   "quixote COMMAND --help tells more, as does quixote(1).\n"
			   "First steps: quixote train -c FILE, then quixote -c FILE; "
			   "container.cfg(5) describes FILE.\n";

static int print_help(FILE *out)
{
	(void)fputs(head, out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		(void)fprintf(out, "  %-8s  %s\n", commands[i].name, commands[i].help);
	(void)fputs(tail, out);
	return ferror(out) ? EXIT_LOST : EXIT_SUCCESS;
}

static const char *command_name(size_t i, const void *userdata)
{
	return i < ARRAY_SIZE(commands) ? commands[i].name : NULL;
}

int command_line_error(const char *command, const char *format, ...)
{
	va_list args;

	(void)fprintf(stderr, "quixote %s: ", command);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fprintf(stderr, "; see quixote %s --help\n", command);
	return EXIT_COMMAND_LINE;
}

int option_error(char *const argv[], int option)
{
	const char *word = argv[optind - 1];

	if (option == ':')
		return command_line_error(argv[0], "%s needs a value", word);
	if (optopt && word[0] == '-' && word[1] == '-')
		return command_line_error(argv[0], "%s takes no value", word);
	if (optopt)
		return command_line_error(argv[0], "unknown option -%c", optopt);
	return command_line_error(argv[0], "unknown option %s", word);
}

static int unknown_command(const char *name)
{
	const char *near = suggest(name, command_name, NULL);

	(void)fprintf(stderr, "quixote: unknown command \"%s\"", name);
	if (near)
		(void)fprintf(stderr, "; did you mean %s?\n", near);
	else
		(void)fprintf(stderr, "; see quixote --help\n");
	return EXIT_COMMAND_LINE;
}

int main(int argc, char *argv[])
{
	static char run[] = "run";

	/* Who ignores it and has executed this has passed that on: no end of a child were heard of. */
	(void)signal(SIGCHLD, SIG_DFL);
	/* What an engine is told to use is one path. */
	if (argc > 0 && oci_runtime(argv[0]))
		return oci_alias_main(argc, argv);
	if (argc < 2) {
		(void)print_help(stderr);
		return EXIT_COMMAND_LINE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return print_help(stdout);
	if (!strcmp(argv[1], "--version")) {
		(void)printf("quixote %s\n", QUIXOTE_VERSION);
		return EXIT_SUCCESS;
	}
	if (argv[1][0] == '-') { /* quixote -c FILE */
		argv[0] = run;
		return run_main(argc, argv);
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].main(argc - 1, argv + 1);
	}
	return unknown_command(argv[1]);
}
