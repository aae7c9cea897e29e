// SPDX-License-Identifier: LGPL-2.1-or-later
/* spools.c - see spools.h. */
#include "spools.h"

#include <fcntl.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"

/* Room for a burst; more than the default is a wish. */
#define SPOOL_PIPE_BYTES (1 << 20)

static int make_spool(int *ret_read, int *ret_write)
{
	int pair[2];

	/* Non-blocking for the TMA, which must not wait; the recorder polls nothing else. */
	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	if (fcntl(pair[1], F_SETFL, O_NONBLOCK) < 0) {
		(void)close_fd(pair[0]);
		(void)close_fd(pair[1]);
		return -errno;
	}
	(void)fcntl(pair[1], F_SETPIPE_SZ, SPOOL_PIPE_BYTES);
	*ret_read = pair[0];
	*ret_write = pair[1];
	return 0;
}

int spools_open(bool trajectory, struct spools *ret)
{
	struct spools spools = SPOOLS_EMPTY;
	int r = make_spool(&spools.forensics_read, &spools.forensics);

	if (r >= 0 && trajectory)
		r = make_spool(&spools.trajectory_read, &spools.trajectory);
	if (r < 0)
		spools_close(&spools);
	else
		*ret = spools;
	return r;
}

void spools_close_writing(struct spools *spools)
{
	spools->forensics = close_fd(spools->forensics);
	spools->trajectory = close_fd(spools->trajectory);
}

void spools_close(struct spools *spools)
{
	spools_close_writing(spools);
	(void)close_fd(spools->forensics_read);
	(void)close_fd(spools->trajectory_read);
	*spools = SPOOLS_EMPTY;
}
