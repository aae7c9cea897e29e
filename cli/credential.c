// SPDX-License-Identifier: LGPL-2.1-or-later
/* credential.c - see credential.h. */
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#include "../libtsem/anchor-entry.h"
#include "../libtsem/base64.h"
#include "../libtsem/cleanup.h"
#include "../tma/anchor/template.h"
#include "credential.h"

#define HASH 32u
#define NAME_BYTES (2u + HASH)
#define RSA_BYTES 256u

/* The extended use of a key that says that it is an endorsement key. */
#define EK_USE "2.23.133.8.1"

/* The longest file: three blobs in base64 and their names. */
#define FILE_BYTES (3 * BASE64_SIZE(CREDENTIAL_BLOB) + 256)

DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)
DEFINE_CLEANUP(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
DEFINE_CLEANUP(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(X509_STORE, X509_STORE_free)
DEFINE_CLEANUP(X509_STORE_CTX, X509_STORE_CTX_free)
DEFINE_CLEANUP(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
DEFINE_CLEANUP(OSSL_PARAM, OSSL_PARAM_free)
DEFINE_CLEANUP(BIGNUM, BN_free)
DEFINE_CLEANUP(EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)

static int refuse(struct text *why, const char *text)
{
	text_add_string(why, text);
	return -EKEYREJECTED;
}

/** struct member - Of a file: what stands before it, and where it goes. */
struct member {
	const char *before;
	uint8_t *data;
	size_t *size;
};

static int take_member(struct tsem_cursor *c, const struct member *member)
{
	const char *end;
	ssize_t n;

	if (tsem_take(c, member->before) < 0)
		return -EBADMSG;
	end = memchr(c->at, '"', c->end - c->at);
	if (!end)
		return -EBADMSG;
	n = base64_parse(c->at, end - c->at, member->data, CREDENTIAL_BLOB);
	if (n < 0)
		return -EBADMSG;
	*member->size = n;
	c->at = end;
	return 0;
}

static int read_members(const char *path, const struct member *members, size_t count)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	_cleanup_(freep) char *data = malloc(FILE_BYTES);
	struct tsem_cursor c;
	size_t size;

	if (!file || !data)
		return file ? -ENOMEM : -errno;
	size = fread(data, 1, FILE_BYTES, file);
	if (ferror(file) || size == FILE_BYTES)
		return -EBADMSG;
	c = (struct tsem_cursor){ data, data + size };
	for (size_t i = 0; i < count; i++) {
		if (take_member(&c, &members[i]) < 0)
			return -EBADMSG;
	}
	return tsem_take(&c, "\"}\n") < 0 || c.at != c.end ? -EBADMSG : 0;
}

int credential_read_request(const char *path, struct credential_request *r)
{
	const struct member members[] = {
		{ "{\"ak\":\"", r->ak, &r->ak_size },
		{ "\",\"ek\":\"", r->ek, &r->ek_size },
		{ "\",\"certificate\":\"", r->certificate, &r->certificate_size },
	};

	return read_members(path, members, ARRAY_SIZE(members));
}

int credential_read_challenge(const char *path, struct credential_challenge *c)
{
	const struct member members[] = {
		{ "{\"credential\":\"", c->credential, &c->credential_size },
		{ "\",\"secret\":\"", c->secret, &c->secret_size },
	};

	return read_members(path, members, ARRAY_SIZE(members));
}

void credential_print_challenge(const struct credential_challenge *c, struct text *t)
{
	char base64[BASE64_SIZE(CREDENTIAL_BLOB) + 1];

	base64_print(c->credential, c->credential_size, base64);
	text_format(t, "{\"credential\":\"%s\"", base64);
	base64_print(c->secret, c->secret_size, base64);
	text_format(t, ",\"secret\":\"%s\"}\n", base64);
}

static int unmarshal(const uint8_t *data, size_t size, TPMT_PUBLIC *ret)
{
	size_t at = 0;

	memset(ret, 0, sizeof(*ret));
	return Tss2_MU_TPMT_PUBLIC_Unmarshal(data, size, &at, ret) || at != size ? -EBADMSG : 0;
}

/* Everything but the key itself, as it is marshalled. */
static bool is_like(const TPMT_PUBLIC *key, const TPM2B_PUBLIC *template)
{
	TPMT_PUBLIC copy = *key;
	uint8_t a[CREDENTIAL_BLOB], b[CREDENTIAL_BLOB];
	size_t a_size = 0, b_size = 0;

	copy.unique = template->publicArea.unique;
	return key->type == template->publicArea.type &&
	       !Tss2_MU_TPMT_PUBLIC_Marshal(&copy, a, sizeof(a), &a_size) &&
	       !Tss2_MU_TPMT_PUBLIC_Marshal(&template->publicArea, b, sizeof(b), &b_size) &&
	       a_size == b_size && memcmp(a, b, a_size) == 0;
}

static EVP_PKEY *make_key(const char *type, OSSL_PARAM *params)
{
	_cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *ctx =
		EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	return key;
}

int credential_take_ak(const struct credential_request *request, EVP_PKEY **ret, struct text *why)
{
	static char curve[] = "prime256v1";
	const TPM2B_PUBLIC template = template_ak();
	uint8_t point[65] = { 4 };
	TPMT_PUBLIC key;
	EVP_PKEY *pkey;

	if (unmarshal(request->ak, request->ak_size, &key) < 0 || !is_like(&key, &template))
		return refuse(why, "its attestation key is not made as it must be");
	if (key.unique.ecc.x.size > 32 || key.unique.ecc.y.size > 32)
		return refuse(why, "its attestation key is of another curve");
	memcpy(point + 33 - key.unique.ecc.x.size, key.unique.ecc.x.buffer, key.unique.ecc.x.size);
	memcpy(point + 65 - key.unique.ecc.y.size, key.unique.ecc.y.buffer, key.unique.ecc.y.size);
	pkey = make_key("EC", (OSSL_PARAM[]){
				      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
								       curve, 0),
				      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
									point, sizeof(point)),
				      OSSL_PARAM_construct_end(),
			      });
	if (!pkey)
		return refuse(why, "its attestation key is not on its curve");
	*ret = pkey;
	return 0;
}

