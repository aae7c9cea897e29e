// SPDX-License-Identifier: LGPL-2.1-or-later
/* unit-status.c - quixote status: a service of systemd, its model, and how it fares under it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "line.h"
#include "open.h"
#include "overview.h"
#include "survey.h"
#include "unit-drop-in.h"

static const char help[] =
	"usage: quixote status [OPTION]... UNIT\n"
	"\n"
	"Tells whether a service of systemd is under a model, in which mode, what the model has\n"
	"and what was refused since the service was started.\n"
	"\n"
	"      --json       in JSON, without the numbers of the model: see quixote model status\n"
	"  -h, --help       this text\n"
	"\n"
	"The exit status is 0 if it is under a model that is enforced and is started as the "
	"unit's\n"
	"files say, 1 if not.\n";

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

#define STATUS_NOT_ENFORCED 1

static void tell_model(const struct config *config)
{
	_cleanup_(opened_done) struct opened opened = { NULL, NULL };
	_cleanup_(survey_done) struct survey survey = { .model = NULL };
	_cleanup_(text_done) struct text text = TEXT_EMPTY;
	struct tsem_model_error error;

	if (open_model(config->model, &opened, &error) < 0 ||
	    survey_take(opened.model, &survey) < 0) {
		(void)printf("  no model yet at %s\n", config->model);
		return;
	}
	survey_tell(&survey, survey_style_of(STDOUT_FILENO), &text);
	(void)fwrite(text_get(&text), 1, text.size, stdout);
}

/* What its orchestrator says, if it runs. */
static void tell_running(const struct config *config)
{
	_cleanup_(running_done) struct running_list all = {};
	struct running_list one = { .count = 1 };

	if (running_find(&all) < 0)
		return;
	for (size_t i = 0; i < all.count; i++) {
		if (strcmp(all.list[i].name, config->name) != 0)
			continue;
		one.list = &all.list[i];
		overview_print(&one, true);
	}
}

/* How the service is started. */
static const struct {
	const char *word, *text;
} commands[] = {
	[UNIT_DROP_IN_NONE] = { "own", NULL },
	[UNIT_DROP_IN_CURRENT] = { "current", NULL },
	[UNIT_DROP_IN_OLD] = { "old", "its files set another command since, as an upgrade does; it "
				      "is still "
				      "started by the old one" },
	[UNIT_DROP_IN_USELESS] = { "foreign", "it is NOT started below its orchestrator: another "
					      "drop-in comes "
					      "after ours, or systemd has not loaded it" },
};

static void tell_command(const struct unit *unit, const struct config *config,
			 enum unit_drop_in_state state)
{
	if (commands[state].text)
		(void)printf("  %s; type: quixote %s %s\n", commands[state].text,
			     config_mode_to_string(config->mode), unit->name);
}

static int tell(const struct unit *unit, const struct config *config, bool json)
{
	enum unit_drop_in_state state = unit_drop_in_state(unit);
	const char *mode =
		state == UNIT_DROP_IN_NONE ? "released" : config_mode_to_string(config->mode);

	if (json) {
		(void)printf("{\"unit\": \"%s\", \"mode\": \"%s\", \"command\": \"%s\", "
			     "\"state\": \"%s\", \"orchestrator\": \"%s\"}\n",
			     unit->name, mode, commands[state].word, unit->active_state,
			     unit->companion_state);
	} else {
		(void)printf("%s: %s, %s; its orchestrator is %s\n", unit->name, mode,
			     unit->active_state, unit->companion_state);
		tell_command(unit, config, state);
		tell_model(config);
		tell_running(config);
	}
	if (fflush(stdout))
		return EXIT_LOST;
	return state == UNIT_DROP_IN_CURRENT && config->mode == CONFIG_MODE_ENFORCE
		       ? EXIT_SUCCESS
		       : STATUS_NOT_ENFORCED;
}

int status_main(int argc, char *argv[])
{
	static const struct grammar grammar = { help, options, 1, 1, "one UNIT", NULL };
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(unit_done) struct unit unit = {};
	struct config_error error;
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	r = unit_find(argv[0], line.operands[0], &unit);
	if (r)
		return r;
	r = config_read(unit.config, &config, &error);
	if (r == 0)
		return tell(&unit, config, line.values['j']);
	if (r != -ENOENT) {
		(void)fprintf(stderr, "quixote: %s\n", error.text);
		return EXIT_CONFIGURATION;
	}
	(void)printf("%s: not under a model; type: quixote train %s\n", unit.name, unit.name);
	return STATUS_NOT_ENFORCED;
}
