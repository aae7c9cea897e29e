// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sandbox.c - see sandbox.h. Order: identity, capabilities, limits, files
 * (Landlock), system calls (seccomp). Each step needs what a later one takes
 * away.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "sandbox.h"

/* What is inherited, a few clients of the management socket, and room to accept and refuse. */
#define DESCRIPTORS_MAX 32

/* The anchor has a client for each workload: SERVER_CLIENTS, and what it has besides. */
#define ANCHOR_DESCRIPTORS_MAX 288

/* Its log, TSEM_ANCHOR_LOG_BYTES, and what it refuses to write beyond. */
#define ANCHOR_FILE_BYTES_MAX (65u << 20)

/* Twice what rotation allows a file of the recorder to have. */
#define RECORDER_FILE_BYTES_MAX (16u << 20)

/* The highest capability any kernel could know: bits of two words. */
#define CAPABILITY_COUNT_MAX 64

static int become(uid_t uid, gid_t gid)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	return 0;
}

static int drop_bounding_set(void)
{
	for (int cap = 0; cap < CAPABILITY_COUNT_MAX; cap++) {
		int held = prctl(PR_CAPBSET_READ, cap);

		if (held < 0)
			return 0; /* past the last one this kernel knows */
		/* Without CAP_SETPCAP it stays; no_new_privs makes it worthless then. */
		if (held && prctl(PR_CAPBSET_DROP, cap) < 0 && errno != EPERM)
			return -errno;
	}
	return 0;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = {};

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* empty anyway below */
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

static bool is_anchor(enum sandbox_role role)
{
	return role == SANDBOX_ANCHOR || role == SANDBOX_ANCHOR_SIMULATED;
}

static rlim_t file_bytes(enum sandbox_role role)
{
	if (is_anchor(role))
		return ANCHOR_FILE_BYTES_MAX;
	return role == SANDBOX_RECORDER ? RECORDER_FILE_BYTES_MAX : RLIM_INFINITY;
}

static int set_limits(enum sandbox_role role)
{
	const struct {
		int resource;
		rlim_t value;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_NPROC, 0 },
		{ RLIMIT_MEMLOCK, 0 },
		{ RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_NOFILE, is_anchor(role) ? ANCHOR_DESCRIPTORS_MAX : DESCRIPTORS_MAX },
		{ RLIMIT_FSIZE, file_bytes(role) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit limit = { .rlim_cur = limits[i].value, .rlim_max = limits[i].value };

		/* Raising FSIZE above an inherited limit is not for us: keep what there is. */
		if (setrlimit(limits[i].resource, &limit) < 0 &&
		    !(errno == EPERM && limits[i].value == RLIM_INFINITY))
			return -errno;
	}
	return 0;
}

static int set_process_flags(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

/* As the kernel knows it today; older headers know less of it. */
struct landlock_ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

/* What each version of Landlock can forbid, cumulative; index is the version. */
static const struct {
	size_t size;
	struct landlock_ruleset handled;
} landlock_versions[] = {
	[1] = { 8, { .fs = 0x1fff } },	    [2] = { 8, { .fs = 0x3fff } }, /* refer */
	[3] = { 8, { .fs = 0x7fff } },					   /* truncate */
	[4] = { 16, { 0x7fff, 0x3, 0 } },   /* bind and connect of TCP */
	[5] = { 16, { 0xffff, 0x3, 0 } },   /* ioctl of devices */
	[6] = { 24, { 0xffff, 0x3, 0x3 } }, /* abstract UNIX sockets, signals */
};

static int allow_directory(int ruleset, int dir, uint64_t handled)
{
	const uint64_t wanted = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
				LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
				(1u << 14); /* truncate */
	struct landlock_path_beneath_attr rule = {
		.allowed_access = wanted & handled,
		.parent_fd = dir,
	};

	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return -errno;
	return 0;
}

/* Returns 1 if files are forbidden now, 0 if this kernel has no Landlock. */
static int forbid_files(const struct sandbox *sandbox)
{
	_cleanup_(close_fdp) int ruleset = -EBADF;
	long version;
	int r;

	version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return 0;
	if (version >= (long)ARRAY_SIZE(landlock_versions))
		version = ARRAY_SIZE(landlock_versions) - 1;

	ruleset = syscall(SYS_landlock_create_ruleset, &landlock_versions[version].handled,
			  landlock_versions[version].size, 0);
	if (ruleset < 0)
		return -errno;
	if (sandbox->role != SANDBOX_TMA) {
		r = allow_directory(ruleset, sandbox->dir, landlock_versions[version].handled.fs);
		if (r < 0)
			return r;
	}
	return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : 1;
}

#define ROLE(role) (1u << SANDBOX_##role)
#define ANCHOR (ROLE(ANCHOR) | ROLE(ANCHOR_SIMULATED))
#define ALL (ROLE(TMA) | ROLE(RECORDER) | ANCHOR)

/* What is not here ends the process. */
static const struct {
	int number;
	unsigned int roles;
} allowed_calls[] = {
	{ SCMP_SYS(read), ALL },
	{ SCMP_SYS(readv), ALL },
	{ SCMP_SYS(pread64), ALL },
	{ SCMP_SYS(write), ALL },
	{ SCMP_SYS(writev), ALL },
	{ SCMP_SYS(close), ALL },
	{ SCMP_SYS(poll), ALL },
	{ SCMP_SYS(ppoll), ALL },
	{ SCMP_SYS(lseek), ALL },
	{ SCMP_SYS(fstat), ALL },
	{ SCMP_SYS(brk), ALL },
	{ SCMP_SYS(munmap), ALL },
	{ SCMP_SYS(mremap), ALL },
	{ SCMP_SYS(madvise), ALL },
	{ SCMP_SYS(futex), ALL },
	{ SCMP_SYS(getrandom), ALL },
	{ SCMP_SYS(clock_gettime), ALL },
	{ SCMP_SYS(gettimeofday), ALL },
	{ SCMP_SYS(restart_syscall), ALL },
	{ SCMP_SYS(rt_sigprocmask), ALL },
	{ SCMP_SYS(rt_sigreturn), ALL },
	{ SCMP_SYS(sigaltstack), ALL },
	{ SCMP_SYS(exit), ALL },
	{ SCMP_SYS(exit_group), ALL },
	{ SCMP_SYS(epoll_wait), ROLE(TMA) },
	{ SCMP_SYS(epoll_pwait), ROLE(TMA) },
	{ SCMP_SYS(recvfrom), ROLE(TMA) | ANCHOR },
	{ SCMP_SYS(accept4), ROLE(TMA) | ANCHOR },
	{ SCMP_SYS(epoll_ctl), ROLE(TMA) },
	{ SCMP_SYS(openat), ROLE(RECORDER) | ANCHOR },
	{ SCMP_SYS(ftruncate), ROLE(RECORDER) | ANCHOR },
	{ SCMP_SYS(renameat), ROLE(RECORDER) | ANCHOR },
	{ SCMP_SYS(renameat2), ROLE(RECORDER) },
	{ SCMP_SYS(newfstatat), ANCHOR },
	{ SCMP_SYS(linkat), ANCHOR },
	{ SCMP_SYS(unlinkat), ANCHOR },
	{ SCMP_SYS(dup), ANCHOR },
	{ SCMP_SYS(fsync), ANCHOR },
	{ SCMP_SYS(geteuid), ANCHOR },
	{ SCMP_SYS(nanosleep), ANCHOR },
	{ SCMP_SYS(clock_nanosleep), ANCHOR },
	{ SCMP_SYS(connect), ROLE(ANCHOR_SIMULATED) },
};

static int allow_calls(scmp_filter_ctx filter, enum sandbox_role role)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowed_calls); i++) {
		int r;

		if (!(allowed_calls[i].roles & (1u << role)))
			continue;
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i].number, 0);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What is allowed for some arguments only, or fails without ending the process. */
static const struct {
	int number;
	uint32_t action;
	unsigned int condition_count;
	struct scmp_arg_cmp conditions[2];
	unsigned int roles;
} special_calls[] = {
	{ SCMP_SYS(mmap), SCMP_ACT_ALLOW, 1, { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } }, ALL },
	{ SCMP_SYS(mprotect), SCMP_ACT_ALLOW, 1, { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 } }, ALL },
	/* fdopen() */
	{ SCMP_SYS(fcntl), SCMP_ACT_ALLOW, 1, { { 1, SCMP_CMP_EQ, F_GETFL, 0 } }, ALL },
	{ SCMP_SYS(fcntl), SCMP_ACT_ERRNO(EPERM), 1, { { 1, SCMP_CMP_NE, F_GETFL, 0 } }, ALL },
	/* To whom it is connected; no descriptor goes or comes with a message. */
	{ SCMP_SYS(sendto), SCMP_ACT_ALLOW, 1, { { 4, SCMP_CMP_EQ, 0, 0 } }, ROLE(TMA) | ANCHOR },
	{ SCMP_SYS(socket),
	  SCMP_ACT_ALLOW,
	  1,
	  { { 0, SCMP_CMP_EQ, AF_UNIX, 0 } },
	  ROLE(ANCHOR_SIMULATED) },
	/* Who has connected. */
	{ SCMP_SYS(getsockopt),
	  SCMP_ACT_ALLOW,
	  2,
	  { { 1, SCMP_CMP_EQ, SOL_SOCKET, 0 }, { 2, SCMP_CMP_EQ, SO_PEERCRED, 0 } },
	  ROLE(TMA) | ANCHOR },
	/* stdio asks for the file's block size and does without it. */
	{ SCMP_SYS(newfstatat), SCMP_ACT_ERRNO(EPERM), 0, {}, ALL & ~ANCHOR },
	{ SCMP_SYS(statx), SCMP_ACT_ERRNO(EPERM), 0, {}, ALL },
	{ SCMP_SYS(ioctl), SCMP_ACT_ERRNO(EPERM), 0, {}, ALL },
};

