/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * workload.h - the child that becomes the workload: prepared and without
 * privilege it waits for one byte, then executes. It never prints; what fails is
 * reported through a pipe that a successful exec closes.
 */
#ifndef QUIXOTE_WORKLOAD_H
#define QUIXOTE_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** enum workload_step - Where the child is, or what failed. */
enum workload_step {
	STEP_PREPARED, /* nothing failed; it waits to be let go */
	STEP_STREAMS,
	STEP_TERMINAL,
	STEP_PRIVILEGE,
	STEP_DIRECTORY,
	STEP_EXEC,
};
#define STEP_COUNT (STEP_EXEC + 1)

/** struct workload_report - What the child tells: a step, and an errno if it failed. */
struct workload_report {
	uint32_t step;
	int32_t error;
};

/**
 * struct workload_params - What to start; all borrowed.
 * @argv: NULL-terminated; the program is looked for in PATH of @environment if it has no slash.
 * @environment: NULL-terminated.
 * @directory: To change to; NULL keeps the orchestrator's.
 * @uid: User to become.
 * @gid: Group to become.
 * @groups: Supplementary groups.
 * @group_count: Of them; -1 keeps those of the orchestrator.
 * @streams: What becomes descriptors 0, 1 and 2.
 * @terminal: Make stream 0 the controlling terminal.
 */
struct workload_params {
	char *const *argv;
	char *const *environment;
	const char *directory;
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	int group_count;
	int streams[3];
	bool terminal;
};

/**
 * struct workload - The child.
 * @pid: Process; 0 if there is none.
 * @pidfd: It, whatever happens to the number.
 * @go: Write side: one byte lets it go, the end lets it exit.
 * @report: Read side: struct workload_report; the end after a successful exec.
 */
struct workload {
	pid_t pid;
	int pidfd;
	int go;
	int report;
};

#define WORKLOAD_EMPTY ((struct workload){ .pidfd = -EBADF, .go = -EBADF, .report = -EBADF })

/** workload_start() - Fork the child. Return: 0 or a negative errno. */
int workload_start(const struct workload_params *params, struct workload *ret);

/** workload_release() - Let it execute. Return: 0 or a negative errno. */
int workload_release(struct workload *workload);

/**
 * workload_read_report() - What the child has to say.
 * Return: 1 and a report; 0 at the end (it has executed, or died); -EAGAIN if
 * there is nothing yet; -EBADMSG; an errno of read().
 */
int workload_read_report(struct workload *workload, struct workload_report *ret);

/** workload_step_name() - What was being done, for a message. */
const char *workload_step_name(uint32_t step);

#endif
