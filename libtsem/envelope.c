// SPDX-License-Identifier: LGPL-2.1-or-later
/* envelope.c - see envelope.h. */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "base64.h"
#include "cleanup.h"
#include "envelope.h"
#include "refuse.h"

/* What is signed: this, the sizes, the type and the payload. */
#define PAE "DSSEv1 %zu %s %zu "
#define PAE_BYTES (sizeof(PAE) + sizeof(TSEM_ENVELOPE_TYPE) + 40)

/* Reading. */

static bool is_key_id(const char *id)
{
	return strlen(id) == TSEM_KEY_ID_CHARS &&
	       strspn(id, "0123456789abcdef") == TSEM_KEY_ID_CHARS;
}

static int parse_signature(json_t *value, struct tsem_signature *ret,
			   struct tsem_model_error *error)
{
	const char *id, *text;
	size_t size;

	if (json_unpack(value, "{s:s, s:s% !}", "keyid", &id, "sig", &text, &size) < 0)
		return tsem_refuse(error, -EBADMSG,
				   "a signature has other members than keyid and sig");
	if (!is_key_id(id))
		return tsem_refuse(error, -EBADMSG, "a keyid is not %u hexadecimal digits",
				   TSEM_KEY_ID_CHARS);
	if (base64_parse(text, size, ret->bytes, sizeof(ret->bytes)) != sizeof(ret->bytes))
		return tsem_refuse(error, -EBADMSG, "a signature is not %u bytes in base64",
				   TSEM_SIGNATURE_BYTES);
	memcpy(ret->key_id, id, sizeof(ret->key_id));
	return 0;
}

static int parse_signatures(json_t *list, struct tsem_envelope *e, struct tsem_model_error *error)
{
	size_t i;
	json_t *value;
	int r;

	if (json_array_size(list) > TSEM_ENVELOPE_SIGNATURES)
		return tsem_refuse(error, -E2BIG, "more than %u signatures",
				   TSEM_ENVELOPE_SIGNATURES);
	json_array_foreach (list, i, value) {
		r = parse_signature(value, &e->signatures[i], error);
		if (r < 0)
			return r;
	}
	e->signature_count = json_array_size(list);
	return 0;
}

static int parse_members(json_t *root, struct tsem_envelope *e, struct tsem_model_error *error)
{
	const char *payload, *type;
	size_t payload_size, type_size;
	json_t *signatures;
	ssize_t size;

	if (json_unpack(root, "{s:s%, s:s%, s:o !}", "payload", &payload, &payload_size,
			"payloadType", &type, &type_size, "signatures", &signatures) < 0 ||
	    !json_is_array(signatures))
		return tsem_refuse(error, -EBADMSG,
				   "other members than payload, payloadType and signatures");
	if (type_size != strlen(TSEM_ENVELOPE_TYPE) || memcmp(type, TSEM_ENVELOPE_TYPE, type_size))
		return tsem_refuse(error, -EBADMSG,
				   "the payload is not of type " TSEM_ENVELOPE_TYPE);
	size = base64_parse(payload, payload_size, e->payload, sizeof(e->payload));
	if (size < 0)
		return tsem_refuse(error, (int)size, "the payload is not up to %u bytes in base64",
				   TSEM_PAYLOAD_BYTES);
	e->payload_size = size;
	return parse_signatures(signatures, e, error);
}

int tsem_envelope_parse(const char *data, size_t size, struct tsem_envelope *ret,
			struct tsem_model_error *error)
{
	_cleanup_(json_decrefp) json_t *root = NULL;
	_cleanup_(freep) struct tsem_envelope *e = NULL;
	json_error_t why;
	int r;

