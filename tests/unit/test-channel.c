// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-channel.c - the channel: status text, commands, a directory in place of the kernel's. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../libtsem/channel.h"
#include "../../libtsem/cleanup.h"

static struct status_case {
	const char *name, *text;
	int r;
	uint64_t events, members;
} status_cases[] = {
	{ "status: two known keys", "events 3\nmembers 7\n", 0, 3, 7 },
	{ "status: other keys are skipped", "mode external\nfuture 9\nevents 1\n", 0, 1, 0 },
	{ "status: the largest number", "events 18446744073709551615\n", 0, UINT64_MAX, 0 },
	{ "status: empty", "", -EBADMSG, 0, 0 },
	{ "status: nothing known", "mode external\n", -EBADMSG, 0, 0 },
	{ "status: no end of line", "events 3", -EBADMSG, 0, 0 },
	{ "status: cut line", "events 3\nmem", -EBADMSG, 0, 0 },
	{ "status: no number", "events \n", -EBADMSG, 0, 0 },
	{ "status: no blank", "events\n", -EBADMSG, 0, 0 },
	{ "status: no key", " 3\n", -EBADMSG, 0, 0 },
	{ "status: two blanks", "events  3\n", -EBADMSG, 0, 0 },
	{ "status: sign", "events +3\n", -EBADMSG, 0, 0 },
	{ "status: leading zero", "events 03\n", -EBADMSG, 0, 0 },
	{ "status: too large", "events 18446744073709551616\n", -EBADMSG, 0, 0 },
	{ "status: a key twice", "events 1\nevents 1\n", -EBADMSG, 0, 0 },
	{ "status: trailing bytes", "events 1 \n", -EBADMSG, 0, 0 },
};

static void check_status(void **state)
{
	const struct status_case *c = *state;
	struct tsem_status status = { .events = 99, .members = 99 };

	assert_int_equal(tsem_status_parse(c->text, strlen(c->text), &status), c->r);
	assert_int_equal(status.events, c->r < 0 ? 99 : c->events);
	assert_int_equal(status.members, c->r < 0 ? 99 : c->members);
}

static struct scratch_case {
	const char *name, *dir;
	size_t room;
	const char *text; /* NULL: does not fit */
} scratch_cases[] = {
	{ "scratch: plain", "/tmp/", 16, "/tmp/" },
	{ "scratch: blank and colon", "/a b:c/", 32, "/a\\x20b\\x3ac/" },
	{ "scratch: backslash", "/\\/", 32, "/\\x5c/" },
	{ "scratch: control bytes", "/\n\x7f/", 32, "/\\x0a\\x7f/" },
	{ "scratch: not ASCII", "/\xc3\xbc/", 32, "/\xc3\xbc/" },
	{ "scratch: exact room", "/tmp/", 6, "/tmp/" },
	{ "scratch: one byte short", "/tmp/", 5, NULL },
	{ "scratch: escape does not fit", "/ /", 5, NULL },
	{ "scratch: no room", "/tmp/", 1, NULL },
};

static void check_scratch(void **state)
{
	const struct scratch_case *c = *state;
	char text[64] = "untouched";
	int r = tsem_scratch_escape(c->dir, text, c->room);

	if (!c->text) {
		assert_int_equal(r, -E2BIG);
		return;
	}
	assert_int_equal(r, strlen(c->text));
	assert_string_equal(text, c->text);
}

/* A directory that looks like the kernel's; what is written to control stays readable. */
struct fake {
	char path[32];
	struct tsem_channel channel;
};

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static int set_up(void **state)
{
	struct fake *fake = calloc(1, sizeof(*fake));
	char path[64];

	assert_non_null(fake);
	strcpy(fake->path, "/tmp/test-channel-XXXXXX");
	assert_non_null(mkdtemp(fake->path));
	(void)snprintf(path, sizeof(path), "%s/external_tma", fake->path);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file(fake->path, "control", "");
	write_file(fake->path, "external_tma/7", "");
	write_file(fake->path, "external_tma/7.status", "events 5\nmembers 2\nexpired 1\n");
	assert_int_equal(tsem_channel_open(fake->path, &fake->channel), 0);
	*state = fake;
	return 0;
}

