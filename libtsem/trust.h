/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trust.h - a model that must be signed: read with its envelope and a keyring
 * from descriptors, and handed out only when all of it was verified.
 */
#ifndef TSEM_TRUST_H
#define TSEM_TRUST_H

#include "statement.h"

/**
 * struct tsem_trust - Whom to trust.
 * @measure: Of SHA-256, for the bytes of the model; borrowed.
 * @keyring: Who may sign.
 * @envelope: What was signed, and by whom.
 * @statement: What it says.
 * @signers: Who has signed it; borrowed from @keyring.
 */
struct tsem_trust {
	struct tsem_hasher *measure;
	struct tsem_keyring keyring;
	struct tsem_envelope envelope;
	struct tsem_statement statement;
	struct tsem_signers signers;
};

/** struct tsem_trust_params - What is asked for. */
struct tsem_trust_params {
	int fd_envelope;	/* regular file, borrowed */
	int fd_keyring;		/* the same */
	unsigned int threshold; /* how many must have signed, from 1 */
	const char *name;	/* of the workload; NULL: whatever it says */
};

/**
 * tsem_trust_prepare() - Have the libraries load and open whatever they need, once.
 *
 * To be called before a sandbox, inside which the rest opens and loads nothing.
 * Return: 0 or -ENOTSUP if there is no Ed25519.
 */
int tsem_trust_prepare(void);

/**
 * tsem_trust_read() - Read keyring and envelope, verify the signatures, take the statement.
 * @trust: Its @measure is there; the rest is filled in.
 * @error: Filled in whenever the result is negative; never NULL.
 *
 * Return: 0; -EKEYREJECTED (whatever is wrong with signatures, keys or statement);
 * -ENOMEM; an errno of read().
 */
int tsem_trust_read(struct tsem_trust *trust, const struct tsem_trust_params *params,
		    struct tsem_model_error *error);

/**
 * tsem_trust_read_model() - Read the model that the statement is about.
 * @source: Of the model; its @measure is set here.
 *
 * The bytes that are parsed are the bytes that are measured, so nobody can
 * exchange them in between.
 *
 * Return: 0; -EKEYREJECTED if it is another model; else as tsem_model_read().
 */
int tsem_trust_read_model(const struct tsem_trust *trust, const struct tsem_model_source *source,
			  struct tsem_model_error *error, struct tsem_model **ret);

#endif
