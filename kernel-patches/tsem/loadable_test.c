// SPDX-License-Identifier: GPL-2.0-only
/*
 * loadable_test.c - KUnit tests of models that modules bring: which are taken, which are
 * in the way of each other, what they never see, and what they may ask about an event.
 */

#include <kunit/test.h>
#include <linux/net.h>
#include <linux/socket.h>

#include "loadable.h"

static int answer_one(const struct tsem_seen *event)
{
	return 1;
}

static const char *const none[] = { NULL };
static const char *const one[] = { "file_open", NULL };
static const char *const unknown[] = { "file_open", "file_opened", NULL };
static const char *const twice[] = { "file_open", "mmap_file", "file_open", NULL };
static const char *const programs[] = { "bprm_committed_creds", NULL };

#define NAME_55 "a123456789b123456789c123456789d123456789e123456789f1234"

static const struct register_case {
	const char *about;
	struct tsem_model_ops ops;
	int r;
} register_cases[] = {
	{ "init alone", { .name = "kunit", .init = answer_one }, 0 },
	{ "events alone", { .name = "kunit_2", .events = one }, 0 },
	{ "longest name", { .name = NAME_55, .init = answer_one }, 0 },
	{ "no name", { .init = answer_one }, -EINVAL },
	{ "empty name", { .name = "", .init = answer_one }, -EINVAL },
	{ "longer name", { .name = NAME_55 "x", .init = answer_one }, -EINVAL },
	{ "name with a dash", { .name = "kunit-2", .init = answer_one }, -EINVAL },
	{ "name with capitals", { .name = "Kunit", .init = answer_one }, -EINVAL },
	{ "name with a blank", { .name = "kunit 2", .init = answer_one }, -EINVAL },
	{ "name of the built-in", { .name = "model0", .init = answer_one }, -EINVAL },
	{ "nothing in it", { .name = "kunit" }, -EINVAL },
	{ "sees nothing", { .name = "kunit", .events = none, .init = answer_one }, -EINVAL },
	{ "unknown event", { .name = "kunit", .events = unknown }, -EINVAL },
	{ "event twice", { .name = "kunit", .events = twice }, -EINVAL },
	{ "programs", { .name = "kunit", .events = programs }, -EINVAL },
};

static void register_describe(const struct register_case *c, char *name)
{
	strscpy(name, c->about, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(register, register_cases, register_describe);

static void models_that_are_taken(struct kunit *test)
{
	const struct register_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, tsem_register_model(&c->ops), c->r);
	/* What was refused is not there. */
	KUNIT_EXPECT_EQ(test, tsem_unregister_model(&c->ops), c->r);
	KUNIT_EXPECT_EQ(test, tsem_unregister_model(&c->ops), -EINVAL);
}

static void nothing_is_no_model(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, tsem_register_model(NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, tsem_unregister_model(NULL), -EINVAL);
}

static void a_name_is_taken_once(struct kunit *test)
{
	static const struct tsem_model_ops first = { .name = "kunit", .init = answer_one };
	static const struct tsem_model_ops second = { .name = "kunit", .events = one };

	KUNIT_ASSERT_EQ(test, tsem_register_model(&first), 0);
	KUNIT_EXPECT_EQ(test, tsem_register_model(&second), -EEXIST);
	KUNIT_EXPECT_EQ(test, tsem_register_model(&first), -EEXIST);
	/* Who did not register it does not take it back. */
	KUNIT_EXPECT_EQ(test, tsem_unregister_model(&second), -EINVAL);
	KUNIT_EXPECT_EQ(test, tsem_unregister_model(&first), 0);
	KUNIT_EXPECT_EQ(test, tsem_register_model(&second), 0);
	KUNIT_EXPECT_EQ(test, tsem_unregister_model(&second), 0);
}

static void models_are_bounded(struct kunit *test)
{
	struct tsem_model_ops *ops;
	char (*names)[8];
	unsigned int i;

	ops = kunit_kcalloc(test, TSEM_MODELS_MAX + 1, sizeof(*ops), GFP_KERNEL);
	names = kunit_kcalloc(test, TSEM_MODELS_MAX + 1, sizeof(*names), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ops);
	KUNIT_ASSERT_NOT_NULL(test, names);
	for (i = 0; i <= TSEM_MODELS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "m%u", i);
		ops[i] = (struct tsem_model_ops){ .name = names[i], .init = answer_one };
		KUNIT_EXPECT_EQ(test, tsem_register_model(&ops[i]),
				i < TSEM_MODELS_MAX ? 0 : -ENOSPC);
	}
	KUNIT_EXPECT_EQ(test, tsem_unregister_model(&ops[3]), 0);
	KUNIT_EXPECT_EQ(test, tsem_register_model(&ops[TSEM_MODELS_MAX]), 0);
	for (i = 0; i <= TSEM_MODELS_MAX; i++)
		KUNIT_EXPECT_EQ(test, tsem_unregister_model(&ops[i]), i == 3 ? -EINVAL : 0);
}

