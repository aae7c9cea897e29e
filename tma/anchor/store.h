/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store.h - the log on disk and the register in the TPM, which say the same or
 * nothing is anchored. A line is on disk before the register is extended, so
 * that after any crash the log is at most that one line ahead.
 */
#ifndef QUIXOTE_STORE_H
#define QUIXOTE_STORE_H

#include "../../libtsem/anchor-log.h"
#include "settings.h"
#include "tpm.h"

/**
 * struct store - Both.
 * @settings: Borrowed.
 * @tpm: Borrowed.
 * @tpm_error: What @tpm says; borrowed.
 * @dir: Directory, locked.
 * @fd: Newest file of the log, at its end.
 * @size: Of it.
 * @first_size: Of its first line.
 * @oldest: Number of the oldest file before it, or lower.
 * @newest: Number of the newest of them; 0 if there is none.
 * @boot: The kernel's id of this boot.
 * @log: As it was replayed.
 * @line: Being made.
 * @error: A sentence, after a failure, with what to do.
 */
struct store {
	const struct settings *settings;
	struct tpm *tpm;
	const struct tpm_error *tpm_error;
	int dir;
	int fd;
	uint64_t size;
	uint64_t first_size;
	uint64_t oldest;
	uint64_t newest;
	char boot[33];
	struct tsem_anchor_log log;
	char *line;
	char error[480];
};

/**
 * store_open() - Open and lock what is on disk; nothing of it is read.
 * Return, here and below: 0, or a negative errno after which the store is of no more use.
 */
int store_open(const struct settings *settings, struct store *ret);

/**
 * store_begin() - Verify the log of the last time against the TPM, and go on with it, or begin
 * another one after a boot.
 */
int store_begin(struct store *store, struct tpm *tpm, const struct tpm_error *error);

/**
 * store_append() - Entries into the log, then into the register. If its file has become too long,
 * another one is begun before.
 */
int store_append(struct store *store, struct tsem_anchor_entry *entries, size_t count);

void store_close(struct store *store);

#endif
