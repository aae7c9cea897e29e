/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tpm.h - what the anchor and quixote ask of a TPM 2.0, through ESYS. Knows no
 * log and no workload. Leaves nothing behind in the TPM but the NV counter: keys
 * are primary keys, made again from the TPM's own seed each time and flushed after.
 */
#ifndef QUIXOTE_TPM_H
#define QUIXOTE_TPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** TPM_HASH - Bytes of SHA-256, the bank that is used. */
#define TPM_HASH 32u

/** TPM_PCRS - Registers that a PC has. */
#define TPM_PCRS 24u

/** TPM_BLOB - Room for a structure of the TPM, marshalled: none of ours is longer. */
#define TPM_BLOB 2048u

/** struct tpm - Opaque; for one thread. */
struct tpm;

/** struct tpm_blob - Bytes as the TPM marshals them. */
struct tpm_blob {
	uint8_t data[TPM_BLOB];
	size_t size;
};

/** struct tpm_error - What did not work, for a person. */
struct tpm_error {
	char text[240];
};

/**
 * tpm_open() - Connect to a TPM.
 * @tcti: As libtss2-tctildr takes it, such as "device:/dev/tpmrm0".
 * @error: Filled in whenever a result is negative, here and below; never NULL. Kept by reference.
 *
 * Return, here and below: 0; -ENODEV (no TPM, or it does not answer); -EBUSY (others have used
 * all of it for longer than is waited); -EACCES (locked out, or another authorisation is
 * needed); -ENOENT (no such index); -EEXIST; -ENOTSUP (no SHA-256); -EIO (whatever else it said).
 */
int tpm_open(const char *tcti, struct tpm_error *error, struct tpm **ret);

/** tpm_close() - Takes NULL. Return: NULL. */
struct tpm *tpm_close(struct tpm *tpm);

static inline void tpm_closep(struct tpm **tpm)
{
	*tpm = tpm_close(*tpm);
}

/** tpm_read_resets() - How often it was reset: a number that is another after each boot. */
int tpm_read_resets(struct tpm *tpm, uint64_t *ret);

/** tpm_read_register() - A register of the SHA-256 bank. */
int tpm_read_register(struct tpm *tpm, unsigned int pcr, uint8_t ret[TPM_HASH]);

/** tpm_extend() - A register of the SHA-256 bank. Needs neither files nor further contexts. */
int tpm_extend(struct tpm *tpm, unsigned int pcr, const uint8_t digest[TPM_HASH]);

/** tpm_set_owner() - The owner's authorisation, for what defines and removes; @size at most 64. */
int tpm_set_owner(struct tpm *tpm, const void *secret, size_t size);

/** tpm_counter_define() - A counter of ours. Return: -EEXIST if the index is there, whose ever. */
int tpm_counter_define(struct tpm *tpm, uint32_t index);

/** tpm_counter_remove() - Only if it is ours. Return: -ENOENT; -EPERM if it is not. */
int tpm_counter_remove(struct tpm *tpm, uint32_t index);

/** tpm_counter_read() - Return: -ENOENT; -EPERM if the index is not ours. */
int tpm_counter_read(struct tpm *tpm, uint32_t index, uint64_t *ret);

/** tpm_counter_increment() - The same. */
int tpm_counter_increment(struct tpm *tpm, uint32_t index);

/**
 * tpm_index_define() - An index of ours that can be extended only, and is as if it were new after
 * each reset. Return: -EEXIST if it is there, whose ever.
 */
int tpm_index_define(struct tpm *tpm, uint32_t index);

/** tpm_index_remove() - As tpm_counter_remove(). */
int tpm_index_remove(struct tpm *tpm, uint32_t index);

/** tpm_index_read() - Zeros before the first extension. Return: as tpm_counter_read(). */
int tpm_index_read(struct tpm *tpm, uint32_t index, uint8_t ret[TPM_HASH]);

/** tpm_index_extend() - The same. */
int tpm_index_extend(struct tpm *tpm, uint32_t index, const uint8_t data[TPM_HASH]);

/**
 * tpm_ak() - The public area (TPMT_PUBLIC) of the attestation key.
 *
 * ECDSA on NIST P-256, restricted, a primary key of the endorsement hierarchy, so that what it
 * signs tells the real count of resets.
 */
int tpm_ak(struct tpm *tpm, struct tpm_blob *ret);

/** struct tpm_quote - What a TPM says of registers. */
struct tpm_quote {
	struct tpm_blob attest; /* TPMS_ATTEST */
	uint8_t signature[64];	/* r and s, 32 bytes each */
};

/**
 * tpm_quote() - Quote registers of the SHA-256 bank.
 * @pcrs: A bit each.
 * @data: What is to be signed with them.
 */
int tpm_quote(struct tpm *tpm, uint32_t pcrs, const uint8_t data[TPM_HASH], struct tpm_quote *ret);

/**
 * tpm_ek() - The endorsement key of the default template (RSA 2048).
 * @ret: TPMT_PUBLIC.
 * @ret_certificate: X.509, DER; of size 0 if the TPM has none.
 */
int tpm_ek(struct tpm *tpm, struct tpm_blob *ret, struct tpm_blob *ret_certificate);

/**
 * tpm_activate() - Show that the attestation key is in the TPM of the endorsement key.
 * @credential: TPM2B_ID_OBJECT, marshalled.
 * @secret: TPM2B_ENCRYPTED_SECRET, the same.
 * @ret: What was in it. It comes encrypted from the TPM, in a salted session.
 * Return: -EPERM if it is for another key.
 */
int tpm_activate(struct tpm *tpm, const struct tpm_blob *credential, const struct tpm_blob *secret,
		 uint8_t ret[TPM_HASH]);

#endif
