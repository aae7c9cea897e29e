// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-judge.c - what follows from a record: known or not, waiting or done, by
 * every OnViolation=; learning, writing and reading again. Records are those of
 * the vectors.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../libtsem/cleanup.h"
#include "../../libtsem/model-life.h"
#include "../../libtsem/model.h"
#include "../../libtsem/hasher.h"
#include "../../tma/counts.h"
#include "../../tma/judge.h"

#define ID "0000000000000000000000000000000000000000000000000000000000000000"
#define EVENT(number, type)                                                                        \
	"\"event\": {\"pid\": \"7\", \"context\": \"1\", \"number\": \"" number                    \
	"\", \"process\": \"sh\", \"type\": \"" type                                               \
	"\", \"ttd\": \"0\", \"p_ttd\": \"0\", \"task_id\": \"" ID "\", \"p_task_id\": \"" ID      \
	"\", \"ts\": \"1\"}"
#define COE                                                                                        \
	"\"COE\": {\"uid\": \"0\", \"euid\": \"0\", \"suid\": \"0\", \"gid\": \"0\", "             \
	"\"egid\": \"0\", \"sgid\": \"0\", \"fsuid\": \"0\", \"fsgid\": \"0\", \"capeff\": "       \
	"\"0x0\"}"
#define CAPABLE(cap) "\"capable\": {\"cap\": \"" cap "\", \"opts\": \"2\", \"initial_ns\": \"1\"}"
#define SOCKET(protocol)                                                                           \
	"\"socket_create\": {\"family\": \"2\", \"type\": \"1\", \"protocol\": \"" protocol        \
	"\", \"kern\": \"0\"}"
#define WAITING(number, type, cell)                                                                \
	"{\"export\": {\"type\": \"event\"}, " EVENT(number, type) ", " COE ", " cell "}"
#define ASYNC(number, type, cell)                                                                  \
	"{\"export\": {\"type\": \"async_event\"}, " EVENT(number, type) ", " COE ", " cell "}"

struct fixture {
	struct tsem_hasher *hasher;
	int model;
};

static struct judge_params params_of(struct fixture *f, enum judge_mode mode,
				     enum judge_violation violation)
{
	return (struct judge_params){
		.mode = mode,
		.violation = violation,
		.fields = TSEM_FIELDS_PORTABLE,
		.hasher = f->hasher,
		.nsref = "initial",
		.name = "test",
	};
}

static struct judge *make_for(struct fixture *f, enum judge_mode mode,
			      enum judge_violation violation, bool by_kernel)
{
	struct judge_params params = params_of(f, mode, violation);
	struct judge_error error;
	struct judge *judge = NULL;
	int r;

	params.by_kernel = by_kernel;
	r = judge_new(&params, f->model, &error, &judge);
	if (r < 0)
		fail_msg("judge_new: %d %s", r, error.text);
	return judge;
}

static struct judge *make(struct fixture *f, enum judge_mode mode, enum judge_violation violation)
{
	return make_for(f, mode, violation, false);
}

static struct judgement judge_text(struct judge *judge, const char *text)
{
	struct judgement judgement;

