/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * privilege.h - what the orchestrator may do and when. It keeps five
 * capabilities, and touches files only as the user whose files they are.
 */
#ifndef QUIXOTE_PRIVILEGE_H
#define QUIXOTE_PRIVILEGE_H

#include <sys/types.h>

/**
 * privilege_reduce() - Keep CAP_MAC_ADMIN, SETUID, SETGID, SETPCAP and KILL, as far as they are
 * held.
 *
 * The bounding set stays: a workload that runs as root has what root has here,
 * without CAP_MAC_ADMIN.
 *
 * Return: 0 or a negative errno.
 */
int privilege_reduce(void);

/**
 * struct file_identity - As whom files are touched.
 */
struct file_identity {
	uid_t uid;
	gid_t gid;
};

/**
 * privilege_files_as() - Touch files as somebody else, from now on.
 * @identity: Who; ignored where the process may not choose.
 *
 * The signal that the process asked for at the end of its parent stays in force.
 *
 * Return: Who it was before, to be given back the same way.
 */
struct file_identity privilege_files_as(struct file_identity identity);

/**
 * privilege_leave() - Become the workload's user for good, without any capability that matters
 * here.
 * @uid: User. Root keeps its capabilities but CAP_MAC_ADMIN.
 * @gid: Group.
 * @groups: Supplementary groups.
 * @group_count: Number of @groups; -1 keeps those of the process.
 *
 * For the child that becomes the workload. Return: 0 or a negative errno.
 */
int privilege_leave(uid_t uid, gid_t gid, const gid_t *groups, int group_count);

#endif
