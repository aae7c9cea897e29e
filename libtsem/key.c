// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * key.c - see key.h. The file of an Ed25519 public key is always the same but
 * for 32 bytes, so it is read without a parser of ASN.1.
 */
#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "cleanup.h"
#include "key.h"

#define BEGIN "-----BEGIN PUBLIC KEY-----\n"
#define END "\n-----END PUBLIC KEY-----\n"

/* SubjectPublicKeyInfo of Ed25519 up to the key, RFC 8410. */
static const uint8_t der_prefix[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
				      0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
#define DER_BYTES (sizeof(der_prefix) + TSEM_KEY_BYTES)
#define BASE64_CHARS BASE64_SIZE(DER_BYTES)

static_assert(sizeof(BEGIN) + BASE64_CHARS + sizeof(END) <= TSEM_KEY_TEXT_BYTES, "a key fits");

DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)
DEFINE_CLEANUP(EVP_MD_CTX, EVP_MD_CTX_free)

/* Public keys. */

static void print_der(const struct tsem_public_key *key, uint8_t ret[DER_BYTES])
{
	memcpy(ret, der_prefix, sizeof(der_prefix));
	memcpy(ret + sizeof(der_prefix), key->bytes, TSEM_KEY_BYTES);
}

static void set_id(struct tsem_public_key *key)
{
	uint8_t der[DER_BYTES], digest[SHA256_DIGEST_LENGTH];

	print_der(key, der);
	(void)SHA256(der, sizeof(der), digest); /* fails without a result only */
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)sprintf(key->id + 2 * i, "%02x", digest[i]);
}

void tsem_public_key_print(const struct tsem_public_key *key, char ret[TSEM_KEY_TEXT_BYTES])
{
	uint8_t der[DER_BYTES];
	char text[BASE64_CHARS + 1];

	print_der(key, der);
	base64_print(der, sizeof(der), text);
	(void)snprintf(ret, TSEM_KEY_TEXT_BYTES, BEGIN "%s" END, text); /* it fits */
}

int tsem_key_is_name(const char *name, size_t size)
{
	if (!size || size > TSEM_KEY_NAME_BYTES || name[0] == '.' || name[0] == '-')
		return false;
	for (size_t i = 0; i < size; i++) {
		char c = name[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    (!c || !strchr("._-@", c)))
			return false;
	}
	return true;
}

/* Keyrings. */

/** struct ring - A keyring being read. */
struct ring {
	const char *at;
	const char *end;
	unsigned int line;
	struct tsem_model_error *error;
};

