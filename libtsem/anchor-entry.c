// SPDX-License-Identifier: LGPL-2.1-or-later
/* anchor-entry.c - see anchor-entry.h. What is parsed is what would be printed. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "anchor-entry.h"
#include "cleanup.h"

static const char *const kinds[TSEM_ANCHOR_KIND_COUNT] = {
	[TSEM_ANCHOR_START] = "start",	     [TSEM_ANCHOR_RESUME] = "resume",
	[TSEM_ANCHOR_SEAL] = "seal",	     [TSEM_ANCHOR_VIOLATION] = "violation",
	[TSEM_ANCHOR_INTERVAL] = "interval", [TSEM_ANCHOR_STOP] = "stop",
	[TSEM_ANCHOR_GONE] = "gone",
};

static const char *const modes[TSEM_ANCHOR_MODE_COUNT] = {
	[TSEM_ANCHOR_TRAIN] = "train",
	[TSEM_ANCHOR_SHADOW] = "shadow",
	[TSEM_ANCHOR_ENFORCE] = "enforce",
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_name_character(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
	       c == '_' || c == '-';
}

bool tsem_next_is(const struct tsem_cursor *c, const char *literal)
{
	size_t size = strlen(literal);

	return (size_t)(c->end - c->at) >= size && memcmp(c->at, literal, size) == 0;
}

int tsem_take(struct tsem_cursor *c, const char *literal)
{
	if (!tsem_next_is(c, literal))
		return -EBADMSG;
	c->at += strlen(literal);
	return 0;
}

int tsem_take_number(struct tsem_cursor *c, uint64_t *ret)
{
	const char *begin = c->at;
	uint64_t value = 0;

	for (; c->at < c->end && is_digit(*c->at); c->at++) {
		unsigned int digit = *c->at - '0';

		if (value > (UINT64_MAX - digit) / 10)
			return -EBADMSG;
		value = 10 * value + digit;
	}
	if (c->at == begin || (*begin == '0' && c->at - begin > 1))
		return -EBADMSG;
	*ret = value;
	return 0;
}

int tsem_take_hex(struct tsem_cursor *c, uint8_t *ret, size_t size)
{
	if ((size_t)(c->end - c->at) < 2 * size)
		return -EBADMSG;
	for (size_t i = 0; i < size; i++, c->at += 2) {
		int high = hex_value(c->at[0]), low = hex_value(c->at[1]);

		if (high < 0 || low < 0)
			return -EBADMSG;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

/* Up to the quote that ends it. */
static int take_text(struct tsem_cursor *c, char *ret, size_t room)
{
	const char *end = memchr(c->at, '"', c->end - c->at);

	if (!end || (size_t)(end - c->at) >= room || memchr(c->at, '\0', end - c->at))
		return -EBADMSG;
	memcpy(ret, c->at, end - c->at);
	ret[end - c->at] = '\0';
	c->at = end;
	return 0;
}

int tsem_take_name(struct tsem_cursor *c, char ret[TSEM_ANCHOR_NAME_BYTES + 1])
{
	if (take_text(c, ret, TSEM_ANCHOR_NAME_BYTES + 1) < 0)
		return -EBADMSG;
	return tsem_anchor_is_name(ret) ? 0 : -EBADMSG;
}

void tsem_anchor_hex(const uint8_t *data, size_t size, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		*ret++ = digits[data[i] >> 4];
		*ret++ = digits[data[i] & 0xf];
	}
	*ret = '\0';
}

bool tsem_anchor_is_name(const char *name)
{
	size_t size = strnlen(name, TSEM_ANCHOR_NAME_BYTES + 1);

	if (size == 0 || size > TSEM_ANCHOR_NAME_BYTES || !is_name_character(*name) ||
	    strchr("._-", *name))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!is_name_character(name[i]))
			return false;
	}
	return true;
}

const char *tsem_anchor_kind_to_string(enum tsem_anchor_kind kind)
{
	return kinds[kind];
}

const char *tsem_anchor_mode_to_string(enum tsem_anchor_mode mode)
{
	return modes[mode];
}

