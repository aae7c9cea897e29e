// SPDX-License-Identifier: LGPL-2.1-or-later
/* launch.c - see launch.h. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "builtin.h"
#include "command.h"
#include "launch.h"

/* Set by the init of the built-in kernel: as whom the workload must run. */
#define CALLER_VARIABLE "QUIXOTE_CALLER"

/* The longest command line that is built here, without the workload's arguments. */
#define ARGUMENTS_MAX 8

static const char *const kernel_names[LAUNCH_KERNEL_COUNT] = {
	[LAUNCH_KERNEL_AUTO] = "auto",
	[LAUNCH_KERNEL_HOST] = "host",
	[LAUNCH_KERNEL_BUILTIN] = "builtin",
};

bool launch_replace_model(const struct launch *l, struct config *config)
{
	char *copy = l->model ? strdup(l->model) : NULL;

	if (l->model && !copy) {
		(void)fprintf(stderr, "quixote: %s\n", strerror(ENOMEM));
		return false;
	}
	if (copy) {
		free(config->model);
		config->model = copy;
	}
	return true;
}

bool launch_is_guest(void)
{
	return getenv(CALLER_VARIABLE) != NULL;
}

static int set_kernel(struct launch *l, const char *name)
{
	for (int i = 0; i < LAUNCH_KERNEL_COUNT; i++) {
		if (!strcmp(name, kernel_names[i])) {
			l->kernel = i;
			return 0;
		}
	}
	return command_line_error(l->command,
				  "--kernel=%s: unknown; expected host, builtin or auto", name);
}

static int set_config(struct launch *l, const char *path)
{
	if (l->path)
		return command_line_error(l->command, "-c is given twice");
	l->path = path;
	return 0;
}

int launch_option(struct launch *l, char *const argv[], int option)
{
	switch (option) {
	case 'c':
		return set_config(l, optarg);
	case 'k':
		return set_kernel(l, optarg);
	case 'o':
		l->model = optarg;
		return 0;
	case 'n':
		l->check = true;
		return 0;
	case 'j':
		l->json = true;
		return 0;
	default:
		return option_error(argv, option);
	}
}

int launch_arguments(struct launch *l, int argc, char *const argv[])
{
	if (!l->path)
		return command_line_error(l->command, "the configuration is missing: -c FILE");
	if (l->json && !l->check)
		return command_line_error(l->command, "--json is for --check");
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0)
		return command_line_error(l->command, "what is \"%s\"? Arguments stand behind --",
					  argv[optind]);
	l->arguments = strcmp(argv[optind - 1], "--") == 0 ? argv + optind : NULL;
	return 0;
}

/* As podman of a user has it: who is root there is so for what belongs to it only. */
static bool is_in_user_namespace(void)
{
	_cleanup_(fclosep) FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned int inside, outside, count;

	return file && (fscanf(file, "%u %u %u", &inside, &outside, &count) != 3 || inside ||
			outside || count != UINT_MAX);
}

/* Without libcap: one bit of one call. */
bool launch_may_model(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (is_in_user_namespace() || syscall(SYS_capget, &header, data) < 0)
		return false;
	return data[CAP_MAC_ADMIN / 32].effective & (1u << (CAP_MAC_ADMIN % 32));
}

static int refuse_here(const struct launch *l, enum config_mode mode)
{
	if (mode != CONFIG_MODE_ENFORCE)
		(void)fprintf(
			stderr,
			"quixote: not allowed to use this kernel's TSEM; type: sudo quixote %s -c "
			"%s (or leave out --kernel=host to use the built-in kernel)\n",
			l->command, l->path);
	else
		(void)fprintf(
			stderr,
			"quixote: enforcing a model on this kernel needs CAP_MAC_ADMIN; type: sudo "
			"quixote %s -c %s (or add --kernel=builtin to try it out)\n",
			l->command, l->path);
	return -EXIT_NO_TSEM;
}

int launch_place(const struct launch *l, enum config_mode mode)
{
	bool tsem = builtin_host_has_tsem();

	if (l->kernel == LAUNCH_KERNEL_BUILTIN)
		return LAUNCH_KERNEL_BUILTIN;
	if (tsem && launch_may_model())
		return LAUNCH_KERNEL_HOST;
	if (l->kernel == LAUNCH_KERNEL_HOST && !tsem) {
		(void)fprintf(stderr,
			      "quixote: this kernel has no TSEM; leave out --kernel=host to "
			      "use the built-in kernel\n");
		return -EXIT_NO_TSEM;
	}
	/* Learning may happen anywhere; protecting must not silently become something weaker. */
	if (tsem && (l->kernel == LAUNCH_KERNEL_HOST || mode == CONFIG_MODE_ENFORCE))
		return refuse_here(l, mode);
	return LAUNCH_KERNEL_BUILTIN;
}

