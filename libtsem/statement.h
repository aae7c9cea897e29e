/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * statement.h - what a signature says about a model, docs/model-format.md: which
 * bytes, what for, how well trained, from which source, which version. What
 * follows from the model is compared with it; the rest is the signer's word.
 */
#ifndef TSEM_STATEMENT_H
#define TSEM_STATEMENT_H

#include "envelope.h"

/** TSEM_SOURCE_BYTES - Longest name of a source: a commit in any hash function. */
#define TSEM_SOURCE_BYTES 128u

/** TSEM_SHA256_CHARS - Hexadecimal digits of a SHA-256. */
#define TSEM_SHA256_CHARS 64u

/**
 * struct tsem_statement - About one model.
 * @name: Of the workload.
 * @version: From 1; a model with a lower one than was accepted before is refused.
 * @sha256: Of the model file, hexadecimal.
 * @fields: "portable" or "strict".
 * @digest: Name of the hash function.
 * @nsref: "initial" or "current".
 * @source: Of the workload: a commit; "" if unknown.
 * @runs: Training runs.
 * @coefficients: In the model.
 * @programs: In the model.
 * @events: Seen in all runs; this and what follows as coverage.h counts.
 * @once: Coefficients that were seen once only: the fewer, the less is unseen.
 * @twice: The same, twice.
 * @shown: Coefficients that runs showed, counted once for each run.
 * @shown_once: Coefficients that one run only showed.
 * @shown_twice: The same, two runs.
 */
struct tsem_statement {
	char name[TSEM_MODEL_NAME_BYTES + 1];
	uint64_t version;
	char sha256[TSEM_SHA256_CHARS + 1];
	char fields[16];
	char digest[TSEM_MODEL_NAME_BYTES + 1];
	char nsref[16];
	char source[TSEM_SOURCE_BYTES + 1];
	uint64_t runs;
	uint64_t coefficients;
	uint64_t programs;
	uint64_t events;
	uint64_t once;
	uint64_t twice;
	uint64_t shown;
	uint64_t shown_once;
	uint64_t shown_twice;
};

/**
 * tsem_statement_about() - What follows from a model; the rest is empty.
 * @sha256: Of its file.
 */
void tsem_statement_about(const struct tsem_model *model, const uint8_t sha256[32],
			  struct tsem_statement *ret);

/**
 * tsem_statement_agrees() - Whether two say the same of a model; source and version may differ.
 * @error: A sentence about the first that differs.
 * Return: 0 or -EKEYREJECTED.
 */
int tsem_statement_agrees(const struct tsem_statement *statement,
			  const struct tsem_statement *model, struct tsem_model_error *error);

/**
 * tsem_statement_parse() - Read it from an envelope whose signatures were verified.
 * Return: 0; -EBADMSG; -EPROTONOSUPPORT (another formula); -ENOMEM.
 */
int tsem_statement_parse(const struct tsem_envelope *envelope, struct tsem_statement *ret,
			 struct tsem_model_error *error);

/** tsem_statement_print() - Into an envelope, which has no signatures then. */
void tsem_statement_print(const struct tsem_statement *statement, struct tsem_envelope *ret);

/** tsem_statement_is_source() - Whether a source may be called so: printable ASCII, no quotes. */
int tsem_statement_is_source(const char *source);

#endif
