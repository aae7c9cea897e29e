/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * facts.h - a JSON object as a flat list of members, in the order of the text:
 * "file_open.file.path.pathname" = "/etc/passwd". Texts are decoded to bytes.
 * For looking at records where speed does not matter; hostile text is refused.
 */
#ifndef QUIXOTE_FACTS_H
#define QUIXOTE_FACTS_H

#include <stddef.h>

/** FACTS_MAX - Most members: three times those of the largest record. */
#define FACTS_MAX 256

/** FACTS_DEPTH - Objects in objects: a record in an answer of the management socket. */
#define FACTS_DEPTH 12

/**
 * struct fact - One member that is no object.
 * @path: Names of the objects and of the member, with dots between.
 * @value: Bytes, followed by a NUL that does not count.
 * @size: Bytes at @value.
 */
struct fact {
	const char *path;
	const char *value;
	size_t size;
};

/** struct facts - The list. */
struct facts {
	struct fact *list;
	size_t count;
	char *memory;
};

/**
 * facts_parse() - Take an object apart.
 * @ret: To be ended by facts_done().
 * Return: 0; -EBADMSG (no JSON object of objects, strings, numbers and words);
 * -E2BIG (too many members, or too deep); -ENOMEM.
 */
int facts_parse(const char *text, size_t size, struct facts *ret);

void facts_done(struct facts *facts);

/** facts_keep() - Only the members below @prefix, "record.", which is cut off their paths. */
void facts_keep(struct facts *facts, const char *prefix);

/** facts_find() - Return: the member, or NULL. */
const struct fact *facts_find(const struct facts *facts, const char *path);

/** facts_get() - Return: its value, NULL if it is not there. */
const char *facts_get(const struct facts *facts, const char *path);

#endif
