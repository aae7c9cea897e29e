// SPDX-License-Identifier: LGPL-2.1-or-later
/* model-line.c - see model-line.h. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model-line.h"

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Length of the valid character of UTF-8 at @at; 0 if there is none. */
static size_t character(const char *at, size_t size)
{
	unsigned char c = at[0];
	size_t length = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	if (c < 0x80)
		return 1;
	if (length > size || c < 0xc2 || c > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if (!is_continuation(at[i]))
			return 0;
	}
	if ((c == 0xe0 && (unsigned char)at[1] < 0xa0) ||
	    (c == 0xed && (unsigned char)at[1] > 0x9f) ||
	    (c == 0xf0 && (unsigned char)at[1] < 0x90) ||
	    (c == 0xf4 && (unsigned char)at[1] > 0x8f))
		return 0;
	return length;
}

/* Writing. */

void out_flush(struct out *out)
{
	size_t done = 0;

	while (!out->error && done < out->used) {
		ssize_t n = write(out->fd, out->data + done, out->used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			out->error = -errno;
		else
			done += n;
	}
	out->used = 0;
}

void out_put(struct out *out, const char *data, size_t size)
{
	while (size && !out->error) {
		size_t n = sizeof(out->data) - out->used;

		n = n < size ? n : size;
		memcpy(out->data + out->used, data, n);
		out->used += n;
		data += n;
		size -= n;
		if (out->used == sizeof(out->data))
			out_flush(out);
	}
}

void out_format(struct out *out, const char *format, ...)
{
	char text[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < sizeof(text));
	out_put(out, text, n);
}

void out_end_line(struct out *out)
{
	out_put(out, "}\n", 2);
	out->lines++;
}

void out_text(struct out *out, const char *text)
{
	size_t size = strlen(text), length;

	for (; size; text += length, size -= length) {
		unsigned char c = *text;

		length = character(text, size);
		if (!length) {
			length = 1;
			out_format(out, "\\udc%02x", c);
		} else if (c < 0x20 || c == 0x7f) {
			out_format(out, "\\u%04x", c);
		} else if (c == '"' || c == '\\') {
			out_format(out, "\\%c", c);
		} else {
			out_put(out, text, length);
		}
	}
}

void out_hex(struct out *out, const struct tsem_digest *digest, unsigned int size)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned int i = 0; i < size; i++) {
		out_put(out, &digits[digest->bytes[i] >> 4], 1);
		out_put(out, &digits[digest->bytes[i] & 15], 1);
	}
}

/* "2026-11-25T15:04:05Z" */
#define TIME_SIZE 20

#define DAY_SECONDS 86400

/*
 * Without gmtime_r() and strftime(), which open the file of the time zone: whoever
 * reads a model in a sandbox has no files.
 */
static int days_of_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
}

static int days_of_month(int year, int month)
{
	static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && days_of_year(year) == 366);
}

/* Years of four digits only: others have no such spelling. */
static bool spell_time(int64_t seconds, char ret[TIME_SIZE + 1])
{
	int64_t days = seconds / DAY_SECONDS, rest = seconds % DAY_SECONDS;
	int year = 1970, month = 1;

	if (seconds <= 0)
		return false;
	for (; year < 10000 && days >= days_of_year(year); year++)
		days -= days_of_year(year);
	if (year == 10000)
		return false;
	for (; days >= days_of_month(year, month); month++)
		days -= days_of_month(year, month);
	return snprintf(ret, TIME_SIZE + 1, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month,
			(int)days + 1, (int)(rest / 3600), (int)(rest / 60 % 60),
			(int)(rest % 60)) == TIME_SIZE;
}

/* What is no date gives a time that is spelled differently. */
static int64_t parse_time(const char *text)
{
	int year, month, day, hour, minute, second;
	int64_t days;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &year, &month, &day, &hour, &minute,
		   &second) != 6 ||
	    year < 1970 || month < 1 || month > 12)
		return 0;
	days = day - 1;
	for (int y = 1970; y < year; y++)
		days += days_of_year(y);
	for (int m = 1; m < month; m++)
		days += days_of_month(year, m);
	return days * DAY_SECONDS + hour * 3600 + minute * 60 + second;
}

