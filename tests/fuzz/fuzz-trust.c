// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-trust.c - fuzzes what is read before a signature is known to be good: the
 * keyring and the envelope, and the statement, as if it were signed; and upstream's
 * models, which nobody signed.
 *
 * What is accepted is printed and read again as the same; a signature that was
 * not made is never good.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../libtsem/cleanup.h"
#include "../../libtsem/trust.h"
#include "../../libtsem/upstream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition)
{
	if (!condition)
		abort();
}

static void check_error(const struct tsem_model_error *error)
{
	check(error->text[0]);
	for (const char *c = error->text; *c; c++)
		check(*c >= ' ' && *c <= '~');
}

static void check_keyring(const char *data, size_t size)
{
	static struct tsem_keyring ring;
	struct tsem_model_error error = { .text = "" };
	char text[TSEM_KEY_TEXT_BYTES];
	size_t at = 0;

	if (tsem_keyring_parse(data, size, &ring, &error) < 0) {
		check_error(&error);
		return;
	}
	for (size_t i = 0; i < ring.count; i++) {
		tsem_public_key_print(&ring.keys[i], text);
		at += strlen("# \n") + strlen(ring.keys[i].name);
		check(at + strlen(text) <= size && !memcmp(data + at, text, strlen(text)));
		at += strlen(text);
	}
	check(at == size);
}

static void check_statement(const struct tsem_envelope *e)
{
	static struct tsem_envelope printed;
	struct tsem_model_error error = { .text = "" };
	struct tsem_statement s, again;

	if (tsem_statement_parse(e, &s, &error) < 0) {
		check_error(&error);
		return;
	}
	tsem_statement_print(&s, &printed);
	check(tsem_statement_parse(&printed, &again, &error) == 0);
	check(!memcmp(&s, &again, sizeof(s)));
}

/* RFC 8032, section 7.1, the first example: nobody here has its other half. */
static const uint8_t foreign[TSEM_KEY_BYTES] = {
	0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
	0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
	0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
};

static void check_signatures(const struct tsem_envelope *e)
{
	static struct tsem_keyring ring;
	struct tsem_signers signers;

	ring.count = e->signature_count;
	for (size_t i = 0; i < e->signature_count; i++) {
		memcpy(ring.keys[i].id, e->signatures[i].key_id, sizeof(ring.keys[i].id));
		memcpy(ring.keys[i].bytes, foreign, sizeof(foreign));
	}
	tsem_envelope_verify(e, &ring, &signers);
	check(signers.count == 0);
}

static void check_envelope(const char *data, size_t size)
{
	static struct tsem_envelope e, again;
	struct tsem_model_error error = { .text = "" };
	_cleanup_(freep) char *text = NULL;

	if (tsem_envelope_parse(data, size, &e, &error) < 0) {
		check_error(&error);
		return;
	}
	check(tsem_envelope_print(&e, &text) == 0);
	check(tsem_envelope_parse(text, strlen(text), &again, &error) == 0);
	check(e.payload_size == again.payload_size &&
	      !memcmp(e.payload, again.payload, e.payload_size) &&
	      e.signature_count == again.signature_count &&
	      !memcmp(e.signatures, again.signatures, e.signature_count * sizeof(e.signatures[0])));
	check_statement(&e);
	check_signatures(&e);
}

/* What is printed stands in the file. */
static int check_word(enum tsem_upstream_word word, const struct tsem_digest *digest,
		      void *userdata)
{
	const struct tsem_upstream_params *params = userdata;
	char line[TSEM_UPSTREAM_LINE_BYTES];

	tsem_upstream_print(word, digest, params->digest_size, line);
	for (size_t i = 0; i + strlen(line) <= params->size; i++) {
		if (!strncasecmp(params->data + i, line, strlen(line)))
			return 0;
	}
	abort();
}

static void check_upstream(const char *data, size_t size)
{
	struct tsem_upstream_params params = { data, size, 32, check_word, &params };
	struct tsem_model_error error = { .text = "" };

	if (tsem_upstream_parse(&params, &error) < 0)
		check_error(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tsem_envelope payload;

	check_keyring((const char *)data, size);
	check_envelope((const char *)data, size);
	check_upstream((const char *)data, size);
	payload.payload_size = size < TSEM_PAYLOAD_BYTES ? size : TSEM_PAYLOAD_BYTES;
	memcpy(payload.payload, data, payload.payload_size);
	check_statement(&payload);
	return 0;
}
