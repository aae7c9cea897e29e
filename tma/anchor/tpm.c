// SPDX-License-Identifier: LGPL-2.1-or-later
/* tpm.c - see tpm.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include "../../libtsem/cleanup.h"
#include "template.h"
#include "tpm.h"

/* Contention: the kernel's resource manager has slots for three objects and sessions. */
#define TRIES_MAX 20
#define TRY_NSEC 100000000L

/* Where the platform's certificate of the RSA key is. */
#define EK_CERTIFICATE_INDEX 0x01c00002u

/* Bytes of NV memory that every TPM gives at once. */
#define NV_CHUNK 512u

/** struct tpm - A connection. */
struct tpm {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
	struct tpm_error *error;
};

/* Somebody else has what is wanted, for a moment. */
static bool is_contention(TSS2_RC rc)
{
	switch (rc & 0xffff) {
	case TPM2_RC_RETRY:
	case TPM2_RC_YIELDED:
	case TPM2_RC_TESTING:
	case TPM2_RC_NV_RATE:
	case TPM2_RC_OBJECT_MEMORY:
	case TPM2_RC_SESSION_MEMORY:
	case TPM2_RC_MEMORY:
	case TPM2_RC_OBJECT_HANDLES:
	case TPM2_RC_SESSION_HANDLES:
	case TSS2_BASE_RC_TRY_AGAIN:
		return true;
	default:
		return false;
	}
}

/* Format one has the number of a parameter or handle in it. */
static TSS2_RC bare(TSS2_RC rc)
{
	return rc & TPM2_RC_FMT1 ? rc & (TPM2_RC_FMT1 | 0x3f) : rc & 0xffff;
}

static int errno_of(TSS2_RC rc)
{
	if (is_contention(rc))
		return -EBUSY;
	switch (rc & TSS2_RC_LAYER_MASK) {
	case TSS2_TCTI_RC_LAYER:
		return -ENODEV;
	case TSS2_TPM_RC_LAYER:
	case TSS2_RESMGR_TPM_RC_LAYER:
		break;
	default:
		return (rc & 0xffff) == TSS2_BASE_RC_IO_ERROR ? -ENODEV : -EIO;
	}
	switch (bare(rc)) {
	case TPM2_RC_LOCKOUT:
	case TPM2_RC_AUTH_FAIL:
	case TPM2_RC_BAD_AUTH:
		return -EACCES;
	case TPM2_RC_HANDLE:
		return -ENOENT;
	case TPM2_RC_NV_DEFINED:
		return -EEXIST;
	case TPM2_RC_INTEGRITY:
		return -EPERM;
	default:
		return -EIO;
	}
}

static int tell(struct tpm_error *error, TSS2_RC rc, const char *what)
{
	(void)snprintf(error->text, sizeof(error->text), "%s: %s", what, Tss2_RC_Decode(rc));
	return errno_of(rc);
}

static int refuse(struct tpm *tpm, int r, const char *what)
{
	(void)snprintf(tpm->error->text, sizeof(tpm->error->text), "%s", what);
	return r;
}

static void rest(void)
{
	const struct timespec time = { .tv_nsec = TRY_NSEC };

	(void)nanosleep(&time, NULL);
}

/* Do it again while others are in the way, for two seconds. */
#define TRY(tpm, what, call)                                                                       \
	({                                                                                         \
		TSS2_RC _rc;                                                                       \
		for (int _i = 0;; _i++) {                                                          \
			_rc = (call);                                                              \
			if (!is_contention(_rc) || _i == TRIES_MAX)                                \
				break;                                                             \
			rest();                                                                    \
		}                                                                                  \
		_rc ? tell((tpm)->error, _rc, what) : 0;                                           \
	})

