/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * upstream.h - models in the line format of upstream's quixote: digests without
 * what made them. Converted, never used: who signed one it says itself.
 */
#ifndef TSEM_UPSTREAM_H
#define TSEM_UPSTREAM_H

#include "core/coefficient.h"
#include "model.h"

/** TSEM_UPSTREAM_BYTES - Longest file: as many of the longest lines as a model can have points. */
#define TSEM_UPSTREAM_BYTES (TSEM_MODEL_POINTS * 160ull)

/** enum tsem_upstream_word - What a line says. */
enum tsem_upstream_word {
	TSEM_UPSTREAM_PSEUDONYM, /* digest of a path */
	TSEM_UPSTREAM_STATE,	 /* coefficient */
};
#define TSEM_UPSTREAM_WORD_COUNT (TSEM_UPSTREAM_STATE + 1)

/** TSEM_UPSTREAM_LINE_BYTES - Room for a line, its line feed and a NUL. */
#define TSEM_UPSTREAM_LINE_BYTES (2 * TSEM_DIGEST_MAX + 16)

/**
 * tsem_upstream_print() - A line that says something about a digest.
 * @size: Of the digest, in bytes.
 */
void tsem_upstream_print(enum tsem_upstream_word word, const struct tsem_digest *digest,
			 unsigned int size, char ret[TSEM_UPSTREAM_LINE_BYTES]);

/**
 * tsem_upstream_parse() - Read a model.
 * @digest_size: D, in bytes; another one is refused.
 * @visit: Called for each pseudonym and state; a result other than 0 ends it.
 * @error: Filled in whenever the result is negative, unless it is of @visit; never NULL.
 *
 * Comments, keys and signatures mean nothing here. Refused are unknown lines, a
 * base other than 0 (it is part of each state), an aggregate behind a state, a file
 * without its "end", and what follows that but a signature.
 *
 * Return: 0; -EBADMSG; the result of @visit.
 */
struct tsem_upstream_params {
	const char *data;
	size_t size;
	unsigned int digest_size;
	int (*visit)(enum tsem_upstream_word word, const struct tsem_digest *digest,
		     void *userdata);
	void *userdata;
};
int tsem_upstream_parse(const struct tsem_upstream_params *params, struct tsem_model_error *error);

#endif