	assert_int_equal(judge_record(judge, text, strlen(text), &judgement), 0);
	return judgement;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->model = -EBADF;
	assert_int_equal(tsem_hasher_new("sha256", &f->hasher), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tsem_hasher_free(f->hasher);
	(void)close_fd(f->model);
	free(f);
	return 0;
}

/* A model of these records in a file of memory. */
static void learn(struct fixture *f, const char *const *records, size_t count)
{
	struct judge *judge = make(f, JUDGE_TRAIN, VIOLATION_DENY);
	int fd = memfd_create("model", MFD_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t i = 0; i < count; i++)
		(void)judge_text(judge, records[i]);
	assert_int_equal(judge_write(judge, fd), 0);
	judge_free(judge);
	(void)close_fd(f->model);
	f->model = fd;
}

static const char known[] = WAITING("1", "socket_create", SOCKET("21"));

static struct response_case {
	const char *name, *record;
	enum judge_mode mode;
	enum judge_violation violation;
	enum judge_verdict verdict;
	bool end;
	const char *told;
} cases[] = {
#define UNKNOWN WAITING("5", "socket_create", SOCKET("22"))
#define DENIED ASYNC("5", "socket_create", SOCKET("22"))
#define DONE ASYNC("5", "capable", CAPABLE("22"))
	{ "known, deny", known, JUDGE_ENFORCE, VIOLATION_DENY, JUDGE_TRUSTED, false, NULL },
	{ "known, kill", known, JUDGE_ENFORCE, VIOLATION_KILL, JUDGE_TRUSTED, false, NULL },
	{ "known, of an untrusted task", ASYNC("5", "socket_create", SOCKET("21")), JUDGE_ENFORCE,
	  VIOLATION_DENY, JUDGE_SILENT, false, NULL },
	{ "unknown, deny", UNKNOWN, JUDGE_ENFORCE, VIOLATION_DENY, JUDGE_REFUSED, false,
	  "refused" },
	{ "unknown, isolate", UNKNOWN, JUDGE_ENFORCE, VIOLATION_ISOLATE, JUDGE_UNTRUSTED, false,
	  "untrusted" },
	{ "unknown, kill: it is killed waiting", UNKNOWN, JUDGE_ENFORCE, VIOLATION_KILL,
	  JUDGE_SILENT, true, "refused" },
	{ "unknown, warn", UNKNOWN, JUDGE_ENFORCE, VIOLATION_WARN, JUDGE_TRUSTED, false, "shadow" },
	{ "unknown, shadow, whatever was configured", UNKNOWN, JUDGE_SHADOW, VIOLATION_KILL,
	  JUDGE_TRUSTED, false, "shadow" },
	{ "done already, deny", DONE, JUDGE_ENFORCE, VIOLATION_DENY, JUDGE_UNTRUSTED, false,
	  "untrusted" },
	{ "done already, isolate", DONE, JUDGE_ENFORCE, VIOLATION_ISOLATE, JUDGE_UNTRUSTED, true,
	  "untrusted" },
	{ "done already, kill", DONE, JUDGE_ENFORCE, VIOLATION_KILL, JUDGE_UNTRUSTED, true,
	  "untrusted" },
	{ "done already, warn", DONE, JUDGE_ENFORCE, VIOLATION_WARN, JUDGE_SILENT, false,
	  "shadow" },
	{ "denied by the kernel, deny", DENIED, JUDGE_ENFORCE, VIOLATION_DENY, JUDGE_SILENT, false,
	  "refused" },
	{ "denied by the kernel, isolate", DENIED, JUDGE_ENFORCE, VIOLATION_ISOLATE, JUDGE_SILENT,
	  false, "refused" },
};

static void check_case(void **state)
{
	const struct response_case *c = *state;
	const char *const records[] = { known };
	struct judgement judgement;
	struct judge *judge;
	void *fixture;

	(void)set_up(&fixture);
	learn(fixture, records, 1);
	judge = make(fixture, c->mode, c->violation);
	judgement = judge_text(judge, c->record);
	assert_int_equal(judgement.verdict, c->verdict);
	assert_int_equal(judgement.end_workload, c->end);
	assert_false(judgement.garbage);
	if (c->told)
		assert_string_equal(judgement.told, c->told);
	else
		assert_null(judgement.told);
	if (c->told)
		assert_int_equal(strlen(judgement.coefficient), 64);
	judge_free(judge);
	(void)tear_down(&fixture);
}

static struct garbage_case {
	const char *name, *record;
	enum judge_mode mode;
	uint64_t number;
} garbage[] = {
	{ "garbage: nothing", "", JUDGE_ENFORCE, 0 },
	{ "garbage: cut off", "{\"event\": {\"number\": \"3\"", JUDGE_ENFORCE, 3 },
	{ "garbage: not even while training", "{\"event\": {\"number\": \"3\"", JUDGE_TRAIN, 3 },
	{ "garbage: not even in shadow", "{\"event\": {\"number\": \"3\"", JUDGE_SHADOW, 3 },
	{ "garbage: an exec with another TASK_ID",
	  ASYNC("4", "bprm_committed_creds",
		"\"bprm_committed_creds\": {\"previous\": \"" ID
		"\", \"file\": {\"flags\": \"0\", \"inode\": {\"uid\": \"0\", \"gid\": \"0\", "
		"\"mode\": \"0100755\", \"s_magic\": \"0x1\", \"s_id\": \"x\", \"s_uuid\": "
		"\"00000000000000000000000000000000\"}, \"path\": {\"pathname\": \"/bin/sh\"}, "
		"\"digest\": \"" ID "\"}}"),
	  JUDGE_ENFORCE, 4 },
};

static void check_garbage(void **state)
{
	const struct garbage_case *c = *state;
	const char *const records[] = { known };
	struct judgement judgement;
	struct judge *judge;
	void *fixture;

	(void)set_up(&fixture);
	learn(fixture, records, 1);
	judge = make(fixture, c->mode, VIOLATION_WARN);
	judgement = judge_text(judge, c->record);
	assert_true(judgement.garbage);
	assert_int_equal(judgement.number, c->number);
	assert_int_equal(judgement.verdict, c->number ? JUDGE_REFUSED : JUDGE_SILENT);
	judge_free(judge);
	(void)tear_down(&fixture);
}

static void test_runs_add_up(void **state)
{
	struct fixture *f = *state;
	const char *const first[] = { known, known };
	const char *const second[] = { known, ASYNC("2", "capable", CAPABLE("3")) };
	struct judge_counts counts;
	struct judge *judge;

	learn(f, first, 2);
	learn(f, second, 2);
	judge = make(f, JUDGE_TRAIN, VIOLATION_DENY);
	judge_get_counts(judge, &counts);
	assert_int_equal(counts.total, 2);
	assert_int_equal(counts.runs, 2);
	assert_int_equal(counts.learned, 0);
	judge_free(judge);
}

/* More than the first sets have room for. */
static void test_learning_grows(void **state)
{
	struct fixture *f = *state;
	struct judge *judge = make(f, JUDGE_TRAIN, VIOLATION_DENY);
	struct judge_counts counts;

	for (unsigned int i = 0; i < 10000; i++) {
		char text[2048];

		(void)snprintf(text, sizeof(text), WAITING("1", "socket_create", SOCKET("%u")), i);
		assert_int_equal(judge_text(judge, text).verdict, JUDGE_TRUSTED);
	}
	judge_get_counts(judge, &counts);
	assert_int_equal(counts.learned, 10000);
	assert_int_equal(counts.total, 10000);
	judge_free(judge);
}

/* Nobody waits, what was to be done is done: it is told, with the word for it. */
static void test_the_kernel_has_judged(void **state)
{
	static const struct {
		enum judge_mode mode;
		enum judge_violation violation;
		const char *told;
		bool end_workload;
	} rows[] = {
		{ JUDGE_ENFORCE, VIOLATION_DENY, "refused", false },
		{ JUDGE_ENFORCE, VIOLATION_ISOLATE, "untrusted", false },
		{ JUDGE_ENFORCE, VIOLATION_KILL, "refused", true },
		{ JUDGE_ENFORCE, VIOLATION_WARN, "shadow", false },
		{ JUDGE_SHADOW, VIOLATION_KILL, "shadow", false },
	};
	struct fixture *f = *state;
	const char *const records[] = { known };

	learn(f, records, 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct judge *judge = make_for(f, rows[i].mode, rows[i].violation, true);
		struct judgement judgement = judge_text(judge, known);

		assert_int_equal(judgement.verdict, JUDGE_SILENT);
		assert_null(judgement.told);
		judgement = judge_text(judge, WAITING("2", "socket_create", SOCKET("22")));
		assert_int_equal(judgement.verdict, JUDGE_SILENT);
		assert_string_equal(judgement.told, rows[i].told);
		assert_int_equal(judgement.end_workload, rows[i].end_workload);
		judge_free(judge);
	}
}

/* It could not wait, and the kernel had the model. */
static void test_the_kernel_has_refused(void **state)
{
	static const struct {
		enum judge_violation violation;
		enum judge_verdict verdict;
		const char *told;
		bool end_workload;
	} rows[] = {
		{ VIOLATION_DENY, JUDGE_SILENT, "refused", false },
		{ VIOLATION_ISOLATE, JUDGE_UNTRUSTED, "untrusted", false },
		{ VIOLATION_KILL, JUDGE_UNTRUSTED, "refused", true },
	};
	struct fixture *f = *state;
	const char *const records[] = { known };

	learn(f, records, 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct judge_params params = params_of(f, JUDGE_ENFORCE, rows[i].violation);
		struct judge_error error;
		struct judgement judgement;
		struct judge *judge;

		params.remember = true;
		assert_int_equal(judge_new(&params, f->model, &error, &judge), 0);
		judgement = judge_text(judge, ASYNC("2", "capable", CAPABLE("3")));
		assert_int_equal(judgement.verdict, rows[i].verdict);
		assert_string_equal(judgement.told, rows[i].told);
		assert_int_equal(judgement.end_workload, rows[i].end_workload);
		judgement = judge_text(judge, WAITING("3", "socket_create", SOCKET("22")));
		assert_int_not_equal(judgement.verdict, JUDGE_TRUSTED);
		judge_free(judge);
	}
}

static void test_the_kernel_has_counted(void **state)
{
	struct fixture *f = *state;
	struct judge *judge = make(f, JUDGE_TRAIN, VIOLATION_DENY);
	struct judgement judgement = judge_text(judge, known);
	const struct tsem_set *points = judge_get_points(judge);
	struct tsem_digest other = { .bytes = { 1 } };

	judge_set_count(judge, &judgement.digest, 41);
	judge_set_count(judge, &other, 7); /* outside: no point comes of it */
	assert_int_equal(tsem_set_find(points, &judgement.digest)->count, 41);
	assert_int_equal(points->count, 1);
	judge_free(judge);
}

#define HEX "00000000000000000000000000000000000000000000000000000000000000fe"

static const struct {
	const char *name, *line;
	int r;
} count_lines[] = {
	{ "zero", HEX " 0", 0 },
	{ "largest", HEX " 18446744073709551615", 0 },
	{ "nothing", "", -EBADMSG },
	{ "no count", HEX, -EBADMSG },
	{ "empty count", HEX " ", -EBADMSG },
	{ "leading zero", HEX " 01", -EBADMSG },
	{ "sign", HEX " -1", -EBADMSG },
	{ "overflow", HEX " 18446744073709551616", -EBADMSG },
	{ "trailing blank", HEX " 1 ", -EBADMSG },
	{ "two blanks", HEX "  1", -EBADMSG },
	{ "short digest", "fe 1", -EBADMSG },
	{ "long digest", HEX "00 1", -EBADMSG },
	{ "upper case", "FE000000000000000000000000000000000000000000000000000000000000fe 1",
	  -EBADMSG },
	{ "no digest", "zz000000000000000000000000000000000000000000000000000000000000fe 1",
	  -EBADMSG },
};

static void test_count_lines(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(count_lines); i++) {
		struct count count = { .number = 5 };
		int r = counts_parse_line(count_lines[i].line, strlen(count_lines[i].line), 32,
					  &count);

		if (r != count_lines[i].r || (r < 0 && count.number != 5) ||
		    (r == 0 && count.coefficient.bytes[31] != 0xfe))
			fail_msg("%s: %d", count_lines[i].name, r);
	}
}

