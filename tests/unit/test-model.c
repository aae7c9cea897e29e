// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-model.c - the model file: what a run adds, what is written, what is refused. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../libtsem/cleanup.h"
#include "../../libtsem/core/engine.h"
#include "../../libtsem/hasher.h"
#include "../../libtsem/model-life.h"
#include "../../libtsem/model.h"
#include "table.h"

#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define COE                                                                                  \
	"\"COE\": {\"uid\": \"0\", \"euid\": \"0\", \"suid\": \"0\", \"gid\": \"0\", "       \
	"\"egid\": \"0\", \"sgid\": \"0\", \"fsuid\": \"0\", \"fsgid\": \"0\", \"capeff\": " \
	"\"0x0\"}"
#define RUN_MEMBERS(type)                                                                      \
	"\"event\": {\"pid\": \"7\", \"context\": \"3\", \"number\": \"9\", \"process\": "     \
	"\"sh\", \"type\": \"" type "\", \"ttd\": \"1\", \"p_ttd\": \"2\", \"task_id\": \"" ZERO \
	"\", \"p_task_id\": \"" ZERO "\", \"ts\": \"5\"}, " COE
#define KEPT(type)                                                                             \
	"{\"event\": {\"process\": \"sh\", \"type\": \"" type "\", \"task_id\": \"" ZERO        \
	"\", \"p_task_id\": \"" ZERO "\"}, " COE

/* The worked example of formula.md, section 5. */
#define CAPABLE "\"capable\": {\"cap\": \"21\", \"opts\": \"2\", \"initial_ns\": \"1\"}}"
#define CAPABLE_RECORD "{\"export\": {\"type\": \"event\"}, " RUN_MEMBERS("capable") ", " CAPABLE
#define CAPABLE_KEPT KEPT("capable") ", " CAPABLE
#define CAPABLE_COEFFICIENT "b8a3483aeaa0cd73466cb4e9cee04d2ec752b97962228efd42275c363d38c871"

#define SYSLOG_RECORD(n) "{" RUN_MEMBERS("syslog") ", \"syslog\": {\"type\": \"" n "\"}}"

#define HEADER(runs)                                                                          \
	"{\"format\": \"quixote-model\", \"version\": 1, \"formula\": 1, \"fields\": "         \
	"\"portable\", \"digest\": \"sha256\", \"nsref\": \"initial\", \"name\": \"web\", "    \
	"\"runs\": " runs ", \"tool\": \"quixote 0.1\"}\n"
#define POINT_OF(event, count, runs)                                                     \
	"{\"coefficient\": \"" CAPABLE_COEFFICIENT "\", \"count\": " count ", \"runs\": " runs \
	", \"event\": " event "}\n"
#define POINT POINT_OF(CAPABLE_KEPT, "2", "1")
#define POINT_FROM(numbers)                                                              \
	"{\"coefficient\": \"" CAPABLE_COEFFICIENT "\", " numbers ", \"event\": " CAPABLE_KEPT \
	"}\n"

#define RUN_LINE(number, events, coefficients, fresh)                                    \
	"{\"run\": " number ", \"events\": " events ", \"coefficients\": " coefficients       \
	", \"new\": " fresh "}\n"
#define CHANGE_LINE(number, time, what, why)                                             \
	"{\"change\": " number ", \"time\": \"" time "\", \"by\": \"eve\", \"what\": \"" what   \
	"\", \"why\": \"" why "\", \"note\": \"\"}\n"
#define DAY "2026-02-28T23:59:59Z"

static struct tsem_hasher *hasher;

static struct tsem_model *new_model(void)
{
	const struct tsem_model_header header = {
		.name = "web", .digest = "sha256", .nsref = "initial", .fields = TSEM_FIELDS_PORTABLE,
	};
	struct tsem_model *model = NULL;

	assert_int_equal(tsem_model_new(&header, hasher, &model), 0);
	return model;
}

static struct tsem_digest from_hex(const char *hex)
{
	struct tsem_digest digest = { .bytes = { 0 } };

	for (unsigned int i = 0; i < strlen(hex) / 2; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		digest.bytes[i] = byte;
	}
	return digest;
}

