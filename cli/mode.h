/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mode.h - what a model is for is changed: the model sealed or unsealed, Mode= set, noted. */
#ifndef QUIXOTE_MODE_H
#define QUIXOTE_MODE_H

#include <stdbool.h>

#include "../orchestrator/config.h"

/**
 * struct mode_change - What is to be.
 * @path: Of the configuration.
 * @force: Also if the model is not complete.
 * @why: The reason, for the history; NULL if none was given.
 */
struct mode_change {
	const char *path;
	enum config_mode mode;
	bool force;
	const char *why;
};

/**
 * mode_set() - Do it.
 * @ret_name: Of the workload; owned by the caller.
 * Return: 0 or an exit status, said.
 */
int mode_set(const struct mode_change *change, char **ret_name);

#endif