/* Without "..", as people are told it, but by its own name. */
static int normalise(char *path, size_t size)
{
	char copy[PATH_MAX], directory[PATH_MAX], *slash;
	int length;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return -ENAMETOOLONG;
	slash = strrchr(copy, '/');
	*slash = '\0';
	if (!realpath(*copy ? copy : "/", directory))
		return -errno;
	length = snprintf(path, size, "%s/%s", directory, slash + 1);
	return (size_t)length < size ? 0 : -ENAMETOOLONG;
}

/* In QUIXOTE_LIBEXEC, where the build puts it, or where it is installed. */
int launch_find_orchestrator(char *path, size_t size)
{
	static const char *const places[] = {
		"quixote-orchestrator",
		"../orchestrator/quixote-orchestrator",
		"../libexec/quixote/quixote-orchestrator",
	};
	const char *named = getenv("QUIXOTE_LIBEXEC");
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return -errno;
	self[n] = '\0';
	*strrchr(self, '/') = '\0'; /* the link of a running program is absolute */
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int length = snprintf(path, size, "%s/%s", named ?: self, places[i]);

		if (length >= 0 && (size_t)length < size && access(path, X_OK) == 0)
			return normalise(path, size);
	}
	return -ENOENT;
}

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* A command line: what is in @words up to a NULL, and the workload's arguments. */
static char **join(const struct launch *l, char *const *words)
{
	size_t own = count(words), more = count(l->arguments);
	char **argv = calloc(own + more + 2, sizeof(*argv));
	static char separator[] = "--";

	if (!argv)
		return NULL;
	memcpy(argv, words, own * sizeof(*argv));
	if (more) {
		argv[own] = separator;
		memcpy(argv + own + 1, l->arguments, more * sizeof(*argv));
	}
	return argv;
}

static int out_of_memory(void)
{
	(void)fprintf(stderr, "quixote: %s\n", strerror(ENOMEM));
	return EXIT_LOST;
}

static int execute_orchestrator(const struct launch *l, enum config_mode mode)
{
	_cleanup_(freep) char *config = NULL, *mode_word = NULL, *caller = NULL, *model = NULL;
	_cleanup_(freep) char **argv = NULL;
	char *words[ARGUMENTS_MAX] = { NULL };
	static char driver[] = "--driver";
	size_t n = 0;
	char path[PATH_MAX];

	if (launch_find_orchestrator(path, sizeof(path)) < 0) {
		(void)fprintf(stderr,
			      "quixote: quixote-orchestrator is not there; install quixote as "
			      "a whole or set QUIXOTE_LIBEXEC\n");
		return EXIT_LOST;
	}
	if (asprintf(&config, "--config=%s", l->path) < 0 ||
	    asprintf(&mode_word, "--mode=%s", config_mode_to_string(mode)) < 0 ||
	    (l->model && asprintf(&model, "--model=%s", l->model) < 0) ||
	    (launch_is_guest() && asprintf(&caller, "--caller=%s", getenv(CALLER_VARIABLE)) < 0))
		return out_of_memory();
	for (size_t i = 0; i < 6; i++) {
		char *word = (char *[]){ path,	config, mode_word, l->driver ? driver : NULL,
					 model, caller }[i];

		if (word)
			words[n++] = word;
	}
	argv = join(l, words);
	if (!argv)
		return out_of_memory();
	(void)execv(path, argv);
	(void)fprintf(stderr, "quixote: %s: %s\n", path, strerror(errno));
	return EXIT_LOST;
}

static int run_inside(const struct launch *l)
{
	static char self[] = "quixote", kernel[] = "--kernel=host", option[] = "-c";
	_cleanup_(freep) char *mode = NULL, *model = NULL;
	_cleanup_(freep) char **argv = NULL;
	struct builtin_request request = { .terminal = l->terminal };

	if (l->kernel != LAUNCH_KERNEL_BUILTIN)
		request.why = builtin_host_has_tsem() ? "not allowed to use this kernel's TSEM"
						      : "this kernel has no TSEM";
	if (l->mode >= 0 && asprintf(&mode, "--mode=%s", config_mode_to_string(l->mode)) < 0)
		return out_of_memory();
	if (l->model && asprintf(&model, "--into=%s", l->model) < 0)
		return out_of_memory();
	argv = join(l,
		    (char *[ARGUMENTS_MAX]){ self, (char *)l->command, kernel, option,
					     (char *)l->path, mode ?: model, mode ? model : NULL });
	if (!argv)
		return out_of_memory();
	request.argv = argv;
	return builtin_run(&request);
}

int launch(const struct launch *l, enum config_mode mode, int place)
{
	return place == LAUNCH_KERNEL_BUILTIN ? run_inside(l) : execute_orchestrator(l, mode);
}
