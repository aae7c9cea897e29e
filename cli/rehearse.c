// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rehearse.c - quixote rehearse: a model tried on records of events that have
 * happened, and what it would have refused of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/config.h"
#include "../orchestrator/failure.h"
#include "../tma/recorder.h"
#include "command.h"
#include "line.h"
#include "open.h"
#include "records.h"
#include "state.h"
#include "text.h"

static const char help[] =
	"usage: quixote rehearse [OPTION]... -c FILE\n"
	"\n"
	"Tries the model of the configuration FILE on events that have happened, and tells what\n"
	"it would have refused. Exits with 1 if it would have refused something.\n"
	"\n"
	"  -c, --config=FILE    the configuration\n"
	"      --model=FILE     another model: a candidate\n"
	"      --records=FILE   records, one JSON object a line: as the kernel exports them, or\n"
	"                       the forensics or the trajectory of a workload; - is standard\n"
	"                       input. Without it the trajectory of this workload, if there is\n"
	"                       one, else its forensics: what was refused, or would have been\n"
	"      --json           in JSON, one object a line\n"
	"  -h, --help           this text\n";

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },  { "model", required_argument, NULL, 'm' },
	{ "records", required_argument, NULL, 'r' }, { "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },	     { NULL, 0, NULL, 0 },
};

static int read_file(struct records *records, const char *path)
{
	_cleanup_(fclosep) FILE *file = strcmp(path, "-") ? fopen(path, "re") : fdopen(0, "r");

	return file ? records_read(records, file) : -errno;
}

static int read_state(struct records *records, const char *name)
{
	_cleanup_(freep) char *dir = state_directory(name);

	int r = dir ? records_read_state(records, dir, RECORDER_TRAJECTORY) : -ENOMEM;

	if (r < 0 || records->taken || records->bad)
		return r;
	return records_read_state(records, dir, RECORDER_FORENSICS);
}

static void tell(const struct records *r, const struct outsider *o, struct text *t)
{
	programs_chain(&r->programs, o->task_id, t);
	text_format(t, ": %s: would be refused", o->what);
	if (o->count > 1)
		text_format(t, " %llu times", (unsigned long long)o->count);
	text_format(t, " [%.12s]\n", o->hex);
}

static void tell_json(const struct records *r, const struct outsider *o, struct text *t)
{
	struct text who = TEXT_EMPTY;

	programs_chain(&r->programs, o->task_id, &who);
	text_format(t, "{\"coefficient\": \"%s\", \"count\": %llu, \"who\": ", o->hex,
		    (unsigned long long)o->count);
	text_add_json(t, text_get(&who), who.size);
	text_add_string(t, ", \"what\": ");
	text_add_json(t, o->what, strlen(o->what));
	text_add_string(t, "}\n");
	t->failed |= who.failed;
	text_done(&who);
}

static int tell_all(const struct records *r, const char *name, bool json)
{
	_cleanup_(text_done) struct text text = TEXT_EMPTY;
	uint64_t refused = 0;

	for (size_t i = 0; i < r->count; i++) {
		(json ? tell_json : tell)(r, &r->list[i], &text);
		refused += r->list[i].count;
	}
	if (!json)
		text_format(&text, "%s: of %llu events %llu would be refused, %zu different ones\n",
			    name, (unsigned long long)r->taken, (unsigned long long)refused,
			    r->count);
	if (text.failed)
		return EXIT_LOST;
	(void)fwrite(text_get(&text), 1, text.size, stdout);
	if (r->bad)
		(void)fprintf(stderr, "quixote: %s: %llu lines were not understood\n", name,
			      (unsigned long long)r->bad);
	if (r->lost)
		(void)fprintf(stderr, "quixote: %s: %llu records were lost before\n", name,
			      (unsigned long long)r->lost);
	if (fflush(stdout))
		return EXIT_LOST;
	return r->count ? 1 : EXIT_SUCCESS;
}

static int rehearse(const struct line *line, const struct config *config)
{
	const char *records_path = line->values['r'], *model = line->values['m'];
	_cleanup_(opened_done) struct opened opened = { NULL, NULL };
	_cleanup_(records_done) struct records records = { .model = NULL };
	int r = open_argument(model ?: config->model, &opened);

	if (r)
		return r;
	r = records_begin(opened.model, &records);
	if (r == 0)
		r = records_path ? read_file(&records, records_path)
				 : read_state(&records, config->name);
	if (r < 0) {
		(void)fprintf(stderr, "quixote: %s: %s\n", records_path ?: config->name,
			      strerror(-r));
		return EXIT_LOST;
	}
	return tell_all(&records, config->name, line->values['j']);
}

int rehearse_main(int argc, char *argv[])
{
	static const struct grammar grammar = { help, options, 0, 0, "no operand", ":c:h" };
	_cleanup_(config_freep) struct config *config = NULL;
	struct config_error error;
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	if (!line.values['c'])
		return command_line_error(argv[0], "the configuration is missing: -c FILE");
	if (config_read(line.values['c'], &config, &error) == 0)
		return rehearse(&line, config);
	(void)fprintf(stderr, "quixote: %s\n", error.text);
	return EXIT_CONFIGURATION;
}
