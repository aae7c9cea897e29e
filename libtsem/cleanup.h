/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cleanup.h - ownership that ends with the scope: a local that owns something
 * says so at its declaration, and hands it on with TAKE_PTR() or TAKE_FD().
 */
#ifndef TSEM_CLEANUP_H
#define TSEM_CLEANUP_H

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

#define TAKE_PTR(p)                                                                                \
	({                                                                                         \
		__typeof__(p) _taken = (p);                                                        \
		(p) = NULL;                                                                        \
		_taken;                                                                            \
	})

#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int _taken = (fd);                                                                 \
		(fd) = -EBADF;                                                                     \
		_taken;                                                                            \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define DEFINE_CLEANUP(type, destroy)                                                              \
	static inline void destroy##p(type **p)                                                    \
	{                                                                                          \
		if (*p)                                                                            \
			destroy(*p);                                                               \
	}

DEFINE_CLEANUP(FILE, fclose)

static inline void freep(void *p)
{
	free(*(void **)p);
}

/** close_fd() - Close a descriptor if there is one. Return: -EBADF, to be stored in its place. */
static inline int close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd); /* nothing to do about a failure: the descriptor is gone */
	return -EBADF;
}

static inline void close_fdp(int *fd)
{
	*fd = close_fd(*fd);
}

#endif
