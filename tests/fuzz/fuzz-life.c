// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-life.c - fuzzes what changes models: a rule added, what is volatile found, records
 * read against it.
 *
 * A model that was derived from a good one is good: it reads back, and its points are
 * at most those of before. An event that is told to be outside has the coefficient that its
 * record makes.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../cli/generalise.h"
#include "../../cli/records.h"
#include "../../cli/volatile.h"
#include "../../libtsem/cleanup.h"
#include "../../libtsem/core/sha256.h"
#include "../../libtsem/model-life.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[] = "/usr/bin/", passwd[] = "/etc/passwd";
static const struct rule rules[] = {
	{ TSEM_MODEL_SCRATCH, directory },
	{ TSEM_MODEL_PSEUDONYMS, passwd },
};

static void check(int condition)
{
	if (!condition)
		abort();
}

static void check_reads_back(const struct tsem_model *model, struct tsem_hasher *hasher)
{
	_cleanup_(tsem_model_freep) struct tsem_model *again = NULL;
	_cleanup_(close_fdp) int fd = memfd_create("derived", MFD_CLOEXEC);
	struct tsem_model_error error;

	check(fd >= 0 && tsem_model_write(model, fd) == 0);
	check(tsem_model_read(fd, hasher, &error, &again) == 0);
	check(tsem_model_point_count(again) == tsem_model_point_count(model));
}

static void check_rules(const struct tsem_model *model, struct tsem_hasher *hasher)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		struct generalised g = { .model = NULL };
		int r = generalise(model, hasher, &rules[i], &g);

		check(r == 0 || r == -EEXIST);
		if (r == 0) {
			check(tsem_model_point_count(g.model) <= tsem_model_point_count(model));
			check_reads_back(g.model, hasher);
		}
		generalised_done(&g);
	}
}

static void check_records(const struct tsem_model *model, const uint8_t *data, size_t size)
{
	FILE *file = size ? fmemopen((void *)data, size, "r") : NULL;
	struct records records;

	check(records_begin(model, &records) == 0);
	check(!file || records_read(&records, file) == 0);
	for (size_t i = 0; i < records.count; i++) {
		const struct outsider *o = &records.list[i];
		struct tsem_digest digest;

		check(tsem_model_digest(model, o->text, strlen(o->text), &digest) == 1);
		check(!memcmp(&digest, &o->coefficient, sizeof(digest)));
	}
	records_done(&records);
	if (file)
		(void)fclose(file);
}

static struct tsem_model *empty_model(struct tsem_hasher *hasher)
{
	const struct tsem_model_header header = { .name = "fuzz",
						  .digest = "sha256",
						  .nsref = "initial",
						  .fields = TSEM_FIELDS_PORTABLE };
	struct tsem_model *model = NULL;

	check(tsem_model_new(&header, hasher, &model) == 0);
	return model;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(close_fdp) int fd = memfd_create("model", MFD_CLOEXEC);
	_cleanup_(tsem_model_freep) struct tsem_model *model = NULL, *empty = NULL;
	struct tsem_sha256 context;
	struct tsem_hasher hasher = { &tsem_sha256_ops, &context };
	struct variables variables = { NULL, 0 };
	struct tsem_model_error error;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	empty = empty_model(&hasher);
	check_records(empty, data, size);
	if (tsem_model_read(fd, &hasher, &error, &model) < 0)
		return 0;
	check_rules(model, &hasher);
	check(variables_find(model, &variables) == 0);
	variables_done(&variables);
	return 0;
}
