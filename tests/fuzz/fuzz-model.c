// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-model.c - fuzzes tsem_model_read() and tsem_model_write().
 *
 * A model has one spelling: what is accepted is written again byte for byte, but
 * for the name of the tool in its first line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../libtsem/cleanup.h"
#include "../../libtsem/core/sha256.h"
#include "../../libtsem/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct tsem_model_error *error)
{
	if (!error->text[0])
		abort();
	for (const char *c = error->text; *c; c++) {
		if (*c < ' ' || *c > '~')
			abort();
	}
}

static void check_written(const struct tsem_model *model, const uint8_t *data, size_t size)
{
	_cleanup_(close_fdp) int fd = memfd_create("written", MFD_CLOEXEC);
	const uint8_t *rest = memchr(data, '\n', size);
	_cleanup_(freep) uint8_t *text = malloc(size + 256);
	ssize_t written;
	const uint8_t *rest_written;

	if (fd < 0 || !text || tsem_model_write(model, fd) < 0)
		abort();
	written = pread(fd, text, size + 256, 0);
	rest_written = written < 0 ? NULL : memchr(text, '\n', written);
	if (!rest || !rest_written || text + written - rest_written != data + size - rest ||
	    memcmp(rest, rest_written, data + size - rest))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(close_fdp) int fd = memfd_create("model", MFD_CLOEXEC);
	_cleanup_(tsem_model_freep) struct tsem_model *model = NULL;
	struct tsem_sha256 context;
	struct tsem_hasher hasher = { &tsem_sha256_ops, &context };
	struct tsem_model_error error = { .line = 0 };
	char digest[TSEM_MODEL_NAME_BYTES + 1];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	if (tsem_model_peek(fd, digest, &error) < 0)
		check_error(&error);
	if (tsem_model_read(fd, &hasher, &error, &model) < 0)
		check_error(&error);
	else
		check_written(model, data, size);
	return 0;
}
