/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * launch.h - what run and train have in common: the command line, the choice of
 * the kernel, and handing over to the orchestrator. Has no power of its own.
 */
#ifndef QUIXOTE_LAUNCH_H
#define QUIXOTE_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

#include "../orchestrator/config.h"

/** enum launch_kernel - Where the workload runs. */
enum launch_kernel {
	LAUNCH_KERNEL_AUTO, /* here if this kernel has TSEM, else in the built-in one */
	LAUNCH_KERNEL_HOST,
	LAUNCH_KERNEL_BUILTIN,
};
#define LAUNCH_KERNEL_COUNT (LAUNCH_KERNEL_BUILTIN + 1)

/**
 * struct launch - A workload to be launched; all borrowed.
 * @command: The subcommand: "run" or "train".
 * @path: Of the configuration.
 * @model: Overrides that of the configuration, for training; NULL if not.
 * @mode: Overrides that of the configuration; -1 if not.
 * @kernel: As asked for.
 * @check: Only tell what would be done.
 * @json: Tell it in JSON.
 * @terminal: The workload has a terminal: one of its own, or the caller's.
 * @arguments: Behind "--", NULL-terminated; NULL if there was no "--".
 * @driver: They are a command that exercises the workload and is not modelled;
 *	else they are appended to the workload's command.
 */
struct launch {
	const char *command;
	const char *path;
	const char *model;
	int mode;
	enum launch_kernel kernel;
	bool check;
	bool json;
	bool terminal;
	char *const *arguments;
	bool driver;
};

/**
 * launch_option() - Take an option that both commands have.
 * @option: As getopt_long() gave it.
 * Return: 0; an exit status, said on standard error.
 */
int launch_option(struct launch *launch, char *const argv[], int option);

/** launch_arguments() - Take what follows the options. Return: as launch_option(). */
int launch_arguments(struct launch *launch, int argc, char *const argv[]);

/**
 * launch_place() - Decide where.
 * Return: LAUNCH_KERNEL_HOST or _BUILTIN; or minus an exit status, said.
 */
int launch_place(const struct launch *launch, enum config_mode mode);

/**
 * launch() - Run it.
 * @place: Of launch_place().
 * Return: exit status. Does not return where the orchestrator takes this process over.
 */
int launch(const struct launch *launch, enum config_mode mode, int place);

/** launch_and_wait() - Run it as a child. Return: exit status. */
int launch_and_wait(const struct launch *launch, enum config_mode mode, int place);

/** launch_replace_model() - Have the configuration name @launch->model. Return: false, said,
 * without memory. */
bool launch_replace_model(const struct launch *launch, struct config *config);

/** launch_may_model() - Whether this process has the capability to model on the running kernel. */
bool launch_may_model(void);

/** launch_find_orchestrator() - Where it is. Return: 0; -ENOENT; another errno. */
int launch_find_orchestrator(char *path, size_t size);

/** launch_is_guest() - Whether this runs inside the built-in kernel, started by quixote outside. */
bool launch_is_guest(void);

#endif
