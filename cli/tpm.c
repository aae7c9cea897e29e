// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tpm.c - quixote tpm: what of the machine's TPM is ours. Each can be typed
 * again; nothing that was not made here is written or removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/anchor-log.h"
#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "../tma/anchor/settings.h"
#include "../tma/anchor/tpm.h"
#include "anchored.h"
#include "command.h"
#include "text.h"

#define ANCHOR_USER "quixote-anchor"

/* The longest authorisation that a hierarchy can have. */
#define OWNER_BYTES 64

/* How long the anchor may take for what it has begun: a TPM may need a tenth of a second each. */
#define LOOKS_MAX 20
#define LOOK_AGAIN_NSEC 100000000L

static const char help[] =
	"usage: quixote tpm init [--config=FILE] [--owner=FILE]\n"
	"       quixote tpm status [--config=FILE] [--json]\n"
	"       quixote tpm remove [--config=FILE] [--owner=FILE]\n"
	"\n"
	"init makes what the anchor needs: a counter in the TPM, so that an old copy of its\n"
	"log is not taken for the newest, and the directory of that log. status tells what is\n"
	"there, and whether log and register say the same. remove takes the counter away again;\n"
	"the log stays. Each may be repeated, and touches nothing that quixote did not make.\n"
	"\n"
	"      --config=FILE   instead of " SETTINGS_FILE "\n"
	"      --owner=FILE    with the authorisation of the TPM's owner, if there is one\n"
	"      --json          in JSON\n"
	"  -h, --help          this text\n";

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "owner", required_argument, NULL, 'o' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/** struct tpm_command - What is asked for. */
struct tpm_command {
	const char *config;
	const char *owner;
	bool json;
	struct settings settings;
	struct tpm_error error;
	struct tpm *tpm;
};

static int fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "quixote: %s: %s\n", what, why);
	return EXIT_LOST;
}

static int fail_tpm(const struct tpm_command *c, const char *advice)
{
	(void)fprintf(stderr, "quixote: the TPM: %s%s\n", c->error.text, advice);
	return EXIT_LOST;
}

