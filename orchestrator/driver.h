/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver.h - a command that exercises a workload while it is trained and is not
 * modelled itself. For a tool, this is the directory with the shim and the
 * socket at which shims ask; starting and ending the driver is session.c's.
 */
#ifndef QUIXOTE_DRIVER_H
#define QUIXOTE_DRIVER_H

#include <systemd/sd-event.h>

#include "../libtsem/channel.h"
#include "privilege.h"

struct driver;

/**
 * struct driver_params - For whom; borrowed while the driver lives.
 * @channel: Where to arm.
 * @caller: Who runs the driver: only its processes may ask.
 * @program: First word of the workload's command.
 */
struct driver_params {
	const struct tsem_channel *channel;
	struct file_identity caller;
	const char *program;
};

/**
 * driver_new() - Make directory and socket, and begin to listen.
 * Return: 0; -ENOENT if quixote-shim is not installed; another errno.
 */
int driver_new(sd_event *event, const struct driver_params *params, struct driver **ret);

/** driver_free() - Remove both again. Takes NULL. Return: NULL. */
struct driver *driver_free(struct driver *driver);

/** driver_set_environment() - Make the shim be found. Return: 0 or -ENOMEM. */
int driver_set_environment(const struct driver *driver, char ***environment);

/** driver_start_count() - How often the program was started. */
unsigned int driver_start_count(const struct driver *driver);

#endif
