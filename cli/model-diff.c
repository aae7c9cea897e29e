// SPDX-License-Identifier: LGPL-2.1-or-later
/* model-diff.c - quixote model diff: what one model allows beside another, in words. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "delta.h"
#include "line.h"
#include "model-diff.h"
#include "open.h"

static const char help[] =
	"usage: quixote model diff [OPTION]... OLD NEW\n"
	"\n"
	"Tells what programs may do by the model NEW and might not by OLD, and the other way\n"
	"round. A program is known by its name and by the programs that led to it; that its\n"
	"content is another is told once, and is no difference in what it does. OLD and NEW are\n"
	"models, or configurations (*.cfg) that name them.\n"
	"\n"
	"      --markdown    for a merge request\n"
	"      --json        in JSON\n"
	"  -h, --help        this text\n"
	"\n"
	"Exit status: 0 if there is no difference, 1 if there is one.\n";

static const struct option options[] = {
	{ "markdown", no_argument, NULL, 'm' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int tell(const struct delta *d, enum delta_form form)
{
	struct text t = TEXT_EMPTY;
	bool failed;

	delta_tell(d, form, &t);
	failed = t.failed || fwrite(text_get(&t), 1, t.size, stdout) != t.size || fflush(stdout);
	text_done(&t);
	if (failed)
		return EXIT_LOST;
	return d->count ? EXIT_FAILURE : EXIT_SUCCESS;
}

int model_diff(const struct tsem_model *old, const struct tsem_model *new, enum delta_form form)
{
	_cleanup_(behaviour_done) struct behaviour before = { .model = NULL };
	_cleanup_(behaviour_done) struct behaviour after = { .model = NULL };
	_cleanup_(delta_done) struct delta d = { .list = NULL };
	int r = behaviour_read(old, &before);

	if (r == 0)
		r = behaviour_read(new, &after);
	if (r == 0)
		r = delta_find(&before, &after, &d);
	if (r == 0)
		return tell(&d, form);
	(void)fprintf(stderr, "quixote: %s\n", strerror(-r));
	return EXIT_LOST;
}

enum delta_form model_diff_form(const struct line *line)
{
	if (line->values['j'])
		return DELTA_JSON;
	return line->values['m'] ? DELTA_MARKDOWN : DELTA_TEXT;
}

int model_diff_main(int argc, char *argv[])
{
	static const struct grammar grammar = { help, options, 2, 2, "a pair OLD NEW", NULL };
	_cleanup_(opened_done) struct opened old = { NULL, NULL }, new = { NULL, NULL };
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	if (line.values['j'] && line.values['m'])
		return command_line_error(argv[0], "either --json or --markdown");
	r = open_argument(line.operands[0], &old);
	if (r == 0)
		r = open_argument(line.operands[1], &new);
	return r ? r : model_diff(old.model, new.model, model_diff_form(&line));
}
