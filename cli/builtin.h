/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * builtin.h - the way into the built-in kernel, for machines whose own has no TSEM.
 */
#ifndef QUIXOTE_BUILTIN_H
#define QUIXOTE_BUILTIN_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct builtin_request - What to run inside; all borrowed.
 * @argv: The same command line, ended by NULL. argv[0] is replaced by the path of this
 *	executable. The caller adds --kernel=host where its grammar wants it.
 * @why: Why the built-in kernel is used, to be said; NULL if the caller chose it.
 * @terminal: The command wants the caller's terminal, if there is one, for itself.
 */
struct builtin_request {
	char *const *argv;
	const char *why;
	bool terminal;
};

/** builtin_host_has_tsem() - Whether the running kernel has TSEM (its control file is there). */
bool builtin_host_has_tsem(void);

/** enum builtin_part - What the built-in kernel needs. */
enum builtin_part {
	BUILTIN_KERNEL,
	BUILTIN_INIT,
};

/** builtin_is_packaged() - Whether this program is of a Debian package, so that apt brings the rest. */
bool builtin_is_packaged(void);

/** builtin_find() - Where a part is. Return: 0; -ENOENT if it is not there or no program. */
int builtin_find(enum builtin_part part, char *path, size_t size);

/**
 * builtin_run() - Run a command of quixote inside the built-in kernel, on the caller's
 * own files, directory, environment and standard streams.
 *
 * Inside it runs as the guest's root; QUIXOTE_CALLER=UID:GID in its environment says as
 * whom the workload must run (the orchestrator's --caller). Blocks until it has ended;
 * SIGINT, SIGQUIT, SIGTERM, SIGHUP and SIGWINCH are handed on meanwhile. Failures are
 * said on standard error.
 *
 * Return: exit status for main(): the command's own, 204 if there is no built-in kernel
 * or no place for its memory, 205 if it did not start or was lost.
 */
int builtin_run(const struct builtin_request *request);

#endif
