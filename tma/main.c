// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * main.c - quixote-tma: the userspace trusted modelling agent. Started by the
 * orchestrator with its descriptors open (loop.h); it opens nothing, and gives
 * up everything before it looks at the model or at a record.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/hasher.h"
#include "../libtsem/version.h"
#include "identity.h"
#include "loop.h"
#include "preload.h"
#include "sandbox.h"
#include "status.h"

struct options {
	struct judge_params judge;
	struct sandbox sandbox;
	uid_t caller;
	const char *digest;
	const char **pseudonyms;
	const char **scratch;
	unsigned int threshold;
	struct tsem_trust trust;
	bool preload; /* the kernel is to be given the model */
};

static int parse_mode(struct options *o, const char *value)
{
	int mode = judge_mode_from_string(value);

	o->judge.mode = mode;
	return mode;
}

static int parse_violation(struct options *o, const char *value)
{
	int violation = judge_violation_from_string(value);

	o->judge.violation = violation;
	return violation;
}

static int parse_root(struct options *o, const char *value)
{
	o->judge.by_kernel = strcmp(value, "kernel") == 0;
	return o->judge.by_kernel || strcmp(value, "process") == 0 ? 0 : -EINVAL;
}

static int parse_remember(struct options *o, const char *value)
{
	o->judge.remember = strcmp(value, "yes") == 0;
	return o->judge.remember || strcmp(value, "no") == 0 ? 0 : -EINVAL;
}

static int parse_anchored(struct options *o, const char *value)
{
	o->judge.anchored = strcmp(value, "yes") == 0;
	return o->judge.anchored || strcmp(value, "no") == 0 ? 0 : -EINVAL;
}

static int parse_fields(struct options *o, const char *value)
{
	bool strict = strcmp(value, "strict") == 0;

	if (!strict && strcmp(value, "portable") != 0)
		return -EINVAL;
	o->judge.fields = strict ? TSEM_FIELDS_STRICT : TSEM_FIELDS_PORTABLE;
	return 0;
}

static int parse_digest(struct options *o, const char *value)
{
	o->digest = value;
	return 0;
}

static int parse_nsref(struct options *o, const char *value)
{
	o->judge.nsref = value;
	return 0;
}

static int parse_name(struct options *o, const char *value)
{
	o->judge.name = value;
	return 0;
}

static int parse_identity(struct options *o, const char *value)
{
	return identity_parse(value, &o->sandbox.uid, &o->sandbox.gid);
}

static int parse_caller(struct options *o, const char *value)
{
	gid_t gid;

	return identity_parse(value, &o->caller, &gid);
}

static int parse_pseudonym(struct options *o, const char *value)
{
	o->pseudonyms[o->judge.pseudonym_count++] = value;
	return 0;
}

/* An empty one says that there is none; nothing said is the default. */
static int parse_scratch(struct options *o, const char *value)
{
	o->judge.scratch = o->scratch;
	if (*value)
		o->scratch[o->judge.scratch_count++] = value;
	return 0;
}

/* The model must be signed by so many. */
static int parse_threshold(struct options *o, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (end == value || *end || n < 1 || n > TSEM_ENVELOPE_SIGNATURES)
		return -EINVAL;
	o->threshold = n;
	o->judge.trust = &o->trust;
	return 0;
}

static const struct {
	const char *name;
	int (*parse)(struct options *o, const char *value);
} known[] = {
	{ "mode", parse_mode },		  { "on-violation", parse_violation },
	{ "fields", parse_fields },	  { "digest", parse_digest },
	{ "nsref", parse_nsref },	  { "name", parse_name },
	{ "identity", parse_identity },	  { "pseudonym", parse_pseudonym },
	{ "scratch", parse_scratch },	  { "caller", parse_caller },
	{ "threshold", parse_threshold }, { "root", parse_root },
	{ "remember", parse_remember },	  { "anchored", parse_anchored },
};

