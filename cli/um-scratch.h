/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * um-scratch.h - where the memory of User-Mode Linux can be: a file that it maps, so
 * the directory must hold all of it and allow execution.
 */
#ifndef QUIXOTE_UM_SCRATCH_H
#define QUIXOTE_UM_SCRATCH_H

#include <stddef.h>

#define UM_MEMORY_MB 768u	/* a build of a middle-sized C project fits; pages are used when touched */
#define UM_MEMORY_MIN_MB 128u	/* below that a shell script runs, little else */

/**
 * um_scratch_choose() - Find a directory: $TMPDIR, /dev/shm, $XDG_RUNTIME_DIR, /tmp,
 * /var/tmp, in this order; with less memory if none has room for @want_mb.
 * @ret: The directory.
 * @ret_mb: What fits, between UM_MEMORY_MIN_MB and @want_mb.
 *
 * Return: 0; -ENOSPC if no directory has room; -ENAMETOOLONG.
 */
int um_scratch_choose(unsigned int want_mb, char *ret, size_t size, unsigned int *ret_mb);

#endif
