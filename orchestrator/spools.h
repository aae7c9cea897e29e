/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spools.h - the pipes from a modelling agent to its recorder. */
#ifndef QUIXOTE_SPOOLS_H
#define QUIXOTE_SPOOLS_H

#include <errno.h>
#include <stdbool.h>

/** struct spools - Both pipes; that of the trajectory only if it is kept. */
struct spools {
	int forensics_read, forensics;
	int trajectory_read, trajectory;
};

#define SPOOLS_EMPTY ((struct spools){ -EBADF, -EBADF, -EBADF, -EBADF })

/** spools_open() - Make them. @trajectory: That one, too. Return: 0 or a negative errno. */
int spools_open(bool trajectory, struct spools *ret);

/** spools_close_writing() - The agent has those ends. */
void spools_close_writing(struct spools *spools);

void spools_close(struct spools *spools);

#endif