static int file_of(const char *text, size_t size)
{
	int fd = memfd_create("model", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	return fd;
}

static char *text_of(const struct tsem_model *model)
{
	_cleanup_(close_fdp) int fd = memfd_create("model", MFD_CLOEXEC);
	char *text;
	off_t size;

	assert_int_equal(tsem_model_write(model, fd), 0);
	size = lseek(fd, 0, SEEK_END);
	text = calloc(1, size + 1);
	assert_int_equal(pread(fd, text, size, 0), size);
	return text;
}

static int read_text(const char *text, size_t size, struct tsem_model_error *error,
		     struct tsem_model **ret)
{
	_cleanup_(close_fdp) int fd = file_of(text, size);

	return tsem_model_read(fd, hasher, error, ret);
}

/* Files that are refused. */
static struct refusal {
	const char *name, *text;
	int r;
	unsigned int line;
	const char *error;
} refusals[] = {
	{ "read: empty", "", -EBADMSG, 1, "the file is empty" },
	{ "read: another file", "[Workload]\n", -EBADMSG, 1,
	  "not a model: it does not begin with {\"format\": \"quixote-model\"" },
	{ "read: header cut off", "{\"format\": \"quixote-model\", \"ver", -EBADMSG, 1,
	  "the file was cut off in this line" },
	{ "read: another version", "{\"format\": \"quixote-model\", \"version\": 2}\n",
	  -EPROTONOSUPPORT, 1, "the version of the format is 2; this version knows only 1" },
	{ "read: another formula",
	  "{\"format\": \"quixote-model\", \"version\": 1, \"formula\": 2}\n", -EPROTONOSUPPORT, 1,
	  "the formula is 2; this version knows only 1" },
	{ "read: unknown projection",
	  "{\"format\": \"quixote-model\", \"version\": 1, \"formula\": 1, \"fields\": \"all\"}\n",
	  -EBADMSG, 1, "byte 68: expected strict or portable" },
	{ "read: another digest",
	  "{\"format\": \"quixote-model\", \"version\": 1, \"formula\": 1, \"fields\": \"strict\", "
	  "\"digest\": \"sm3\", \"nsref\": \"initial\", \"name\": \"a\", \"runs\": 0, \"tool\": "
	  "\"\"}\n",
	  -EPROTONOSUPPORT, 1, "the model is for digest sm3, not sha256" },
	{ "read: unknown key in the header",
	  "{\"format\": \"quixote-model\", \"version\": 1, \"x\": 1}\n", -EBADMSG, 1,
	  "byte 41: expected , \"formula\": " },
	{ "read: no end", HEADER("1") POINT, -EBADMSG, 2,
	  "the file was cut off: there is no last line {\"end\": ...}" },
	{ "read: only a header", HEADER("0"), -EBADMSG, 1,
	  "the file was cut off: there is no last line {\"end\": ...}" },
	{ "read: end without line feed", HEADER("0") "{\"end\": 1}", -EBADMSG, 2,
	  "the file was cut off in this line" },
	{ "read: lines are missing", HEADER("0") "{\"end\": 2}\n", -EBADMSG, 2,
	  "2 lines were written before this one, not 1" },
	{ "read: something behind the end", HEADER("0") "{\"end\": 1}\n\n", -EBADMSG, 3,
	  "something behind the end" },
	{ "read: something behind a brace", HEADER("0") "{\"end\": 1} \n", -EBADMSG, 2,
	  "byte 11: something behind the end" },
	{ "read: end with sign", HEADER("0") "{\"end\": +1}\n", -EBADMSG, 2,
	  "byte 9: expected a number from 0 on" },
	{ "read: leading zero", HEADER("0") "{\"end\": 01}\n", -EBADMSG, 2,
	  "byte 9: expected a number from 0 on" },
	{ "read: unknown line", HEADER("0") "{\"comment\": \"\"}\n{\"end\": 2}\n", -EBADMSG, 2,
	  "unknown line; expected run, change, pseudonym, scratch, program, coefficient or end" },
	{ "read: other blanks", HEADER("0") "{\"end\":1}\n", -EBADMSG, 2,
	  "unknown line; expected run, change, pseudonym, scratch, program, coefficient or end" },
	{ "read: carriage return", HEADER("0") "{\"end\": 1}\r\n", -EBADMSG, 2,
	  "byte 11: something behind the end" },
	{ "read: kinds out of order",
	  HEADER("0") "{\"scratch\": \"/a/\"}\n{\"pseudonym\": \"/a\"}\n{\"end\": 3}\n", -EBADMSG, 3,
	  "this kind of line belongs further up" },
	{ "read: path twice",
	  HEADER("0") "{\"pseudonym\": \"/a\"}\n{\"pseudonym\": \"/a\"}\n{\"end\": 3}\n", -EBADMSG, 3,
	  "the same as the line above" },
	{ "read: paths not sorted",
	  HEADER("0") "{\"pseudonym\": \"/b\"}\n{\"pseudonym\": \"/a\"}\n{\"end\": 3}\n", -EBADMSG, 3,
	  "not sorted: it belongs before the line above" },
	{ "read: relative path", HEADER("0") "{\"pseudonym\": \"a\"}\n{\"end\": 2}\n", -EBADMSG, 2,
	  "not an absolute path in its one spelling" },
	{ "read: escape that is not needed",
	  HEADER("0") "{\"pseudonym\": \"/\\u0061\"}\n{\"end\": 2}\n", -EBADMSG, 2,
	  "not an absolute path in its one spelling" },
	{ "read: other escape", HEADER("0") "{\"pseudonym\": \"/\\n\"}\n{\"end\": 2}\n", -EBADMSG, 2,
	  "byte 17: expected a text" },
	{ "read: NUL", HEADER("0") "{\"pseudonym\": \"/\\u0000\"}\n{\"end\": 2}\n", -EBADMSG, 2,
	  "byte 17: expected a text" },
	{ "read: path without end", HEADER("0") "{\"pseudonym\": \"/a}\n{\"end\": 2}\n", -EBADMSG, 2,
	  "byte 19: expected \"" },
	{ "read: coefficient too short", HEADER("1") "{\"coefficient\": \"12\"}\n", -EBADMSG, 2,
	  "byte 18: expected 64 hexadecimal digits" },
	{ "read: coefficient in capitals",
	  HEADER("1") "{\"coefficient\": \"B8A3483AEAA0CD73466CB4E9CEE04D2EC752B97962228EFD42275C363D38"
		      "C871\"}\n",
	  -EBADMSG, 2, "byte 18: expected 64 hexadecimal digits" },
	{ "read: coefficient of another event",
	  HEADER("1") "{\"coefficient\": \"" ZERO "\", \"count\": 1, \"runs\": 1, \"event\": "
	  CAPABLE_KEPT "}\n{\"end\": 2}\n",
	  -EBADMSG, 2, "the coefficient is not that of the event" },
	{ "read: point twice", HEADER("1") POINT POINT "{\"end\": 3}\n", -EBADMSG, 3,
	  "the same as the line above" },
	{ "read: points not sorted",
	  HEADER("1") POINT "{\"coefficient\": \"" ZERO "\", \"count\": 1, \"runs\": 1, \"event\": "
	  CAPABLE_KEPT "}\n{\"end\": 3}\n",
	  -EBADMSG, 3, "not sorted: it belongs before the line above" },
	{ "read: count 0", HEADER("1") POINT_OF(CAPABLE_KEPT, "0", "1") "{\"end\": 2}\n", -EBADMSG, 2,
	  "byte 94: expected a number from 1 on" },
	{ "read: count too large",
	  HEADER("1") POINT_OF(CAPABLE_KEPT, "18446744073709551616", "1") "{\"end\": 2}\n", -EBADMSG, 2,
	  "byte 94: expected a number from 1 on" },
	{ "read: more runs than in the header",
	  HEADER("1") POINT_OF(CAPABLE_KEPT, "2", "2") "{\"end\": 2}\n", -EBADMSG, 2,
	  "more runs than there were" },
	{ "read: more runs than events", HEADER("3") POINT_OF(CAPABLE_KEPT, "2", "3") "{\"end\": 2}\n",
	  -EBADMSG, 2, "more runs than there were" },
	{ "read: event that does not parse",
	  HEADER("1") POINT_OF(KEPT("capable") "}", "1", "1") "{\"end\": 2}\n", -EBADMSG, 2,
	  "the event is not a record: missing-key" },
	{ "read: unknown event",
	  HEADER("1") POINT_OF(KEPT("quux") ", \"quux\": {}}", "1", "1") "{\"end\": 2}\n", -EBADMSG, 2,
	  "the event is not a record: unknown-event" },
	{ "read: event in an envelope",
	  HEADER("1") POINT_OF("{\"export\": {\"type\": \"event\"}}", "1", "1") "{\"end\": 2}\n",
	  -EBADMSG, 2, "the event is not a record: it does not begin with {\"event\": {" },
	{ "read: event with a member of its run",
	  HEADER("1") POINT_OF("{" RUN_MEMBERS("capable") ", " CAPABLE, "1", "1") "{\"end\": 2}\n",
	  -EBADMSG, 2, "the event is not a record: duplicate-key" },
	{ "read: event with other blanks",
	  HEADER("1") POINT_OF(KEPT("capable") ",  " CAPABLE, "1", "1") "{\"end\": 2}\n", -EBADMSG, 2,
	  "the event is not in its one spelling" },
	{ "read: key behind the event",
	  HEADER("1") POINT_OF(CAPABLE_KEPT ", \"x\": 1", "1", "1") "{\"end\": 2}\n", -EBADMSG, 2,
	  "the event is not a record: trailing" },
	{ "read: key before the event",
	  HEADER("1") "{\"coefficient\": \"" CAPABLE_COEFFICIENT
		      "\", \"count\": 1, \"runs\": 1, \"x\": 1}\n{\"end\": 2}\n",
	  -EBADMSG, 2, "byte 106: expected , \"event\": " },
	{ "read: program that is no exec",
	  HEADER("1") "{\"program\": \"" ZERO "\", \"p_task_id\": \"" ZERO "\", \"event\": "
	  CAPABLE_KEPT "}\n{\"end\": 2}\n",
	  -EBADMSG, 2, "the event of a program must be an exec" },
	{ "read: run 0", HEADER("1") RUN_LINE("0", "1", "1", "1") "{\"end\": 2}\n", -EBADMSG, 2,
	  "byte 9: expected a number from 1 on" },
	{ "read: run that was not yet", HEADER("1") RUN_LINE("2", "1", "1", "1") "{\"end\": 2}\n",
	  -EBADMSG, 2, "more runs than there were" },
	{ "read: run twice", HEADER("2") RUN_LINE("1", "1", "1", "1") RUN_LINE("1", "1", "1", "1")
	  "{\"end\": 3}\n", -EBADMSG, 3, "not sorted: it belongs before the line above" },
	{ "read: run with more new than seen", HEADER("1") RUN_LINE("1", "3", "1", "2")
	  "{\"end\": 2}\n", -EBADMSG, 2, "more coefficients than events" },
	{ "read: run with more seen than events", HEADER("1") RUN_LINE("1", "1", "2", "0")
	  "{\"end\": 2}\n", -EBADMSG, 2, "more coefficients than events" },
	{ "read: run without its end", HEADER("1") "{\"run\": 1, \"events\": 1}\n", -EBADMSG, 2,
	  "byte 23: expected , \"coefficients\": " },
	{ "read: run below a path", HEADER("1") "{\"pseudonym\": \"/a\"}\n"
	  RUN_LINE("1", "1", "1", "1") "{\"end\": 3}\n", -EBADMSG, 3,
	  "this kind of line belongs further up" },
	{ "read: change 2 first", HEADER("0") CHANGE_LINE("2", DAY, "seal", "") "{\"end\": 2}\n",
	  -EBADMSG, 2, "changes are counted from 1 without a gap" },
	{ "read: change of another kind", HEADER("0") CHANGE_LINE("1", DAY, "sealed", "")
	  "{\"end\": 2}\n", -EBADMSG, 2,
	  "byte 69: expected accept or one of the others, the last of them upgrade" },
	{ "read: change on a day that never was",
	  HEADER("0") CHANGE_LINE("1", "2026-02-29T00:00:00Z", "seal", "") "{\"end\": 2}\n",
	  -EBADMSG, 2, "byte 24: expected a time as 2026-11-25T15:04:05Z" },
	{ "read: change at a time without zone",
	  HEADER("0") CHANGE_LINE("1", "2026-02-28T00:00:00 ", "seal", "") "{\"end\": 2}\n",
	  -EBADMSG, 2, "byte 24: expected a time as 2026-11-25T15:04:05Z" },
	{ "read: change at a short time", HEADER("0") CHANGE_LINE("1", "2026-2-28T0:0:0Z", "seal", "")
	  "{\"end\": 2}\n", -EBADMSG, 2, "byte 24: expected a time as 2026-11-25T15:04:05Z" },
	{ "read: change in month 13",
	  HEADER("0") CHANGE_LINE("1", "2026-13-01T00:00:00Z", "seal", "") "{\"end\": 2}\n",
	  -EBADMSG, 2, "byte 24: expected a time as 2026-11-25T15:04:05Z" },
	{ "read: change with an escape that is not needed",
	  HEADER("0") CHANGE_LINE("1", DAY, "seal", "\\u0061") "{\"end\": 2}\n", -EBADMSG, 2,
	  "not in its one spelling" },
	{ "read: change with a line feed", HEADER("0") CHANGE_LINE("1", DAY, "seal", "a\\nb")
	  "{\"end\": 2}\n", -EBADMSG, 2, "byte 85: expected a text" },
	{ "read: first run 0", HEADER("1") POINT_FROM("\"count\": 2, \"runs\": 1, \"first\": 0")
	  "{\"end\": 2}\n", -EBADMSG, 2, "byte 117: expected a number from 1 on" },
	{ "read: first run that was not yet",
	  HEADER("1") POINT_FROM("\"count\": 2, \"runs\": 1, \"first\": 2") "{\"end\": 2}\n",
	  -EBADMSG, 2, "it comes from a run or change that never was" },
	{ "read: change that never was",
	  HEADER("1") POINT_FROM("\"count\": 2, \"runs\": 1, \"change\": 1") "{\"end\": 2}\n",
	  -EBADMSG, 2, "it comes from a run or change that never was" },
	{ "read: first behind change",
	  HEADER("1") CHANGE_LINE("1", DAY, "accept", "")
	  POINT_FROM("\"count\": 2, \"runs\": 1, \"change\": 1, \"first\": 1") "{\"end\": 3}\n",
	  -EBADMSG, 3, "byte 119: expected , \"event\": " },
	{ "read: point that nothing brought", HEADER("1") POINT_OF(CAPABLE_KEPT, "1", "0")
	  "{\"end\": 2}\n", -EBADMSG, 2, "neither a run nor a change brought it" },
	{ "read: until no time",
	  HEADER("1") POINT_FROM("\"count\": 2, \"runs\": 1, \"until\": \"0\"") "{\"end\": 2}\n",
	  -EBADMSG, 2, "byte 118: expected a time as 2026-11-25T15:04:05Z" },
};

static void check_refusal(void **state)
{
	const struct refusal *c = *state;
	struct tsem_model_error error = { 0 };
	struct tsem_model *model = (void *)refusals;	/* must stay */

	assert_int_equal(read_text(c->text, strlen(c->text), &error, &model), c->r);
	assert_string_equal(error.text, c->error);
	assert_int_equal(error.line, c->line);
	assert_ptr_equal(model, refusals);
}

static void test_nul_in_a_line(void **state)
{
	static const char text[] = HEADER("0") "{\"pseudonym\": \"/a\0b\"}\n{\"end\": 2}\n";
	struct tsem_model_error error;
	struct tsem_model *model = NULL;

	assert_int_equal(read_text(text, sizeof(text) - 1, &error, &model), -EBADMSG);
	assert_string_equal(error.text, "byte 18: expected a text");
}

static void test_line_too_long(void **state)
{
	_cleanup_(freep) char *text = malloc(TSEM_MODEL_LINE_BYTES + 2);
	struct tsem_model_error error;
	struct tsem_model *model = NULL;

	memset(text, 'x', TSEM_MODEL_LINE_BYTES + 2);
	assert_int_equal(read_text(text, TSEM_MODEL_LINE_BYTES + 2, &error, &model), -E2BIG);
	assert_int_equal(error.line, 1);
}

static void test_not_readable(void **state)
{
	_cleanup_(close_fdp) int fd = open("/", O_RDONLY | O_CLOEXEC);
	struct tsem_model_error error;
	struct tsem_model *model = NULL;

	assert_int_equal(tsem_model_read(fd, hasher, &error, &model), -EISDIR);
	assert_string_equal(error.text, "cannot be read: Is a directory");
}

/* The whole file, as docs/model-format.md shows it. */
static void test_written(void **state)
{
	static const char *const paths[] = { "/b\n\xff\"", "/a\xc3\xa4" };
	static const char expected[] = HEADER("1") RUN_LINE("1", "2", "1", "1")
		"{\"pseudonym\": \"/a\xc3\xa4\"}\n{\"pseudonym\": \"/b\\u000a\\udcff\\\"\"}\n"
		"{\"scratch\": \"/tmp/\"}\n"
		POINT_FROM("\"count\": 2, \"runs\": 1, \"first\": 1") "{\"end\": 6}\n";
	_cleanup_(tsem_model_freep) struct tsem_model *model = new_model(), *again = NULL;
	_cleanup_(freep) char *text = NULL, *text_again = NULL;
	const struct tsem_digest c = from_hex(CAPABLE_COEFFICIENT);
	struct tsem_model_error error = { 0 };

	assert_int_equal(tsem_model_set_paths(model, TSEM_MODEL_PSEUDONYMS, paths, 2), 0);
	assert_int_equal(tsem_model_set_paths(model, TSEM_MODEL_SCRATCH,
					      (const char *const[]){ "/tmp/" }, 1), 0);
	assert_int_equal(tsem_model_add_point(model, &c, 2, CAPABLE_RECORD, strlen(CAPABLE_RECORD)),
			 1);
	assert_int_equal(tsem_model_end_run(model), 0);
	text = text_of(model);
	assert_string_equal(text, expected);
	assert_int_equal(read_text(text, strlen(text), &error, &again), 0);
	text_again = text_of(again);
	assert_string_equal(text_again, expected);
}

static void test_runs_add_up(void **state)
{
	_cleanup_(tsem_model_freep) struct tsem_model *model = new_model();
	const struct tsem_digest c = from_hex(CAPABLE_COEFFICIENT);
	const struct tsem_model_point *point;

	assert_int_equal(tsem_model_add_point(model, &c, 1, NULL, 0), -ENOENT);
	assert_int_equal(tsem_model_add_point(model, &c, 1, CAPABLE_RECORD, strlen(CAPABLE_RECORD)),
			 1);
	assert_int_equal(tsem_model_add_point(model, &c, 4, NULL, 0), 0);
	assert_int_equal(tsem_model_end_run(model), 0);
	assert_int_equal(tsem_model_end_run(model), 0);	/* a run that did nothing */
	assert_int_equal(tsem_model_add_point(model, &c, 10, "garbage", 7), 0);
	assert_int_equal(tsem_model_end_run(model), 0);

	point = tsem_model_find_point(model, &c);
	assert_non_null(point);
	assert_int_equal(point->count, 15);
	assert_int_equal(point->runs, 2);
	assert_int_equal(tsem_model_get_header(model)->runs, 3);
	assert_int_equal(tsem_model_point_count(model), 1);
	assert_int_equal(point->event_size, strlen(CAPABLE_KEPT));
	assert_memory_equal(point->event, CAPABLE_KEPT, point->event_size);
}

/* What each run showed is kept, and who changed what besides. */
static void test_life(void **state)
{
	static const struct tsem_model_run expected_runs[] = {
		{ 1, 5, 1, 1 }, { 2, 0, 0, 0 }, { 3, 10, 1, 0 },
	};
	static const char change_lines[] =
		CHANGE_LINE("1", "2026-11-25T15:04:05Z", "seal", "a \\\"b\\\"\\u000a")
		CHANGE_LINE("2", "1970-01-01T00:00:01Z", "unseal", "")
		CHANGE_LINE("3", "2000-02-29T12:00:00Z", "seal", "");
	const struct tsem_model_change changes[] = {
		{ .time = 1795619045, .what = TSEM_MODEL_SEAL, .by = "eve", .why = "a \"b\"\n" },
		{ .time = 1, .what = TSEM_MODEL_UNSEAL, .by = "eve" },
		{ .time = 951825600, .what = TSEM_MODEL_SEAL, .by = "eve" },
	};
	_cleanup_(tsem_model_freep) struct tsem_model *model = new_model(), *again = NULL;
	const struct tsem_digest c = from_hex(CAPABLE_COEFFICIENT);
	_cleanup_(freep) char *text = NULL, *text_again = NULL;
	const struct tsem_model_run *runs;
	struct tsem_model_error error;
	uint64_t number;
	size_t count;

	assert_int_equal(tsem_model_add_point(model, &c, 1, CAPABLE_RECORD, strlen(CAPABLE_RECORD)),
			 1);
	assert_int_equal(tsem_model_add_point(model, &c, 4, NULL, 0), 0);
	assert_int_equal(tsem_model_end_run(model), 0);
	assert_int_equal(tsem_model_end_run(model), 0);
	assert_int_equal(tsem_model_add_point(model, &c, 10, NULL, 0), 0);
	assert_int_equal(tsem_model_end_run(model), 0);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		assert_int_equal(tsem_model_is_sealed(model), i == 1);
		assert_int_equal(tsem_model_add_change(model, &changes[i], &number), 0);
		assert_int_equal(number, i + 1);
	}
	assert_int_equal(tsem_model_add_change(model, &(struct tsem_model_change){ .time = 0 },
					       &number), -EINVAL);
	text = text_of(model);
	assert_non_null(strstr(text, change_lines));
	assert_int_equal(read_text(text, strlen(text), &error, &again), 0);
	text_again = text_of(again);
	assert_string_equal(text_again, text);
	assert_true(tsem_model_is_sealed(again));
	runs = tsem_model_get_runs(again, &count);
	assert_int_equal(count, ARRAY_SIZE(expected_runs));
	assert_memory_equal(runs, expected_runs, sizeof(expected_runs));
}

