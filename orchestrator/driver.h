/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver.h - a process that starts members itself and is not modelled: a command that
 * exercises a tool while it is trained, or quixote-bundle, which keeps a container. This
 * is its directory, with the socket at which it asks and, for a tool, the shim; starting
 * and ending the process is session.c's.
 */
#ifndef QUIXOTE_DRIVER_H
#define QUIXOTE_DRIVER_H

#include <systemd/sd-event.h>

#include "../libtsem/channel.h"
#include "armer.h"
#include "privilege.h"

/* What a container's keeper makes in the directory, beside the socket. */
#define DRIVER_PID_NAME "pid"
#define DRIVER_CONSOLE_NAME "console"
#define DRIVER_STATE_NAME "runtime"

struct driver;

/**
 * struct driver_params - For whom; borrowed while the driver lives.
 * @channel: Where to arm.
 * @caller: Who runs the driver: only its processes may ask.
 * @program: First word of the workload's command; NULL if nothing stands for it in PATH.
 * @armed: See struct armer_params.
 * @userdata: For @armed.
 */
struct driver_params {
	const struct tsem_channel *channel;
	struct file_identity caller;
	const char *program;
	armer_done_fn *armed;
	void *userdata;
};

/**
 * driver_new() - Make directory and socket, and begin to listen.
 * Return: 0; -ENOENT if quixote-shim is not installed; another errno.
 */
int driver_new(sd_event *event, const struct driver_params *params, struct driver **ret);

/** driver_free() - Remove both again. Takes NULL. Return: NULL. */
struct driver *driver_free(struct driver *driver);

/** driver_set_environment() - Make socket and shim be found. Return: 0 or -ENOMEM. */
int driver_set_environment(const struct driver *driver, char ***environment);

/** driver_start_count() - How often the program was started. */
unsigned int driver_start_count(const struct driver *driver);

#endif
