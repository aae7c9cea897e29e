// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * verify.c - quixote verify: evidence of another machine held against a policy, and the
 * verifier's part in coming to know that machine's key. Needs neither TPM nor TSEM.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "appraise.h"
#include "command.h"
#include "credential.h"
#include "seen.h"
#include "token.h"

#define NONCE_BYTES 32

static const char help[] =
	"usage: quixote verify --policy=FILE --nonce=HEX [--state=FILE] [--log=FILE] [--json]\n"
	"                      [--token=FILE --key=KEY] EVIDENCE\n"
	"       quixote verify --new-nonce\n"
	"       quixote verify --challenge=REQUEST --secret=FILE (--roots=FILE | "
	"--no-certificate)\n"
	"       quixote verify --accept=ANSWER --secret=FILE\n"
	"\n"
	"Tells whether the workloads of another machine are what a policy wants, from evidence\n"
	"that quixote attest made there for the number that --new-nonce printed here. The\n"
	"machine's key is in the policy; it is found out once, before: --challenge takes what\n"
	"quixote attest --enroll printed, and --accept what --activate printed.\n"
	"\n"
	"      --policy=FILE         what is wanted, quixote-policy(5)\n"
	"      --nonce=HEX           that the evidence must be for\n"
	"      --state=FILE          remember how far the log was seen; evidence has to go on "
	"there\n"
	"      --log=FILE            files of the log before those in EVIDENCE, one behind the "
	"other\n"
	"      --json                in JSON\n"
	"      --token=FILE          write an Entity Attestation Token (CWT), signed with KEY\n"
	"      --key=KEY             of quixote key new\n"
	"      --new-nonce           print a number that nobody has seen\n"
	"      --challenge=REQUEST   print something that only that TPM can read\n"
	"      --roots=FILE          certificates (PEM) of who makes TPMs\n"
	"      --no-certificate      believe any TPM, or what says that it is one\n"
	"      --accept=ANSWER       print the machine's key, if the answer is right\n"
	"      --secret=FILE         what is kept between the two\n"
	"  -h, --help                this text\n";

enum option_number {
	OPTION_POLICY,
	OPTION_NONCE,
	OPTION_STATE,
	OPTION_LOG,
	OPTION_TOKEN,
	OPTION_KEY,
	OPTION_CHALLENGE,
	OPTION_ROOTS,
	OPTION_ACCEPT,
	OPTION_SECRET,
	OPTION_JSON, /* those from here on have no value */
	OPTION_NEW_NONCE,
	OPTION_NO_CERTIFICATE,
};
#define OPTION_COUNT (OPTION_NO_CERTIFICATE + 1)

static const char *const option_names[OPTION_COUNT] = {
	[OPTION_POLICY] = "policy",
	[OPTION_NONCE] = "nonce",
	[OPTION_STATE] = "state",
	[OPTION_LOG] = "log",
	[OPTION_TOKEN] = "token",
	[OPTION_KEY] = "key",
	[OPTION_CHALLENGE] = "challenge",
	[OPTION_ROOTS] = "roots",
	[OPTION_ACCEPT] = "accept",
	[OPTION_SECRET] = "secret",
	[OPTION_JSON] = "json",
	[OPTION_NEW_NONCE] = "new-nonce",
	[OPTION_NO_CERTIFICATE] = "no-certificate",
};

/** struct verification - What is asked for: values of options; "" for those without. */
struct verification {
	const char *values[OPTION_COUNT];
	const char *evidence;
};

DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)

static int fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "quixote: %s: %s\n", what, why);
	return EXIT_LOST;
}

/* Returns the exit status @status. */
static int fail_text(const char *what, struct text *why, int status)
{
	(void)fprintf(stderr, "quixote: %s%s%s\n", what ?: "", what ? ": " : "", text_get(why));
	text_done(why);
	return status;
}

static int new_nonce(void)
{
	uint8_t nonce[NONCE_BYTES];
	char hex[2 * NONCE_BYTES + 1];

	if (RAND_bytes(nonce, sizeof(nonce)) != 1)
		return fail("random numbers", "there are none");
	tsem_anchor_hex(nonce, sizeof(nonce), hex);
	return printf("%s\n", hex) < 0 || fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

/* Coming to know a machine's key. */

/* For who made it alone: whoever reads it could answer in place of the TPM. */
static int write_secret(const char *path, const uint8_t secret[CREDENTIAL_SECRET], EVP_PKEY *ak)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	char hex[2 * CREDENTIAL_SECRET + 1];
	bool failed;

	if (!file)
		return fail(path, strerror(errno));
	tsem_anchor_hex(secret, CREDENTIAL_SECRET, hex);
	failed = fprintf(file, "%s\n", hex) < 0 || PEM_write_PUBKEY(file, ak) != 1;
	OPENSSL_cleanse(hex, sizeof(hex));
	if (fclose(file) || failed)
		return fail(path, "it cannot be written");
	return 0;
}