/* In pieces of any size: lines do not end where reads do. */
static void test_counts_are_read(void **state)
{
	struct fixture *f = *state;
	struct judge *judge = make(f, JUDGE_TRAIN, VIOLATION_DENY);
	char buffer[2 * COUNTS_LINE_BYTES], text[100];
	int fd = memfd_create("counts", MFD_CLOEXEC);

	for (unsigned int i = 0; i < 100; i++) {
		int n = snprintf(text, sizeof(text), "%062x%02x %u\n", i, i, i);

		assert_int_equal(write(fd, text, n), n);
	}
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(counts_read(judge, fd, buffer, sizeof(buffer)), 0);
	assert_int_equal(write(fd, HEX, 10), 10);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(counts_read(judge, fd, buffer, sizeof(buffer)), -EBADMSG);
	(void)close_fd(fd);
	judge_free(judge);
}

static void test_other_scratch_is_refused(void **state)
{
	struct fixture *f = *state;
	const char *const records[] = { known }, *const scratch[] = { "/srv/" };
	struct judge_params params = {
		.mode = JUDGE_ENFORCE,
		.fields = TSEM_FIELDS_PORTABLE,
		.hasher = f->hasher,
		.nsref = "initial",
		.name = "test",
		.scratch = scratch,
		.scratch_count = 1,
	};
	struct judge_error error;
	struct judge *judge;

	learn(f, records, 1);
	assert_int_equal(judge_new(&params, f->model, &error, &judge), -EPROTONOSUPPORT);
	assert_non_null(strstr(error.text, "Scratch="));
	params.scratch = NULL;
	params.scratch_count = 0;
	params.fields = TSEM_FIELDS_STRICT;
	assert_int_equal(judge_new(&params, f->model, &error, &judge), -EPROTONOSUPPORT);
	params.fields = TSEM_FIELDS_PORTABLE;
	params.nsref = "current";
	assert_int_equal(judge_new(&params, f->model, &error, &judge), -EPROTONOSUPPORT);
	params.nsref = "initial";
	assert_int_equal(judge_new(&params, -EBADF, &error, &judge), -ENOENT);
}

