// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * unit-mode.c - quixote train UNIT, shadow, enforce and release: a service of systemd comes
 * under its model, or is let go. Writes a configuration, once, and a drop-in; the unit's own
 * files are not touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "builtin.h"
#include "command.h"
#include "launch.h"
#include "line.h"
#include "membership.h"
#include "mode.h"
#include "named.h"
#include "unit-drop-in.h"
#include "write.h"

#define MODELS NAMED_DIRECTORY "/models"

static const struct option options[] = {
	{ "force", no_argument, NULL, 'f' },
	{ "why", required_argument, NULL, 'w' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char train_help[] =
	"usage: quixote train [OPTION]... UNIT\n"
	"\n"
	"Puts a service of systemd, which stays what it is, below an orchestrator that learns what\n"
	"it does; restarts it if it runs. The model is written when that ends: quixote shadow or\n"
	"enforce, systemctl stop, or this again, which begins another run.\n"
	"\n"
	"      --why=TEXT   the reason, kept in the history of the model\n"
	"  -h, --help       this text\n";

static const char shadow_help[] =
	"usage: quixote shadow [OPTION]... UNIT\n"
	"\n"
	"From now on refuses nothing, and records what the model of the service does not have.\n"
	"Restarts the service if it runs. Again: with what configuration and model say by then.\n"
	"\n"
	"      --why=TEXT   the reason, kept in the history of the model\n"
	"  -h, --help       this text\n";

static const char enforce_help[] =
	"usage: quixote enforce [OPTION]... UNIT\n"
	"\n"
	"From now on refuses what the model of the service does not have. The model is sealed, as\n"
	"quixote model seal does; the service is restarted if it runs. Again: with what\n"
	"configuration and model say by then.\n"
	"\n"
	"      --force      a model that is not complete, too; tells what is risked\n"
	"      --why=TEXT   the reason, kept in the history of the model\n"
	"  -h, --help       this text\n";

static const char release_help[] =
	"usage: quixote release UNIT\n"
	"\n"
	"Takes the drop-in away that quixote train made, and restarts the service if it runs. Its\n"
	"configuration and its model stay.\n"
	"\n"
	"  -h, --help       this text\n";

static int fail(const char *path, int error)
{
	(void)fprintf(stderr, "quixote: %s: %s%s\n", path, strerror(-error),
		      error == -EACCES ? "; be root" : "");
	return EXIT_LOST;
}

static int make_directory(const char *path)
{
	return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/* A unit's name may have what a workload's may not. */
static void add_name(const struct unit *unit, struct text *text)
{
	if (!strpbrk(unit->name, "@:"))
		return;
	text_add_string(text, "Name=");
	for (const char *c = unit->name; *c; c++)
		text_format(text, "%c", *c == '@' || *c == ':' ? '-' : *c);
	text_add_string(text, "\n");
}

static int write_config(const struct unit *unit)
{
	_cleanup_(text_done) struct text text = TEXT_EMPTY;
	int r;

	text_format(&text, "# %s under Quixote; see container.cfg(5).\n[Workload]\nUnit=%s\n",
		    unit->name, unit->name);
	add_name(unit, &text);
	text_format(&text,
		    "\n[Model]\nFile=" MODELS "/%s.model\nMode=train\n"
		    "\n[Trust]\n"
		    "# A model of this machine, which only root may write. Without this line it must be\n"
		    "# signed: quixote model sign.\n"
		    "AllowUnsigned=yes\n",
		    unit->name);
	r = text.failed ? -ENOMEM : make_directory(NAMED_DIRECTORY);
	if (r == 0)
		r = make_directory(MODELS);
	if (r == 0)
		r = write_text(&text, unit->config);
	return r < 0 ? fail(unit->config, r) : 0;
}

/* What stands in the way is said before anything is changed. */
static int check(const struct unit *unit)
{
	if (!unit->command_count) {
		(void)fprintf(stderr, "quixote: %s starts no program: it has no ExecStart=\n",
			      unit->name);
		return EXIT_CONFIGURATION;
	}
	if (!builtin_host_has_tsem()) {
		(void)fprintf(stderr,
			      "quixote: this kernel has no TSEM, so %s would not start; start one that "
			      "has it, as kernel-patches/build deb makes it\n",
			      unit->name);
		return EXIT_NO_TSEM;
	}
	if (strcmp(unit->companion_loaded, "loaded") != 0) {
		(void)fprintf(stderr,
			      "quixote: systemd does not know quixote-unit@.service; install quixote's "
			      "units, then type: systemctl daemon-reload\n");
		return EXIT_LOST;
	}
	if (!unit->has_unix) {
		(void)fprintf(stderr,
			      "quixote: %s: RestrictAddressFamilies= forbids UNIX sockets, by which it "
			      "would be taken in; add AF_UNIX to it if that may be\n",
			      unit->name);
		return EXIT_CONFIGURATION;
	}
	return 0;
}

/*
 * A run that learns ends before its model is looked at. The orchestrator ends in any case: the
 * next one has what the configuration and the model say now.
 */
static int change_mode(const struct unit *unit, const struct line *line, enum config_mode mode)
{
	const struct mode_change change = {
		.path = unit->config,
		.mode = mode,
		.force = line->values['f'],
		.why = line->values['w'],
	};
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(freep) char *name = NULL;
	struct config_error error;
	int r;

	if (config_read(unit->config, &config, &error) < 0) {
		(void)fprintf(stderr, "quixote: %s\n", error.text);
		return EXIT_CONFIGURATION;
	}
	r = unit_systemctl("stop", unit->companion);
	if (r || config->mode == mode)
		return r;
	return mode_set(&change, &name);
}

static int tell(const struct unit *unit, enum config_mode mode, bool active)
{
	static const char *const next[CONFIG_MODE_COUNT] = {
		[CONFIG_MODE_TRAIN] = "use it as it is used, then type: quixote enforce",
		[CONFIG_MODE_SHADOW] = "what would be refused is told by: quixote explain",
		[CONFIG_MODE_ENFORCE] = "what is refused is told by: quixote explain",
	};

	(void)printf("%s: %s%s; %s %s\n", unit->name, config_mode_to_string(mode),
		     active ? "" : " as soon as it is started", next[mode], unit->name);
	return fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

static int apply(const char *command, const struct unit *unit, const struct line *line,
		 enum config_mode mode)
{
	bool active = unit_is_active(unit), known = access(unit->config, F_OK) == 0;
	int r = check(unit), restarted = 0;

	if (r)
		return r;
	if (!known && mode != CONFIG_MODE_TRAIN) {
		(void)fprintf(stderr, "quixote: %s: nothing was learned; type: quixote train %s\n",
			      unit->name, unit->name);
		return EXIT_MODEL;
	}
	r = known ? change_mode(unit, line, mode) : write_config(unit);
	if (r == 0 && unit_drop_in_state(unit) != UNIT_DROP_IN_CURRENT)
		r = unit_drop_in_write(command, unit);
	/* Whatever came of it, what ran shall run; but not anew for nothing. */
	if (active) {
		unit_forget_starts(unit);
		restarted = unit_systemctl(r == 0 ? "restart" : "start", unit->name);
	}
	return r ?: restarted ?: tell(unit, mode, active);
}

static int change(int argc, char *argv[], const char *help, enum config_mode mode)
{
	const struct grammar grammar = { help, options, 1, 1, "one UNIT", NULL };
	_cleanup_(unit_done) struct unit unit = {};
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	r = membership_check(argv) ?: unit_find(argv[0], line.operands[0], &unit);
	return r ?: apply(argv[0], &unit, &line, mode);
}

int unit_train(int argc, char *argv[])
{
	return change(argc, argv, train_help, CONFIG_MODE_TRAIN);
}

int shadow_main(int argc, char *argv[])
{
	return change(argc, argv, shadow_help, CONFIG_MODE_SHADOW);
}

int enforce_main(int argc, char *argv[])
{
	return change(argc, argv, enforce_help, CONFIG_MODE_ENFORCE);
}

static int release(const struct unit *unit)
{
	bool active = unit_is_active(unit);
	int r;

	if (unit_drop_in_state(unit) == UNIT_DROP_IN_NONE) {
		(void)fprintf(stderr, "quixote: %s: it was never put under a model\n", unit->name);
		return EXIT_CONFIGURATION;
	}
	r = unit_systemctl("stop", unit->companion);
	if (r)
		return r;
	r = unit_drop_in_remove(unit);
	unit_forget_starts(unit);
	if (r == 0 && active)
		r = unit_systemctl("start", unit->name);
	if (r == 0)
		(void)printf("%s: released; %s stays\n", unit->name, unit->config);
	return r;
}

int release_main(int argc, char *argv[])
{
	static const struct option release_options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct grammar grammar = {
		release_help, release_options, 1, 1, "one UNIT", NULL
	};
	_cleanup_(unit_done) struct unit unit = {};
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	r = membership_check(argv) ?: unit_find(argv[0], line.operands[0], &unit);
	return r ?: release(&unit);
}
