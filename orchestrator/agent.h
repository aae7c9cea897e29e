/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * agent.h - starting the two helpers of a workload, TMA and recorder: each a
 * program of our own with an empty environment and exactly the descriptors that
 * it is given.
 */
#ifndef QUIXOTE_AGENT_H
#define QUIXOTE_AGENT_H

#include <sys/types.h>

/** AGENT_FDS_MAX - Descriptors an agent can be given; docs/architecture.md, "Processes". */
#define AGENT_FDS_MAX 15

/**
 * struct agent_params - What to start; all borrowed.
 * @program: File name, looked for where our programs are.
 * @argv: NULL-terminated.
 * @fds: fds[n] becomes descriptor n; a negative one becomes /dev/null.
 * @fd_count: Number of @fds.
 */
struct agent_params {
	const char *program;
	char *const *argv;
	int fds[AGENT_FDS_MAX];
	int fd_count;
};

/** struct agent - A running helper; pid is 0 if there is none. */
struct agent {
	pid_t pid;
	int pidfd;
};

#define AGENT_EMPTY ((struct agent){ .pidfd = -EBADF })

/**
 * agent_find_program() - Where a program of ours is.
 *
 * In QUIXOTE_LIBEXEC, beside the orchestrator, or where the build puts it.
 *
 * Return: 0; -ENOENT or -EACCES; -ENAMETOOLONG.
 */
int agent_find_program(const char *name, char *path, size_t size);

/**
 * agent_start() - Start one.
 * Return: 0; -ENOENT or -EACCES if the program is not installed; another errno.
 */
int agent_start(const struct agent_params *params, struct agent *ret);

/** agent_kill() - Kill it, if it is there; it remains to be reaped. */
void agent_kill(const struct agent *agent);

/** agent_reaped() - It has been reaped: forget it. */
void agent_reaped(struct agent *agent);

#endif