/* What a change brings is told from what a run showed, may end, and leaves nothing behind. */
static void test_changes_bring_points(void **state)
{
	static const char record[] = SYSLOG_RECORD("3");
	const struct tsem_model_change change = { .time = 1, .what = TSEM_MODEL_ACCEPT };
	struct tsem_model_point numbers = { .count = 2, .change = 1, .until = 100 };
	_cleanup_(tsem_model_freep) struct tsem_model *model = new_model(), *again = NULL;
	_cleanup_(freep) char *text = NULL;
	struct tsem_model_error error;
	struct tsem_digest c;
	uint64_t number;

	assert_int_equal(tsem_model_digest(model, record, strlen(record), &c), 1);
	assert_int_equal(tsem_model_bring_point(model, &numbers, record, strlen(record)), -EINVAL);
	assert_int_equal(tsem_model_add_change(model, &change, &number), 0);
	assert_int_equal(tsem_model_bring_point(model, &numbers, "{}", 2), -EBADMSG);
	assert_int_equal(tsem_model_bring_point(model, &numbers, record, strlen(record)), 1);
	assert_int_equal(tsem_model_bring_point(model, &numbers, record, strlen(record)), 0);
	assert_int_equal(tsem_model_find_point(model, &c)->until, 100);
	text = text_of(model);
	assert_non_null(strstr(text, "\"count\": 2, \"runs\": 0, \"change\": 1, \"until\": "
				     "\"1970-01-01T00:01:40Z\", \"event\": {"));
	assert_int_equal(read_text(text, strlen(text), &error, &again), 0);
	assert_int_equal(tsem_model_drop(again, 99), 0);
	assert_true(tsem_model_point_holds(tsem_model_find_point(again, &c), 99));
	assert_false(tsem_model_point_holds(tsem_model_find_point(again, &c), 100));
	assert_int_equal(tsem_model_drop(again, 100), 1);
	assert_null(tsem_model_find_point(again, &c));
	numbers.until = 0; /* what is accepted again holds for ever */
	assert_int_equal(tsem_model_bring_point(model, &numbers, record, strlen(record)), 0);
	assert_int_equal(tsem_model_find_point(model, &c)->until, 0);
}