/* The model of the fixture with a change: sealed or not, and all it has ends at a time. */
static int end_point(const struct tsem_model_point *point, void *userdata)
{
	((struct tsem_model_point *)point)->until = *(const int64_t *)userdata;
	return 0;
}

static void change(struct fixture *f, enum tsem_model_what what, int64_t until)
{
	const struct tsem_model_change done = { .time = 1, .what = what };
	struct tsem_model *model = NULL;
	struct tsem_model_error error;
	uint64_t number;

	assert_int_equal(tsem_model_read(f->model, f->hasher, &error, &model), 0);
	assert_int_equal(tsem_model_add_change(model, &done, &number), 0);
	assert_int_equal(tsem_model_each_point(model, end_point, &until), 0);
	(void)close_fd(f->model);
	f->model = memfd_create("model", MFD_CLOEXEC);
	assert_int_equal(tsem_model_write(model, f->model), 0);
	tsem_model_free(model);
}

static void test_a_sealed_model_is_not_trained(void **state)
{
	struct fixture *f = *state;
	const char *const records[] = { known };
	const struct judge_params params = {
		.mode = JUDGE_TRAIN,
		.fields = TSEM_FIELDS_PORTABLE,
		.hasher = f->hasher,
		.nsref = "initial",
		.name = "test",
	};
	struct judge_error error;
	struct judge *judge = NULL;

	learn(f, records, 1);
	change(f, TSEM_MODEL_SEAL, 0);
	assert_int_equal(judge_new(&params, f->model, &error, &judge), -EPERM);
	assert_non_null(strstr(error.text, "it is sealed"));
	judge = make(f, JUDGE_ENFORCE, VIOLATION_DENY);
	assert_int_equal(judge_text(judge, known).verdict, JUDGE_TRUSTED);
	judge_free(judge);
	change(f, TSEM_MODEL_UNSEAL, 0);
	judge_free(make(f, JUDGE_TRAIN, VIOLATION_DENY));
}

