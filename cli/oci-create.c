// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * oci-create.c - "create" and "delete" of an OCI runtime: a container gets an orchestrator,
 * which lives beside it, and its waiting first process is armed. A container that cannot
 * be armed is deleted again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/ask.h"
#include "../orchestrator/config.h"
#include "launch.h"
#include "oci.h"

/* Its own limits for loading a model and for writing one are below these. */
#define READY_MSEC 40000
#define END_MSEC 80000
#define KILLED_MSEC 5000

/**
 * struct keeper - The orchestrator of a container.
 * @pidfd: It.
 * @notify: Where it says that it is ready, at @notify_address.
 */
struct keeper {
	char config[PATH_MAX];
	char log[PATH_MAX];
	char name[CONFIG_NAME_BYTES + 1];
	int pidfd;
	int notify;
	struct sockaddr_un notify_address;
};

/* In a directory that is root's alone, so nobody else says anything there. */
static int open_notify(struct keeper *k)
{
	_cleanup_(close_fdp) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un *address = &k->notify_address;
	int n = snprintf(address->sun_path, sizeof(address->sun_path), OCI_DIRECTORY "/%s.notify",
			 k->name);

	if (n >= (int)sizeof(address->sun_path))
		return -ENAMETOOLONG;
	if (unlink(address->sun_path) < 0 && errno != ENOENT) /* of one that was killed */
		return -errno;
	address->sun_family = AF_UNIX;
	if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static void __attribute__((noreturn))
become_orchestrator(const struct keeper *k)
{
	static char apart[] = "--apart";
	char path[PATH_MAX], option[PATH_MAX + 16], notify[160], libexec[PATH_MAX + 32];
	char *environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", notify, NULL, NULL };
	const char *named = getenv("QUIXOTE_LIBEXEC");
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int log = open(k->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	if (null < 0 || log < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log, 2) < 0 ||
	    chdir("/") < 0 || syscall(SYS_close_range, 3, ~0U, 0) < 0 ||
	    launch_find_orchestrator(path, sizeof(path)) < 0)
		_exit(EXIT_FAILURE);
	(void)snprintf(option, sizeof(option), "--config=%s", k->config);
	(void)snprintf(notify, sizeof(notify), "NOTIFY_SOCKET=%s", k->notify_address.sun_path);
	if (named && snprintf(libexec, sizeof(libexec), "QUIXOTE_LIBEXEC=%s", named) <
			     (int)sizeof(libexec))
		environment[2] = libexec;
	(void)execve(path, (char *[]){ path, option, apart, NULL }, environment);
	_exit(EXIT_FAILURE);
}

/* What it has said itself. */
static int tell_log(const struct keeper *k)
{
	_cleanup_(close_fdp) int fd = open(k->log, O_RDONLY | O_CLOEXEC);
	static const char prefix[] = "quixote: ";
	char text[1024] = "", *said = text;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	if (n <= 0)
		return oci_say("%s: the orchestrator did not start", k->name);
	if (!strncmp(said, prefix, strlen(prefix)))
		said += strlen(prefix);
	return oci_say("%s", said);
}

static bool is_ready(int notify)
{
	char text[256];
	ssize_t n = recv(notify, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return strstr(text, "READY=1") != NULL;
}

static bool wait_until_ready(const struct keeper *k)
{
	struct pollfd fds[] = { { .fd = k->notify, .events = POLLIN },
				{ .fd = k->pidfd, .events = POLLIN } };

	while (poll(fds, ARRAY_SIZE(fds), READY_MSEC) > 0) {
		if (fds[0].revents && is_ready(k->notify))
			return true;
		if (fds[1].revents)
			return false;
	}
	return false;
}

static int start(struct keeper *k)
{
	pid_t pid;

	if (snprintf(k->log, sizeof(k->log), OCI_DIRECTORY "/%s.log", k->name) >=
	    (int)sizeof(k->log))
		return oci_say("%s", strerror(ENAMETOOLONG));
	k->notify = open_notify(k);
	if (k->notify < 0)
		return oci_say("notification: %s", strerror(-k->notify));
	pid = fork();
	if (pid < 0)
		return oci_say("%s", strerror(errno));
	if (pid == 0)
		become_orchestrator(k);
	k->pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (k->pidfd < 0)
		return oci_say("%s", strerror(errno));
	return wait_until_ready(k) ? EXIT_SUCCESS : tell_log(k);
}

static bool has_ended(int pidfd, int msec)
{
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };

	return poll(&fd, 1, msec) > 0;
}

/* Without a container it ends at once, and writes no model. */
static void stop(int pidfd)
{
	static const int signals[] = { SIGTERM, SIGKILL };

	for (size_t i = 0; i < ARRAY_SIZE(signals) && pidfd >= 0; i++) {
		if (has_ended(pidfd, 0))
			return;
		(void)syscall(SYS_pidfd_send_signal, pidfd, signals[i], NULL, 0);
		if (has_ended(pidfd, KILLED_MSEC))
			return;
	}
}

/* The first process is an orphan by now, so it is our child, and its number stays its own. */
static int arm(const struct keeper *k, const char *pid_file)
{
	_cleanup_(close_fdp) int pidfd = -EBADF, fd = -EBADF;
	pid_t pid;

	pidfd = ask_open_container(pid_file, &pid);
	if (pidfd < 0)
		return pidfd;
	fd = oci_ask(k->name);
	return fd < 0 ? fd : ask_to_arm(fd, pidfd);
}

static int create_armed(const struct oci *o, const struct keeper *k)
{
	char pid_file[PATH_MAX], *words[OCI_WORDS_MAX];
	size_t n = 0;
	int r, status;

	if (snprintf(pid_file, sizeof(pid_file), OCI_DIRECTORY "/%s.pid", k->name) >=
	    (int)sizeof(pid_file))
		return oci_say("%s", strerror(ENAMETOOLONG));
	for (size_t i = 0; i < o->count; i++) {
		words[n++] = o->words[i];
		if (i == o->verb && !o->pid_file) {
			words[n++] = "--pid-file";
			words[n++] = pid_file;
		}
	}
	words[n] = NULL;
	status = oci_run(o, words);
	if (status)
		return status;
	r = arm(k, o->pid_file ?: pid_file);
	(void)unlink(pid_file);
	if (r >= 0)
		return EXIT_SUCCESS;
	for (n = 0; n < o->verb; n++) /* --root and the like */
		words[n] = o->words[n];
	words[n++] = "delete";
	words[n++] = "--force";
	words[n++] = o->words[o->id];
	words[n] = NULL;
	(void)oci_run(o, words);
	return oci_say("%s: the container was not armed, and is deleted: %s", k->name,
		       strerror(-r));
}

/* An engine of a user: neither the kernel nor the directory of configurations is his. */
static int refuse_user(const struct oci *o, bool written)
{
	if (written)
		oci_config_remove(o->words[o->id]);
	return oci_say("without root, as here, a container cannot be modelled; use the engine as "
		       "root, or Bundle= with User= in root's container.cfg(5), or Bundle= with "
		       "--kernel=builtin");
}

int oci_create(const struct oci *o)
{
	struct keeper k = { .pidfd = -EBADF, .notify = -EBADF };
	_cleanup_(text_done) struct text why = TEXT_EMPTY;
	int r, status;

	if (!oci_has_id(o))
		return EXIT_FAILURE;
	r = oci_config_write(o, k.config, k.name, &why);
	if ((r >= 0 || r == -EACCES) && !launch_may_model())
		return refuse_user(o, r >= 0);
	if (r < 0)
		return oci_say("%s", why.size ? text_get(&why) : strerror(-r));
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return oci_say("%s", strerror(errno));
	status = start(&k);
	(void)unlink(k.notify_address.sun_path); /* if it was made */
	if (status == EXIT_SUCCESS)
		status = create_armed(o, &k);
	if (status != EXIT_SUCCESS) {
		stop(k.pidfd);
		oci_config_remove(o->words[o->id]);
	}
	return status;
}

/* Of who listens there. */
static int open_orchestrator(const char *name)
{
	_cleanup_(close_fdp) int fd = oci_ask(name);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (fd < 0)
		return fd;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	fd = close_fd(fd);
	return syscall(SYS_pidfd_open, peer.pid, 0);
}

/* When this has returned the model of a training run is written. */
int oci_delete(const struct oci *o)
{
	_cleanup_(close_fdp) int pidfd = -EBADF;
	char name[CONFIG_NAME_BYTES + 1];
	bool known;
	int status;

	if (!oci_has_id(o))
		return EXIT_FAILURE;
	known = oci_config_find(o->words[o->id], name) == 0;
	if (known)
		pidfd = open_orchestrator(name);
	status = oci_run(o, o->words);
	if (status || !known)
		return status;
	if (pidfd >= 0 && !has_ended(pidfd, END_MSEC))
		stop(pidfd);
	oci_config_remove(o->words[o->id]);
	return EXIT_SUCCESS;
}