static void test_counts_stay_at_the_end_of_their_range(void **state)
{
	_cleanup_(tsem_model_freep) struct tsem_model *model = new_model();
	const struct tsem_digest c = from_hex(CAPABLE_COEFFICIENT);

	assert_int_equal(tsem_model_add_point(model, &c, UINT64_MAX, CAPABLE_RECORD,
					      strlen(CAPABLE_RECORD)), 1);
	assert_int_equal(tsem_model_add_point(model, &c, 1, NULL, 0), 0);
	assert_true(tsem_model_find_point(model, &c)->count == UINT64_MAX);
}

static struct add_case {
	const char *name, *coefficient, *record;
	int r;
} add_cases[] = {
	{ "add: record", CAPABLE_COEFFICIENT, CAPABLE_RECORD, 1 },
	{ "add: bare record", CAPABLE_COEFFICIENT, "{" RUN_MEMBERS("capable") ", " CAPABLE, 1 },
	{ "add: another coefficient", ZERO, CAPABLE_RECORD, -EBADMSG },
	{ "add: no record", ZERO, NULL, -ENOENT },
	{ "add: garbage", CAPABLE_COEFFICIENT, "{}", -EBADMSG },
	{ "add: empty", CAPABLE_COEFFICIENT, "", -EBADMSG },
	{ "add: kept text is no record", CAPABLE_COEFFICIENT, CAPABLE_KEPT, -EBADMSG },
	{ "add: aggregate", CAPABLE_COEFFICIENT,
	  "{\"export\": {\"type\": \"aggregate\"}, \"aggregate\": {\"value\": \"" ZERO "\"}}",
	  -EBADMSG },
	{ "add: log", CAPABLE_COEFFICIENT,
	  "{\"export\": {\"type\": \"log\"}, \"log\": {\"process\": \"a\", \"event\": \"capable\", "
	  "\"action\": \"LOG\"}}", -EBADMSG },
};

