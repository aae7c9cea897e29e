// SPDX-License-Identifier: LGPL-2.1-or-later
/* unit-drop-in.c - see unit-drop-in.h. */
#include "unit-drop-in.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/entrance.h"
#include "../orchestrator/failure.h"
#include "launch.h"
#include "unit-file.h"
#include "write.h"

/* Below this the unit's own lines stand, up to the first section. */
#define SOURCE_MARK "# What the files of the unit said then; quixote status compares.\n"

/* A word as ExecStart= reads it: variables stay what they are, specifiers have been expanded. */
static void add_word(struct text *text, const char *word)
{
	text_add_string(text, " \"");
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			text_add_string(text, "\\");
		if (*word == '%')
			text_add_string(text, "%");
		if ((unsigned char)*word < ' ')
			text_format(text, "\\x%02x", *word);
		else
			text_format(text, "%c", *word);
	}
	text_add_string(text, "\"");
}

/* What the unit had, and nothing more. */
static void add_flags(struct text *text, char *const *flags)
{
	static const struct {
		const char *flag, *prefix;
	} rows[] = {
		{ "ignore-failure", "-" }, { "no-env-expand", ":" }, { "privileged", "+" },
		{ "no-setuid", "!" },	   { "ambient", "!!" },
	};

	for (; flags && *flags; flags++) {
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			if (!strcmp(*flags, rows[i].flag))
				text_add_string(text, rows[i].prefix);
	}
}

static int read_path(const char *path, struct text *ret)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : text_read(fd, UNIT_FILE_BYTES, ret);
}

static int add_file(const char *path, struct text *ret)
{
	_cleanup_(text_done) struct text file = TEXT_EMPTY;
	int r = *path ? read_path(path, &file) : 0;

	if (r == -ENOENT)
		return 0; /* it says nothing any more */
	return r < 0 ? r : unit_file_add_commands(text_get(&file), file.size, ret);
}

/* In the order in which systemd reads them, without our own. */
static int add_source(const struct unit *unit, struct text *ret)
{
	int r;

	text_add_string(ret, SOURCE_MARK);
	r = add_file(unit->fragment, ret);
	for (char **path = unit->drop_ins; r == 0 && path && *path; path++) {
		if (strcmp(*path, unit->drop_in) != 0)
			r = add_file(*path, ret);
	}
	text_add_string(ret, "[Unit]\n");
	return r < 0 || !ret->failed ? r : -ENOMEM;
}

static bool is_joined(const struct unit *unit)
{
	for (size_t i = 0; i < unit->command_count; i++) {
		const struct unit_command *command = &unit->commands[i];
		const char *slash = strrchr(command->path, '/');

		if (!slash || strcmp(slash, "/quixote-join") != 0 || !command->argv[0] ||
		    !command->argv[1] || strcmp(command->argv[1], unit->name) != 0)
			return false;
	}
	return unit->command_count > 0;
}

enum unit_drop_in_state unit_drop_in_state(const struct unit *unit)
{
	_cleanup_(text_done) struct text now = TEXT_EMPTY, then = TEXT_EMPTY;

	if (access(unit->drop_in, F_OK) < 0)
		return UNIT_DROP_IN_NONE;
	if (!is_joined(unit))
		return UNIT_DROP_IN_USELESS;
	if (add_source(unit, &now) < 0 || read_path(unit->drop_in, &then) < 0 ||
	    !strstr(text_get(&then), text_get(&now)))
		return UNIT_DROP_IN_OLD;
	return UNIT_DROP_IN_CURRENT;
}

static int fail(const char *path, int error)
{
	(void)fprintf(stderr, "quixote: %s: %s%s\n", path, strerror(-error),
		      error == -EACCES ? "; be root" : "");
	return EXIT_LOST;
}

/* A directory of the drop-ins of this unit, which others may have, too. */
static void directory_of(const struct unit *unit, char ret[PATH_MAX])
{
	(void)strcpy(ret, unit->drop_in);
	*strrchr(ret, '/') = '\0';
}

static int store(const struct unit *unit, const struct text *text)
{
	char directory[PATH_MAX];
	int r = text->failed ? -ENOMEM : 0;

	directory_of(unit, directory);
	if (r == 0 && mkdir(directory, 0755) < 0 && errno != EEXIST)
		r = -errno;
	if (r == 0)
		r = write_text(text, unit->drop_in);
	return r < 0 ? fail(unit->drop_in, r) : unit_systemctl("daemon-reload", NULL);
}

