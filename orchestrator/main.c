// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * main.c - quixote-orchestrator: one workload, from its configuration to its
 * end. Run by quixote or by quixote@NAME.service; people run quixote.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/version.h"
#include "../tma/identity.h"
#include "config.h"
#include "failure.h"
#include "request.h"

struct options {
	const char *config;
	const char *model; /* NULL: as configured */
	int mode;	   /* -1: as configured */
	struct request_options request;
};

static const char usage[] =
	"usage: quixote-orchestrator --config=FILE [--mode=train|shadow|enforce]\n"
	"                            [--caller=UID:GID] [--control-dir=DIR] [--anchor=SOCKET]\n"
	"                            [-- ARGUMENT...]\n"
	"       quixote-orchestrator --config=FILE --mode=train [--driver] [--model=FILE]\n"
	"                            [--caller=UID:GID] [--control-dir=DIR] [--anchor=SOCKET]\n"
	"                            [-- COMMAND...]\n"
	"       quixote-orchestrator --config=FILE --apart [--mode=MODE] [--control-dir=DIR]\n";

static int parse_option(struct options *options, int option, const char *value)
{
	switch (option) {
	case 'c':
		options->config = value;
		return 0;
	case 't':
		options->request.anchor = value;
		return 0;
	case 'D':
		options->request.driver = true;
		return 0;
	case 'a':
		options->request.apart = true;
		return 0;
	case 'd':
		options->request.control_dir = value;
		return 0;
	case 'o':
		options->model = value;
		return 0;
	case 'm':
		options->mode = config_mode_from_string(value);
		return options->mode < 0 ? -EINVAL : 0;
	case 'u':
		return identity_parse(value, &options->request.caller.uid,
				      &options->request.caller.gid);
	}
	return -EINVAL;
}

static int parse_options(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "mode", required_argument, NULL, 'm' },
		{ "caller", required_argument, NULL, 'u' },
		{ "control-dir", required_argument, NULL, 'd' },
		{ "anchor", required_argument, NULL, 't' },
		{ "driver", no_argument, NULL, 'D' },
		{ "apart", no_argument, NULL, 'a' },
		{ "model", required_argument, NULL, 'o' },
		{},
	};
	int option;

	*options = (struct options){ .mode = -1, .request.caller = { getuid(), getgid() } };
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+", known, NULL)) != -1) {
		if (parse_option(options, option, optarg) < 0)
			return -EINVAL;
	}
	options->request.arguments = argv + optind;
	/* What follows belongs to the workload only if it was said so. */
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0)
		return -EINVAL;
	/* A driver is for learning: it is not modelled and what it starts is. */
	if (options->request.driver && (options->mode != CONFIG_MODE_TRAIN || optind == argc))
		return -EINVAL;
	if (options->request.apart && (options->request.driver || optind < argc))
		return -EINVAL;
	/* What is enforced is what the configuration says. */
	if (options->model && options->mode != CONFIG_MODE_TRAIN)
		return -EINVAL;
	return options->config ? 0 : -EINVAL;
}

/* A descriptor that is opened later must not become one of these. */
static int open_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -errno;
	(void)close_fd(fd);
	return 0;
}

/* What the loop handles is blocked; what would end or stop us is ignored. */
static int set_signals(void)
{
	static const int handled[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGWINCH };
	static const int ignored[] = { SIGPIPE, SIGTTIN, SIGTTOU, SIGTSTP };
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(handled); i++) {
		(void)sigaddset(&set, handled[i]);
		(void)signal(handled[i], SIG_DFL); /* an inherited "ignore" would hide them */
	}
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	return sigprocmask(SIG_SETMASK, &set, NULL) < 0 ? -errno : 0;
}

static int read_config(const struct options *options, struct config **ret)
{
	struct file_identity before = privilege_files_as(options->request.caller);
	struct config_error error;
	int r;

	r = config_read(options->config, ret, &error);
	(void)privilege_files_as(before);
	if (r < 0)
		(void)fprintf(stderr, "quixote: %s\n", error.text);
	return r;
}

static int run(struct options *options)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(request_done) struct request request = {};
	struct config_error error;
	int r;

	if (read_config(options, &config) < 0)
		return EXIT_CONFIGURATION;
	if (options->model) {
		free(config->model);
		config->model = strdup(options->model);
		if (!config->model)
			return EXIT_LOST;
	}
	if (options->request.apart && !config->bundle) {
		(void)fprintf(stderr, "quixote: %s: --apart is for a bundle\n", options->config);
		return EXIT_CONFIGURATION;
	}
	options->request.mode = options->mode < 0 ? config->mode : (enum config_mode)options->mode;
	r = request_init(&request, config, &options->request, &error);
	if (r < 0) {
		(void)fprintf(stderr, "quixote: %s: %s\n", options->config, error.text);
		return EXIT_CONFIGURATION;
	}
	request.session.config = options->config;
	return session_run(&request.session);
}

int main(int argc, char **argv)
{
	struct options options;
	int r;

	if (version_told(argc, argv, "quixote-orchestrator"))
		return EXIT_SUCCESS;
	if (open_standard_streams() < 0)
		return EXIT_LOST;
	r = parse_options(&options, argc, argv);
	if (r < 0) {
		(void)fputs(usage, stderr);
		return EXIT_COMMAND_LINE;
	}
	if (set_signals() < 0)
		return EXIT_LOST;
	return run(&options);
}
