/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * token.h - verdicts as an Entity Attestation Token (RFC 9711), a CWT in COSE_Sign1
 * by Ed25519: for whoever believes this verifier and has no policy of his own.
 */
#ifndef QUIXOTE_TOKEN_H
#define QUIXOTE_TOKEN_H

#include "../libtsem/key.h"
#include "appraise.h"

/** struct token - Its bytes; to be freed. */
struct token {
	uint8_t *data;
	size_t size;
};

/**
 * token_make() - Sign verdicts.
 * @now_sec: Since 1970.
 * Return: 0 or -ENOMEM.
 */
int token_make(const struct appraisals *appraisals, const struct evidence_nonce *nonce,
	       uint64_t now_sec, const struct tsem_private_key *key, struct token *ret);

#endif
