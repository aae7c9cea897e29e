// SPDX-License-Identifier: GPL-2.0-only
/*
 * control_test.c - who may make and command a namespace, and what a command may be.
 */

#include <linux/capability.h>

#include "common.h"

FIXTURE(control)
{
	int fd;
};

FIXTURE_SETUP(control)
{
	self->fd = open_control();
	if (self->fd < 0)
		SKIP(return, "no control plane, or not root: %s", strerror(errno));
}

FIXTURE_TEARDOWN(control)
{
	close(self->fd);
}

FIXTURE_VARIANT(control)
{
	const char *text;
};

FIXTURE_VARIANT_ADD(control, unknown_command) { .text = "make\n" };
FIXTURE_VARIANT_ADD(control, unknown_key) { .text = "create colour=red\n" };
FIXTURE_VARIANT_ADD(control, key_twice) { .text = "create exec=1 exec=1\n" };
FIXTURE_VARIANT_ADD(control, unknown_word) { .text = "create tma=me\n" };
FIXTURE_VARIANT_ADD(control, unknown_hash) { .text = "create digest=md5\n" };
FIXTURE_VARIANT_ADD(control, deadline_too_long) { .text = "create deadline=600001\n" };
FIXTURE_VARIANT_ADD(control, no_points) { .text = "create tma=internal points=0\n" };
FIXTURE_VARIANT_ADD(control, relative_directory) { .text = "create scratch=tmp/\n" };
FIXTURE_VARIANT_ADD(control, no_line_feed) { .text = "create" };
FIXTURE_VARIANT_ADD(control, seal_of_nothing) { .text = "seal\n" };

/* A refused command leaves the descriptor as it was. */
TEST_F(control, refuses)
{
	ASSERT_EQ(-EINVAL, command(self->fd, variant->text));
	ASSERT_EQ(0, command(self->fd, "create\n"));
}

TEST(command_has_a_bound)
{
	char text[4098];
	int fd = open_control();

	if (fd < 0)
		SKIP(return, "no control plane, or not root: %s", strerror(errno));
	memset(text, ' ', sizeof(text));
	memcpy(text, "create", 6);
	text[4096] = '\n';
	text[4097] = '\0';
	EXPECT_EQ(-EINVAL, command(fd, text));
	text[4095] = '\n';
	text[4096] = '\0';
	EXPECT_EQ(0, command(fd, text));
	close(fd);
}

TEST(one_namespace_for_a_descriptor)
{
	struct space first, second;
	int r = space_open(&first, "internal", "");

	if (r < 0)
		SKIP(return, "no control plane, or not root: %s", strerror(-r));
	EXPECT_EQ(-EBUSY, command(first.control, "create\n"));
	ASSERT_EQ(0, space_open(&second, "internal", ""));
	EXPECT_STRNE(first.path, second.path);
	space_close(&second);
	space_close(&first);
}

/* The files are root's, and root without the capability is not enough. */
TEST(needs_mac_admin)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	int fd = open_control();

	if (fd < 0)
		SKIP(return, "no control plane, or not root: %s", strerror(errno));
	close(fd);
	ASSERT_EQ(0, syscall(SYS_capget, &header, data));
	data[CAP_TO_INDEX(CAP_MAC_ADMIN)].effective &= ~CAP_TO_MASK(CAP_MAC_ADMIN);
	ASSERT_EQ(0, syscall(SYS_capset, &header, data));
	fd = open_control();
	ASSERT_EQ(-1, fd);
	EXPECT_TRUE(errno == EACCES || errno == EPERM);
}

/* Whoever is inside finds the control plane closed, though it is root and has all capabilities. */
TEST(member_commands_nothing)
{
	struct space space;
	int r = space_open(&space, "internal", "");

	if (r < 0)
		SKIP(return, "no control plane, or not root: %s", strerror(-r));
	EXPECT_EQ(0, act(&space, LEARNED, NULL));
	EXPECT_NE(0, act(&space, space.path, NULL));
	space_close(&space);
}

TEST_HARNESS_MAIN
