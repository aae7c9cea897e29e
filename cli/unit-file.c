// SPDX-License-Identifier: LGPL-2.1-or-later
/* unit-file.c - see unit-file.h. Lines as systemd.syntax(7) has them. */
#include "unit-file.h"

#include <stdbool.h>
#include <string.h>

#define BLANKS " \t"
#define KEY "ExecStart"

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && strchr(BLANKS, *at))
		at++;
	return at;
}

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

static const char *find_line_end(const char *at, const char *end)
{
	while (at < end && !is_line_end(*at))
		at++;
	return at;
}

/* Both characters, in any order, are one end. */
static const char *skip_line_end(const char *at, const char *end)
{
	if (end - at > 1 && is_line_end(at[1]) && at[0] != at[1])
		return at + 2;
	return at < end ? at + 1 : end;
}

/* Also between the lines of a continued one. */
static bool is_comment(const char *at, const char *end)
{
	at = skip_blanks(at, end);
	return at < end && (*at == '#' || *at == ';');
}

/* By a backslash that no other one makes an ordinary one. */
static bool is_continued(const char *at, const char *end)
{
	bool odd = false;

	while (end-- > at && *end == '\\')
		odd = !odd;
	return odd;
}

static bool is_header(const char *at, const char *end, bool *in_service)
{
	static const char service[] = "[Service]";

	if (at == end || *at != '[')
		return false;
	*in_service = (size_t)(end - at) == strlen(service) && !memcmp(at, service, end - at);
	return true;
}

static void take_line(const struct text *line, bool *in_service, struct text *ret)
{
	const char *end = text_get(line) + line->size, *at = skip_blanks(text_get(line), end);

	while (end > at && strchr(BLANKS, end[-1]))
		end--;
	if (is_header(at, end, in_service) || !*in_service || (size_t)(end - at) <= strlen(KEY) ||
	    memcmp(at, KEY, strlen(KEY)) != 0)
		return;
	at = skip_blanks(at + strlen(KEY), end);
	if (at == end || *at != '=')
		return; /* ExecStartPre=, say */
	at = skip_blanks(at + 1, end);
	text_add_string(ret, "# " KEY "=");
	text_add(ret, at, end - at);
	text_add_string(ret, "\n");
}

int unit_file_add_commands(const char *data, size_t size, struct text *ret)
{
	struct text line = TEXT_EMPTY;
	const char *end = data + size, *next;
	bool in_service = false, failed;

	if (size > UNIT_FILE_BYTES)
		return -E2BIG;
	if (memchr(data, '\0', size))
		return -EBADMSG;
	for (; data < end; data = next) {
		const char *line_end = find_line_end(data, end);
		bool continued = is_continued(data, line_end);

		next = skip_line_end(line_end, end);
		if (is_comment(data, line_end))
			continue;
		text_add(&line, data, line_end - data - continued);
		if (continued && next < end) {
			text_add_string(&line, " ");
			continue;
		}
		take_line(&line, &in_service, ret);
		line.size = 0;
	}
	take_line(&line, &in_service, ret); /* if a comment was the last of a continued one */
	failed = line.failed || ret->failed;
	text_done(&line);
	return failed ? -ENOMEM : 0;
}