static void check_add(void **state)
{
	const struct add_case *c = *state;
	_cleanup_(tsem_model_freep) struct tsem_model *model = new_model();
	const struct tsem_digest digest = from_hex(c->coefficient);

	assert_int_equal(tsem_model_add_point(model, &digest, 1, c->record,
					      c->record ? strlen(c->record) : 0), c->r);
	assert_int_equal(tsem_model_point_count(model), c->r > 0);
	assert_int_equal(tsem_model_find_point(model, &digest) != NULL, c->r > 0);
}

static void test_paths_are_refused(void **state)
{
	_cleanup_(tsem_model_freep) struct tsem_model *model = new_model();
	const struct tsem_digest c = from_hex(CAPABLE_COEFFICIENT);
	static const char *const relative[] = { "/a", "b" }, *const twice[] = { "/a", "/b", "/a" };
	size_t count = 7;

	assert_int_equal(tsem_model_set_paths(model, TSEM_MODEL_SCRATCH, relative, 2), -EINVAL);
	assert_int_equal(tsem_model_set_paths(model, TSEM_MODEL_SCRATCH, twice, 3), -EINVAL);
	assert_int_equal(tsem_model_set_paths(model, TSEM_MODEL_SCRATCH, twice,
					      TSEM_MODEL_PATHS + 1), -E2BIG);
	(void)tsem_model_get_paths(model, TSEM_MODEL_SCRATCH, &count);
	assert_int_equal(count, 0);
	assert_int_equal(tsem_model_add_point(model, &c, 1, CAPABLE_RECORD, strlen(CAPABLE_RECORD)),
			 1);
	assert_int_equal(tsem_model_set_paths(model, TSEM_MODEL_SCRATCH, twice, 2), -EPERM);
}