int tpm_open(const char *tcti, struct tpm_error *error, struct tpm **ret)
{
	_cleanup_(tpm_closep) struct tpm *tpm = calloc(1, sizeof(*tpm));
	TSS2_RC rc;

	if (!tpm)
		return -ENOMEM;
	tpm->error = error;
	/* Its own lines on standard error say less than what is said here. */
	(void)setenv("TSS2_LOG", "all+NONE", 0);
	rc = Tss2_TctiLdr_Initialize(tcti, &tpm->tcti);
	if (rc) {
		(void)tell(error, rc, tcti);
		return -ENODEV;
	}
	rc = Esys_Initialize(&tpm->esys, tpm->tcti, NULL);
	if (rc)
		return tell(error, rc, "ESYS");
	*ret = TAKE_PTR(tpm);
	return 0;
}

struct tpm *tpm_close(struct tpm *tpm)
{
	if (!tpm)
		return NULL;
	Esys_Finalize(&tpm->esys);
	Tss2_TctiLdr_Finalize(&tpm->tcti);
	free(tpm);
	return NULL;
}

int tpm_read_resets(struct tpm *tpm, uint64_t *ret)
{
	TPMS_TIME_INFO *info = NULL;
	int r = TRY(tpm, "read the clock",
		    Esys_ReadClock(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &info));

	if (r < 0)
		return r;
	*ret = info->clockInfo.resetCount;
	Esys_Free(info);
	return 0;
}

static TPML_PCR_SELECTION selection(uint32_t pcrs)
{
	TPML_PCR_SELECTION s = { .count = 1 };

	s.pcrSelections[0] = (TPMS_PCR_SELECTION){ .hash = TPM2_ALG_SHA256, .sizeofSelect = 3 };
	for (unsigned int i = 0; i < 3; i++)
		s.pcrSelections[0].pcrSelect[i] = (BYTE)(pcrs >> 8 * i);
	return s;
}

int tpm_read_register(struct tpm *tpm, unsigned int pcr, uint8_t ret[TPM_HASH])
{
	const TPML_PCR_SELECTION wanted = selection(1u << pcr);
	TPML_DIGEST *values = NULL;
	int r = TRY(tpm, "read a register",
		    Esys_PCR_Read(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &wanted,
				  NULL, NULL, &values));

	if (r < 0)
		return r;
	if (values->count == 1 && values->digests[0].size == TPM_HASH)
		memcpy(ret, values->digests[0].buffer, TPM_HASH);
	else
		r = refuse(tpm, -ENOTSUP, "it has no registers of SHA-256");
	Esys_Free(values);
	return r;
}

int tpm_extend(struct tpm *tpm, unsigned int pcr, const uint8_t digest[TPM_HASH])
{
	TPML_DIGEST_VALUES values = { .count = 1 };

	values.digests[0].hashAlg = TPM2_ALG_SHA256;
	memcpy(values.digests[0].digest.sha256, digest, TPM_HASH);
	/* Never again after an answer that was lost: the register would have it twice. */
	return TRY(tpm, "extend a register",
		   Esys_PCR_Extend(tpm->esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				   ESYS_TR_NONE, &values));
}

int tpm_set_owner(struct tpm *tpm, const void *secret, size_t size)
{
	TPM2B_AUTH auth = { .size = (UINT16)size };
	TSS2_RC rc;

	if (size > TPM_HASH * 2)
		return refuse(tpm, -EINVAL, "the owner's authorisation is too long");
	memcpy(auth.buffer, secret, size);
	rc = Esys_TR_SetAuth(tpm->esys, ESYS_TR_RH_OWNER, &auth);
	return rc ? tell(tpm->error, rc, "the owner's authorisation") : 0;
}

/** struct kind - Of an index of ours; its policy, which nothing asks for, says whose it is. */
struct kind {
	TPMA_NV attributes;
	UINT16 size;
	char mark[TPM_HASH + 1];
};

#define ANYBODYS (TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA)

static const struct kind counter_kind = {
	.attributes = ANYBODYS | TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT,
	.size = 8,
	.mark = "quixote: accepted state, counter",
};

