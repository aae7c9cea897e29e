// SPDX-License-Identifier: LGPL-2.1-or-later
/* token.c - see token.h. Maps have their keys in one order, so that a token has one spelling. */
#include <cbor.h>
#include <errno.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "token.h"

/* Source: RFC 9052, RFC 8392 and RFC 9711. */
#define TAG_CWT 61
#define TAG_COSE_SIGN1 18
#define HEADER_ALGORITHM 1
#define ALGORITHM_EDDSA (-8)
#define CLAIM_ISSUED_AT 6
#define CLAIM_NONCE 10
#define CLAIM_PROFILE 265
#define CLAIM_SUBMODULES 266

/* Of a workload. Names as text would be for IANA to give; these are for anybody to use. */
#define CLAIM_TRUSTED (-70001)
#define CLAIM_WORDS (-70002)
#define CLAIM_MODEL (-70003)
#define CLAIM_VERSION (-70004)

#define PROFILE "tag:quixote,2026:eat-2"

static cbor_item_t *number(uint64_t value)
{
	if (value <= UINT8_MAX)
		return cbor_build_uint8((uint8_t)value);
	if (value <= UINT16_MAX)
		return cbor_build_uint16((uint16_t)value);
	return value <= UINT32_MAX ? cbor_build_uint32((uint32_t)value) : cbor_build_uint64(value);
}

/* -1 is spelled as 0, negative. */
static cbor_item_t *negative(int64_t value)
{
	return cbor_build_negint32((uint32_t)(-value - 1));
}

/* Takes both over, also when one of them, or the map, is not there. */
static bool add(cbor_item_t *map, cbor_item_t *take_key, cbor_item_t *take_value)
{
	bool added = map && take_key && take_value &&
		     cbor_map_add(map, (struct cbor_pair){ .key = take_key, .value = take_value });

	if (take_key)
		cbor_decref(&take_key);
	if (take_value)
		cbor_decref(&take_value);
	return added;
}

static bool push(cbor_item_t *array, cbor_item_t *take_value)
{
	bool pushed = array && take_value && cbor_array_push(array, take_value);

	if (take_value)
		cbor_decref(&take_value);
	return pushed;
}

static cbor_item_t *drop(cbor_item_t *item)
{
	if (item)
		cbor_decref(&item);
	return NULL;
}

/* Of the digits that the log has. */
static cbor_item_t *hash_of(const char *hex)
{
	struct tsem_cursor c = { hex, hex + strlen(hex) };
	uint8_t hash[TSEM_ANCHOR_HASH];

	return tsem_take_hex(&c, hash, sizeof(hash)) < 0
		       ? NULL
		       : cbor_build_bytestring(hash, sizeof(hash));
}

static cbor_item_t *workload(const struct appraisal *a)
{
	cbor_item_t *map = cbor_new_definite_map(a->known ? 4 : 2);
	bool good = add(map, negative(CLAIM_TRUSTED), cbor_build_bool(a->trusted)) &&
		    add(map, negative(CLAIM_WORDS), cbor_build_string(text_get(&a->words)));

	if (good && a->known)
		good = add(map, negative(CLAIM_MODEL), hash_of(a->entry.model)) &&
		       add(map, negative(CLAIM_VERSION), number(a->entry.version));
	return good ? map : drop(map);
}

static cbor_item_t *submodules(const struct appraisals *a)
{
	cbor_item_t *map = cbor_new_definite_map(a->count);
	bool good = true;

	for (size_t i = 0; good && i < a->count; i++)
		good = add(map, cbor_build_string(a->all[i].name), workload(&a->all[i]));
	return good ? map : drop(map);
}

static cbor_item_t *claims(const struct appraisals *a, const struct evidence_nonce *nonce,
			   uint64_t now_sec)
{
	cbor_item_t *map = cbor_new_definite_map(4);

	return add(map, number(CLAIM_ISSUED_AT), number(now_sec)) &&
			       add(map, number(CLAIM_NONCE),
				   cbor_build_bytestring(nonce->data, nonce->size)) &&
			       add(map, number(CLAIM_PROFILE), cbor_build_string(PROFILE)) &&
			       add(map, number(CLAIM_SUBMODULES), submodules(a))
		       ? map
		       : drop(map);
}

static int serialize(cbor_item_t *take_item, struct token *ret)
{
	size_t room = 0;

	if (!take_item)
		return -ENOMEM;
	ret->data = NULL;
	ret->size = cbor_serialize_alloc(take_item, &ret->data, &room);
	cbor_decref(&take_item);
	return ret->size ? 0 : -ENOMEM;
}

static void token_done(struct token *token)
{
	free(TAKE_PTR(token->data));
}

static cbor_item_t *bytes(const struct token *token)
{
	return cbor_build_bytestring(token->data, token->size);
}

static int make_header(struct token *ret)
{
	cbor_item_t *map = cbor_new_definite_map(1);

	/* -8 is spelled as 7, negative. */
	if (!add(map, number(HEADER_ALGORITHM), cbor_build_negint8(-ALGORITHM_EDDSA - 1)))
		map = drop(map);
	return serialize(map, ret);
}

static int sign(const struct token *header, const struct token *payload,
		const struct tsem_private_key *key, uint8_t ret[TSEM_SIGNATURE_BYTES])
{
	_cleanup_(token_done) struct token text = { .data = NULL };
	cbor_item_t *array = cbor_new_definite_array(4);
	int r;

	if (!push(array, cbor_build_string("Signature1")) || !push(array, bytes(header)) ||
	    !push(array, cbor_build_bytestring(NULL, 0)) || !push(array, bytes(payload)))
		array = drop(array);
	r = serialize(array, &text);
	return r < 0 ? r : tsem_private_key_sign(key, text.data, text.size, ret);
}

/* Takes the item over. */
static cbor_item_t *tagged(uint64_t tag, cbor_item_t *take_item)
{
	cbor_item_t *item = take_item ? cbor_build_tag(tag, take_item) : NULL;

	(void)drop(take_item);
	return item;
}

int token_make(const struct appraisals *appraisals, const struct evidence_nonce *nonce,
	       uint64_t now_sec, const struct tsem_private_key *key, struct token *ret)
{
	_cleanup_(token_done) struct token header = { .data = NULL }, payload = { .data = NULL };
	uint8_t signature[TSEM_SIGNATURE_BYTES];
	cbor_item_t *array;
	int r = make_header(&header);

	if (r == 0)
		r = serialize(claims(appraisals, nonce, now_sec), &payload);
	if (r == 0)
		r = sign(&header, &payload, key, signature);
	if (r < 0)
		return r;
	array = cbor_new_definite_array(4);
	if (!push(array, bytes(&header)) || !push(array, cbor_new_definite_map(0)) ||
	    !push(array, bytes(&payload)) ||
	    !push(array, cbor_build_bytestring(signature, sizeof(signature))))
		array = drop(array);
	return serialize(tagged(TAG_CWT, tagged(TAG_COSE_SIGN1, array)), ret);
}