static void test_headers_are_refused(void **state)
{
	static const struct tsem_model_header bad[] = {
		{ .name = "", .digest = "sha256", .nsref = "initial" },
		{ .name = "a\"b", .digest = "sha256", .nsref = "initial" },
		{ .name = "a\nb", .digest = "sha256", .nsref = "initial" },
		{ .name = "a", .digest = "sha512", .nsref = "initial" },
		{ .name = "a", .digest = "sha256" },
	};
	struct tsem_model *model = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(tsem_model_new(&bad[i], hasher, &model), -EINVAL);
	assert_null(model);
}

static struct match_case {
	const char *name;
	struct tsem_model_header wanted;
	int r;
	const char *error;
} match_cases[] = {
	{ "match: equal", { .digest = "sha256", .nsref = "initial", .fields = TSEM_FIELDS_PORTABLE },
	  0, "" },
	{ "match: not said", { .fields = TSEM_FIELDS_PORTABLE }, 0, "" },
	{ "match: fields", { .digest = "sha256", .nsref = "initial" }, -EPROTONOSUPPORT,
	  "the model was learned with Fields=portable, not strict: train a new one, or change "
	  "Fields=" },
	{ "match: digest", { .digest = "sm3", .fields = TSEM_FIELDS_PORTABLE }, -EPROTONOSUPPORT,
	  "the model was learned with Digest=sha256, not sm3: train a new one, or change Digest=" },
	{ "match: user namespace", { .nsref = "current", .fields = TSEM_FIELDS_PORTABLE },
	  -EPROTONOSUPPORT,
	  "the model was learned with UserNamespace=initial, not current: train a new one, or "
	  "change UserNamespace=" },
};

static void check_match(void **state)
{
	const struct match_case *c = *state;
	_cleanup_(tsem_model_freep) struct tsem_model *model = new_model();
	struct tsem_model_error error = { 0 };

	assert_int_equal(tsem_model_matches(model, &c->wanted, &error), c->r);
	assert_string_equal(error.text, c->error);
}

