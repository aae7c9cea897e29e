// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-trust.c - keys, envelopes and statements: what is verified, and all that is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../libtsem/base64.h"
#include "../../libtsem/cleanup.h"
#include "../../libtsem/hasher.h"
#include "../../libtsem/trust.h"

/* RFC 8410, section 10.1. */
#define EXAMPLE_KEY                                                                                \
	"-----BEGIN PUBLIC KEY-----\n"                                                             \
	"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"                           \
	"-----END PUBLIC KEY-----\n"
#define OTHER_KEY                                                                                  \
	"-----BEGIN PUBLIC KEY-----\n"                                                             \
	"MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"                           \
	"-----END PUBLIC KEY-----\n"

static struct tsem_hasher *hasher, *measure;
static struct tsem_private_key *alice, *bob, *mallory;

/* Base64. */

static struct base64_case {
	const char *name, *text;
	ssize_t r;
} base64_cases[] = {
	{ "base64: nothing", "", 0 },
	{ "base64: one byte", "AA==", 1 },
	{ "base64: two bytes", "AAA=", 2 },
	{ "base64: three bytes", "AAAA", 3 },
	{ "base64: all digits", "+/az", 3 },
	{ "base64: no padding", "AA", -EBADMSG },
	{ "base64: padding alone", "====", -EBADMSG },
	{ "base64: padding within", "AA==AAAA", -EBADMSG },
	{ "base64: one character", "A===", -EBADMSG },
	{ "base64: padding first", "A=A=", -EBADMSG },
	{ "base64: bits that say nothing", "AB==", -EBADMSG },
	{ "base64: more bits that say nothing", "AAB=", -EBADMSG },
	{ "base64: line feed", "AAAA\n", -EBADMSG },
	{ "base64: blank", "AA A", -EBADMSG },
	{ "base64: for URLs", "-_az", -EBADMSG },
	{ "base64: no room", "AAAAAAAAAAAA", -E2BIG },
};

static void check_base64(void **state)
{
	const struct base64_case *c = *state;
	uint8_t bytes[6];
	char text[BASE64_SIZE(sizeof(bytes)) + 1];
	ssize_t r = base64_parse(c->text, strlen(c->text), bytes, sizeof(bytes));

	assert_int_equal(r, c->r);
	if (r < 0)
		return;
	base64_print(bytes, r, text);
	assert_string_equal(text, c->text);
}

/* Keyrings. */

static struct ring_case {
	const char *name, *text;
	int r;
	unsigned int line;
	const char *error;
} ring_cases[] = {
	{ "keyring: two keys", "# a\n" EXAMPLE_KEY "# b.c-d_e@F\n" OTHER_KEY, 0, 0, NULL },
	{ "keyring: none", "", 0, 0, NULL },
	{ "keyring: no name", EXAMPLE_KEY, -EBADMSG, 1, "expected the name of a key" },
	{ "keyring: empty name", "# \n" EXAMPLE_KEY, -EBADMSG, 1, "not a name" },
	{ "keyring: hidden name", "# .a\n" EXAMPLE_KEY, -EBADMSG, 1, "not a name" },
	{ "keyring: name with a blank", "# a b\n" EXAMPLE_KEY, -EBADMSG, 1, "not a name" },
	{ "keyring: name with an escape", "# \033[2J\n" EXAMPLE_KEY, -EBADMSG, 1, "not a name" },
	{ "keyring: name without line feed", "# a", -EBADMSG, 1, "not a name" },
	{ "keyring: only a name", "# a\n", -EBADMSG, 1, "the key a is not a public key" },
	{ "keyring: a private key",
	  "# a\n-----BEGIN PRIVATE "
	  "KEY-----\nMC4C\n"
	  "-----END PRIVATE KEY-----\n",
	  -EBADMSG, 1, "the key a is not a public key of Ed25519" },
	{ "keyring: of another algorithm",
	  "# a\n-----BEGIN PUBLIC "
	  "KEY-----\nMCowBQYDK2VuAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
	  "-----END PUBLIC KEY-----\n",
	  -EBADMSG, 1, "the key a is not a public key of Ed25519" },
	{ "keyring: cut off in the key", "# a\n-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAy",
	  -EBADMSG, 1, "the key a is not a public key" },
	{ "keyring: cut off behind the key",
	  "# a\n-----BEGIN PUBLIC "
	  "KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n",
	  -EBADMSG, 1, "the key a is cut off" },
	{ "keyring: something behind", "# a\n" EXAMPLE_KEY "x", -EBADMSG, 5,
	  "expected the name of a key" },
	{ "keyring: an empty line", "# a\n" EXAMPLE_KEY "\n", -EBADMSG, 5,
	  "expected the name of a key" },
	{ "keyring: a name twice", "# a\n" EXAMPLE_KEY "# a\n" OTHER_KEY, -EBADMSG, 5,
	  "the key a is there twice" },
	{ "keyring: a key twice", "# a\n" EXAMPLE_KEY "# b\n" EXAMPLE_KEY, -EBADMSG, 5,
	  "a and b are the same key" },
	{ "keyring: DOS line ends", "# a\r\n" EXAMPLE_KEY, -EBADMSG, 1, "not a name" },
};