static void add_binding(const struct unit *unit, struct text *text)
{
	text_format(text, "BindsTo=%s\nAfter=%s\n", unit->companion, unit->companion);
}

/* Without its command, so that systemd tells that of the other files; nothing starts by it. */
static int hold(const struct unit *unit)
{
	_cleanup_(text_done) struct text text = TEXT_EMPTY;

	text_format(&text,
		    "# Made by quixote, for a moment; if this stays, type: quixote enforce "
		    "%s\n[Unit]\n",
		    unit->name);
	add_binding(unit, &text);
	text_add_string(&text, "AssertPathExists=!/\n");
	return store(unit, &text);
}

/* Beside the orchestrator, by its real path: that is what stands in the drop-in. */
static int find_join(char ret[PATH_MAX])
{
	char orchestrator[PATH_MAX], path[PATH_MAX];
	int r = launch_find_orchestrator(orchestrator, sizeof(orchestrator));

	if (r < 0)
		return r;
	*strrchr(orchestrator, '/') = '\0';
	if (snprintf(path, sizeof(path), "%s/quixote-join", orchestrator) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return realpath(path, ret) ? 0 : -errno;
}

static void add_commands(const struct unit *unit, const char *join, struct text *text)
{
	text_add_string(text, "ExecStart=\n");
	for (size_t i = 0; i < unit->command_count; i++) {
		const struct unit_command *command = &unit->commands[i];

		text_add_string(text, "ExecStart=");
		add_flags(text, command->flags);
		text_format(text, "%s", join);
		add_word(text, unit->name);
		add_word(text, command->path);
		for (char *const *word = command->argv; *word; word++)
			add_word(text, *word);
		text_add_string(text, "\n");
	}
}

static int add_all(const struct unit *unit, const char *join, struct text *text)
{
	int r;

	text_format(text,
		    "# Made by quixote train; quixote release %s takes it away again.\n"
		    "# The program becomes what it was, in the same process, after its "
		    "orchestrator has\n"
		    "# taken it in. Without that it does not start, and does not go on.\n"
		    "#\n",
		    unit->name);
	r = add_source(unit, text);
	add_binding(unit, text);
	text_add_string(text, "\n[Service]\n");
	if (unit->has_root)
		text_format(text,
			    "# It has a root of its own.\n"
			    "BindReadOnlyPaths=%s " ENTRANCE_DIRECTORY "\n",
			    join);
	if (unit->has_no_exec)
		text_format(text,
			    "# It may execute named paths only.\n"
			    "ExecPaths=%s\n",
			    join);
	add_commands(unit, join, text);
	return r;
}

static int store_all(const struct unit *unit)
{
	_cleanup_(text_done) struct text text = TEXT_EMPTY;
	char join[PATH_MAX];
	int r = find_join(join);

	if (r < 0)
		return fail("quixote-join", r);
	r = add_all(unit, join, &text);
	return r < 0 ? fail(unit->name, r) : store(unit, &text);
}

/* Whether systemd takes it as it was meant. */
static int verify(const char *command, const struct unit *unit)
{
	_cleanup_(unit_done) struct unit now = {};
	int r = unit_find(command, unit->name, &now);

	if (r || unit_drop_in_state(&now) == UNIT_DROP_IN_CURRENT)
		return r;
	(void)fprintf(
		stderr,
		"quixote: %s: its command is set by a drop-in that comes after ours; rename that, "
		"so that it comes before %s: systemctl cat %s\n",
		unit->name, strrchr(unit->drop_in, '/') + 1, unit->name);
	return EXIT_CONFIGURATION;
}

int unit_drop_in_remove(const struct unit *unit)
{
	char directory[PATH_MAX];

	if (unlink(unit->drop_in) < 0)
		return fail(unit->drop_in, -errno);
	directory_of(unit, directory);
	(void)rmdir(directory); /* unless others have something there */
	return unit_systemctl("daemon-reload", NULL);
}

int unit_drop_in_write(const char *command, const struct unit *unit)
{
	_cleanup_(unit_done) struct unit now = {};
	bool is_new = unit_drop_in_state(unit) == UNIT_DROP_IN_NONE;
	int r = is_new ? 0 : hold(unit);

	if (r == 0)
		r = unit_find(command, unit->name, &now);
	if (r == 0)
		r = store_all(&now);
	if (r)
		return r;
	r = verify(command, unit);
	if (r && is_new)
		(void)unit_drop_in_remove(unit); /* and all is as it was */
	return r;
}
