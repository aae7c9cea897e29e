// SPDX-License-Identifier: GPL-2.0-only
/*
 * command_test.c - KUnit tests of the grammars that user space writes in: upstream's
 * verbs and verdicts, lines of verdicts, and the bounds of numbers and lists.
 */

#include <kunit/test.h>

#include "verdict.h"

#define NAME_55 "a123456789b123456789c123456789d123456789e123456789f1234"
#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

static const struct verb_case {
	enum tsem_verb verb;
	const char *arguments;
	int r;
	const char *about;
} verb_cases[] = {
	{ TSEM_VERB_EXTERNAL, "key=" KEY, 0, "external as upstream's clients say it" },
	{ TSEM_VERB_EXTERNAL, "nsref=current model=model0 digest=sha256 cache=64 key=" KEY, 0,
	  "external with everything" },
	{ TSEM_VERB_EXTERNAL, "digest=sha512 key=" KEY KEY, 0, "a key as long as the digest" },
	{ TSEM_VERB_EXPORT, "", 0, "export alone" },
	{ TSEM_VERB_EXPORT, "digest=sha384 cache=1", 0, "export with arguments" },
	{ TSEM_VERB_EXTERNAL, "", -EINVAL, "no key" },
	{ TSEM_VERB_EXTERNAL, "key=", -EINVAL, "empty key" },
	{ TSEM_VERB_EXTERNAL, "key=5", -EINVAL, "half a byte" },
	{ TSEM_VERB_EXTERNAL, "key=5a", -EINVAL, "short key" },
	{ TSEM_VERB_EXTERNAL, "key=" KEY "5a", -EINVAL, "long key" },
	{ TSEM_VERB_EXTERNAL, "key=" KEY KEY "5a", -EINVAL, "key above the bound" },
	{ TSEM_VERB_EXTERNAL, "digest=sha512 key=" KEY, -EINVAL, "key for another digest" },
	{ TSEM_VERB_EXTERNAL, "tnum=1", 0, "serial numbers instead of a key" },
	{ TSEM_VERB_EXTERNAL, "tnum=1 key=" KEY, 0, "serial numbers and a key" },
	{ TSEM_VERB_EXTERNAL, "tnum=0 key=" KEY, 0, "a key, and no serial numbers" },
	{ TSEM_VERB_EXTERNAL, "tnum=0", -EINVAL, "neither" },
	{ TSEM_VERB_EXTERNAL, "tnum=2 key=" KEY, -EINVAL, "serial numbers twice" },
	{ TSEM_VERB_EXTERNAL, "tnum=", -EINVAL, "serial numbers or not" },
	{ TSEM_VERB_EXTERNAL, "tnum=1 tnum=1", -EINVAL, "two answers" },
	{ TSEM_VERB_EXPORT, "tnum=1", -EINVAL, "serial numbers without verdicts" },
	{ TSEM_VERB_INTERNAL, "tnum=1", -EINVAL, "serial numbers that nobody reads" },
	{ TSEM_VERB_CREATE, "tnum=1", -EINVAL, "upstream's: serial numbers" },
	{ TSEM_VERB_EXTERNAL, "key=zz" KEY, -EINVAL, "not hexadecimal" },
	{ TSEM_VERB_EXTERNAL, "key=" KEY " key=" KEY, -EINVAL, "two keys" },
	{ TSEM_VERB_EXTERNAL, "model=other_2 key=" KEY, 0, "a model by name" },
	{ TSEM_VERB_EXTERNAL, "model= key=" KEY, -EINVAL, "a model without name" },
	{ TSEM_VERB_EXTERNAL, "model=../x key=" KEY, -EINVAL, "no name of a model" },
	{ TSEM_VERB_EXTERNAL, "model=Other key=" KEY, -EINVAL, "capital letters" },
	{ TSEM_VERB_CREATE, "model=" NAME_55, 0, "longest name of a model" },
	{ TSEM_VERB_CREATE, "model=" NAME_55 "x", -EINVAL, "a longer one" },
	{ TSEM_VERB_CREATE, "model=a model=b", -EINVAL, "two models" },
	{ TSEM_VERB_EXTERNAL, "fields=portable key=" KEY, -EINVAL, "ours: fields" },
	{ TSEM_VERB_EXTERNAL, "scratch=/tmp/ key=" KEY, -EINVAL, "ours: scratch" },
	{ TSEM_VERB_EXPORT, "deadline=1", -EINVAL, "ours: deadline" },
	{ TSEM_VERB_EXPORT, "gone=kill", -EINVAL, "ours: gone" },
	{ TSEM_VERB_CREATE, "key=" KEY, -EINVAL, "upstream's: key" },
	{ TSEM_VERB_CREATE, "cache=1", 0, "least cache" },
	{ TSEM_VERB_CREATE, "cache=16384", 0, "most cache" },
	{ TSEM_VERB_CREATE, "deadline=0", 0, "no deadline" },
	{ TSEM_VERB_CREATE, "deadline=600000", 0, "longest deadline" },
	{ TSEM_VERB_CREATE, "deadline=", -EINVAL, "empty number" },
	{ TSEM_VERB_CREATE, "deadline=+1", -EINVAL, "signed number" },
	{ TSEM_VERB_CREATE, "deadline=1s", -EINVAL, "number with a unit" },
	{ TSEM_VERB_CREATE, "deadline=4294967297", -EINVAL, "wraps to 1" },
	{ TSEM_VERB_CREATE, "scratch=/a/ scratch=/b/", -EINVAL, "two sets" },
	{ TSEM_VERB_CREATE, "scratch=/./", -EINVAL, "a dot" },
	{ TSEM_VERB_CREATE, "scratch=/a\\x2/", -EINVAL, "escape cut off" },
	{ TSEM_VERB_CREATE, "scratch=/a\\xzz/", -EINVAL, "escape of no number" },
	{ TSEM_VERB_CREATE, "scratch=/a\\", -EINVAL, "backslash at the end" },
};

