// SPDX-License-Identifier: LGPL-2.1-or-later
/* counts.c - see counts.h. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "counts.h"
#include "judge.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -EBADMSG;
}

static int parse_digest(const char *text, unsigned int size, struct tsem_digest *ret)
{
	*ret = (struct tsem_digest){};
	for (unsigned int i = 0; i < size; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EBADMSG;
		ret->bytes[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static int parse_number(const char *text, size_t size, uint64_t *ret)
{
	uint64_t number = 0;

	if (!size || (size > 1 && text[0] == '0'))
		return -EBADMSG;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number))
			return -EBADMSG;
	}
	*ret = number;
	return 0;
}

int counts_parse_line(const char *line, size_t size, unsigned int digest_size, struct count *ret)
{
	const size_t digits = 2 * (size_t)digest_size;
	struct count count;

	if (size < digits + 2 || line[digits] != ' ' ||
	    parse_digest(line, digest_size, &count.coefficient) < 0 ||
	    parse_number(line + digits + 1, size - digits - 1, &count.number) < 0)
		return -EBADMSG;
	*ret = count;
	return 0;
}

/* Whole lines at the start of a buffer. Returns their bytes. */
static int take_lines(struct judge *judge, const char *text, size_t size, size_t *ret_taken)
{
	unsigned int digest_size = judge_get_points(judge)->digest_size;
	size_t taken = 0;
	const char *end;

	while ((end = memchr(text + taken, '\n', size - taken))) {
		struct count count;
		int r = counts_parse_line(text + taken, end - text - taken, digest_size, &count);

		if (r < 0)
			return r;
		judge_set_count(judge, &count.coefficient, count.number);
		taken = end + 1 - text;
	}
	*ret_taken = taken;
	return 0;
}

int counts_begin(struct counts_reader *reader, int fd)
{
	reader->used = 0;
	/* From its start, whoever has read it before; what cannot be read again has no lines. */
	return lseek(fd, 0, SEEK_SET) < 0 && errno != ESPIPE ? -errno : 0;
}

int counts_read_some(struct counts_reader *reader, struct judge *judge, int fd)
{
	size_t taken = 0;
	ssize_t n;
	int r;

	n = read(fd, reader->buffer + reader->used, reader->size - reader->used);
	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	if (n == 0)
		return reader->used ? -EBADMSG : 0;
	reader->used += n;
	r = take_lines(judge, reader->buffer, reader->used, &taken);
	if (r < 0)
		return r;
	if (!taken && reader->used >= COUNTS_LINE_BYTES)
		return -EBADMSG;
	memmove(reader->buffer, reader->buffer + taken, reader->used - taken);
	reader->used -= taken;
	return 1;
}

int counts_read(struct judge *judge, int fd, char *buffer, size_t size)
{
	struct counts_reader reader = { .buffer = buffer, .size = size };
	int r = counts_begin(&reader, fd);

	if (r < 0)
		return r;
	do {
		r = counts_read_some(&reader, judge, fd);
	} while (r > 0);
	return r;
}
