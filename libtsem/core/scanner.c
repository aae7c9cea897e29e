// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * scanner.c - see scanner.h. Bounded by the end of the text, and by a depth of
 * eight where it recurses.
 */

#include "scanner.h"

/* UTF-8 of the whole line, before anything else is looked at. */

static size_t multibyte(const uint8_t *bytes, size_t size)
{
	uint8_t first = bytes[0], second = size > 1 ? bytes[1] : 0;
	size_t length = first >= 0xc2 && first <= 0xdf	 ? 2
			: (first & 0xf0) == 0xe0	 ? 3
			: first >= 0xf0 && first <= 0xf4 ? 4
							 : 0;

	if (!length || length > size)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
	    (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
		return 0;
	return length;
}

#define WORDS 4 /* of text looked at together */

static bool are_ascii(const uint8_t *bytes)
{
	uint64_t words[WORDS];

	memcpy(words, bytes, sizeof(words));
	return !((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080u);
}

bool tsem_is_utf8(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t length;

		if (size - i >= WORDS * sizeof(uint64_t) && are_ascii(bytes + i)) {
			i += WORDS * sizeof(uint64_t);
			continue;
		}
		if (!(bytes[i] & 0x80)) {
			i++;
			continue;
		}
		length = multibyte(bytes + i, size - i);
		if (!length)
			return false;
		i += length;
	}
	return true;
}

/* Tokens. */

static int expect(struct tsem_scanner *s, uint8_t byte)
{
	if (tsem_scan_peek(s) != byte)
		return -TSEM_REJECT_JSON;
	s->at++;
	return 0;
}

static int nibble(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Four hexadecimal digits; a negative value if they are not. */
static int32_t take_unit(struct tsem_scanner *s)
{
	int32_t unit = 0;

	if (s->end - s->at < 4)
		return -1;
	for (unsigned int i = 0; i < 4; i++) {
		int digit = nibble(s->at[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	s->at += 4;
	return unit;
}

static size_t encode(uint32_t point, uint8_t *out)
{
	if (point < 0x80) {
		out[0] = (uint8_t)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (uint8_t)(0xc0 | point >> 6);
		out[1] = (uint8_t)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (uint8_t)(0xe0 | point >> 12);
		out[1] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | point >> 18);
	out[1] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (point & 0x3f));
	return 4;
}

/* Behind \u: a character, or the raw byte that a lone surrogate dc80 to dcff stands for. */
static int take_unicode(struct tsem_scanner *s, uint8_t out[4], size_t *ret_size)
{
	int32_t unit = take_unit(s), low;

	if (unit < 0)
		return -TSEM_REJECT_ESCAPE;
	if (unit < 0xd800 || unit > 0xdfff) {
		*ret_size = encode((uint32_t)unit, out);
		return 0;
	}
	if (unit >= 0xdc00) {
		if (unit < 0xdc80 || unit > 0xdcff)
			return -TSEM_REJECT_ESCAPE;
		out[0] = (uint8_t)(unit & 0xff);
		*ret_size = 1;
		return 0;
	}
	if (s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u')
		return -TSEM_REJECT_ESCAPE;
	s->at += 2;
	low = take_unit(s);
	if (low < 0xdc00 || low > 0xdfff)
		return -TSEM_REJECT_ESCAPE;
	*ret_size = encode(
		0x10000u + (((uint32_t)unit - 0xd800u) << 10) + ((uint32_t)low - 0xdc00u), out);
	return 0;
}

/* Behind the backslash. */
static int take_escape(struct tsem_scanner *s, uint8_t out[4], size_t *ret_size)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

	if (s->at == s->end)
		return -TSEM_REJECT_JSON;
	if (*s->at == 'u') {
		s->at++;
		return take_unicode(s, out, ret_size);
	}
	for (unsigned int i = 0; i < sizeof(from) - 1; i++) {
		if (*s->at != (uint8_t)from[i])
			continue;
		s->at++;
		out[0] = (uint8_t)to[i];
		*ret_size = 1;
		return 0;
	}
	return -TSEM_REJECT_ESCAPE;
}

/* How many of eight bytes stand before a quote, a backslash or a control character. */
static size_t count_plain(const uint8_t *bytes)
{
	const uint64_t ones = TSEM_SCAN_ONES;
	uint64_t eight = tsem_scan_eight(bytes);
	uint64_t quote = eight ^ '"' * ones, backslash = eight ^ '\\' * ones;
	/* A byte borrows from those above it only, so the first one found is right. */
	uint64_t found = (((eight - 0x20 * ones) & ~eight) | ((quote - ones) & ~quote) |
			  ((backslash - ones) & ~backslash)) &
			 0x80 * ones;
	size_t plain = 0;

	if (!found)
		return sizeof(eight);
	for (; !(found & 0x80); found >>= 8)
		plain++;
	return plain;
}

void tsem_scan_plain(struct tsem_scanner *s)
{
	while (s->end - s->at >= 8) {
		size_t plain = count_plain(s->at);

		s->at += plain;
		if (plain < 8)
			return;
	}
	while (s->at < s->end && *s->at >= 0x20 && *s->at != '"' && *s->at != '\\')
		s->at++;
}

/* A string from behind its opening quote, decoded into a packer; room is its business. */
int tsem_scan_string(struct tsem_scanner *s, struct tsem_packer *out)
{
	for (;;) {
		const uint8_t *plain = s->at;
		uint8_t bytes[4];
		size_t size;
		int r;

		tsem_scan_plain(s);
		if (s->at > plain)
			tsem_pack_bytes(out, plain, (size_t)(s->at - plain));
		if (s->at == s->end || *s->at < 0x20)
			return -TSEM_REJECT_JSON;
		if (*s->at++ == '"')
			return 0;
		r = take_escape(s, bytes, &size);
		if (r < 0)
			return r;
		tsem_pack_bytes(out, bytes, size);
	}
}

/* A key and its colon. */
int tsem_scan_key(struct tsem_scanner *s, struct tsem_key *ret)
{
	struct tsem_packer out = { .data = ret->bytes, .size = sizeof(ret->bytes) };
	int r = expect(s, '"');

	if (r == 0)
		r = tsem_scan_string(s, &out);
	if (r == 0)
		r = expect(s, ':');
	ret->size = tsem_packer_overflowed(&out) ? 0 : out.used;
	if (tsem_packer_overflowed(&out))
		ret->bytes[0] = '\0';
	return r;
}

/* Whether another member follows; takes the comma or the closing brace. */
int tsem_scan_more(struct tsem_scanner *s, bool *ret_more)
{
	uint8_t byte = tsem_scan_peek(s);

	if (byte != ',' && byte != '}')
		return -TSEM_REJECT_JSON;
	s->at++;
	*ret_more = byte == ',';
	return 0;
}

/* Take the brace, and the other one if the object is empty. */
int tsem_scan_open(struct tsem_scanner *s, bool *ret_more)
{
	int r = expect(s, '{');

	if (r < 0)
		return r;
	*ret_more = tsem_scan_peek(s) != '}';
	if (!*ret_more)
		s->at++;
	return 0;
}

/* What a value is that is neither string nor object: refused, for its kind or as no JSON. */
int tsem_scan_wrong_kind(struct tsem_scanner *s)
{
	uint8_t byte = tsem_scan_peek(s);

	if (byte == '"' || byte == '{' || byte == '[' || byte == '-' || byte == 't' ||
	    byte == 'f' || byte == 'n' || (byte >= '0' && byte <= '9'))
		return -TSEM_REJECT_VALUE_KIND;
	return -TSEM_REJECT_JSON;
}

static int skip_object(struct tsem_scanner *s, unsigned int depth)
{
	bool more;
	int r;

	if (depth > TSEM_DEPTH_MAX)
		return -TSEM_REJECT_DEPTH;
	r = tsem_scan_open(s, &more);
	while (r == 0 && more) {
		struct tsem_key key;

		r = tsem_scan_key(s, &key);
		if (r == 0)
			r = tsem_scan_skip(s, depth + 1);
		if (r == 0)
			r = tsem_scan_more(s, &more);
	}
	return r;
}

/* Go past a value without looking at it; @depth is that of an object that begins here. */
int tsem_scan_skip(struct tsem_scanner *s, unsigned int depth)
{
	struct tsem_packer nowhere = { .size = 0 };

	switch (tsem_scan_peek(s)) {
	case '"':
		s->at++;
		return tsem_scan_string(s, &nowhere);
	case '{':
		return skip_object(s, depth);
	default:
		return tsem_scan_wrong_kind(s);
	}
}
