/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recorder.h - lines in files of bounded size, of which a number of old ones is
 * kept; whole lines only. Needs nothing but its directory.
 */
#ifndef QUIXOTE_RECORDER_H
#define QUIXOTE_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Old files are called FILE.1, FILE.2 and so on, the oldest one last. */
#define RECORDER_FORENSICS "forensics.jsonl"
#define RECORDER_TRAJECTORY "trajectory.jsonl"

/* A few thousand refusals: more than a person reads, less than anyone misses on a disk. */
#define RECORDER_FILE_BYTES (8u << 20)

/** RECORDER_KEPT_MAX - Most old files: 8 GiB of them. */
#define RECORDER_KEPT_MAX 1024

/* A record of the longest names, with what stands around it. */
#define RECORDER_LINE_BYTES (512u << 10)

/**
 * struct recorder_params - What is kept.
 * @dir: The directory; borrowed, as is the next.
 * @file: Name of the newest file.
 * @kept: Old ones besides.
 * @size_max: At which a file becomes an old one.
 * @checked: Each line, a JSON object, gets CRC_MEMBER as its first member.
 */
struct recorder_params {
	int dir;
	const char *file;
	unsigned int kept;
	uint64_t size_max;
	bool checked;
};

/**
 * struct recorder - Lines on their way into a file.
 * @fd: The file, or -EBADF when it could not be opened.
 * @size: Of the file, in bytes.
 * @lost: Lines that could not be written and were not yet reported in the file.
 * @lost_all: Lines that could not be written, ever.
 * @line: The line being received.
 * @used: Bytes of it.
 * @skipping: It is too long: drop all up to the next line feed.
 */
struct recorder {
	struct recorder_params params;
	int fd;
	uint64_t size;
	uint64_t lost;
	uint64_t lost_all;
	char *line;
	size_t used;
	bool skipping;
};

/** recorder_init() - Open the file. Return: 0 or -ENOMEM; a file that cannot be opened is a loss.
 */
int recorder_init(struct recorder *r, const struct recorder_params *params);

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
