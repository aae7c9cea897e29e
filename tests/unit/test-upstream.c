// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-upstream.c - the line format of upstream's models, and models merged. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../../libtsem/cleanup.h"
#include "../../libtsem/hasher.h"
#include "../../libtsem/model-life.h"
#include "../../libtsem/upstream.h"

#define ONE "1111111111111111111111111111111111111111111111111111111111111111"
#define TWO "22222222222222222222222222222222222222222222222222222222222222aB"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"

static struct upstream_case {
	const char *name, *text;
	int r;
	unsigned int line;
	const char *error;
	const char *told;
} cases[] = {
	{ "upstream: everything",
	  "key QUJD\n# a comment\nbase " ZERO "\naggregate " ONE "\npseudonym " ONE "\nstate " TWO
	  "\nstate " ONE "\nseal\nend\nsignature QUJD\n",
	  0, 0, NULL, "p1s2s1" },
	{ "upstream: nothing but an end", "end\n", 0, 0, NULL, "" },
	{ "upstream: empty", "", -EBADMSG, 0, "cut off: there is no last line", NULL },
	{ "upstream: no end", "state " ONE "\n", -EBADMSG, 1, "cut off: there is no last line",
	  NULL },
	{ "upstream: cut off", "state " ONE, -EBADMSG, 1, "cut off in this line", NULL },
	{ "upstream: end cut off", "end", -EBADMSG, 1, "cut off in this line", NULL },
	{ "upstream: empty line", "\nend\n", -EBADMSG, 1, "unknown line", NULL },
	{ "upstream: unknown word", "states " ONE "\nend\n", -EBADMSG, 1, "unknown line", NULL },
	{ "upstream: short word", "stat " ONE "\nend\n", -EBADMSG, 1, "unknown line", NULL },
	{ "upstream: no argument", "state\nend\n", -EBADMSG, 1, "not a digest of the length",
	  NULL },
	{ "upstream: short digest", "state 11\nend\n", -EBADMSG, 1, "not a digest of the length",
	  NULL },
	{ "upstream: long digest", "state " ONE "11\nend\n", -EBADMSG, 1,
	  "not a digest of the length", NULL },
	{ "upstream: two blanks", "state  " ONE "\nend\n", -EBADMSG, 1,
	  "not a digest of the length", NULL },
	{ "upstream: no digest",
	  "state 111111111111111111111111111111111111111111111111111111111111111g\nend\n", -EBADMSG,
	  1, "not a hexadecimal digest", NULL },
	{ "upstream: a base", "base " ONE "\nend\n", -EBADMSG, 1, "a base other than 0", NULL },
	{ "upstream: aggregate behind a state", "state " ONE "\naggregate " ONE "\nend\n", -EBADMSG,
	  2, "an aggregate behind a state", NULL },
	{ "upstream: seal with an argument", "seal 1\nend\n", -EBADMSG, 1,
	  "something behind \"seal\"", NULL },
	{ "upstream: end with an argument", "end 1\n", -EBADMSG, 1, "something behind \"end\"",
	  NULL },
	{ "upstream: behind the end", "end\nstate " ONE "\n", -EBADMSG, 2,
	  "something behind the end", NULL },
	{ "upstream: a second end", "end\nend\n", -EBADMSG, 2, "something behind the end", NULL },
	{ "upstream: one of ours", "{\"format\": \"quixote-model\"}\n", -EBADMSG, 1, "unknown line",
	  NULL },
};

static int tell(enum tsem_upstream_word word, const struct tsem_digest *digest, void *userdata)
{
	char *told = userdata;

	(void)sprintf(told + strlen(told), "%c%x", word == TSEM_UPSTREAM_STATE ? 's' : 'p',
		      digest->bytes[0] >> 4);
	return 0;
}

static void check_upstream(void **state)
{
	const struct upstream_case *c = *state;
	char told[64] = "";
	struct tsem_upstream_params params = { c->text, strlen(c->text), 32, tell, told };
	struct tsem_model_error error = { .text = "" };

	assert_int_equal(tsem_upstream_parse(&params, &error), c->r);
	if (c->r == 0) {
		assert_string_equal(told, c->told);
		return;
	}
	assert_int_equal(error.line, c->line);
	if (!strstr(error.text, c->error))
		fail_msg("\"%s\" does not say \"%s\"", error.text, c->error);
}

static int stop(enum tsem_upstream_word word, const struct tsem_digest *digest, void *userdata)
{
	return -E2BIG;
}

static void check_visit_may_refuse(void **state)
{
	struct tsem_upstream_params params = { "state " ONE "\nend\n", 75, 32, stop, NULL };
	struct tsem_model_error error = { .text = "" };

	assert_int_equal(tsem_upstream_parse(&params, &error), -E2BIG);
}

static void check_print(void **state)
{
	struct tsem_digest digest = { .bytes = { [0] = 0xab, [31] = 0x01 } };
	char line[TSEM_UPSTREAM_LINE_BYTES];

	tsem_upstream_print(TSEM_UPSTREAM_STATE, &digest, 32, line);
	assert_string_equal(line,
			    "state ab000000000000000000000000000000000000000000000000000000000000"
			    "01\n");
}

/* Merging. */

static struct tsem_hasher *hasher;

