// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * attest.c - quixote attest: evidence of what this machine's workloads are and were, and
 * the machine's part in making its key known to a verifier.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/sha.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/base64.h"
#include "../libtsem/cleanup.h"
#include "../libtsem/envelope.h"
#include "../orchestrator/failure.h"
#include "../tma/anchor/feed.h"
#include "../tma/anchor/tpm.h"
#include "anchored.h"
#include "command.h"
#include "credential.h"
#include "evidence.h"
#include "named.h"
#include "open.h"
#include "signed.h"

/* The anchor extends under way; a quote takes longer than most intervals between that. */
#define TRIES_MAX 10

/* How long the anchor may take to put into the TPM what it has. */
#define FLUSH_MSEC 20000

/* Of the registers 0 to 7, as the kernel saw them when it booted. */
#define AGGREGATE "/sys/kernel/security/tsem/aggregate"

static const char help[] =
	"usage: quixote attest --nonce=HEX [--from=N | --from=newest] [--config=FILE]\n"
	"                      [NAME | FILE.cfg]...\n"
	"       quixote attest --enroll [--config=FILE]\n"
	"       quixote attest --activate=CHALLENGE [--config=FILE]\n"
	"\n"
	"Prints evidence of what the workloads of this machine are and were, signed by its TPM\n"
	"together with a number that the verifier has chosen. NAME or FILE.cfg: workloads whose\n"
	"model's signature goes with it. A verifier has to know the key first: --enroll prints a\n"
	"request, and --activate the answer to the challenge that quixote verify makes of it.\n"
	"\n"
	"      --nonce=HEX           8 to 64 bytes, as quixote verify --new-nonce prints them\n"
	"      --from=N              leave out files of the log without record N or a later one:\n"
	"                            for a verifier that has seen the records before N\n"
	"      --from=newest         all but the newest: for one that believes a checkpoint\n"
	"      --enroll              tell the keys of this machine's TPM\n"
	"      --activate=CHALLENGE  show that they are in one TPM\n"
	"      --config=FILE         instead of " SETTINGS_FILE "\n"
	"  -h, --help                this text\n";

static const struct option options[] = {
	{ "nonce", required_argument, NULL, 'n' },
	{ "enroll", no_argument, NULL, 'e' },
	{ "from", required_argument, NULL, 'f' },
	{ "activate", required_argument, NULL, 'a' },
	{ "config", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/** struct attestation - What is asked for, and what it takes. */
struct attestation {
	const char *config;
	bool enroll;
	const char *activate;
	bool has_nonce;
	bool has_from;
	uint64_t from;
	struct evidence_nonce nonce;
	char *const *names;
	struct settings settings;
	struct tpm_error error;
	struct tpm *tpm;
};

static int fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "quixote: %s: %s\n", what, why);
	return EXIT_LOST;
}

static int open_tpm(struct attestation *a)
{
	if (tpm_open(a->settings.tcti, &a->error, &a->tpm) == 0)
		return 0;
	return fail("the TPM", a->error.text);
}

static int print(struct text *t)
{
	bool failed =
		t->failed || fwrite(text_get(t), 1, t->size, stdout) != t->size || fflush(stdout);

	text_done(t);
	return failed ? fail("standard output", "evidence was not written") : EXIT_SUCCESS;
}

/* What is true now, and not when the interval was over last. */
static int flush_anchor(const struct attestation *a)
{
	const struct feed_message flush = { .request = FEED_FLUSH };
	_cleanup_(close_fdp) int fd = feed_connect(a->settings.socket);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct feed_answer answer;
	int r = fd;

	if (r >= 0)
		r = feed_send(fd, &flush);
	if (r >= 0 && poll(&wait, 1, FLUSH_MSEC) <= 0)
		r = -ETIMEDOUT;
	if (r >= 0)
		r = feed_receive(fd, &answer);
	if (r >= 0 && answer.result == FEED_ANCHORED)
		return 0;
	(void)fprintf(stderr, "quixote: the anchor (%s): %s; see to quixote-anchor.service\n",
		      a->settings.socket, strerror(r < 0 ? -r : EPROTO));
	return EXIT_LOST;
}

static int read_small(const char *path, char *ret, size_t room)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t used = 0;
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0 && used < room - 1) {
		n = read(fd, ret + used, room - 1 - used);
		used += n > 0 ? n : 0;
	}
	if (n < 0)
		return -errno;
	ret[used] = '\0';
	return used == room - 1 ? -E2BIG : 0;
}

