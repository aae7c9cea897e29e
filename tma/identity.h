/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* identity.h - the form UID:GID on a command line. */
#ifndef QUIXOTE_IDENTITY_H
#define QUIXOTE_IDENTITY_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

static inline int identity_number(const char *text, char until, const char **ret_end, uint32_t *ret)
{
	unsigned long long number;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 10);
	/* The highest value means "leave as it is" to the kernel. */
	if (errno || *end != until || number >= UINT32_MAX)
		return -EINVAL;
	*ret_end = end;
	*ret = number;
	return 0;
}

/** identity_parse() - Return: 0, or -EINVAL unless @text is UID:GID in decimal. */
static inline int identity_parse(const char *text, uid_t *ret_uid, gid_t *ret_gid)
{
	uint32_t uid, gid;
	const char *end;

	if (identity_number(text, ':', &end, &uid) < 0 ||
	    identity_number(end + 1, '\0', &end, &gid) < 0)
		return -EINVAL;
	*ret_uid = uid;
	*ret_gid = gid;
	return 0;
}

#endif