static EVP_PKEY *take_ek(const struct credential_request *request)
{
	_cleanup_(OSSL_PARAM_BLD_freep) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	_cleanup_(OSSL_PARAM_freep) OSSL_PARAM *params = NULL;
	_cleanup_(BN_freep) BIGNUM *modulus = NULL, *exponent = BN_new();
	const TPM2B_PUBLIC template = template_ek();
	TPMT_PUBLIC key;

	if (unmarshal(request->ek, request->ek_size, &key) < 0 || !is_like(&key, &template) ||
	    key.unique.rsa.size != RSA_BYTES)
		return NULL;
	modulus = BN_bin2bn(key.unique.rsa.buffer, RSA_BYTES, NULL);
	if (!build || !modulus || !exponent || BN_set_word(exponent, RSA_F4) != 1 ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
		return NULL;
	params = OSSL_PARAM_BLD_to_param(build);
	return params ? make_key("RSA", params) : NULL;
}

static int verify_chain(X509 *certificate, const char *roots, struct text *why)
{
	_cleanup_(X509_STORE_freep) X509_STORE *store = X509_STORE_new();
	_cleanup_(X509_STORE_CTX_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	if (!store || !ctx || X509_STORE_load_file(store, roots) != 1) {
		text_add_shown(why, roots, strlen(roots));
		text_add_string(why, ": there are no certificates in it");
		return -EKEYREJECTED;
	}
	if (X509_STORE_CTX_init(ctx, store, certificate, NULL) != 1)
		return refuse(why, "out of memory");
	if (X509_verify_cert(ctx) == 1)
		return 0;
	text_format(why, "the certificate of its TPM: %s",
		    X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	return -EKEYREJECTED;
}

/* Nor says that it was, and may not be by its key usage. */
static bool is_no_authority(X509 *certificate)
{
	return X509_check_ca(certificate) == 0 &&
	       !(X509_get_extension_flags(certificate) & EXFLAG_CA);
}

/* All bits are set if it does not say. */
static bool may_encipher(X509 *certificate)
{
	return X509_get_key_usage(certificate) & KU_KEY_ENCIPHERMENT;
}

/* tcg-kp-EKCertificate. Source: TCG EK Credential Profile. */
static bool is_for_ek(X509 *certificate)
{
	_cleanup_(EXTENDED_KEY_USAGE_freep) EXTENDED_KEY_USAGE *uses =
		X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);

	for (int i = 0; i < sk_ASN1_OBJECT_num(uses); i++) {
		char name[sizeof(EK_USE) + 1] = "";

		/* A longer one is cut off, and is another: there is room for more than this one. */
		(void)OBJ_obj2txt(name, sizeof(name), sk_ASN1_OBJECT_value(uses, i), 1);
		if (!strcmp(name, EK_USE))
			return true;
	}
	/* It need not say, but what is there has to be one that can be read. */
	return X509_get_ext_by_NID(certificate, NID_ext_key_usage, -1) < 0;
}

/* Who makes TPMs, or has his own authority among --roots=, certifies other keys as well. */
static int check_use(X509 *certificate, struct text *why)
{
	static const struct {
		bool (*is_good)(X509 *certificate);
		const char *refusal;
	} checks[] = {
		{ is_no_authority, "it is that of an authority" },
		{ may_encipher, "its key may not encipher keys, as one of a TPM has to" },
		{ is_for_ek, "it is for other uses; that of a TPM (" EK_USE ") is not among them" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		if (!checks[i].is_good(certificate)) {
			text_format(why, "the certificate is not that of a TPM: %s",
				    checks[i].refusal);
			return -EKEYREJECTED;
		}
	}
	return 0;
}

int credential_check_ek(const struct credential_request *request, const char *roots,
			struct text *why)
{
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *ek = take_ek(request);
	_cleanup_(X509_freep) X509 *certificate = NULL;
	const unsigned char *der = request->certificate;
	int r;

	if (!ek)
		return refuse(why, "its endorsement key is not made as it must be");
	/* Some are padded to the size of their index. */
	certificate = d2i_X509(NULL, &der, (long)request->certificate_size);
	if (!certificate)
		return refuse(why, "its TPM has no certificate");
	if (EVP_PKEY_eq(X509_get0_pubkey(certificate), ek) != 1)
		return refuse(why, "the certificate is that of another TPM");
	r = verify_chain(certificate, roots, why);
	return r < 0 ? r : check_use(certificate, why);
}

/** struct part - Bytes. */
struct part {
	const void *data;
	size_t size;
};

/* KDFa with SHA-256, of up to 32 bytes. Source: part 1, section 11.4.10.2. */
static int derive(const uint8_t seed[HASH], const char *label, struct part context, uint8_t *ret,
		  size_t size)
{
	uint8_t data[128], out[HASH];
	uint32_t bits = (uint32_t)size * 8;
	size_t used = 0, label_size = strlen(label) + 1;

	data[used++] = 0;
	data[used++] = 0;
	data[used++] = 0;
	data[used++] = 1;
	memcpy(data + used, label, label_size);
	used += label_size;
	if (context.size)
		memcpy(data + used, context.data, context.size);
	used += context.size;
	for (int shift = 24; shift >= 0; shift -= 8)
		data[used++] = (uint8_t)(bits >> shift);
	if (!HMAC(EVP_sha256(), seed, HASH, data, used, out, NULL))
		return -ENOMEM;
	memcpy(ret, out, size);
	return 0;
}

static int encrypt_seed(EVP_PKEY *ek, const uint8_t seed[HASH], uint8_t ret[RSA_BYTES])
{
	_cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ek, NULL);
	char *label = OPENSSL_strdup("IDENTITY"); /* with its NUL */
	size_t size = RSA_BYTES;

	if (!ctx || !label || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, sizeof("IDENTITY")) != 1) {
		OPENSSL_free(label);
		return -ENOMEM;
	}
	return EVP_PKEY_encrypt(ctx, ret, &size, seed, HASH) == 1 && size == RSA_BYTES ? 0
										       : -ENOMEM;
}

/* AES-128 in CFB, from zeros: the key is used once. */
static int encrypt(const uint8_t key[16], const uint8_t *data, int size, uint8_t *ret)
{
	_cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	static const uint8_t zeros[16];
	int written;

	return ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_cfb128(), NULL, key, zeros) == 1 &&
			       EVP_EncryptUpdate(ctx, ret, &written, data, size) == 1 &&
			       written == size
		       ? 0
		       : -ENOMEM;
}

