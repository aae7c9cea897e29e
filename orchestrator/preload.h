/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * preload.h - the orchestrator's side of ../tma/preload.h: digests that the TMA
 * has verified are given to the kernel. Knows nothing of what they stand for.
 */
#ifndef QUIXOTE_ORCHESTRATOR_PRELOAD_H
#define QUIXOTE_ORCHESTRATOR_PRELOAD_H

#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "../libtsem/channel.h"

#define PRELOAD_ENTRY_MAX (1 + 64)

/**
 * struct preload - A pipe being read.
 * @fd: Its reading end; -EBADF if there is none, or after its end.
 * @source: On it, if its owner listens; closed with it.
 * @digest_size: D, in bytes.
 * @used: Bytes at @bytes: always less than one entry between two calls.
 */
struct preload {
	int fd;
	sd_event_source *source;
	unsigned int digest_size;
	size_t used;
	uint8_t bytes[64 * PRELOAD_ENTRY_MAX];
};

/** preload_open() - Make the pipe. Return: 0 and the TMA's end, or a negative errno. */
int preload_open(struct preload *preload, unsigned int digest_size, int *ret_theirs);

/**
 * preload_take() - Give the kernel what has come.
 *
 * One read, which does not block. Return: 1; 0 at the end; -EAGAIN; -EBADMSG if it
 * is no model; an errno of the kernel, which refused it.
 */
int preload_take(struct preload *preload, const struct tsem_channel *channel);

void preload_close(struct preload *preload);

#endif
