// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-recorder.c - whole lines or none, bounded files, a full disk. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../libtsem/cleanup.h"
#include "../../tma/crc.h"
#include "../../tma/recorder.h"

#define FILE_NAME "lines"

struct fixture {
	char path[32];
	int dir;
	struct recorder recorder;
};

static void begin(struct fixture *f, const struct recorder_params *params)
{
	struct recorder_params p = *params;

	p.dir = f->dir;
	assert_int_equal(recorder_init(&f->recorder, &p), 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->path, "/tmp/test-recorder-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->dir = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->dir >= 0);
	begin(f, &(struct recorder_params){ .file = FILE_NAME, .kept = 1, .size_max = 20 });
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	recorder_done(&f->recorder);
	(void)unlinkat(f->dir, FILE_NAME, 0);
	(void)unlinkat(f->dir, FILE_NAME ".1", 0);
	(void)unlinkat(f->dir, FILE_NAME ".2", 0);
	(void)unlinkat(f->dir, FILE_NAME ".3", 0);
	(void)rmdir(f->path);
	(void)close(f->dir);
	free(f);
	return 0;
}

static void feed(struct fixture *f, const char *text)
{
	recorder_feed(&f->recorder, text, strlen(text));
}

static void assert_file(const struct fixture *f, const char *name, const char *expected)
{
	_cleanup_(close_fdp) int fd = openat(f->dir, name, O_RDONLY | O_CLOEXEC);
	char text[256];
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void test_lines_in_pieces(void **state)
{
	struct fixture *f = *state;

	feed(f, "{\"a\"");
	assert_file(f, FILE_NAME, "");
	feed(f, ":1}\n{\"b\":2}");
	assert_file(f, FILE_NAME, "{\"a\":1}\n");
	feed(f, "\n");
	assert_file(f, FILE_NAME, "{\"a\":1}\n{\"b\":2}\n");
}

static void test_rotation(void **state)
{
	struct fixture *f = *state;

	feed(f, "1234567\n1234567\n");
	feed(f, "abcdefg\nABCDEFG\n");
	assert_file(f, FILE_NAME ".1", "1234567\n1234567\n");
	assert_file(f, FILE_NAME, "abcdefg\nABCDEFG\n");
	feed(f, "x\nlonglong\n");
	assert_file(f, FILE_NAME ".1", "abcdefg\nABCDEFG\nx\n");
	assert_file(f, FILE_NAME, "longlong\n");
}

static void test_line_too_long(void **state)
{
	struct fixture *f = *state;
	static char chunk[64 << 10];

	memset(chunk, 'x', sizeof(chunk));
	for (size_t i = 0; i <= RECORDER_LINE_BYTES / sizeof(chunk); i++)
		recorder_feed(&f->recorder, chunk, sizeof(chunk));
	feed(f, "\n{}\n");
	assert_file(f, FILE_NAME, "{\"lost\":1}\n{}\n");
}

/* A limit of the file size stands for the full disk: it lets a part of the write through. */
static void test_disk_full(void **state)
{
	struct fixture *f = *state;
	struct rlimit before, limit;

	f->recorder.params.size_max = 1000;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){ .rlim_cur = 12, .rlim_max = before.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	feed(f, "1234567\nabcdefg\nABCDEFG\n");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_file(f, FILE_NAME, "1234567\n");
	feed(f, "{}\n");
	assert_file(f, FILE_NAME, "1234567\n{\"lost\":2}\n{}\n");
}

static void test_directory_gone(void **state)
{
	struct fixture *f = *state;

	recorder_done(&f->recorder);
	f->recorder.params.dir = -EBADF;
	assert_int_equal(recorder_init(&f->recorder, &f->recorder.params), 0);
	feed(f, "{}\n{}\n");
	assert_int_equal(f->recorder.lost, 2);
}

static void test_old_files(void **state)
{
	struct fixture *f = *state;

	f->recorder.params.kept = 3;
	f->recorder.params.size_max = 3;
	feed(f, "1\n2\n3\n4\n5\n6\n");
	assert_file(f, FILE_NAME, "6\n");
	assert_file(f, FILE_NAME ".1", "5\n");
	assert_file(f, FILE_NAME ".2", "4\n");
	assert_file(f, FILE_NAME ".3", "3\n");
	assert_int_equal(faccessat(f->dir, FILE_NAME ".4", F_OK, 0), -1);
	assert_int_equal(f->recorder.lost_all, 0);
}

/* The check value of the algorithm is that of its nine digits. */
static void test_crc(void **state)
{
	assert_int_equal(crc32_of("123456789", 9), 0xcbf43926);
	assert_int_equal(crc32_of("", 0), 0);
}

static void test_checked_lines(void **state)
{
	struct fixture *f = *state;

	f->recorder.params.checked = true;
	f->recorder.params.size_max = 1000;
	feed(f, "{\"a\":1}\nno object\n{}\n{\n\n{\"b\":2}\n");
	assert_file(f, FILE_NAME,
		    "{\"crc\":\"94da56a3\",\"a\":1}\n{\"crc\":\"8709f796\",\"lost\":4}\n"
		    "{\"crc\":\"f8577fb0\",\"b\":2}\n");
	assert_int_equal(f->recorder.lost_all, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines_in_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rotation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_line_too_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_disk_full, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_directory_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_old_files, set_up, tear_down),
		cmocka_unit_test(test_crc),
		cmocka_unit_test_setup_teardown(test_checked_lines, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