/* The sizes of formula 1's digests, in hexadecimal digits. */
static bool is_digest(const char *text, size_t room)
{
	size_t size = strnlen(text, room);

	for (size_t i = 0; i < size; i++) {
		if (hex_value(text[i]) < 0)
			return false;
	}
	return size < room && (size == 64 || size == 96 || size == 128);
}

bool tsem_anchor_entry_is_valid(const struct tsem_anchor_entry *e)
{
	return (unsigned int)e->kind < TSEM_ANCHOR_KIND_COUNT &&
	       (unsigned int)e->mode < TSEM_ANCHOR_MODE_COUNT && tsem_anchor_is_name(e->workload) &&
	       is_digest(e->model, sizeof(e->model)) && is_digest(e->state, sizeof(e->state)) &&
	       is_digest(e->measurement, sizeof(e->measurement)) &&
	       strlen(e->state) == strlen(e->measurement) && e->number;
}

size_t tsem_anchor_entry_print(const struct tsem_anchor_entry *e, char ret[TSEM_ANCHOR_ENTRY_BYTES])
{
	return (size_t)snprintf(
		ret, TSEM_ANCHOR_ENTRY_BYTES,
		"{\"workload\":\"%s\",\"number\":%" PRIu64 ",\"kind\":\"%s\",\"mode\":\"%s\","
		"\"model\":\"%s\",\"version\":%" PRIu64 ",\"state\":\"%s\",\"measurement\":\"%s\","
		"\"events\":%" PRIu64 ",\"outside\":%" PRIu64 ",\"lost\":%" PRIu64
		",\"time\":%" PRIu64 "}",
		e->workload, e->number, kinds[e->kind], modes[e->mode], e->model, e->version,
		e->state, e->measurement, e->events, e->outside, e->lost, e->time_usec);
}

static int take_word(struct tsem_cursor *c, const char *const *words, unsigned int count,
		     unsigned int *ret)
{
	char word[16];

	if (take_text(c, word, sizeof(word)) < 0)
		return -EBADMSG;
	for (unsigned int i = 0; i < count; i++) {
		if (!strcmp(words[i], word)) {
			*ret = i;
			return 0;
		}
	}
	return -EBADMSG;
}

static int take_member(struct tsem_cursor *c, const char *before, uint64_t *ret)
{
	int r = tsem_take(c, before);

	return r < 0 ? r : tsem_take_number(c, ret);
}

static int take_member_text(struct tsem_cursor *c, const char *before, char *ret, size_t room)
{
	int r = tsem_take(c, before);

	return r < 0 ? r : take_text(c, ret, room);
}

int tsem_anchor_entry_take(struct tsem_cursor *c, struct tsem_anchor_entry *ret)
{
	struct tsem_anchor_entry e = {};
	unsigned int kind = 0, mode = 0;

	if (take_member_text(c, "{\"workload\":\"", e.workload, sizeof(e.workload)) < 0 ||
	    take_member(c, "\",\"number\":", &e.number) < 0 || tsem_take(c, ",\"kind\":\"") < 0 ||
	    take_word(c, kinds, TSEM_ANCHOR_KIND_COUNT, &kind) < 0 ||
	    tsem_take(c, "\",\"mode\":\"") < 0 ||
	    take_word(c, modes, TSEM_ANCHOR_MODE_COUNT, &mode) < 0 ||
	    take_member_text(c, "\",\"model\":\"", e.model, sizeof(e.model)) < 0 ||
	    take_member(c, "\",\"version\":", &e.version) < 0 ||
	    take_member_text(c, ",\"state\":\"", e.state, sizeof(e.state)) < 0 ||
	    take_member_text(c, "\",\"measurement\":\"", e.measurement, sizeof(e.measurement)) <
		    0 ||
	    take_member(c, "\",\"events\":", &e.events) < 0 ||
	    take_member(c, ",\"outside\":", &e.outside) < 0 ||
	    take_member(c, ",\"lost\":", &e.lost) < 0 ||
	    take_member(c, ",\"time\":", &e.time_usec) < 0 || tsem_take(c, "}") < 0)
		return -EBADMSG;
	e.kind = kind;
	e.mode = mode;
	if (!tsem_anchor_entry_is_valid(&e))
		return -EBADMSG;
	*ret = e;
	return 0;
}
