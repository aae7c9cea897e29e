/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frame.h - what quixote and the init of its built-in kernel say to each other over
 * one serial line: frames of a type, a size and that many bytes. Both ends run on one
 * machine, so numbers have its byte order. Neither end trusts a size above FRAME_MAX.
 */
#ifndef QUIXOTE_FRAME_H
#define QUIXOTE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** enum frame_type - Left the direction: > to the guest, < from it. */
enum frame_type {
	FRAME_HELLO,	/* < init is up */
	FRAME_REQUEST,	/* > a piece of the request, see struct request_head */
	FRAME_START,	/* > the request is complete */
	FRAME_STDIN,	/* > bytes for standard input, never more than there is credit for */
	FRAME_END,	/* > standard input has ended */
	FRAME_SIGNAL,	/* > u32: a signal for the command */
	FRAME_WINDOW,	/* > struct frame_window: the terminal has a new size */
	FRAME_CLOSED,	/* > u32: nobody reads this stream any more; < 0: nor standard input */
	FRAME_CREDIT,	/* < u32: this many more bytes of standard input are welcome */
	FRAME_STDOUT,	/* < bytes of standard output */
	FRAME_STDERR,	/* < bytes of standard error */
	FRAME_FAILED,	/* < text: init could not do its work; the end */
	FRAME_EXIT,	/* < u32: exit status of the command; the end */
};
#define FRAME_COUNT (FRAME_EXIT + 1)

#define FRAME_MAX 4096u			/* bytes in a frame: the line's own buffer in the guest */
#define FRAME_WINDOW_BYTES 65536u	/* standard input on the way: a pipe's worth */
#define REQUEST_MAX (4u << 20)		/* bytes of arguments and environment: twice what exec takes */

struct frame_header {
	uint16_t type;
	uint16_t size;
};

struct frame {
	struct frame_header header;
	uint8_t data[FRAME_MAX];
};

struct frame_window {
	uint16_t rows;
	uint16_t columns;
};

/**
 * struct request_head - Begin of the request; strings follow, each ended by a NUL:
 * the directory, the arguments, the environment.
 */
struct request_head {
	uint32_t argument_count;
	uint32_t environment_count;
	uint32_t umask;
	uint32_t terminal;	/* 1: run the command on a terminal of its own */
	uint64_t open_files;	/* RLIMIT_NOFILE, soft */
	uint64_t open_files_max;
	struct frame_window window;
};

/** struct frame_reader - Puts a frame together from what a descriptor brings. */
struct frame_reader {
	struct frame frame;
	size_t used_bytes;
};

/**
 * frame_read() - Read on; never blocks on a descriptor that does not.
 *
 * Return: 0 when reader->frame is whole (the next call begins a new one); -EAGAIN if
 * more must come; -EPIPE at the end of the line; -EBADMSG for a frame that cannot be;
 * another negative errno of read().
 */
int frame_read(int fd, struct frame_reader *reader);

/** frame_u32() - The number that is all of a frame. Return: false if it is not one. */
bool frame_u32(const struct frame *frame, uint32_t *ret);

/** struct frame_queue - Frames that wait for the line. All zero is an empty one. */
struct frame_queue {
	uint8_t *bytes;
	size_t begin, end, size;
};

/** frame_queue_add() - Copy a frame to the end. Return: 0 or -ENOMEM. */
int frame_queue_add(struct frame_queue *queue, enum frame_type type, const void *data, size_t size);
int frame_queue_add_u32(struct frame_queue *queue, enum frame_type type, uint32_t number);

/** frame_queue_write() - Write what the line takes now. Return: 0 or a negative errno. */
int frame_queue_write(struct frame_queue *queue, int fd);

static inline bool frame_queue_is_empty(const struct frame_queue *queue)
{
	return queue->begin == queue->end;
}

#endif
