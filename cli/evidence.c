// SPDX-License-Identifier: LGPL-2.1-or-later
/* evidence.c - see evidence.h. Nothing of the first line is parsed before the quote was verified.
 */
#include <errno.h>
#include <openssl/ecdsa.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#include "../libtsem/base64.h"
#include "../libtsem/cleanup.h"
#include "evidence.h"

#define TAG "quixote evidence 1\n"

#define QUOTE_BEGIN "{\"attest\":\""
#define QUOTE_MIDDLE "\",\"signature\":\""
#define QUOTE_END "\"}\n"

/* A quote of a few registers has less than half of it. */
#define ATTEST_BYTES 1024u

#define SIGNATURE_BYTES 64u

DEFINE_CLEANUP(EVP_MD_CTX, EVP_MD_CTX_free)
DEFINE_CLEANUP(ECDSA_SIG, ECDSA_SIG_free)

/** struct signed_quote - Second line. */
struct signed_quote {
	uint8_t attest[ATTEST_BYTES];
	size_t size;
	uint8_t signature[SIGNATURE_BYTES];
};

static int refuse(struct text *why, int r, const char *text)
{
	text_add_string(why, text);
	return r;
}

int evidence_nonce_parse(const char *hex, struct evidence_nonce *ret)
{
	struct tsem_cursor c = { hex, hex + strlen(hex) };
	struct evidence_nonce nonce = { .size = strlen(hex) / 2 };

	if (strlen(hex) % 2 || nonce.size < EVIDENCE_NONCE_MIN || nonce.size > EVIDENCE_NONCE_MAX ||
	    tsem_take_hex(&c, nonce.data, nonce.size) < 0)
		return -EINVAL;
	*ret = nonce;
	return 0;
}

void evidence_digest(const struct evidence_nonce *nonce, const void *body, size_t size,
		     uint8_t ret[TSEM_ANCHOR_HASH])
{
	uint8_t data[sizeof(TAG) - 1 + EVIDENCE_NONCE_MAX + TSEM_ANCHOR_HASH];
	size_t used = sizeof(TAG) - 1;

	/* The body's hash has one length, so the nonce is what stands between. */
	memcpy(data, TAG, used);
	memcpy(data + used, nonce->data, nonce->size);
	used += nonce->size;
	(void)SHA256(body, size, data + used);
	(void)SHA256(data, used + TSEM_ANCHOR_HASH, ret);
}

void evidence_add_quote(struct text *t, const uint8_t *attest, size_t attest_size,
			const uint8_t signature[64])
{
	char base64[BASE64_SIZE(ATTEST_BYTES) + 1];

	if (attest_size > ATTEST_BYTES) {
		t->failed = true;
		return;
	}
	base64_print(attest, attest_size, base64);
	text_format(t, QUOTE_BEGIN "%s" QUOTE_MIDDLE, base64);
	base64_print(signature, SIGNATURE_BYTES, base64);
	text_format(t, "%s" QUOTE_END, base64);
}

/* Up to the quote that ends it. */
static ssize_t take_base64(struct tsem_cursor *c, uint8_t *ret, size_t room)
{
	const char *end = memchr(c->at, '"', c->end - c->at);
	ssize_t n;

	if (!end)
		return -EBADMSG;
	n = base64_parse(c->at, end - c->at, ret, room);
	c->at = end;
	return n;
}

static int parse_quote(const char *line, size_t size, struct signed_quote *ret)
{
	struct tsem_cursor c = { line, line + size };
	ssize_t n;

	if (tsem_take(&c, QUOTE_BEGIN) < 0)
		return -EBADMSG;
	n = take_base64(&c, ret->attest, sizeof(ret->attest));
	if (n <= 0 || tsem_take(&c, QUOTE_MIDDLE) < 0)
		return -EBADMSG;
	ret->size = n;
	n = take_base64(&c, ret->signature, sizeof(ret->signature));
	if (n != SIGNATURE_BYTES || tsem_take(&c, QUOTE_END) < 0 || c.at != c.end)
		return -EBADMSG;
	return 0;
}

/* As OpenSSL wants it. Returns the size, or a negative errno. */
static int encode_signature(const uint8_t signature[SIGNATURE_BYTES], uint8_t **ret)
{
	_cleanup_(ECDSA_SIG_freep) ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, 32, NULL), *s = BN_bin2bn(signature + 32, 32, NULL);
	int size;

	if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return -ENOMEM;
	}
	*ret = NULL;
	size = i2d_ECDSA_SIG(sig, ret);
	return size > 0 ? size : -ENOMEM;
}

static bool is_signed(const struct signed_quote *q, EVP_PKEY *ak)
{
	_cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *der;
	int size = encode_signature(q->signature, &der);
	bool good;

	if (size < 0)
		return false;
	good = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, ak) == 1 &&
	       EVP_DigestVerify(ctx, der, size, q->attest, q->size) == 1;
	OPENSSL_free(der);
	return good;
}