static void put_size(uint8_t *at, size_t size)
{
	at[0] = (uint8_t)(size >> 8);
	at[1] = (uint8_t)size;
}

/* The name of a key in a TPM: hash function, and hash of its public area. */
static void name_of(const struct credential_request *request, uint8_t ret[NAME_BYTES])
{
	put_size(ret, TPM2_ALG_SHA256);
	(void)SHA256(request->ak, request->ak_size, ret + 2);
}

/* TPM2B_ID_OBJECT: integrity, then the secret, encrypted. */
static int wrap(const uint8_t seed[HASH], const uint8_t name[NAME_BYTES],
		const uint8_t secret[CREDENTIAL_SECRET], struct credential_challenge *ret)
{
	uint8_t plain[2 + CREDENTIAL_SECRET], sealed[sizeof(plain) + NAME_BYTES];
	uint8_t key[16], hmac_key[HASH], *at = ret->credential;

	put_size(plain, CREDENTIAL_SECRET);
	memcpy(plain + 2, secret, CREDENTIAL_SECRET);
	if (derive(seed, "STORAGE", (struct part){ name, NAME_BYTES }, key, sizeof(key)) < 0 ||
	    encrypt(key, plain, sizeof(plain), sealed) < 0 ||
	    derive(seed, "INTEGRITY", (struct part){ NULL, 0 }, hmac_key, sizeof(hmac_key)) < 0)
		return -ENOMEM;
	memcpy(sealed + sizeof(plain), name, NAME_BYTES);
	put_size(at, 2 + HASH + sizeof(plain));
	put_size(at + 2, HASH);
	if (!HMAC(EVP_sha256(), hmac_key, sizeof(hmac_key), sealed, sizeof(sealed), at + 4, NULL))
		return -ENOMEM;
	memcpy(at + 4 + HASH, sealed, sizeof(plain));
	ret->credential_size = 4 + HASH + sizeof(plain);
	return 0;
}

int credential_challenge(const struct credential_request *request,
			 const uint8_t secret[CREDENTIAL_SECRET], struct credential_challenge *ret,
			 struct text *why)
{
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *ek = take_ek(request);
	uint8_t seed[HASH], name[NAME_BYTES];
	int r;

	if (!ek)
		return refuse(why, "its endorsement key is not made as it must be");
	if (RAND_bytes(seed, sizeof(seed)) != 1)
		return -ENOMEM;
	name_of(request, name);
	r = wrap(seed, name, secret, ret);
	if (r == 0)
		r = encrypt_seed(ek, seed, ret->secret + 2);
	put_size(ret->secret, RSA_BYTES);
	ret->secret_size = 2 + RSA_BYTES;
	OPENSSL_cleanse(seed, sizeof(seed));
	return r;
}
