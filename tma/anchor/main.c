// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * main.c - quixote-anchor: what workloads are and were, into a log and a
 * register of the TPM. One for a machine, of group tss and with no other
 * privilege. Whatever goes wrong ends it with a sentence: its service manager
 * starts it again, and orchestrators tell it anew what runs.
 *
 *	quixote-anchor [--config=FILE]
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../libtsem/cleanup.h"
#include "../../libtsem/version.h"
#include "../sandbox.h"
#include "server.h"

/* Orchestrators that start at the same moment. */
#define BACKLOG 64

/* The first descriptor that a service manager passes. */
#define LISTEN_FD 3

static int fail(const char *text)
{
	(void)fprintf(stderr, "quixote-anchor: %s\n", text);
	return EXIT_FAILURE;
}

static int parse_options(int argc, char **argv, const char **ret_config)
{
	static const struct option known[] = { { "config", required_argument, NULL, 'c' }, {} };
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option != 'c')
			return -EINVAL;
		*ret_config = optarg;
	}
	return optind == argc ? 0 : -EINVAL;
}

/* One that was left behind is nobody's: the store is locked. */
static int listen_at(const char *path)
{
	_cleanup_(close_fdp) int fd =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (fchmod(fd, 0600) < 0 || (unlink(path) < 0 && errno != ENOENT) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* Of a service manager, which has made it so that root alone may connect. Source: sd_listen_fds(3).
 */
static int take_socket(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");

	if (!pid || !count || strtol(pid, NULL, 10) != getpid() || strcmp(count, "1") != 0)
		return -ENOENT;
	return fcntl(LISTEN_FD, F_SETFD, FD_CLOEXEC) < 0 ||
			       fcntl(LISTEN_FD, F_SETFL, O_NONBLOCK) < 0
		       ? -errno
		       : LISTEN_FD;
}

static int open_socket(const char *path)
{
	int fd = take_socket();

	return fd == -ENOENT ? listen_at(path) : fd;
}

static int open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A simulator is asked over a socket that is opened anew for each command. */
static enum sandbox_role role_of(const char *tcti)
{
	return strncmp(tcti, "device", 6) == 0 ? SANDBOX_ANCHOR : SANDBOX_ANCHOR_SIMULATED;
}

static int enter_sandbox(const struct settings *settings, const struct store *store)
{
	const struct sandbox sandbox = { .role = role_of(settings->tcti),
					 .uid = geteuid(),
					 .gid = getegid(),
					 .dir = store->dir };
	bool landlock;

	return sandbox_enter(&sandbox, &landlock);
}

static int serve(int listening, int signals, struct store *store)
{
	struct server *server;

	if (server_new(listening, store, &server) < 0)
		return fail("out of memory");
	return server_run(server, signals) < 0 ? fail(store->error) : EXIT_SUCCESS;
}

static int work(int argc, char **argv)
{
	struct tpm_error tpm_error = { .text = "" };
	struct settings_error why;
	struct settings settings;
	struct store store;
	struct tpm *tpm;
	const char *config = NULL;
	char text[300];
	int signals, listening, r;

	if (parse_options(argc, argv, &config) < 0)
		return fail("usage: quixote-anchor [--config=FILE]");
	if (settings_read(config, &settings, &why) < 0)
		return fail(why.text);
	signals = open_signals();
	if (signals < 0)
		return fail("no descriptor for signals");
	/* What loads code or reads files does so before the sandbox. */
	if (!OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL))
		return fail("OpenSSL does not begin");
	if (store_open(&settings, &store) < 0)
		return fail(store.error);
	r = tpm_open(settings.tcti, &tpm_error, &tpm);
	if (r < 0) {
		(void)snprintf(
			text, sizeof(text),
			"no TPM: %.200s; look whether it is there, and see TCTI= in tpm.conf",
			tpm_error.text);
		return fail(text);
	}
	/* Who connects now is answered when the log was verified. */
	listening = open_socket(settings.socket);
	if (listening < 0) {
		(void)snprintf(text, sizeof(text), "%s: %s; it must be in a directory of its own",
			       settings.socket, strerror(-listening));
		return fail(text);
	}
	if (enter_sandbox(&settings, &store) < 0)
		return fail("the sandbox could not be entered; the kernel has no seccomp");
	if (store_begin(&store, tpm, &tpm_error) < 0)
		return fail(store.error);
	return serve(listening, signals, &store);
}

int main(int argc, char **argv)
{
	if (version_told(argc, argv, "quixote-anchor"))
		return EXIT_SUCCESS;
	/* Without exit handlers: those of libraries may ask for what the sandbox forbids. */
	_exit(work(argc, argv));
}
