/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * failure.h - everything that can be lost, what follows from it, and how it is
 * told. docs/failures.md has the same rows for people, each with its test.
 */
#ifndef QUIXOTE_FAILURE_H
#define QUIXOTE_FAILURE_H

#include <stddef.h>
#include <stdint.h>

struct tell;

/** enum exit_status - Ours, above those of workloads; docs/architecture.md. */
enum exit_status {
	EXIT_COMMAND_LINE = 201,
	EXIT_CONFIGURATION = 202,
	EXIT_MODEL = 203,
	EXIT_NO_TSEM = 204,
	EXIT_LOST = 205,
	EXIT_WORKLOAD = 206,
	EXIT_VIOLATION = 207,
};

/** enum failure_action - What follows. */
enum failure_action {
	ACTION_REFUSE, /* nothing was started yet and nothing will be */
	ACTION_LOSS,   /* OnLoss=: kill the workload, or leave it alive with every event denied */
	ACTION_END,    /* kill the workload, whatever OnLoss= says */
	ACTION_NOTE,   /* say it and go on */
};

enum failure {
	FAILURE_NO_TSEM,
	FAILURE_PRIVILEGE,
	FAILURE_NAMESPACE,
	FAILURE_MODEL_OPEN,
	FAILURE_MODEL_BUSY,
	FAILURE_MODEL_LOAD,
	FAILURE_MODEL_SIGNATURE,
	FAILURE_MODEL_VERSION,
	FAILURE_MODEL_WRITE,
	FAILURE_ANCHOR,
	FAILURE_ANCHOR_LOST,
	FAILURE_TMA_START,
	FAILURE_TMA_DIED,
	FAILURE_TMA_HUNG,
	FAILURE_TMA_GARBAGE,
	FAILURE_CHANNEL,
	FAILURE_RECORD,
	FAILURE_MODEL_FULL,
	FAILURE_EVENT_EXPIRED,
	FAILURE_EVENT_DROPPED,
	FAILURE_VIOLATION,
	FAILURE_WORKLOAD_START,
	FAILURE_WORKLOAD_STUCK,
	FAILURE_RECORDER,
	FAILURE_FORENSICS_LOST,
	FAILURE_TRAJECTORY_LOST,
	FAILURE_DISK_FULL,
	FAILURE_MANAGEMENT,
	FAILURE_RELOAD,
	FAILURE_RELOAD_LEFT,
	FAILURE_INTERNAL,
};
#define FAILURE_COUNT (FAILURE_INTERNAL + 1)

/**
 * struct failure_desc - One row.
 * @name: Stable: journal field and metric.
 * @message_id: Of the journal, 32 hexadecimal digits.
 * @action: What follows.
 * @exit_status: Of the orchestrator, if @action ends the workload.
 * @sentence: What happened, then what to do.
 */
struct failure_desc {
	const char *name;
	const char *message_id;
	enum failure_action action;
	enum exit_status exit_status;
	const char *sentence;
};

extern const struct failure_desc failure_table[FAILURE_COUNT];

/**
 * failure_compose() - What is said of it: what it happened to, why, and what to do.
 * @detail: NULL if there is nothing to add.
 * @error: Negative errno, or 0.
 */
void failure_compose(enum failure failure, const char *detail, int error, char *text, size_t size);

/**
 * failure_report() - Say it on standard error and in the journal; waits for neither.
 * @name: Of the workload.
 * @detail: What it happened to, for people; NULL if there is nothing to add.
 * @error: Negative errno, or 0.
 */
void failure_report(struct tell *tell, enum failure failure, const char *name, const char *detail,
		    int error);

#endif
