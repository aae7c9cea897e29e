/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recorder.h - the file of the recorder: whole lines only, bounded, one old
 * file kept. Needs nothing but its directory.
 */
#ifndef QUIXOTE_RECORDER_H
#define QUIXOTE_RECORDER_H

#include <stddef.h>
#include <stdint.h>

#define RECORDER_FILE "forensics.jsonl"
#define RECORDER_OLD_FILE "forensics.jsonl.1"

/* A few thousand refusals: more than a person reads, less than anyone misses on a disk. */
#define RECORDER_FILE_BYTES (8u << 20)

/* A record of the longest names, with what stands around it. */
#define RECORDER_LINE_BYTES (512u << 10)

/**
 * struct recorder - Lines on their way into a file.
 * @dir: The directory; borrowed.
 * @fd: The file, or -EBADF when it could not be opened.
 * @size: Of the file, in bytes.
 * @size_max: At which it is rotated.
 * @lost: Lines that could not be written and were not yet reported.
 * @line: The line being received.
 * @used: Bytes of it.
 * @skipping: It is too long: drop all up to the next line feed.
 */
struct recorder {
	int dir;
	int fd;
	uint64_t size;
	uint64_t size_max;
	uint64_t lost;
	char *line;
	size_t used;
	_Bool skipping;
};

/** recorder_init() - Open the file. Return: 0 or -ENOMEM; a file that cannot be opened is a loss.
 */
int recorder_init(struct recorder *r, int dir, uint64_t size_max);

/** recorder_done() - Drop an unfinished line and close the file. */
void recorder_done(struct recorder *r);

/**
 * recorder_feed() - Take bytes in; each line that ends in them is written at once.
 *
 * A line that cannot be written leaves no half of itself behind. It is counted;
 * the next line that can be written is preceded by {"lost":N}.
 */
void recorder_feed(struct recorder *r, const char *data, size_t size);

#endif
