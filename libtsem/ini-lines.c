// SPDX-License-Identifier: LGPL-2.1-or-later
/* ini-lines.c - see ini-lines.h. libinih finds names and values; lines and sections are found here.
 */
#include "ini-lines.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

/** struct lines - A file being read. */
struct lines {
	const char *rest;
	size_t rest_size;
	unsigned int line;
	bool refused;
	char section[INI_SECTION_BYTES + 1];
	const struct ini_reader *reader;
	void *userdata;
};

static void refuse(struct lines *l, const char *what)
{
	if (!l->refused)
		l->reader->refuse(l->userdata, l->line, what);
	l->refused = true;
}

static void refuse_form(struct lines *l)
{
	refuse(l, "not understood; expected [Section], Key=value, or a comment after #");
}

/* Length of a valid character of UTF-8 that is not a control character; 0 if there is none. */
static size_t character(const unsigned char *at, size_t size)
{
	size_t length = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	unsigned int value = length == 1 ? at[0] : at[0] & (0x7f >> length);
	static const unsigned int least[] = { 0, 0x20, 0xa0, 0x800, 0x10000 };

	if (at[0] == '\t')
		return 1;
	if (length > size || (at[0] >= 0x80 && at[0] < 0xc2) || at[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	if (value < least[length] || value == 0x7f || value > 0x10ffff ||
	    (value >= 0xd800 && value < 0xe000))
		return 0;
	return length;
}

static bool check_characters(struct lines *l, const char *line, size_t size)
{
	char what[100];

	if (size && line[size - 1] == '\r')
		size--;
	for (size_t i = 0; i < size;) {
		size_t length = character((const unsigned char *)line + i, size - i);

		if (!length) {
			(void)snprintf(what, sizeof(what),
				       "byte %zu (0x%02x) is a control character or no UTF-8; "
				       "expected text",
				       i + 1, (unsigned char)line[i]);
			refuse(l, what);
			return false;
		}
		i += length;
	}
	return true;
}

static const char *skip_blanks(const char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

/* libinih would keep 49 bytes of the name, and say nothing before the first key. */
static bool check_section(struct lines *l, const char *line)
{
	const char *begin = skip_blanks(line), *end, *behind;
	size_t size;

	if (*begin != '[')
		return true;
	begin++;
	end = strchr(begin, ']');
	if (!end || end == begin) {
		refuse_form(l);
		return false;
	}
	behind = skip_blanks(end + 1);
	if (*behind && *behind != '#' && *behind != ';') {
		refuse(l, "something stands behind the section; expected it in a line of its own");
		return false;
	}
	size = (size_t)(end - begin);
	if (size > INI_SECTION_BYTES) {
		refuse(l, "the name of the section is too long");
		return false;
	}
	memcpy(l->section, begin, size);
	l->section[size] = '\0';
	if (l->reader->section(l->userdata, l->line, l->section) < 0)
		l->refused = true;
	return !l->refused;
}

/* For inih, in the form of fgets(). */
static char *read_line(char *buffer, int room, void *stream)
{
	static const char order_mark[] = "\xef\xbb\xbf";
	struct lines *l = stream;
	const char *end = memchr(l->rest, '\n', l->rest_size);
	size_t size = end ? (size_t)(end - l->rest) : l->rest_size, skipped = 0;

	if (!l->rest_size || l->refused)
		return NULL;
	if (++l->line == 1 && size >= 3 && !memcmp(l->rest, order_mark, 3))
		skipped = 3;
	if (size + 2 > (size_t)room) {
		char what[80];

		(void)snprintf(what, sizeof(what),
			       "the line is too long; expected at most %u bytes", INI_LINE_BYTES);
		refuse(l, what);
		return NULL;
	}
	if (!check_characters(l, l->rest, size))
		return NULL;
	memcpy(buffer, l->rest + skipped, size - skipped);
	buffer[size - skipped] = '\0';
	l->rest += size + (end ? 1 : 0);
	l->rest_size -= size + (end ? 1 : 0);
	return check_section(l, buffer) ? buffer : NULL;
}

static int on_key(void *userdata, const char *section, const char *name, const char *value)
{
	struct lines *l = userdata;

	if (l->reader->key(l->userdata, l->line, l->section, name, value) < 0)
		l->refused = true;
	return !l->refused; /* 0 to inih: stop */
}

int ini_lines_parse(const char *data, size_t size, const struct ini_reader *reader, void *userdata)
{
	struct lines l = {
		.rest = data, .rest_size = size, .reader = reader, .userdata = userdata
	};
	int r;

	/*
	 * No inline comments: a command may hold " ;". No continued lines: a typing error is told.
	 */
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_allow_no_value = false;
	ini_stop_on_first_error = true;
	ini_use_stack = false;
	ini_allow_realloc = false;
	ini_max_line = INI_LINE_BYTES + 3;
	ini_initial_alloc = INI_LINE_BYTES + 3;

	r = ini_parse_stream(read_line, &l, on_key, &l);
	if (r < 0 && !l.refused)
		return -ENOMEM;
	if (r > 0)
		refuse_form(&l);
	return l.refused ? -EBADMSG : 0;
}

int ini_lines_read(int fd, char **ret_data, size_t *ret_size)
{
	_cleanup_(freep) char *data = malloc(INI_FILE_BYTES + 1);
	size_t size = 0;

	if (!data)
		return -ENOMEM;
	while (size <= INI_FILE_BYTES) {
		ssize_t n = read(fd, data + size, INI_FILE_BYTES + 1 - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		size += (size_t)n;
	}
	if (size > INI_FILE_BYTES)
		return -E2BIG;
	*ret_data = TAKE_PTR(data);
	*ret_size = size;
	return 0;
}
