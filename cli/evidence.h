/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * evidence.h - an evidence file, docs/attestation.md: two lines, of which the second is a
 * quote that signs the first, the nonce and the registers. Made by quixote attest, opened by
 * quixote verify: with OpenSSL, jansson and the TPM's own unmarshalling, without a TPM.
 */
#ifndef QUIXOTE_EVIDENCE_H
#define QUIXOTE_EVIDENCE_H

#include <jansson.h>
#include <openssl/evp.h>

#include "../libtsem/anchor-entry.h"
#include "text.h"

/** EVIDENCE_NONCE_MIN - Bytes: fewer could be guessed. */
#define EVIDENCE_NONCE_MIN 8u

/** EVIDENCE_NONCE_MAX - Bytes. */
#define EVIDENCE_NONCE_MAX 64u

/** EVIDENCE_BYTES - Longest file: twice a log, as its lines are quoted. */
#define EVIDENCE_BYTES (130u << 20)

/** EVIDENCE_REGISTERS - That are quoted besides the anchor's: the firmware's, and the root model's.
 */
#define EVIDENCE_REGISTERS 0x8ffu

/** struct evidence_nonce - The verifier's. */
struct evidence_nonce {
	uint8_t data[EVIDENCE_NONCE_MAX];
	size_t size;
};

/** evidence_nonce_parse() - From hexadecimal. Return: 0 or -EINVAL. */
int evidence_nonce_parse(const char *hex, struct evidence_nonce *ret);

/**
 * evidence_digest() - What the TPM is given to be signed with the registers.
 * @body: First line, with its line feed.
 */
void evidence_digest(const struct evidence_nonce *nonce, const void *body, size_t size,
		     uint8_t ret[TSEM_ANCHOR_HASH]);

/** evidence_add_quote() - The second line. @signature: r and s, 32 bytes each. */
void evidence_add_quote(struct text *t, const uint8_t *attest, size_t attest_size,
			const uint8_t signature[64]);

/**
 * struct evidence - What was opened.
 * @body: First line; owned.
 * @registers: Those that were quoted.
 * @values: Of them.
 * @resets: How often the TPM was reset, as it says itself.
 * @restarts: How often it was started since without a reset: registers may have begun anew.
 */
struct evidence {
	json_t *body;
	uint32_t registers;
	uint8_t values[24][TSEM_ANCHOR_HASH];
	uint64_t resets;
	uint64_t restarts;
};

/**
 * evidence_open() - Verify all of a file, then look into it.
 * @ak: The machine's key.
 * @why: A sentence, whenever the result is negative.
 * @ret: To be ended by evidence_done(), on success.
 * Return: 0; -EKEYREJECTED (not signed by @ak, or changed, or for another nonce); -EBADMSG (signed,
 * and yet not evidence); -ENOMEM.
 */
int evidence_open(const char *data, size_t size, EVP_PKEY *ak, const struct evidence_nonce *nonce,
		  struct evidence *ret, struct text *why);

void evidence_done(struct evidence *evidence);

#endif