static void test_what_has_ended_does_not_hold(void **state)
{
	static const struct {
		int64_t until;
		enum judge_verdict verdict;
	} rows[] = {
		{ 1, JUDGE_REFUSED }, { INT32_MAX * 4ll, JUDGE_TRUSTED }, { 0, JUDGE_TRUSTED },
	};
	struct fixture *f = *state;
	const char *const records[] = { known };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct judge *judge;

		learn(f, records, 1);
		change(f, TSEM_MODEL_UPGRADE, rows[i].until);
		judge = make(f, JUDGE_ENFORCE, VIOLATION_DENY);
		assert_int_equal(judge_text(judge, known).verdict, rows[i].verdict);
		judge_free(judge);
		f->model = close_fd(f->model);
	}
}

#define ROWS(rows, check)                                                                          \
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)                                              \
		tests[count++] = (struct CMUnitTest)                                               \
		{                                                                                  \
			.name = (rows)[i].name, .test_func = check, .initial_state = &(rows)[i]    \
		}

int main(void)
{
	static const struct CMUnitTest models[] = {
		cmocka_unit_test_setup_teardown(test_runs_add_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_learning_grows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_kernel_has_judged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_kernel_has_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_kernel_has_counted, set_up, tear_down),
		cmocka_unit_test(test_count_lines),
		cmocka_unit_test_setup_teardown(test_counts_are_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_scratch_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_sealed_model_is_not_trained, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_has_ended_does_not_hold, set_up, tear_down),
	};
	static struct CMUnitTest tests[ARRAY_SIZE(cases) + ARRAY_SIZE(garbage)];
	size_t count = 0;
	int failed;

	ROWS(cases, check_case);
	ROWS(garbage, check_garbage);
	failed = _cmocka_run_group_tests("judgements", tests, count, NULL, NULL);
	return failed + cmocka_run_group_tests_name("models", models, NULL, NULL);
}
