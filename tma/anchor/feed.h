/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * feed.h - messages between orchestrators and the anchor, over one
 * SOCK_SEQPACKET socket for each workload. Each has the same size, which the
 * receiver compares with ==; nobody waits for the other in a call.
 *
 * Needs the C library only: the orchestrator has no more.
 */
#ifndef QUIXOTE_FEED_H
#define QUIXOTE_FEED_H

#include <stdint.h>

/** FEED_SOCKET - Where the anchor listens. */
#define FEED_SOCKET "/run/quixote-anchor/socket"

/** FEED_NAME_SIZE - Room for the name of a workload, its NUL included; a multiple of 8. */
#define FEED_NAME_SIZE 72

/** FEED_DIGEST_SIZE - Room for the longest digest in hexadecimal, its NUL included; likewise. */
#define FEED_DIGEST_SIZE 136

/** enum feed_request - What is wanted. */
enum feed_request {
	FEED_ENTRY = 1, /* an entry of the workload's chain, answered when it is in the TPM */
	FEED_STATE,	/* the same, kept until the interval is over; no answer */
	FEED_FLUSH,	/* what is kept goes into the TPM now; answered then */
};
#define FEED_REQUEST_COUNT (FEED_FLUSH + 1)

/**
 * struct feed_message - To the anchor. Texts are NUL-terminated by the sender and looked at
 * by the anchor before it uses them; for FEED_FLUSH all but @request is zeros.
 * @request: enum feed_request.
 * @kind: enum tsem_anchor_kind.
 * @mode: enum tsem_anchor_mode.
 * @zero: 0.
 * The rest is as in struct tsem_anchor_entry.
 */
struct feed_message {
	uint32_t request;
	uint32_t kind;
	uint32_t mode;
	uint32_t zero;
	uint64_t version;
	uint64_t events;
	uint64_t outside;
	uint64_t lost;
	char workload[FEED_NAME_SIZE];
	char model[FEED_DIGEST_SIZE];
	char state[FEED_DIGEST_SIZE];
	char measurement[FEED_DIGEST_SIZE];
};
_Static_assert(sizeof(struct feed_message) == 16 + 32 + FEED_NAME_SIZE + 3 * FEED_DIGEST_SIZE,
	       "no holes: nothing of the sender's memory leaks");

/** enum feed_result - What became of it; after any but the first the anchor hangs up. */
enum feed_result {
	FEED_ANCHORED = 1, /* it is in the TPM */
	FEED_GARBAGE,	   /* it is not a message, or not now */
	FEED_BUSY,	   /* this workload is fed by somebody else */
	FEED_OLD,	   /* a model of a higher version was anchored before; see @number */
	FEED_FULL,	   /* no room for another workload */
};
#define FEED_RESULT_COUNT (FEED_FULL + 1)

/**
 * struct feed_answer - To the orchestrator.
 * @result: enum feed_result.
 * @zero: 0.
 * @number: Of the entry in its chain; for FEED_OLD the version that was accepted.
 */
struct feed_answer {
	uint32_t result;
	uint32_t zero;
	uint64_t number;
};

/**
 * feed_connect() - Connect to the anchor; never blocks.
 * @path: Its socket.
 * Return: descriptor; -ENOENT or -ECONNREFUSED if there is none; -EAGAIN if it is too busy;
 * another errno of connect().
 */
int feed_connect(const char *path);

/** feed_send() - Never blocks. Return: 0; -EAGAIN; -EPIPE; another errno of send(). */
int feed_send(int fd, const struct feed_message *message);

/** feed_receive() - Never blocks. Return: 0; -EAGAIN; -EPIPE at the end; -EBADMSG; another errno.
 */
int feed_receive(int fd, struct feed_answer *ret);

#endif
