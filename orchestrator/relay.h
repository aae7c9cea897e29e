/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * relay.h - bytes from one descriptor to another, unchanged, without ever
 * blocking the loop and without changing the flags of a descriptor that is
 * shared with others.
 */
#ifndef QUIXOTE_RELAY_H
#define QUIXOTE_RELAY_H

#include <sys/types.h>
#include <systemd/sd-event.h>

struct relay;

typedef void relay_done_fn(struct relay *relay, void *userdata);

/**
 * struct relay_params - What to carry.
 * @take_from: Read side; owned by relay_new(), also if it fails.
 * @take_to: Write side; likewise.
 * @done: Called once, when the end of @take_from was carried or @take_to takes
 *	no more; both are closed by then. NULL if nobody wants to know.
 * @userdata: For @done.
 */
struct relay_params {
	int take_from;
	int take_to;
	relay_done_fn *done;
	void *userdata;
};

/**
 * relay_new() - Begin to carry.
 * @ret: To be freed with relay_free().
 *
 * Return: 0 or a negative errno.
 */
int relay_new(sd_event *event, const struct relay_params *params, struct relay **ret);

/** relay_free() - Stop at once. Return: NULL. */
struct relay *relay_free(struct relay *relay);

/**
 * relay_write() - A write that does not block although the descriptor may be a blocking one.
 * @fd: Is ready for writing, as poll() says.
 * Return: As write().
 */
ssize_t relay_write(int fd, const char *data, size_t size);

/** relay_is_done() - Whether nothing is left to carry; true for NULL. */
_Bool relay_is_done(const struct relay *relay);

#endif
