// SPDX-License-Identifier: GPL-2.0-only
/*
 * describe_test.c - KUnit tests of packing: what hooks are given, made up here, against
 * the text that must come of it.
 */

#include <kunit/test.h>
#include <linux/cred.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/kdev_t.h>
#include <linux/magic.h>
#include <linux/un.h>
#include <net/sock.h>

#include "describe.h"
#include "event.h"

/* One page of packed bytes is more than any case here needs. */
#define ROOM SZ_4K

/** struct fixture - A namespace that nobody is in, and where the packed bytes go. */
struct fixture {
	struct tsem_ns ns;
	struct tsem_packer p;
	u8 bytes[ROOM];
	char text[ROOM];
};

static int fixture_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	char arguments[] = "scratch=/tmp/:/tmp/deep/";
	int r;

	KUNIT_ASSERT_NOT_NULL(test, f);
	r = tsem_params_parse(TSEM_VERB_CREATE, arguments, &f->ns.params);
	if (r == 0)
		r = tsem_alg_init(&f->ns.alg, "sha256");
	f->ns.id = 5;
	f->p = (struct tsem_packer){ .data = f->bytes, .size = sizeof(f->bytes) };
	test->priv = f;
	return r;
}

static void fixture_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	tsem_alg_done(&f->ns.alg);
	tsem_params_done(&f->ns.params);
}

/* What has been packed is one object of the type, and prints as @text. */
static void expect_object(struct kunit *test, const struct tsem_type *type, const char *text)
{
	struct fixture *f = test->priv;
	size_t size;

	KUNIT_EXPECT_FALSE(test, tsem_packer_overflowed(&f->p));
	KUNIT_ASSERT_TRUE(test, tsem_packed_check(type, 32, f->bytes, f->p.used));
	size = tsem_packed_print(type, 32, f->bytes, f->p.used, f->text, ROOM - 1);
	KUNIT_ASSERT_LT(test, size, ROOM);
	f->text[size] = '\0';
	KUNIT_EXPECT_STREQ(test, f->text, text);
	f->p.used = 0;
}

static struct super_block *make_sb(struct kunit *test, unsigned long magic)
{
	struct super_block *sb = kunit_kzalloc(test, sizeof(*sb), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sb);
	sb->s_magic = magic;
	sb->s_dev = MKDEV(8, 1);
	strscpy(sb->s_id, "sd\"a", sizeof(sb->s_id));
	memset(&sb->s_uuid, 0xab, sizeof(sb->s_uuid));
	return sb;
}

static void inodes(struct kunit *test)
{
	struct inode *inode = kunit_kzalloc(test, sizeof(*inode), GFP_KERNEL);
	struct fixture *f = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, inode);
	inode->i_uid = KUIDT_INIT(1000);
	inode->i_gid = INVALID_GID;
	inode->i_mode = S_IFREG | 0640;
	inode->i_sb = make_sb(test, EXT4_SUPER_MAGIC);
	tsem_pack_inode(&f->p, &f->ns, inode);
	expect_object(test, &tsem_types[TSEM_TYPE_INODE],
		      "{\"uid\": \"1000\", \"gid\": \"4294967295\", \"mode\": \"0100640\", "
		      "\"s_magic\": \"0xef53\", \"s_id\": \"sd\\\"a\", "
		      "\"s_uuid\": \"abababababababababababababababab\"}");

	/* Drawn at random for every mount: it says nothing. */
	inode->i_sb->s_magic = TMPFS_MAGIC;
	tsem_pack_inode(&f->p, &f->ns, inode);
	expect_object(test, &tsem_types[TSEM_TYPE_INODE],
		      "{\"uid\": \"1000\", \"gid\": \"4294967295\", \"mode\": \"0100640\", "
		      "\"s_magic\": \"0x1021994\", \"s_id\": \"sd\\\"a\", "
		      "\"s_uuid\": \"00000000000000000000000000000000\"}");
}

static const struct path_case {
	const char *name;
	const char *text;
} path_cases[] = {
	{ "/etc/passwd", "\"pathname\": \"/etc/passwd\"" },
	{ "/tmp", "\"pathname\": \"/tmp\"" },
	{ "/tmp/x", "\"scratch\": \"/tmp/\", \"pathname\": \"/tmp/x\"" },
	{ "/tmp/deep", "\"scratch\": \"/tmp/\", \"pathname\": \"/tmp/deep\"" },
	{ "/tmp/deep/x", "\"scratch\": \"/tmp/deep/\", \"pathname\": \"/tmp/deep/x\"" },
	{ "/var/tmp/x", "\"pathname\": \"/var/tmp/x\"" },
	{ "detached:/tmp/x", "\"pathname\": \"detached:/tmp/x\"" },
	{ "/a\nb\x7f\xff\"", "\"pathname\": \"/a\\u000ab\\u007f\\udcff\\\"\"" },
	{ "", "\"pathname\": \"\"" },
};