static int refuse(const struct ring *r, int result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(const struct ring *r, int result, const char *format, ...)
{
	va_list args;

	r->error->line = r->line;
	va_start(args, format);
	(void)vsnprintf(r->error->text, sizeof(r->error->text), format, args); /* cut */
	va_end(args);
	return result;
}

static int take(struct ring *r, const char *text)
{
	size_t size = strlen(text);

	if ((size_t)(r->end - r->at) < size || memcmp(r->at, text, size))
		return -EBADMSG;
	r->at += size;
	return 0;
}

static int take_name(struct ring *r, struct tsem_public_key *key)
{
	const char *feed;

	if (take(r, "# ") < 0)
		return refuse(r, -EBADMSG, "expected the name of a key");
	feed = memchr(r->at, '\n', r->end - r->at);
	if (!feed || !tsem_key_is_name(r->at, feed - r->at))
		return refuse(r, -EBADMSG, "not a name that a key can have");
	memcpy(key->name, r->at, feed - r->at);
	key->name[feed - r->at] = '\0';
	r->at = feed + 1;
	return 0;
}

static int take_key(struct ring *r, struct tsem_public_key *key)
{
	uint8_t der[DER_BYTES];

	if (take(r, BEGIN) < 0 || (size_t)(r->end - r->at) < BASE64_CHARS ||
	    base64_parse(r->at, BASE64_CHARS, der, sizeof(der)) != sizeof(der) ||
	    memcmp(der, der_prefix, sizeof(der_prefix)))
		return refuse(r, -EBADMSG, "the key %s is not a public key of Ed25519 (PEM)",
			      key->name);
	r->at += BASE64_CHARS;
	if (take(r, END) < 0)
		return refuse(r, -EBADMSG, "the key %s is cut off, or has something behind it",
			      key->name);
	memcpy(key->bytes, der + sizeof(der_prefix), TSEM_KEY_BYTES);
	set_id(key);
	return 0;
}

/* One that were there twice could count twice. */
static int check_new(const struct ring *r, const struct tsem_keyring *ring,
		     const struct tsem_public_key *key)
{
	for (size_t i = 0; i < ring->count; i++) {
		if (!strcmp(ring->keys[i].name, key->name))
			return refuse(r, -EBADMSG, "the key %s is there twice", key->name);
		if (!memcmp(ring->keys[i].bytes, key->bytes, TSEM_KEY_BYTES))
			return refuse(r, -EBADMSG, "%s and %s are the same key", ring->keys[i].name,
				      key->name);
	}
	return 0;
}

static int take_keys(struct ring *r, struct tsem_keyring *ring)
{
	int result = 0;

	for (; result == 0 && r->at < r->end; r->line += 4) {
		struct tsem_public_key key = { .name = "" };

		if (ring->count == TSEM_KEYS)
			return refuse(r, -E2BIG, "more than %u keys", TSEM_KEYS);
		(void)((result = take_name(r, &key)) || (result = take_key(r, &key)) ||
		       (result = check_new(r, ring, &key)));
		if (result == 0)
			ring->keys[ring->count++] = key;
	}
	return result;
}

int tsem_keyring_parse(const char *data, size_t size, struct tsem_keyring *ret,
		       struct tsem_model_error *error)
{
	_cleanup_(freep) struct tsem_keyring *ring = calloc(1, sizeof(*ring));
	struct ring r = { data, data + size, 1, error };
	int result;

	if (!ring)
		return refuse(&r, -ENOMEM, "out of memory");
	result = take_keys(&r, ring);
	if (result == 0)
		*ret = *ring;
	return result;
}

const struct tsem_public_key *tsem_keyring_find(const struct tsem_keyring *keyring, const char *id)
{
	for (size_t i = 0; i < keyring->count; i++) {
		if (!strcmp(keyring->keys[i].id, id))
			return &keyring->keys[i];
	}
	return NULL;
}

/* Private keys: what OpenSSL calls a key, under another name. */

static EVP_PKEY *pkey_of(const struct tsem_private_key *key)
{
	return (EVP_PKEY *)key;
}

int tsem_private_key_new(struct tsem_private_key **ret)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	*ret = (struct tsem_private_key *)key;
	return key ? 0 : -ENOMEM;
}

int tsem_private_key_read(FILE *file, struct tsem_private_key **ret)
{
	EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);

	if (key && EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	if (!key)
		return -EBADMSG;
	*ret = (struct tsem_private_key *)key;
	return 0;
}

int tsem_private_key_write(const struct tsem_private_key *key, FILE *file)
{
	return PEM_write_PrivateKey(file, pkey_of(key), NULL, NULL, 0, NULL, NULL) == 1 ? 0 : -EIO;
}

int tsem_private_key_get_public(const struct tsem_private_key *key, struct tsem_public_key *ret)
{
	struct tsem_public_key public = { .name = "" };
	size_t size = sizeof(public.bytes);

	if (EVP_PKEY_get_raw_public_key(pkey_of(key), public.bytes, &size) != 1 ||
	    size != sizeof(public.bytes))
		return -ENOMEM;
	set_id(&public);
	*ret = public;
	return 0;
}

int tsem_private_key_sign(const struct tsem_private_key *key, const void *data, size_t size,
			  uint8_t ret[TSEM_SIGNATURE_BYTES])
{
	_cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t signature_size = TSEM_SIGNATURE_BYTES;

	if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey_of(key)) != 1 ||
	    EVP_DigestSign(ctx, ret, &signature_size, data, size) != 1)
		return -ENOMEM;
	return 0;
}

int tsem_public_key_verifies(const struct tsem_public_key *key, const void *data, size_t size,
			     const uint8_t signature[TSEM_SIGNATURE_BYTES])
{
	_cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->bytes, TSEM_KEY_BYTES);

	/* Whatever goes wrong: it does not. */
	return ctx && pkey && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	       EVP_DigestVerify(ctx, signature, TSEM_SIGNATURE_BYTES, data, size) == 1;
}

struct tsem_private_key *tsem_private_key_free(struct tsem_private_key *key)
{
	EVP_PKEY_free(pkey_of(key)); /* wipes it */
	return NULL;
}