static void check_ring(void **state)
{
	const struct ring_case *c = *state;
	struct tsem_keyring ring = { .count = 77 };
	struct tsem_model_error error = { .text = "" };
	char text[TSEM_KEY_TEXT_BYTES];

	assert_int_equal(tsem_keyring_parse(c->text, strlen(c->text), &ring, &error), c->r);
	if (c->r < 0) {
		assert_int_equal(ring.count, 77);
		assert_int_equal(error.line, c->line);
		assert_non_null(strstr(error.text, c->error));
		return;
	}
	if (!ring.count)
		return;
	assert_int_equal(ring.count, 2);
	tsem_public_key_print(&ring.keys[0], text);
	assert_string_equal(text, EXAMPLE_KEY);
	/* printf EXAMPLE_KEY | openssl pkey -pubin -outform DER | sha256sum */
	assert_string_equal(ring.keys[0].id,
			    "a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f");
}

static void check_too_many_keys(void **state)
{
	static char text[TSEM_KEYRING_BYTES * 2];
	_cleanup_(freep) struct tsem_keyring *ring = calloc(1, sizeof(*ring));
	struct tsem_model_error error;
	size_t used = 0;

	for (unsigned int i = 0; i <= TSEM_KEYS; i++) {
		struct tsem_public_key key = { .bytes = { [0] = i } };
		char printed[TSEM_KEY_TEXT_BYTES];

		tsem_public_key_print(&key, printed);
		used += snprintf(text + used, sizeof(text) - used, "# key%u\n%s", i, printed);
	}
	assert_int_equal(tsem_keyring_parse(text, used, ring, &error), -E2BIG);
}

/* Models that are signed. */

static int file_of(const char *data, size_t size)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	return fd;
}

static int model_file(const char *name)
{
	const struct tsem_model_header header = {
		.name = name,
		.digest = "sha256",
		.nsref = "initial",
		.fields = TSEM_FIELDS_PORTABLE,
	};
	_cleanup_(tsem_model_freep) struct tsem_model *model = NULL;
	int fd = memfd_create("model", MFD_CLOEXEC);

	assert_int_equal(tsem_model_new(&header, hasher, &model), 0);
	assert_int_equal(tsem_model_write(model, fd), 0);
	return fd;
}

/* What is true about a model file. */
static struct tsem_statement statement_of(int fd)
{
	const struct tsem_model_source source = { fd, hasher, measure };
	_cleanup_(tsem_model_freep) struct tsem_model *model = NULL;
	struct tsem_model_error error;
	struct tsem_statement s;
	uint8_t sha256[TSEM_DIGEST_MAX];

	measure->ops->init(measure->ctx);
	assert_int_equal(tsem_model_read_from(&source, &error, &model), 0);
	measure->ops->final(measure->ctx, sha256);
	tsem_statement_about(model, sha256, &s);
	s.version = 3;
	(void)snprintf(s.source, sizeof(s.source), "0123abcd");
	return s;
}

static struct tsem_envelope *sign(const struct tsem_statement *s,
				  struct tsem_private_key *const *keys, size_t count)
{
	struct tsem_envelope *e = calloc(1, sizeof(*e));

	assert_non_null(e);
	tsem_statement_print(s, e);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(tsem_envelope_sign(e, keys[i]), 0);
	return e;
}

