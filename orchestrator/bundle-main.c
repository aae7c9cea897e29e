// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bundle-main.c - quixote-bundle: keeps the container of an OCI bundle. It has the
 * runtime create it, has the waiting first process armed, has it started, waits for
 * it, and has it deleted. Without CAP_MAC_ADMIN, and not modelled: what runtimes do is
 * no behaviour of the workload. The exit status is that process's.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/version.h"
#include "ask.h"
#include "console.h"
#include "driver.h"
#include "failure.h"
#include "shim.h"

/* Words of the longest command line of the runtime, and the end. */
#define ARGUMENTS_MAX 12

/* Longer than the directory of the socket, with a name in it. */
#define PATH_BYTES 128

struct keeper {
	const char *runtime, *id, *bundle;
	bool terminal, created;
	char dir[PATH_BYTES];
	char state[2 * PATH_BYTES];
	sd_event *event;
	struct console console;
	pid_t pid;
	int pidfd;
	int exit_status;
};

static int say(const struct keeper *k, const char *what, int error)
{
	(void)fprintf(stderr, "quixote: %s: %s: %s\n", k->bundle, what, strerror(-error));
	return error;
}

static void __attribute__((noreturn)) become_runtime(char *const *argv, bool quiet)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	if (quiet) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		for (int i = 0; i < 3; i++)
			(void)dup2(null, i);
	}
	(void)unsetenv(SHIM_SOCKET_VARIABLE);
	(void)execvp(argv[0], argv);
	(void)fprintf(stderr, "quixote: %s: %s; install it, or see Runtime=\n", argv[0],
		      strerror(errno));
	_exit(EXIT_WORKLOAD);
}

/* The runtime, once; it has its own time limits, and the orchestrator one for all. */
static int run_runtime(const struct keeper *k, char *const *words, bool quiet)
{
	char *argv[ARGUMENTS_MAX] = { (char *)k->runtime };
	size_t n = 1;
	pid_t pid;
	int status;

	if (k->state[0]) {
		argv[n++] = "--root";
		argv[n++] = (char *)k->state;
	}
	while (*words && n < ARGUMENTS_MAX - 1)
		argv[n++] = *words++;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become_runtime(argv, quiet);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD; /* it has said why */
}

static int run_delete(const struct keeper *k)
{
	return run_runtime(k, (char *[]){ "delete", "--force", (char *)k->id, NULL }, true);
}

static void clear_up(const struct keeper *k)
{
	if (run_delete(k) < 0 && k->created)
		(void)fprintf(stderr,
			      "quixote: %s: the container is left; run '%s delete --force %s'\n",
			      k->bundle, k->runtime, k->id);
}

static int run_create(struct keeper *k)
{
	char pid_path[2 * PATH_BYTES], console_path[2 * PATH_BYTES];
	char *words[] = { "create",	"--bundle", (char *)k->bundle,
			  "--pid-file", pid_path,   NULL,
			  NULL,		NULL,	    NULL };
	size_t n = 5;
	int r;

	(void)snprintf(pid_path, sizeof(pid_path), "%s/" DRIVER_PID_NAME, k->dir);
	(void)snprintf(console_path, sizeof(console_path), "%s/" DRIVER_CONSOLE_NAME, k->dir);
	if (k->terminal) {
		r = console_listen(&k->console, console_path);
		if (r < 0)
			return say(k, "console", r);
		words[n++] = "--console-socket";
		words[n++] = console_path;
	}
	words[n] = (char *)k->id;
	return run_runtime(k, words, false);
}

/* The runtime says of it no more than that a call failed. */
static void tell_lack(const struct keeper *k)
{
	if (geteuid() == 0 && syscall(SYS_bpf, 0, NULL, 0) < 0 && errno == ENOSYS)
		(void)fprintf(
			stderr,
			"quixote: %s: this kernel, as the built-in one, has no BPF, by which "
			"\"devices\" is kept; leave it out of \"resources\" in config.json here\n",
			k->bundle);
}

/* The first process is an orphan by now, so it is our child, and its number stays its own. */
static int arm(struct keeper *k)
{
	_cleanup_(close_fdp) int fd = -EBADF;
	char path[2 * PATH_BYTES];
	int r;

	(void)snprintf(path, sizeof(path), "%s/" DRIVER_PID_NAME, k->dir);
	k->pidfd = ask_open_container(path, &k->pid);
	if (k->pidfd < 0)
		return say(k, "pid file", k->pidfd);
	fd = ask_connect(getenv(SHIM_SOCKET_VARIABLE));
	r = fd < 0 ? fd : ask_to_arm(fd, k->pidfd);
	return r < 0 ? say(k, "the container was not armed", r) : 0;
}

