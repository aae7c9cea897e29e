// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * um-process.c - starts and ends the processes of one machine. Nothing of it
 * outlives us: the kernel dies with its parent, and a watcher removes its group and its
 * directory when the pipe to us closes without a word.
 */
#include "um-process.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"

#define LINE_FD 3	/* in the kernel's process */
#define WORDS_MAX 64	/* of the command line; ours are about 16 */

static int remove_entry(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)remove(path);	/* what cannot be removed now is no better removed later */
	return 0;
}

static void remove_tree(const char *path)
{
	(void)nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/** struct words - A command line that grows; failed once means failed. */
struct words {
	char *list[WORDS_MAX + 1];
	size_t count;
	bool failed;
};

static void __attribute__((format(printf, 2, 3))) add(struct words *words, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (words->count == WORDS_MAX || vasprintf(&words->list[words->count], format, arguments) < 0)
		words->failed = true;
	else
		words->count++;
	va_end(arguments);
}

static void free_words(struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->list[i]);
}

static void add_parameters(struct words *words, const char *parameters)
{
	_cleanup_(freep) char *copy = strdup(parameters);
	char *save = NULL;

	if (!copy)
		words->failed = true;
	for (char *word = copy ? strtok_r(copy, " ", &save) : NULL; word;
	     word = strtok_r(NULL, " ", &save))
		add(words, "%s", word);
}

/* The kernel's command line; words it does not know become init's environment. */
static void add_all(struct words *words, const struct um_options *options, const char *directory)
{
	struct utsname host = { 0 };

	(void)uname(&host);	/* cannot fail */
	add(words, "linux");
	add(words, "mem=%uM", options->memory_mb);
	add(words, "root=/dev/root");
	add(words, "rootfstype=hostfs");
	add(words, "rootflags=/");
	add(words, options->overlay ? "ro" : "rw");
	add(words, "init=\"%s\"", options->init);
	add(words, "con=null");
	add(words, "con0=null,fd:1");
	add(words, "ssl0=fd:%d", LINE_FD);
	add(words, "uml_dir=%s/", directory);
	add(words, "noreboot");
	add(words, "loglevel=7");
	add(words, "guest_host=%s", host.nodename);
	if (options->overlay)
		add(words, "guest_root=overlay");
	if (options->writable)
		add(words, "guest_write=\"%s\"", options->writable);
	if (options->parameters)
		add_parameters(words, options->parameters);
}

/* In the child: become the kernel, or what emulates its machine. Never returns. */
static void become_kernel(const struct um_options *options, struct words *words, int line, int log)
{
	const char *path = options->emulator ? options->emulator[0] : options->kernel;
	const struct rlimit none = { 0, 0 };
	char scratch[PATH_MAX];
	char *environment[] = { scratch, (char *)"HOME=/", (char *)"PATH=/usr/bin:/bin", NULL };
	sigset_t empty;
	int null = open("/dev/null", O_RDONLY);

	snprintf(scratch, sizeof(scratch), "TMPDIR=%s", options->scratch);
	sigemptyset(&empty);
	(void)sigprocmask(SIG_SETMASK, &empty, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)setpgid(0, 0);	/* the parent does it too: whoever comes first */
	(void)setrlimit(RLIMIT_CORE, &none);	/* a panic would write all its memory */
	if (null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 ||
	    dup2(line, LINE_FD) < 0)
		_exit(126);
	if (line == LINE_FD)
		(void)fcntl(line, F_SETFD, 0);
	(void)close_range(LINE_FD + 1, ~0u, 0);	/* old kernels lack it; ours are O_CLOEXEC */
	execve(path, options->emulator ?: words->list, environment);
	fprintf(stderr, "cannot execute %s: %m\n", path);
	_exit(127);
}

/* In the watcher: wait for the end of our parent. A byte means that it cleaned up itself. */
static void watch(const struct um_process *process, int pipe_end)
{
	sigset_t all;
	char byte;
	ssize_t n;

	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)setsid();
	if (pipe_end != 0 && dup2(pipe_end, 0) < 0)
		_exit(1);
	(void)close_range(1, ~0u, 0);	/* whoever reads our output must see it end */
	do
		n = read(0, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		(void)kill(-process->pid, SIGKILL);
		remove_tree(process->directory);
	}
	_exit(0);
}

static int start_watcher(struct um_process *process)
{
	int ends[2];
	pid_t middle;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	process->watch = ends[1];
	middle = fork();
	if (middle == 0) {	/* twice, so that nobody has to wait for the watcher */
		close(ends[1]);
		if (fork() == 0)
			watch(process, ends[0]);
		_exit(0);
	}
	close(ends[0]);
	if (middle < 0)
		return -errno;
	(void)waitpid(middle, NULL, 0);
	return 0;
}

static int start_kernel(const struct um_options *options, struct words *words,
			struct um_process *process)
{
	_cleanup_(close_fdp) int log = -EBADF;
	_cleanup_(close_fdp) int its_end = -EBADF;
	pid_t parent = getpid();
	int ends[2];

	log = open(options->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (log < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	process->line = ends[0];
	its_end = ends[1];
	if (fcntl(process->line, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	process->pid = fork();
	if (process->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		become_kernel(options, words, its_end, log);
	}
	if (process->pid < 0)
		return -errno;
	(void)setpgid(process->pid, process->pid);
	process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	return process->pidfd < 0 ? -errno : 0;
}

int um_process_start(const struct um_options *options, struct um_process *ret)
{
	struct um_process process = { -1, -EBADF, -EBADF, -EBADF, "" };
	struct words words = { 0 };
	int r = 0;

	snprintf(process.directory, sizeof(process.directory), "/tmp/quixote-um.XXXXXX");
	if (!mkdtemp(process.directory)) {
		snprintf(process.directory, sizeof(process.directory), "%.40s/quixote-um.XXXXXX",
			 options->scratch);
		if (!mkdtemp(process.directory))
			return -errno;
	}
	if (!options->emulator)
		add_all(&words, options, process.directory);
	if (words.failed)
		r = -ENOMEM;
	if (r >= 0)
		r = start_kernel(options, &words, &process);
	free_words(&words);
	if (r >= 0)
		r = start_watcher(&process);
	if (r < 0) {
		um_process_end(&process);
		return r;
	}
	*ret = process;
	return 0;
}

void um_process_end(struct um_process *process)
{
	if (process->pid > 0) {
		(void)kill(-process->pid, SIGKILL);
		(void)kill(process->pid, SIGKILL);	/* should it not be in its group yet */
		(void)waitpid(process->pid, NULL, 0);
		process->pid = -1;
	}
	remove_tree(process->directory);
	if (process->watch >= 0)
		(void)write(process->watch, "", 1);	/* a watcher that is gone needs no word */
	process->watch = close_fd(process->watch);
	process->line = close_fd(process->line);
	process->pidfd = close_fd(process->pidfd);
}
