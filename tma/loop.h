/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * loop.h - the verdict loop: records in, verdicts out, forensics aside, and the
 * few words with the orchestrator.
 */
#ifndef QUIXOTE_LOOP_H
#define QUIXOTE_LOOP_H

#include "answer.h"
#include "journal.h"
#include "judge.h"
#include "manage.h"
#include "spool.h"

/* docs/architecture.md, "Processes". */
enum tma_fd {
	TMA_FD_EVENTS = 3,
	TMA_FD_STATUS,
	TMA_FD_MODEL,
	TMA_FD_NEW_MODEL,
	TMA_FD_MANAGEMENT,
	TMA_FD_JOURNAL,
	TMA_FD_FORENSICS,
	TMA_FD_SIGNATURE,
	TMA_FD_KEYRING,
	TMA_FD_COUNTS,
	TMA_FD_PRELOAD,
	TMA_FD_TRAJECTORY,
};

/* Longer than any record: three names of 4096 bytes, each escaped sixfold, with all around them. */
#define LOOP_RECORDS_BYTES (512u << 10)

/* What the kernel takes in one write. */
#define LOOP_VERDICTS_BYTES (64u << 10)

/**
 * struct loop - The TMA at work.
 * @judge: Borrowed.
 * @forensics: Events outside the model, to the recorder.
 * @trajectory: All events, likewise; without descriptor unless they are kept.
 * @train: Write the model when asked to finish.
 * @journal: Refusals, to the system.
 * @source: What is told on the management socket; owned, as is the next.
 * @manage: That socket.
 * @epoll: On all descriptors.
 * @readable: The event descriptor has not been read to its end.
 * @violated: The orchestrator has been told to end the workload; no verdict is given any more.
 * @read_nsec: When the records that are being judged had been read; monotonic.
 * @read_usec: The same, since the epoch.
 * @verdict_count: Verdicts at @verdicts.
 * @verdict_used: Bytes at @verdicts.
 */
struct loop {
	struct judge *judge;
	struct spool forensics;
	struct spool trajectory;
	struct journal journal;
	bool train;
	struct answer_source *source;
	struct manage *manage;
	int epoll;
	bool readable;
	bool violated;
	uint64_t read_nsec;
	uint64_t read_usec;
	uint32_t verdict_count;
	size_t verdict_used;
	char *records;
	char *verdicts;
};

/**
 * loop_init() - Before the sandbox.
 * @caller: Who may ask on the management socket, besides root.
 *
 * Return: 0 or a negative errno. Allocates; the loop does not.
 */
int loop_init(struct loop *loop, uid_t caller);

/** loop_run() - Until the orchestrator says finish. Return: 0, or a negative errno after telling
 * it. */
int loop_run(struct loop *loop);

/** tell_failure() - Tell the orchestrator why the TMA ends. */
void tell_failure(uint32_t failure, const char *text);

/** tell() - Send a message, waiting a bounded time for room. Return: 0 or a negative errno. */
struct status_message;
int tell(const struct status_message *message);

#endif
