// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * builtin.c - the built-in kernel as the caller sees it: where its parts are, as
 * whom the workload runs, what is said when it does not come up. Running it is um.c.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "builtin.h"
#include "um-scratch.h"
#include "um.h"

#define CONTROL "/sys/kernel/security/tsem/control"

/** struct part - Something the built-in kernel needs, and where it can be. */
struct part {
	const char *variable;	/* names the file itself */
	const char *name;	/* in QUIXOTE_LIBEXEC */
	const char *places[3];	/* from the directory of this executable on */
};

static const struct part kernel_part = {
	"QUIXOTE_BUILTIN_KERNEL", "linux", { "../linux", "../libexec/quixote/linux" },
};
static const struct part init_part = {
	"QUIXOTE_BUILTIN_INIT", "quixote-guest",
	{ "quixote-guest", "../libexec/quixote/quixote-guest" },
};

bool builtin_host_has_tsem(void)
{
	return access(CONTROL, F_OK) == 0;
}

static bool is_program(const char *path)
{
	return access(path, X_OK) == 0;
}

static int find_self(char *dir, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", dir, size - 1);

	if (n < 0)
		return -errno;
	dir[n] = '\0';
	*strrchr(dir, '/') = '\0';	/* the link of a running program is absolute */
	return 0;
}

bool builtin_is_packaged(void)
{
	char dir[PATH_MAX];

	return find_self(dir, sizeof(dir)) == 0 && !strcmp(dir, "/usr/bin") &&
	       access("/var/lib/dpkg/info/quixote.list", F_OK) == 0;
}

static bool try_place(const char *dir, const char *name, char *path, size_t size)
{
	int length = snprintf(path, size, "%s/%s", dir, name);

	return length >= 0 && (size_t)length < size && is_program(path);
}

static int find_part(const struct part *part, char *path, size_t size)
{
	const char *named = getenv(part->variable), *libexec = getenv("QUIXOTE_LIBEXEC");
	char self[PATH_MAX];
	int r;

	if (named) {
		if (strlen(named) >= size || !is_program(named))
			return -ENOENT;
		(void)strcpy(path, named);
		return 0;
	}
	if (libexec && try_place(libexec, part->name, path, size))
		return 0;
	r = find_self(self, sizeof(self));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(part->places) && part->places[i]; i++) {
		if (try_place(self, part->places[i], path, size))
			return 0;
	}
	return r < 0 ? r : -ENOENT;
}

int builtin_find(enum builtin_part part, char *path, size_t size)
{
	static const struct part *const parts[] = {
		[BUILTIN_KERNEL] = &kernel_part,
		[BUILTIN_INIT] = &init_part,
	};

	return find_part(parts[part], path, size);
}

/* Of a file system of the guest's own: a socket on the caller's would lead to nobody there. */
static char run_dir[] = "QUIXOTE_RUNTIME_DIR=/run/quixote";

/* The caller's environment, who the caller is, and where sockets are. */
static char **guest_environment(char *caller, size_t size)
{
	size_t count = 0, used = 0;
	char **environment;

	(void)snprintf(caller, size, "QUIXOTE_CALLER=%u:%u", getuid(), getgid());	/* it fits */
	while (environ[count])
		count++;
	environment = calloc(count + 3, sizeof(*environment));
	for (size_t i = 0; environment && i < count; i++) {
		if (strncmp(environ[i], "QUIXOTE_CALLER=", 15) &&
		    strncmp(environ[i], run_dir, strlen("QUIXOTE_RUNTIME_DIR=")))
			environment[used++] = environ[i];
	}
	if (environment) {
		environment[used++] = caller;
		environment[used] = run_dir;
	}
	return environment;
}

static void show_log(const char *path)
{
	FILE *log = fopen(path, "re");
	char line[512];

	while (log && fgets(line, sizeof(line), log))
		fprintf(stderr, "  | %s", line);
	if (log)
		fclose(log);
}

static int explain(int error, const char *log)
{
	if (error == -ECANCELED)
		return 128 + 2;
	fprintf(stderr, "quixote: the built-in kernel %s; its log:\n",
		error == -ENOEXEC  ? "did not come up" :
		error == -EBADMSG  ? "could not be set up" :
		error == -ECONNRESET ? "ended before the command" : strerror(-error));
	show_log(log);
	return EXIT_LOST;
}

static int fail_part(const char *what, const char *package, const char *variable)
{
	if (builtin_is_packaged())
		fprintf(stderr, "quixote: %s is not there; type: sudo apt install %s\n", what, package);
	else
		fprintf(stderr, "quixote: %s is not there; make it with kernel-patches/build um, or name "
				"it in %s\n", what, variable);
	return EXIT_NO_TSEM;
}

static int run(struct um_options *options)
{
	char log[] = "/tmp/quixote-kernel-XXXXXX", caller[64];
	_cleanup_(freep) char **environment = guest_environment(caller, sizeof(caller));
	int fd, status, r;

	if (!environment) {
		fprintf(stderr, "quixote: %s\n", strerror(ENOMEM));
		return EXIT_LOST;
	}
	fd = mkstemp(log);
	if (fd < 0) {
		fprintf(stderr, "quixote: %s: %s; make room there\n", log, strerror(errno));
		return EXIT_LOST;
	}
	(void)close(fd);
	options->log = log;
	options->environment = environment;
	r = um_run(options, &status);
	status = r < 0 ? explain(r, log) : status;
	(void)unlink(log);	/* it was ours alone */
	return status;
}

int builtin_run(const struct builtin_request *request)
{
	char kernel[PATH_MAX], init[PATH_MAX], scratch[PATH_MAX], directory[PATH_MAX], self[PATH_MAX];
	struct um_options options = {
		.kernel = kernel,
		.init = init,
		.scratch = scratch,
		.parameters = "tsem_mode=no_root_modeling",
		.terminal = request->terminal && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
		.argv = request->argv,
		.directory = directory,
	};
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0 || !getcwd(directory, sizeof(directory))) {
		fprintf(stderr, "quixote: the current directory: %s\n", strerror(errno));
		return EXIT_LOST;
	}
	self[n] = '\0';
	((char **)request->argv)[0] = self;
	if (builtin_find(BUILTIN_KERNEL, kernel, sizeof(kernel)) < 0)
		return fail_part("the built-in kernel", "quixote-builtin-kernel", kernel_part.variable);
	if (builtin_find(BUILTIN_INIT, init, sizeof(init)) < 0)
		return fail_part("quixote-guest", "--reinstall quixote", init_part.variable);
	if (um_scratch_choose(UM_MEMORY_MB, scratch, sizeof(scratch), &options.memory_mb) < 0) {
		fprintf(stderr, "quixote: no directory has room for %u MB of memory and allows "
				"execution; set TMPDIR to one\n", UM_MEMORY_MIN_MB);
		return EXIT_NO_TSEM;
	}
	if (request->why)
		fprintf(stderr, "quixote: %s; using the built-in one (slow, one CPU, loopback "
				"network only, not for production)\n", request->why);
	return run(&options);
}
