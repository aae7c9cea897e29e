// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * unit.c - see unit.h. Over systemd's private socket, as systemctl does, so that it works
 * before there is a bus, and where there is none.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/config-value.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "named.h"

#define PRIVATE_SOCKET "unix:path=/run/systemd/private"
#define SYSTEM_UNITS "/etc/systemd/system"
#define DROP_IN "zz-quixote.conf" /* the last one has the last word about a command */
#define INTERFACE_UNIT "org.freedesktop.systemd1.Unit"
#define INTERFACE_SERVICE "org.freedesktop.systemd1.Service"
#define INTERFACE_MANAGER "org.freedesktop.systemd1.Manager"
#define MANAGER "/org/freedesktop/systemd1"
#define DESTINATION "org.freedesktop.systemd1"

static void bus_unrefp(sd_bus **bus)
{
	(void)sd_bus_unref(*bus);
}

static void message_unrefp(sd_bus_message **message)
{
	(void)sd_bus_message_unref(*message);
}

static void free_list(char **list)
{
	for (char **word = list; word && *word; word++)
		free(*word);
	free(list);
}

void unit_done(struct unit *unit)
{
	free(unit->load_state);
	free(unit->active_state);
	free(unit->companion_state);
	free(unit->companion_loaded);
	free(unit->fragment);
	free_list(unit->drop_ins);
	for (size_t i = 0; i < unit->command_count; i++) {
		free(unit->commands[i].path);
		free_list(unit->commands[i].argv);
		free_list(unit->commands[i].flags);
	}
	*unit = (struct unit){};
}

static int set_names(const char *name, struct unit *unit)
{
	const char *suffix = strrchr(name, '.') ? "" : ".service";
	int n = snprintf(unit->name, sizeof(unit->name), "%s%s", name, suffix);

	if (n < 0 || (size_t)n >= sizeof(unit->name))
		return -ENAMETOOLONG;
	(void)snprintf(unit->config, sizeof(unit->config), NAMED_DIRECTORY "/%s.cfg",
		       unit->name);
	(void)snprintf(unit->drop_in, sizeof(unit->drop_in), SYSTEM_UNITS "/%s.d/" DROP_IN,
		       unit->name);
	(void)snprintf(unit->companion, sizeof(unit->companion), "quixote-unit@%s", unit->name);
	return 0;
}

static int open_manager(sd_bus **ret)
{
	_cleanup_(bus_unrefp) sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_address(bus, PRIVATE_SOCKET);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		*ret = TAKE_PTR(bus);
	return r;
}

static int object_of(const char *name, char **ret)
{
	return sd_bus_path_encode("/org/freedesktop/systemd1/unit", name, ret);
}

static int read_text(sd_bus *bus, const char *path, const char *interface, const char *property,
		     char **ret)
{
	return sd_bus_get_property_string(bus, DESTINATION, path, interface, property, NULL, ret);
}

static int read_command(sd_bus_message *m, struct unit_command *ret)
{
	const char *path;
	int r = sd_bus_message_read(m, "s", &path);

	if (r >= 0)
		r = sd_bus_message_read_strv(m, &ret->argv);
	if (r >= 0)
		r = sd_bus_message_read_strv(m, &ret->flags);
	if (r >= 0)
		r = sd_bus_message_skip(m, "ttttuii");
	if (r < 0)
		return r;
	ret->path = strdup(path);
	return ret->path ? 0 : -ENOMEM;
}

static int read_commands(sd_bus *bus, const char *path, struct unit *unit)
{
	_cleanup_(message_unrefp) sd_bus_message *m = NULL;
	int r = sd_bus_get_property(bus, DESTINATION, path, INTERFACE_SERVICE, "ExecStartEx", NULL,
				    &m, "a(sasasttttuii)");

	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "(sasasttttuii)");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'r', "sasasttttuii")) > 0) {
		if (unit->command_count == UNIT_COMMANDS_MAX)
			return -E2BIG;
		r = read_command(m, &unit->commands[unit->command_count++]);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

/* RestrictAddressFamilies=: whether the list is one of what is allowed, and the list. */
static int read_families(sd_bus *bus, const char *path, struct unit *unit)
{
	_cleanup_(message_unrefp) sd_bus_message *m = NULL;
	char **families = NULL;
	bool listed = false;
	int allowed, r;

	r = sd_bus_get_property(bus, DESTINATION, path, INTERFACE_SERVICE, "RestrictAddressFamilies",
				NULL, &m, "(bas)");
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'r', "bas");
	if (r >= 0)
		r = sd_bus_message_read(m, "b", &allowed);
	if (r >= 0)
		r = sd_bus_message_read_strv(m, &families);
	if (r < 0)
		return r;
	for (char **family = families; family && *family; family++)
		listed = listed || !strcmp(*family, "AF_UNIX") || !strcmp(*family, "AF_LOCAL");
	unit->has_unix = allowed ? listed : !listed;
	free_list(families);
	return 0;
}

