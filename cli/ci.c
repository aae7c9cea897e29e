// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ci.c - quixote ci: train anew, beside the model that is there, and tell what
 * the workload does now and may not by that model: for a pipeline.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "launch.h"
#include "model-diff.h"
#include "open.h"

/* More help nobody who waits for a pipeline. */
#define RUNS_MAX 100

static const char help[] =
	"usage: quixote ci [OPTION]... -c FILE [-- COMMAND...]\n"
	"\n"
	"Trains the workload of FILE, container.cfg(5), into a model of its own, driven by "
	"COMMAND\n"
	"as by quixote train, and tells how that differs from the model of FILE, as quixote model\n"
	"diff does. What did not happen this time, and programs that were built anew and do the\n"
	"same, are told and are no failure, unless --strict is said.\n"
	"\n"
	"  -c, --config=FILE    the configuration\n"
	"      --strict         any difference is a failure\n"
	"      --runs=N         train N times, by default once\n"
	"      --keep=MODEL     where the new model stays, for whoever accepts it\n"
	"      --report=PAGE    where the difference is written, by default standard output\n"
	"      --markdown       for a merge request\n"
	"      --json           in JSON\n"
	"      --kernel=KERNEL  as for quixote train\n"
	"  -h, --help           this text\n"
	"\n"
	"Exit status: 0 if it does nothing that the model has not, 1 if it does; that of\n"
	"COMMAND or the workload if this failed, and then nothing is compared; above 200 if "
	"quixote\n"
	"itself failed: see quixote(1).\n";

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' }, { "runs", required_argument, NULL, 'r' },
	{ "keep", required_argument, NULL, 'K' },   { "report", required_argument, NULL, 'R' },
	{ "markdown", no_argument, NULL, 'M' },	    { "json", no_argument, NULL, 'J' },
	{ "kernel", required_argument, NULL, 'k' }, { "strict", no_argument, NULL, 'S' },
	{ "help", no_argument, NULL, 'h' },	    { NULL, 0, NULL, 0 },
};

/**
 * struct ci - What is asked for.
 * @keep: NULL if the new model goes.
 * @report: NULL for standard output.
 */
struct ci {
	struct launch launch;
	unsigned int runs;
	const char *keep;
	const char *report;
	bool markdown;
	bool json;
	bool strict;
};

static int set_runs(struct ci *c, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || n < 1 || n > RUNS_MAX)
		return command_line_error("ci", "--runs=%s: expected a number from 1 to %d", text,
					  RUNS_MAX);
	c->runs = n;
	return 0;
}

static int set_option(struct ci *c, char *argv[], int option)
{
	switch (option) {
	case 'r':
		return set_runs(c, optarg);
	case 'K':
		c->keep = optarg;
		return 0;
	case 'R':
		c->report = optarg;
		return 0;
	case 'M':
		c->markdown = true;
		return 0;
	case 'S':
		c->strict = true;
		return 0;
	case 'J':
		c->json = true;
		return 0;
	default:
		return launch_option(&c->launch, argv, option);
	}
}

/* Return: 0; an exit status, said; -1 after help. */
static int parse(struct ci *c, int argc, char *argv[])
{
	int option, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:c:h", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? EXIT_LOST : -1;
		r = set_option(c, argv, option);
		if (r)
			return r;
	}
	if (c->json && c->markdown)
		return command_line_error("ci", "either --json or --markdown");
	r = launch_arguments(&c->launch, argc, argv);
	/* Where it runs inside the built-in kernel it is "train" that does. */
	c->launch.command = "train";
	c->launch.driver = r == 0 && c->launch.arguments && c->launch.arguments[0];
	return r;
}

static int train(const struct ci *c)
{
	int place = launch_place(&c->launch, CONFIG_MODE_TRAIN), status = 0;

	if (place < 0)
		return -place;
	for (unsigned int i = 0; status == 0 && i < c->runs; i++)
		status = launch_and_wait(&c->launch, CONFIG_MODE_TRAIN, place);
	return status;
}

/* Whether it does something that the old model does not have. */
static bool is_more(const struct delta *d)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct delta_item *item = &d->list[i];

		if (item->kind == DELTA_NEW ||
		    (item->kind == DELTA_OTHER && (item->deed || !item->actor)))
			return true;
	}
	return false;
}

static int write_report(const struct ci *c, const struct delta *d)
{
	_cleanup_(fclosep) FILE *file = c->report ? fopen(c->report, "we") : NULL;
	enum delta_form form = c->json ? DELTA_JSON : c->markdown ? DELTA_MARKDOWN : DELTA_TEXT;
	_cleanup_(text_done) struct text t = TEXT_EMPTY;
	FILE *out = c->report ? file : stdout;

	if (out)
		delta_tell(d, form, &t);
	if (!out || t.failed || fwrite(text_get(&t), 1, t.size, out) != t.size || fflush(out)) {
		(void)fprintf(stderr, "quixote: %s: %s\n", c->report ?: "standard output",
			      strerror(errno));
		return EXIT_LOST;
	}
	return is_more(d) || (c->strict && d->count) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int compare(const struct ci *c, const struct opened *old)
{
	_cleanup_(behaviour_done) struct behaviour before = { .model = NULL };
	_cleanup_(behaviour_done) struct behaviour after = { .model = NULL };
	_cleanup_(opened_done) struct opened new = { NULL, NULL };
	_cleanup_(delta_done) struct delta d = { .list = NULL };
	int r = open_argument(c->launch.model, &new);

	if (r)
		return r;
	(void)((r = behaviour_read(old->model, &before)) ||
	       (r = behaviour_read(new.model, &after)) || (r = delta_find(&before, &after, &d)));
	if (r == 0)
		return write_report(c, &d);
	(void)fprintf(stderr, "quixote: %s\n", strerror(-r));
	return EXIT_LOST;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int check(const struct ci *c, const struct config *config)
{
	_cleanup_(opened_done) struct opened old = { NULL, NULL };
	int r = open_argument(config->model, &old);

	if (r)
		return r;
	if (is_same_file(c->launch.model, config->model))
		return command_line_error("ci", "--keep=%s is the model to compare with",
					  c->launch.model);
	/* One that a run left which was killed would be added to. */
	if (unlink(c->launch.model) < 0 && errno != ENOENT) {
		(void)fprintf(stderr, "quixote: %s: %s\n", c->launch.model, strerror(errno));
		return EXIT_MODEL;
	}
	r = train(c);
	if (r == 0)
		return compare(c, &old);
	if (r < EXIT_COMMAND_LINE || r > EXIT_VIOLATION)
		(void)fprintf(stderr, "quixote: %s: it ended with %d, so nothing was compared\n",
			      config->name, r);
	return r;
}

int ci_main(int argc, char *argv[])
{
	struct ci c = { .launch = { .command = "ci", .mode = -1 }, .runs = 1 };
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(freep) char *model = NULL;
	struct config_error error;
	int r = parse(&c, argc, argv);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	if (config_read(c.launch.path, &config, &error) < 0) {
		(void)fprintf(stderr, "quixote: %s\n", error.text);
		return EXIT_CONFIGURATION;
	}
	if (!c.keep && asprintf(&model, "%s.ci", config->model) < 0) {
		model = NULL;
		return EXIT_LOST;
	}
	c.launch.model = c.keep ?: model;
	c.launch.terminal = config->terminal != CONFIG_TERMINAL_NO;
	r = check(&c, config);
	if (!c.keep)
		(void)unlink(c.launch.model); /* or there is none */
	return r;
}
