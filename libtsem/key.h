/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * key.h - keys that sign models: Ed25519, through OpenSSL. A public key is the
 * file that "openssl pkey -pubout" writes, a private one the file of "openssl
 * genpkey". A keyring is several public ones with their names, in one text.
 */
#ifndef TSEM_KEY_H
#define TSEM_KEY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "model.h"

/** TSEM_KEY_BYTES - Of a public key. */
#define TSEM_KEY_BYTES 32u

/** TSEM_KEYS - Most keys in a keyring: more people than can know what they sign. */
#define TSEM_KEYS 64u

/** TSEM_KEY_NAME_BYTES - Longest name of a key: it is that of its file. */
#define TSEM_KEY_NAME_BYTES 64u

/** TSEM_KEY_ID_CHARS - Hexadecimal digits of the name by which signatures call a key. */
#define TSEM_KEY_ID_CHARS 64u

/** TSEM_KEY_TEXT_BYTES - Room for a public key as text, its NUL included. */
#define TSEM_KEY_TEXT_BYTES 128u

/** TSEM_KEYRING_BYTES - Longest keyring: so many keys with the longest names. */
#define TSEM_KEYRING_BYTES (TSEM_KEYS * (TSEM_KEY_TEXT_BYTES + TSEM_KEY_NAME_BYTES + 4))

/**
 * struct tsem_public_key - Who may sign.
 * @name: That of its file, without its suffix.
 * @id: SHA-256 of its DER form, hexadecimal.
 */
struct tsem_public_key {
	char name[TSEM_KEY_NAME_BYTES + 1];
	char id[TSEM_KEY_ID_CHARS + 1];
	uint8_t bytes[TSEM_KEY_BYTES];
};

/** struct tsem_keyring - Each key once. */
struct tsem_keyring {
	struct tsem_public_key keys[TSEM_KEYS];
	size_t count;
};

/**
 * tsem_keyring_parse() - Read a keyring: for each key a line "# NAME" and its file.
 * @error: Filled in whenever the result is negative; never NULL.
 *
 * One spelling: that of tsem_public_key_print(). Return: 0; -EBADMSG (not so,
 * not of Ed25519, a key or a name twice); -E2BIG.
 */
int tsem_keyring_parse(const char *data, size_t size, struct tsem_keyring *ret,
		       struct tsem_model_error *error);

/** tsem_keyring_find() - Return: the key that has this id, or NULL. */
const struct tsem_public_key *tsem_keyring_find(const struct tsem_keyring *keyring, const char *id);

/** tsem_key_is_name() - Whether a key may have this name: letters, digits, '.', '_', '-', '@'. */
int tsem_key_is_name(const char *name, size_t size);

/** tsem_public_key_print() - As its file, three lines. */
void tsem_public_key_print(const struct tsem_public_key *key, char ret[TSEM_KEY_TEXT_BYTES]);

/** struct tsem_private_key - Opaque: a secret, wiped when freed, that has no print function. */
struct tsem_private_key;

/** tsem_private_key_new() - Make one. Return: 0 or -ENOMEM. */
int tsem_private_key_new(struct tsem_private_key **ret);

/**
 * tsem_private_key_read() - Read one from its file.
 * @file: PEM; one that is encrypted asks for its passphrase on the terminal.
 * Return: 0; -EBADMSG (not an Ed25519 key, or another passphrase); -ENOMEM.
 */
int tsem_private_key_read(FILE *file, struct tsem_private_key **ret);

/** tsem_private_key_write() - Write it, not encrypted. Return: 0 or -EIO. */
int tsem_private_key_write(const struct tsem_private_key *key, FILE *file);

/** tsem_private_key_get_public() - Its other half, without a name. Return: 0 or -ENOMEM. */
int tsem_private_key_get_public(const struct tsem_private_key *key, struct tsem_public_key *ret);

/** TSEM_SIGNATURE_BYTES - Of a signature. */
#define TSEM_SIGNATURE_BYTES 64u

/** tsem_private_key_sign() - Sign bytes. Return: 0 or -ENOMEM. */
int tsem_private_key_sign(const struct tsem_private_key *key, const void *data, size_t size,
			  uint8_t ret[TSEM_SIGNATURE_BYTES]);

/** tsem_public_key_verifies() - Whether a signature is that of this key for these bytes. */
int tsem_public_key_verifies(const struct tsem_public_key *key, const void *data, size_t size,
			     const uint8_t signature[TSEM_SIGNATURE_BYTES]);

/** tsem_private_key_free() - Takes NULL. Return: NULL. */
struct tsem_private_key *tsem_private_key_free(struct tsem_private_key *key);

static inline void tsem_private_key_freep(struct tsem_private_key **key)
{
	*key = tsem_private_key_free(*key);
}

#endif