static int read_owner(struct tpm_command *c)
{
	_cleanup_(close_fdp) int fd = open(c->owner, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char secret[OWNER_BYTES + 1];
	ssize_t size = fd < 0 ? -1 : read(fd, secret, sizeof(secret));
	int r;

	if (size < 0)
		return fail(c->owner, strerror(errno));
	r = tpm_set_owner(c->tpm, secret, size);
	explicit_bzero(secret, sizeof(secret));
	return r < 0 ? fail(c->owner, c->error.text) : 0;
}

static int open_tpm(struct tpm_command *c)
{
	if (tpm_open(c->settings.tcti, &c->error, &c->tpm) < 0)
		return fail_tpm(c,
				"; look whether it is there and who may use it, and see TCTI= in "
				"tpm.conf(5)");
	return c->owner ? read_owner(c) : 0;
}

/* Its own, if there is a user for that. */
static int make_directory(const char *path)
{
	const struct passwd *user = getpwnam(ANCHOR_USER);

	if (mkdir(path, 0750) < 0)
		return errno == EEXIST ? 0 : fail(path, strerror(errno));
	if (geteuid() == 0 && user && chown(path, user->pw_uid, user->pw_gid) < 0)
		return fail(path, strerror(errno));
	return 0;
}

static int make_counter(struct tpm_command *c, uint64_t *ret)
{
	int r = tpm_counter_define(c->tpm, c->settings.counter);

	if (r == 0)
		r = tpm_counter_read(c->tpm, c->settings.counter, ret);
	if (r == -EACCES)
		return fail_tpm(c, "; give the owner's authorisation by --owner=FILE");
	return r < 0 ? fail_tpm(c, "") : 0;
}

static int init_counter(struct tpm_command *c)
{
	uint64_t count;
	int r = tpm_counter_read(c->tpm, c->settings.counter, &count), there = r;

	if (r == -EPERM)
		return fail_tpm(c, "; choose another Counter= in tpm.conf(5)");
	if (r < 0 && r != -ENOENT)
		return fail_tpm(c, "");
	/* One that does not count yet was being made. */
	if (r == 0 && count == 0) {
		r = tpm_counter_increment(c->tpm, c->settings.counter);
		if (r == 0)
			r = tpm_counter_read(c->tpm, c->settings.counter, &count);
		if (r < 0)
			return fail_tpm(c, "");
	}
	if (r == -ENOENT) {
		r = make_counter(c, &count);
		if (r)
			return r;
	}
	(void)printf("counter %08" PRIx32 " is %s, at %" PRIu64 "\n", c->settings.counter,
		     there == 0 ? "there" : "made", count);
	return 0;
}

static int init_index(struct tpm_command *c, const struct settings_index *one)
{
	uint8_t value[TPM_HASH];
	int r = tpm_index_read(c->tpm, one->index, value), there = r;

	if (r == -EPERM)
		return fail_tpm(c, "; choose another one in Indices= of tpm.conf(5)");
	if (r == -ENOENT)
		r = tpm_index_define(c->tpm, one->index);
	if (r < 0)
		return fail_tpm(c, r == -EACCES ? "; give the owner's authorisation by --owner=FILE"
						: "");
	(void)printf("index %08" PRIx32 " of %s is %s\n", one->index, one->workload,
		     there == 0 ? "there" : "made");
	return 0;
}

static int tpm_init(struct tpm_command *c)
{
	uint8_t value[TPM_HASH];
	int r = open_tpm(c);

	if (r)
		return r;
	if (tpm_read_register(c->tpm, c->settings.pcr, value) < 0)
		return fail_tpm(c, "; have its SHA-256 bank allocated in the firmware's setup");
	r = c->settings.counter ? init_counter(c) : 0;
	for (size_t i = 0; r == 0 && i < c->settings.index_count; i++)
		r = init_index(c, &c->settings.indices[i]);
	return r ? r : make_directory(c->settings.directory);
}

static int remove_index(struct tpm_command *c, const struct settings_index *one)
{
	int r = tpm_index_remove(c->tpm, one->index);

	if (r == -EPERM)
		return fail_tpm(c, "; it stays");
	if (r < 0 && r != -ENOENT)
		return fail_tpm(c, r == -EACCES ? "; give the owner's authorisation by --owner=FILE"
						: "");
	(void)printf("index %08" PRIx32 " of %s is %s\n", one->index, one->workload,
		     r == 0 ? "removed" : "not there");
	return 0;
}

static int tpm_remove(struct tpm_command *c)
{
	int r = open_tpm(c);

	for (size_t i = 0; r == 0 && i < c->settings.index_count; i++)
		r = remove_index(c, &c->settings.indices[i]);
	if (r || !c->settings.counter)
		return r;
	r = tpm_counter_remove(c->tpm, c->settings.counter);
	if (r == -EPERM)
		return fail_tpm(c, "; it stays");
	if (r < 0 && r != -ENOENT)
		return fail_tpm(c, r == -EACCES ? "; give the owner's authorisation by --owner=FILE"
						: "");
	(void)printf("counter %08" PRIx32 " is %s; the log in %s stays\n", c->settings.counter,
		     r == 0 ? "removed" : "not there", c->settings.directory);
	return EXIT_SUCCESS;
}

/** struct tpm_state - What there is. */
struct tpm_state {
	uint64_t resets;
	uint8_t value[TPM_HASH];
	bool counted;
	uint64_t count;
	struct anchored log;
	const char *verdict; /* about the log, in words */
	bool good;
	struct anchored_kept kept;
};

static int look(struct tpm_command *c, struct tpm_state *s)
{
	int r = tpm_read_resets(c->tpm, &s->resets);

	if (r == 0)
		r = tpm_read_register(c->tpm, c->settings.pcr, s->value);
	if (r < 0)
		return fail_tpm(c, "");
	r = c->settings.counter ? tpm_counter_read(c->tpm, c->settings.counter, &s->count)
				: -ENOENT;
	s->counted = r == 0;
	if (r < 0 && r != -ENOENT)
		return fail_tpm(c, "");
	return 0;
}

static bool is_equal(const struct tpm_state *s)
{
	return memcmp(s->log.log.value, s->value, TPM_HASH) == 0;
}

/* A log of another boot need not be equal. */
static bool is_good(const struct tpm_state *s)
{
	return s->log.log.begin.reset != s->resets || is_equal(s);
}

static void judge_log(const struct tpm_command *c, struct tpm_state *s, int r)
{
	if (r == -ENOENT)
		s->verdict = "there is none yet";
	else if (r < 0)
		s->verdict = s->log.error;
	else if (s->log.log.begin.reset != s->resets)
		s->verdict = "it is of an earlier boot; the anchor has not run in this one";
	else if (!is_equal(s))
		s->verdict = "it does not say what the register says";
	else
		s->verdict = "it says what the register says";
	s->good = r == -ENOENT || (r == 0 && is_good(s));
}

static void tell_kept(const struct anchored_kept *k, struct text *t)
{
	if (k->oldest == k->newest)
		text_format(t, "%" PRIu64 " is the newest", k->newest);
	else
		text_format(t, "%" PRIu64 " to %" PRIu64 " are there, unchanged", k->oldest,
			    k->newest);
	if (k->pruned)
		text_format(t, "; up to %" PRIu64 " removed as Keep= says", k->pruned);
	if (k->changed)
		text_format(t, "; %" PRIu64 " is another than was written", k->oldest - 1);
	else if (k->missing)
		text_format(t, "; %" PRIu64 " is missing, which only its checkpoint tells of now",
			    k->oldest - 1);
}

static void tell_json(const struct tpm_command *c, const struct tpm_state *s, const char *value)
{
	struct text t = TEXT_EMPTY;

	text_add_string(&t, "{\"tcti\": ");
	text_add_json(&t, c->settings.tcti, strlen(c->settings.tcti));
	text_format(&t, ", \"register\": %u, \"value\": \"%s\", \"resets\": %" PRIu64 ", ",
		    c->settings.pcr, value, s->resets);
	if (s->counted)
		text_format(&t, "\"counter\": %" PRIu64 ", ", s->count);
	text_format(&t, "\"records\": %" PRIu64 ", \"workloads\": %zu, \"good\": %s, \"log\": ",
		    s->log.log.records, s->log.log.chain_count, s->good ? "true" : "false");
	text_add_json(&t, s->verdict, strlen(s->verdict));
	if (s->kept.newest)
		text_format(&t,
			    ", \"file\": %" PRIu64 ", \"oldest\": %" PRIu64 ", \"pruned\": %" PRIu64
			    ", \"missing\": %s, \"changed\": %s",
			    s->kept.newest, s->kept.oldest, s->kept.pruned,
			    s->kept.missing ? "true" : "false", s->kept.changed ? "true" : "false");
	(void)printf("%s}\n", text_get(&t));
	text_done(&t);
}

/*
 * The anchor may be between its log and the register: then they are looked at again. Returns
 * what reading the log did, or an exit status, said.
 */
static int look_at_both(struct tpm_command *c, struct tpm_state *s)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_NSEC };

	for (int i = 0;; i++) {
		int r = look(c, s);

		if (r == 0)
			r = anchored_read(&c->settings, &s->log);
		if (r || is_good(s) || i == LOOKS_MAX)
			return r;
		anchored_done(&s->log);
		(void)nanosleep(&pause, NULL);
	}
}

