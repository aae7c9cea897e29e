/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * status.h - messages between the orchestrator and its TMA, over one
 * SOCK_SEQPACKET socket. Every message has the same size, which the receiver
 * compares with ==, and each kind goes one way only.
 *
 * The TMA is not trusted by the orchestrator: what it says can end the workload
 * and rename the model that it wrote, nothing more.
 */
#ifndef QUIXOTE_STATUS_H
#define QUIXOTE_STATUS_H

#include <stdint.h>

/** enum status_kind - What a message says; the first three go to the TMA. */
enum status_kind {
	STATUS_PING = 1,  /* are you there? numbers: enum status_ping */
	STATUS_FINISH,	  /* no event will come any more: write the model, then end */
	STATUS_READY,	  /* sandboxed, model loaded; code: STATUS_READY_* bits; see below */
	STATUS_PONG,	  /* numbers: enum status_pong; text: the measurement, if it is anchored */
	STATUS_ENDED,	  /* the event descriptor is at its end: no member is left */
	STATUS_VIOLATION, /* the workload must end; numbers[0]: number of the event */
	STATUS_FAILED,	  /* code: enum status_failure; text says what */
	STATUS_FINISHED,  /* code: 1 if a model was written; numbers: enum status_count; text as
			   * in a pong */
};
#define STATUS_KIND_COUNT (STATUS_FINISHED + 1)

/* What the sandbox could not have from this kernel. */
#define STATUS_READY_NO_LANDLOCK 0x1

/** enum status_failure - Why a TMA gives up. */
enum status_failure {
	STATUS_FAILURE_SETUP = 1,  /* a descriptor or the sandbox */
	STATUS_FAILURE_MODEL,	   /* the model cannot be used */
	STATUS_FAILURE_CHANNEL,	   /* reading records or writing verdicts */
	STATUS_FAILURE_RECORD,	   /* a record that does not scan */
	STATUS_FAILURE_MODEL_FULL, /* no room for another point */
	STATUS_FAILURE_MODEL_WRITE,
	STATUS_FAILURE_SIGNATURE, /* the model is not signed by whom it must be */
};
#define STATUS_FAILURE_COUNT (STATUS_FAILURE_SIGNATURE + 1)

/** enum status_pong - Numbers of STATUS_PONG. */
enum status_pong {
	STATUS_PONG_NUMBER,  /* that of the ping */
	STATUS_PONG_EVENTS,  /* records judged */
	STATUS_PONG_OUTSIDE, /* of them outside the model */
};

/** enum status_ready - Numbers of STATUS_READY; its text is the SHA-256 of the model, and if it is
 * anchored, a blank and its state. */
enum status_ready {
	STATUS_READY_POINTS,  /* coefficients of the model */
	STATUS_READY_VERSION, /* of the model as it was signed; 0 if it need not be */
};

/** enum status_count - Numbers of STATUS_FINISHED. */
enum status_count {
	STATUS_COUNT_NEW,     /* coefficients that this run added */
	STATUS_COUNT_TOTAL,   /* coefficients of the model */
	STATUS_COUNT_RUNS,    /* runs that the model has seen, this one included */
	STATUS_COUNT_EVENTS,  /* records judged */
	STATUS_COUNT_OUTSIDE, /* of them outside the model */
	STATUS_COUNT_DROPPED, /* forensics that the recorder did not take */
	STATUS_COUNT_UNKEPT,  /* events of the trajectory that it did not take */
};
#define STATUS_COUNT_COUNT (STATUS_COUNT_UNKEPT + 1)

/** enum status_ping - Numbers of STATUS_PING: its own, and what the kernel counts, to be told to
 * who asks. */
enum status_ping {
	STATUS_PING_NUMBER,
	STATUS_PING_EVENTS,
	STATUS_PING_MEMBERS,
	STATUS_PING_WAITING,
	STATUS_PING_EXPIRED,
	STATUS_PING_DROPPED,
	STATUS_PING_REMEMBERED,
};
#define STATUS_PING_COUNT (STATUS_PING_REMEMBERED + 1)

#define STATUS_TEXT_SIZE 200

/**
 * struct status_message - A message.
 * @kind: enum status_kind.
 * @code: See the kind; else 0.
 * @numbers: See the kind; else 0.
 * @text: For people, in ASCII; NUL-terminated by the sender, cut and escaped by
 *	the receiver.
 */
struct status_message {
	uint32_t kind;
	uint32_t code;
	uint64_t numbers[STATUS_COUNT_COUNT];
	char text[STATUS_TEXT_SIZE];
};
_Static_assert(sizeof(struct status_message) == 8 + 8 * STATUS_COUNT_COUNT + STATUS_TEXT_SIZE,
	       "no holes: nothing of the sender's memory leaks");

/**
 * status_send() - Send a message; never blocks.
 * Return: 0; -EAGAIN if the peer does not read; -EPIPE if it is gone; another errno of send().
 */
int status_send(int fd, const struct status_message *message);

/**
 * status_receive() - Receive a message; never blocks.
 *
 * A text without NUL is ended, bytes outside printable ASCII become '?'.
 *
 * Return: 0; -EAGAIN if there is none; -EPIPE at the end; -EBADMSG if it has
 * another size or an unknown kind; another errno of recv().
 */
int status_receive(int fd, struct status_message *ret);

#endif
