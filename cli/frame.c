// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * frame.c - frames on the serial line between quixote and its built-in kernel.
 * Knows bytes and sizes, not what a type means.
 */
#include "frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int frame_read(int fd, struct frame_reader *reader)
{
	const size_t head = sizeof(reader->frame.header);
	struct frame *frame = &reader->frame;

	if (reader->used_bytes >= head && reader->used_bytes == head + frame->header.size)
		reader->used_bytes = 0;

	for (;;) {
		size_t want = head;
		ssize_t n;

		if (reader->used_bytes >= head) {
			if (frame->header.type >= FRAME_COUNT || frame->header.size > FRAME_MAX)
				return -EBADMSG;
			want += frame->header.size;
			if (reader->used_bytes == want)
				return 0;
		}
		n = read(fd, (uint8_t *)frame + reader->used_bytes, want - reader->used_bytes);
		if (n == 0)
			return -EPIPE;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		reader->used_bytes += (size_t)n;
	}
}

bool frame_u32(const struct frame *frame, uint32_t *ret)
{
	if (frame->header.size != sizeof(*ret))
		return false;
	memcpy(ret, frame->data, sizeof(*ret));
	return true;
}

static int make_room(struct frame_queue *queue, size_t size)
{
	uint8_t *bytes;

	if (queue->begin > 0) {
		memmove(queue->bytes, queue->bytes + queue->begin, queue->end - queue->begin);
		queue->end -= queue->begin;
		queue->begin = 0;
	}
	if (queue->size - queue->end >= size)
		return 0;
	bytes = realloc(queue->bytes, queue->size * 2 + size);
	if (!bytes)
		return -ENOMEM;
	queue->bytes = bytes;
	queue->size = queue->size * 2 + size;
	return 0;
}

int frame_queue_add(struct frame_queue *queue, enum frame_type type, const void *data, size_t size)
{
	struct frame_header header = { .type = (uint16_t)type, .size = (uint16_t)size };
	int r = make_room(queue, sizeof(header) + size);

	if (r < 0)
		return r;
	memcpy(queue->bytes + queue->end, &header, sizeof(header));
	if (size > 0)
		memcpy(queue->bytes + queue->end + sizeof(header), data, size);
	queue->end += sizeof(header) + size;
	return 0;
}

int frame_queue_add_u32(struct frame_queue *queue, enum frame_type type, uint32_t number)
{
	return frame_queue_add(queue, type, &number, sizeof(number));
}

int frame_queue_write(struct frame_queue *queue, int fd)
{
	while (queue->begin < queue->end) {
		ssize_t n = write(fd, queue->bytes + queue->begin, queue->end - queue->begin);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		queue->begin += (size_t)n;
	}
	queue->begin = 0;
	queue->end = 0;
	return 0;
}
