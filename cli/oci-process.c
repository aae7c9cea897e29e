// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * oci-process.c - see oci-process.h. A reader of JSON says whether it is what it should be; where
 * the list begins is then found in the text, which is known to be well-formed.
 */
#include "oci-process.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "../libtsem/cleanup.h"

#define NAME "args"

static void json_freep(json_t **json)
{
	json_decref(*json);
}

/* Readers are known that do not care for case, nor for that of Unicode's other letters. */
static bool is_ambiguous(const char *name)
{
	for (const char *c = name; *c; c++) {
		if ((unsigned char)*c >= 0x80)
			return true;
	}
	return !strcasecmp(name, NAME) && strcmp(name, NAME) != 0;
}

static int check(const char *text, size_t size)
{
	/* No integer of theirs: those are signed, and an unlimited limit is not. */
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL;
	_cleanup_(json_freep) json_t *process = json_loadb(text, size, flags, NULL);
	const char *name;
	json_t *value;

	/* The reader overlooks a NUL that follows a number. The size is 0 of what is no list, too. */
	if (memchr(text, '\0', size) || !json_array_size(json_object_get(process, NAME)))
		return -EBADMSG;
	json_object_foreach(process, name, value) {
		if (is_ambiguous(name))
			return -EBADMSG;
	}
	return 0;
}

/* After the closing quote of a string. */
static const char *skip_string(const char *c)
{
	for (c++; *c != '"'; c++) {
		if (*c == '\\')
			c++;
	}
	return c + 1;
}

static const char *skip_blanks(const char *c)
{
	return c + strspn(c, " \t\r\n");
}

static bool is_name(const char *string, const char *end)
{
	return end - string == sizeof("\"" NAME "\"") - 1 &&
	       !memcmp(string, "\"" NAME "\"", end - string);
}

/* After the bracket that opens the list; NULL if its name is spelled in another way. */
static const char *find_list(const char *text)
{
	unsigned int depth = 0;

	for (const char *c = text; *c;) {
		const char *string = c;

		if (*c != '"') {
			depth += *c == '{' || *c == '[';
			depth -= *c == '}' || *c == ']';
			c++;
			continue;
		}
		c = skip_string(c);
		if (depth == 1 && is_name(string, c) && *skip_blanks(c) == ':')
			return skip_blanks(skip_blanks(c) + 1) + 1;
	}
	return NULL;
}

int oci_process_insert(const char *text, size_t size, const char *word, struct text *ret)
{
	_cleanup_(text_done) struct text copy = TEXT_EMPTY; /* ends with a NUL, and has no other */
	const char *list;
	int r = size > OCI_PROCESS_BYTES ? -E2BIG : check(text, size);

	if (r < 0)
		return r;
	text_add(&copy, text, size);
	if (copy.failed)
		return -ENOMEM;
	list = find_list(text_get(&copy));
	if (!list)
		return -EBADMSG;
	text_add(ret, copy.data, list - copy.data);
	text_add_json(ret, word, strlen(word));
	text_add_string(ret, ",");
	text_add_string(ret, list);
	return ret->failed ? -ENOMEM : 0;
}
