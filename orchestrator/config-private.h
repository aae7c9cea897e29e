/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config-private.h - what config.c (the file) and config-keys.c (its keys) share. */
#ifndef QUIXOTE_CONFIG_PRIVATE_H
#define QUIXOTE_CONFIG_PRIVATE_H

#include "config.h"

/**
 * struct parse - A file being parsed.
 * @path: Its name, for messages.
 * @dir_size: Bytes of @path up to the last slash, that one included.
 * @line: Number of the line in hand.
 * @seen: Per key the line where it stands, 0 if it has not come.
 * @result: Result of the parse so far; the first failure stays.
 */
struct parse {
	const char *path;
	size_t dir_size;
	unsigned int line;
	unsigned int *seen;
	struct config *config;
	struct config_error *error;
	int result;
};

/**
 * struct key - A key of the file.
 * @take: Put @value into @field, which is at @offset of struct config. Result
 *	as in config-value.h.
 * @choices: Names of an enum, ended by NULL; take_choice() only.
 * @unavailable: Bits of those of @choices that do not exist yet in this version.
 * @expected: For messages; NULL if @choices says it.
 * @required: Must be there.
 * @may_be_empty: An empty value is one: a list that says "none".
 */
struct key {
	const char *section;
	const char *name;
	int (*take)(struct parse *p, const struct key *key, const char *value, void *field,
		    const char **ret_wrong);
	size_t offset;
	const char *const *choices;
	unsigned int unavailable;
	const char *expected;
	bool required;
	bool may_be_empty;
};

/* The table. */
extern const struct key config_keys[];
extern const size_t config_key_count;

#endif
