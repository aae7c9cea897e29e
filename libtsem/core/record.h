/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record.h - the record scanner: one line of text in, packed objects out.
 *
 * A record is hostile text. The scanner is bounded, allocates nothing, looks for
 * no NUL, and accepts exactly what formula.md, sections 7 and 8, accept. It
 * judges nothing and hashes nothing.
 */
#ifndef TSEM_CORE_RECORD_H
#define TSEM_CORE_RECORD_H

#include "coefficient.h"
#include "reject.h"

/** TSEM_RECORD_LINE_MAX - Longest line taken, in bytes: what every decoder must take. */
#define TSEM_RECORD_LINE_MAX 262144u

/** enum tsem_record_kind - What a record tells. */
enum tsem_record_kind {
	TSEM_RECORD_BARE,  /* an event without envelope, as models and trajectories keep it */
	TSEM_RECORD_EVENT, /* its task may wait */
	TSEM_RECORD_ASYNC,
	TSEM_RECORD_AGGREGATE,
	TSEM_RECORD_LOG,
};
#define TSEM_RECORD_KIND_COUNT (TSEM_RECORD_LOG + 1)

/** struct tsem_span - Packed bytes of an object, inside the caller's buffer. */
struct tsem_span {
	const uint8_t *data;
	size_t size;
};

/**
 * struct tsem_record - A scanned record.
 * @kind: What it tells. All below but @aggregate is of the kinds that are events.
 * @event: Which one.
 * @object: The event object, packed; its type is tsem_event_object.
 * @coe: The COE, packed.
 * @cell: The CELL, packed; its type is tsem_events[@event].cell.
 * @task_id: TASK_ID.
 * @p_task_id: PTASK_ID.
 * @number: Of the event in its namespace.
 * @pid: Of the task in the initial pid namespace; 0 if the record has none.
 * @aggregate: Of TSEM_RECORD_AGGREGATE.
 */
struct tsem_record {
	enum tsem_record_kind kind;
	enum tsem_event_id event;
	struct tsem_span object;
	struct tsem_span coe;
	struct tsem_span cell;
	struct tsem_digest task_id;
	struct tsem_digest p_task_id;
	uint64_t number;
	uint32_t pid;
	struct tsem_digest aggregate;
};

/**
 * tsem_record_scan() - Scan one line.
 * @line: Text without its line feed; borrowed only during the call.
 * @size: Bytes at @line.
 * @digest_size: D of the namespace, in bytes.
 * @buffer: Where the packed objects go; borrowed as long as @ret is used.
 * @buffer_size: Room there; @size bytes always suffice.
 * @ret: The record; written on success only.
 *
 * Return: 0, or a negative enum tsem_reject.
 */
int tsem_record_scan(const char *line, size_t size, unsigned int digest_size, uint8_t *buffer,
		     size_t buffer_size, struct tsem_record *ret);

/**
 * tsem_record_peek_number() - Find the number of an event in a line that did not scan.
 *
 * For refusing by name what cannot be understood. It takes the first
 * "number" that stands as the kernel writes it; a text cannot imitate that, as its quotes
 * are escaped.
 *
 * Return: The number; 0 if there is none.
 */
uint64_t tsem_record_peek_number(const char *line, size_t size);

#endif
