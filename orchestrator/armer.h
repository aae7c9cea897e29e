/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * armer.h - the socket at which those who start members in the orchestrator's stead
 * ask for them to be armed: quixote-shim below a driver, quixote-bundle for a
 * container, quixote-enter for a process that enters one.
 *
 * One connection for each start, SOCK_SEQPACKET: one message of one byte, with the
 * pidfd of whom to arm, or without one: then the sender is meant, as the kernel knows
 * it. One answer, an int32_t: 0 or a negative errno.
 */
#ifndef QUIXOTE_ARMER_H
#define QUIXOTE_ARMER_H

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "../libtsem/channel.h"

struct armer;

/** armer_done_fn - @pid, of @pidfd, is armed. A negative errno is answered instead of 0. */
typedef int armer_done_fn(pid_t pid, int pidfd, void *userdata);

/**
 * struct armer_params - For whom.
 * @channel: Where to arm; borrowed.
 * @uid: Whose processes may ask, beside root's.
 * @runtime: Root may have any process armed: an OCI runtime's are not children of who asks.
 * @armed: Called after each; NULL if nobody wants to know.
 * @userdata: For @armed.
 */
struct armer_params {
	const struct tsem_channel *channel;
	uid_t uid;
	bool runtime;
	armer_done_fn *armed;
	void *userdata;
};

/**
 * armer_new() - Make the socket, of mode 0600, and begin to listen.
 * @path: Of the socket, where there must be none; who removes it is the caller.
 *
 * Return: 0; -ENAMETOOLONG; another errno.
 */
int armer_new(sd_event *event, const struct armer_params *params, const char *path,
	      struct armer **ret);

/** armer_free() - Takes NULL. Return: NULL. */
struct armer *armer_free(struct armer *armer);

#endif