/* In memory that does not wear, as it need not outlive a reset. */
static const struct kind chain_kind = {
	.attributes = ANYBODYS | TPMA_NV_CLEAR_STCLEAR | TPMA_NV_ORDERLY |
		      TPM2_NT_EXTEND << TPMA_NV_TPM2_NT_SHIFT,
	.size = TPM_HASH,
	.mark = "quixote: heads of one chain only",
};

static TPM2B_NV_PUBLIC public_of(const struct kind *kind, uint32_t index)
{
	TPM2B_NV_PUBLIC p = { .nvPublic = {
				      .nvIndex = index,
				      .nameAlg = TPM2_ALG_SHA256,
				      .attributes = kind->attributes,
				      .authPolicy = { .size = TPM_HASH },
				      .dataSize = kind->size,
			      } };

	memcpy(p.nvPublic.authPolicy.buffer, kind->mark, TPM_HASH);
	return p;
}

/* Everything but that it was written. */
static bool is_ours(const TPMS_NV_PUBLIC *p, const struct kind *kind)
{
	return (p->attributes & ~(TPMA_NV)TPMA_NV_WRITTEN) == kind->attributes &&
	       p->nameAlg == TPM2_ALG_SHA256 && p->dataSize == kind->size &&
	       p->authPolicy.size == TPM_HASH &&
	       memcmp(p->authPolicy.buffer, kind->mark, TPM_HASH) == 0;
}

static int find_index(struct tpm *tpm, uint32_t index, ESYS_TR *ret)
{
	return TRY(tpm, "look for an index",
		   Esys_TR_FromTPMPublic(tpm->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					 ret));
}

static void forget(struct tpm *tpm, ESYS_TR *handle)
{
	if (*handle != ESYS_TR_NONE)
		(void)Esys_TR_Close(tpm->esys, handle); /* of this process only */
}

/* Returns 1 if it was written, 0 if not. */
static int find_ours(struct tpm *tpm, uint32_t index, const struct kind *kind, ESYS_TR *ret)
{
	ESYS_TR handle = ESYS_TR_NONE;
	TPM2B_NV_PUBLIC *p = NULL;
	int r = find_index(tpm, index, &handle);

	if (r < 0)
		return r;
	r = TRY(tpm, "look at an index",
		Esys_NV_ReadPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &p,
				   NULL));
	if (r == 0 && !is_ours(&p->nvPublic, kind))
		r = refuse(tpm, -EPERM, "the index was not made by quixote");
	else if (r == 0)
		r = !!(p->nvPublic.attributes & TPMA_NV_WRITTEN);
	Esys_Free(p);
	if (r < 0)
		forget(tpm, &handle);
	else
		*ret = handle;
	return r;
}

static int define(struct tpm *tpm, uint32_t index, const struct kind *kind)
{
	const TPM2B_NV_PUBLIC p = public_of(kind, index);
	const TPM2B_AUTH none = { .size = 0 };
	ESYS_TR handle = ESYS_TR_NONE;
	int r = TRY(tpm, "define an index",
		    Esys_NV_DefineSpace(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					ESYS_TR_NONE, &none, &p, &handle));

	forget(tpm, &handle);
	return r;
}

static int remove_ours(struct tpm *tpm, uint32_t index, const struct kind *kind)
{
	ESYS_TR handle = ESYS_TR_NONE;
	int r = find_ours(tpm, index, kind, &handle);

	if (r < 0)
		return r;
	r = TRY(tpm, "remove an index",
		Esys_NV_UndefineSpace(tpm->esys, ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD,
				      ESYS_TR_NONE, ESYS_TR_NONE));
	if (r < 0)
		forget(tpm, &handle);
	return r;
}

/* Zeros if it was not written yet. */
static int read_ours(struct tpm *tpm, uint32_t index, const struct kind *kind, uint8_t *ret)
{
	ESYS_TR handle = ESYS_TR_NONE;
	TPM2B_MAX_NV_BUFFER *data = NULL;
	int r = find_ours(tpm, index, kind, &handle);

	if (r < 0)
		return r;
	if (r == 0) {
		memset(ret, 0, kind->size);
		forget(tpm, &handle);
		return 0;
	}
	r = TRY(tpm, "read an index",
		Esys_NV_Read(tpm->esys, handle, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
			     ESYS_TR_NONE, kind->size, 0, &data));
	forget(tpm, &handle);
	if (r == 0 && data->size != kind->size)
		r = refuse(tpm, -EIO, "an index that ends early");
	if (r == 0)
		memcpy(ret, data->buffer, kind->size);
	Esys_Free(data);
	return r;
}