	if (size > TSEM_ENVELOPE_BYTES)
		return tsem_refuse(error, -E2BIG, "longer than %u bytes", TSEM_ENVELOPE_BYTES);
	e = calloc(1, sizeof(*e));
	if (!e)
		return tsem_refuse(error, -ENOMEM, "out of memory");
	root = json_loadb(data, size, JSON_REJECT_DUPLICATES, &why);
	if (!root)
		return tsem_refuse(error, -EBADMSG, "not a JSON object, or cut off (line %d)",
				   why.line);
	r = parse_members(root, e, error);
	if (r == 0)
		*ret = *e;
	return r;
}

/* Writing. */

int tsem_envelope_print(const struct tsem_envelope *e, char **ret)
{
	char payload[BASE64_SIZE(TSEM_PAYLOAD_BYTES) + 1], *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		return -ENOMEM;
	base64_print(e->payload, e->payload_size, payload);
	(void)fprintf(
		out,
		"{\n  \"payloadType\": \"%s\",\n  \"payload\": \"%s\",\n", /* looked at below */
		TSEM_ENVELOPE_TYPE, payload);
	(void)fprintf(out, "  \"signatures\": [");
	for (size_t i = 0; i < e->signature_count; i++) {
		char sig[BASE64_SIZE(TSEM_SIGNATURE_BYTES) + 1];

		base64_print(e->signatures[i].bytes, TSEM_SIGNATURE_BYTES, sig);
		(void)fprintf(out, "%s\n    {\"keyid\": \"%s\", \"sig\": \"%s\"}", i ? "," : "",
			      e->signatures[i].key_id, sig);
	}
	(void)fprintf(out, "\n  ]\n}\n");
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}

/* Signatures. */

/** struct signed_bytes - What a signature is for. */
struct signed_bytes {
	char data[PAE_BYTES + TSEM_PAYLOAD_BYTES];
	size_t size;
};

static void set_signed_bytes(const struct tsem_envelope *e, struct signed_bytes *ret)
{
	int n = snprintf(ret->data, PAE_BYTES, PAE, strlen(TSEM_ENVELOPE_TYPE), TSEM_ENVELOPE_TYPE,
			 e->payload_size); /* it fits */

	memcpy(ret->data + n, e->payload, e->payload_size);
	ret->size = n + e->payload_size;
}

static bool has_signed(const struct tsem_signers *signers, const struct tsem_public_key *key)
{
	for (size_t i = 0; i < signers->count; i++) {
		if (signers->keys[i] == key)
			return true;
	}
	return false;
}

void tsem_envelope_verify(const struct tsem_envelope *e, const struct tsem_keyring *keyring,
			  struct tsem_signers *ret)
{
	struct signed_bytes bytes;

	*ret = (struct tsem_signers){ .count = 0 };
	set_signed_bytes(e, &bytes);
	for (size_t i = 0; i < e->signature_count; i++) {
		const struct tsem_signature *s = &e->signatures[i];
		const struct tsem_public_key *key = tsem_keyring_find(keyring, s->key_id);

		if (key && !has_signed(ret, key) &&
		    tsem_public_key_verifies(key, bytes.data, bytes.size, s->bytes))
			ret->keys[ret->count++] = key;
	}
}

int tsem_envelope_sign(struct tsem_envelope *e, const struct tsem_private_key *key)
{
	struct tsem_signature signature;
	struct tsem_public_key public;
	struct signed_bytes bytes;
	size_t i = 0;
	int r;

	r = tsem_private_key_get_public(key, &public);
	if (r < 0)
		return r;
	while (i < e->signature_count && strcmp(e->signatures[i].key_id, public.id))
		i++;
	if (i == TSEM_ENVELOPE_SIGNATURES)
		return -E2BIG;
	memcpy(signature.key_id, public.id, sizeof(signature.key_id));
	set_signed_bytes(e, &bytes);
	r = tsem_private_key_sign(key, bytes.data, bytes.size, signature.bytes);
	if (r < 0)
		return r;
	e->signatures[i] = signature;
	if (i == e->signature_count)
		e->signature_count++;
	return 0;
}
