// SPDX-License-Identifier: LGPL-2.1-or-later
/* reply.c - see reply.h. */
#include <stdio.h>
#include <string.h>

#include "../libtsem/core/scanner.h"
#include "reply.h"

static void add(struct reply *reply, const void *data, size_t size)
{
	if (reply->full || size > reply->size - reply->end) {
		reply->full = true;
		return;
	}
	memcpy(reply->data + reply->end, data, size);
	reply->end += size;
}

static void add_string(struct reply *reply, const char *text)
{
	add(reply, text, strlen(text));
}

static void add_quoted(struct reply *reply, const char *text)
{
	const uint8_t *at = (const uint8_t *)text;
	bool utf8 = tsem_is_utf8(at, strlen(text));

	add(reply, "\"", 1);
	for (; *at; at++) {
		char escaped[8];

		if (*at >= 0x20 && *at != '"' && *at != '\\' && *at != 0x7f &&
		    (*at < 0x80 || utf8)) {
			add(reply, at, 1);
			continue;
		}
		(void)snprintf(escaped, sizeof(escaped), *at < 0x80 ? "\\u00%02x" : "\\udc%02x",
			       *at);
		add_string(reply, escaped);
	}
	add(reply, "\"", 1);
}

static void add_name(struct reply *reply, const char *name)
{
	if (reply->end && !reply->full && reply->data[reply->end - 1] != '{')
		add(reply, ",", 1);
	add(reply, "\"", 1);
	add_string(reply, name);
	add(reply, "\":", 2);
}

void reply_open(struct reply *reply, const char *error)
{
	if (!reply_is_pending(reply))
		reply->begin = reply->end = 0;
	reply->opened = reply->end;
	reply->full = false;
	add(reply, "{", 1);
	if (error)
		reply_text(reply, "error", error);
	reply_begin(reply, "parameters");
}

bool reply_close(struct reply *reply, bool continues)
{
	reply_end(reply);
	if (continues)
		add_string(reply, ",\"continues\":true");
	add(reply, "}", 2); /* with its NUL, which ends the answer */
	if (reply->full)
		reply->end = reply->opened;
	return !reply->full;
}

void reply_begin(struct reply *reply, const char *name)
{
	add_name(reply, name);
	add(reply, "{", 1);
}

void reply_end(struct reply *reply)
{
	add(reply, "}", 1);
}

void reply_number(struct reply *reply, const char *name, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	add_name(reply, name);
	add_string(reply, text);
}

void reply_text(struct reply *reply, const char *name, const char *value)
{
	add_name(reply, name);
	add_quoted(reply, value);
}

void reply_digest(struct reply *reply, const char *name, const struct tsem_digest *digest,
		  unsigned int size)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * TSEM_DIGEST_MAX];

	for (unsigned int i = 0; i < size; i++) {
		text[2 * i] = digits[digest->bytes[i] >> 4];
		text[2 * i + 1] = digits[digest->bytes[i] & 0xf];
	}
	add_name(reply, name);
	add(reply, "\"", 1);
	add(reply, text, 2 * size);
	add(reply, "\"", 1);
}

void reply_json(struct reply *reply, const char *name, const char *json, size_t size)
{
	add_name(reply, name);
	add(reply, json, size);
}

void reply_texts(struct reply *reply, const char *name, const char *const *values, size_t count)
{
	add_name(reply, name);
	add(reply, "[", 1);
	for (size_t i = 0; i < count; i++) {
		if (i)
			add(reply, ",", 1);
		add_quoted(reply, values[i]);
	}
	add(reply, "]", 1);
}
