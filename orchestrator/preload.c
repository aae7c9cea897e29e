// SPDX-License-Identifier: LGPL-2.1-or-later
/* preload.c - see preload.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../tma/preload.h"
#include "preload.h"

int preload_open(struct preload *preload, unsigned int digest_size, int *ret_theirs)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	if (fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0) {
		(void)close_fd(pair[0]);
		(void)close_fd(pair[1]);
		return -errno;
	}
	*preload = (struct preload){ .fd = pair[0], .digest_size = digest_size };
	*ret_theirs = pair[1];
	return 0;
}

static int give(const struct preload *preload, const struct tsem_channel *channel,
		const uint8_t *entry)
{
	static const char digits[] = "0123456789abcdef";
	char hex[2 * PRELOAD_ENTRY_MAX];
	const char *verb;
	char *to = hex;

	if (entry[0] == PRELOAD_POINT)
		verb = "state";
	else if (entry[0] == PRELOAD_PSEUDONYM)
		verb = "pseudonym";
	else
		return -EBADMSG;
	for (unsigned int i = 1; i <= preload->digest_size; i++) {
		*to++ = digits[entry[i] >> 4];
		*to++ = digits[entry[i] & 0xf];
	}
	*to = '\0';
	return tsem_channel_command(channel, "%s value=%s", verb, hex);
}

int preload_take(struct preload *preload, const struct tsem_channel *channel)
{
	const size_t entry = 1 + (size_t)preload->digest_size;
	size_t done = 0;
	ssize_t n;

	n = read(preload->fd, preload->bytes + preload->used,
		 sizeof(preload->bytes) - preload->used);
	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	if (n == 0)
		return preload->used ? -EBADMSG : 0;
	preload->used += n;
	for (; preload->used - done >= entry; done += entry) {
		int r = give(preload, channel, preload->bytes + done);

		if (r < 0)
			return r;
	}
	preload->used -= done;
	memmove(preload->bytes, preload->bytes + done, preload->used);
	return 1;
}

void preload_close(struct preload *preload)
{
	preload->source = sd_event_source_disable_unref(preload->source);
	preload->fd = close_fd(preload->fd);
}
