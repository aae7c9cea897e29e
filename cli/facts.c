// SPDX-License-Identifier: LGPL-2.1-or-later
/* facts.c - see facts.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "facts.h"
#include "text.h"

/* Longest path of names: eight levels of the longest names, and more. */
#define PATH_BYTES 512

/** struct place - Where a fact stands in the memory while that still grows. */
struct place {
	size_t path;
	size_t value;
	size_t size;
};

/**
 * struct parser - A text being taken apart.
 * @memory: Paths and values, each with a NUL behind it.
 * @path: Names of the objects around, with dots between.
 */
struct parser {
	const char *at;
	const char *end;
	struct text memory;
	struct place places[FACTS_MAX];
	size_t count;
	char path[PATH_BYTES];
	size_t path_size;
};

static void skip_blanks(struct parser *p)
{
	while (p->at < p->end && strchr(" \t\r\n", *p->at) && *p->at)
		p->at++;
}

static bool take(struct parser *p, char c)
{
	skip_blanks(p);
	if (p->at == p->end || *p->at != c)
		return false;
	p->at++;
	return true;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -EBADMSG;
}

static int take_unit(struct parser *p, uint32_t *ret)
{
	uint32_t unit = 0;

	if (p->end - p->at < 4)
		return -EBADMSG;
	for (int i = 0; i < 4; i++) {
		int digit = hex_value(*p->at++);

		if (digit < 0)
			return digit;
		unit = unit << 4 | digit;
	}
	*ret = unit;
	return 0;
}

static void add_character(struct text *t, uint32_t c)
{
	char bytes[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; c >>= 6)
		bytes[i] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(lead[n] | c);
	text_add(t, bytes, n);
}

/* Behind "\u": formula.md, section 7, "Text". */
static int take_unicode(struct parser *p)
{
	uint32_t high, low;

	if (take_unit(p, &high) < 0)
		return -EBADMSG;
	if (high >= 0xdc80 && high <= 0xdcff) {
		text_add(&p->memory, &(char){ (char)(high & 0xff) }, 1);
		return 0;
	}
	if (high < 0xd800 || high > 0xdfff) {
		add_character(&p->memory, high);
		return 0;
	}
	if (high > 0xdbff || p->end - p->at < 2 || memcmp(p->at, "\\u", 2))
		return -EBADMSG;
	p->at += 2;
	if (take_unit(p, &low) < 0 || low < 0xdc00 || low > 0xdfff)
		return -EBADMSG;
	add_character(&p->memory, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
	return 0;
}

static int take_escape(struct parser *p)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (p->at == p->end)
		return -EBADMSG;
	if (*p->at == 'u') {
		p->at++;
		return take_unicode(p);
	}
	found = *p->at ? strchr(names, *p->at) : NULL;
	if (!found)
		return -EBADMSG;
	p->at++;
	text_add(&p->memory, &values[found - names], 1);
	return 0;
}

/* Behind the opening quote; the bytes are added to the memory. */
static int take_string(struct parser *p)
{
	while (p->at < p->end && *p->at != '"') {
		const char *plain = p->at;

		while (p->at < p->end && *p->at != '"' && *p->at != '\\' &&
		       (unsigned char)*p->at >= 0x20)
			p->at++;
		text_add(&p->memory, plain, p->at - plain);
		if (p->at < p->end && *p->at == '\\') {
			p->at++;
			if (take_escape(p) < 0)
				return -EBADMSG;
		} else if (p->at < p->end && *p->at != '"') {
			return -EBADMSG;
		}
	}
	return take(p, '"') ? 0 : -EBADMSG;
}

/* A number, true, false or null, as it stands. */
static int take_word(struct parser *p)
{
	const char *begin = p->at;

	while (p->at < p->end && *p->at && strchr("+-.0123456789aeflnrstuE", *p->at))
		p->at++;
	text_add(&p->memory, begin, p->at - begin);
	return p->at > begin ? 0 : -EBADMSG;
}