void out_time(struct out *out, int64_t seconds)
{
	char text[TIME_SIZE + 1];

	if (spell_time(seconds, text))
		out_put(out, text, TIME_SIZE);
	else
		out->error = -EINVAL;
}

/* Reading. */

bool out_is_line(const struct out *out, const struct in *in)
{
	return out->used == in->size + 1 && !memcmp(out->data, in->begin, in->size);
}

int in_refuse(struct in *in, int r, const char *format, ...)
{
	va_list args;

	in->error->line = in->number;
	va_start(args, format);
	(void)vsnprintf(in->error->text, sizeof(in->error->text), format, args); /* cut */
	va_end(args);
	return r;
}

int in_refuse_memory(struct in *in)
{
	return in_refuse(in, -ENOMEM, "out of memory");
}

static int fill(struct in *in)
{
	memmove(in->data, in->data + in->next, in->used - in->next);
	in->used -= in->next;
	in->next = 0;
	while (in->used < sizeof(in->data)) {
		ssize_t n =
			pread(in->fd, in->data + in->used, sizeof(in->data) - in->used, in->offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return in_refuse(in, -errno, "cannot be read: %s", strerror(errno));
		if (n == 0)
			break;
		if (in->measure)
			in->measure->ops->update(in->measure->ctx, in->data + in->used, n);
		in->used += n;
		in->offset += n;
		if ((unsigned long long)in->offset > TSEM_MODEL_BYTES)
			return in_refuse(in, -E2BIG, "the file is longer than %llu bytes",
					 TSEM_MODEL_BYTES);
	}
	return 0;
}

int in_next_line(struct in *in)
{
	const char *end = memchr(in->data + in->next, '\n', in->used - in->next);
	int r;

	if (!end) {
		r = fill(in);
		if (r < 0)
			return r;
		if (!in->used)
			return 0;
		end = memchr(in->data, '\n', in->used);
	}
	in->number++;
	if (!end && in->used == sizeof(in->data))
		return in_refuse(in, -E2BIG, "the line is longer than %u bytes",
				 TSEM_MODEL_LINE_BYTES);
	if (!end)
		return in_refuse(in, -EBADMSG, "the file was cut off in this line");
	in->begin = in->data + in->next;
	in->size = end - in->begin;
	in->next += in->size + 1;
	return 1;
}

struct cursor cursor_begin(struct in *in)
{
	return (struct cursor){ in, in->begin, in->begin + in->size };
}

bool cursor_starts_with(const struct cursor *c, const char *text)
{
	size_t size = strlen(text);

	return (size_t)(c->end - c->at) >= size && !memcmp(c->at, text, size);
}

size_t cursor_column(const struct cursor *c)
{
	return c->at - c->in->begin + 1;
}

int cursor_expect(struct cursor *c, const char *text)
{
	if (!cursor_starts_with(c, text))
		return in_refuse(c->in, -EBADMSG, "byte %zu: expected %s", cursor_column(c), text);
	c->at += strlen(text);
	return 0;
}

int cursor_expect_end(struct cursor *c)
{
	int r = cursor_expect(c, "}");

	if (r < 0)
		return r;
	if (c->at != c->end)
		return in_refuse(c->in, -EBADMSG, "byte %zu: something behind the end",
				 cursor_column(c));
	return 0;
}

int cursor_number(struct cursor *c, uint64_t least, uint64_t *ret)
{
	size_t at = cursor_column(c);
	const char *begin = c->at;
	uint64_t value = 0;
	bool bad = false;

	for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
		bad |= __builtin_mul_overflow(value, 10, &value) ||
		       __builtin_add_overflow(value, *c->at - '0', &value);
	}
	if (bad || c->at == begin || (*begin == '0' && c->at - begin > 1) || value < least)
		return in_refuse(c->in, -EBADMSG, "byte %zu: expected a number from %llu on", at,
				 (unsigned long long)least);
	*ret = value;
	return 0;
}

