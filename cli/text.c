// SPDX-License-Identifier: LGPL-2.1-or-later
/* text.c - see text.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static bool make_room(struct text *t, size_t size)
{
	size_t room = t->room ? t->room : 128;
	char *data;

	if (t->failed)
		return false;
	while (room <= t->size + size)
		room *= 2;
	if (room == t->room)
		return true;
	data = realloc(t->data, room);
	if (!data) {
		t->failed = true;
		return false;
	}
	t->data = data;
	t->room = room;
	return true;
}

void text_add(struct text *t, const void *data, size_t size)
{
	if (!make_room(t, size))
		return;
	memcpy(t->data + t->size, data, size);
	t->size += size;
	t->data[t->size] = '\0';
}

void text_add_string(struct text *t, const char *string)
{
	text_add(t, string, strlen(string));
}

int text_read(int fd, size_t limit_bytes, struct text *t)
{
	char buffer[4096];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		text_add(t, buffer, n < 0 ? 0 : n);
		if (t->size > limit_bytes)
			return -E2BIG;
	}
	return t->failed ? -ENOMEM : 0;
}

void text_format(struct text *t, const char *format, ...)
{
	va_list args;
	char *string;
	int n;

	va_start(args, format);
	n = vasprintf(&string, format, args);
	va_end(args);
	if (n < 0) {
		t->failed = true;
		return;
	}
	text_add(t, string, n);
	free(string);
}

/* Length of the valid character of UTF-8 at @at; 0 if there is none. */
static size_t character(const uint8_t *at, size_t size, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	uint32_t value = length == 1 ? at[0] : at[0] & (0x7fu >> length);

	if (length > size || (at[0] >= 0x80 && at[0] < 0xc2) || at[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	*ret = value;
	return length;
}

/* What a terminal may act upon, and what makes text look like other text. */
static bool is_dangerous(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f },	    { 0x7f, 0x9f },	{ 0xad, 0xad },	       { 0x61c, 0x61c },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },    { 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff }, { 0xfff0, 0xffff }, { 0xe0000, 0x10ffff },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	}
	return false;
}

void text_add_shown(struct text *t, const void *data, size_t size)
{
	const uint8_t *at = data, *end = at + size;

	while (at < end) {
		uint32_t c;
		size_t length = character(at, end - at, &c);

		if (!length || is_dangerous(c)) {
			length = length ? length : 1;
			for (size_t i = 0; i < length; i++)
				text_format(t, "\\x%02x", at[i]);
		} else if (c == '\\') {
			text_add(t, "\\\\", 2);
		} else {
			text_add(t, at, length);
		}
		at += length;
	}
}

/* One character as it stands in a string of JSON, which a terminal may be given. Its length. */
static size_t add_escaped(struct text *t, const uint8_t *at, size_t size)
{
	uint32_t c;
	size_t length = character(at, size, &c);

	if (!length)
		text_format(t, "\\udc%02x", *at);
	else if (c > 0xffff && is_dangerous(c))
		text_format(t, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
	else if (is_dangerous(c))
		text_format(t, "\\u%04x", c);
	else
		text_add(t, at, length);
	return length ? length : 1;
}

void text_add_json(struct text *t, const void *data, size_t size)
{
	const uint8_t *at = data, *end = at + size;

	text_add(t, "\"", 1);
	while (at < end) {
		if (*at == '"' || *at == '\\')
			text_add(t, "\\", 1);
		at += add_escaped(t, at, end - at);
	}
	text_add(t, "\"", 1);
}

int text_print_json(const void *data, size_t size)
{
	const uint8_t *at = data, *end = at + size;
	struct text t = TEXT_EMPTY;
	int r;

	while (at < end) {
		size_t plain = 0;

		/* Blanks among them: what is below is in no string of JSON. */
		while (at + plain < end && at[plain] < 0x7f)
			plain++;
		text_add(&t, at, plain);
		at += plain;
		if (at < end)
			at += add_escaped(&t, at, end - at);
	}
	text_add(&t, "\n", 1);
	r = t.failed ? -ENOMEM : fwrite(text_get(&t), 1, t.size, stdout) == t.size ? 0 : -EIO;
	text_done(&t);
	return r;
}

void text_add_word(struct text *t, const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "/._-+,:=@%";

	if (*word && !word[strspn(word, plain)]) {
		text_add_string(t, word);
		return;
	}
	for (;;) {
		size_t size = strcspn(word, "'");

		text_add_string(t, "'");
		text_add_shown(t, word, size);
		text_add_string(t, "'");
		if (!word[size])
			return;
		text_add_string(t, "\\'");
		word += size + 1;
	}
}
