/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * envelope.h - a statement with its signatures: DSSE, version 1. Knows nothing
 * of what the statement says; that is statement.h.
 */
#ifndef TSEM_ENVELOPE_H
#define TSEM_ENVELOPE_H

#include "key.h"

/** TSEM_ENVELOPE_TYPE - What a payload of ours is; another is refused. */
#define TSEM_ENVELOPE_TYPE "application/vnd.quixote.model-statement.v1+json"

/** TSEM_ENVELOPE_SIGNATURES - Most signatures: who needs more has another problem. */
#define TSEM_ENVELOPE_SIGNATURES 16u

/** TSEM_PAYLOAD_BYTES - Longest statement: several times what one has. */
#define TSEM_PAYLOAD_BYTES (8u << 10)

/** TSEM_ENVELOPE_BYTES - Longest file. */
#define TSEM_ENVELOPE_BYTES (32u << 10)

/** struct tsem_signature - Of whom, as the envelope says. */
struct tsem_signature {
	char key_id[TSEM_KEY_ID_CHARS + 1];
	uint8_t bytes[TSEM_SIGNATURE_BYTES];
};

/** struct tsem_envelope - One file NAME.model.sig. */
struct tsem_envelope {
	uint8_t payload[TSEM_PAYLOAD_BYTES];
	size_t payload_size;
	struct tsem_signature signatures[TSEM_ENVELOPE_SIGNATURES];
	size_t signature_count;
};

/** struct tsem_signers - Who has signed; borrowed from a keyring. */
struct tsem_signers {
	const struct tsem_public_key *keys[TSEM_ENVELOPE_SIGNATURES];
	size_t count;
};

/**
 * tsem_envelope_parse() - Read one; its signatures are not verified.
 * @error: Filled in whenever the result is negative; never NULL.
 *
 * Unknown and repeated keys are refused, as is base64 in another than its one
 * spelling. Return: 0; -EBADMSG; -E2BIG; -ENOMEM.
 */
int tsem_envelope_parse(const char *data, size_t size, struct tsem_envelope *ret,
			struct tsem_model_error *error);

/** tsem_envelope_print() - As a file; to be freed. Return: 0 or -ENOMEM. */
int tsem_envelope_print(const struct tsem_envelope *envelope, char **ret);

/**
 * tsem_envelope_verify() - Whose signatures are good.
 *
 * A signature counts if a key of the ring has the id that it names, and made
 * it; a key counts once, however often it has signed.
 */
void tsem_envelope_verify(const struct tsem_envelope *envelope, const struct tsem_keyring *keyring,
			  struct tsem_signers *ret);

/**
 * tsem_envelope_sign() - Add a signature, in place of one by the same key.
 * Return: 0; -E2BIG; -ENOMEM.
 */
int tsem_envelope_sign(struct tsem_envelope *envelope, const struct tsem_private_key *key);

#endif