static void look(struct keeper *k)
{
	if (!k->pid && relay_is_done(k->console.relays[1]))
		(void)sd_event_exit(k->event, 0);
}

static void on_output_end(struct relay *relay, void *userdata)
{
	look(userdata);
}

/* The runtime's others, and the container's, are reaped and forgotten. */
static void reap(struct keeper *k)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != k->pid)
			continue;
		k->pid = 0;
		k->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	look(k);
}

static int on_child(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	reap(userdata);
	return 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct keeper *k = userdata;

	if (k->pid)
		(void)syscall(SYS_pidfd_send_signal, k->pidfd, si->ssi_signo, NULL, 0);
	return 0;
}

static int on_resize(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct keeper *k = userdata;

	console_resize(&k->console);
	return 0;
}

static int set_signals(struct keeper *k)
{
	static const struct {
		int number;
		sd_event_signal_handler_t handler;
	} handlers[] = {
		{ SIGCHLD, on_child },	{ SIGWINCH, on_resize }, { SIGTERM, on_signal },
		{ SIGINT, on_signal },	{ SIGHUP, on_signal },	 { SIGQUIT, on_signal },
		{ SIGUSR1, on_signal }, { SIGUSR2, on_signal },
	};
	sigset_t set;
	int r = 0;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTTOU, SIG_IGN);
	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(handlers); i++)
		(void)sigaddset(&set, handlers[i].number);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(handlers); i++)
		r = sd_event_add_signal(k->event, NULL, handlers[i].number, handlers[i].handler, k);
	return r;
}

/* Root's containers are where root looks for them; others need not have such a place. */
static int set_directories(struct keeper *k)
{
	const char *socket = getenv(SHIM_SOCKET_VARIABLE);
	const char *slash = socket ? strrchr(socket, '/') : NULL;

	if (!slash || (size_t)(slash - socket) >= sizeof(k->dir))
		return -EINVAL;
	(void)snprintf(k->dir, sizeof(k->dir), "%.*s", (int)(slash - socket), socket);
	if (geteuid() == 0)
		return 0;
	(void)snprintf(k->state, sizeof(k->state), "%s/" DRIVER_STATE_NAME, k->dir);
	return mkdir(k->state, 0700) < 0 ? -errno : 0;
}

/* Each has said why it failed. */
static int keep(struct keeper *k)
{
	int r;

	(void)run_delete(k); /* what a killed run of this name has left */
	r = run_create(k);
	if (r < 0) {
		tell_lack(k);
		return r;
	}
	k->created = true;
	if (k->terminal) {
		r = console_begin(&k->console, k->event, on_output_end, k);
		if (r < 0)
			return say(k, "Terminal=yes wants \"terminal\": true in config.json", r);
	}
	r = arm(k);
	if (r < 0)
		return r;
	r = run_runtime(k, (char *[]){ "start", (char *)k->id, NULL }, false);
	if (r < 0)
		return r;
	reap(k);
	r = sd_event_loop(k->event);
	return r < 0 ? say(k, "event loop", r) : 0;
}

static int parse(struct keeper *k, int argc, char **argv)
{
	static const struct option known[] = {
		{ "runtime", required_argument, NULL, 'r' },
		{ "id", required_argument, NULL, 'i' },
		{ "bundle", required_argument, NULL, 'b' },
		{ "terminal", no_argument, NULL, 't' },
		{},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'r')
			k->runtime = optarg;
		else if (option == 'i')
			k->id = optarg;
		else if (option == 'b')
			k->bundle = optarg;
		else if (option == 't')
			k->terminal = true;
		else
			return -EINVAL;
	}
	return k->runtime && k->id && k->bundle && optind == argc ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct keeper k = { .console = CONSOLE_EMPTY, .pidfd = -EBADF };
	int r;

	if (version_told(argc, argv, "quixote-bundle"))
		return EXIT_SUCCESS;
	if (parse(&k, argc, argv) < 0 || !getenv(SHIM_SOCKET_VARIABLE)) {
		(void)fprintf(stderr, "quixote-bundle: this is run by quixote, see Bundle=\n");
		return EXIT_COMMAND_LINE;
	}
	r = set_directories(&k);
	if (r >= 0 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		r = -errno;
	if (r >= 0)
		r = sd_event_new(&k.event);
	if (r >= 0)
		r = set_signals(&k);
	if (r < 0) {
		(void)say(&k, "quixote-bundle", r);
		return EXIT_WORKLOAD;
	}
	r = keep(&k);
	clear_up(&k);
	console_done(&k.console);
	(void)close_fd(k.pidfd);
	(void)sd_event_unref(k.event);
	return r < 0 ? EXIT_WORKLOAD : k.exit_status;
}