static int check_machine(const struct verification *v, const struct credential_request *request,
			 EVP_PKEY **ret)
{
	struct text why = TEXT_EMPTY;
	int r = credential_take_ak(request, ret, &why);

	if (r == 0 && v->values[OPTION_ROOTS])
		r = credential_check_ek(request, v->values[OPTION_ROOTS], &why);
	return r < 0 ? fail_text(v->values[OPTION_CHALLENGE], &why, 1) : 0;
}

static int challenge(const struct verification *v)
{
	const char *path = v->values[OPTION_CHALLENGE];
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *ak = NULL;
	struct credential_challenge made;
	struct credential_request request;
	uint8_t secret[CREDENTIAL_SECRET];
	struct text t = TEXT_EMPTY;
	int r;

	if (!v->values[OPTION_SECRET] ||
	    !v->values[OPTION_ROOTS] == !v->values[OPTION_NO_CERTIFICATE])
		return command_line_error("verify",
					  "--secret=, and --roots= or --no-certificate are "
					  "expected");
	if (credential_read_request(path, &request) < 0)
		return fail(path, "it is not what quixote attest --enroll prints");
	r = check_machine(v, &request, &ak);
	if (r)
		return r;
	if (RAND_bytes(secret, sizeof(secret)) != 1)
		return fail("random numbers", "there are none");
	if (credential_challenge(&request, secret, &made, &t) < 0)
		return fail_text(path, &t, 1);
	r = write_secret(v->values[OPTION_SECRET], secret, ak);
	OPENSSL_cleanse(secret, sizeof(secret));
	if (r)
		return r;
	credential_print_challenge(&made, &t);
	r = t.failed || fputs(text_get(&t), stdout) < 0 || fflush(stdout) ? EXIT_LOST
									  : EXIT_SUCCESS;
	text_done(&t);
	return r;
}

/* One line. */
static int read_line(FILE *file, char *ret, int room)
{
	size_t size;

	if (!fgets(ret, room, file))
		return -EBADMSG;
	size = strlen(ret);
	if (!size || ret[size - 1] != '\n')
		return -EBADMSG;
	ret[size - 1] = '\0';
	return 0;
}

static int accept_answer(const struct verification *v)
{
	const char *path = v->values[OPTION_ACCEPT], *secret_path = v->values[OPTION_SECRET];
	_cleanup_(fclosep) FILE *answer = NULL, *secret = NULL;
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *ak = NULL;
	char given[2 * CREDENTIAL_SECRET + 2] = "", expected[sizeof(given)] = "";

	if (!secret_path)
		return command_line_error("verify", "--secret= is expected");
	answer = fopen(path, "re");
	if (!answer)
		return fail(path, strerror(errno));
	secret = fopen(secret_path, "re");
	if (!secret)
		return fail(secret_path, strerror(errno));
	if (read_line(secret, expected, sizeof(expected)) < 0 ||
	    strlen(expected) != 2 * CREDENTIAL_SECRET ||
	    !(ak = PEM_read_PUBKEY(secret, NULL, NULL, NULL)))
		return fail(secret_path, "it is not what quixote verify --challenge wrote");
	if (read_line(answer, given, sizeof(given)) < 0 || strlen(given) != 2 * CREDENTIAL_SECRET ||
	    CRYPTO_memcmp(given, expected, 2 * CREDENTIAL_SECRET) != 0) {
		(void)fprintf(stderr,
			      "quixote: %s: that is not the answer: the key is not in that TPM\n",
			      path);
		return 1;
	}
	return PEM_write_PUBKEY(stdout, ak) != 1 || fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

/* Evidence. */

static int read_evidence(const char *path, char **ret, size_t *ret_size)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_(freep) char *data = NULL;
	struct stat st;
	size_t used = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)EVIDENCE_BYTES)
		return -EBADMSG;
	data = malloc(st.st_size + 1);
	if (!data)
		return -ENOMEM;
	while (used < (size_t)st.st_size) {
		ssize_t n = read(fd, data + used, st.st_size - used);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		used += n;
	}
	*ret = TAKE_PTR(data);
	*ret_size = used;
	return 0;
}

