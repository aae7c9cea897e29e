/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session.h - one workload from its namespace to its end: the states it passes,
 * what may happen in each, and what a failure does.
 */
#ifndef QUIXOTE_SESSION_H
#define QUIXOTE_SESSION_H

#include <stdbool.h>

#include "privilege.h"
#include "workload.h"

/** enum session_terminal - What the workload's descriptors 0 to 2 are. */
enum session_terminal {
	TERMINAL_NO,	  /* pipes that are relayed */
	TERMINAL_YES,	  /* a fresh pty that is relayed */
	TERMINAL_INHERIT, /* what the orchestrator has */
};

/** enum session_driver - Who exercises the workload. */
enum session_driver {
	DRIVER_NONE,   /* whoever uses it */
	DRIVER_AROUND, /* a command that runs the tool, through the shim, as often as it likes */
	DRIVER_BESIDE, /* a command that is started when the service runs, and ends it */
};

/** enum session_entry - How the workload's first process is started and enters its namespace. */
enum session_entry {
	ENTRY_CHILD,  /* a child of the orchestrator, which arms it; or a driver around does both */
	ENTRY_BUNDLE, /* by quixote-bundle, a child that is not modelled, which has it armed */
	ENTRY_APART,  /* by an OCI runtime elsewhere, which has it armed */
	ENTRY_UNIT,   /* by systemd, which starts and ends it: processes of a service ask to be armed */
};

/**
 * struct session_params - A workload; all borrowed for the length of session_run().
 * @name: Of the workload, for messages and the state directory.
 * @config: Path of the configuration, for messages.
 * @create: Arguments of the kernel's create command.
 * @control_dir: Control plane; NULL for the kernel's.
 * @tma_argv: Of the TMA, NULL-terminated.
 * @model: Path of the model.
 * @keys: Directory of the keys that may sign the model; NULL if it need not be signed.
 * @caller: Whose files model and state are.
 * @train: The model is written.
 * @seal: The namespace takes nothing new.
 * @enforce: Whatever is outside the model is refused.
 * @internal: The kernel judges.
 * @preload: It is given the model; so many bytes has a digest.
 * @kill_on_loss: OnLoss=kill; else every further event is denied.
 * @trajectory_kept: Old files of the trajectory; 0: it is not kept.
 * @anchor: Socket of the machine's anchor; NULL if nothing is anchored.
 * @deadline_msec: Of an event.
 * @terminal: See enum session_terminal.
 * @driver: Whether there is one.
 * @entry: See enum session_entry.
 * @workload: What to start; its streams are filled in.
 * @driver_workload: The driver, likewise.
 * @unit: With ENTRY_UNIT: its name.
 */
struct session_params {
	const char *name;
	const char *config;
	const char *create;
	const char *control_dir;
	char *const *tma_argv;
	const char *model;
	const char *keys;
	struct file_identity caller;
	bool train;
	bool seal;
	bool enforce;
	bool internal;
	unsigned int preload;
	bool kill_on_loss;
	unsigned int trajectory_kept;
	const char *anchor;
	unsigned int deadline_msec;
	enum session_terminal terminal;
	enum session_driver driver;
	enum session_entry entry;
	struct workload_params workload;
	struct workload_params driver_workload;
	const char *unit;
};

/**
 * session_run() - Run it to its end.
 *
 * Signals must be as main.c leaves them. Blocks; nothing inside waits without a limit.
 *
 * Return: The exit status of the orchestrator: the workload's, 128 + signal, or
 * one of enum exit_status.
 */
int session_run(const struct session_params *params);

#endif