int tpm_counter_define(struct tpm *tpm, uint32_t index)
{
	int r = define(tpm, index, &counter_kind);

	/* It has no value before. */
	return r < 0 ? r : tpm_counter_increment(tpm, index);
}

int tpm_counter_remove(struct tpm *tpm, uint32_t index)
{
	return remove_ours(tpm, index, &counter_kind);
}

int tpm_counter_read(struct tpm *tpm, uint32_t index, uint64_t *ret)
{
	uint8_t data[8];
	uint64_t value = 0;
	int r = read_ours(tpm, index, &counter_kind, data);

	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(data); i++)
		value = value << 8 | data[i];
	*ret = value;
	return 0;
}

int tpm_counter_increment(struct tpm *tpm, uint32_t index)
{
	ESYS_TR handle = ESYS_TR_NONE;
	int r = find_ours(tpm, index, &counter_kind, &handle);

	if (r < 0)
		return r;
	r = TRY(tpm, "increment the counter",
		Esys_NV_Increment(tpm->esys, handle, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				  ESYS_TR_NONE));
	forget(tpm, &handle);
	return r;
}

int tpm_index_define(struct tpm *tpm, uint32_t index)
{
	return define(tpm, index, &chain_kind);
}

int tpm_index_remove(struct tpm *tpm, uint32_t index)
{
	return remove_ours(tpm, index, &chain_kind);
}

int tpm_index_read(struct tpm *tpm, uint32_t index, uint8_t ret[TPM_HASH])
{
	return read_ours(tpm, index, &chain_kind, ret);
}

int tpm_index_extend(struct tpm *tpm, uint32_t index, const uint8_t data[TPM_HASH])
{
	TPM2B_MAX_NV_BUFFER buffer = { .size = TPM_HASH };
	ESYS_TR handle = ESYS_TR_NONE;
	int r = find_ours(tpm, index, &chain_kind, &handle);

	if (r < 0)
		return r;
	memcpy(buffer.buffer, data, TPM_HASH);
	r = TRY(tpm, "extend an index",
		Esys_NV_Extend(tpm->esys, handle, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
			       ESYS_TR_NONE, &buffer));
	forget(tpm, &handle);
	return r;
}

/* Keys. */

static void flush(struct tpm *tpm, ESYS_TR handle)
{
	if (handle != ESYS_TR_NONE)
		(void)Esys_FlushContext(tpm->esys, handle); /* else the resource manager does */
}

static int create_primary(struct tpm *tpm, const TPM2B_PUBLIC *template, ESYS_TR *ret,
			  struct tpm_blob *ret_public)
{
	const TPM2B_SENSITIVE_CREATE sensitive = { .size = 0 };
	const TPM2B_DATA outside = { .size = 0 };
	const TPML_PCR_SELECTION none = { .count = 0 };
	TPM2B_PUBLIC *public = NULL;
	size_t size = 0;
	int r = TRY(tpm, "make a key",
		    Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD,
				       ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, template, &outside,
				       &none, ret, &public, NULL, NULL, NULL));

	if (r < 0)
		return r;
	if (ret_public && Tss2_MU_TPMT_PUBLIC_Marshal(&public->publicArea, ret_public->data,
						      sizeof(ret_public->data), &size))
		r = refuse(tpm, -EIO, "a key that is too long");
	if (ret_public)
		ret_public->size = size;
	Esys_Free(public);
	if (r < 0)
		flush(tpm, *ret);
	return r;
}

