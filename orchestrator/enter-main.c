// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * enter-main.c - quixote-enter: the first program of a process that enters a container
 * from outside. It asks to be armed, over a descriptor that it was born with, and executes
 * the rest of its arguments. It runs inside, among whatever restricts the container: so
 * it is static, and needs read, write, close, alarm and execve only.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libtsem/version.h"

/* After that it is killed, which refuses what it was to execute. */
#define ANSWER_SEC 10

/* What shells say of a program that cannot be executed, and of one that is not there. */
enum { EXIT_NOT_EXECUTED = 126, EXIT_NOT_FOUND = 127 };

static int fail(const char *what, int error)
{
	(void)fprintf(stderr, "quixote: %s: %s\n", what, strerror(error));
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTED;
}

static int ask_to_enter(int fd)
{
	int32_t answer;
	ssize_t n;

	(void)alarm(ANSWER_SEC);
	if (write(fd, "", 1) != 1)
		return -errno;
	n = read(fd, &answer, sizeof(answer));
	(void)alarm(0);
	if (n < 0)
		return -errno;
	return n == sizeof(answer) && answer <= 0 ? answer : -EPROTO;
}

/* Descriptor of this program, from its path /proc/self/fd/N; the socket is the next. */
static int own_number(const char *path)
{
	const char *slash = strrchr(path, '/');
	int n = slash ? atoi(slash + 1) : 0;

	return n > 2 ? n : -EINVAL;
}

int main(int argc, char **argv)
{
	int own = argc > 1 ? own_number(argv[0]) : -EINVAL, r;

	if (own < 0 && version_told(argc, argv, "quixote-enter"))
		return EXIT_SUCCESS;
	if (own < 0) {
		(void)fprintf(stderr, "quixote-enter: this is run by quixote oci exec only\n");
		return EXIT_NOT_EXECUTED;
	}
	r = ask_to_enter(own + 1);
	if (r < 0) {
		(void)fail("the process was not armed, and is refused", -r);
		return EXIT_NOT_EXECUTED;
	}
	(void)close(own);
	(void)close(own + 1);
	(void)execvp(argv[1], argv + 1);
	return fail(argv[1], errno);
}
