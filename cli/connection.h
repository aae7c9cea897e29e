/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * connection.h - speaking to the management socket of a running workload,
 * docs/architecture.md. What comes back is text of a process that reads hostile
 * records: bounded, taken apart by facts.c, and waited for a limited time.
 */
#ifndef QUIXOTE_CONNECTION_H
#define QUIXOTE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "answer.h"

/** CONNECTION_ANSWER_BYTES - Longest answer: the longest record, and what stands around it. */
#define CONNECTION_ANSWER_BYTES (1u << 20)

/** CONNECTION_MSEC - How long an answer may take; a TMA answers between two verdicts. */
#define CONNECTION_MSEC 5000

/** CONNECTION_FOR_EVER - For events that may never come. */
#define CONNECTION_FOR_EVER (-1)

/** struct connection - CONNECTION_EMPTY to begin with. */
struct connection {
	int fd;
	char *data;
	size_t used;
	size_t taken;
};

#define CONNECTION_EMPTY ((struct connection){ .fd = -EBADF })

/**
 * connection_open() - Connect.
 * @dir: Path of the directory of the socket.
 *
 * Return: 0; -ENOENT or -ECONNREFUSED if nothing runs there; another errno.
 */
int connection_open(const char *dir, struct connection *ret);

void connection_close(struct connection *c);

/** connection_call() - Call OURS.@method. @parameters: A JSON object. Return: 0 or a negative
 * errno. */
int connection_call(struct connection *c, const char *method, const char *parameters, bool more);

/**
 * connection_receive() - Wait for an answer.
 * @timeout_msec: For the whole of it.
 * @ret: To be ended by answer_done().
 *
 * Return: 0; -ETIMEDOUT; -EPIPE if the other side is gone; -EINTR; -EBADMSG; -ENOMEM; another
 * errno.
 */
int connection_receive(struct connection *c, int timeout_msec, struct answer *ret);

#endif
