/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model-line.h - lines of a model file, without their meaning: bytes, numbers,
 * digests and texts, written and read in their one spelling. Private to
 * model-file.c.
 */
#ifndef TSEM_MODEL_LINE_H
#define TSEM_MODEL_LINE_H

#include <stdbool.h>
#include <sys/types.h>

#include "model.h"

#define OUT_BYTES (64u << 10)

/** struct out - A file being written; the first failure stays. */
struct out {
	int fd;
	int error;
	size_t used;
	uint64_t lines;
	char data[OUT_BYTES];
};

/** out_flush() - Write what was put; look at @out->error behind it. */
void out_flush(struct out *out);

void out_put(struct out *out, const char *data, size_t size);

/** out_format() - For short text: what is longer is a bug. */
void out_format(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** out_text() - As a TEXT of formula.md, section 7, without its quotes. */
void out_text(struct out *out, const char *text);

void out_hex(struct out *out, const struct tsem_digest *digest, unsigned int size);

/** out_time() - UNIX time as 2026-11-25T15:04:05Z. */
void out_time(struct out *out, int64_t time);

/** out_end_line() - Closing brace and line feed. */
void out_end_line(struct out *out);

/**
 * struct in - A file being read, line by line.
 * @offset: Of what has not been read into @data.
 * @begin: The line, in @data, without its line feed.
 * @size: Bytes at @begin.
 * @next: Of what follows the line, in @data.
 * @used: Bytes in @data.
 * @number: Of the line.
 * @measure: Is given what is read; NULL if there is none.
 */
struct in {
	int fd;
	struct tsem_hasher *measure;
	off_t offset;
	const char *begin;
	size_t size;
	size_t next;
	size_t used;
	unsigned int number;
	struct tsem_model_error *error;
	char data[TSEM_MODEL_LINE_BYTES + 1];
};

/** in_new() - To be freed; NULL, and @error says so, if there is no memory. */
struct in *in_new(int fd, struct tsem_model_error *error);

/** in_refuse() - Say what is wrong with this line. Return: @r. */
int in_refuse(struct in *in, int r, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** in_refuse_memory() - Return: -ENOMEM. */
int in_refuse_memory(struct in *in);

/** in_next_line() - Return: 1 and a line; 0 at the end of the file; -EBADMSG, -E2BIG, an errno. */
int in_next_line(struct in *in);

/**
 * struct cursor - What is left of a line.
 * @in: For refusals.
 */
struct cursor {
	struct in *in;
	const char *at;
	const char *end;
};

/** out_is_line() - Whether all that was put, which fits into OUT_BYTES, is the line of @in. */
bool out_is_line(const struct out *out, const struct in *in);

struct cursor cursor_begin(struct in *in);
bool cursor_starts_with(const struct cursor *c, const char *text);

/** cursor_column() - For messages, from 1. */
size_t cursor_column(const struct cursor *c);

/*
 * These take what must come now. Return: 0 and the cursor behind it; -EBADMSG,
 * and it has been said what is wrong.
 */
int cursor_expect(struct cursor *c, const char *text);

/** cursor_expect_end() - The closing brace, and nothing behind it. */
int cursor_expect_end(struct cursor *c);

/** cursor_number() - A number without sign and leading zeros. */
int cursor_number(struct cursor *c, uint64_t least, uint64_t *ret);

int cursor_hex(struct cursor *c, unsigned int size, struct tsem_digest *ret);

/** cursor_plain() - What stands up to the next quote: printable ASCII, without an escape. */
int cursor_plain(struct cursor *c, char ret[TSEM_MODEL_NAME_BYTES + 1]);

/** cursor_name() - One of some names, up to a quote, which stays. */
int cursor_name(struct cursor *c, const char *const *names, unsigned int count, unsigned int *ret);

/** cursor_time() - As out_time() writes it. */
int cursor_time(struct cursor *c, int64_t *ret);

/**
 * cursor_text() - Text up to the next quote, without NUL bytes.
 *
 * Whether it is spelled in the one way that it can be written is for the caller,
 * who writes it again.
 */
int cursor_text(struct cursor *c, char *ret, size_t room);

#endif
