/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sandbox.h - giving up everything, in one function and one order, before the
 * first byte of a model or a record is looked at.
 */
#ifndef QUIXOTE_SANDBOX_H
#define QUIXOTE_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

/** enum sandbox_role - Which allow-list applies. */
enum sandbox_role {
	SANDBOX_TMA,	  /* its descriptors, memory, the clock */
	SANDBOX_RECORDER, /* besides: files inside one directory */
	SANDBOX_ANCHOR,	  /* files of its directory, clients, a device that is open */
	SANDBOX_ANCHOR_SIMULATED, /* the same, with sockets in place of the device */
};
#define SANDBOX_ROLE_COUNT (SANDBOX_ANCHOR_SIMULATED + 1)

/**
 * struct sandbox - What is asked for.
 * @role: Allow-list.
 * @uid: To become, if the process may choose; ignored otherwise.
 * @gid: Likewise.
 * @dir: Directory of the roles that have one; borrowed. Else -EBADF.
 */
struct sandbox {
	enum sandbox_role role;
	uid_t uid;
	gid_t gid;
	int dir;
};

/**
 * sandbox_enter() - Give up everything that @sandbox does not name.
 * @ret_landlock: Whether this kernel has Landlock; the rest is not optional.
 *
 * A forbidden system call ends the process. Also: no core dumps, not
 * dumpable, killed when its parent dies.
 *
 * Return: 0, or a negative errno, after which the process must exit.
 */
int sandbox_enter(const struct sandbox *sandbox, bool *ret_landlock);

#endif
