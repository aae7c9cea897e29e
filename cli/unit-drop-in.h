/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unit-drop-in.h - the drop-in that puts a service below its orchestrator. It holds the
 * service's command as systemd had parsed it, and what the unit's own files said then.
 */
#ifndef QUIXOTE_UNIT_DROP_IN_H
#define QUIXOTE_UNIT_DROP_IN_H

#include "unit.h"

/** enum unit_drop_in_state - What it does. */
enum unit_drop_in_state {
	UNIT_DROP_IN_NONE,    /* there is none */
	UNIT_DROP_IN_CURRENT, /* the service is started as its files say, below its orchestrator */
	UNIT_DROP_IN_OLD,     /* it is started as its files said once */
	UNIT_DROP_IN_USELESS, /* it is not started below its orchestrator: something else holds */
};

/** unit_drop_in_state() - By what systemd has loaded, and what the files say now. */
enum unit_drop_in_state unit_drop_in_state(const struct unit *unit);

/**
 * unit_drop_in_write() - Write it, or write it anew, and have systemd load it.
 * @command: What was typed, for messages.
 *
 * systemd is asked for the command anew, without what an older drop-in says of it. Meanwhile
 * the service is not started by anybody.
 *
 * Return: 0 or an exit status, said.
 */
int unit_drop_in_write(const char *command, const struct unit *unit);

/** unit_drop_in_remove() - Take it away; systemd has loaded that. Return: 0 or an exit status,
 * said. */
int unit_drop_in_remove(const struct unit *unit);

#endif
