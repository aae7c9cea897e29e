/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manage.h - the management socket: connections, what they ask and what they
 * are told. Served between verdicts in steps of some ten microseconds; nothing
 * here waits, allocates after the sandbox, or grows with what a client does.
 */
#ifndef QUIXOTE_MANAGE_H
#define QUIXOTE_MANAGE_H

#include <sys/types.h>

#include "answer.h"

/** MANAGE_CLIENTS - At a time, one of them root; whoever asks nothing gives way to the next. */
#define MANAGE_CLIENTS 8

/** MANAGE_STUCK_USEC - A client that takes nothing for so long is dropped. */
#define MANAGE_STUCK_USEC 2000000ull

/** MANAGE_BURST - Calls of a client, or connections, at once. */
#define MANAGE_BURST 64

/** MANAGE_PER_SECOND - The same in the long run: a tenth of what a verdict's core can do. */
#define MANAGE_PER_SECOND 100

/** struct allowance - How much of something is left. */
struct allowance {
	uint64_t usec;
	unsigned int left;
};

/**
 * struct client - A connection.
 * @fd: -EBADF if there is none.
 * @readable: It has not been read to its end.
 * @writable: It has not refused to take more.
 * @progress_usec: When it last asked or took something.
 * @in: Bytes of calls.
 * @call_end: Behind the first whole call in @in with its NUL; 0 if there is none.
 */
struct client {
	int fd;
	bool readable;
	bool writable;
	uint64_t progress_usec;
	struct allowance calls;
	size_t in_used;
	size_t call_end;
	struct answer answer;
	struct reply reply;
	char in[CALL_BYTES];
};

/**
 * struct manage - The socket and its clients.
 * @listener: -EBADF if there is none.
 * @epoll: Where clients are watched; borrowed.
 * @caller: Who may connect, besides root.
 * @connecting: The listener may have a connection.
 * @next: Client whose turn it is.
 * @looked_usec: When a client had its turn; no @progress_usec is later.
 * @source: Borrowed; its losses are counted here.
 */
struct manage {
	int listener;
	int epoll;
	uid_t caller;
	bool connecting;
	struct allowance connections;
	unsigned int next;
	uint64_t looked_usec;
	struct answer_source *source;
	struct client clients[MANAGE_CLIENTS];
};

/**
 * manage_init() - Before the sandbox.
 * @listener: Listening, non-blocking, on the epoll descriptor by edges; negative if there is none.
 *
 * Return: 0 or -ENOMEM.
 */
int manage_init(struct manage *manage, int listener, int epoll, uid_t caller,
		struct answer_source *source);

/** manage_wake() - A descriptor that is not the caller's own has become ready. */
void manage_wake(struct manage *manage, int fd, uint32_t events);

/**
 * manage_timeout() - How long there is nothing to do.
 *
 * Return: 0 if there is something now; milliseconds; -1 until a descriptor is ready.
 */
int manage_timeout(const struct manage *manage);

/** manage_step() - Do one thing. @now_usec: Monotonic. */
void manage_step(struct manage *manage, uint64_t now_usec);

#endif
