/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * root.h - the root namespace: what boot parameters say of it.
 */
#ifndef _SECURITY_TSEM_ROOT_H
#define _SECURITY_TSEM_ROOT_H

#include "ns.h"

/** enum tsem_root_mode - What is done with events outside of other namespaces. */
enum tsem_root_mode {
	TSEM_ROOT_NONE,		/* nothing: there is no root namespace */
	TSEM_ROOT_EXPORT,	/* they are told */
	TSEM_ROOT_MODEL,	/* the kernel models them */
};

#define TSEM_ROOT_MODE_COUNT (TSEM_ROOT_MODEL + 1)

int tsem_root_mode_parse(const char *text, enum tsem_root_mode *ret);
int tsem_root_cache_parse(const char *text, unsigned int *ret);

#endif /* _SECURITY_TSEM_ROOT_H */
