// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * model-mode.c - quixote model mode: what a workload's model is for, in one command:
 * train, shadow or enforce. The mode lives in the configuration and nowhere else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "line.h"
#include "mode.h"
#include "open.h"

static const char help[] =
	"usage: quixote model mode [OPTION]... FILE [MODE]\n"
	"\n"
	"Tells the mode of a workload, or changes it: Mode= of FILE, its configuration, and no\n"
	"other byte of that.\n"
	"\n"
	"  train    the model is unsealed: runs add to it\n"
	"  shadow   nothing is refused; what would be is recorded\n"
	"  enforce  the model is sealed, as quixote model seal does, and what is not in it is\n"
	"           refused\n"
	"\n"
	"      --force      enforce a model that is not complete; tells what is risked\n"
	"      --why=TEXT   the reason, kept in the history\n"
	"      --json       in JSON\n"
	"  -h, --help       this text\n";

static const struct option options[] = {
	{ "force", no_argument, NULL, 'f' },
	{ "why", required_argument, NULL, 'w' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int tell(const struct line *line, const char *name, enum config_mode mode)
{
	if (line->values['j'])
		(void)printf("{\"name\": \"%s\", \"mode\": \"%s\"}\n", name,
			     config_mode_to_string(mode));
	else
		(void)printf("%s: %s\n", name, config_mode_to_string(mode));
	return fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

static int show(const struct line *line)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct config_error error;

	if (config_read(line->operands[0], &config, &error) == 0)
		return tell(line, config->name, config->mode);
	(void)fprintf(stderr, "quixote: %s\n", error.text);
	return EXIT_CONFIGURATION;
}

static int set(const struct line *line, enum config_mode mode)
{
	const struct mode_change change = {
		.path = line->operands[0],
		.mode = mode,
		.force = line->values['f'],
		.why = line->values['w'],
	};
	_cleanup_(freep) char *name = NULL;
	int r = mode_set(&change, &name);

	return r ?: tell(line, name, mode);
}

int model_mode_main(int argc, char *argv[])
{
	static const struct grammar grammar = {
		help, options, 1, 2, "FILE and perhaps a mode", NULL
	};
	struct line line;
	int mode, r = line_parse(argc, argv, &grammar, &line);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	if (!is_configuration(line.operands[0]))
		return command_line_error(argv[0], "a configuration (*.cfg) is expected");
	if (line.count == 1)
		return show(&line);
	mode = config_mode_from_string(line.operands[1]);
	if (mode < 0)
		return command_line_error(argv[0],
					  "\"%s\" is no mode; expected train, shadow or enforce",
					  line.operands[1]);
	return set(&line, mode);
}
