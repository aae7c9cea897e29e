/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text.h - text growing in memory, and bytes from hostile places made printable:
 * for a terminal, for JSON, for a shell.
 */
#ifndef QUIXOTE_TEXT_H
#define QUIXOTE_TEXT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/**
 * struct text - A string that grows; TEXT_EMPTY to begin with.
 * @data: NUL-terminated; NULL while nothing was added.
 * @failed: Memory ran out at some time: @data is not complete. To be looked at
 *	once, before it is used.
 */
struct text {
	char *data;
	size_t size;
	size_t room;
	bool failed;
};

#define TEXT_EMPTY ((struct text){ NULL, 0, 0, false })

static inline void text_done(struct text *t)
{
	free(t->data);
	*t = TEXT_EMPTY;
}

/** text_get() - Return: what was added so far, "" if nothing. */
static inline const char *text_get(const struct text *t)
{
	return t->data ? t->data : "";
}

/** text_add() - Add bytes as they are. */
void text_add(struct text *t, const void *data, size_t size);

/** text_add_string() - Add a trusted string as it is. */
void text_add_string(struct text *t, const char *string);

/** text_read() - Add what there is to read. Return: 0, -E2BIG, -ENOMEM, or an errno of read(2). */
int text_read(int fd, size_t limit_bytes, struct text *t);

void text_format(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * text_add_shown() - Add for a terminal: control characters, characters that
 * change the direction of writing and what is no UTF-8 become \xHH, "\" becomes "\\".
 */
void text_add_shown(struct text *t, const void *data, size_t size);

/**
 * text_add_json() - Add as a JSON string, quotes included: as formula.md, section 7, "Text",
 * and with all characters escaped that text_add_shown() does not show.
 */
void text_add_json(struct text *t, const void *data, size_t size);

/**
 * text_print_json() - Print JSON that others wrote, and a line feed.
 *
 * It says the same, with the characters escaped that text_add_shown() does not show.
 *
 * Return: 0, -ENOMEM, or -EIO.
 */
int text_print_json(const void *data, size_t size);

/** text_plural() - "s" if @count things are several; what is printed says 1 file, 2 files. */
static inline const char *text_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/**
 * text_add_word() - Add for a terminal, in single quotes if a shell would need some.
 *
 * Nothing is special between them, so whoever pastes the command executes no part of a name.
 */
void text_add_word(struct text *t, const char *word);

#endif
