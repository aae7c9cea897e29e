/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings.h - tpm.conf(5): which TPM, and what of it is ours. Read by the anchor and by quixote.
 */
#ifndef QUIXOTE_SETTINGS_H
#define QUIXOTE_SETTINGS_H

#include <stdint.h>

#include "../../libtsem/anchor-entry.h"

/** SETTINGS_FILE - Where it is; all of it has defaults, so that it need not be there. */
#define SETTINGS_FILE "/etc/quixote/tpm.conf"

/** SETTINGS_LOG - Newest file of the log, in its directory; those before have a number behind it.
 */
#define SETTINGS_LOG "anchor.cel"

/** SETTINGS_TEXT - Longest path or TCTI, and its NUL. */
#define SETTINGS_TEXT 200

/** SETTINGS_INDICES - Most indices of workloads: a TPM holds about ten of anybody. */
#define SETTINGS_INDICES 4u

/** struct settings_index - An NV index that has the heads of one workload's chain. */
struct settings_index {
	char workload[TSEM_ANCHOR_NAME_BYTES + 1];
	uint32_t index;
};

/**
 * struct settings - What a file says.
 * @tcti: TCTI=, as libtss2-tctildr takes it.
 * @pcr: Register=.
 * @counter: Counter=, an index of the owner's; 0 if there shall be none.
 * @indices: Indices=.
 * @index_count: Of them.
 * @interval_sec: Interval=.
 * @log_bytes: LogSize=: a longer file of the log is followed by another one.
 * @keep: Keep=, files of the log before the newest.
 * @directory: Directory=, of the log.
 * @socket: Socket=.
 */
struct settings {
	char tcti[SETTINGS_TEXT];
	unsigned int pcr;
	uint32_t counter;
	struct settings_index indices[SETTINGS_INDICES];
	size_t index_count;
	unsigned int interval_sec;
	uint64_t log_bytes;
	unsigned int keep;
	char directory[SETTINGS_TEXT];
	char socket[SETTINGS_TEXT];
};

/** struct settings_error - A sentence. */
struct settings_error {
	char text[400];
};

/**
 * settings_read() - Read a file.
 * @path: NULL for SETTINGS_FILE, which may be missing.
 * @error: Filled in whenever the result is negative; never NULL.
 * Return: 0; -EBADMSG; an errno of open().
 */
int settings_read(const char *path, struct settings *ret, struct settings_error *error);

#endif