static int ring_of(struct tsem_private_key *const *keys, size_t count)
{
	int fd = memfd_create("keys", MFD_CLOEXEC);

	for (size_t i = 0; i < count; i++) {
		struct tsem_public_key key;
		char text[TSEM_KEY_TEXT_BYTES];

		assert_int_equal(tsem_private_key_get_public(keys[i], &key), 0);
		tsem_public_key_print(&key, text);
		assert_true(dprintf(fd, "# key%zu\n%s", i, text) > 0);
	}
	return fd;
}

/* Everything as the modelling agent does it; the text of @envelope is as it lies in its file. */
static int verify_text(int model_fd, const char *envelope, size_t size, unsigned int threshold,
		       struct tsem_model_error *error)
{
	struct tsem_private_key *const trusted[] = { alice, bob };
	_cleanup_(close_fdp) int fd_keyring = ring_of(trusted, 2);
	_cleanup_(close_fdp) int fd_envelope = file_of(envelope, size);
	_cleanup_(freep) struct tsem_trust *trust = calloc(1, sizeof(*trust));
	_cleanup_(tsem_model_freep) struct tsem_model *model = NULL;
	const struct tsem_trust_params params = { fd_envelope, fd_keyring, threshold, "web" };
	const struct tsem_model_source source = { model_fd, hasher, NULL };
	int r;

	trust->measure = measure;
	error->text[0] = '\0';
	r = tsem_trust_read(trust, &params, error);
	if (r == 0)
		r = tsem_trust_read_model(trust, &source, error, &model);
	assert_int_equal(model == NULL, r < 0);
	if (r < 0)
		assert_true(error->text[0]);
	return r;
}

static int verify(int model_fd, const struct tsem_envelope *e, unsigned int threshold,
		  struct tsem_model_error *error)
{
	_cleanup_(freep) char *text = NULL;

	assert_int_equal(tsem_envelope_print(e, &text), 0);
	return verify_text(model_fd, text, strlen(text), threshold, error);
}

static void check_error(const struct tsem_model_error *error, const char *said)
{
	if (!strstr(error->text, said))
		fail_msg("\"%s\" does not say \"%s\"", error->text, said);
}

static void check_signed(void **state)
{
	_cleanup_(close_fdp) int fd = model_file("web");
	const struct tsem_statement s = statement_of(fd);
	_cleanup_(freep) struct tsem_envelope *e =
		sign(&s, (struct tsem_private_key *[]){ alice, bob }, 2);
	_cleanup_(freep) struct tsem_envelope *again = calloc(1, sizeof(*again));
	_cleanup_(freep) char *text = NULL;
	struct tsem_model_error error;
	struct tsem_statement read;

	assert_int_equal(verify(fd, e, 1, &error), 0);
	assert_int_equal(verify(fd, e, 2, &error), 0);
	assert_int_equal(tsem_envelope_print(e, &text), 0);
	assert_int_equal(tsem_envelope_parse(text, strlen(text), again, &error), 0);
	assert_memory_equal(again, e, sizeof(*e));
	assert_int_equal(tsem_statement_parse(again, &read, &error), 0);
	assert_memory_equal(&read, &s, sizeof(s));
}

/* Who signs twice replaces, and counts once. */
static void check_threshold(void **state)
{
	_cleanup_(close_fdp) int fd = model_file("web");
	const struct tsem_statement s = statement_of(fd);
	_cleanup_(freep) struct tsem_envelope *e =
		sign(&s, (struct tsem_private_key *[]){ alice, alice }, 2);
	struct tsem_model_error error;

	assert_int_equal(e->signature_count, 1);
	assert_int_equal(verify(fd, e, 2, &error), -EKEYREJECTED);
	check_error(&error,
		    "of its 1 signature 1 is good and by a key that may sign, and 2 must be");
	e->signatures[1] = e->signatures[0];
	e->signature_count = 2;
	assert_int_equal(verify(fd, e, 1, &error), 0);
	assert_int_equal(verify(fd, e, 2, &error), -EKEYREJECTED);
	check_error(&error, "of its 2 signatures 1 is good");
	e->signature_count = 1;
	assert_int_equal(tsem_envelope_sign(e, mallory), 0);
	assert_int_equal(verify(fd, e, 1, &error), 0);
	assert_int_equal(verify(fd, e, 2, &error), -EKEYREJECTED);
	e->signature_count = 0;
	assert_int_equal(verify(fd, e, 1, &error), -EKEYREJECTED);
	assert_int_equal(verify(fd, e, 0, &error), -EKEYREJECTED); /* nobody is never enough */
}

