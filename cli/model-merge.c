// SPDX-License-Identifier: LGPL-2.1-or-later
/* model-merge.c - quixote model merge: models of one workload, trained apart, in one. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/model-life.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "line.h"
#include "open.h"
#include "write.h"

static const char help[] =
	"usage: quixote model merge --output=FILE [--json] MODEL MODEL...\n"
	"\n"
	"Makes one model of several that were trained apart, such as on several machines of a\n"
	"pipeline: what any of them allows. Counts and runs add up. They must be for the same\n"
	"workload and parameters. Each MODEL may be a configuration (*.cfg) that names it.\n"
	"\n"
	"      --output=FILE    where to write it; may be one of them\n"
	"      --json           in JSON\n"
	"  -h, --help           this text\n";

static const struct option options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int add(struct opened *merged, const char *path)
{
	_cleanup_(opened_done) struct opened other = { NULL, NULL };
	struct tsem_model_error error = { .text = "" };
	int r = open_argument(path, &other);

	if (r)
		return r;
	r = tsem_model_merge(merged->model, other.model, &error);
	if (r == 0)
		return 0;
	(void)fprintf(stderr, "quixote: %s: %s\n", path, error.text[0] ? error.text : strerror(-r));
	return EXIT_MODEL;
}

static int tell(const struct tsem_model *model, const char *path, bool json)
{
	const struct tsem_model_header *h = tsem_model_get_header(model);
	int n = printf(
		json ? "{\"name\": \"%s\", \"coefficients\": %zu, \"programs\": %zu, \"runs\": "
		       "%llu}\n"
		     : "%s: %zu coefficients of %zu programs, training runs: %llu\n",
		json ? h->name : path, tsem_model_point_count(model),
		tsem_model_program_count(model), (unsigned long long)h->runs);

	return n < 0 || fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

int model_merge_main(int argc, char *argv[])
{
	static const struct grammar grammar = { help, options, 2, INT_MAX, "two MODELs or more",
						NULL };
	_cleanup_(opened_done) struct opened merged = { NULL, NULL };
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	if (!line.values['o'])
		return command_line_error(argv[0], "--output=FILE is missing");
	r = open_argument(line.operands[0], &merged);
	for (int i = 1; r == 0 && i < line.count; i++)
		r = add(&merged, line.operands[i]);
	if (r == 0)
		r = write_model(merged.model, line.values['o']);
	return r ? r : tell(merged.model, line.values['o'], line.values['j']);
}