static int read_files(sd_bus *bus, const char *path, struct unit *unit)
{
	int r = read_text(bus, path, INTERFACE_UNIT, "FragmentPath", &unit->fragment);

	if (r < 0)
		return r;
	return sd_bus_get_property_strv(bus, DESTINATION, path, INTERFACE_UNIT, "DropInPaths", NULL,
					&unit->drop_ins);
}

static int read_no_exec(sd_bus *bus, const char *path, struct unit *unit)
{
	char **paths = NULL;
	int r = sd_bus_get_property_strv(bus, DESTINATION, path, INTERFACE_SERVICE, "NoExecPaths",
					 NULL, &paths);

	if (r < 0)
		return r;
	unit->has_no_exec = paths && paths[0];
	free_list(paths);
	return 0;
}

static int read_root(sd_bus *bus, const char *path, struct unit *unit)
{
	static const char *const properties[] = { "RootDirectory", "RootImage" };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(properties); i++) {
		_cleanup_(freep) char *value = NULL;

		r = read_text(bus, path, INTERFACE_SERVICE, properties[i], &value);
		unit->has_root = unit->has_root || (r >= 0 && value[0] && strcmp(value, "/") != 0);
	}
	return r;
}

static int ask(struct unit *unit)
{
	_cleanup_(freep) char *path = NULL, *companion = NULL;
	_cleanup_(bus_unrefp) sd_bus *bus = NULL;
	int r = open_manager(&bus);

	if (r >= 0)
		r = object_of(unit->name, &path);
	if (r >= 0)
		r = object_of(unit->companion, &companion);
	if (r >= 0)
		r = read_text(bus, path, INTERFACE_UNIT, "LoadState", &unit->load_state);
	if (r >= 0)
		r = read_text(bus, path, INTERFACE_UNIT, "ActiveState", &unit->active_state);
	if (r >= 0)
		r = read_text(bus, companion, INTERFACE_UNIT, "ActiveState",
			      &unit->companion_state);
	if (r >= 0)
		r = read_text(bus, companion, INTERFACE_UNIT, "LoadState", &unit->companion_loaded);
	if (r < 0 || strcmp(unit->load_state, "loaded") != 0)
		return r;
	r = read_files(bus, path, unit);
	if (r >= 0)
		r = read_commands(bus, path, unit);
	if (r >= 0)
		r = read_families(bus, path, unit);
	if (r >= 0)
		r = read_no_exec(bus, path, unit);
	return r < 0 ? r : read_root(bus, path, unit);
}

int unit_find(const char *command, const char *name, struct unit *ret)
{
	struct unit unit = {};
	const char *wrong;
	int r = set_names(name, &unit);

	if (r < 0 || value_unit(unit.name, &wrong) < 0)
		return command_line_error(command, "\"%s\" %s", name, r < 0 ? "is too long" : wrong);
	r = ask(&unit);
	if (r >= 0 && !strcmp(unit.load_state, "loaded")) {
		*ret = unit;
		return 0;
	}
	if (r >= 0)
		(void)fprintf(stderr,
			      "quixote: %s: systemd says \"%s\"; see systemctl list-unit-files\n",
			      unit.name, unit.load_state);
	else if (r == -ENOENT || r == -ECONNREFUSED)
		(void)fprintf(stderr, "quixote: systemd does not run here, so there are no units\n");
	else
		(void)fprintf(stderr, "quixote: %s: systemd cannot be asked: %s%s\n", unit.name,
			      strerror(-r), r == -EACCES || r == -EPERM ? "; be root" : "");
	unit_done(&unit);
	return EXIT_LOST;
}

bool unit_is_active(const struct unit *unit)
{
	static const char *const states[] = { "active", "activating", "reloading" };

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (!strcmp(unit->active_state, states[i]))
			return true;
	}
	return false;
}

void unit_forget_starts(const struct unit *unit)
{
	const char *const names[] = { unit->name, unit->companion };
	_cleanup_(bus_unrefp) sd_bus *bus = NULL;

	if (open_manager(&bus) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) /* or it has none to forget */
		(void)sd_bus_call_method(bus, DESTINATION, MANAGER, INTERFACE_MANAGER,
					 "ResetFailedUnit", NULL, NULL, "s", names[i]);
}

int unit_systemctl(const char *verb, const char *name)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)execlp("systemctl", "systemctl", verb, name, NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		(void)fprintf(stderr, "quixote: systemctl: %s\n", strerror(errno));
		return EXIT_LOST;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	(void)fprintf(stderr, "quixote: systemctl %s %s failed; see its message\n", verb, name ?: "");
	return EXIT_LOST;
}
