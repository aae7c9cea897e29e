/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ini-lines.h - a file of sections and keys, every line of it: what libinih passes over (a section
 * without a key, the end of a long name or line) is told or refused.
 */
#ifndef TSEM_INI_LINES_H
#define TSEM_INI_LINES_H

#include <stddef.h>

/** INI_FILE_BYTES - Longest file: a hundred pages, which nobody writes by hand. */
#define INI_FILE_BYTES (256u << 10)

/** INI_LINE_BYTES - Longest line: room for as many paths as a command may have. */
#define INI_LINE_BYTES (32u << 10)

/** INI_SECTION_BYTES - Longest name of a section. */
#define INI_SECTION_BYTES 128u

/**
 * struct ini_reader - Whoever takes what is read. The first two return 0, or a negative number
 * that ends reading, after they have told why.
 * @section: A section begins.
 * @key: A key, in the section that began last; "" before any.
 * @refuse: A line that is refused here; reading ends.
 */
struct ini_reader {
	int (*section)(void *userdata, unsigned int line, const char *section);
	int (*key)(void *userdata, unsigned int line, const char *section, const char *name,
		   const char *value);
	void (*refuse)(void *userdata, unsigned int line, const char *what);
};

/**
 * ini_lines_parse() - Read a file that is in memory.
 * @data: Text; comments are lines after # or ;, and nothing is continued on the next line.
 * @reader: Is told what is in it, in its order.
 *
 * Return: 0; -EBADMSG if something was refused; -ENOMEM.
 */
int ini_lines_parse(const char *data, size_t size, const struct ini_reader *reader, void *userdata);

/**
 * ini_lines_read() - Read a file into memory.
 * @ret_data: INI_FILE_BYTES at most; freed by the caller.
 *
 * Return: 0; -E2BIG; another negative errno of reading, or -ENOMEM.
 */
int ini_lines_read(int fd, char **ret_data, size_t *ret_size);

#endif
