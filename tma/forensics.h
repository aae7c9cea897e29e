/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * forensics.h - what was outside the model, on its way to the recorder. Bounded
 * and never waiting: what does not fit is dropped and counted.
 */
#ifndef QUIXOTE_FORENSICS_H
#define QUIXOTE_FORENSICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct forensics - Lines that wait for room in the pipe.
 * @fd: Non-blocking pipe; -EBADF when it is gone.
 * @dropped: Lines that did not fit.
 * @start: First byte of @pending that was not written.
 * @end: After the last one.
 * @pending: Whole lines, apart from the first one.
 */
struct forensics {
	int fd;
	uint64_t dropped;
	size_t start;
	size_t end;
	char *pending;
};

/** forensics_init() - Return: 0 or -ENOMEM. Allocates; nothing later does. */
int forensics_init(struct forensics *f, int fd);

/**
 * struct forensic - What to tell of a record.
 * @verdict: What it got: a word without anything to escape.
 * @coefficient: Hexadecimal.
 * @record: JSON object that has been scanned.
 * @size: Bytes at @record.
 */
struct forensic {
	const char *verdict;
	const char *coefficient;
	const char *record;
	size_t size;
};

/** forensics_add() - Add a line. */
void forensics_add(struct forensics *f, const struct forensic *forensic);

/** forensics_flush() - Write what the pipe takes now. */
void forensics_flush(struct forensics *f);

static inline bool forensics_is_pending(const struct forensics *f)
{
	return f->start < f->end;
}

#endif