int cursor_time(struct cursor *c, int64_t *ret)
{
	char text[TIME_SIZE + 1] = "", again[TIME_SIZE + 1] = "";
	int64_t seconds;

	if (c->end - c->at >= TIME_SIZE)
		memcpy(text, c->at, TIME_SIZE);
	seconds = parse_time(text);
	if (!spell_time(seconds, again) || strcmp(text, again) != 0)
		return in_refuse(c->in, -EBADMSG,
				 "byte %zu: expected a time as 2026-11-25T15:04:05Z",
				 cursor_column(c));
	c->at += TIME_SIZE;
	*ret = seconds;
	return 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -EBADMSG;
}

int cursor_hex(struct cursor *c, unsigned int size, struct tsem_digest *ret)
{
	struct tsem_digest digest = { .bytes = { 0 } };

	for (unsigned int i = 0; i < 2 * size; i++) {
		int value = c->at + i < c->end ? hex_value(c->at[i]) : -EBADMSG;

		if (value < 0)
			return in_refuse(c->in, -EBADMSG,
					 "byte %zu: expected %u hexadecimal digits",
					 cursor_column(c), 2 * size);
		digest.bytes[i / 2] |= i % 2 ? value : value << 4;
	}
	c->at += 2 * size;
	*ret = digest;
	return 0;
}

int cursor_plain(struct cursor *c, char ret[TSEM_MODEL_NAME_BYTES + 1])
{
	size_t n = 0;

	for (; c->at + n < c->end && c->at[n] != '"'; n++) {
		if (n == TSEM_MODEL_NAME_BYTES || c->at[n] < ' ' || c->at[n] > '~' ||
		    c->at[n] == '\\')
			return in_refuse(c->in, -EBADMSG,
					 "byte %zu: expected up to %u characters of ASCII",
					 cursor_column(c), TSEM_MODEL_NAME_BYTES);
	}
	memcpy(ret, c->at, n);
	ret[n] = '\0';
	c->at += n;
	return 0;
}

int cursor_name(struct cursor *c, const char *const *names, unsigned int count, unsigned int *ret)
{
	for (unsigned int i = 0; i < count; i++) {
		size_t size = strlen(names[i]);

		if (cursor_starts_with(c, names[i]) && c->at + size < c->end &&
		    c->at[size] == '"') {
			c->at += size;
			*ret = i;
			return 0;
		}
	}
	return in_refuse(c->in, -EBADMSG, "byte %zu: expected %s%s%s", cursor_column(c), names[0],
			 count == 2 ? " or " : " or one of the others, the last of them ",
			 names[count - 1]);
}

/* \u00xx or \udcxx: the byte; -EBADMSG. */
static int unescape_byte(const char *at, const char *end)
{
	int high, low;

	if (end - at < 6 || at[1] != 'u' || (memcmp(at + 2, "00", 2) && memcmp(at + 2, "dc", 2)))
		return -EBADMSG;
	high = hex_value(at[4]);
	low = hex_value(at[5]);
	return high < 0 || low < 0 ? -EBADMSG : high << 4 | low;
}

int cursor_text(struct cursor *c, char *ret, size_t room)
{
	size_t n = 0;

	while (c->at < c->end && *c->at != '"' && n + 1 < room) {
		int byte = (unsigned char)*c->at;
		size_t length = 1;

		if (*c->at == '\\' && c->end - c->at >= 2 && strchr("\"\\", c->at[1])) {
			byte = (unsigned char)c->at[1];
			length = 2;
		} else if (*c->at == '\\') {
			byte = unescape_byte(c->at, c->end);
			length = 6;
		}
		if (byte <= 0)
			return in_refuse(c->in, -EBADMSG, "byte %zu: expected a text",
					 cursor_column(c));
		ret[n++] = (char)byte;
		c->at += length;
	}
	ret[n] = '\0';
	return 0;
}

struct in *in_new(int fd, struct tsem_model_error *error)
{
	struct in *in = malloc(sizeof(*in));

	*error = (struct tsem_model_error){ .text = "out of memory" };
	if (!in)
		return NULL;
	in->fd = fd;
	in->measure = NULL;
	in->offset = 0;
	in->next = in->used = in->number = 0;
	in->error = error;
	return in;
}
