/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * contents.h - the contents of files in the records of a model: which file with which
 * digest, in canonical text, where a FILE ends in its pathname and digest.
 */
#ifndef QUIXOTE_CONTENTS_H
#define QUIXOTE_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct content - A file in a record; pointers into its text.
 * @path: As it is escaped in the text.
 * @digest: In hexadecimal.
 */
struct content {
	const char *path;
	size_t path_size;
	const char *digest;
};

/**
 * content_next() - Find the next FILE of a record.
 * @at: Where to begin.
 * @end: Of the text.
 * @digits: Of a digest.
 * Return: whether there is one; the search goes on behind @ret->digest.
 */
bool content_next(const char *at, const char *end, unsigned int digits, struct content *ret);

#endif
