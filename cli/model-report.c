// SPDX-License-Identifier: LGPL-2.1-or-later
/* model-report.c - quixote model report: a model as a page that can be sent to somebody. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "line.h"
#include "open.h"
#include "report.h"
#include "state.h"

static const char help[] =
	"usage: quixote model report [OPTION]... FILE\n"
	"\n"
	"Writes a model as one page of HTML: its programs and what each may do, the files and\n"
	"peers that they touch, how it was learned, and what was refused. The page loads nothing\n"
	"and runs nothing. FILE is a model, or a configuration (*.cfg) that names it: then the\n"
	"refusals are those of its workload.\n"
	"\n"
	"      --output=PAGE    where to write it, by default to standard output\n"
	"      --state=DIR      where refusals were recorded, if not in the usual place\n"
	"      --json           with --output: tell what was written in JSON\n"
	"  -h, --help           this text\n";

static const struct option options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "state", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/** struct paper - A report being made. */
struct paper {
	const struct line *line;
	struct opened opened;
	struct behaviour behaviour;
	struct refusals refusals;
	bool has_refusals;
	struct text text;
};

static int fail(const char *path, int error)
{
	(void)fprintf(stderr, "quixote: %s: %s\n", path, strerror(-error));
	return EXIT_LOST;
}

static int read_all(struct paper *p, const struct config *config)
{
	const char *state = p->line->values['s'];
	_cleanup_(freep) char *usual = !state && config ? state_directory(config->name) : NULL;
	int r;

	state = state ?: usual;
	r = behaviour_read(p->opened.model, &p->behaviour);
	if (r == 0 && state)
		r = refusals_read(state, &p->behaviour.programs, &p->refusals);
	p->has_refusals = r == 0 && state;
	return r < 0 ? fail(state ?: p->line->operands[0], r) : 0;
}

static int write_page(const struct text *t, const char *path)
{
	_cleanup_(fclosep) FILE *file = path ? fopen(path, "we") : NULL;
	FILE *out = path ? file : stdout;

	if (!out)
		return fail(path ?: "", -errno);
	if (fwrite(text_get(t), 1, t->size, out) != t->size || fflush(out))
		return fail(path ?: "standard output", -EIO);
	return 0;
}

static int tell(const struct paper *p)
{
	const char *path = p->line->values['o'];
	struct text t = TEXT_EMPTY;
	int r;

	if (!path || !p->line->values['j'])
		return 0;
	text_add_string(&t, "{\"report\": ");
	text_add_json(&t, path, strlen(path));
	text_format(&t, ", \"programs\": %zu, \"coefficients\": %zu, \"refused\": %zu}\n",
		    p->behaviour.actor_count, tsem_model_point_count(p->opened.model),
		    p->refusals.count);
	r = t.failed || fputs(text_get(&t), stdout) < 0 || fflush(stdout) ? EXIT_LOST
									  : EXIT_SUCCESS;
	text_done(&t);
	return r;
}

static int make(struct paper *p)
{
	const struct report report = { &p->behaviour, p->has_refusals ? &p->refusals : NULL };
	int r;

	report_tell(&report, &p->text);
	if (p->text.failed)
		return fail(p->line->operands[0], -ENOMEM);
	r = write_page(&p->text, p->line->values['o']);
	return r ?: tell(p);
}

static void paper_done(struct paper *p)
{
	behaviour_done(&p->behaviour);
	refusals_done(&p->refusals);
	opened_done(&p->opened);
	text_done(&p->text);
}

int model_report_main(int argc, char *argv[])
{
	static const struct grammar grammar = { help, options, 1, 1, "one FILE", NULL };
	_cleanup_(paper_done) struct paper p = { .text = TEXT_EMPTY };
	_cleanup_(config_freep) struct config *config = NULL;
	struct line line;
	const char *model;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	if (line.values['j'] && !line.values['o'])
		return command_line_error(argv[0], "--json is for --output=");
	p.line = &line;
	(void)((r = open_path(line.operands[0], &config, &model)) ||
	       (r = open_argument(model, &p.opened)) || (r = read_all(&p, config)) ||
	       (r = make(&p)));
	return r;
}
