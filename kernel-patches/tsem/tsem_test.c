// SPDX-License-Identifier: GPL-2.0-only
/*
 * tsem_test.c - KUnit tests of what is a function of its arguments: packed form,
 * printing and hashing against the vectors of formula 1, the grammar of create,
 * pathnames in proc, the scratch set.
 */

#include <kunit/test.h>
#include <linux/hex.h>

#include "describe.h"

struct vector {
	enum tsem_event_id event;
	const char *id;
	const char *coe_hex, *cell_hex;
	const char *coe_text, *cell_text;
	const char *task_id, *p_task_id;
	const char *strict_coe, *strict_cell, *strict;
	const char *portable_coe, *portable_cell, *portable;
};

#include "vectors_test.h"

#define DIGEST_SIZE 32

static void vector_describe(const struct vector *vector, char *name)
{
	strscpy(name, vector->id, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vectors, vectors, vector_describe);

/* Decode hexadecimal into memory of the test. */
static u8 *unhex(struct kunit *test, const char *hex, size_t *ret_size)
{
	size_t size = strlen(hex) / 2;
	u8 *bytes = kunit_kzalloc(test, size + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	KUNIT_ASSERT_EQ(test, hex2bin(bytes, hex, size), 0);
	*ret_size = size;
	return bytes;
}

static struct tsem_digest digest_of(struct kunit *test, const char *hex)
{
	struct tsem_digest digest = {};

	KUNIT_ASSERT_EQ(test, hex2bin(digest.bytes, hex, DIGEST_SIZE), 0);
	return digest;
}

static void expect_text(struct kunit *test, const struct tsem_type *type, const u8 *data,
			size_t size, const char *text)
{
	size_t length = strlen(text);
	char *printed = kunit_kzalloc(test, length + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, printed);
	KUNIT_EXPECT_EQ(test, tsem_packed_print(type, DIGEST_SIZE, data, size, NULL, 0), length);
	KUNIT_EXPECT_EQ(test, tsem_packed_print(type, DIGEST_SIZE, data, size, printed, length),
			length);
	KUNIT_EXPECT_STREQ(test, printed, text);
}

static void prints_as_recorded(struct kunit *test)
{
	const struct vector *v = test->param_value;
	const struct tsem_type *cell = &tsem_events[v->event].cell;
	size_t size;
	u8 *data;

	data = unhex(test, v->coe_hex, &size);
	KUNIT_EXPECT_EQ(test, size, TSEM_COE_SIZE);
	expect_text(test, &tsem_coe, data, size, v->coe_text);

	data = unhex(test, v->cell_hex, &size);
	KUNIT_EXPECT_TRUE(test, tsem_packed_check(cell, DIGEST_SIZE, data, size));
	KUNIT_EXPECT_FALSE(test, tsem_packed_check(cell, DIGEST_SIZE, data, size + 1));
	if (size)
		KUNIT_EXPECT_FALSE(test, tsem_packed_check(cell, DIGEST_SIZE, data, size - 1));
	expect_text(test, cell, data, size, v->cell_text);
}

static void expect_digests(struct kunit *test, enum tsem_fields fields, const char *coe_hex,
			   const char *cell_hex, const char *coefficient_hex)
{
	const struct vector *v = test->param_value;
	struct tsem_view view = { .digest_size = DIGEST_SIZE, .fields = fields };
	struct tsem_digest coe, cell, coefficient, expected;
	struct tsem_digest task_id = digest_of(test, v->task_id);
	struct tsem_digest p_task_id = digest_of(test, v->p_task_id);
	size_t coe_size, cell_size;
	u8 *coe_data = unhex(test, v->coe_hex, &coe_size);
	u8 *cell_data = unhex(test, v->cell_hex, &cell_size);
	struct tsem_hash *hash;
	struct tsem_alg alg;

	KUNIT_ASSERT_EQ(test, tsem_alg_init(&alg, "sha256"), 0);
	hash = tsem_hash_new(&alg, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, hash);

	tsem_object_digest(&tsem_coe, &view, coe_data, coe_size, &hash->hasher, &coe);
	tsem_object_digest(&tsem_events[v->event].cell, &view, cell_data, cell_size, &hash->hasher,
			   &cell);
	tsem_event_coefficient(v->event, &p_task_id, &task_id, &coe, &cell, &hash->hasher,
			       &coefficient);
	expected = digest_of(test, coe_hex);
	KUNIT_EXPECT_MEMEQ(test, coe.bytes, expected.bytes, DIGEST_SIZE);
	expected = digest_of(test, cell_hex);
	KUNIT_EXPECT_MEMEQ(test, cell.bytes, expected.bytes, DIGEST_SIZE);
	expected = digest_of(test, coefficient_hex);
	KUNIT_EXPECT_MEMEQ(test, coefficient.bytes, expected.bytes, DIGEST_SIZE);

	tsem_hash_free(hash);
	tsem_alg_done(&alg);
}

static void hashes_as_recorded(struct kunit *test)
{
	const struct vector *v = test->param_value;

	expect_digests(test, TSEM_FIELDS_STRICT, v->strict_coe, v->strict_cell, v->strict);
	expect_digests(test, TSEM_FIELDS_PORTABLE, v->portable_coe, v->portable_cell, v->portable);
}

static const struct grammar_case {
	const char *arguments;
	int r;
	const char *about;
} grammar_cases[] = {
	{ "", 0, "nothing" },
	{ "tma=external fields=strict digest=sha512 nsref=current cache=1", 0, "every word" },
	{ "deadline=5000 gone=kill batch=1 exec=1 events=all", 0, "numbers" },
	{ "  fields=portable  ", 0, "blanks" },
	{ "scratch=", 0, "no scratch" },
	{ "scratch=/tmp/:/a\\x3ab/:/c\\x20d/", 0, "escapes" },
	{ "fields", -EINVAL, "no value" },
	{ "=strict", -EINVAL, "no key" },
	{ "colour=red", -EINVAL, "unknown key" },
	{ "fields=Strict", -EINVAL, "unknown word" },
	{ "fields=", -EINVAL, "empty word" },
	{ "fields=strict fields=strict", -EINVAL, "twice" },
	{ "tma=internal violation=kill points=1048576", 0, "judged by the kernel" },
	{ "tma=export", 0, "judged by nobody" },
	{ "remember=1", 0, "asked once" },
	{ "tma=internal remember=1", -EINVAL, "nobody to remember" },
	{ "remember=1 tma=export", -EINVAL, "nobody to ask" },
	{ "remember=2", -EINVAL, "remember is no number" },
	{ "tma=sgx", -EINVAL, "unknown judge" },
	{ "violation=warn", -EINVAL, "what enforce is for" },
	{ "points=0", -EINVAL, "no points" },
	{ "points=1048577", -EINVAL, "too many points" },
	{ "digest=md5", -EINVAL, "not of formula 1" },
	{ "cache=0", -EINVAL, "too few" },
	{ "cache=16385", -EINVAL, "too many" },
	{ "cache=0x10", -EINVAL, "hexadecimal" },
	{ "deadline=-1", -EINVAL, "negative" },
	{ "deadline=600001", -EINVAL, "too long" },
	{ "deadline=99999999999999999999", -EINVAL, "overflow" },
	{ "batch=2", -EINVAL, "not a bool" },
	{ "gone=wait", -EINVAL, "unknown policy" },
	{ "events=none", -EINVAL, "unknown set" },
	{ "scratch=tmp/", -EINVAL, "relative" },
	{ "scratch=/tmp", -EINVAL, "no slash at the end" },
	{ "scratch=/", -EINVAL, "everything" },
	{ "scratch=/a/../", -EINVAL, "dots" },
	{ "scratch=/a//", -EINVAL, "two slashes" },
	{ "scratch=/a/:", -EINVAL, "empty directory" },
	{ "scratch=/a\\x0/", -EINVAL, "half an escape" },
	{ "scratch=/a\\x00/", -EINVAL, "NUL" },
	{ "scratch=/a\\n/", -EINVAL, "other escape" },
	{ "scratch=/a\tb/", -EINVAL, "raw control byte" },
};

static void grammar_describe(const struct grammar_case *c, char *name)
{
	strscpy(name, c->about, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(grammar, grammar_cases, grammar_describe);

static void create_grammar(struct kunit *test)
{
	const struct grammar_case *c = test->param_value;
	char *arguments = kunit_kstrdup(test, c->arguments, GFP_KERNEL);
	struct tsem_params *params = kunit_kzalloc(test, sizeof(*params), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, arguments);
	KUNIT_ASSERT_NOT_NULL(test, params);
	params->cache = 12345;
	KUNIT_EXPECT_EQ(test, tsem_params_parse(TSEM_VERB_CREATE, arguments, params), c->r);
	if (c->r < 0)
		KUNIT_EXPECT_EQ(test, params->cache, 12345);	/* a failed call leaves no trace */
	else
		tsem_params_done(params);
}

static void create_defaults(struct kunit *test)
{
	struct tsem_params *params = kunit_kzalloc(test, sizeof(*params), GFP_KERNEL);
	char none[] = "";

	KUNIT_ASSERT_NOT_NULL(test, params);
	KUNIT_ASSERT_EQ(test, tsem_params_parse(TSEM_VERB_CREATE, none, params), 0);
	KUNIT_EXPECT_STREQ(test, params->digest, "sha256");
	KUNIT_EXPECT_EQ(test, params->fields, TSEM_FIELDS_PORTABLE);
	KUNIT_EXPECT_EQ(test, params->scratch_count, 3);
	KUNIT_EXPECT_TRUE(test, test_bit(TSEM_EVENT_FILE_OPEN, params->events));
	KUNIT_EXPECT_TRUE(test, test_bit(TSEM_EVENT_BPRM_CHECK_SECURITY, params->events));
	KUNIT_EXPECT_FALSE(test, test_bit(TSEM_EVENT_PATH_UNLINK, params->events));
	tsem_params_done(params);
}

static void scratch_takes_the_longest(struct kunit *test)
{
	struct tsem_params *params = kunit_kzalloc(test, sizeof(*params), GFP_KERNEL);
	char arguments[] = "scratch=/a/:/a/b/:/c/";
	const struct tsem_scratch *found;

	KUNIT_ASSERT_NOT_NULL(test, params);
	KUNIT_ASSERT_EQ(test, tsem_params_parse(TSEM_VERB_CREATE, arguments, params), 0);
	found = tsem_scratch_find(params, "/a/b/c", 6);
	KUNIT_ASSERT_NOT_NULL(test, found);
	KUNIT_EXPECT_STREQ(test, found->dir, "/a/b/");
	KUNIT_EXPECT_NULL(test, tsem_scratch_find(params, "/a", 2));
	KUNIT_EXPECT_NULL(test, tsem_scratch_find(params, "/b/a/", 5));
	KUNIT_EXPECT_NULL(test, tsem_scratch_find(params, "detached:/a/x", 13));
	tsem_params_done(params);
}

static const struct proc_case {
	const char *in;
	unsigned int skip;
	const char *out;
} proc_cases[] = {
	{ "/12/status", 0, "/self/status" },
	{ "/13/status", 0, "/pid/status" },
	{ "/12/task/14/comm", 0, "/self/task/self/comm" },
	{ "/13/task/12/comm", 0, "/pid/task/pid/comm" },
	{ "/12/fd/3", 0, "/self/fd/n" },
	{ "/12/task/12/fdinfo/7", 0, "/self/task/self/fdinfo/n" },
	{ "/sys/kernel/pid_max", 0, "/sys/kernel/pid_max" },
	{ "/irq/7/spurious", 0, "/irq/7/spurious" },
	{ "/123/maps", 0, "/pid/maps" },
	{ "/12x/maps", 0, "/12x/maps" },
	{ "/12/fd/3", 1, "/fd/n" },
	{ "/12/fd/3", 2, "/n" },
};

static void proc_numbers(struct kunit *test)
{
	char out[64];

	for (size_t i = 0; i < ARRAY_SIZE(proc_cases); i++) {
		const struct proc_case *c = &proc_cases[i];

		KUNIT_EXPECT_EQ(test, tsem_proc_rewrite(c->in, c->skip, 12, out, sizeof(out)),
				strlen(c->out));
		KUNIT_EXPECT_STREQ(test, out, c->out);
	}
	/* What does not fit is measured all the same. */
	KUNIT_EXPECT_EQ(test, tsem_proc_rewrite("/12/status", 0, 12, out, 4), 12);
}

static struct kunit_case tsem_cases[] = {
	KUNIT_CASE_PARAM(prints_as_recorded, vectors_gen_params),
	KUNIT_CASE_PARAM(hashes_as_recorded, vectors_gen_params),
	KUNIT_CASE_PARAM(create_grammar, grammar_gen_params),
	KUNIT_CASE(create_defaults),
	KUNIT_CASE(scratch_takes_the_longest),
	KUNIT_CASE(proc_numbers),
	{}
};

static struct kunit_suite tsem_suite = {
	.name = "tsem",
	.test_cases = tsem_cases,
};

kunit_test_suite(tsem_suite);

MODULE_DESCRIPTION("KUnit tests for TSEM");
MODULE_LICENSE("GPL");