/* Of the SHA-256 bank, one selection. */
static int take_selection(const TPML_PCR_SELECTION *s, uint32_t *ret)
{
	if (s->count != 1 || s->pcrSelections[0].hash != TPM2_ALG_SHA256 ||
	    s->pcrSelections[0].sizeofSelect != 3)
		return -EBADMSG;
	*ret = (uint32_t)s->pcrSelections[0].pcrSelect[0] |
	       (uint32_t)s->pcrSelections[0].pcrSelect[1] << 8 |
	       (uint32_t)s->pcrSelections[0].pcrSelect[2] << 16;
	return 0;
}

static int read_attest(const struct signed_quote *q, TPMS_ATTEST *ret, struct text *why)
{
	size_t at = 0;

	if (Tss2_MU_TPMS_ATTEST_Unmarshal(q->attest, q->size, &at, ret) || at != q->size ||
	    ret->magic != TPM2_GENERATED_VALUE || ret->type != TPM2_ST_ATTEST_QUOTE)
		return refuse(why, -EKEYREJECTED, "what is signed is no quote of a TPM");
	return 0;
}

/* Every name is the number of a register in @registers, and the other way round. */
static int take_values(struct evidence *e, const TPMS_QUOTE_INFO *quote)
{
	json_t *values = json_object_get(e->body, "pcrs");
	uint8_t all[24 * TSEM_ANCHOR_HASH], digest[TSEM_ANCHOR_HASH];
	size_t used = 0;

	if (json_object_size(values) != (size_t)__builtin_popcount(e->registers))
		return -EBADMSG;
	for (unsigned int i = 0; i < 24; i++) {
		char name[4];
		const char *hex;
		struct tsem_cursor c;

		if (!(e->registers & 1u << i))
			continue;
		(void)snprintf(name, sizeof(name), "%u", i);
		hex = json_string_value(json_object_get(values, name));
		if (!hex || strlen(hex) != 2 * TSEM_ANCHOR_HASH)
			return -EBADMSG;
		c = (struct tsem_cursor){ hex, hex + strlen(hex) };
		if (tsem_take_hex(&c, e->values[i], TSEM_ANCHOR_HASH) < 0)
			return -EBADMSG;
		memcpy(all + used, e->values[i], TSEM_ANCHOR_HASH);
		used += TSEM_ANCHOR_HASH;
	}
	(void)SHA256(all, used, digest);
	return quote->pcrDigest.size == sizeof(digest) &&
			       memcmp(quote->pcrDigest.buffer, digest, sizeof(digest)) == 0
		       ? 0
		       : -EBADMSG;
}

static int read_body(const char *line, size_t size, const TPMS_ATTEST *attest, struct evidence *e,
		     struct text *why)
{
	json_error_t error;
	const char *format;

	if (take_selection(&attest->attested.quote.pcrSelect, &e->registers) < 0)
		return refuse(why, -EBADMSG, "it quotes registers of another bank");
	e->body = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
	format = json_string_value(json_object_get(e->body, "format"));
	if (!format || strcmp(format, "quixote-evidence-1") != 0)
		return refuse(why, -EBADMSG, "its first line is of no format that is known here");
	if (take_values(e, &attest->attested.quote) < 0)
		return refuse(why, -EBADMSG, "its registers are not those that were quoted");
	e->resets = attest->clockInfo.resetCount;
	e->restarts = attest->clockInfo.restartCount;
	return 0;
}

int evidence_open(const char *data, size_t size, EVP_PKEY *ak, const struct evidence_nonce *nonce,
		  struct evidence *ret, struct text *why)
{
	const char *end = memchr(data, '\n', size);
	struct evidence e = { .body = NULL };
	uint8_t digest[TSEM_ANCHOR_HASH];
	struct signed_quote quote;
	TPMS_ATTEST attest;
	size_t first;
	int r;

	if (!end || size > EVIDENCE_BYTES)
		return refuse(why, -EKEYREJECTED, "it is no evidence");
	first = end + 1 - data;
	if (parse_quote(data + first, size - first, &quote) < 0)
		return refuse(why, -EKEYREJECTED, "its second line is no quote");
	if (!is_signed(&quote, ak))
		return refuse(why, -EKEYREJECTED, "it is not signed by the machine's key");
	r = read_attest(&quote, &attest, why);
	if (r < 0)
		return r;
	evidence_digest(nonce, data, first, digest);
	if (attest.extraData.size != sizeof(digest) ||
	    memcmp(attest.extraData.buffer, digest, sizeof(digest)) != 0)
		return refuse(why, -EKEYREJECTED,
			      "it was changed, or made for another nonce than this one");
	r = read_body(data, first, &attest, &e, why);
	if (r < 0)
		evidence_done(&e);
	else
		*ret = e;
	return r;
}

void evidence_done(struct evidence *e)
{
	json_decref(TAKE_PTR(e->body));
}