#define SYSLOG(n)                                                                                  \
	"{\"event\": {\"pid\": \"7\", \"context\": \"3\", \"number\": \"9\", \"process\": "        \
	"\"sh\", "                                                                                 \
	"\"type\": \"syslog\", \"ttd\": \"1\", \"p_ttd\": \"2\", \"task_id\": \"" ZERO "\", "      \
	"\"p_task_id\": \"" ZERO "\", \"ts\": \"5\"}, \"COE\": {\"uid\": \"0\", \"euid\": \"0\", " \
	"\"suid\": \"0\", \"gid\": \"0\", \"egid\": \"0\", \"sgid\": \"0\", \"fsuid\": \"0\", "    \
	"\"fsgid\": \"0\", \"capeff\": \"0x0\"}, \"syslog\": {\"type\": \"" n "\"}}"

static struct tsem_model *new_model(const char *name, enum tsem_fields fields)
{
	const struct tsem_model_header header = {
		.name = name,
		.digest = "sha256",
		.nsref = "initial",
		.fields = fields,
	};
	struct tsem_model *model;

	assert_int_equal(tsem_model_new(&header, hasher, &model), 0);
	return model;
}

static struct tsem_digest see(struct tsem_model *model, const char *record)
{
	struct tsem_digest digest;

	assert_int_equal(tsem_model_digest(model, record, strlen(record), &digest), 1);
	assert_true(tsem_model_add_point(model, &digest, 2, record, strlen(record)) >= 0);
	return digest;
}

static void check_merge(void **state)
{
	_cleanup_(tsem_model_freep) struct tsem_model *a = new_model("web", TSEM_FIELDS_PORTABLE);
	_cleanup_(tsem_model_freep) struct tsem_model *b = new_model("web", TSEM_FIELDS_PORTABLE);
	const struct tsem_model_point *point;
	const struct tsem_model_run *runs;
	struct tsem_model_error error;
	struct tsem_digest common, other;
	size_t count;

	common = see(a, SYSLOG("1"));
	assert_int_equal(tsem_model_end_run(a), 0);
	(void)see(b, SYSLOG("1"));
	assert_int_equal(tsem_model_end_run(b), 0);
	other = see(b, SYSLOG("2"));
	(void)see(b, SYSLOG("1"));
	assert_int_equal(tsem_model_end_run(b), 0);

	assert_int_equal(tsem_model_merge(a, b, &error), 0);
	assert_int_equal(tsem_model_point_count(a), 2);
	assert_int_equal(tsem_model_get_header(a)->runs, 3);
	point = tsem_model_find_point(a, &common);
	assert_true(point->count == 6 && point->runs == 3 && point->first == 1);
	point = tsem_model_find_point(a, &other);
	assert_true(point->count == 2 && point->runs == 1 && point->first == 3);
	runs = tsem_model_get_runs(a, &count);
	assert_int_equal(count, 3);
	assert_true(runs[0].fresh == 1 && runs[1].fresh == 0 && runs[2].fresh == 1);
	assert_true(runs[2].number == 3 && runs[2].coefficients == 2);
}

static void check_merge_refused(void **state)
{
	_cleanup_(tsem_model_freep) struct tsem_model *a = new_model("web", TSEM_FIELDS_PORTABLE);
	_cleanup_(tsem_model_freep) struct tsem_model *mail =
		new_model("mail", TSEM_FIELDS_PORTABLE);
	_cleanup_(tsem_model_freep) struct tsem_model *strict =
		new_model("web", TSEM_FIELDS_STRICT);
	_cleanup_(tsem_model_freep) struct tsem_model *scratch =
		new_model("web", TSEM_FIELDS_PORTABLE);
	_cleanup_(tsem_model_freep) struct tsem_model *sealed =
		new_model("web", TSEM_FIELDS_PORTABLE);
	const struct tsem_model_change seal = { .time = 1, .what = TSEM_MODEL_SEAL, .by = "me" };
	const char *const paths[] = { "/tmp/" };
	struct tsem_model_error error = { .text = "" };
	uint64_t number;

	assert_int_equal(tsem_model_set_paths(scratch, TSEM_MODEL_SCRATCH, paths, 1), 0);
	assert_int_equal(tsem_model_add_change(sealed, &seal, &number), 0);
	assert_int_equal(tsem_model_merge(a, mail, &error), -EPROTONOSUPPORT);
	assert_int_equal(tsem_model_merge(a, strict, &error), -EPROTONOSUPPORT);
	assert_int_equal(tsem_model_merge(a, scratch, &error), -EPROTONOSUPPORT);
	assert_int_equal(tsem_model_merge(a, sealed, &error), -EPERM);
	assert_int_equal(tsem_model_merge(sealed, a, &error), -EPERM);
	assert_int_equal(tsem_model_get_header(a)->runs, 0);
}

static int set_up(void **state)
{
	return tsem_hasher_new("sha256", &hasher);
}

static int tear_down(void **state)
{
	tsem_hasher_freep(&hasher);
	return 0;
}

int main(void)
{
	static struct CMUnitTest tests[ARRAY_SIZE(cases) + 4] = {
		cmocka_unit_test(check_visit_may_refuse),
		cmocka_unit_test(check_print),
		cmocka_unit_test(check_merge),
		cmocka_unit_test(check_merge_refused),
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[4 + i] =
			(struct CMUnitTest){ cases[i].name, check_upstream, NULL, NULL, &cases[i] };
	return cmocka_run_group_tests_name("upstream", tests, set_up, tear_down);
}
