// SPDX-License-Identifier: LGPL-2.1-or-later
/* launch-child.c - a workload launched as a child, by those who have something to say after. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "launch.h"

/* That end a process, and what tells that a child has ended. */
static sigset_t handled_signals(void)
{
	static const int signals[] = { SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT };
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)sigaddset(&set, signals[i]);
	return set;
}

static int wait_for(pid_t child)
{
	const sigset_t handled = handled_signals();
	siginfo_t info;
	int status;

	while (waitpid(child, &status, WNOHANG) == 0) {
		int signal = sigwaitinfo(&handled, &info);

		/* What a terminal sends has reached the child already. */
		if (signal > 0 && signal != SIGCHLD && info.si_code != SI_KERNEL)
			(void)kill(child, signal);
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* As a child: the orchestrator would take this process over, and there is something to say after.
 */
int launch_and_wait(const struct launch *l, enum config_mode mode, int place)
{
	const sigset_t handled = handled_signals();
	pid_t child, parent = getpid();
	sigset_t before;

	(void)sigprocmask(SIG_BLOCK, &handled, &before);
	child = fork();
	if (child < 0) {
		(void)fprintf(stderr, "quixote: %s\n", strerror(errno));
		return EXIT_LOST;
	}
	if (child == 0) {
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* ends as if told to end */
		if (getppid() != parent)
			(void)raise(SIGTERM);
		_exit(launch(l, mode, place));
	}
	return wait_for(child);
}
