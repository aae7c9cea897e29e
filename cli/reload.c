// SPDX-License-Identifier: LGPL-2.1-or-later
/* reload.c - quixote reload: has a workload that runs take its model anew. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/bell.h"
#include "../orchestrator/directory.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "running.h"
#include "seqpacket.h"
#include "subject.h"

static const char help[] =
	"usage: quixote reload [OPTION]... NAME|FILE\n"
	"\n"
	"Has the workload NAME, or that of the configuration FILE, take its model anew, while it\n"
	"runs. A model that cannot be taken changes nothing: it goes on under the one it has.\n"
	"\n"
	"  -h, --help    this text\n";

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* The orchestrator gives up after a minute, and says so. */
#define ANSWER_MSEC 90000

static int ask(const char *name, struct bell_answer *ret)
{
	_cleanup_(close_fdp) int fd = -EBADF;
	char dir[PATH_MAX];
	int r = directory_run(name, getuid(), dir, sizeof(dir));

	if (r >= 0)
		r = fd = seqpacket_connect(dir, DIRECTORY_BELL);
	if (r >= 0)
		r = seqpacket_receive(fd, ret, sizeof(*ret), ANSWER_MSEC);
	if (r < 0)
		return r;
	ret->text[sizeof(ret->text) - 1] = '\0';
	return 0;
}

static int reload(const char *name)
{
	struct bell_answer answer;
	int r = ask(name, &answer);

	if (r < 0)
		return running_failed(name, r);
	(void)fprintf(answer.result ? stderr : stdout, "quixote: %s: %s\n", name, answer.text);
	if (answer.result)
		return EXIT_MODEL;
	return fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

int reload_main(int argc, char *argv[])
{
	_cleanup_(subject_done) struct subject subject = {};
	int option, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? EXIT_LOST : EXIT_SUCCESS;
		return option_error(argv, option);
	}
	if (optind != argc - 1)
		return command_line_error(argv[0], "one NAME or FILE is expected");
	r = subject_find(argv[0], argv[optind], &subject);
	return r ? r : reload(subject.name);
}