int tpm_ak(struct tpm *tpm, struct tpm_blob *ret)
{
	const TPM2B_PUBLIC template = template_ak();
	ESYS_TR key = ESYS_TR_NONE;
	int r = create_primary(tpm, &template, &key, ret);

	if (r == 0)
		flush(tpm, key);
	return r;
}

/* Leading zeros are left out by some TPMs. */
static int take_scalar(const TPM2B_ECC_PARAMETER *scalar, uint8_t ret[32])
{
	if (scalar->size > 32)
		return -EIO;
	memset(ret, 0, 32);
	memcpy(ret + 32 - scalar->size, scalar->buffer, scalar->size);
	return 0;
}

static int take_quote(struct tpm *tpm, const TPM2B_ATTEST *attest, const TPMT_SIGNATURE *signature,
		      struct tpm_quote *ret)
{
	const TPMS_SIGNATURE_ECC *ecc = &signature->signature.ecdsa;

	if (signature->sigAlg != TPM2_ALG_ECDSA || attest->size > sizeof(ret->attest.data) ||
	    take_scalar(&ecc->signatureR, ret->signature) < 0 ||
	    take_scalar(&ecc->signatureS, ret->signature + 32) < 0)
		return refuse(tpm, -EIO, "it signs in another way than it was told");
	memcpy(ret->attest.data, attest->attestationData, attest->size);
	ret->attest.size = attest->size;
	return 0;
}

int tpm_quote(struct tpm *tpm, uint32_t pcrs, const uint8_t data[TPM_HASH], struct tpm_quote *ret)
{
	const TPM2B_PUBLIC template = template_ak();
	const TPML_PCR_SELECTION wanted = selection(pcrs);
	const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL }; /* the key's */
	TPM2B_DATA qualifying = { .size = TPM_HASH };
	ESYS_TR key = ESYS_TR_NONE;
	TPM2B_ATTEST *attest = NULL;
	TPMT_SIGNATURE *signature = NULL;
	int r;

	memcpy(qualifying.buffer, data, TPM_HASH);
	r = create_primary(tpm, &template, &key, NULL);
	if (r < 0)
		return r;
	r = TRY(tpm, "quote registers",
		Esys_Quote(tpm->esys, key, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
			   &qualifying, &scheme, &wanted, &attest, &signature));
	flush(tpm, key);
	if (r == 0)
		r = take_quote(tpm, attest, signature, ret);
	Esys_Free(attest);
	Esys_Free(signature);
	return r;
}

static int read_nv(struct tpm *tpm, ESYS_TR handle, size_t size, struct tpm_blob *ret)
{
	int r = 0;

	if (size > sizeof(ret->data))
		return refuse(tpm, -EIO, "the certificate is too long");
	for (ret->size = 0; r == 0 && ret->size < size;) {
		size_t left = size - ret->size, part = left < NV_CHUNK ? left : NV_CHUNK;
		TPM2B_MAX_NV_BUFFER *data = NULL;

		r = TRY(tpm, "read the certificate",
			Esys_NV_Read(tpm->esys, handle, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				     ESYS_TR_NONE, (UINT16)part, (UINT16)ret->size, &data));
		if (r == 0 && data->size != part)
			r = refuse(tpm, -EIO, "a certificate that ends early");
		if (r == 0)
			memcpy(ret->data + ret->size, data->buffer, part);
		ret->size += part;
		Esys_Free(data);
	}
	return r;
}

static int read_certificate(struct tpm *tpm, struct tpm_blob *ret)
{
	ESYS_TR handle = ESYS_TR_NONE;
	TPM2B_NV_PUBLIC *p = NULL;
	int r = find_index(tpm, EK_CERTIFICATE_INDEX, &handle);

	ret->size = 0;
	if (r == -ENOENT)
		return 0; /* as those of most virtual machines */
	if (r < 0)
		return r;
	r = TRY(tpm, "look at the certificate",
		Esys_NV_ReadPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &p,
				   NULL));
	if (r == 0)
		r = read_nv(tpm, handle, p->nvPublic.dataSize, ret);
	Esys_Free(p);
	forget(tpm, &handle);
	return r;
}