static void check_wrong_key(void **state)
{
	_cleanup_(close_fdp) int fd = model_file("web");
	const struct tsem_statement s = statement_of(fd);
	_cleanup_(freep) struct tsem_envelope *e = sign(&s, &mallory, 1);
	_cleanup_(freep) struct tsem_envelope *other = sign(&s, &alice, 1);
	struct tsem_model_error error;

	assert_int_equal(verify(fd, e, 1, &error), -EKEYREJECTED);
	/* Under another's name. */
	memcpy(e->signatures[0].key_id, other->signatures[0].key_id,
	       sizeof(e->signatures[0].key_id));
	assert_int_equal(verify(fd, e, 1, &error), -EKEYREJECTED);
	check_error(&error, "0 are good");
}

static void check_every_bit(void **state)
{
	_cleanup_(close_fdp) int fd = model_file("web");
	const struct tsem_statement s = statement_of(fd);
	_cleanup_(freep) struct tsem_envelope *e = sign(&s, &alice, 1);
	_cleanup_(freep) char *text = NULL;
	struct tsem_model_error error;
	size_t size;

	assert_int_equal(tsem_envelope_print(e, &text), 0);
	size = strlen(text);
	assert_int_equal(verify_text(fd, text, size, 1, &error), 0);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		text[bit / 8] ^= 1 << bit % 8;
		if (verify_text(fd, text, size, 1, &error) != -EKEYREJECTED)
			fail_msg("bit %zu of byte %zu does not matter", bit % 8, bit / 8);
		text[bit / 8] ^= 1 << bit % 8;
	}
}

static void check_every_cut(void **state)
{
	_cleanup_(close_fdp) int fd = model_file("web");
	const struct tsem_statement s = statement_of(fd);
	_cleanup_(freep) struct tsem_envelope *e = sign(&s, &alice, 1);
	_cleanup_(freep) char *text = NULL;
	struct tsem_model_error error;

	assert_int_equal(tsem_envelope_print(e, &text), 0);
	/* The last line feed says nothing. */
	for (size_t size = 0; size + 1 < strlen(text); size++)
		assert_int_equal(verify_text(fd, text, size, 1, &error), -EKEYREJECTED);
}

static void check_every_bit_of_the_model(void **state)
{
	_cleanup_(close_fdp) int fd = model_file("web");
	const struct tsem_statement s = statement_of(fd);
	_cleanup_(freep) struct tsem_envelope *e = sign(&s, &alice, 1);
	struct tsem_model_error error;
	char text[4096];
	ssize_t size = pread(fd, text, sizeof(text), 0);

	assert_in_range(size, 1, sizeof(text));
	for (ssize_t bit = 0; bit < 8 * size; bit += 3) {
		_cleanup_(close_fdp) int changed = -EBADF;

		text[bit / 8] ^= 1 << bit % 8;
		changed = file_of(text, size);
		assert_true(verify(changed, e, 1, &error) < 0);
		text[bit / 8] ^= 1 << bit % 8;
	}
}

/* Statements that were signed and do not say what the model is. */

static void lie_name(struct tsem_statement *s)
{
	(void)strcpy(s->name, "mail");
}

static void lie_sha256(struct tsem_statement *s)
{
	s->sha256[0] = s->sha256[0] == '0' ? '1' : '0';
}

static void lie_fields(struct tsem_statement *s)
{
	(void)strcpy(s->fields, "strict");
}

static void lie_digest(struct tsem_statement *s)
{
	(void)strcpy(s->digest, "sm3");
}

static void lie_nsref(struct tsem_statement *s)
{
	(void)strcpy(s->nsref, "current");
}

static void lie_runs(struct tsem_statement *s)
{
	s->runs = 100;
}

static void lie_coefficients(struct tsem_statement *s)
{
	s->coefficients++;
}

static void lie_programs(struct tsem_statement *s)
{
	s->programs++;
}

