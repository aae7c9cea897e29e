// SPDX-License-Identifier: LGPL-2.1-or-later
/* privilege.c - see privilege.h. The only file that changes who the process is. */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "privilege.h"

/* MAC_ADMIN owns the namespace; the others start the workload as its user and end it. */
static const cap_value_t kept[] = { CAP_MAC_ADMIN, CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_KILL };

static void cap_freep(cap_t *caps)
{
	if (*caps)
		(void)cap_free(*caps);
}

int privilege_reduce(void)
{
	_cleanup_(cap_freep) cap_t now = cap_get_proc();
	_cleanup_(cap_freep) cap_t wanted = cap_init();

	if (!now || !wanted)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		cap_flag_value_t held;

		if (cap_get_flag(now, kept[i], CAP_PERMITTED, &held) < 0)
			return -errno;
		if (held == CAP_CLEAR)
			continue;
		if (cap_set_flag(wanted, CAP_PERMITTED, 1, &kept[i], CAP_SET) < 0 ||
		    cap_set_flag(wanted, CAP_EFFECTIVE, 1, &kept[i], CAP_SET) < 0)
			return -errno;
	}
	if (cap_reset_ambient() < 0 || cap_set_proc(wanted) < 0)
		return -errno;
	return 0;
}

static struct file_identity change_identity(struct file_identity identity)
{
	struct file_identity before;

	/* The group first: as another user it could no longer be changed. */
	if (identity.uid == 0) {
		before.uid = setfsuid(identity.uid);
		before.gid = setfsgid(identity.gid);
	} else {
		before.gid = setfsgid(identity.gid);
		before.uid = setfsuid(identity.uid);
	}
	return before;
}

/* The kernel forgets the signal at the end of the parent with each change. */
struct file_identity privilege_files_as(struct file_identity identity)
{
	struct file_identity before;
	pid_t parent = getppid();
	int number = 0;

	(void)prctl(PR_GET_PDEATHSIG, &number); /* cannot fail: it is an address of ours */
	before = change_identity(identity);
	if (!number)
		return before;
	(void)prctl(PR_SET_PDEATHSIG, number);
	if (getppid() != parent) /* which has ended in between */
		(void)raise(number);
	return before;
}

/* For good: also no exec gives it back. */
static int drop_mac_admin(void)
{
	static const cap_value_t mac_admin = CAP_MAC_ADMIN;
	_cleanup_(cap_freep) cap_t caps = NULL;

	if (cap_get_bound(CAP_MAC_ADMIN) > 0 && cap_drop_bound(CAP_MAC_ADMIN) < 0 && errno != EPERM)
		return -errno;
	caps = cap_get_proc();
	if (!caps)
		return -errno;
	if (cap_set_flag(caps, CAP_EFFECTIVE, 1, &mac_admin, CAP_CLEAR) < 0 ||
	    cap_set_flag(caps, CAP_PERMITTED, 1, &mac_admin, CAP_CLEAR) < 0 ||
	    cap_set_flag(caps, CAP_INHERITABLE, 1, &mac_admin, CAP_CLEAR) < 0 ||
	    cap_set_proc(caps) < 0)
		return -errno;
	return 0;
}

static int change_user(uid_t uid, gid_t gid, const gid_t *groups, int group_count)
{
	if (group_count >= 0 && setgroups(group_count, groups) < 0)
		return -errno;
	if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	/* Once more what must be true, whatever the calls above said. */
	if (getuid() != uid || geteuid() != uid || getgid() != gid || getegid() != gid)
		return -EPERM;
	return 0;
}

int privilege_leave(uid_t uid, gid_t gid, const gid_t *groups, int group_count)
{
	int r = drop_mac_admin();

	if (r < 0)
		return r;
	if (getuid() == uid && geteuid() == uid && getgid() == gid && getegid() == gid &&
	    group_count < 0)
		return 0;
	return change_user(uid, gid, groups, group_count);
}
