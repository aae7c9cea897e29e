/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unit.h - a service of systemd as quixote sees it: what systemd says of it, its drop-in,
 * its configuration.
 */
#ifndef QUIXOTE_UNIT_H
#define QUIXOTE_UNIT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "text.h"

/** UNIT_COMMANDS_MAX - Lines of ExecStart=; more than one has Type=oneshot only. */
#define UNIT_COMMANDS_MAX 16

/**
 * struct unit_command - A line of ExecStart=, as systemd has parsed it.
 * @path: Of the program.
 * @argv: NULL-terminated; variables are not expanded yet.
 * @flags: NULL-terminated; as in the property ExecStartEx.
 */
struct unit_command {
	char *path;
	char **argv;
	char **flags;
};

/**
 * struct unit - A service.
 * @name: With its suffix.
 * @config: Path of its configuration.
 * @drop_in: Path of what puts it below its orchestrator.
 * @companion: Unit of that orchestrator.
 * @load_state: "loaded", "not-found", …
 * @active_state: "active", "inactive", "failed", …
 * @companion_state: Likewise.
 * @companion_loaded: Whether systemd knows it: quixote's own units are installed.
 * @has_root: It has a root directory or image of its own.
 * @has_no_exec: It may execute named paths only.
 * @has_unix: It may use UNIX sockets.
 * @fragment: Path of its own file.
 * @drop_ins: Paths of others that change it, ours included, in their order; NULL-terminated.
 */
struct unit {
	char name[NAME_MAX];
	char config[PATH_MAX];
	char drop_in[PATH_MAX];
	char companion[2 * NAME_MAX];
	char *load_state;
	char *active_state;
	char *companion_state;
	char *companion_loaded;
	bool has_root;
	bool has_no_exec;
	bool has_unix;
	char *fragment;
	char **drop_ins;
	struct unit_command commands[UNIT_COMMANDS_MAX];
	size_t command_count;
};

/**
 * unit_find() - Ask systemd about a service.
 * @name: With or without its suffix.
 * @ret: To be ended by unit_done().
 * Return: 0 or an exit status, said.
 */
int unit_find(const char *command, const char *name, struct unit *ret);

void unit_done(struct unit *unit);

/** unit_is_active() - Whether it runs, or is about to. */
bool unit_is_active(const struct unit *unit);

/**
 * unit_forget_starts() - Somebody wants it started, so what started quickly before does not count.
 *
 * systemd's limit of starts is for what restarts by itself. If it cannot be asked, starting says so.
 */
void unit_forget_starts(const struct unit *unit);

/** unit_systemctl() - Run systemctl with up to two words. Return: 0 or an exit status, said. */
int unit_systemctl(const char *verb, const char *name);

#endif
