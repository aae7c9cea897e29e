// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-ask.c - an orchestrator that answers, one that does not, and one that has no time for anybody. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../libtsem/cleanup.h"
#include "../../orchestrator/ask.h"
#include "table.h"

#define LONG_NAME_64 "0123456789012345678901234567890123456789012345678901234567890123"

static char directory[] = "/tmp/quixote-ask.XXXXXX", path[sizeof(directory) + sizeof("/socket")];
static int listener = -EBADF;

static int open_listener(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (!mkdtemp(directory))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/socket", directory);
	memcpy(address.sun_path, path, sizeof(path));
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return listen(listener, 0);
}

static int close_listener(void **state)
{
	(void)close(listener);
	(void)unlink(path);
	return rmdir(directory);
}

static struct answer_case {
	const char *name;
	const void *answer; /* NULL: it hangs up */
	size_t size;
	int r;
} answer_cases[] = {
	{ "armed", &(const int32_t){ 0 }, sizeof(int32_t), 0 },
	{ "refused", &(const int32_t){ -EPERM }, sizeof(int32_t), -EPERM },
	{ "no errno", &(const int32_t){ 1 }, sizeof(int32_t), -EPROTO },
	{ "too short", "\0", 2, -EPROTO },
	{ "too long", "\0\0\0\0", 5, -EPROTO },
	{ "hung up", NULL, 0, -ECONNRESET },
};

static void check_answer(void **state)
{
	const struct answer_case *c = *state;
	int fd = ask_connect(path), theirs = accept(listener, NULL, NULL);

	assert_true(fd >= 0 && theirs >= 0);
	if (c->answer)
		assert_int_equal(send(theirs, c->answer, c->size, 0), c->size);
	(void)close(theirs);
	assert_int_equal(ask_answer(fd), c->r);
	(void)close(fd);
}

static void nobody_answers(void **state)
{
	int fd = ask_connect(path), theirs = accept(listener, NULL, NULL);

	assert_true(fd >= 0 && theirs >= 0);
	assert_int_equal(ask_answer(fd), -ETIMEDOUT);
	(void)close(fd);
	(void)close(theirs);
}

/* A queue of no length takes one. */
static void queue_is_full(void **state)
{
	int fd = ask_connect(path);

	assert_true(fd >= 0);
	assert_int_equal(ask_connect(path), -ETIMEDOUT);
	(void)close(fd);
	(void)close(accept(listener, NULL, NULL));
}

static void nobody_is_there(void **state)
{
	assert_int_equal(ask_connect("/nonexistent/socket"), -ENOENT);
	assert_int_equal(ask_connect("/" LONG_NAME_64 LONG_NAME_64), -ENAMETOOLONG);
	assert_int_equal(ask_connect(""), -ECONNREFUSED);
}

int main(void)
{
	static const struct CMUnitTest single[] = {
		cmocka_unit_test(nobody_answers),
		cmocka_unit_test(queue_is_full),
		cmocka_unit_test(nobody_is_there),
	};
	struct CMUnitTest tests[ARRAY_SIZE(single) + ARRAY_SIZE(answer_cases)];
	size_t count = 0;

	for (; count < ARRAY_SIZE(single); count++)
		tests[count] = single[count];
	ADD_TABLE(answer_cases, check_answer);
	return cmocka_run_group_tests_name("ask", tests, open_listener, close_listener);
}