static int allow_special_calls(scmp_filter_ctx filter, enum sandbox_role role)
{
	for (size_t i = 0; i < ARRAY_SIZE(special_calls); i++) {
		int r;

		if (!(special_calls[i].roles & (1u << role)))
			continue;
		r = seccomp_rule_add_array(filter, special_calls[i].action, special_calls[i].number,
					   special_calls[i].condition_count,
					   special_calls[i].conditions);
		if (r < 0)
			return r;
	}
	return 0;
}

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static int forbid_calls(enum sandbox_role role)
{
	_cleanup_(release_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r;

	if (!filter)
		return -ENOMEM;
	r = allow_calls(filter, role);
	if (r < 0)
		return r;
	r = allow_special_calls(filter, role);
	if (r < 0)
		return r;
	return seccomp_load(filter);
}

int sandbox_enter(const struct sandbox *sandbox, bool *ret_landlock)
{
	int r, landlock;

	if (chdir("/") < 0)
		return -errno;
	/* The bounding set needs CAP_SETPCAP, which a change of user takes away. */
	r = drop_bounding_set();
	if (r < 0)
		return r;
	r = become(sandbox->uid, sandbox->gid);
	if (r < 0)
		return r;
	r = drop_capabilities();
	if (r < 0)
		return r;
	r = set_process_flags();
	if (r < 0)
		return r;
	r = set_limits(sandbox->role);
	if (r < 0)
		return r;
	landlock = forbid_files(sandbox);
	if (landlock < 0)
		return landlock;
	r = forbid_calls(sandbox->role);
	if (r < 0)
		return r;
	*ret_landlock = landlock;
	return 0;
}