static void test_peek(void **state)
{
	_cleanup_(close_fdp) int fd = file_of(HEADER("1"), strlen(HEADER("1")));
	_cleanup_(close_fdp) int bad = file_of("x", 1);
	char digest[TSEM_MODEL_NAME_BYTES + 1] = "untouched";
	struct tsem_model_error error;

	assert_int_equal(tsem_model_peek(bad, digest, &error), -EBADMSG);
	assert_string_equal(digest, "untouched");
	assert_int_equal(tsem_model_peek(fd, digest, &error), 0);
	assert_string_equal(digest, "sha256");
}

static struct tsem_digest coefficient_of(const char *text)
{
	_cleanup_(tsem_model_freep) struct tsem_model *model = new_model();
	struct tsem_digest c;

	assert_int_equal(tsem_model_coefficient(model, text, strlen(text), &c), 0);
	return c;
}

static struct refused_record {
	const char *name;
	const char *text;
} refused_records[] = {
	{ "coefficient of nothing", "" },
	{ "of a cut record", "{" RUN_MEMBERS("syslog") ", \"syslog\": {\"type\": \"1\"}" },
	{ "of something behind it", SYSLOG_RECORD("1") "x" },
	{ "of what a model keeps", CAPABLE_KEPT },
	{ "of an aggregate",
	  "{\"export\": {\"type\": \"aggregate\"}, \"aggregate\": {\"value\": \"" ZERO "\"}}" },
};

static void check_refused_record(void **state)
{
	const struct refused_record *c = *state;
	_cleanup_(tsem_model_freep) struct tsem_model *model = new_model();
	struct tsem_digest digest = { { 1 } }, untouched = { { 1 } };

	assert_int_equal(tsem_model_coefficient(model, c->text, strlen(c->text), &digest), -EBADMSG);
	assert_memory_equal(&digest, &untouched, sizeof(digest));
}

static void test_coefficient(void **state)
{
	const struct tsem_digest c = coefficient_of(CAPABLE_RECORD);
	char hex[2 * 32 + 1];

	for (size_t i = 0; i < 32; i++)
		(void)sprintf(hex + 2 * i, "%02x", c.bytes[i]);
	assert_string_equal(hex, CAPABLE_COEFFICIENT);
}

static void add_many(struct tsem_model *model)
{
	for (unsigned int i = 0; i < 1000; i++) {
		_cleanup_(freep) char *text = NULL;
		struct tsem_digest c;

		assert_true(asprintf(&text, SYSLOG_RECORD("%u"), i) > 0);
		c = coefficient_of(text);
		assert_int_equal(tsem_model_add_point(model, &c, 1, text, strlen(text)), 1);
	}
	assert_int_equal(tsem_model_end_run(model), 0);
}

static int count_point(const struct tsem_model_point *point, void *userdata)
{
	struct tsem_digest *last = userdata;

	assert_true(memcmp(last, &point->coefficient, sizeof(*last)) < 0);
	*last = point->coefficient;
	return 0;
}

static int stop(const struct tsem_model_point *point, void *userdata)
{
	(*(unsigned int *)userdata)++;
	return -ECANCELED;
}

/* Sorted, whatever the order in which they came; and the same after a round trip. */
static void test_many_points(void **state)
{
	_cleanup_(tsem_model_freep) struct tsem_model *model = new_model(), *again = NULL;
	_cleanup_(freep) char *text = NULL, *text_again = NULL;
	struct tsem_model_error error = { 0 };
	struct tsem_digest last = { .bytes = { 0 } };
	unsigned int stopped = 0;

	add_many(model);
	assert_int_equal(tsem_model_each_point(model, count_point, &last), 0);
	assert_int_equal(tsem_model_each_point(model, stop, &stopped), -ECANCELED);
	assert_int_equal(stopped, 1);
	text = text_of(model);
	assert_int_equal(read_text(text, strlen(text), &error, &again), 0);
	assert_int_equal(tsem_model_point_count(again), 1000);
	text_again = text_of(again);
	assert_string_equal(text, text_again);
}

/* Cut off at any byte, it is refused. */
static void test_every_cut(void **state)
{
	static const char text[] = HEADER("1") "{\"pseudonym\": \"/a\"}\n" POINT "{\"end\": 3}\n";
	struct tsem_model_error error;
	struct tsem_model *model = NULL;

	for (size_t size = 0; size < sizeof(text) - 1; size++) {
		int r = read_text(text, size, &error, &model);

		assert_int_equal(r, -EBADMSG);
		assert_null(model);
	}
	assert_int_equal(read_text(text, sizeof(text) - 1, &error, &model), 0);
	(void)tsem_model_free(model);
}

/* Whatever byte is changed: it is refused, or it stood in a number, a name or a count. */
static void test_every_byte(void **state)
{
	char text[] = HEADER("1") POINT "{\"end\": 2}\n";
	unsigned int accepted = 0;

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		struct tsem_model_error error;
		struct tsem_model *model = NULL;

		text[i] ^= 0x01;
		if (read_text(text, sizeof(text) - 1, &error, &model) == 0) {
			free(text_of(model)); /* it can be written */
			accepted++;
			(void)tsem_model_free(model);
		}
		text[i] ^= 0x01;
	}
	/* "web", "quixote 0.1", the count, the process name: what no coefficient covers. */
	assert_in_range(accepted, 1, 18);
}

/* Programs: the vectors of execs; each makes the TASK_ID that they say. */
#define EXEC_CELL                                                                           \
	"\"bprm_committed_creds\": {\"previous\": \"" ZERO "\", \"file\": {\"flags\": "    \
	"\"32800\", \"inode\": {\"uid\": \"0\", \"gid\": \"0\", \"mode\": \"0100755\", "  \
	"\"s_magic\": \"0xef53\", \"s_id\": \"vda\", \"s_uuid\": "                          \
	"\"00000000000000000000000000000000\"}, \"path\": {\"pathname\": \"/bin/sh\"}, "      \
	"\"digest\": \"" ZERO "\"}}}"

