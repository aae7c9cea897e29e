// SPDX-License-Identifier: LGPL-2.1-or-later
/* doctor-version.c - which version a program says that it is of. It is executed for that. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "doctor.h"

/* A program that is the right one says it at once, but for a machine that is busy with others. */
#define ANSWER_MSEC 20000

#define ANSWER_BYTES 128

static void ask(const char *path, int out)
{
	char *const argv[] = { (char *)path, "--version", NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0 &&
	    dup2(out, STDOUT_FILENO) >= 0)
		(void)execv(path, argv);
	_exit(EXIT_FAILURE);
}

static int64_t now_msec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Up to its end, or what there was in time. */
static void read_answer(int fd, char ret[ANSWER_BYTES])
{
	const int64_t until = now_msec() + ANSWER_MSEC;
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	size_t used = 0;
	int64_t left;
	ssize_t n = 1;

	while (n > 0 && used < ANSWER_BYTES - 1 && (left = until - now_msec()) > 0) {
		if (poll(&wait, 1, (int)left) <= 0)
			break;
		n = read(fd, ret + used, ANSWER_BYTES - 1 - used);
		used += n > 0 ? n : 0;
	}
	ret[used] = '\0';
}

static int ask_program(const char *path, char ret[ANSWER_BYTES])
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		ask(path, ends[1]);
	(void)close(ends[1]);
	if (pid > 0) {
		read_answer(ends[0], ret);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	(void)close(ends[0]);
	return pid < 0 ? -EAGAIN : 0;
}

bool doctor_version_is_ours(const char *path, const char *name, struct text *why)
{
	char answer[ANSWER_BYTES] = "", wanted[ANSWER_BYTES];

	(void)snprintf(wanted, sizeof(wanted), "%s %s\n", name, QUIXOTE_VERSION);
	if (ask_program(path, answer) == 0 && !strcmp(answer, wanted))
		return true;
	answer[strcspn(answer, "\n")] = '\0';
	if (*answer) {
		text_add_string(why, "it says \"");
		text_add_shown(why, answer, strlen(answer));
		text_format(why, "\", and this is quixote %s", QUIXOTE_VERSION);
	} else {
		text_format(why, "it does not say its version, and this is quixote %s",
			    QUIXOTE_VERSION);
	}
	return false;
}
