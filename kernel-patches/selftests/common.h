/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * common.h - a namespace as these tests use one, in the words of the kernel's files.
 */
#ifndef _SELFTESTS_TSEM_COMMON_H
#define _SELFTESTS_TSEM_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"

#define TREE "/sys/kernel/security/tsem/"

/* Files that every machine has, and on no filesystem that is made up when it is read. */
#define LEARNED "/etc/passwd"
#define OTHER "/etc/group"

/* Only what fails takes this long. */
#define PATIENCE_SEC 120

/**
 * struct space - A namespace.
 * @control: Descriptor that owns it.
 * @events: Its event descriptor.
 * @path: Of that; of its other files with a suffix.
 */
struct space {
	int control;
	int events;
	char path[96];
};

/* One command; 0 or a negative errno. */
static inline int command(int control, const char *text)
{
	ssize_t size = strlen(text);

	return pwrite(control, text, size, 0) == size ? 0 : -errno;
}

static inline int open_control(void)
{
	return open(TREE "control", O_RDWR | O_CLOEXEC);
}

/* Make a namespace, judged by the kernel or by whoever reads its events. */
static inline int space_open(struct space *space, const char *judge, const char *arguments)
{
	char text[256], id[32] = "";
	int r;

	space->events = -1;
	space->control = open_control();
	if (space->control < 0)
		return -errno;
	snprintf(text, sizeof(text), "create tma=%s %s\n", judge, arguments);
	r = command(space->control, text);
	if (r < 0)
		return r;
	if (pread(space->control, id, sizeof(id) - 1, 0) < 4)
		return -EIO;
	id[strcspn(id, "\n")] = '\0';
	snprintf(space->path, sizeof(space->path), TREE "%s_tma/%s", judge, id + 3);
	space->events = open(space->path, O_RDWR | O_CLOEXEC);
	return space->events < 0 ? -errno : 0;
}

static inline void space_close(struct space *space)
{
	close(space->events);
	close(space->control);
}

/* A line of the status file; -1 if there is none of that name. */
static inline long long status_of(const struct space *space, const char *name)
{
	char path[128], line[128];
	long long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s.status", space->path);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		size_t size = strlen(name);

		if (!strncmp(line, name, size) && line[size] == ' ')
			value = atoll(line + size + 1);
	}
	if (file)
		fclose(file);
	return value;
}

/* The helper beside this program. */
static inline const char *act_path(void)
{
	static char path[4096];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 8);
	char *slash;

	path[size < 0 ? 0 : size] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		memcpy(slash + 1, "act", sizeof("act"));
	return path;
}

/* Start `act FIRST SECOND` inside; the pid, or a negative errno. */
static inline pid_t start(struct space *space, const char *first, const char *second)
{
	char arm[64], byte;
	int pipe_fds[2], pidfd, r;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close(pipe_fds[1]);
		if (read(pipe_fds[0], &byte, 1) == 1)
			execl(act_path(), "act", first, second, NULL);
		_exit(0x7f);
	}
	close(pipe_fds[0]);
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	snprintf(arm, sizeof(arm), "arm pidfd=%d\n", pidfd);
	r = command(space->control, arm);
	if (r == 0 && write(pipe_fds[1], "x", 1) != 1)
		r = -EIO;
	close(pidfd);
	close(pipe_fds[1]);
	return r < 0 ? r : pid;
}

/* What `act` has to say, or minus the signal that ended it. */
static inline int end(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return 0x7e;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static inline int act(struct space *space, const char *first, const char *second)
{
	return end(start(space, first, second));
}

#endif /* _SELFTESTS_TSEM_COMMON_H */