static int add_signature(struct text *t, const char *name, bool first)
{
	_cleanup_(freep) char *path = NULL, *data = malloc(TSEM_ENVELOPE_BYTES + 2);
	_cleanup_(config_freep) struct config *config = NULL;
	char usual[PATH_MAX];
	const char *model;
	int r;

	if (!is_configuration(name))
		(void)named_find(name, usual); /* else its opening says where it was looked for */
	r = open_path(is_configuration(name) ? name : usual, &config, &model);
	if (r)
		return r;
	if (!data || asprintf(&path, "%s" SIGNED_SUFFIX, model) < 0) {
		path = NULL;
		return fail(name, strerror(ENOMEM));
	}
	r = read_small(path, data, TSEM_ENVELOPE_BYTES + 2);
	if (r < 0)
		return fail(path, strerror(-r));
	text_add_string(t, first ? "" : ",");
	text_add_json(t, config->name, strlen(config->name));
	text_add_string(t, ":");
	text_add_json(t, data, strlen(data));
	return 0;
}

static void add_log(struct text *t, const struct anchored *log)
{
	const char *at = log->text, *end;

	while ((end = memchr(at, '\n', log->text + log->size - at))) {
		text_add_string(t, at == log->text ? "" : ",");
		text_add_json(t, at, end - at);
		at = end + 1;
	}
}

static uint64_t now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

/* All of them as they are now. */
static int read_registers(struct attestation *a, uint32_t wanted, uint8_t ret[24][TPM_HASH])
{
	for (unsigned int i = 0; i < 24; i++) {
		if (wanted & 1u << i && tpm_read_register(a->tpm, i, ret[i]) < 0)
			return fail("the TPM", a->error.text);
	}
	return 0;
}

/* "" if there is no TSEM, or it had no TPM: a verifier may want it nevertheless. */
static void read_aggregate(char ret[2 * TPM_HASH + 1])
{
	char text[2 * TPM_HASH + 3] = "";
	struct tsem_cursor c = { text, text + 2 * TPM_HASH };
	uint8_t hash[TPM_HASH], none[TPM_HASH] = {};

	*ret = '\0';
	if (read_small(AGGREGATE, text, sizeof(text)) == 0 &&
	    strcmp(text + 2 * TPM_HASH, "\n") == 0 && tsem_take_hex(&c, hash, sizeof(hash)) == 0 &&
	    memcmp(hash, none, sizeof(none)) != 0)
		tsem_anchor_hex(hash, sizeof(hash), ret);
}

static void add_registers(struct text *t, uint32_t wanted, uint8_t values[24][TPM_HASH])
{
	char hex[2 * TPM_HASH + 1];
	bool first = true;

	for (unsigned int i = 0; i < 24; i++) {
		if (!(wanted & 1u << i))
			continue;
		tsem_anchor_hex(values[i], TPM_HASH, hex);
		text_format(t, "%s\"%u\":\"%s\"", first ? "" : ",", i, hex);
		first = false;
	}
}

/* Whether the quote is of the values that are told: an extension may have come between. */
static bool is_of(const struct tpm_quote *quote, uint32_t wanted, uint8_t values[24][TPM_HASH])
{
	uint8_t all[24 * TPM_HASH], digest[TPM_HASH];
	size_t used = 0;

	for (unsigned int i = 0; i < 24; i++) {
		if (!(wanted & 1u << i))
			continue;
		memcpy(all + used, values[i], TPM_HASH);
		used += TPM_HASH;
	}
	(void)SHA256(all, used, digest);
	/* The last member of a quote. */
	return quote->attest.size > TPM_HASH &&
	       memcmp(quote->attest.data + quote->attest.size - TPM_HASH, digest, TPM_HASH) == 0;
}

/* Returns an exit status, or -ESTALE if the log never was what the register is. */
static int add_body(struct attestation *a, uint8_t values[24][TPM_HASH], uint32_t wanted,
		    struct text *t)
{
	_cleanup_(anchored_done) struct anchored log = ANCHORED_EMPTY;
	char nonce[2 * EVIDENCE_NONCE_MAX + 1], aggregate[2 * TPM_HASH + 1];
	int r = anchored_read_until(&a->settings, values[a->settings.pcr], &log);

	if (r == -ESTALE)
		return r; /* it may have gone on in another file in between */
	if (r == 0)
		r = anchored_add_before(&a->settings, a->from, &log);
	if (r < 0)
		return fail("the log", log.error);
	tsem_anchor_hex(a->nonce.data, a->nonce.size, nonce);
	text_format(t,
		    "{\"format\":\"quixote-evidence-1\",\"nonce\":\"%s\",\"time\":%" PRIu64
		    ",\"register\":%u,\"pcrs\":{",
		    nonce, now_usec(), a->settings.pcr);
	add_registers(t, wanted, values);
	read_aggregate(aggregate);
	text_format(t, "},\"aggregate\":\"%s\",\"log\":[", aggregate);
	add_log(t, &log);
	text_add_string(t, "],\"signatures\":{");
	for (size_t i = 0; r == 0 && a->names[i]; i++)
		r = add_signature(t, a->names[i], i == 0);
	text_add_string(t, "}}\n");
	return r;
}