static int parse_options(struct options *o, int argc, char **argv)
{
	struct option options[ARRAY_SIZE(known) + 1] = {};
	int i;

	for (size_t n = 0; n < ARRAY_SIZE(known); n++)
		options[n] = (struct option){ .name = known[n].name,
					      .has_arg = required_argument,
					      .val = n };
	/* Room for all of them to be paths. */
	o->pseudonyms = calloc(argc, sizeof(*o->pseudonyms));
	o->scratch = calloc(argc, sizeof(*o->scratch));
	if (!o->pseudonyms || !o->scratch)
		return -ENOMEM;
	o->judge.pseudonyms = o->pseudonyms;

	opterr = 0;
	while ((i = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (i < 0 || (size_t)i >= ARRAY_SIZE(known) || known[i].parse(o, optarg) < 0)
			return -EINVAL;
	}
	if (optind < argc || !o->digest || !o->judge.name || !o->judge.nsref)
		return -EINVAL;
	judge_set_defaults(&o->judge);
	return 0;
}

static int setup_failed(const char *text)
{
	tell_failure(STATUS_FAILURE_SETUP, text);
	return EXIT_FAILURE;
}

static int tell_ready(bool landlock, const struct options *o, const struct judge *judge)
{
	struct status_message message = {
		.kind = STATUS_READY,
		.code = landlock ? 0 : STATUS_READY_NO_LANDLOCK,
	};
	struct judge_identity identity;
	struct judge_counts counts;

	judge_get_counts(judge, &counts);
	message.numbers[STATUS_READY_POINTS] = counts.total;
	message.numbers[STATUS_READY_VERSION] = o->trust.statement.version;
	judge_get_identity(judge, &identity);
	(void)snprintf(message.text, sizeof(message.text), "%s%s%s", identity.model,
		       o->judge.anchored ? " " : "",
		       o->judge.anchored ? identity.state : ""); /* it fits */
	return tell(&message);
}

/* Who signed it comes before what it says. */
static int load_model(struct options *o, int model_fd, struct judge **ret)
{
	const struct tsem_trust_params params = {
		.fd_envelope = TMA_FD_SIGNATURE,
		.fd_keyring = TMA_FD_KEYRING,
		.threshold = o->threshold,
		.name = o->judge.name,
	};
	struct tsem_model_error why = { .text = "" };
	struct judge_error error = { .text = "" };
	int r = o->threshold ? tsem_trust_read(&o->trust, &params, &why) : 0;

	if (r < 0)
		(void)snprintf(error.text, sizeof(error.text), "%.199s", why.text);
	else
		r = judge_new(&o->judge, model_fd, &error, ret);
	if (r < 0)
		tell_failure(r == -EKEYREJECTED ? STATUS_FAILURE_SIGNATURE : STATUS_FAILURE_MODEL,
			     error.text[0] ? error.text : strerror(-r));
	return r;
}

/* Whole before the orchestrator is told: its end is the end of the model. */
static int give_kernel(const struct options *o, const struct judge *judge)
{
	int r = o->preload ? preload_write(judge, TMA_FD_PRELOAD) : 0;

	(void)close(TMA_FD_PRELOAD);
	return r;
}

/* From here on nothing is left to be given up. */
static int judge_events(struct options *o, struct loop *loop, int model_fd, bool landlock)
{

	if (load_model(o, model_fd, &loop->judge) < 0)
		return EXIT_FAILURE;
	loop->source->params = &o->judge;
	loop->source->judge = loop->judge;
	loop->train = o->judge.mode == JUDGE_TRAIN;
	if (give_kernel(o, loop->judge) < 0)
		return setup_failed("the kernel was not given the model");
	if (tell_ready(landlock, o, loop->judge) < 0)
		return EXIT_FAILURE;
	return loop_run(loop) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int init_journal(struct loop *loop, const struct judge_params *params)
{
	struct stat st;
	bool there = fstat(TMA_FD_JOURNAL, &st) == 0 && S_ISSOCK(st.st_mode);

	return journal_init(&loop->journal, there ? TMA_FD_JOURNAL : -EBADF, params->name,
			    params->hasher->ops->size);
}

static int work(int argc, char **argv)
{
	struct options options = {
		.sandbox = { .role = SANDBOX_TMA, .uid = 65534, .gid = 65534, .dir = -EBADF },
	};
	_cleanup_(tsem_hasher_freep) struct tsem_hasher *hasher = NULL, *measure = NULL;
	struct loop loop;
	struct stat st;
	bool landlock;
	int model_fd;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a model that does not fit is a failed write */
	(void)signal(SIGTERM, SIG_IGN); /* of a whole unit: it ends with the workload */
	(void)signal(SIGINT, SIG_IGN);
	if (parse_options(&options, argc, argv) < 0)
		return setup_failed("bad arguments");
	/* What looks at files or loads code comes before the sandbox, and sees no foreign byte. */
	if (tsem_hasher_new(options.digest, &hasher) < 0)
		return setup_failed("no such hash function");
	if (options.threshold && tsem_trust_prepare() < 0)
		return setup_failed("no signatures of Ed25519");
	if (tsem_hasher_new("sha256", &measure) < 0)
		return setup_failed("no SHA-256");
	options.judge.hasher = hasher;
	options.trust.measure = measure;
	options.judge.measure = measure;
	if (loop_init(&loop, options.caller) < 0 || init_journal(&loop, &options.judge) < 0)
		return setup_failed("memory or descriptors");
	model_fd = fstat(TMA_FD_MODEL, &st) == 0 && S_ISREG(st.st_mode) ? TMA_FD_MODEL : -EBADF;
	options.preload = fstat(TMA_FD_PRELOAD, &st) == 0 && S_ISFIFO(st.st_mode);
	if (sandbox_enter(&options.sandbox, &landlock) < 0)
		return setup_failed("the sandbox could not be entered");
	return judge_events(&options, &loop, model_fd, landlock);
}

int main(int argc, char **argv)
{
	if (version_told(argc, argv, "quixote-tma"))
		return EXIT_SUCCESS;
	/* Without exit handlers: those of libraries may ask for what the sandbox forbids. */
	_exit(work(argc, argv));
}
