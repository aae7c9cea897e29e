// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-judge.c - fuzzes judge_record() against an empty model, by every OnViolation=, and
 * the lines of the kernel's counts, which have one spelling each.
 *
 * Nothing that is not understood, and nothing outside the model, is ever
 * trusted while enforcing; whoever waits is answered or the workload ends;
 * what is told has a coefficient.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../libtsem/core/sha256.h"
#include "../../tma/counts.h"
#include "../../tma/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tsem_sha256 sha256;
static struct tsem_hasher hasher = { .ops = &tsem_sha256_ops, .ctx = &sha256 };

static void check(int condition)
{
	if (!condition)
		abort();
}

static struct judge *make(enum judge_mode mode, enum judge_violation violation, int fd)
{
	const struct judge_params params = {
		.mode = mode,
		.violation = violation,
		.fields = TSEM_FIELDS_PORTABLE,
		.hasher = &hasher,
		.nsref = "initial",
		.name = "fuzz",
	};
	struct judge_error error;
	struct judge *judge = NULL;

	check(judge_new(&params, fd, &error, &judge) == 0);
	return judge;
}

static int empty_model(void)
{
	struct judge *judge = make(JUDGE_TRAIN, VIOLATION_DENY, -1);
	int fd = memfd_create("model", MFD_CLOEXEC);

	check(fd >= 0);
	check(judge_write(judge, fd) == 0);
	judge_free(judge);
	return fd;
}

static void check_judgement(enum judge_violation violation, const struct judgement *j)
{
	if (j->garbage) {
		check(j->verdict == (j->number ? JUDGE_REFUSED : JUDGE_SILENT));
		check(!j->told);
		return;
	}
	check(j->verdict != JUDGE_TRUSTED || violation == VIOLATION_WARN);
	check(!j->told || strlen(j->coefficient) == 64);
	check(!j->end_workload || violation == VIOLATION_KILL || violation == VIOLATION_ISOLATE);
}

static void check_count(const char *line, size_t size)
{
	char again[COUNTS_LINE_BYTES + 1];
	struct count count;
	size_t used = 0;

	if (counts_parse_line(line, size, 32, &count) < 0)
		return;
	for (unsigned int i = 0; i < 32; i++)
		used += sprintf(again + used, "%02x", count.coefficient.bytes[i]);
	used += sprintf(again + used, " %llu", (unsigned long long)count.number);
	check(used == size && memcmp(line, again, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct judge *judges[JUDGE_VIOLATION_COUNT];

	check_count((const char *)data, size);
	if (!judges[0]) {
		int fd = empty_model();

		for (int v = 0; v < JUDGE_VIOLATION_COUNT; v++)
			judges[v] = make(JUDGE_ENFORCE, v, fd);
		(void)close(fd);
	}
	for (int v = 0; v < JUDGE_VIOLATION_COUNT; v++) {
		struct judgement judgement;

		check(judge_record(judges[v], (const char *)data, size, &judgement) == 0);
		check_judgement(v, &judgement);
	}
	return 0;
}
