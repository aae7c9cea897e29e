/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * request.h - from a configuration and a command line to what a session runs
 * and the kernel is asked for.
 */
#ifndef QUIXOTE_REQUEST_H
#define QUIXOTE_REQUEST_H

#include "config.h"
#include "session.h"

/** TMA_ARGUMENTS - Fixed arguments of the TMA; paths of the configuration follow. */
#define TMA_ARGUMENTS 16

/**
 * struct request - Owns all that its @session borrows, except the configuration.
 * @config: Borrowed.
 * @session: To be run.
 */
struct request {
	const struct config *config;
	struct session_params session;
	char create[4096];
	char **tma_argv;
	char **argv;
	char **keeper;
	char **environment;
	char **driver_environment;
	gid_t *groups;
	gid_t *driver_groups;
};

/**
 * struct request_options - What the command line says.
 * @control_dir: Control plane; NULL for the kernel's.
 * @mode: Overrides that of the configuration.
 * @caller: Who runs the workload if the configuration does not say.
 * @arguments: Appended to the command; NULL-terminated.
 * @apart: The bundle is run by somebody else, who has its processes armed.
 * @anchor: Socket of the anchor; NULL for the usual one.
 * @driver: @arguments are instead a command that exercises the workload.
 */
struct request_options {
	const char *control_dir;
	enum config_mode mode;
	struct file_identity caller;
	char *const *arguments;
	bool apart;
	const char *anchor;
	bool driver;
};

/**
 * request_init() - Build it.
 * @error: Filled in whenever the result is negative; never NULL.
 *
 * Looks up users and groups. Return: 0; -ESRCH (no such user); -E2BIG (too many
 * directories for one command); -ENOMEM; another errno.
 */
int request_init(struct request *request, const struct config *config,
		 const struct request_options *options, struct config_error *error);

void request_done(struct request *request);

#endif
