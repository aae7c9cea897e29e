/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * um-process.h - the processes of one User-Mode Linux: their group, their directory of
 * temporary files and the watcher that ends both if we are killed.
 */
#ifndef QUIXOTE_UM_PROCESS_H
#define QUIXOTE_UM_PROCESS_H

#include <sys/types.h>

#include "um.h"

/** struct um_process - All empty is { .pid = -1, .pidfd = -EBADF, … }; see um_process_start(). */
struct um_process {
	pid_t pid;		/* leader of a process group of its own */
	int pidfd;
	int line;		/* our end of the serial line, non-blocking */
	int watch;		/* while it is open the watcher waits */
	char directory[64];	/* private, for the kernel's own files */
};

/** um_process_start() - Start the kernel and its watcher. Return: 0 or a negative errno. */
int um_process_start(const struct um_options *options, struct um_process *ret);

/** um_process_end() - Kill what is left, wait for it, remove the directory. */
void um_process_end(struct um_process *process);

#endif
