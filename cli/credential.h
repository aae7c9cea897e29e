/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * credential.h - how a verifier comes to know a machine's attestation key: that
 * it is in the TPM whose endorsement key has a certificate. The verifier's half, without
 * a TPM; the other is tpm_activate(). Source: TPM 2.0 library, part 1, section 24.
 */
#ifndef QUIXOTE_CREDENTIAL_H
#define QUIXOTE_CREDENTIAL_H

#include <openssl/evp.h>

#include "text.h"

/** CREDENTIAL_BLOB - Room for what a TPM marshals. */
#define CREDENTIAL_BLOB 2048u

/** CREDENTIAL_SECRET - Bytes of what is sent to and fro. */
#define CREDENTIAL_SECRET 32u

/** struct credential_request - Of a machine. */
struct credential_request {
	uint8_t ak[CREDENTIAL_BLOB]; /* TPMT_PUBLIC, as the next */
	size_t ak_size;
	uint8_t ek[CREDENTIAL_BLOB];
	size_t ek_size;
	uint8_t certificate[CREDENTIAL_BLOB]; /* of the latter, DER */
	size_t certificate_size;
};

/** struct credential_challenge - To it. */
struct credential_challenge {
	uint8_t credential[CREDENTIAL_BLOB]; /* TPM2B_ID_OBJECT */
	size_t credential_size;
	uint8_t secret[CREDENTIAL_BLOB]; /* TPM2B_ENCRYPTED_SECRET */
	size_t secret_size;
};

/** credential_read_request() - A file. Return: 0; -EBADMSG; an errno of open(). */
int credential_read_request(const char *path, struct credential_request *ret);

/** credential_read_challenge() - The same. */
int credential_read_challenge(const char *path, struct credential_challenge *ret);

/** credential_print_challenge() - As such a file. */
void credential_print_challenge(const struct credential_challenge *challenge, struct text *ret);

/**
 * credential_take_ak() - The attestation key.
 *
 * Refused is one that is not made as ours is: one that signs what it is given could sign a quote
 * that no TPM has made.
 *
 * Return: 0, or -EKEYREJECTED with a sentence.
 */
int credential_take_ak(const struct credential_request *request, EVP_PKEY **ret, struct text *why);

/**
 * credential_check_ek() - Whether the endorsement key is that of a real TPM.
 * @roots: File of certificates (PEM) of who makes TPMs, those in between included.
 * Return: 0, or -EKEYREJECTED with a sentence.
 */
int credential_check_ek(const struct credential_request *request, const char *roots,
			struct text *why);

/**
 * credential_challenge() - Something that the TPM with the endorsement key can read only if
 * the attestation key is in it.
 * Return: 0; -EKEYREJECTED with a sentence; -ENOMEM.
 */
int credential_challenge(const struct credential_request *request,
			 const uint8_t secret[CREDENTIAL_SECRET], struct credential_challenge *ret,
			 struct text *why);

#endif
