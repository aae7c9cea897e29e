// SPDX-License-Identifier: LGPL-2.1-or-later
/* preload.c - see preload.h: the TMA's side. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "judge.h"
#include "preload.h"

/** struct chunk - Entries that are written together. */
struct chunk {
	int fd;
	size_t used;
	uint8_t bytes[4096];
};

static int flush(struct chunk *chunk)
{
	size_t done = 0;

	while (done < chunk->used) {
		ssize_t n = write(chunk->fd, chunk->bytes + done, chunk->used - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += n;
	}
	chunk->used = 0;
	return 0;
}

static int write_set(struct chunk *chunk, char kind, const struct tsem_set *set)
{
	for (size_t slot = 0; slot < set->slots; slot++) {
		const struct tsem_set_entry *entry = tsem_set_at(set, slot);
		int r = 0;

		if (!entry)
			continue;
		if (sizeof(chunk->bytes) - chunk->used < 1 + set->digest_size)
			r = flush(chunk);
		if (r < 0)
			return r;
		chunk->bytes[chunk->used++] = kind;
		memcpy(chunk->bytes + chunk->used, entry->digest, set->digest_size);
		chunk->used += set->digest_size;
	}
	return 0;
}

int preload_write(const struct judge *judge, int fd)
{
	struct chunk chunk = { .fd = fd };
	int r;

	r = write_set(&chunk, PRELOAD_PSEUDONYM, judge_get_pseudonyms(judge));
	if (r >= 0 && !judge_is_training(judge))
		r = write_set(&chunk, PRELOAD_POINT, judge_get_points(judge));
	return r < 0 ? r : flush(&chunk);
}
