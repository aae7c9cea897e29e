/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* running.h - the workloads that run on this machine: found by their sockets. */
#ifndef QUIXOTE_RUNNING_H
#define QUIXOTE_RUNNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connection.h"

/**
 * struct running - A workload and what it said of itself.
 * @name: Of its directory; owned.
 * @status: Its answer to GetStatus.
 * @fault: Why there is none; 0 if there is.
 */
struct running {
	char *name;
	char *dir;
	struct answer status;
	struct connection connection;
	int fault;
};

/** struct running_list - All of them, by name. */
struct running_list {
	struct running *list;
	size_t count;
};

/**
 * running_find() - Find all that the caller may ask, and ask each for its status.
 *
 * Root finds those of all users. What a run that was killed has left is none.
 *
 * Return: 0 or -ENOMEM.
 */
int running_find(struct running_list *ret);

void running_done(struct running_list *list);

/** running_open() - Connect to one by name. Return: As connection_open(). */
int running_open(const char *name, struct connection *ret);

/** running_is_nothing() - Whether connection_open() says that nothing runs there. */
bool running_is_nothing(int error);

/** running_number() - A number of the status: "events", "latency.p50_nsec"; 0 if it is not there.
 */
uint64_t running_number(const struct running *running, const char *name);

/** running_text() - A text of the status; "?" if it is not there. */
const char *running_text(const struct running *running, const char *name);

/**
 * running_failed() - Say why a workload could not be asked.
 * @name: Of the workload.
 * @error: Of connection.h.
 * Return: Exit status.
 */
int running_failed(const char *name, int error);

/** running_none() - Say that nothing was found, and where it might be. */
void running_none(void);

/** running_warn() - Say which did not answer. */
void running_warn(const struct running_list *list);

#endif
