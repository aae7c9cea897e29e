/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * counts.h - how often the kernel has seen each coefficient: the lines of its
 * counts file, "COEFFICIENT COUNT", lower-case hexadecimal and decimal.
 */
#ifndef QUIXOTE_COUNTS_H
#define QUIXOTE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "../libtsem/core/coefficient.h"

/** COUNTS_LINE_BYTES - Longest line with its line feed. */
#define COUNTS_LINE_BYTES (2 * TSEM_DIGEST_MAX + 1 + 20 + 1)

/** struct count - One line. */
struct count {
	struct tsem_digest coefficient;
	uint64_t number;
};

/**
 * counts_parse_line() - Parse one line.
 * @line: Without its line feed.
 * @digest_size: D, in bytes.
 *
 * Return: 0; -EBADMSG unless it is exactly such a line.
 */
int counts_parse_line(const char *line, size_t size, unsigned int digest_size, struct count *ret);

struct judge;

/**
 * struct counts_reader - Reading the counts file a piece at a time.
 * @buffer: Memory, at least two lines long; borrowed.
 * @used: Bytes of a line that has no end yet.
 */
struct counts_reader {
	char *buffer;
	size_t size;
	size_t used;
};

/** counts_begin() - At its start. Return: 0; an errno of lseek(). */
int counts_begin(struct counts_reader *reader, int fd);

/** counts_read_some() - As much as @reader has room for. Return: 1; 0 at the end; else as
 * counts_read(). */
int counts_read_some(struct counts_reader *reader, struct judge *judge, int fd);

/**
 * counts_read() - What the kernel has counted is what was seen.
 * @fd: The counts file, or what has no lines.
 * @buffer: Memory to work in, at least two lines long.
 *
 * Return: 0; -EBADMSG; an errno of read().
 */
int counts_read(struct judge *judge, int fd, char *buffer, size_t size);

#endif
