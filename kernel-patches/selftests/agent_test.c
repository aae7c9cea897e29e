// SPDX-License-Identifier: GPL-2.0-only
/*
 * agent_test.c - an agent outside the kernel: it answers, it is late, or it goes away.
 */

#include <signal.h>

#include "common.h"

static bool is_about(const char *record, const char *file)
{
	return strstr(record, "\"file_open\": {") && strstr(record, file);
}

static int answer(const struct space *space, const char *verdict, const char *record)
{
	const char *number = strstr(record, "\"number\": ");
	char text[64];

	if (!number)
		return -EINVAL;
	number += strcspn(number, "0123456789");
	snprintf(text, sizeof(text), "%s %llu\n", verdict, strtoull(number, NULL, 10));
	return write(space->events, text, strlen(text)) < 0 ? -errno : 0;
}

/* Take a record, and answer it if somebody waits. False: the agent has gone away. */
static bool judge_one(struct space *space, const char *verdict)
{
	static char record[65536];
	ssize_t size = read(space->events, record, sizeof(record) - 1);

	if (size <= 0)
		return true;
	record[size] = '\0';
	if (!strstr(record, "\"type\": \"event\""))
		return true;
	if (!is_about(record, OTHER))
		verdict = "trusted";
	if (verdict && *verdict)
		answer(space, verdict, record);
	return verdict;
}

/* Judge what `act` does until it has ended; returns what it says, or 0x7d. */
static int judge(struct space *space, const char *verdict, const char *first, const char *second)
{
	pid_t pid = start(space, first, second);
	struct pollfd fds[] = {
		{ .fd = space->events, .events = POLLIN },
		{ .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN },
	};

	while (poll(fds, 2, 1000 * PATIENCE_SEC) > 0) {
		if (fds[1].revents) {
			close(fds[1].fd);
			return end(pid);
		}
		if (!judge_one(space, verdict)) {
			close(space->events);
			space->events = -1;
			fds[0].fd = -1;
		}
	}
	return 0x7d;
}

FIXTURE(agent)
{
	struct space space;
};

FIXTURE_VARIANT(agent)
{
	const char *arguments;
	/*
	 * On opening OTHER: a verdict; nothing if it is empty; without one the agent closes
	 * the event descriptor. Everything else is trusted.
	 */
	const char *verdict;
	/* What `act OTHER LEARNED` says. */
	int said;
};

FIXTURE_VARIANT_ADD(agent, trusts) { .verdict = "trusted", .said = 0 };
FIXTURE_VARIANT_ADD(agent, refuses) { .verdict = "refused", .said = 1 };
FIXTURE_VARIANT_ADD(agent, distrusts) { .verdict = "untrusted", .said = 3 };
FIXTURE_VARIANT_ADD(agent, is_late) { .arguments = "deadline=3000", .verdict = "", .said = 1 };
FIXTURE_VARIANT_ADD(agent, goes_deny) { .arguments = "gone=deny", .said = 3 };
FIXTURE_VARIANT_ADD(agent, goes_allow) { .arguments = "gone=allow", .said = 0 };
FIXTURE_VARIANT_ADD(agent, goes_kill) { .arguments = "gone=kill", .said = -SIGKILL };

FIXTURE_SETUP(agent)
{
	int r = space_open(&self->space, "external", variant->arguments ?: "");

	if (r < 0)
		SKIP(return, "no control plane, or not root: %s", strerror(-r));
	ASSERT_EQ(0, command(self->space.control, "enforce\n"));
}

FIXTURE_TEARDOWN(agent)
{
	space_close(&self->space);
}

TEST_F_TIMEOUT(agent, decides, PATIENCE_SEC)
{
	EXPECT_EQ(variant->said, judge(&self->space, variant->verdict, OTHER, LEARNED));
	EXPECT_EQ(variant->verdict && !*variant->verdict, status_of(&self->space, "expired"));
	EXPECT_EQ(0, status_of(&self->space, "waiting"));
}

TEST(verdicts_have_a_grammar)
{
	static const char *const lines[] = {
		"trusted\n", "trusted 1", "trusted  1\n", "trusted 01\n", "Trusted 1\n",
		"trusted -1\n", "trusted 18446744073709551616\n", "perhaps 1\n",
	};
	struct space space;
	int r = space_open(&space, "external", "");

	if (r < 0)
		SKIP(return, "no control plane, or not root: %s", strerror(-r));
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		EXPECT_EQ(-1, write(space.events, lines[i], strlen(lines[i])));
		EXPECT_EQ(EINVAL, errno);
	}
	/* A number that nobody waits for is no error, and counted. */
	EXPECT_EQ(10, write(space.events, "trusted 1\n", 10));
	EXPECT_EQ(1, status_of(&space, "unknown"));
	space_close(&space);
}

TEST_HARNESS_MAIN
