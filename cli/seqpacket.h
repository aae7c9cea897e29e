/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* seqpacket.h - one whole message of an orchestrator, waited for a limited time. */
#ifndef QUIXOTE_SEQPACKET_H
#define QUIXOTE_SEQPACKET_H

#include <stddef.h>

/**
 * seqpacket_connect() - Connect to a socket in the directory of a workload.
 * Return: A descriptor; -ENOENT or -ECONNREFUSED if nothing runs there; another errno.
 */
int seqpacket_connect(const char *dir, const char *name);

/**
 * seqpacket_receive() - Receive a message of exactly so many bytes.
 * Return: 0; -ETIMEDOUT; -EPIPE if the other side is gone; -EBADMSG; another errno.
 */
int seqpacket_receive(int fd, void *message, size_t size, int timeout_msec);

#endif