static char *exec_record(const struct tsem_digest *task_id)
{
	char hex[65], *text;

	for (unsigned int i = 0; i < 32; i++)
		(void)sprintf(hex + 2 * i, "%02x", task_id->bytes[i]);
	assert_true(asprintf(&text,
			     "{\"event\": {\"context\": \"3\", \"number\": \"9\", \"process\": "
			     "\"sh\", \"type\": \"bprm_committed_creds\", \"ttd\": \"1\", "
			     "\"p_ttd\": \"2\", \"task_id\": \"%s\", \"p_task_id\": \"" ZERO
			     "\", \"ts\": \"5\"}, " COE ", " EXEC_CELL, hex) > 0);
	return text;
}

static void test_programs(void **state)
{
	_cleanup_(tsem_model_freep) struct tsem_model *model = new_model(), *again = NULL;
	const struct tsem_digest zero = { .bytes = { 0 } };
	_cleanup_(freep) char *wrong = exec_record(&zero), *right = NULL, *text = NULL;
	const struct tsem_digest task_id = coefficient_of(wrong);
	struct tsem_model_error error = { 0 };

	right = exec_record(&task_id);
	assert_int_equal(tsem_model_add_program(model, wrong, strlen(wrong)), -EBADMSG);
	assert_int_equal(tsem_model_add_program(model, CAPABLE_RECORD, strlen(CAPABLE_RECORD)),
			 -EBADMSG);
	assert_int_equal(tsem_model_program_count(model), 0);
	assert_int_equal(tsem_model_add_program(model, right, strlen(right)), 1);
	assert_int_equal(tsem_model_add_program(model, right, strlen(right)), 0);
	/* Never a point. */
	assert_int_equal(tsem_model_add_point(model, &task_id, 1, right, strlen(right)), -EBADMSG);

	text = text_of(model);
	assert_int_equal(read_text(text, strlen(text), &error, &again), 0);
	assert_non_null(tsem_model_find_program(again, &task_id));
	assert_null(tsem_model_find_program(again, &zero));
	/* Another task_id in the line, or in the event, is refused. */
	memcpy(strstr(text, "{\"program\": \"") + 13, "000", 3);
	assert_int_equal(read_text(text, strlen(text), &error, &again), -EBADMSG);
	assert_string_equal(error.text, "the task_id is not that of the event");
}

/* What a pseudonym hides is hidden in reading, too. */
static void test_pseudonym_hides_content(void **state)
{
#define OPEN(digest)                                                                          \
	"{" RUN_MEMBERS("file_open") ", \"file_open\": {\"file\": {\"flags\": \"32768\", "      \
	"\"inode\": {\"uid\": \"0\", \"gid\": \"0\", \"mode\": \"0100644\", \"s_magic\": "    \
	"\"0xef53\", \"s_id\": \"vda\", \"s_uuid\": \"00000000000000000000000000000000\"}, "    \
	"\"path\": {\"pathname\": \"/a\"}, \"digest\": \"" digest "\"}}}"
#define CONTENT "1111111111111111111111111111111111111111111111111111111111111111"
	_cleanup_(tsem_model_freep) struct tsem_model *model = new_model(), *again = NULL;
	const struct tsem_digest c = coefficient_of(OPEN(ZERO));
	struct tsem_digest hidden = { { 0 } };
	_cleanup_(freep) char *text = NULL;
	struct tsem_model_error error = { 0 };

	assert_int_equal(tsem_model_add_point(model, &c, 1, OPEN(CONTENT), strlen(OPEN(CONTENT))),
			 -EBADMSG);
	assert_int_equal(tsem_model_set_paths(model, TSEM_MODEL_PSEUDONYMS,
					      (const char *const[]){ "/a" }, 1), 0);
	assert_int_equal(tsem_model_coefficient(model, OPEN(CONTENT), strlen(OPEN(CONTENT)), &hidden), 0);
	assert_memory_equal(&hidden, &c, sizeof(c));
	assert_int_equal(tsem_model_add_point(model, &c, 1, OPEN(CONTENT), strlen(OPEN(CONTENT))), 1);
	assert_int_equal(tsem_model_end_run(model), 0);
	text = text_of(model);
	assert_int_equal(read_text(text, strlen(text), &error, &again), 0);
}

int main(void)
{
	static const struct CMUnitTest single[] = {
		cmocka_unit_test(test_nul_in_a_line),
		cmocka_unit_test(test_line_too_long),
		cmocka_unit_test(test_not_readable),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_runs_add_up),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_changes_bring_points),
		cmocka_unit_test(test_counts_stay_at_the_end_of_their_range),
		cmocka_unit_test(test_paths_are_refused),
		cmocka_unit_test(test_headers_are_refused),
		cmocka_unit_test(test_peek),
		cmocka_unit_test(test_many_points),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_pseudonym_hides_content),
		cmocka_unit_test(test_coefficient),
	};
	struct CMUnitTest tests[ARRAY_SIZE(single) + ARRAY_SIZE(refusals) + ARRAY_SIZE(add_cases) +
				ARRAY_SIZE(match_cases) + ARRAY_SIZE(refused_records)];
	size_t count = 0;
	int r;

	if (tsem_hasher_new("sha256", &hasher) < 0)
		return 1;
	for (; count < ARRAY_SIZE(single); count++)
		tests[count] = single[count];
	ADD_TABLE(refusals, check_refusal);
	ADD_TABLE(add_cases, check_add);
	ADD_TABLE(match_cases, check_match);
	ADD_TABLE(refused_records, check_refused_record);
	r = cmocka_run_group_tests_name("model", tests, NULL, NULL);
	(void)tsem_hasher_free(hasher);
	return r;
}
