// SPDX-License-Identifier: GPL-2.0-only
/*
 * model_test.c - a model inside the kernel: learned, sealed, and what follows then.
 */

#include <signal.h>

#include "common.h"

FIXTURE(model)
{
	struct space space;
};

FIXTURE_VARIANT(model)
{
	const char *violation;
	/* What `act OTHER LEARNED` says after LEARNED was learned. */
	int outside;
};

FIXTURE_VARIANT_ADD(model, deny) { .violation = "violation=deny", .outside = 1 };
FIXTURE_VARIANT_ADD(model, isolate) { .violation = "violation=isolate", .outside = 3 };
FIXTURE_VARIANT_ADD(model, kill) { .violation = "violation=kill", .outside = -SIGKILL };

/* The kernel kills from a worker: a workload that is refused all may end before. */
static bool is_outside(int expected, int said)
{
	return said == expected || (expected == -SIGKILL && said == 3);
}

FIXTURE_SETUP(model)
{
	int r = space_open(&self->space, "internal", variant->violation);

	if (r < 0)
		SKIP(return, "no control plane, or not root: %s", strerror(-r));
	ASSERT_EQ(0, act(&self->space, LEARNED, NULL));
}

FIXTURE_TEARDOWN(model)
{
	space_close(&self->space);
}

TEST_F_TIMEOUT(model, decides_when_sealed_and_enforced, PATIENCE_SEC)
{
	ASSERT_EQ(0, command(self->space.control, "enforce\n"));
	ASSERT_EQ(0, command(self->space.control, "seal\n"));
	EXPECT_EQ(0, act(&self->space, LEARNED, NULL));
	EXPECT_TRUE(is_outside(variant->outside, act(&self->space, OTHER, LEARNED)));
	EXPECT_LT(0, status_of(&self->space, "forensics"));
	EXPECT_EQ(-EPERM, command(self->space.control, "seal\n"));
}

TEST_F_TIMEOUT(model, only_tells_without_enforce, PATIENCE_SEC)
{
	ASSERT_EQ(0, command(self->space.control, "seal\n"));
	EXPECT_EQ(0, act(&self->space, OTHER, LEARNED));
	EXPECT_LT(0, status_of(&self->space, "forensics"));
	EXPECT_EQ(-EPERM, command(self->space.control, "enforce\n"));
}

/* Give all that one model has to another. */
static int copy_model(struct space *from, struct space *to)
{
	char path[128], line[160], text[192];
	int r = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s.trajectory_coefficients", from->path);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (r == 0 && fgets(line, sizeof(line), file)) {
		snprintf(text, sizeof(text), "state value=%s", line);
		r = command(to->control, text);
	}
	fclose(file);
	return r;
}

TEST_F_TIMEOUT(model, can_be_loaded, PATIENCE_SEC)
{
	struct space other;

	ASSERT_EQ(0, space_open(&other, "internal", variant->violation));
	ASSERT_EQ(0, copy_model(&self->space, &other));
	ASSERT_EQ(0, command(other.control, "enforce\n"));
	ASSERT_EQ(0, command(other.control, "seal\n"));
	EXPECT_EQ(0, act(&other, LEARNED, NULL));
	EXPECT_TRUE(is_outside(variant->outside, act(&other, OTHER, LEARNED)));
	space_close(&other);
}

/* What no longer fits is refused and counted, also before the seal. */
TEST(bound_of_points)
{
	struct space space;
	int r = space_open(&space, "internal", "points=1");

	if (r < 0)
		SKIP(return, "no control plane, or not root: %s", strerror(-r));
	EXPECT_NE(0, act(&space, LEARNED, OTHER));
	EXPECT_EQ(1, status_of(&space, "points"));
	EXPECT_LT(0, status_of(&space, "dropped"));
	space_close(&space);
}

TEST_HARNESS_MAIN