static void lie_events(struct tsem_statement *s)
{
	s->events++;
}

static void lie_once(struct tsem_statement *s)
{
	s->once++;
}

static void lie_version(struct tsem_statement *s)
{
	s->version = 0;
}

static void lie_twice(struct tsem_statement *s)
{
	s->twice++;
}

static void lie_shown(struct tsem_statement *s)
{
	s->shown++;
}

static void lie_shown_once(struct tsem_statement *s)
{
	s->shown_once++;
}

static void lie_shown_twice(struct tsem_statement *s)
{
	s->shown_twice++;
}

static struct lie_case {
	const char *name;
	void (*tell)(struct tsem_statement *s);
	const char *error;
} lie_cases[] = {
	{ "lie: name", lie_name, "it was signed for the workload mail, not for web" },
	{ "lie: model", lie_sha256, "the model is not the one that was signed" },
	{ "lie: projection", lie_fields,
	  "what was signed says fields strict, the model says portable" },
	{ "lie: hash function", lie_digest, "what was signed says digest sm3" },
	{ "lie: user namespace", lie_nsref, "what was signed says nsref current" },
	{ "lie: runs", lie_runs, "what was signed says 100 runs, the model has 0" },
	{ "lie: coefficients", lie_coefficients, "what was signed says 1 coefficients" },
	{ "lie: programs", lie_programs, "what was signed says 1 programs" },
	{ "lie: events", lie_events, "what was signed says 1 events" },
	{ "lie: seen once", lie_once, "what was signed says 1 once" },
	{ "lie: seen twice", lie_twice, "what was signed says 1 twice" },
	{ "lie: shown", lie_shown, "what was signed says 1 shown," },
	{ "lie: shown once", lie_shown_once, "what was signed says 1 shown_once" },
	{ "lie: shown twice", lie_shown_twice, "what was signed says 1 shown_twice" },
	{ "lie: version", lie_version, "a number is too small" },
};

static void check_lie(void **state)
{
	const struct lie_case *c = *state;
	_cleanup_(close_fdp) int fd = model_file("web");
	struct tsem_statement s = statement_of(fd);
	_cleanup_(freep) struct tsem_envelope *e = NULL;
	struct tsem_model_error error;

	c->tell(&s);
	e = sign(&s, &alice, 1);
	assert_int_equal(verify(fd, e, 1, &error), -EKEYREJECTED);
	check_error(&error, c->error);
}

/* Payloads that were signed and are no statement. */
#define NUMBERS                                                                                    \
	"\"runs\": 0, \"coefficients\": 0, \"programs\": 0, \"events\": 0, \"once\": 0, "          \
	"\"twice\": 0, \"shown\": 0, \"shown_once\": 0, \"shown_twice\": 0"
#define TEXTS                                                                                      \
	"\"fields\": \"portable\", \"digest\": \"sha256\", \"nsref\": \"initial\", \"source\": "   \
	"\"\", "
#define MODEL_OF(version, formula)                                                                 \
	"\"name\": \"web\", \"version\": " version ", \"sha256\": \"\", \"formula\": " formula "," \
	" "
