// SPDX-License-Identifier: LGPL-2.1-or-later
/* agent.c - see agent.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "agent.h"
#include "program.h"

static int own_directory(char *dir, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", dir, size - 1);
	char *slash;

	if (n < 0)
		return -errno;
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	return 0;
}

int agent_find_program(const char *name, char *path, size_t size)
{
	char dir[PATH_MAX];
	int r = own_directory(dir, sizeof(dir));

	return r < 0 ? r : program_find(dir, name, path, size);
}

static int place_fds(const int *fds, int count)
{
	int high[AGENT_FDS_MAX];

	/* Above the targets first: a source may be one of them. */
	for (int i = 0; i < count; i++) {
		_cleanup_(close_fdp) int null = -EBADF;

		if (fds[i] < 0)
			null = open("/dev/null", O_RDWR | O_CLOEXEC);
		high[i] = fcntl(fds[i] < 0 ? null : fds[i], F_DUPFD_CLOEXEC, AGENT_FDS_MAX);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < count; i++) {
		if (dup2(high[i], i) < 0)
			return -errno;
	}
	return syscall(SYS_close_range, count, ~0U, 0) < 0 ? -errno : 0;
}

static void __attribute__((noreturn)) become_agent(const struct agent_params *p, const char *path)
{
	static char *const no_environment[] = { NULL };
	sigset_t none;

	/* The terminal's signals are for the orchestrator, which decides. */
	(void)setsid();
	(void)sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0 || place_fds(p->fds, p->fd_count) < 0)
		_exit(EXIT_FAILURE);
	(void)execve(path, p->argv, no_environment);
	_exit(EXIT_FAILURE);
}

int agent_start(const struct agent_params *params, struct agent *ret)
{
	char path[PATH_MAX];
	pid_t pid;
	int r, pidfd;

	r = agent_find_program(params->program, path, sizeof(path));
	if (r < 0)
		return r;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become_agent(params, path);
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		r = -errno;
		(void)kill(pid, SIGKILL); /* not reaped yet: still this process */
		return r;
	}
	*ret = (struct agent){ .pid = pid, .pidfd = pidfd };
	return 0;
}

void agent_kill(const struct agent *agent)
{
	/* It may be gone already, which is as good. */
	if (agent->pidfd >= 0)
		(void)syscall(SYS_pidfd_send_signal, agent->pidfd, SIGKILL, NULL, 0);
}

void agent_reaped(struct agent *agent)
{
	(void)close_fd(agent->pidfd);
	*agent = AGENT_EMPTY;
}
