/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* appraise.h - evidence held against a policy: a verdict for each workload that is asked for. */
#ifndef QUIXOTE_APPRAISE_H
#define QUIXOTE_APPRAISE_H

#include "../libtsem/anchor-log.h"
#include "evidence.h"
#include "policy.h"
#include "seen.h"

/**
 * struct appraisal - Of one workload.
 * @name: Borrowed from the policy.
 * @trusted: All that the policy asks for is so.
 * @words: Why, or why not.
 * @entry: Its newest, if there is one.
 */
struct appraisal {
	const char *name;
	bool trusted;
	struct text words;
	bool known;
	struct tsem_anchor_entry entry;
};

/**
 * struct appraisals - Of one machine.
 * @made_usec: When the evidence was made, by the machine's clock.
 * @log: In it, after its last line.
 * @believed: Number of the record with which it, or what was seen of it, begins, if that is a
 *            checkpoint and nothing tells of what was before; else 0.
 */
struct appraisals {
	struct appraisal all[POLICY_WORKLOADS];
	size_t count;
	uint64_t made_usec;
	struct tsem_anchor_log log;
	uint64_t believed;
};

/**
 * struct appraise_params - What is held against what.
 * @now_usec: The verifier's clock, since 1970.
 * @before: Lines of the log before those in the evidence; may be empty.
 * @seen: What was seen before; NULL if nobody remembers.
 */
struct appraise_params {
	const struct evidence *evidence;
	const struct policy *policy;
	uint64_t now_usec;
	const struct text *before;
	struct seen *seen;
};

/**
 * appraise() - Hold it against.
 * @why: A sentence, whenever the result is negative.
 * @ret: To be ended by appraisals_done(), whatever the result.
 *
 * Return: 0, whatever is said of workloads; -EKEYREJECTED if the machine itself is not as the
 * policy wants; -ENOMEM.
 */
int appraise(const struct appraise_params *params, struct appraisals *ret, struct text *why);

void appraisals_done(struct appraisals *appraisals);

#endif