static void paths(struct kunit *test)
{
	struct super_block *sb = make_sb(test, EXT4_SUPER_MAGIC);
	struct fixture *f = test->priv;
	char expected[256];

	for (size_t i = 0; i < ARRAY_SIZE(path_cases); i++) {
		const struct path_case *c = &path_cases[i];
		struct tsem_text name = { .bytes = c->name, .size = strlen(c->name) };

		tsem_pack_path_text(&f->p, &f->ns, sb, NULL, &name);
		snprintf(expected, sizeof(expected),
			 "{\"dev\": {\"major\": \"8\", \"minor\": \"1\"}, %s}", c->text);
		expect_object(test, &tsem_types[TSEM_TYPE_PATH], expected);
	}
}

static void created_paths(struct kunit *test)
{
	struct super_block *sb = make_sb(test, EXT4_SUPER_MAGIC);
	struct tsem_text name = { .bytes = "/x", .size = 2 };
	struct tsem_created created = { .ns_id = 5, .instance = 7 };
	struct fixture *f = test->priv;

	memset(created.owner.bytes, 0x11, 32);
	tsem_pack_path_text(&f->p, &f->ns, sb, &created, &name);
	expect_object(test, &tsem_types[TSEM_TYPE_PATH],
		      "{\"dev\": {\"major\": \"8\", \"minor\": \"1\"}, \"owner\": "
		      "\"1111111111111111111111111111111111111111111111111111111111111111\", "
		      "\"instance\": \"7\", \"pathname\": \"/x\"}");
}

static void credentials(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct cred *cred = kunit_kzalloc(test, sizeof(*cred), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cred->uid = KUIDT_INIT(1);
	cred->euid = KUIDT_INIT(2);
	cred->suid = KUIDT_INIT(3);
	cred->gid = KGIDT_INIT(4);
	cred->egid = KGIDT_INIT(5);
	cred->sgid = KGIDT_INIT(6);
	cred->fsuid = KUIDT_INIT(7);
	cred->fsgid = KGIDT_INIT(8);
	cred->cap_effective.val = BIT_ULL(CAP_MAC_ADMIN);
	cred->securebits = 9;
	tsem_pack_coe(&f->p, cred, &f->ns);
	KUNIT_EXPECT_EQ(test, f->p.used, TSEM_COE_SIZE);
	expect_object(test, &tsem_coe,
		      "{\"uid\": \"1\", \"euid\": \"2\", \"suid\": \"3\", \"gid\": \"4\", "
		      "\"egid\": \"5\", \"sgid\": \"6\", \"fsuid\": \"7\", \"fsgid\": \"8\", "
		      "\"capeff\": \"0x200000000\"}");
	tsem_pack_creds(&f->p, cred, &f->ns);
	KUNIT_EXPECT_TRUE(test, tsem_packed_check(&tsem_types[TSEM_TYPE_CREDS], 32, f->bytes,
						  f->p.used));
}

static void socks(struct kunit *test)
{
	struct sock *sk = kunit_kzalloc(test, sizeof(*sk), GFP_KERNEL);
	struct fixture *f = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, sk);
	sk->sk_family = AF_INET;
	sk->sk_type = SOCK_STREAM;
	sk->sk_protocol = IPPROTO_TCP;
	tsem_pack_sock(&f->p, &f->ns, sk);
	expect_object(test, &tsem_types[TSEM_TYPE_SOCK],
		      "{\"family\": \"2\", \"type\": \"1\", \"protocol\": \"6\", \"owner\": "
		      "\"0000000000000000000000000000000000000000000000000000000000000000\"}");
}

static const struct tsem_member address_member[] = {
	{ TSEM_KEY("addr"), .kind = TSEM_KIND_CHOICE, .index = TSEM_CHOICE_ADDR, .empty_if = -1 },
};

static const struct tsem_type address_type = { "address", address_member, 1 };

/* Hash of the empty message, and of one byte 00. */
#define OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OF_ONE_BYTE "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"

static void expect_address(struct kunit *test, const void *address, int size, const char *text)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, tsem_pack_address(&f->p, &f->ns, address, size, true), 0);
	expect_object(test, &address_type, text);
}

