/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* policy.h - what a verifier wants of a machine and its workloads: quixote-policy(5). */
#ifndef QUIXOTE_POLICY_H
#define QUIXOTE_POLICY_H

#include <limits.h>

#include "../libtsem/anchor-entry.h"
#include "text.h"

/** POLICY_WORKLOADS - Most workloads of one machine that are asked for. */
#define POLICY_WORKLOADS 64u

/**
 * struct policy_workload - A section [Workload NAME].
 * @model: Model=, SHA-256 in hexadecimal; "" if it follows from a signature.
 * @keys: Keys=, directory; "" if there is none.
 * @threshold: Threshold=.
 * @version: MinimumVersion=.
 * @mode: Mode=.
 * @stopped: State=any: it need not run.
 */
struct policy_workload {
	char name[TSEM_ANCHOR_NAME_BYTES + 1];
	char model[2 * TSEM_ANCHOR_HASH + 1];
	char keys[PATH_MAX];
	unsigned int threshold;
	uint64_t version;
	enum tsem_anchor_mode mode;
	bool stopped;
};

/**
 * struct policy - A file.
 * @key: Key=, path of the machine's key.
 * @max_age_usec: MaxAge=.
 * @pcr: Register=.
 * @start: Start=: the register before the anchor's log.
 * @checkpoint: Checkpoint=yes: a log need not be told from its first record on.
 * @aggregate: Aggregate=yes: the kernel must tell what TSEM saw of the boot registers.
 * @suspend: Suspend=yes: a TPM that was started again without a reset has slept.
 * @boot: Bits of the registers that have a value.
 * @values: PCRn=.
 */
struct policy {
	char key[PATH_MAX];
	uint64_t max_age_usec;
	unsigned int pcr;
	uint8_t start[TSEM_ANCHOR_HASH];
	bool checkpoint;
	bool aggregate;
	bool suspend;
	uint32_t boot;
	uint8_t values[24][TSEM_ANCHOR_HASH];
	struct policy_workload workloads[POLICY_WORKLOADS];
	size_t workload_count;
};

/**
 * policy_read() - Read a file. Paths in it are relative to its directory.
 * @why: A sentence, whenever the result is negative.
 * Return: 0; -EBADMSG; an errno of open().
 */
int policy_read(const char *path, struct policy *ret, struct text *why);

#endif
