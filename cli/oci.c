// SPDX-License-Identifier: LGPL-2.1-or-later
/* oci.c - quixote oci: finds what a command line of a runtime asks for, and delegates it. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/ask.h"
#include "../orchestrator/config-value.h"
#include "../orchestrator/directory.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "oci.h"

static const char help[] =
	"usage: quixote oci [OPTION]... COMMAND [OPTION]... ID\n"
	"       quixote-crun ..., quixote-runc ...\n"
	"\n"
	"An OCI runtime for podman, Docker and others: the commands and options of crun (or of\n"
	"runc, as quixote-runc), which does the work. A container that is created becomes a\n"
	"workload, as its annotations say; so does what \"exec\" starts in it.\n"
	"\n"
	"  quixote.model=FILE   the model, by its absolute path\n"
	"  quixote.mode=MODE    train, shadow or enforce\n"
	"\n"
	"Both are required. container.cfg(5) has the others, by their names there:\n"
	"quixote.on-violation= is OnViolation=. Example:\n"
	"  podman --runtime /usr/bin/quixote-crun run --annotation quixote.mode=train \\\n"
	"    --annotation quixote.model=/etc/quixote/web.model IMAGE\n"
	"An engine without annotations has them as options before the command, which win:\n"
	"  quixote-runc --quixote.mode=train --quixote.model=/etc/quixote/web.model COMMAND ...\n";

/* The file of --log, where an engine looks for what its runtime says; NULL if there is none. */
static const char *log_path;

/* As runc writes it: Docker knows no other. Who reads text finds the same in it. */
static void write_log(const char *sentence)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	_cleanup_(close_fdp) int fd = log_path ? open(log_path, flags, 0600) : -EBADF;
	json_t *line;

	if (fd < 0)
		return;
	line = json_pack("{ss, ss+}", "level", "error", "msg", "quixote: ", sentence);
	if (line && json_dumpfd(line, fd, JSON_COMPACT) == 0)
		(void)!write(fd, "\n", 1);
	json_decref(line);
}

int oci_say(const char *format, ...)
{
	char sentence[2048];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	(void)fprintf(stderr, "quixote: %s\n", sentence);
	write_log(sentence);
	return EXIT_FAILURE;
}

/* Options that are followed by their value, of any command. */
static const char *const valued[] = {
	"--root",	  "--log",	  "--log-format", "--cgroup-manager", "--criu",
	"--rootless",	  "--bundle",	  "-b",		  "--config",	      "-f",
	"--pid-file",	  "--process",	  "-p",		  "--console-socket", "--preserve-fds",
	"--user",	  "-u",		  "--cwd",	  "--env",	      "-e",
	"--cap",	  "-c",		  "--apparmor",	  "--process-label",  "--cgroup",
	"--additional-gids", "-g",
};

static bool takes_value(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(valued); i++) {
		if (!strcmp(valued[i], word))
			return true;
	}
	return false;
}

static bool is_option(const char *word, const char *name, const char *short_name)
{
	size_t size = strcspn(word, "=");

	return (strlen(name) == size && !strncmp(word, name, size)) ||
	       (short_name && !strcmp(word, short_name));
}

static int take_number(const char *value, unsigned int *ret)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end || n > 1024)
		return -EBADMSG;
	*ret = n;
	return 0;
}

static int replace(struct oci *o, size_t first, size_t count)
{
	if (o->replaced_count == OCI_REPLACED_MAX)
		return -EBADMSG;
	o->replaced[o->replaced_count].first = first;
	o->replaced[o->replaced_count++].count = count;
	return 0;
}

/* @first: Of the @count words that it is. */
static int take_option(struct oci *o, const char *value, size_t first, size_t count)
{
	const char *word = o->words[first];

	if (is_option(word, "--bundle", "-b")) {
		o->bundle = value;
	} else if (is_option(word, "--log", NULL)) {
		log_path = value;
	} else if (is_option(word, "--pid-file", NULL)) {
		o->pid_file = value;
	} else if (is_option(word, "--process", "-p")) {
		o->process = value;
		return replace(o, first, count);
	} else if (is_option(word, "--preserve-fds", NULL)) {
		int r = replace(o, first, count);

		return r < 0 ? r : take_number(value, &o->preserve_fds);
	}
	return 0;
}

const char *oci_runtime(const char *path)
{
	static const char *const runtimes[] = { "crun", "runc" };
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++) {
		if (!strncmp(name, OCI_RUNTIME_PREFIX, strlen(OCI_RUNTIME_PREFIX)) &&
		    !strcmp(name + strlen(OCI_RUNTIME_PREFIX), runtimes[i]))
			return runtimes[i];
	}
	return NULL;
}