static struct payload_case {
	const char *name, *payload, *error;
} payload_cases[] = {
#define NONE "what was signed is not a statement about a model"
	{ "payload: nothing", "", NONE },
	{ "payload: no object", "[]", NONE },
	{ "payload: empty", "{}", NONE },
	{ "payload: complete", "{" MODEL_OF("1", "1") TEXTS NUMBERS "}",
	  "the model is not the one that was signed" },
	{ "payload: cut off", "{" MODEL_OF("1", "1") TEXTS NUMBERS, NONE },
	{ "payload: something behind", "{" MODEL_OF("1", "1") TEXTS NUMBERS "} x", NONE },
	{ "payload: unknown key", "{" MODEL_OF("1", "1") TEXTS NUMBERS ", \"x\": 1}", NONE },
	{ "payload: repeated key", "{" MODEL_OF("1", "1") TEXTS NUMBERS ", \"runs\": 0}", NONE },
	{ "payload: text for a number", "{" MODEL_OF("\"1\"", "1") TEXTS NUMBERS "}", NONE },
	{ "payload: no version", "{" MODEL_OF("0", "1") TEXTS NUMBERS "}",
	  "a number is too small" },
	{ "payload: negative", "{" MODEL_OF("-1", "1") TEXTS NUMBERS "}", "a number is too small" },
	{ "payload: fraction", "{" MODEL_OF("1.0", "1") TEXTS NUMBERS "}", NONE },
	{ "payload: too large", "{" MODEL_OF("9223372036854775808", "1") TEXTS NUMBERS "}", NONE },
	{ "payload: another formula", "{" MODEL_OF("1", "2") TEXTS NUMBERS "}",
	  "it was signed for formula 2; this version knows only 1" },
	{ "payload: a NUL", "{\"name\": \"web\\u0000\"}", NONE },
	{ "payload: line feed in a text",
	  "{" MODEL_OF("1", "1") "\"fields\": \"a\\nb\", \"digest\": \"\", \"nsref\": \"\", "
				 "\"source\": \"\", " NUMBERS "}",
	  "fields is not up to 15 characters of ASCII" },
	{ "payload: long text",
	  "{" MODEL_OF("1",
		       "1") "\"fields\": \"portableportable\", \"digest\": \"\", \"nsref\": \"\", "
			    "\"source\": \"\", " NUMBERS "}",
	  "fields is not up to 15 characters of ASCII" },
};

static void check_payload(void **state)
{
	const struct payload_case *c = *state;
	_cleanup_(close_fdp) int fd = model_file("web");
	_cleanup_(freep) struct tsem_envelope *e = calloc(1, sizeof(*e));
	struct tsem_model_error error;

	e->payload_size = strlen(c->payload);
	memcpy(e->payload, c->payload, e->payload_size);
	assert_int_equal(tsem_envelope_sign(e, alice), 0);
	assert_int_equal(verify(fd, e, 1, &error), -EKEYREJECTED);
	check_error(&error, c->error);
}

/* Envelopes. */
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SIG                                                                                        \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
#define ENVELOPE(type, signatures)                                                                 \
	"{\"payload\": \"AAAA\", \"payloadType\": \"" type "\", \"signatures\": [" signatures "]}"
#define SIGNATURE(id, sig) "{\"keyid\": \"" id "\", \"sig\": \"" sig "\"}"
static struct envelope_case {
	const char *name, *text;
	int r;
	const char *error;
} envelope_cases[] = {
	{ "envelope: good", ENVELOPE(TSEM_ENVELOPE_TYPE, SIGNATURE(ID, SIG)), 0, NULL },
	{ "envelope: no signature", ENVELOPE(TSEM_ENVELOPE_TYPE, ""), 0, NULL },
	{ "envelope: empty", "", -EBADMSG, "not a JSON object" },
	{ "envelope: a list", "[]", -EBADMSG, "other members than" },
	{ "envelope: another type", ENVELOPE("application/vnd.in-toto+json", SIGNATURE(ID, SIG)),
	  -EBADMSG, "the payload is not of type" },
	{ "envelope: longer type", ENVELOPE(TSEM_ENVELOPE_TYPE "2", SIGNATURE(ID, SIG)), -EBADMSG,
	  "the payload is not of type" },
	{ "envelope: no type", "{\"payload\": \"AAAA\", \"signatures\": []}", -EBADMSG,
	  "other members than" },
	{ "envelope: unknown key",
	  "{\"payload\": \"\", \"payloadType\": \"" TSEM_ENVELOPE_TYPE
	  "\", \"signatures\": [], \"x\": 1}",
	  -EBADMSG, "other members than" },
	{ "envelope: repeated key",
	  "{\"payload\": \"\", \"payload\": \"\", \"payloadType\": \"\", \"signatures\": []}",
	  -EBADMSG, "not a JSON object" },
	{ "envelope: signatures are a text",
	  "{\"payload\": \"\", \"payloadType\": \"" TSEM_ENVELOPE_TYPE "\", \"signatures\": \"\"}",
	  -EBADMSG, "other members than" },
	{ "envelope: a signature is a text", ENVELOPE(TSEM_ENVELOPE_TYPE, "\"" SIG "\""), -EBADMSG,
	  "a signature has other members" },
	{ "envelope: a signature without keyid",
	  ENVELOPE(TSEM_ENVELOPE_TYPE, "{\"sig\": \"" SIG "\"}"), -EBADMSG,
	  "a signature has other members" },
	{ "envelope: short keyid", ENVELOPE(TSEM_ENVELOPE_TYPE, SIGNATURE("0123", SIG)), -EBADMSG,
	  "a keyid is not 64 hexadecimal digits" },
	{ "envelope: keyid in capitals",
	  ENVELOPE(TSEM_ENVELOPE_TYPE,
		   SIGNATURE("0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
			     SIG)),
	  -EBADMSG, "a keyid is not 64 hexadecimal digits" },
	{ "envelope: short signature", ENVELOPE(TSEM_ENVELOPE_TYPE, SIGNATURE(ID, "AAAA")),
	  -EBADMSG, "a signature is not 64 bytes" },
	{ "envelope: long signature", ENVELOPE(TSEM_ENVELOPE_TYPE, SIGNATURE(ID, "AAAA" SIG)),
	  -EBADMSG, "a signature is not 64 bytes" },
	{ "envelope: something behind", ENVELOPE(TSEM_ENVELOPE_TYPE, "") "{}", -EBADMSG,
	  "not a JSON object" },
	{ "envelope: deep", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", -EBADMSG,
	  "not a JSON object" },
};