static EVP_PKEY *read_key(const char *path)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	EVP_PKEY *key = file ? PEM_read_PUBKEY(file, NULL, NULL, NULL) : NULL;

	if (key && EVP_PKEY_get_id(key) == EVP_PKEY_EC)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static void tell_words(const struct appraisals *a, struct text *t)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct appraisal *one = &a->all[i];

		text_format(t, "%s: %s: %s\n", one->name, one->trusted ? "trusted" : "NOT trusted",
			    text_get(&one->words));
	}
}

static void tell_json(const struct appraisals *a, struct text *t)
{
	text_format(t,
		    "{\"made\": %llu, \"first\": %llu, \"records\": %llu, \"believed\": %s, "
		    "\"workloads\": {",
		    (unsigned long long)a->made_usec, (unsigned long long)a->log.first,
		    (unsigned long long)a->log.records, a->believed ? "true" : "false");
	for (size_t i = 0; i < a->count; i++) {
		const struct appraisal *one = &a->all[i];

		text_format(t, "%s\"%s\": {\"trusted\": %s, \"words\": ", i ? ", " : "", one->name,
			    one->trusted ? "true" : "false");
		text_add_json(t, text_get(&one->words), one->words.size);
		if (one->known)
			text_format(t,
				    ", \"model\": \"%s\", \"version\": %llu, \"state\": \"%s\", "
				    "\"measurement\": \"%s\", \"outside\": %llu, \"time\": %llu",
				    one->entry.model, (unsigned long long)one->entry.version,
				    one->entry.state, one->entry.measurement,
				    (unsigned long long)one->entry.outside,
				    (unsigned long long)one->entry.time_usec);
		text_add_string(t, "}");
	}
	text_add_string(t, "}}\n");
}

static int write_token(const struct verification *v, const struct appraisals *a,
		       const struct evidence_nonce *nonce)
{
	_cleanup_(tsem_private_key_freep) struct tsem_private_key *key = NULL;
	_cleanup_(fclosep) FILE *key_file = fopen(v->values[OPTION_KEY], "re");
	struct token token;
	FILE *file;
	bool failed;

	if (!key_file || tsem_private_key_read(key_file, &key) < 0)
		return fail(v->values[OPTION_KEY], "it is no key of quixote key new");
	if (token_make(a, nonce, (uint64_t)time(NULL), key, &token) < 0)
		return fail(v->values[OPTION_TOKEN], strerror(ENOMEM));
	file = fopen(v->values[OPTION_TOKEN], "we");
	failed = !file || fwrite(token.data, 1, token.size, file) != token.size;
	if (file && fclose(file))
		failed = true;
	free(token.data);
	return failed ? fail(v->values[OPTION_TOKEN], "it cannot be written") : 0;
}

static int tell(const struct verification *v, const struct appraisals *a)
{
	struct text t = TEXT_EMPTY;
	bool trusted = true, failed;

	(v->values[OPTION_JSON] ? tell_json : tell_words)(a, &t);
	for (size_t i = 0; i < a->count; i++)
		trusted = trusted && a->all[i].trusted;
	failed = t.failed || fputs(text_get(&t), stdout) < 0 || fflush(stdout);
	text_done(&t);
	if (failed)
		return EXIT_LOST;
	return trusted ? EXIT_SUCCESS : 1;
}

/* All that is asked for of evidence that is the machine's. */
static int finish(const struct verification *v, struct appraisals *a,
		  const struct evidence_nonce *nonce, const struct seen *seen)
{
	struct text why = TEXT_EMPTY;
	int r = v->values[OPTION_TOKEN] ? write_token(v, a, nonce) : 0;

	if (r == 0)
		r = tell(v, a);
	/* A verdict that was not told is not remembered. */
	if ((r == EXIT_SUCCESS || r == 1) && v->values[OPTION_STATE] &&
	    seen_write(seen, a->made_usec, a->believed, &a->log, &why) < 0)
		return fail_text(NULL, &why, EXIT_LOST);
	return r;
}

static int open_evidence(const struct verification *v, EVP_PKEY *ak,
			 const struct evidence_nonce *nonce, struct evidence *ret)
{
	_cleanup_(freep) char *data = NULL;
	struct text why = TEXT_EMPTY;
	size_t size = 0;
	int r = read_evidence(v->evidence, &data, &size);

	if (r < 0)
		return fail(v->evidence, strerror(-r));
	r = evidence_open(data, size, ak, nonce, ret, &why);
	return r < 0 ? fail_text(v->evidence, &why, 1) : 0;
}

