// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-anchor.c - fuzzes the log of the TPM's register, line by line.
 *
 * Digests seldom fit by chance, so that a line is replayed once as it is, and once as the
 * content of a line that is made for it. What is accepted has one spelling; what is refused
 * leaves the log as it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../libtsem/anchor-log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
	if (!condition)
		abort();
}

static void check_entry(const char *text, size_t size)
{
	struct tsem_cursor c = { text, text + size };
	char again[TSEM_ANCHOR_ENTRY_BYTES];
	struct tsem_anchor_entry entry;

	if (tsem_anchor_entry_take(&c, &entry) < 0)
		return;
	check(tsem_anchor_entry_print(&entry, again) == (size_t)(c.at - text));
	check(memcmp(again, text, c.at - text) == 0);
}

/* Whoever has it alone knows what is known, and goes on as well. */
static void check_checkpoint(struct tsem_anchor_log *log, const struct tsem_anchor_file *file,
			     char *line)
{
	struct tsem_anchor_log again;
	int n = tsem_anchor_log_checkpoint(log, file, line);

	check(n > 0);
	check(tsem_anchor_log_init(&again, log->pcr) == 0);
	check(tsem_anchor_log_replay(&again, line, n) == 0);
	check(again.records == log->records && again.chain_count == log->chain_count);
	check(memcmp(again.value, log->value, sizeof(log->value)) == 0);
	tsem_anchor_log_done(&again);
}

/* Of what is in the first line, and of an entry anywhere. */
static void check_made(struct tsem_anchor_log *log, const char *text, size_t size, char *line)
{
	struct tsem_cursor c = { text, text + size };
	struct tsem_anchor_begin begin = log->begin;
	struct tsem_anchor_log again;
	struct tsem_anchor_entry entry;
	int n;

	if (tsem_anchor_entry_take(&c, &entry) < 0 || begin.file.serial >= UINT64_MAX - 1)
		return;
	begin.file.serial++;
	check(tsem_anchor_log_init(&again, log->pcr) == 0);
	n = tsem_anchor_log_begin(&again, &begin, log, line);
	check(n > 0);
	n = tsem_anchor_log_append(&again, &entry, 1, line);
	check(n > 0 && again.records == 2);
	check(tsem_anchor_log_replay(&again, line, n) < 0); /* not twice */
	begin.file.serial++;
	check_checkpoint(&again, &begin.file, line);
	tsem_anchor_log_done(&again);
}

static void check_line(struct tsem_anchor_log *log, const char *text, size_t size, char *line)
{
	const char *entry = memmem(text, size, "{\"workload\"", 11);
	uint8_t before[TSEM_ANCHOR_HASH];
	uint64_t records = log->records;
	size_t chains = log->chain_count;

	memcpy(before, log->value, sizeof(before));
	if (tsem_anchor_log_replay(log, text, size) < 0) {
		check(log->records == records && log->chain_count == chains);
		check(memcmp(before, log->value, sizeof(before)) == 0);
	} else {
		check(log->records == records + 1 || (!records && log->lines == 1));
	}
	if (!entry || !log->lines)
		return;
	check_entry(entry, text + size - entry);
	check_made(log, entry, text + size - entry, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char *line = malloc(TSEM_ANCHOR_LINE_BYTES);
	struct tsem_anchor_log log;

	if (!line || tsem_anchor_log_init(&log, 13) < 0)
		abort();
	while (size) {
		const char *end = memchr(text, '\n', size);
		size_t part = end ? (size_t)(end - text) : size;

		check_line(&log, text, part, line);
		if (!end)
			break;
		size -= part + 1;
		text = end + 1;
	}
	tsem_anchor_log_done(&log);
	free(line);
	return 0;
}