static void a_user_keeps_a_model(struct kunit *test)
{
	static const struct tsem_model_ops ops = { .name = "kunit", .events = one };
	struct tsem_loadable *model, *same, *builtin;

	KUNIT_EXPECT_EQ(test, tsem_loadable_get("", &builtin), 0);
	KUNIT_EXPECT_NULL(test, builtin);
	KUNIT_EXPECT_EQ(test, tsem_loadable_get("model0", &builtin), 0);
	KUNIT_EXPECT_NULL(test, builtin);
	tsem_loadable_put(builtin);

	KUNIT_ASSERT_EQ(test, tsem_register_model(&ops), 0);
	KUNIT_ASSERT_EQ(test, tsem_loadable_get("kunit", &model), 0);
	KUNIT_ASSERT_EQ(test, tsem_loadable_get("kunit", &same), 0);
	KUNIT_EXPECT_PTR_EQ(test, same, model);
	KUNIT_EXPECT_EQ(test, model->user_count, 2);
	tsem_loadable_put(same);
	KUNIT_EXPECT_EQ(test, model->user_count, 1);
	tsem_loadable_put(model);
	KUNIT_EXPECT_EQ(test, tsem_unregister_model(&ops), 0);
}

static void all_but_its_events_are_bypassed(struct kunit *test)
{
	static const struct tsem_model_ops ops = { .name = "kunit", .events = one };
	static const struct tsem_model_ops whole = { .name = "kunit_2", .init = answer_one };
	struct tsem_loadable *model;

	KUNIT_ASSERT_EQ(test, tsem_register_model(&ops), 0);
	KUNIT_ASSERT_EQ(test, tsem_loadable_get("kunit", &model), 0);
	for (unsigned int i = 1; i < TSEM_EVENT_COUNT; i++)
		KUNIT_EXPECT_EQ(test, test_bit(i, model->bypass),
				i != TSEM_EVENT_FILE_OPEN && i != TSEM_EVENT_BPRM_COMMITTED_CREDS);
	tsem_loadable_put(model);
	KUNIT_EXPECT_EQ(test, tsem_unregister_model(&ops), 0);

	KUNIT_ASSERT_EQ(test, tsem_register_model(&whole), 0);
	KUNIT_ASSERT_EQ(test, tsem_loadable_get("kunit_2", &model), 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(model->bypass, TSEM_EVENT_COUNT));
	tsem_loadable_put(model);
	KUNIT_EXPECT_EQ(test, tsem_unregister_model(&whole), 0);
}

#define ADDRESS 0x7f000001
#define PORT 8080
#define CAPEFF BIT_ULL(40)

/* An address in the form of IPv4, and who connects. */
static size_t pack_connect(u8 *cell, size_t size, struct tsem_subject *subject)
{
	struct tsem_packer p = { .data = cell, .size = size };
	struct tsem_packer coe = { .data = subject->coe, .size = sizeof(subject->coe) };
	const u8 address[] = { PORT & 255, PORT >> 8, 1, 0, 0, 127 };
	const u8 capeff[] = { 0, 0, 0, 0, 0, 1, 0, 0 };

	tsem_pack_u32(&p, AF_INET);
	tsem_pack_u32(&p, SOCK_STREAM);
	tsem_pack_u32(&p, 6);
	for (unsigned int i = 0; i < 32; i++)
		tsem_pack_u8(&p, i);
	tsem_pack_u8(&p, 2);
	tsem_pack_bytes(&p, address, sizeof(address));
	for (unsigned int i = 0; i < 8; i++)
		tsem_pack_u32(&coe, 1000 + i);
	tsem_pack_bytes(&coe, capeff, sizeof(capeff));
	return p.used;
}

