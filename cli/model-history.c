// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * model-history.c - quixote model history and rollback: what a model was, and going
 * back to it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "config-edit.h"
#include "line.h"
#include "revision.h"
#include "text.h"

static const char history_help[] =
	"usage: quixote model history [OPTION]... FILE\n"
	"\n"
	"Tells what was done with a model besides training: its versions, by whom, when and why.\n"
	"FILE is the model, or a configuration (*.cfg) that names it. The versions are kept in\n"
	"the directory .history behind the name of the model.\n"
	"\n"
	"      --json    in JSON, one object a line\n"
	"  -h, --help    this text\n";

static const char rollback_help[] =
	"usage: quixote model rollback [OPTION]... FILE [VERSION]\n"
	"\n"
	"Goes back to a version of a model: that before the last change, or VERSION as quixote\n"
	"model history tells it. If FILE is a configuration (*.cfg), its mode goes back too.\n"
	"Going back is a change itself: nothing is lost.\n"
	"\n"
	"      --why=TEXT   the reason, kept in the history\n"
	"      --json       in JSON\n"
	"  -h, --help       this text\n";

static const struct option history_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const struct option rollback_options[] = {
	{ "why", required_argument, NULL, 'w' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void add_shown(struct text *t, const char *before, const char *text)
{
	if (!*text)
		return;
	text_add_string(t, before);
	text_add_shown(t, text, strlen(text));
}

static void tell(const struct history_entry *entry, struct text *t)
{
	time_t when = entry->time;
	char shown[32] = "";
	struct tm tm;

	if (localtime_r(&when, &tm))
		(void)strftime(shown, sizeof(shown), "%Y-%m-%d %H:%M:%S", &tm);
	text_format(t, "%4llu  %s  %.12s", (unsigned long long)entry->number, shown, entry->digest);
	add_shown(t, "  ", entry->what);
	add_shown(t, " → ", strcmp(entry->what, "mode") ? "" : entry->mode);
	add_shown(t, " by ", entry->by);
	add_shown(t, ": ", entry->why);
	add_shown(t, " (", entry->note);
	text_add_string(t, *entry->note ? ")\n" : "\n");
}

static void tell_json(const struct history_entry *entry, struct text *t)
{
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "what", entry->what }, { "by", entry->by },	{ "digest", entry->digest },
		{ "mode", entry->mode }, { "why", entry->why }, { "note", entry->note },
	};

	text_format(t, "{\"version\": %llu, \"time\": %lld", (unsigned long long)entry->number,
		    (long long)entry->time);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		text_format(t, ", \"%s\": ", rows[i].name);
		text_add_json(t, rows[i].value, strlen(rows[i].value));
	}
	text_add_string(t, "}\n");
}

static int print(struct text *t)
{
	if (t->failed || fwrite(text_get(t), 1, t->size, stdout) != t->size || fflush(stdout))
		return EXIT_LOST;
	return EXIT_SUCCESS;
}

int model_history_main(int argc, char *argv[])
{
	static const struct grammar grammar = { history_help, history_options, 1, 1, "one FILE",
						NULL };
	_cleanup_(history_done) struct history history = HISTORY_EMPTY;
	_cleanup_(text_done) struct text text = TEXT_EMPTY;
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r == 0)
		r = revision_history(line.operands[0], &history);
	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	for (size_t i = 0; i < history.count; i++)
		(line.values['j'] ? tell_json : tell)(&history.list[i], &text);
	if (!history.count && !line.values['j'])
		text_add_string(&text, "nothing was done but training\n");
	return print(&text);
}

/* Going back. */

static const struct history_entry *find_version(const struct history *h, const char *number)
{
	char *end;
	unsigned long long wanted;

	if (!number) /* the last one is what it is now */
		return h->count > 1 ? &h->list[h->count - 2] : NULL;
	wanted = strtoull(number, &end, 10);
	for (size_t i = 0; !*end && i < h->count; i++) {
		if (h->list[i].number == wanted)
			return &h->list[i];
	}
	return NULL;
}

static int restore_mode(struct revision *r, const struct history_entry *version)
{
	struct config_error error;

	if (!r->config || !*version->mode ||
	    !strcmp(version->mode, config_mode_to_string(r->config->mode)))
		return 0;
	if (config_edit(r->argument, "Mode", version->mode, &error) == 0)
		return 0;
	(void)fprintf(stderr, "quixote: %s\n", error.text);
	return EXIT_CONFIGURATION;
}

static int go_back(struct revision *r, const struct history_entry *version, const char *why)
{
	_cleanup_(close_fdp) int fd = history_open_version(&r->history, version->digest);
	_cleanup_(opened_done) struct opened opened = { NULL, NULL };
	struct tsem_model_error error;
	char note[64];

	(void)snprintf(note, sizeof(note), "to version %llu",
		       (unsigned long long)version->number); /* fits */
	if (fd < 0 || open_model_fd(fd, &opened, &error) < 0) {
		(void)fprintf(stderr, "quixote: %s: version %llu was removed or damaged\n", r->path,
			      (unsigned long long)version->number);
		return EXIT_MODEL;
	}
	return restore_mode(r, version)
		       ?: revision_restore(r, fd,
					   &(struct history_entry){ .what = "rollback",
								    .mode = version->mode,
								    .why = (char *)why,
								    .note = note });
}

int model_rollback_main(int argc, char *argv[])
{
	static const struct grammar grammar = {
		rollback_help, rollback_options, 1, 2, "FILE and perhaps a version", NULL
	};
	_cleanup_(revision_done) struct revision revision = REVISION_EMPTY;
	_cleanup_(text_done) struct text text = TEXT_EMPTY;
	const struct history_entry *version;
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r == 0)
		r = revision_begin(line.operands[0], &revision);
	if (r == 0)
		r = revision_record(&revision, NULL);
	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	version = find_version(&revision.history, line.count > 1 ? line.operands[1] : NULL);
	if (!version) {
		(void)fprintf(
			stderr,
			"quixote: %s: there is no such version; see quixote model history %s\n",
			revision.path, line.operands[0]);
		return EXIT_MODEL;
	}
	r = go_back(&revision, version, line.values['w']);
	if (r)
		return r;
	(line.values['j'] ? tell_json : tell)(&revision.history.list[revision.history.count - 1],
					      &text);
	return print(&text);
}