static int attest(struct attestation *a)
{
	const uint32_t wanted = EVIDENCE_REGISTERS | 1u << a->settings.pcr;
	int r = flush_anchor(a);

	for (int i = 0; r == 0 && i < TRIES_MAX; i++) {
		uint8_t values[24][TPM_HASH], digest[TPM_HASH];
		struct text t = TEXT_EMPTY;
		struct tpm_quote quote;

		r = read_registers(a, wanted, values);
		if (r == 0)
			r = add_body(a, values, wanted, &t);
		if (r == 0 && !t.failed) {
			evidence_digest(&a->nonce, text_get(&t), t.size, digest);
			if (tpm_quote(a->tpm, wanted, digest, &quote) < 0)
				r = fail("the TPM", a->error.text);
		}
		if (r == 0 && (t.failed || is_of(&quote, wanted, values))) {
			evidence_add_quote(&t, quote.attest.data, quote.attest.size,
					   quote.signature);
			return print(&t);
		}
		if (r == -ESTALE)
			r = i == TRIES_MAX - 1
				    ? fail("the log", "it does not say what the register says")
				    : 0;
		text_done(&t);
	}
	return r ? r : fail("the TPM", "its registers are extended faster than they are quoted");
}

static void add_blob(struct text *t, const char *before, const struct tpm_blob *blob)
{
	char base64[BASE64_SIZE(TPM_BLOB) + 1];

	base64_print(blob->data, blob->size, base64);
	text_format(t, "%s%s\"", before, base64);
}

static int enroll(struct attestation *a)
{
	struct tpm_blob ak, ek, certificate;
	struct text t = TEXT_EMPTY;

	if (tpm_ak(a->tpm, &ak) < 0 || tpm_ek(a->tpm, &ek, &certificate) < 0)
		return fail("the TPM", a->error.text);
	add_blob(&t, "{\"ak\":\"", &ak);
	add_blob(&t, ",\"ek\":\"", &ek);
	add_blob(&t, ",\"certificate\":\"", &certificate);
	text_add_string(&t, "}\n");
	return print(&t);
}

static int activate(struct attestation *a)
{
	struct credential_challenge challenge;
	struct tpm_blob credential, secret;
	uint8_t found[TPM_HASH];
	char hex[2 * TPM_HASH + 1];

	if (credential_read_challenge(a->activate, &challenge) < 0)
		return fail(a->activate, "it is no challenge of quixote verify");
	memcpy(credential.data, challenge.credential, challenge.credential_size);
	credential.size = challenge.credential_size;
	memcpy(secret.data, challenge.secret, challenge.secret_size);
	secret.size = challenge.secret_size;
	if (tpm_activate(a->tpm, &credential, &secret, found) < 0) {
		(void)fprintf(stderr, "quixote: %s: it is for another machine: %s\n", a->activate,
			      a->error.text);
		return 1;
	}
	tsem_anchor_hex(found, sizeof(found), hex);
	return printf("%s\n", hex) < 0 || fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

static int take_from(const char *text, uint64_t *ret)
{
	struct tsem_cursor c = { text, text + strlen(text) };

	if (!strcmp(text, "newest")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return tsem_take_number(&c, ret) < 0 || c.at != c.end ? -EINVAL : 0;
}

static int parse(struct attestation *a, int option, char *argv[])
{
	switch (option) {
	case 'n':
		a->has_nonce = true;
		if (evidence_nonce_parse(optarg, &a->nonce) < 0)
			return command_line_error(argv[0],
						  "a nonce has 16 to 128 hexadecimal digits");
		return 0;
	case 'f':
		a->has_from = true;
		if (take_from(optarg, &a->from) < 0)
			return command_line_error(argv[0],
						  "--from= is the number of a record, or newest");
		return 0;
	case 'e':
		a->enroll = true;
		return 0;
	case 'a':
		a->activate = optarg;
		return 0;
	case 'c':
		a->config = optarg;
		return 0;
	default:
		return option_error(argv, option);
	}
}

int attest_main(int argc, char *argv[])
{
	struct attestation a = { .config = NULL };
	struct settings_error why;
	int option, r = 0;

	opterr = 0;
	while (r == 0 && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? EXIT_LOST : EXIT_SUCCESS;
		r = parse(&a, option, argv);
	}
	if (r)
		return r;
	a.names = argv + optind;
	if (a.has_nonce + a.enroll + (a.activate != NULL) != 1 ||
	    (!a.has_nonce && (a.has_from || a.names[0])))
		return command_line_error(argv[0],
					  "one of --nonce=, --enroll and --activate= is expected");
	if (settings_read(a.config, &a.settings, &why) < 0) {
		(void)fprintf(stderr, "quixote: %s\n", why.text);
		return EXIT_CONFIGURATION;
	}
	r = open_tpm(&a);
	if (r == 0)
		r = a.enroll ? enroll(&a) : a.activate ? activate(&a) : attest(&a);
	a.tpm = tpm_close(a.tpm);
	return r;
}