static const struct member_case {
	const char *member;
	int number_r;
	u64 number;
	int bytes_r;
	size_t size;
} member_cases[] = {
	{ "sock.family", 0, AF_INET, -EINVAL },
	{ "sock.owner", -EINVAL, 0, 0, 32 },
	{ "addr.af_inet.port", 0, PORT, -EINVAL },
	{ "addr.af_inet.address", 0, ADDRESS, -EINVAL },
	{ "addr.af_unix.address", -ENOENT, 0, -ENOENT },
	{ "addr.af_inet", -EINVAL, 0, -EINVAL },
	{ "addr.af_none.port", -EINVAL, 0, -EINVAL },
	{ "addr", -EINVAL, 0, -EINVAL },
	{ "sock", -EINVAL, 0, -EINVAL },
	{ "sock.family.more", -EINVAL, 0, -EINVAL },
	{ "sock.", -EINVAL, 0, -EINVAL },
	{ "soc", -EINVAL, 0, -EINVAL },
	{ "", -EINVAL, 0, -EINVAL },
	{ "COE.uid", 0, 1000, -EINVAL },
	{ "COE.euid", 0, 1001, -EINVAL },
	{ "COE.capeff", 0, CAPEFF, -EINVAL },
	{ "COE.", -EINVAL, 0, -EINVAL },
	{ "COE", -EINVAL, 0, -EINVAL },
};

static void member_describe(const struct member_case *c, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "'%s'", c->member);
}

KUNIT_ARRAY_PARAM(member, member_cases, member_describe);

static void members_by_name(struct kunit *test)
{
	const struct member_case *c = test->param_value;
	struct tsem_ns *ns = kunit_kzalloc(test, sizeof(*ns), GFP_KERNEL);
	struct tsem_subject *subject = kunit_kzalloc(test, sizeof(*subject), GFP_KERNEL);
	u8 cell[128];
	struct tsem_raw raw = { .event = TSEM_EVENT_SOCKET_CONNECT, .cell = cell };
	struct tsem_seen seen = { .raw = &raw };
	struct kvec bytes = { .iov_len = 12345 };
	u64 number = 12345;

	KUNIT_ASSERT_NOT_NULL(test, ns);
	KUNIT_ASSERT_NOT_NULL(test, subject);
	ns->alg.ops.size = 32;
	raw.cell_size = pack_connect(cell, sizeof(cell), subject);
	seen.subject = subject;
	seen.ns = ns;
	KUNIT_ASSERT_TRUE(test, tsem_packed_check(&tsem_events[raw.event].cell, 32, cell,
						  raw.cell_size));
	KUNIT_EXPECT_EQ(test, tsem_seen_number(&seen, c->member, &number), c->number_r);
	KUNIT_EXPECT_EQ(test, number, c->number_r ? 12345 : c->number);
	KUNIT_EXPECT_EQ(test, tsem_seen_bytes(&seen, c->member, &bytes), c->bytes_r);
	KUNIT_EXPECT_EQ(test, bytes.iov_len, c->bytes_r ? 12345 : c->size);
}

static void types_have_names(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, tsem_event_types(), TSEM_EVENT_COUNT);
	KUNIT_EXPECT_STREQ(test, tsem_event_name(TSEM_EVENT_FILE_OPEN), "file_open");
	KUNIT_EXPECT_NULL(test, tsem_event_name(0));
	KUNIT_EXPECT_NULL(test, tsem_event_name(TSEM_EVENT_COUNT));
}

static struct kunit_case loadable_cases[] = {
	KUNIT_CASE_PARAM(models_that_are_taken, register_gen_params),
	KUNIT_CASE(nothing_is_no_model),
	KUNIT_CASE(a_name_is_taken_once),
	KUNIT_CASE(models_are_bounded),
	KUNIT_CASE(a_user_keeps_a_model),
	KUNIT_CASE(all_but_its_events_are_bypassed),
	KUNIT_CASE_PARAM(members_by_name, member_gen_params),
	KUNIT_CASE(types_have_names),
	{}
};

static struct kunit_suite loadable_suite = {
	.name = "tsem_loadable",
	.test_cases = loadable_cases,
};

kunit_test_suite(loadable_suite);
