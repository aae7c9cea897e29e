/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * door.h - the management socket of a workload: makes it, listens, removes it.
 * Accepts nobody; the TMA inherits it and does.
 */
#ifndef QUIXOTE_DOOR_H
#define QUIXOTE_DOOR_H

#include "privilege.h"

/**
 * struct door - The socket.
 * @dir: Its directory, locked as long as the socket is there.
 * @socket: Listening; closed here once the TMA has it.
 */
struct door {
	int dir;
	int socket;
};

#define DOOR_EMPTY ((struct door){ .dir = -EBADF, .socket = -EBADF })

/**
 * door_open() - Make it, as the user whose files are touched at the moment.
 * @name: Of the workload.
 * @uid: Who runs it.
 *
 * What an orchestrator that was killed has left is replaced. Return: 0; -EBUSY
 * if another run of this name is there; another errno.
 */
int door_open(const char *name, uid_t uid, struct door *ret);

/**
 * door_open_next() - Make one for an agent that will take the place of another.
 * Nobody finds it before door_change(). Return: A listening socket, or a negative errno.
 */
int door_open_next(const struct door *door);

/** door_change() - From now on it is the one that is found. Return: 0 or a negative errno. */
int door_change(const struct door *door);

/** door_forget_next() - It will not be. */
void door_forget_next(const struct door *door);

/** door_close() - Remove it. @owner: As whom. */
void door_close(struct door *door, struct file_identity owner);

#endif