int tpm_ek(struct tpm *tpm, struct tpm_blob *ret, struct tpm_blob *ret_certificate)
{
	const TPM2B_PUBLIC template = template_ek();
	ESYS_TR key = ESYS_TR_NONE;
	int r = create_primary(tpm, &template, &key, ret);

	if (r < 0)
		return r;
	flush(tpm, key);
	return read_certificate(tpm, ret_certificate);
}

static int start_session(struct tpm *tpm, TPM2_SE kind, ESYS_TR salt, ESYS_TR *ret)
{
	const TPMT_SYM_DEF aes = { .algorithm = TPM2_ALG_AES,
				   .keyBits = { .aes = 128 },
				   .mode = { .aes = TPM2_ALG_CFB } };

	return TRY(tpm, "start a session",
		   Esys_StartAuthSession(tpm->esys, salt, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					 ESYS_TR_NONE, NULL, kind, &aes, TPM2_ALG_SHA256, ret));
}

/* What the endorsement key's policy wants: that the caller may use its hierarchy. */
static int satisfy_policy(struct tpm *tpm, ESYS_TR policy)
{
	return TRY(tpm, "use the endorsement key",
		   Esys_PolicySecret(tpm->esys, ESYS_TR_RH_ENDORSEMENT, policy, ESYS_TR_PASSWORD,
				     ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL));
}

static int activate(struct tpm *tpm, const ESYS_TR keys[2], const TPM2B_ID_OBJECT *object,
		    const TPM2B_ENCRYPTED_SECRET *secret, uint8_t ret[TPM_HASH])
{
	ESYS_TR policy = ESYS_TR_NONE, session = ESYS_TR_NONE;
	TPM2B_DIGEST *found = NULL;
	int r = start_session(tpm, TPM2_SE_HMAC, keys[1], &session);

	if (r == 0)
		r = start_session(tpm, TPM2_SE_POLICY, ESYS_TR_NONE, &policy);
	if (r == 0)
		r = satisfy_policy(tpm, policy);
	if (r == 0 &&
	    Esys_TRSess_SetAttributes(tpm->esys, session,
				      TPMA_SESSION_ENCRYPT | TPMA_SESSION_CONTINUESESSION, 0xff))
		r = refuse(tpm, -EIO, "a session that does not encrypt");
	if (r == 0)
		r = TRY(tpm, "activate the credential",
			Esys_ActivateCredential(tpm->esys, keys[0], keys[1], session, policy,
						ESYS_TR_NONE, object, secret, &found));
	if (r == 0 && found->size != TPM_HASH)
		r = refuse(tpm, -EPERM, "a credential of another length");
	if (r == 0)
		memcpy(ret, found->buffer, TPM_HASH);
	Esys_Free(found);
	flush(tpm, session);
	flush(tpm, policy);
	return r;
}

int tpm_activate(struct tpm *tpm, const struct tpm_blob *credential, const struct tpm_blob *secret,
		 uint8_t ret[TPM_HASH])
{
	const TPM2B_PUBLIC ak = template_ak(), ek = template_ek();
	ESYS_TR keys[2] = { ESYS_TR_NONE, ESYS_TR_NONE };
	TPM2B_ID_OBJECT object = { .size = 0 };
	TPM2B_ENCRYPTED_SECRET encrypted = { .size = 0 };
	size_t at = 0, at_secret = 0;
	int r;

	if (Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(credential->data, credential->size, &at, &object) ||
	    Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(secret->data, secret->size, &at_secret,
						     &encrypted) ||
	    at != credential->size || at_secret != secret->size)
		return refuse(tpm, -EPERM, "the challenge is not one");
	r = create_primary(tpm, &ak, &keys[0], NULL);
	if (r == 0)
		r = create_primary(tpm, &ek, &keys[1], NULL);
	if (r == 0)
		r = activate(tpm, keys, &object, &encrypted, ret);
	flush(tpm, keys[0]);
	flush(tpm, keys[1]);
	return r;
}
