/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * entrance.h - where the processes of a systemd unit are armed: a socket that
 * quixote-join connects to before it becomes the unit's program.
 */
#ifndef QUIXOTE_ENTRANCE_H
#define QUIXOTE_ENTRANCE_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "../libtsem/channel.h"

/** ENTRANCE_DIRECTORY - Of the sockets, each with the name of its unit. */
#define ENTRANCE_DIRECTORY "/run/quixote/units"

/* For tests; not for who may not be believed. */
#define ENTRANCE_VARIABLE "QUIXOTE_ENTRANCE_DIR"

struct entrance;

/**
 * entrance_new() - Open the entrance of a unit.
 * @channel: Of the namespace; borrowed.
 * @unit: Its name; borrowed.
 * Return: 0 or a negative errno.
 */
int entrance_new(sd_event *event, const struct tsem_channel *channel, const char *unit,
		 struct entrance **ret);

/** entrance_close() - Nobody enters any more. Takes NULL. */
void entrance_close(struct entrance *entrance);

/** entrance_kill() - Kill all processes of the unit that has entered. Takes NULL. */
void entrance_kill(const struct entrance *entrance);

/** entrance_free() - Takes NULL. Return: NULL. */
struct entrance *entrance_free(struct entrance *entrance);

/**
 * entrance_group_is_of() - Whether a control group is one of a unit of the system.
 * @group: Path, as in /proc/PID/cgroup.
 * @ret_size: Bytes of @group up to the unit's own group.
 *
 * Everything above the unit must be a slice: users can make groups of any name, but only
 * below a service of theirs.
 */
bool entrance_group_is_of(const char *group, const char *unit, size_t *ret_size);

#endif