static int take_scalar(struct parser *p)
{
	struct place place = { .path = p->memory.size };
	int r;

	if (p->count == FACTS_MAX)
		return -E2BIG;
	text_add(&p->memory, p->path, p->path_size + 1);
	place.value = p->memory.size;
	r = take(p, '"') ? take_string(p) : take_word(p);
	if (r < 0)
		return r;
	place.size = p->memory.size - place.value;
	text_add(&p->memory, "", 1);
	p->places[p->count++] = place;
	return 0;
}

/* The name of a member becomes the end of the path. */
static int take_key(struct parser *p)
{
	size_t begin = p->memory.size, size;
	int r;

	if (!take(p, '"'))
		return -EBADMSG;
	r = take_string(p);
	if (r < 0 || p->memory.failed)
		return r < 0 ? r : -ENOMEM;
	size = p->memory.size - begin;
	if (p->path_size + size + 2 > sizeof(p->path))
		return -E2BIG;
	if (p->path_size)
		p->path[p->path_size++] = '.';
	if (size)
		memcpy(p->path + p->path_size, p->memory.data + begin, size);
	p->path_size += size;
	p->path[p->path_size] = '\0';
	p->memory.size = begin;
	return take(p, ':') ? 0 : -EBADMSG;
}

static int take_object(struct parser *p, unsigned int depth)
{
	size_t path_size = p->path_size;
	int r;

	if (depth == FACTS_DEPTH)
		return -E2BIG;
	if (take(p, '}'))
		return 0;
	do {
		r = take_key(p);
		if (r < 0)
			return r;
		r = take(p, '{') ? take_object(p, depth + 1) : take_scalar(p);
		if (r < 0)
			return r;
		p->path_size = path_size;
		p->path[path_size] = '\0';
	} while (take(p, ','));
	return take(p, '}') ? 0 : -EBADMSG;
}

static int finish(struct parser *p, struct facts *ret)
{
	struct fact *list;

	if (p->memory.failed)
		return -ENOMEM;
	list = calloc(p->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < p->count; i++) {
		list[i] = (struct fact){
			.path = p->memory.data + p->places[i].path,
			.value = p->memory.data + p->places[i].value,
			.size = p->places[i].size,
		};
	}
	*ret = (struct facts){ list, p->count, TAKE_PTR(p->memory.data) };
	return 0;
}

int facts_parse(const char *text, size_t size, struct facts *ret)
{
	_cleanup_(freep) struct parser *p = malloc(sizeof(*p));
	int r = -EBADMSG;

	if (!p)
		return -ENOMEM;
	p->at = text;
	p->end = text + size;
	p->memory = TEXT_EMPTY;
	p->count = p->path_size = 0;
	p->path[0] = '\0';
	if (take(p, '{'))
		r = take_object(p, 0);
	skip_blanks(p);
	if (r == 0 && p->at != p->end)
		r = -EBADMSG;
	if (r == 0)
		r = finish(p, ret);
	text_done(&p->memory);
	return r;
}

void facts_done(struct facts *facts)
{
	free(facts->list);
	free(facts->memory);
	*facts = (struct facts){ NULL, 0, NULL };
}

void facts_keep(struct facts *facts, const char *prefix)
{
	size_t size = strlen(prefix), kept = 0;

	for (size_t i = 0; i < facts->count; i++) {
		struct fact fact = facts->list[i];

		if (strncmp(fact.path, prefix, size) != 0)
			continue;
		fact.path += size;
		facts->list[kept++] = fact;
	}
	facts->count = kept;
}

const struct fact *facts_find(const struct facts *facts, const char *path)
{
	for (size_t i = 0; i < facts->count; i++) {
		if (!strcmp(facts->list[i].path, path))
			return &facts->list[i];
	}
	return NULL;
}

const char *facts_get(const struct facts *facts, const char *path)
{
	const struct fact *fact = facts_find(facts, path);

	return fact ? fact->value : NULL;
}
