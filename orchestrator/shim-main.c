// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * shim-main.c - quixote-shim: stands for the program of a tool in the PATH of a
 * driver. It runs without privilege, starts the program with the same streams
 * as the orchestrator does, and has it armed before it is let go. Its own
 * parent sees the program's output, signals and exit status.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/version.h"
#include "ask.h"
#include "environment.h"
#include "failure.h"
#include "shim.h"
#include "streams.h"
#include "workload.h"

struct shim {
	sd_event *event;
	struct workload workload;
	struct streams streams;
	sd_event_source *report_source;
	int exit_status;
};

static int say(const char *what, int error)
{
	(void)fprintf(stderr, "quixote-shim: %s: %s\n", what, strerror(-error));
	return error;
}

static int ask(int pidfd)
{
	const char *path = getenv(SHIM_SOCKET_VARIABLE);
	_cleanup_(close_fdp) int fd = path ? ask_connect(path) : -ENOENT;

	return fd < 0 ? fd : ask_to_arm(fd, pidfd);
}

static void look(struct shim *s)
{
	if (!s->workload.pid && streams_are_drained(&s->streams))
		(void)sd_event_exit(s->event, 0);
}

static int fail(struct shim *s, const char *what, int error)
{
	(void)say(what, error);
	s->exit_status = EXIT_WORKLOAD;
	s->workload.go = close_fd(s->workload.go); /* it exits unless it was let go */
	return 0;
}

static int on_report(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct shim *s = userdata;
	struct workload_report report;
	int r = workload_read_report(&s->workload, &report);

	if (r == -EAGAIN)
		return 0;
	if (r <= 0) {
		s->report_source = sd_event_source_disable_unref(s->report_source);
		return 0;
	}
	if (report.step != STEP_PREPARED)
		return fail(s, workload_step_name(report.step), report.error);
	r = ask(s->workload.pidfd);
	if (r < 0)
		return fail(s, "the orchestrator did not take it", r);
	r = workload_release(&s->workload);
	return r < 0 ? fail(s, "release", r) : 0;
}

static int on_child(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct shim *s = userdata;
	int status;

	if (!s->workload.pid || waitpid(s->workload.pid, &status, WNOHANG) != s->workload.pid)
		return 0;
	s->workload.pid = 0;
	if (!s->exit_status)
		s->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	streams_end_input(&s->streams);
	look(s);
	return 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct shim *s = userdata;

	if (s->workload.pid)
		(void)syscall(SYS_pidfd_send_signal, s->workload.pidfd, si->ssi_signo, NULL, 0);
	return 0;
}

static void on_output_end(struct relay *relay, void *userdata)
{
	look(userdata);
}

static int set_signals(sd_event *event, struct shim *s)
{
	static const int forwarded[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	sigset_t set;
	int r;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
		(void)sigaddset(&set, forwarded[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	r = sd_event_add_signal(event, NULL, SIGCHLD, on_child, s);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(forwarded); i++)
		r = sd_event_add_signal(event, NULL, forwarded[i], on_signal, s);
	return r;
}

/* What tells of the driver is not for the program: it must see what it sees without one. */
static int program_environment(char ***ret)
{
	const char *path = getenv(SHIM_PATH_VARIABLE);
	_cleanup_(environment_freep) char **list = NULL;
	int r = environment_add_all(&list, environ);

	if (r >= 0 && path)
		r = environment_set_value(&list, "PATH", path);
	if (r < 0)
		return r;
	if (!path)
		environment_unset(list, "PATH");
	environment_unset(list, SHIM_PATH_VARIABLE);
	environment_unset(list, SHIM_SOCKET_VARIABLE);
	environment_unset(list, SHIM_PROGRAM_VARIABLE);
	*ret = TAKE_PTR(list);
	return 0;
}

static int start_program(struct shim *s, char **argv)
{
	_cleanup_(environment_freep) char **environment = NULL;
	struct workload_params params = { .argv = argv, .group_count = -1 };
	int r;

	params.uid = getuid();
	params.gid = getgid();
	r = program_environment(&environment);
	if (r < 0)
		return r;
	params.environment = environment;
	/* Its own PATH finds the program, not the one that found us. */
	if (environment_get(environment, "PATH"))
		(void)setenv("PATH", environment_get(environment, "PATH"), 1);
	streams_open_input(&s->streams);
	r = streams_open(&s->streams, TERMINAL_NO);
	if (r < 0)
		return r;
	for (int i = 0; i < 3; i++)
		params.streams[i] = s->streams.theirs[i];
	r = workload_start(&params, &s->workload);
	if (r < 0)
		return r;
	r = streams_relay(&s->streams, s->event, on_output_end, s);
	if (r < 0)
		return r;
	return sd_event_add_io(s->event, &s->report_source, s->workload.report, EPOLLIN, on_report,
			       s);
}

static void shim_done(struct shim *s)
{
	streams_close(&s->streams);
	sd_event_source_disable_unref(s->report_source);
	sd_event_unref(s->event);
}

int main(int argc, char **argv)
{
	_cleanup_(shim_done) struct shim s = { .workload = WORKLOAD_EMPTY,
					       .streams = STREAMS_EMPTY };
	char *program = getenv(SHIM_PROGRAM_VARIABLE);
	int r;

	/* Else it is the program's to answer. */
	if (!program && version_told(argc, argv, "quixote-shim"))
		return EXIT_SUCCESS;
	if (!program) {
		(void)fprintf(stderr, "quixote-shim: this is run below quixote train only\n");
		return EXIT_COMMAND_LINE;
	}
	argv[0] = program;
	r = sd_event_new(&s.event);
	if (r >= 0)
		r = set_signals(s.event, &s);
	if (r >= 0)
		r = start_program(&s, argv);
	if (r >= 0)
		r = sd_event_loop(s.event);
	if (r < 0) {
		(void)say(program, r);
		return EXIT_WORKLOAD;
	}
	return s.exit_status;
}
