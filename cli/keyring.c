// SPDX-License-Identifier: LGPL-2.1-or-later
/* keyring.c - see keyring.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/keys.h"
#include "keyring.h"

static int refuse(struct text *why, int r, const char *path, const char *what)
{
	text_add_shown(why, path, strlen(path));
	text_format(why, ": %s", what);
	return r;
}

int keyring_read(const char *directory, struct tsem_keyring *ret, struct text *why)
{
	char detail[KEYS_DETAIL_BYTES], data[TSEM_KEYRING_BYTES];
	_cleanup_(close_fdp) int fd = keys_open(directory, getuid(), detail);
	struct tsem_model_error error;
	ssize_t size;
	int r;

	if (fd < 0)
		return refuse(why, fd, detail,
			      fd == -EPERM ? "others may write it" : strerror(-fd));
	size = pread(fd, data, sizeof(data), 0);
	if (size < 0)
		return refuse(why, -errno, directory, strerror(errno));
	r = tsem_keyring_parse(data, size, ret, &error);
	return r < 0 ? refuse(why, r, directory, error.text) : 0;
}
