// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * outside.c - an example of libtsem: which records on standard input are outside a model.
 *
 * cc outside.c $(pkg-config --cflags --libs libtsem) -o outside
 * outside MODEL <RECORDS
 *
 * Prints the lines that are outside. Exit status: 0 if there are none, 1 if there are, 2 if the
 * model cannot be read.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <tsem/tsem.h>

/* What cannot be understood is outside, as for the agent. */
static int is_outside(const struct tsem_model *model, const char *record, size_t size)
{
	const struct tsem_model_point *point;
	struct tsem_digest coefficient;

	if (tsem_model_coefficient(model, record, size, &coefficient) < 0)
		return 1;
	if (tsem_model_find_program(model, &coefficient))
		return 0;
	point = tsem_model_find_point(model, &coefficient);
	return !point || (point->until && point->until <= time(NULL));
}

static int print_outside(const struct tsem_model *model, FILE *records)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;
	int found = 0;

	while ((size = getline(&line, &room, records)) > 0) {
		if (line[size - 1] == '\n')
			line[--size] = '\0';
		if (!is_outside(model, line, (size_t)size))
			continue;
		found = 1;
		puts(line);
	}
	free(line);
	return found;
}

int main(int argc, char *argv[])
{
	char digest[TSEM_MODEL_NAME_BYTES + 1];
	struct tsem_hasher *hasher = NULL;
	struct tsem_model *model = NULL;
	struct tsem_model_error error = { 0, "" };
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	int r, status = 2;

	if (fd < 0) {
		fprintf(stderr, "usage: outside MODEL <RECORDS\n");
		return 2;
	}
	r = tsem_model_peek(fd, digest, &error);
	if (r == 0)
		r = tsem_hasher_new(digest, &hasher);
	if (r == 0)
		r = tsem_model_read(fd, hasher, &error, &model);
	if (r == 0)
		status = print_outside(model, stdin);
	else
		fprintf(stderr, "%s:%u: %s\n", argv[1], error.line, error.text);
	(void)tsem_model_free(model);
	(void)tsem_hasher_free(hasher);
	(void)close(fd);
	return status;
}
