/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* signed.h - a model verified with its signature, as the modelling agent will do it. */
#ifndef QUIXOTE_SIGNED_H
#define QUIXOTE_SIGNED_H

#include "../libtsem/trust.h"
#include "../orchestrator/config.h"
#include "open.h"
#include "text.h"

/** SIGNED_SUFFIX - Of the file of signatures, beside the model. */
#define SIGNED_SUFFIX ".sig"

/**
 * struct signed_params - What to verify; borrowed.
 * @model: Path.
 * @keys: Directory.
 * @threshold: How many must have signed.
 * @name: Of the workload; NULL: whatever was signed, and no version was accepted.
 */
struct signed_params {
	const char *model;
	const char *keys;
	unsigned int threshold;
	const char *name;
};

/** struct signed_model - A model that was verified. */
struct signed_model {
	struct tsem_trust trust;
	struct opened opened;
};

/**
 * signed_read() - Read and verify.
 * @why: A sentence, whenever the result is negative.
 * @ret: To be ended by signed_done(), whatever the result.
 * Return: 0 or a negative errno.
 */
int signed_read(const struct signed_params *params, struct text *why, struct signed_model *ret);

void signed_done(struct signed_model *model);

/** signed_tell() - "signed by alice, bob; version 3, source ...": one line without its end. */
void signed_tell(const struct signed_model *model, struct text *text);

/**
 * signed_measure() - Read a model and the SHA-256 of its file, which nobody needs to have signed.
 * @ret: What is true about it; version and source are empty.
 * Return: as open_model().
 */
int signed_measure(const char *path, struct opened *ret_model, struct tsem_statement *ret,
		   struct tsem_model_error *error);

#endif