static void check_envelope(void **state)
{
	const struct envelope_case *c = *state;
	struct tsem_envelope e = { .payload_size = 99 };
	struct tsem_model_error error = { .text = "" };

	assert_int_equal(tsem_envelope_parse(c->text, strlen(c->text), &e, &error), c->r);
	if (c->r < 0) {
		assert_int_equal(e.payload_size, 99);
		check_error(&error, c->error);
	}
}

static void check_limits(void **state)
{
	static char text[TSEM_ENVELOPE_BYTES + 2];
	struct tsem_envelope e = { .payload_size = 99 };
	struct tsem_model_error error;
	size_t used;

	memset(text, ' ', sizeof(text) - 1);
	assert_int_equal(tsem_envelope_parse(text, TSEM_ENVELOPE_BYTES + 1, &e, &error), -E2BIG);
	used = snprintf(text, sizeof(text),
			"{\"payload\": \"\", \"payloadType\": \"%s\", \"signatures\": [",
			TSEM_ENVELOPE_TYPE);
	for (unsigned int i = 0; i <= TSEM_ENVELOPE_SIGNATURES; i++)
		used += snprintf(text + used, sizeof(text) - used, "%s%s", i ? ", " : "",
				 SIGNATURE(ID, SIG));
	used += snprintf(text + used, sizeof(text) - used, "]}");
	assert_int_equal(tsem_envelope_parse(text, used, &e, &error), -E2BIG);
	assert_int_equal(e.payload_size, 99);
}

static int set_up(void **state)
{
	return tsem_trust_prepare() || tsem_hasher_new("sha256", &hasher) ||
	       tsem_hasher_new("sha256", &measure) || tsem_private_key_new(&alice) ||
	       tsem_private_key_new(&bob) || tsem_private_key_new(&mallory);
}

static int tear_down(void **state)
{
	tsem_private_key_freep(&alice);
	tsem_private_key_freep(&bob);
	tsem_private_key_freep(&mallory);
	tsem_hasher_freep(&hasher);
	tsem_hasher_freep(&measure);
	return 0;
}

#define ROWS(list, function)                                                                       \
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)                                              \
		tests[count++] = (struct CMUnitTest)                                               \
		{                                                                                  \
			list[i].name, function, NULL, NULL, &list[i]                               \
		}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(check_too_many_keys),
		cmocka_unit_test(check_signed),
		cmocka_unit_test(check_threshold),
		cmocka_unit_test(check_wrong_key),
		cmocka_unit_test(check_every_bit),
		cmocka_unit_test(check_every_cut),
		cmocka_unit_test(check_limits),
		cmocka_unit_test(check_every_bit_of_the_model),
	};
	static struct CMUnitTest tests[128];
	size_t count = 0;

	ROWS(base64_cases, check_base64);
	ROWS(ring_cases, check_ring);
	ROWS(lie_cases, check_lie);
	ROWS(payload_cases, check_payload);
	ROWS(envelope_cases, check_envelope);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		tests[count++] = others[i];
	return _cmocka_run_group_tests("trust", tests, count, set_up, tear_down);
}