static void verb_describe(const struct verb_case *c, char *name)
{
	strscpy(name, c->about, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(verb, verb_cases, verb_describe);

static void verbs_and_bounds(struct kunit *test)
{
	const struct verb_case *c = test->param_value;
	char *arguments = kunit_kstrdup(test, c->arguments, GFP_KERNEL);
	struct tsem_params *params = kunit_kzalloc(test, sizeof(*params), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, arguments);
	KUNIT_ASSERT_NOT_NULL(test, params);
	params->cache = 12345;
	KUNIT_EXPECT_EQ(test, tsem_params_parse(c->verb, arguments, params), c->r);
	if (c->r < 0) {
		KUNIT_EXPECT_EQ(test, params->cache, 12345);	/* a failed call leaves no trace */
		return;
	}
	KUNIT_EXPECT_EQ(test, params->upstream, c->verb != TSEM_VERB_CREATE);
	KUNIT_EXPECT_EQ(test, params->tma == TSEM_TMA_EXPORT, c->verb == TSEM_VERB_EXPORT);
	if (params->upstream) {
		KUNIT_EXPECT_EQ(test, params->fields, TSEM_FIELDS_STRICT);
		KUNIT_EXPECT_EQ(test, params->scratch_count, 0);
		KUNIT_EXPECT_EQ(test, params->deadline_msec, 0);
		KUNIT_EXPECT_FALSE(test, test_bit(TSEM_EVENT_BPRM_CHECK_SECURITY, params->events));
	}
	tsem_params_done(params);
}

/* As many directories as there may be, and one more. */
static void scratch_has_a_limit(struct kunit *test)
{
	struct tsem_params *params = kunit_kzalloc(test, sizeof(*params), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, params);
	for (unsigned int count = TSEM_SCRATCH_MAX; count <= TSEM_SCRATCH_MAX + 1; count++) {
		char arguments[16 + 4 * (TSEM_SCRATCH_MAX + 1)] = "scratch=";
		int expected = count > TSEM_SCRATCH_MAX ? -E2BIG : 0;

		for (unsigned int i = 0; i < count; i++)
			strcat(arguments, i ? ":/a/" : "/a/");
		KUNIT_EXPECT_EQ(test, tsem_params_parse(TSEM_VERB_CREATE, arguments, params),
				expected);
		if (!expected) {
			KUNIT_EXPECT_EQ(test, params->scratch_count, count);
			tsem_params_done(params);
		}
	}
}

static const struct release_case {
	const char *arguments;
	int r;
} release_cases[] = {
	{ "pid=12 key=" KEY, 0 },
	{ "key=" KEY "  pid=12", 0 },
	{ "pid=12 key=00", 0 },		/* how long it must be is known with the task */
	{ "pid=12 tnum=1", 0 },
	{ "tnum=18446744073709551615 pid=12", 0 },
	{ "pid=12 tnum=7 key=" KEY, 0 },
	{ "", -EINVAL },
	{ "pid=12", -EINVAL },
	{ "tnum=7", -EINVAL },
	{ "pid=12 tnum=", -EINVAL },
	{ "pid=12 tnum=0", -EINVAL },
	{ "pid=12 tnum=-1", -EINVAL },
	{ "pid=12 tnum=+1", -EINVAL },
	{ "pid=12 tnum=7x", -EINVAL },
	{ "pid=12 tnum=0x7", -EINVAL },
	{ "pid=12 tnum=18446744073709551616", -EINVAL },
	{ "pid=12 tnum", -EINVAL },
	{ "pid=12 tnum=7 key=", -EINVAL },
	{ "key=" KEY, -EINVAL },
	{ "pid=0 key=" KEY, -EINVAL },
	{ "pid=-1 key=" KEY, -EINVAL },
	{ "pid=12x key=" KEY, -EINVAL },
	{ "pid= key=" KEY, -EINVAL },
	{ "pid=99999999999 key=" KEY, -EINVAL },
	{ "pid=12 key=", -EINVAL },
	{ "pid=12 key=5", -EINVAL },
	{ "pid=12 key=5z", -EINVAL },
	{ "pid=12 key=" KEY KEY "00", -EINVAL },
	{ "pid=12 key=" KEY " colour=red", -EINVAL },
	{ "pid=12 key", -EINVAL },
	{ "12 " KEY, -EINVAL },
};

static void releases(struct kunit *test)
{
	for (size_t i = 0; i < ARRAY_SIZE(release_cases); i++) {
		const struct release_case *c = &release_cases[i];
		char *arguments = kunit_kstrdup(test, c->arguments, GFP_KERNEL);
		struct tsem_release release;

		KUNIT_ASSERT_NOT_NULL(test, arguments);
		KUNIT_EXPECT_EQ_MSG(test, tsem_release_parse(arguments, &release), c->r, "%s",
				    c->arguments);
		if (!c->r)
			KUNIT_EXPECT_EQ(test, release.pid, 12);
	}
}

/* A namespace in which nobody waits: every number that is understood is unknown. */
static const struct verdict_case {
	const char *lines;
	size_t taken;
	int unknown;
} verdict_cases[] = {
	{ "trusted 1\n", 10, 1 },
	{ "untrusted 18446744073709551615\n", 31, 1 },
	{ "trusted 1\nrefused 2\nuntrusted 3\n", 32, 3 },
	{ "trusted 1\ntrusted 02\ntrusted 3\n", 10, 1 },
	{ "trusted 1\ntrusted 2", 10, 1 },
	{ "", 0, 0 },
	{ "\n", 0, 0 },
	{ "trusted\n", 0, 0 },
	{ "trusted \n", 0, 0 },
	{ "trusted 0\n", 0, 0 },
	{ "trusted 01\n", 0, 0 },
	{ "trusted -1\n", 0, 0 },
	{ "trusted +1\n", 0, 0 },
	{ "trusted 0x1\n", 0, 0 },
	{ "trusted  1\n", 0, 0 },
	{ "trusted 1 \n", 0, 0 },
	{ "trusted 1\r\n", 0, 0 },
	{ " trusted 1\n", 0, 0 },
	{ "Trusted 1\n", 0, 0 },
	{ "trust 1\n", 0, 0 },
	{ "trustedx 1\n", 0, 0 },
	{ "trusted\t1\n", 0, 0 },
	{ "trusted 18446744073709551616\n", 0, 0 },
	{ "trusted 111111111111111111111111111111\n", 0, 0 },
};

static void verdicts(struct kunit *test)
{
	for (size_t i = 0; i < ARRAY_SIZE(verdict_cases); i++) {
		const struct verdict_case *c = &verdict_cases[i];
		struct tsem_ns *ns = kunit_kzalloc(test, sizeof(*ns), GFP_KERNEL);
		size_t taken;

		KUNIT_ASSERT_NOT_NULL(test, ns);
		spin_lock_init(&ns->lock);
		hash_init(ns->waiting);
		tsem_answer(ns, 0, c->lines, strlen(c->lines), &taken);
		KUNIT_EXPECT_EQ_MSG(test, taken, c->taken, "%s", c->lines);
		KUNIT_EXPECT_EQ(test, atomic64_read(&ns->counts[TSEM_COUNT_UNKNOWN]), c->unknown);
	}
}

/* A NUL byte ends nothing: it is a byte that no verdict has. */
static void verdict_with_nul(struct kunit *test)
{
	static const char lines[] = "trusted 1\0\ntrusted 2\n";
	struct tsem_ns *ns = kunit_kzalloc(test, sizeof(*ns), GFP_KERNEL);
	size_t taken;

	KUNIT_ASSERT_NOT_NULL(test, ns);
	spin_lock_init(&ns->lock);
	hash_init(ns->waiting);
	tsem_answer(ns, 0, lines, sizeof(lines) - 1, &taken);
	KUNIT_EXPECT_EQ(test, taken, 0);
}

static struct kunit_case command_cases[] = {
	KUNIT_CASE_PARAM(verbs_and_bounds, verb_gen_params),
	KUNIT_CASE(scratch_has_a_limit),
	KUNIT_CASE(releases),
	KUNIT_CASE(verdicts),
	KUNIT_CASE(verdict_with_nul),
	{}
};

static struct kunit_suite command_suite = {
	.name = "tsem-command",
	.test_cases = command_cases,
};

kunit_test_suite(command_suite);
