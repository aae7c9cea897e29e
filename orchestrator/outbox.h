/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * outbox.h - messages to somebody who may not read: each goes out whole and in its order, at
 * once or when there is room again, and is waited for by nobody.
 */
#ifndef QUIXOTE_OUTBOX_H
#define QUIXOTE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

/** OUTBOX_MESSAGE_BYTES - Most that one has: what a pipe takes whole. */
#define OUTBOX_MESSAGE_BYTES 4096

#define OUTBOX_BYTES (4 * OUTBOX_MESSAGE_BYTES)

struct outbox;

/**
 * struct outbox_kind - Where to.
 * @open: Returns a descriptor to write to, or a negative errno when there is nobody.
 * @lost: What is said of messages that were left out, with a %u; NULL if nothing is.
 * @socket: Of datagrams.
 */
struct outbox_kind {
	int (*open)(void);
	const char *lost;
	bool socket;
};

/**
 * struct outbox - What waits for its reader.
 * @kind: See there.
 * @event: Loop.
 * @fd: -EBADF until there is something to send.
 * @source: When it is ready; NULL for what always is.
 * @told: Called when nothing waits any more.
 * @userdata: For that.
 * @lost: Messages for which there was no room.
 * @size: Bytes that wait.
 * @pending: Each its size, then its bytes.
 */
struct outbox {
	const struct outbox_kind *kind;
	sd_event *event;
	int fd;
	sd_event_source *source;
	void (*told)(void *userdata);
	void *userdata;
	unsigned int lost;
	size_t size;
	char pending[OUTBOX_BYTES];
};

/** outbox_add() - Send it, or keep it for later; without room for it, count it. */
void outbox_add(struct outbox *box, const char *data, size_t size);

/** outbox_is_empty() - Whether all was told. */
bool outbox_is_empty(const struct outbox *box);

/** outbox_close() - What waits is lost. */
void outbox_close(struct outbox *box);

#endif
