// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * model-sign.c - quixote model sign: say of a model that it may be used. Signs
 * what it has verified and nothing else; adds to what others have signed.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "signed.h"

static const char help[] =
	"usage: quixote model sign --key=FILE [OPTION]... MODEL\n"
	"\n"
	"Signs a model: MODEL.sig says that it may be enforced. MODEL may be a configuration\n"
	"(*.cfg) that names it. Who signs after others adds a signature to what they have\n"
	"signed; a model that has changed gets a statement of its own, with a higher version.\n"
	"\n"
	"      --key=FILE       the secret key (quixote key new)\n"
	"      --version=N      of the model; by default one more than that of the last "
	"statement.\n"
	"                       A workload never goes back to an older one\n"
	"      --source=TEXT    commit of what was trained; by default that of the git repository\n"
	"                       in which the model lies\n"
	"      --json           tell what was signed in JSON\n"
	"  -h, --help           this text\n";

static const struct option options[] = {
	{ "key", required_argument, NULL, 'k' },    { "version", required_argument, NULL, 'v' },
	{ "source", required_argument, NULL, 's' }, { "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },	    { NULL, 0, NULL, 0 },
};

/**
 * struct signing - A model being signed.
 * @version: 0 if it was not said.
 * @source: NULL if it was not said.
 * @path: Of the envelope; owned.
 * @envelope: With what was signed before, if it still holds.
 */
struct signing {
	bool json;
	const char *key;
	uint64_t version;
	const char *source;
	const char *model;
	char *path;
	struct opened opened;
	struct tsem_statement about;
	struct tsem_envelope envelope;
};

static int fail(const char *path, int status, const char *what)
{
	(void)fprintf(stderr, "quixote: %s: %s\n", path, what);
	return status;
}

/* The command line. */

static int set_version(struct signing *s, const char *text)
{
	char *end;

	errno = 0;
	s->version = strtoumax(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || !s->version ||
	    s->version > INT64_MAX)
		return command_line_error("model sign", "--version=%s: expected a number from 1",
					  text);
	return 0;
}

static int set_source(struct signing *s, const char *text)
{
	if (!tsem_statement_is_source(text))
		return command_line_error(
			"model sign",
			"--source: expected up to %u characters of ASCII without \" and \\",
			TSEM_SOURCE_BYTES);
	s->source = text;
	return 0;
}

static int set_option(struct signing *s, char *const argv[], int option)
{
	switch (option) {
	case 'k':
		s->key = optarg;
		return 0;
	case 'v':
		return set_version(s, optarg);
	case 's':
		return set_source(s, optarg);
	case 'j':
		s->json = true;
		return 0;
	default:
		return option_error(argv, option);
	}
}

/* The source: git knows it, or it is not known. */

static void __attribute__((noreturn)) become_git(const char *directory, int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
		_exit(EXIT_FAILURE);
	(void)execlp("git", "git", "-C", directory, "rev-parse", "--verify", "HEAD", NULL);
	_exit(EXIT_FAILURE);
}

static void find_source(const char *directory, struct tsem_statement *s)
{
	char text[TSEM_SOURCE_BYTES + 1] = "";
	int pair[2], status = 0;
	ssize_t size;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0)
		become_git(directory, pair[1]);
	(void)close(pair[1]);
	size = pid < 0 ? -1 : read(pair[0], text, sizeof(text) - 1);
	(void)close(pair[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0 || size < 1)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (tsem_statement_is_source(text))
		(void)snprintf(s->source, sizeof(s->source), "%s", text);
}

static int set_default_source(struct signing *s)
{
	const char *slash = strrchr(s->model, '/');
	_cleanup_(freep) char *directory =
		slash ? strndup(s->model, slash + 1 - s->model) : strdup(".");

	if (!directory)
		return fail(s->model, EXIT_LOST, strerror(ENOMEM));
	find_source(directory, &s->about);
	return 0;
}

/* What was signed before. */

/* Return: 0 and the bytes; 1 if there is no file; an exit status, said. */
static int read_old(struct signing *s, char *data, size_t room, size_t *ret_size)
{
	_cleanup_(close_fdp) int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t size;

	if (fd < 0 && errno == ENOENT)
		return 1;
	size = fd < 0 ? -1 : read(fd, data, room);
	if (size < 0)
		return fail(s->path, EXIT_MODEL, strerror(errno));
	*ret_size = size;
	return 0;
}

/* Whether the old statement is what would be said now, but for what was not asked for. */
static bool still_holds(const struct signing *s, const struct tsem_statement *old)
{
	struct tsem_model_error error;

	return tsem_statement_agrees(old, &s->about, &error) == 0 &&
	       (!s->version || s->version == old->version) &&
	       (!s->source || !strcmp(s->source, old->source));
}

/* Sets version and source, and the envelope if its signatures can stay. */
static int look_at_old(struct signing *s, bool *ret_stays)
{
	char data[TSEM_ENVELOPE_BYTES + 1];
	struct tsem_statement old;
	struct tsem_model_error error;
	size_t size = 0;
	int r = read_old(s, data, sizeof(data), &size);

	*ret_stays = false;
	if (r > 1)
		return r;
	s->about.version = s->version ?: 1;
	if (r == 1)
		return 0;
	if (tsem_envelope_parse(data, size, &s->envelope, &error) < 0 ||
	    tsem_statement_parse(&s->envelope, &old, &error) < 0) {
		if (s->version)
			return 0; /* it says itself what it is, so it needs no old one */
		(void)fprintf(stderr,
			      "quixote: %s: what was signed before cannot be read (%s), so say "
			      "--version=N\n",
			      s->path, error.text);
		return EXIT_MODEL;
	}
	*ret_stays = still_holds(s, &old);
	if (*ret_stays)
		s->about = old;
	else if (!s->version)
		s->about.version = old.version + 1;
	return 0;
}

static int make_statement(struct signing *s)
{
	bool stays;
	int r = look_at_old(s, &stays);

	if (r || stays)
		return r;
	if (s->source)
		(void)snprintf(s->about.source, sizeof(s->about.source), "%s", s->source);
	else
		r = set_default_source(s);
	tsem_statement_print(&s->about, &s->envelope);
	return r;
}

/* Signing. */

static int sign(struct signing *s)
{
	_cleanup_(tsem_private_key_freep) struct tsem_private_key *key = NULL;
	_cleanup_(fclosep) FILE *file = fopen(s->key, "re");
	struct stat st;
	int r;

	if (!file)
		return fail(s->key, EXIT_LOST, strerror(errno));
	if (fstat(fileno(file), &st) == 0 && st.st_mode & 077)
		(void)fprintf(stderr, "quixote: %s: others can read this key; chmod 600 it\n",
			      s->key);
	if (tsem_private_key_read(file, &key) < 0)
		return fail(s->key, EXIT_LOST, "not a secret key of Ed25519");
	r = tsem_envelope_sign(&s->envelope, key);
	if (r == -E2BIG)
		return fail(s->path, EXIT_LOST, "it has as many signatures as it can have");
	return r < 0 ? fail(s->path, EXIT_LOST, strerror(-r)) : 0;
}

/* Beside the old one, so that one of them is there. */
static int replace(const char *path, const char *text)
{
	_cleanup_(close_fdp) int fd = -EBADF;
	_cleanup_(freep) char *temp = NULL;
	size_t size = strlen(text);

	if (asprintf(&temp, "%s.new", path) < 0) {
		temp = NULL;
		return -ENOMEM;
	}
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	if (write(fd, text, size) != (ssize_t)size || fsync(fd) < 0 || rename(temp, path) < 0) {
		int r = errno ? -errno : -EIO;

		(void)unlink(temp);
		return r;
	}
	return 0;
}

static int tell(const struct signing *s)
{
	const struct tsem_statement *a = &s->about;
	int n;

	if (s->json)
		n = printf("%.*s\n", (int)s->envelope.payload_size,
			   (const char *)s->envelope.payload);
	else
		n = printf("%s: signed (%zu signature%s): %s, version %llu, source %s, %llu "
			   "coefficients, "
			   "training runs: %llu\n",
			   s->path, s->envelope.signature_count,
			   s->envelope.signature_count == 1 ? "" : "s", a->name,
			   (unsigned long long)a->version, a->source[0] ? a->source : "unknown",
			   (unsigned long long)a->coefficients, (unsigned long long)a->runs);
	return n < 0 || fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

static int sign_model(struct signing *s)
{
	_cleanup_(freep) char *text = NULL;
	struct tsem_model_error error;
	int r;

	if (asprintf(&s->path, "%s" SIGNED_SUFFIX, s->model) < 0) {
		s->path = NULL;
		return fail(s->model, EXIT_LOST, strerror(ENOMEM));
	}
	if (signed_measure(s->model, &s->opened, &s->about, &error) < 0) {
		(void)fprintf(stderr, error.line ? "quixote: %s:%u: " : "quixote: %s: ", s->model,
			      error.line);
		(void)fprintf(stderr, "%s\n", error.text);
		return EXIT_MODEL;
	}
	r = make_statement(s);
	if (r == 0)
		r = sign(s);
	if (r)
		return r;
	if (tsem_envelope_print(&s->envelope, &text) < 0)
		return fail(s->path, EXIT_LOST, strerror(ENOMEM));
	r = replace(s->path, text);
	return r < 0 ? fail(s->path, EXIT_LOST, strerror(-r)) : tell(s);
}

int model_sign_main(int argc, char *argv[])
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(freep) struct signing *s = calloc(1, sizeof(*s));
	int option, r = 0;

	if (!s)
		return EXIT_LOST;
	opterr = 0;
	while (r == 0 && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? EXIT_LOST : EXIT_SUCCESS;
		r = set_option(s, argv, option);
	}
	if (r)
		return r;
	if (!s->key)
		return command_line_error(argv[0], "the key is missing: --key=FILE");
	if (optind != argc - 1)
		return command_line_error(argv[0], "one MODEL is expected");
	r = open_path(argv[optind], &config, &s->model);
	if (r == 0)
		r = sign_model(s);
	opened_done(&s->opened);
	free(s->path);
	return r;
}
