// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * workload.c - see workload.h. From fork to exec the child only calls what is
 * safe there; everything that looks up names was done by the parent.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "privilege.h"
#include "workload.h"

static const char *const step_names[STEP_COUNT] = {
	[STEP_PREPARED] = "prepare",
	[STEP_STREAMS] = "set up standard input and output",
	[STEP_TERMINAL] = "set up the terminal",
	[STEP_PRIVILEGE] = "change the user",
	[STEP_DIRECTORY] = "change to WorkingDirectory=",
	[STEP_EXEC] = "execute Command=",
};

const char *workload_step_name(uint32_t step)
{
	return step < STEP_COUNT ? step_names[step] : "start";
}

static int reset_signals(void)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &standard, NULL); /* KILL and STOP have no action */
	(void)sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? -errno : 0;
}

/* The child's descriptors: the streams, and the two pipes to the orchestrator. */
enum { FD_GO = 3, FD_REPORT, FD_COUNT };

/*
 * Nothing else stays open, above all not the control file. On failure the
 * report may still go out through the old descriptor, or the end says it.
 */
static int set_descriptors(const int *streams, int go, int report)
{
	const int from[FD_COUNT] = { streams[0], streams[1], streams[2], go, report };
	int high[FD_COUNT];

	/* Above the targets first: a source may be one of them. */
	for (int i = 0; i < FD_COUNT; i++) {
		high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FD_COUNT);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < FD_COUNT; i++) {
		int r = i < FD_GO ? dup2(high[i], i) : dup3(high[i], i, O_CLOEXEC);

		if (r < 0)
			return -errno;
	}
	return syscall(SYS_close_range, FD_COUNT, ~0U, 0) < 0 ? -errno : 0;
}

/* A session of its own: neither the terminal nor its signals are inherited. */
static int set_session(bool terminal)
{
	if (setsid() < 0)
		return -errno;
	if (terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		return -errno;
	return 0;
}

static int prepare(const struct workload_params *p, enum workload_step *step)
{
	int r;

	*step = STEP_TERMINAL;
	r = set_session(p->terminal);
	if (r < 0)
		return r;
	*step = STEP_PRIVILEGE;
	r = privilege_leave(p->uid, p->gid, p->groups, p->group_count);
	if (r < 0)
		return r;
	*step = STEP_DIRECTORY;
	if (p->directory && chdir(p->directory) < 0)
		return -errno;
	*step = STEP_EXEC;
	return reset_signals();
}

static void tell(int report, enum workload_step step, int error)
{
	struct workload_report message = { .step = step, .error = error };

	(void)!write(report, &message, sizeof(message)); /* else the end says it */
}

static bool wait_for_release(int go)
{
	char byte;
	ssize_t n;

	do {
		n = read(go, &byte, 1);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

static void __attribute__((noreturn))
become_workload(const struct workload_params *params, int go, int report)
{
	enum workload_step step = STEP_STREAMS;
	int r = set_descriptors(params->streams, go, report);

	if (r < 0) {
		tell(report, step, r);
		_exit(EXIT_FAILURE);
	}
	r = prepare(params, &step);
	if (r == 0) {
		tell(FD_REPORT, STEP_PREPARED, 0);
		if (!wait_for_release(FD_GO))
			_exit(EXIT_FAILURE);		/* the orchestrator is gone */
		environ = (char **)params->environment; /* its PATH counts, not ours */
		(void)execvp(params->argv[0], params->argv);
		r = -errno;
	}
	tell(FD_REPORT, step, r);
	_exit(EXIT_FAILURE);
}

int workload_start(const struct workload_params *params, struct workload *ret)
{
	_cleanup_(close_fdp) int go_read = -EBADF, go_write = -EBADF;
	_cleanup_(close_fdp) int report_read = -EBADF, report_write = -EBADF;
	int pair[2], pidfd;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	go_read = pair[0];
	go_write = pair[1];
	if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	report_read = pair[0];
	report_write = pair[1];

	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		(void)close(go_write); /* or the end would never be seen */
		become_workload(params, go_read, report_write);
	}
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return -errno; /* closing go ends the child, init reaps it */

	*ret = (struct workload){
		.pid = pid,
		.pidfd = pidfd,
		.go = TAKE_FD(go_write),
		.report = TAKE_FD(report_read),
	};
	return 0;
}

int workload_release(struct workload *workload)
{
	ssize_t n = write(workload->go, "", 1);

	if (n < 0)
		return -errno;
	workload->go = close_fd(workload->go);
	return 0;
}

int workload_read_report(struct workload *workload, struct workload_report *ret)
{
	struct workload_report message;
	ssize_t n = read(workload->report, &message, sizeof(message));

	if (n < 0)
		return -errno;
	if (n == 0)
		return 0;
	if (n != sizeof(message))
		return -EBADMSG;
	*ret = message;
	return 1;
}
