/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * um.h - one run of User-Mode Linux: start it, hand a command in, carry streams and
 * signals, end it and everything it made. The tests' machine and the built-in kernel
 * are both this. An emulator that runs a kernel with the same init does as well.
 */
#ifndef QUIXOTE_UM_H
#define QUIXOTE_UM_H

#include <stdbool.h>

/**
 * struct um_options - A machine and its command; all borrowed.
 * @emulator: Another machine than User-Mode Linux, as a command ended by NULL: a path
 *	and arguments that say all there is to say up to @log. Descriptor 3 is to be the
 *	guest's line, 1 its kernel's log. Else NULL.
 * @boot_sec: How long init may take to come up; 0 for UM_BOOT_SEC.
 * @kernel: The kernel, an executable.
 * @init: Its init (quixote-guest), a path that the guest sees too.
 * @scratch: Directory for the guest's memory: space for all of it, execution allowed.
 * @memory_mb: Size of that memory.
 * @overlay: Nothing the guest writes reaches this machine, but below @writable.
 * @writable: Directory that stays writable below an overlay, or NULL.
 * @parameters: More words for the kernel's command line, or NULL.
 * @log: File for the kernel's log; created or cut.
 * @timeout_sec: End it after this time; 0 for never.
 * @terminal: Give the command a terminal of its own, ours becomes raw meanwhile.
 * @argv: The command, ended by NULL.
 * @environment: Its environment, ended by NULL.
 * @directory: Where it runs.
 */
struct um_options {
	char *const *emulator;
	unsigned int boot_sec;
	const char *kernel;
	const char *init;
	const char *scratch;
	unsigned int memory_mb;
	bool overlay;
	const char *writable;
	const char *parameters;
	const char *log;
	unsigned int timeout_sec;
	bool terminal;
	char *const *argv;
	char *const *environment;
	const char *directory;
};

#define UM_BOOT_SEC 60u	/* usual: 0.3 s; a loaded machine of one core took 8 s */

/**
 * um_run() - Run one command in one machine; blocks until it has ended.
 * @ret_status: The command's exit status (128 + number if a signal ended it).
 *
 * SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGWINCH and SIGUSR1/2 go to the command. The third
 * SIGINT, or ten seconds without an end after SIGTERM or SIGHUP, ends the machine.
 * Nothing stays behind, even if the caller is killed.
 *
 * Return: 0; -ETIMEDOUT; -ENOEXEC the kernel did not come up (see the log); -ECONNRESET
 * it was lost; -ECANCELED ended by signals; -EBADMSG init failed, which is in the log;
 * another negative errno.
 */
int um_run(const struct um_options *options, int *ret_status);

#endif
