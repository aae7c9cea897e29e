// SPDX-License-Identifier: LGPL-2.1-or-later
/* base64.c - see base64.h. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_print(const uint8_t *data, size_t size, char *ret)
{
	for (size_t i = 0; i < size; i += 3) {
		size_t n = size - i < 3 ? size - i : 3;
		uint32_t bits = 0;

		for (size_t b = 0; b < 3; b++)
			bits = bits << 8 | (b < n ? data[i + b] : 0);
		for (size_t c = 0; c < 4; c++)
			*ret++ = c <= n ? digits[bits >> (18 - 6 * c) & 63] : '=';
	}
	*ret = '\0';
}

/* Four characters; how many bytes they are, 0 if they are none. */
static size_t parse_group(const char *text, bool last, uint8_t ret[3])
{
	size_t n = 3;
	uint32_t bits = 0;

	if (last && text[3] == '=')
		n = text[2] == '=' ? 1 : 2;
	for (size_t c = 0; c < 4; c++) {
		const char *digit = c <= n && text[c] ? strchr(digits, text[c]) : NULL;

		if (c <= n && !digit)
			return 0;
		bits = bits << 6 | (digit ? digit - digits : 0);
	}
	for (size_t b = 0; b < 3; b++)
		ret[b] = (uint8_t)(bits >> (16 - 8 * b));
	/* What does not become a byte must not say anything. */
	return n < 3 && bits & (0xffffffu >> (8 * n)) ? 0 : n;
}

ssize_t base64_parse(const char *text, size_t size, uint8_t *ret, size_t room)
{
	size_t used = 0;

	if (size % 4)
		return -EBADMSG;
	for (size_t i = 0; i < size; i += 4) {
		uint8_t bytes[3];
		size_t n = parse_group(text + i, i + 4 == size, bytes);

		if (!n)
			return -EBADMSG;
		if (n > room - used)
			return -E2BIG;
		memcpy(ret + used, bytes, n);
		used += n;
	}
	return (ssize_t)used;
}
