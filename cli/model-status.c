// SPDX-License-Identifier: LGPL-2.1-or-later
/* model-status.c - quixote model status: how complete a model is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "line.h"
#include "open.h"
#include "survey.h"

static const char help[] =
	"usage: quixote model status [OPTION]... FILE\n"
	"\n"
	"Tells how complete a model is: what each training run added, with which probability\n"
	"the next event is one that no run has shown (by Good and Turing, with an interval), what\n"
	"another run may add, and which programs still do new things. FILE is the model, or a\n"
	"configuration (*.cfg) that names it. quixote train tells the same after each run.\n"
	"\n"
	"      --json    in JSON\n"
	"  -h, --help    this text\n";

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int tell(const struct tsem_model *model, bool json)
{
	_cleanup_(survey_done) struct survey survey = { .model = NULL };
	_cleanup_(text_done) struct text text = TEXT_EMPTY;
	int r = survey_take(model, &survey);

	if (r == 0 && json)
		survey_tell_json(&survey, &text);
	else if (r == 0)
		survey_tell(&survey, survey_style_of(STDOUT_FILENO), &text);
	if (r < 0 || text.failed) {
		(void)fprintf(stderr, "quixote: %s\n", strerror(r < 0 ? -r : ENOMEM));
		return EXIT_LOST;
	}
	(void)fwrite(text_get(&text), 1, text.size, stdout);
	return fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

int model_status_main(int argc, char *argv[])
{
	static const struct grammar grammar = { help, options, 1, 1, "one FILE", NULL };
	_cleanup_(opened_done) struct opened opened = { NULL, NULL };
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	r = open_argument(line.operands[0], &opened);
	return r ? r : tell(opened.model, line.values['j']);
}
