// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recorder-main.c - quixote-recorder: lines of forensics and of a trajectory,
 * each from its pipe into files of the directory at descriptor 3, until both pipes
 * are at their end. What could not be written is told to the orchestrator.
 *
 *	quixote-recorder UID:GID KEPT
 *
 * KEPT is the number of old files of the trajectory; 0 if it is not kept.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/version.h"
#include "identity.h"
#include "recorder.h"
#include "sandbox.h"

/* docs/architecture.md, "Processes". */
enum recorder_fd {
	RECORDER_FD_FORENSICS = 0,
	RECORDER_FD_DIR = 3,
	RECORDER_FD_TRAJECTORY,
	RECORDER_FD_LOST,
};

/* Forensics first: they are few, and what people ask for. */
#define SPOOL_COUNT 2

/**
 * struct spools - Both.
 * @count: SPOOL_COUNT, or 1 without trajectory.
 * @inputs: Pipes; the descriptor is negative after the end.
 * @told: Losses that the orchestrator knows of.
 */
struct spools {
	unsigned int count;
	struct pollfd inputs[SPOOL_COUNT];
	struct recorder recorders[SPOOL_COUNT];
	uint64_t told;
};

/* Adds to what the orchestrator has not taken; the counter does not get full in a lifetime. */
static void tell_lost(struct spools *s)
{
	uint64_t lost = 0, more;

	for (unsigned int i = 0; i < s->count; i++)
		lost += s->recorders[i].lost_all;
	more = lost - s->told;
	if (more && write(RECORDER_FD_LOST, &more, sizeof(more)) == sizeof(more))
		s->told = lost;
}

static int record_some(struct pollfd *input, struct recorder *recorder)
{
	static char data[64 << 10];
	ssize_t n = read(input->fd, data, sizeof(data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n < 0)
		return -errno;
	if (n == 0)
		input->fd = -1; /* poll() leaves it out */
	else
		recorder_feed(recorder, data, n);
	return 0;
}

static bool is_open(const struct spools *s)
{
	for (unsigned int i = 0; i < s->count; i++) {
		if (s->inputs[i].fd >= 0)
			return true;
	}
	return false;
}

static int record_all(struct spools *s)
{
	while (is_open(s)) {
		if (poll(s->inputs, s->count, -1) < 0 && errno != EINTR)
			return -errno;
		for (unsigned int i = 0; i < s->count; i++) {
			int r = s->inputs[i].fd >= 0 && s->inputs[i].revents
					? record_some(&s->inputs[i], &s->recorders[i])
					: 0;

			if (r < 0)
				return r;
		}
		tell_lost(s);
	}
	return 0;
}

static int begin(struct spools *s, unsigned int kept)
{
	const struct recorder_params params[SPOOL_COUNT] = {
		{ .dir = RECORDER_FD_DIR,
		  .file = RECORDER_FORENSICS,
		  .kept = 1,
		  .size_max = RECORDER_FILE_BYTES },
		{ .dir = RECORDER_FD_DIR,
		  .file = RECORDER_TRAJECTORY,
		  .kept = kept,
		  .size_max = RECORDER_FILE_BYTES,
		  .checked = true },
	};
	static const int fds[SPOOL_COUNT] = { RECORDER_FD_FORENSICS, RECORDER_FD_TRAJECTORY };

	s->count = kept ? SPOOL_COUNT : 1;
	for (unsigned int i = 0; i < s->count; i++) {
		s->inputs[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
		if (recorder_init(&s->recorders[i], &params[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int parse_kept(const char *text, unsigned int *ret)
{
	char *end;
	unsigned long kept = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || kept > RECORDER_KEPT_MAX)
		return -EINVAL;
	*ret = (unsigned int)kept;
	return 0;
}

static int work(int argc, char **argv)
{
	struct sandbox sandbox = { .role = SANDBOX_RECORDER, .dir = RECORDER_FD_DIR };
	struct spools spools = {};
	unsigned int kept;
	bool landlock;
	int r;

	if (argc != 3 || identity_parse(argv[1], &sandbox.uid, &sandbox.gid) < 0 ||
	    parse_kept(argv[2], &kept) < 0)
		return EXIT_FAILURE;
	/* Ctrl-C in a terminal is for the workload; what it did is still to be written. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* the write fails instead */

	if (sandbox_enter(&sandbox, &landlock) < 0)
		return EXIT_FAILURE;
	if (begin(&spools, kept) < 0)
		return EXIT_FAILURE;
	r = record_all(&spools);
	for (unsigned int i = 0; i < spools.count; i++)
		recorder_done(&spools.recorders[i]);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (version_told(argc, argv, "quixote-recorder"))
		return EXIT_SUCCESS;
	/* Without exit handlers: those of libraries may ask for what the sandbox forbids. */
	_exit(work(argc, argv));
}
