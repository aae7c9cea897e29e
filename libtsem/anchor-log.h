/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * anchor-log.h - the log of what a register of the TPM was extended with, in
 * TCG's Canonical Event Log (CEL-JSON), and the chains of workloads that it
 * carries. The same code makes it, verifies it at the start of the anchor and
 * replays it for the verifier. docs/attestation.md has the format.
 *
 * Pure: no file, no clock. Each line is one extension. A log may be in several
 * files, one after the other; those after the first begin with a checkpoint, which
 * says all that the lines before led to.
 */
#ifndef TSEM_ANCHOR_LOG_H
#define TSEM_ANCHOR_LOG_H

#include "anchor-entry.h"
#include "core/sha256.h"

/** TSEM_ANCHOR_CHAINS - Most workloads that a machine has ever anchored: several times what runs.
 */
#define TSEM_ANCHOR_CHAINS 1024u

/** TSEM_ANCHOR_BATCH - Most entries of one extension: a burst of as many starts. */
#define TSEM_ANCHOR_BATCH 64u

/** TSEM_ANCHOR_LINE_BYTES - Longest line: a checkpoint of all chains, and its line feed. */
#define TSEM_ANCHOR_LINE_BYTES (1u << 20)

/** TSEM_ANCHOR_LOG_BYTES - Longest file, and most of a log in evidence: its replay takes seconds.
 */
#define TSEM_ANCHOR_LOG_BYTES (64u << 20)

/**
 * struct tsem_anchor_chain - Of one workload.
 * @last: Its newest entry, if @known.
 * @head: Hash over its entries; zeros before the first.
 * @number: Of entries.
 * @version: Highest version of its model.
 * @folded: H(old @folded || @head) after each record that has entries of it, from zeros: what an NV
 *	index that is extended with the heads has.
 * @folded_before: Before the last of these records.
 * @record: Number of that record; 0 if there is none.
 * @known: @last is in this log, and not in one of an earlier boot.
 * @violated: An entry since the last start says that an event was outside the model.
 */
struct tsem_anchor_chain {
	char workload[TSEM_ANCHOR_NAME_BYTES + 1];
	uint8_t head[TSEM_ANCHOR_HASH];
	uint64_t number;
	uint64_t version;
	uint8_t folded[TSEM_ANCHOR_HASH];
	uint8_t folded_before[TSEM_ANCHOR_HASH];
	uint64_t record;
	struct tsem_anchor_entry last;
	bool known;
	bool violated;
};

/**
 * struct tsem_anchor_file - What the first line of a file says of files.
 * @serial: Number of the file, from 1; 0 if it has none, as in format 1.
 * @before: SHA-256 of the whole file before; zeros if there is none.
 * @pruned: Files up to this number need not be kept any more.
 * @time_usec: When the file was begun, since 1970.
 */
struct tsem_anchor_file {
	uint64_t serial;
	uint8_t before[TSEM_ANCHOR_HASH];
	uint64_t pruned;
	uint64_t time_usec;
};

/**
 * struct tsem_anchor_begin - What a log begins with.
 * @file: Of the newest file.
 * @boot: The kernel's id of the boot, 16 bytes in hexadecimal.
 * @reset: How often the TPM was reset, as it counts.
 * @counter: Of the NV counter; 0 if there is none.
 * @start: The register before.
 * @time_usec: Since 1970.
 */
struct tsem_anchor_begin {
	struct tsem_anchor_file file;
	char boot[33];
	uint64_t reset;
	uint64_t counter;
	uint8_t start[TSEM_ANCHOR_HASH];
	uint64_t time_usec;
};

/**
 * struct tsem_anchor_log - A log as far as it was replayed.
 * @pcr: Number of the register.
 * @lines: That were replayed.
 * @first: Number of the first of them: above 0 it is a checkpoint, and what was before is believed.
 * @records: Of the log, those before @first included.
 * @begin: What the log began with.
 * @file: SHA-256 of the newest file so far.
 * @value: The register after the last line.
 * @before: The register before it.
 * @extended: What the last line extended it with.
 * @chains: Sorted by name.
 * @chain_count: Of them.
 * @error: A sentence, after a failure.
 */
struct tsem_anchor_log {
	unsigned int pcr;
	uint64_t lines;
	uint64_t first;
	uint64_t records;
	struct tsem_anchor_begin begin;
	struct tsem_sha256 file;
	uint8_t value[TSEM_ANCHOR_HASH];
	uint8_t before[TSEM_ANCHOR_HASH];
	uint8_t extended[TSEM_ANCHOR_HASH];
	struct tsem_anchor_chain *chains;
	size_t chain_count;
	char error[120];
};

/** tsem_anchor_log_init() - An empty log for a register. Return: 0 or -ENOMEM. */
int tsem_anchor_log_init(struct tsem_anchor_log *log, unsigned int pcr);

void tsem_anchor_log_done(struct tsem_anchor_log *log);

/** tsem_anchor_log_find() - Return: the chain, borrowed until the log grows, or NULL. */
const struct tsem_anchor_chain *tsem_anchor_log_find(const struct tsem_anchor_log *log,
						     const char *workload);

/**
 * tsem_anchor_log_replay() - Take the next line.
 * @line: Without its line feed.
 *
 * The first one is a begin, or the checkpoint with which a file begins. Nothing
 * is taken of a line that is refused: another spelling, a gap in the
 * numbers, another register, a digest that does not follow from the content,
 * entries out of order, a checkpoint that says something else than the lines before.
 *
 * Return: 0; -EBADMSG (@log->error says why); -E2BIG; -ENOMEM.
 */
int tsem_anchor_log_replay(struct tsem_anchor_log *log, const char *line, size_t size);

/**
 * tsem_anchor_log_begin() - Make the first line of a log.
 * @begin: Its file's @before and @time_usec follow from the rest.
 * @old: Log of an earlier boot whose chains go on; NULL if there is none.
 * @ret: TSEM_ANCHOR_LINE_BYTES; without line feed.
 *
 * @log has taken it when this returns. Return: size of the line; -EINVAL; -E2BIG; -ENOMEM.
 */
int tsem_anchor_log_begin(struct tsem_anchor_log *log, const struct tsem_anchor_begin *begin,
			  const struct tsem_anchor_log *old, char *ret);

/**
 * tsem_anchor_log_checkpoint() - Make the first line of the next file.
 * @file: Its @before is not looked at.
 * Return: as above.
 */
int tsem_anchor_log_checkpoint(struct tsem_anchor_log *log, const struct tsem_anchor_file *file,
			       char *ret);

/** tsem_anchor_log_same_chains() - Whether the same is known of the same workloads. */
bool tsem_anchor_log_same_chains(const struct tsem_anchor_log *a, const struct tsem_anchor_log *b);

/** tsem_anchor_log_hash_file() - SHA-256 of the newest file so far; zeros before the first line. */
void tsem_anchor_log_hash_file(const struct tsem_anchor_log *log, uint8_t ret[TSEM_ANCHOR_HASH]);

/**
 * tsem_anchor_log_append() - Make the next line, of entries.
 * @entries: Valid but for their numbers, which are filled in.
 * @count: From 1 to TSEM_ANCHOR_BATCH.
 * Return: as above.
 */
int tsem_anchor_log_append(struct tsem_anchor_log *log, struct tsem_anchor_entry *entries,
			   size_t count, char *ret);

/**
 * tsem_anchor_log_parse_boot() - The kernel's spelling of a boot's id, with its dashes.
 * Return: 0 or -EBADMSG.
 */
int tsem_anchor_log_parse_boot(const char *text, char ret[33]);

#endif
