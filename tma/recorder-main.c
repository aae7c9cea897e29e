// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recorder-main.c - quixote-recorder: lines from descriptor 0 into a file of
 * the directory at descriptor 3, until the end of file.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "identity.h"
#include "recorder.h"
#include "sandbox.h"

#define RECORDER_FD_LINES 0
#define RECORDER_FD_DIR 3

static int record_all(struct recorder *r)
{
	static char data[64 << 10];

	for (;;) {
		ssize_t n = read(RECORDER_FD_LINES, data, sizeof(data));

		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		recorder_feed(r, data, n);
	}
}

static int work(int argc, char **argv)
{
	struct sandbox sandbox = { .role = SANDBOX_RECORDER, .dir = RECORDER_FD_DIR };
	struct recorder recorder;
	bool landlock;
	int r;

	if (argc != 2 || identity_parse(argv[1], &sandbox.uid, &sandbox.gid) < 0)
		return EXIT_FAILURE;
	/* Ctrl-C in a terminal is for the workload; what it did is still to be written. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* the write fails instead */

	if (sandbox_enter(&sandbox, &landlock) < 0)
		return EXIT_FAILURE;
	if (recorder_init(&recorder, RECORDER_FD_DIR, RECORDER_FILE_BYTES) < 0)
		return EXIT_FAILURE;
	r = record_all(&recorder);
	recorder_done(&recorder);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	/* Without exit handlers: those of libraries may ask for what the sandbox forbids. */
	_exit(work(argc, argv));
}