static int read_log(const char *path, struct text *ret)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r = fd < 0 ? -errno : text_read(fd, EVIDENCE_BYTES, ret);

	if (r == 0 && ret->size && strlen(text_get(ret)) != ret->size)
		r = -EBADMSG;
	return r < 0 ? fail(path, strerror(-r)) : 0;
}

/* What is known besides the evidence. */
static int read_known(const struct verification *v, struct appraise_params *p, EVP_PKEY *ak,
		      struct text *before)
{
	struct text why = TEXT_EMPTY;
	int r = 0;

	if (v->values[OPTION_STATE]) {
		p->seen->path = v->values[OPTION_STATE];
		r = seen_lock(p->seen, &why);
		if (r == 0)
			r = seen_read(p->seen, ak, p->policy->pcr, &why);
		if (r < 0)
			return fail_text(NULL, &why, r == -EKEYREJECTED ? 1 : EXIT_LOST);
	}
	p->before = before;
	return v->values[OPTION_LOG] ? read_log(v->values[OPTION_LOG], before) : 0;
}

static int judge(const struct verification *v, const struct policy *policy,
		 const struct evidence_nonce *nonce)
{
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *ak = read_key(policy->key);
	_cleanup_(freep) struct appraisals *a = calloc(1, sizeof(*a));
	_cleanup_(seen_done) struct seen seen = SEEN_EMPTY;
	struct text why = TEXT_EMPTY, before = TEXT_EMPTY;
	struct evidence evidence = { .body = NULL };
	struct appraise_params params = { .evidence = &evidence,
					  .policy = policy,
					  .now_usec = (uint64_t)time(NULL) * 1000000u,
					  .seen = &seen };
	int r;

	if (!ak || !a)
		return fail(policy->key, a ? "it is no key of a machine" : strerror(ENOMEM));
	r = read_known(v, &params, ak, &before);
	if (r == 0)
		r = open_evidence(v, ak, nonce, &evidence);
	if (r == 0) {
		r = appraise(&params, a, &why) < 0 ? fail_text(v->evidence, &why, 1)
						   : finish(v, a, nonce, &seen);
		appraisals_done(a);
	}
	evidence_done(&evidence);
	text_done(&before);
	return r;
}

static int verify(const struct verification *v)
{
	_cleanup_(freep) struct policy *policy = calloc(1, sizeof(*policy));
	struct text why = TEXT_EMPTY;
	struct evidence_nonce nonce;

	if (!v->values[OPTION_POLICY] || !v->values[OPTION_NONCE] || !v->evidence)
		return command_line_error("verify",
					  "--policy=, --nonce= and EVIDENCE are expected");
	if (!v->values[OPTION_TOKEN] != !v->values[OPTION_KEY])
		return command_line_error("verify", "--token= and --key= go together");
	if (evidence_nonce_parse(v->values[OPTION_NONCE], &nonce) < 0)
		return command_line_error("verify", "a nonce has 16 to 128 hexadecimal digits");
	if (!policy)
		return fail(v->evidence, strerror(ENOMEM));
	if (policy_read(v->values[OPTION_POLICY], policy, &why) < 0)
		return fail_text(NULL, &why, EXIT_CONFIGURATION);
	return judge(v, policy, &nonce);
}

static int parse_options(struct verification *v, int argc, char *argv[])
{
	struct option options[OPTION_COUNT + 2] = {};
	int option;

	for (int i = 0; i < OPTION_COUNT; i++)
		options[i] = (struct option){ option_names[i],
					      i < OPTION_JSON ? required_argument : no_argument,
					      NULL, 256 + i };
	options[OPTION_COUNT] = (struct option){ "help", no_argument, NULL, 'h' };
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return -1;
		if (option < 256)
			return option_error(argv, option);
		v->values[option - 256] = optarg ?: "";
	}
	if (argc - optind > 1)
		return command_line_error(argv[0], "what is \"%s\"?", argv[optind + 1]);
	v->evidence = argv[optind]; /* or the NULL at the end */
	return 0;
}

int verify_main(int argc, char *argv[])
{
	struct verification v = { .evidence = NULL };
	int r = parse_options(&v, argc, argv);

	if (r < 0)
		return fputs(help, stdout) < 0 ? EXIT_LOST : EXIT_SUCCESS;
	if (r)
		return r;
	if (v.values[OPTION_NEW_NONCE])
		return new_nonce();
	if (v.values[OPTION_CHALLENGE])
		return challenge(&v);
	return v.values[OPTION_ACCEPT] ? accept_answer(&v) : verify(&v);
}
