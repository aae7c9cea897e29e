/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * members.h - the processes of a workload, found as descendants of the
 * orchestrator, which is their reaper of last resort: whatever a member does, it
 * stays one.
 */
#ifndef QUIXOTE_MEMBERS_H
#define QUIXOTE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** members_adopt() - From now on orphans of the workload become children of this process. */
int members_adopt(void);

/**
 * members_kill() - Kill every descendant.
 * @except: Children that are no members; what they started is killed.
 * @except_count: Number of them.
 * @session: One whose processes are no members either, or 0. Nobody gets into it from another.
 *
 * What forks meanwhile is found by the next call: call it again for every child
 * that was reaped, until none is left.
 *
 * Return: 0; an errno of reading /proc, where the kernel's own killing remains.
 */
int members_kill(const pid_t *except, size_t except_count, pid_t session);

/**
 * members_left() - Whether this process has living children.
 * @except: Children that are no members.
 * @except_count: Number of them.
 */
bool members_left(const pid_t *except, size_t except_count);

#endif