static void internet_addresses(struct kunit *test)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(80),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(443),
		.sin6_flowinfo = htonl(0x12345),
		.sin6_scope_id = 3,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	expect_address(test, &in, sizeof(in),
		       "{\"addr\": {\"af_inet\": {\"port\": \"80\", \"address\": \"2130706433\"}}}");
	expect_address(test, &in6, sizeof(in6),
		       "{\"addr\": {\"af_inet6\": {\"port\": \"443\", \"flow\": \"74565\", "
		       "\"scope\": \"3\", \"address\": \"00000000000000000000000000000001\"}}}");
}

/* Too short for its family: all that there is, hashed. */
static void short_addresses(struct kunit *test)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	expect_address(test, &in, 0,
		       "{\"addr\": {\"af_other\": {\"address\": \"" OF_NOTHING "\"}}}");
	in.sin_family = 0;
	expect_address(test, &in, 1,
		       "{\"addr\": {\"af_other\": {\"address\": \"" OF_ONE_BYTE "\"}}}");
}

static const struct unix_case {
	const char *path;
	size_t size;
	const char *text;
} unix_cases[] = {
	{ "", 0, "\"address\": \"\"" },
	{ "/run/x", 6, "\"address\": \"/run/x\"" },
	{ "/run/x\0junk", 11, "\"address\": \"/run/x\"" },
	{ "\0a\0b", 4, "\"address\": \"\\u0000a\\u0000b\"" },
	{ "/tmp/x", 6, "\"scratch\": \"/tmp/\", \"address\": \"/tmp/x\"" },
	{ "/tmp/../etc/x", 13, "\"address\": \"/tmp/../etc/x\"" },
	{ "/tmp/./x", 8, "\"address\": \"/tmp/./x\"" },
	{ "/tmp/..", 7, "\"address\": \"/tmp/..\"" },
	{ "/tmp/...", 8, "\"scratch\": \"/tmp/\", \"address\": \"/tmp/...\"" },
	{ "\0/tmp/x", 7, "\"address\": \"\\u0000/tmp/x\"" },
	{ "tmp/x", 5, "\"address\": \"tmp/x\"" },
};

static void unix_addresses(struct kunit *test)
{
	char expected[256];

	for (size_t i = 0; i < ARRAY_SIZE(unix_cases); i++) {
		const struct unix_case *c = &unix_cases[i];
		struct sockaddr_un un = { .sun_family = AF_UNIX };

		memcpy(un.sun_path, c->path, c->size);
		snprintf(expected, sizeof(expected), "{\"addr\": {\"af_unix\": {%s}}}", c->text);
		expect_address(test, &un, offsetof(struct sockaddr_un, sun_path) + c->size,
			       expected);
	}
}

/* Every byte of the path, and no NUL behind it. */
static void longest_unix_address(struct kunit *test)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char expected[sizeof(un.sun_path) + 64];

	memset(un.sun_path, 'x', sizeof(un.sun_path));
	snprintf(expected, sizeof(expected), "{\"addr\": {\"af_unix\": {\"address\": \"%.*s\"}}}",
		 (int)sizeof(un.sun_path), un.sun_path);
	expect_address(test, &un, sizeof(un), expected);
}

/* A name that is longer than the buffer is no record, and never a shorter name. */
static void what_does_not_fit_is_seen(struct kunit *test)
{
	struct super_block *sb = make_sb(test, EXT4_SUPER_MAGIC);
	struct fixture *f = test->priv;
	struct tsem_text name = { .bytes = f->text, .size = 100 };

	memset(f->text, 'x', 100);
	f->p.size = 64;
	tsem_pack_path_text(&f->p, &f->ns, sb, NULL, &name);
	KUNIT_EXPECT_TRUE(test, tsem_packer_overflowed(&f->p));
}

static struct kunit_case describe_cases[] = {
	KUNIT_CASE(inodes),
	KUNIT_CASE(paths),
	KUNIT_CASE(created_paths),
	KUNIT_CASE(credentials),
	KUNIT_CASE(socks),
	KUNIT_CASE(internet_addresses),
	KUNIT_CASE(short_addresses),
	KUNIT_CASE(unix_addresses),
	KUNIT_CASE(longest_unix_address),
	KUNIT_CASE(what_does_not_fit_is_seen),
	{}
};

static struct kunit_suite describe_suite = {
	.name = "tsem-describe",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = describe_cases,
};

kunit_test_suite(describe_suite);