static int tear_down(void **state)
{
	struct fake *fake = *state;
	static const char *const names[] = { "control", "external_tma/7", "external_tma/7.status",
					     "external_tma", "" };

	tsem_channel_close(&fake->channel);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "%s/%s", fake->path, names[i]);
		(void)remove(path);
	}
	free(fake);
	return 0;
}

static void read_control(const struct fake *fake, char *text, size_t size)
{
	ssize_t n = pread(fake->channel.control, text, size - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
}

static void test_command(void **state)
{
	struct fake *fake = *state;
	char text[256];

	assert_int_equal(tsem_channel_command(&fake->channel, "seal"), 0);
	assert_int_equal(tsem_channel_arm(&fake->channel, 12), 0);
	read_control(fake, text, sizeof(text));
	assert_string_equal(text, "seal\narm pidfd=12\n");
}

static void test_command_with_line_feed(void **state)
{
	struct fake *fake = *state;
	char text[256];

	assert_int_equal(tsem_channel_command(&fake->channel, "create a=b\nseal"), -EINVAL);
	read_control(fake, text, sizeof(text));
	assert_string_equal(text, "");
}

static void test_command_too_long(void **state)
{
	struct fake *fake = *state;

	assert_int_equal(tsem_channel_command(&fake->channel, "%*s", TSEM_COMMAND_MAX, "x"),
			 -E2BIG);
	assert_int_equal(tsem_channel_command(&fake->channel, "%*s", TSEM_COMMAND_MAX - 1, "x"), 0);
}

/* Reads back what it wrote, which is no id. */
static void test_create_without_id(void **state)
{
	struct fake *fake = *state;

	assert_int_equal(tsem_channel_create(&fake->channel, "tma=external"), -EPROTO);
	assert_int_equal(fake->channel.id, 0);
}

static void test_files(void **state)
{
	struct fake *fake = *state;
	_cleanup_(close_fdp) int events = -EBADF, status = -EBADF;
	struct tsem_status numbers;

	fake->channel.id = 7;
	events = tsem_channel_open_events(&fake->channel);
	assert_true(events >= 0);
	assert_true(fcntl(events, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(events, F_GETFD) & FD_CLOEXEC);
	status = tsem_channel_open_status(&fake->channel);
	assert_true(status >= 0);
	for (int i = 0; i < 2; i++) { /* from the start each time */
		assert_int_equal(tsem_status_read(status, &numbers), 0);
		assert_int_equal(numbers.events, 5);
		assert_int_equal(numbers.members, 2);
		assert_int_equal(numbers.expired, 1);
	}
}

static void test_no_namespace_file(void **state)
{
	struct fake *fake = *state;

	fake->channel.id = 8;
	assert_int_equal(tsem_channel_open_events(&fake->channel), -ENOENT);
	assert_int_equal(tsem_channel_open_status(&fake->channel), -ENOENT);
}

static void test_no_tsem(void **state)
{
	struct tsem_channel channel = { .id = 99 };

	assert_int_equal(tsem_channel_open("/proc/self/no-tsem", &channel), -ENOENT);
	assert_int_equal(channel.id, 99);
}

#define ROWS(cases, check)                                                                         \
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)                                             \
		tests[count++] = (struct CMUnitTest)                                               \
		{                                                                                  \
			.name = (cases)[i].name, .test_func = check, .initial_state = &(cases)[i]  \
		}

int main(void)
{
	static const struct CMUnitTest with_directory[] = {
		cmocka_unit_test_setup_teardown(test_command, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_command_with_line_feed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_command_too_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_create_without_id, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_namespace_file, set_up, tear_down),
		cmocka_unit_test(test_no_tsem),
	};
	static struct CMUnitTest tests[ARRAY_SIZE(status_cases) + ARRAY_SIZE(scratch_cases)];
	size_t count = 0;
	int failed;

	ROWS(status_cases, check_status);
	ROWS(scratch_cases, check_scratch);
	failed = _cmocka_run_group_tests("texts", tests, count, NULL, NULL);
	return failed + cmocka_run_group_tests_name("files", with_directory, NULL, NULL);
}
