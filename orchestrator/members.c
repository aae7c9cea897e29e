// SPDX-License-Identifier: LGPL-2.1-or-later
/* members.c - see members.h. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "members.h"

/* Far above what any machine runs: pid_max of a large one. */
#define PROCESSES_MAX (4u << 20)

struct process {
	pid_t pid;
	pid_t parent;
	pid_t session;
	bool ours;
};

struct processes {
	struct process *rows;
	size_t count;
	size_t room;
};

static void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static void processes_done(struct processes *all)
{
	free(all->rows);
}

int members_adopt(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* The name in the second field may hold anything: the fields begin after its last bracket. */
static int read_process(int proc, const char *name, struct process *ret, char *ret_state)
{
	_cleanup_(close_fdp) int fd = -EBADF;
	char path[40], text[512], *end;
	ssize_t n;

	if (snprintf(path, sizeof(path), "%.20s/stat", name) < 0)
		return -EINVAL;
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	end = strrchr(text, ')');
	*ret = (struct process){ .pid = atoi(name) };
	if (!end || sscanf(end + 1, " %c %d %*d %d", ret_state, &ret->parent, &ret->session) != 3)
		return -EBADMSG;
	return 0;
}

static int add_process(struct processes *all, const struct process *process)
{
	if (all->count == all->room) {
		size_t room = all->room ? 2 * all->room : 256;
		struct process *rows;

		if (room > PROCESSES_MAX)
			return -E2BIG;
		rows = reallocarray(all->rows, room, sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		all->rows = rows;
		all->room = room;
	}
	all->rows[all->count++] = *process;
	return 0;
}

static int list_processes(DIR *proc, struct processes *all)
{
	struct dirent *entry;

	while ((errno = 0, entry = readdir(proc))) {
		struct process process;
		char state;
		int r;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (read_process(dirfd(proc), entry->d_name, &process, &state) < 0 || state == 'Z')
			continue; /* gone meanwhile */
		r = add_process(all, &process);
		if (r < 0)
			return r;
	}
	return -errno;
}

static bool is_one_of(pid_t pid, const pid_t *pids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (pids[i] == pid)
			return true;
	}
	return false;
}

static bool parent_is_ours(const struct processes *all, pid_t parent)
{
	if (parent == getpid())
		return true;
	for (size_t i = 0; i < all->count; i++) {
		if (all->rows[i].pid == parent)
			return all->rows[i].ours;
	}
	return false;
}

/* A round finds the children of what the rounds before it found. */
static void mark_descendants(struct processes *all)
{
	bool found;

	do {
		found = false;
		for (size_t i = 0; i < all->count; i++) {
			struct process *process = &all->rows[i];

			if (process->ours || !parent_is_ours(all, process->parent))
				continue;
			process->ours = found = true;
		}
	} while (found);
}

static void kill_process(int proc, const struct process *process)
{
	_cleanup_(close_fdp) int pidfd = syscall(SYS_pidfd_open, process->pid, 0);
	struct process now;
	char name[24], state;

	if (pidfd < 0)
		return;
	/* The descriptor stays with one process; is it still the one that was listed? */
	(void)snprintf(name, sizeof(name), "%d", process->pid);
	if (read_process(proc, name, &now, &state) < 0 ||
	    (now.parent != process->parent && now.parent != getpid()))
		return;
	(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0); /* or it is gone */
}

int members_kill(const pid_t *except, size_t except_count, pid_t session)
{
	_cleanup_(closedirp) DIR *proc = opendir("/proc");
	_cleanup_(processes_done) struct processes all = {};
	int r;

	if (!proc)
		return -errno;
	r = list_processes(proc, &all);
	if (r < 0)
		return r;
	mark_descendants(&all);
	for (size_t i = 0; i < all.count; i++) {
		if (all.rows[i].ours && !is_one_of(all.rows[i].pid, except, except_count) &&
		    (!session || all.rows[i].session != session))
			kill_process(dirfd(proc), &all.rows[i]);
	}
	return 0;
}

bool members_left(const pid_t *except, size_t except_count)
{
	_cleanup_(closedirp) DIR *proc = opendir("/proc");
	_cleanup_(processes_done) struct processes all = {};

	if (!proc || list_processes(proc, &all) < 0)
		return false; /* the kernel's count of members is asked as well */
	for (size_t i = 0; i < all.count; i++) {
		if (all.rows[i].parent == getpid() &&
		    !is_one_of(all.rows[i].pid, except, except_count))
			return true;
	}
	return false;
}
