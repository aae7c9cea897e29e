/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * subject.h - the workload that a command line names, by its NAME or by its
 * configuration FILE, and what its model says of programs.
 */
#ifndef QUIXOTE_SUBJECT_H
#define QUIXOTE_SUBJECT_H

#include <limits.h>

#include "../orchestrator/config.h"
#include "programs.h"

/**
 * struct subject - A workload.
 * @name: Its name.
 * @config: NULL if there is none.
 * @config_path: Where it is, or would be.
 * @programs: Those that its model has, if that can be read.
 * @known: It can.
 */
struct subject {
	const char *name;
	struct config *config;
	char config_path[PATH_MAX];
	struct programs programs;
	bool known;
};

/**
 * subject_find() - Find it.
 * @command: Name of the subcommand, for messages.
 * @argument: NAME as named_find() takes it, or FILE; borrowed.
 *
 * Return: 0, or the exit status after having said why.
 */
int subject_find(const char *command, const char *argument, struct subject *ret);

/** subject_is_of_engine() - Whether it is a container that podman or Docker creates. */
bool subject_is_of_engine(const struct subject *subject);

/** subject_read_programs() - Read the model, where there is one, for the names of programs. */
void subject_read_programs(struct subject *subject);

void subject_done(struct subject *subject);

#endif
