// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * um-run.c - runs one command in one machine, User-Mode Linux or what --emulator says
 * word by word, for tests/vm/vm, which chooses kernel and options and judges the
 * kernel's log.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../cli/um-scratch.h"
#include "../../cli/um.h"

#define STATUS_TIMEOUT 124	/* as timeout(1) */
#define STATUS_MACHINE 125	/* as docker run: the machine failed, not the command */
#define WORDS_MAX 64		/* of an emulator's command line; ours are about 40 */

static const struct option long_options[] = {
	{ "kernel", required_argument, NULL, 'k' },	{ "init", required_argument, NULL, 'i' },
	{ "memory", required_argument, NULL, 'm' },
	{ "log", required_argument, NULL, 'l' },	{ "timeout", required_argument, NULL, 't' },
	{ "parameters", required_argument, NULL, 'p' }, { "write", required_argument, NULL, 'w' },
	{ "real-root", no_argument, NULL, 'r' },	{ "terminal", no_argument, NULL, 'y' },
	{ "emulator", required_argument, NULL, 'e' },	{ "boot-seconds", required_argument, NULL, 'b' },
	{ NULL, 0, NULL, 0 },
};

static char *words[WORDS_MAX + 1];

static int parse(int argc, char **argv, struct um_options *ret)
{
	size_t count = 0;
	int c;

	while ((c = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
		switch (c) {
		case 'e':
			if (count == WORDS_MAX)
				return -E2BIG;
			words[count++] = optarg;
			ret->emulator = words;
			break;
		case 'b': ret->boot_sec = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'k': ret->kernel = optarg; break;
		case 'i': ret->init = optarg; break;
		case 'm': ret->memory_mb = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'l': ret->log = optarg; break;
		case 't': ret->timeout_sec = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'p': ret->parameters = optarg; break;
		case 'w': ret->writable = optarg; break;
		case 'r': ret->overlay = false; break;
		case 'y': ret->terminal = true; break;
		default: return -EINVAL;
		}
	}
	ret->argv = argv + optind;
	return (ret->emulator || (ret->kernel && ret->init)) && ret->log && ret->argv[0] ? 0 : -EINVAL;
}

static int explain(int error, const struct um_options *options)
{
	if (error == -ETIMEDOUT) {
		fprintf(stderr, "vm: ended after %u seconds\n", options->timeout_sec);
		return STATUS_TIMEOUT;
	}
	if (error == -ECANCELED)
		return 128 + 2;
	fprintf(stderr, "vm: %s\n",
		error == -ENOEXEC ? "the kernel did not come up" :
		error == -ECONNRESET ? "the kernel ended before the command" : strerror(-error));
	return STATUS_MACHINE;
}

int main(int argc, char **argv)
{
	struct um_options options = { .memory_mb = UM_MEMORY_MB, .overlay = true };
	char directory[PATH_MAX], scratch[PATH_MAX];
	unsigned int memory_mb;
	int status, r;

	if (parse(argc, argv, &options) < 0 || !getcwd(directory, sizeof(directory))) {
		fprintf(stderr, "um-run: not called by tests/vm/vm\n");
		return STATUS_MACHINE;
	}
	if (um_scratch_choose(options.memory_mb, scratch, sizeof(scratch), &memory_mb) < 0) {
		fprintf(stderr, "vm: no directory for %u MB of memory; set TMPDIR\n",
			options.memory_mb);
		return STATUS_MACHINE;
	}
	options.scratch = scratch;
	options.memory_mb = memory_mb;
	options.directory = directory;
	options.environment = environ;
	r = um_run(&options, &status);
	return r < 0 ? explain(r, &options) : status;
}