/* Before the command, so that they go with every one: the runtime does not know them. */
static int take_given(struct oci *o)
{
	size_t left = 0, i = 0;

	for (; i < o->count && o->words[i][0] == '-' && o->words[i][1]; i++) {
		char *word = o->words[i];

		if (!strncmp(word, "--" OCI_PREFIX, strlen("--" OCI_PREFIX))) {
			if (o->given_count == OCI_GIVEN_MAX)
				return -E2BIG;
			o->given[o->given_count++] = word + strlen("--");
			continue;
		}
		o->words[left++] = word;
		if (takes_value(word) && i + 1 < o->count)
			o->words[left++] = o->words[++i];
	}
	while (i < o->count)
		o->words[left++] = o->words[i++];
	o->count = left;
	o->words[left] = NULL;
	return 0;
}

int oci_parse(struct oci *o)
{
	bool verb = false;
	int taken = take_given(o);

	if (taken < 0)
		return taken;
	o->bundle = ".";
	for (size_t i = 0; i < o->count; i++) {
		const char *word = o->words[i], *equals = strchr(word, '=');
		int r = 0;

		if (word[0] != '-' || !word[1]) {
			if (verb) {
				o->id = i;
				return 0; /* what follows belongs to the container */
			}
			o->verb = i;
			verb = true;
		} else if (takes_value(word)) {
			if (++i == o->count)
				return -EBADMSG;
			r = take_option(o, o->words[i], i - 1, 2);
		} else if (equals) {
			r = take_option(o, equals + 1, i, 1);
		}
		if (r < 0)
			return r;
	}
	return verb ? 0 : -EINVAL;
}

bool oci_has_id(const struct oci *o)
{
	const char *what;

	if (o->id && value_name(o->words[o->id], &what) == 0)
		return true;
	(void)oci_say("%s: the id of the container %s", o->words[o->verb],
		      o->id ? what : "is missing");
	return false;
}

int oci_execute(const struct oci *o, char *const *words)
{
	char **argv = calloc(OCI_WORDS_MAX + 2, sizeof(*argv));

	if (!argv)
		return oci_say("%s", strerror(ENOMEM));
	argv[0] = (char *)o->runtime;
	for (size_t i = 0; words[i] && i < OCI_WORDS_MAX; i++)
		argv[i + 1] = words[i];
	(void)execvp(o->runtime, argv);
	return oci_say("%s: %s; install it", o->runtime, strerror(errno));
}

int oci_run(const struct oci *o, char *const *words)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return oci_say("%s", strerror(errno));
	if (pid == 0)
		_exit(oci_execute(o, words));
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return oci_say("%s: %s", o->runtime, strerror(errno));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int oci_ask(const char *name)
{
	char path[PATH_MAX];

	if (directory_run(name, geteuid(), path, sizeof(path)) < 0 ||
	    strlen(path) + sizeof("/" DIRECTORY_ARMER) > sizeof(path))
		return -ENAMETOOLONG;
	(void)strcat(path, "/" DIRECTORY_ARMER);
	return ask_connect(path);
}

static int delegate(const struct oci *o)
{
	return oci_execute(o, o->words);
}

/* By which a process would begin unseen. */
static int refuse(const struct oci *o)
{
	return oci_say("%s: not with this runtime, as what it starts would not be modelled; use "
		       "create and start",
		       o->words[o->verb]);
}

static const struct {
	const char *name;
	int (*main)(const struct oci *o);
} verbs[] = {
	{ "create", oci_create }, { "exec", oci_exec },	  { "delete", oci_delete },
	{ "start", delegate },	  { "state", delegate },  { "kill", delegate },
	{ "list", delegate },	  { "ps", delegate },	  { "pause", delegate },
	{ "resume", delegate },	  { "update", delegate }, { "events", delegate },
	{ "spec", delegate },	  { "features", delegate }, { "checkpoint", delegate },
	{ "run", refuse },	  { "restore", refuse },
};

static int run(struct oci *o)
{
	int r = o->count > OCI_WORDS_MAX - 8 ? -E2BIG : oci_parse(o);

	if (r == -EINVAL) /* --version, --help: its own */
		return delegate(o);
	if (r < 0)
		return oci_say("%s", r == -E2BIG ? "too many words" : "an option has a bad value");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(verbs[i].name, o->words[o->verb]))
			return verbs[i].main(o);
	}
	return oci_say("unknown command \"%s\"; see quixote oci --help", o->words[o->verb]);
}

int oci_alias_main(int argc, char *argv[])
{
	struct oci o = { .runtime = oci_runtime(argv[0]) ?: "crun",
			 .words = argv + 1,
			 .count = argc - 1 };

	return run(&o);
}

int oci_main(int argc, char *argv[])
{
	if (argc < 2) {
		(void)fputs(help, stderr);
		return EXIT_COMMAND_LINE;
	}
	if (strcmp(argv[1], "--help") && strcmp(argv[1], "-h"))
		return oci_alias_main(argc, argv);
	(void)fputs(help, stdout);
	return EXIT_SUCCESS;
}