static int tpm_status(struct tpm_command *c)
{
	struct tpm_state s = { .log = ANCHORED_EMPTY };
	struct text t = TEXT_EMPTY;
	char value[2 * TPM_HASH + 1];
	int r = open_tpm(c);

	if (r == 0)
		r = look_at_both(c, &s);
	if (r > 0)
		return r;
	judge_log(c, &s, r);
	if (r == 0 && anchored_look_back(&c->settings, &s.log, &s.kept) < 0)
		s.verdict = s.log.error;
	s.good = s.good && !s.kept.changed;
	tsem_anchor_hex(s.value, sizeof(s.value), value);
	if (c->json) {
		tell_json(c, &s, value);
	} else {
		(void)printf("TPM:       %s, reset %" PRIu64 " times\n", c->settings.tcti,
			     s.resets);
		(void)printf("register:  %u, %s\n", c->settings.pcr, value);
		if (s.counted)
			(void)printf("counter:   %08" PRIx32 ", at %" PRIu64 "\n",
				     c->settings.counter, s.count);
		else
			(void)printf("counter:   none%s\n",
				     c->settings.counter ? "; quixote tpm init makes it" : "");
		(void)printf("log:       %s/" SETTINGS_LOG ": %s\n", c->settings.directory,
			     s.verdict);
		if (s.kept.newest) {
			tell_kept(&s.kept, &t);
			(void)printf("files:     %s\n", text_get(&t));
			text_done(&t);
		}
		(void)printf("workloads: %zu\n", s.log.log.chain_count);
	}
	anchored_done(&s.log);
	return s.good ? EXIT_SUCCESS : 1;
}

static int parse(struct tpm_command *c, int option, char *argv[])
{
	switch (option) {
	case 'c':
		c->config = optarg;
		return 0;
	case 'o':
		c->owner = optarg;
		return 0;
	case 'j':
		c->json = true;
		return 0;
	default:
		return option_error(argv, option);
	}
}

int tpm_main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int (*run)(struct tpm_command *c);
	} verbs[] = { { "init", tpm_init }, { "status", tpm_status }, { "remove", tpm_remove } };
	struct tpm_command c = { .json = false };
	struct settings_error why;
	int option, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? EXIT_LOST : EXIT_SUCCESS;
		r = parse(&c, option, argv);
		if (r)
			return r;
	}
	if (argc - optind != 1)
		return command_line_error(argv[0], "init, status or remove is expected");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, argv[optind]) != 0)
			continue;
		if (settings_read(c.config, &c.settings, &why) < 0) {
			(void)fprintf(stderr, "quixote: %s\n", why.text);
			return EXIT_CONFIGURATION;
		}
		r = verbs[i].run(&c);
		c.tpm = tpm_close(c.tpm);
		return r;
	}
	return command_line_error(argv[0], "\"%s\" is neither init, status nor remove",
				  argv[optind]);
}
