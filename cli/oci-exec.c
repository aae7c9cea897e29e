// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * oci-exec.c - "exec" of an OCI runtime: what is to be executed gets quixote-enter before
 * it, which runs inside, asks over a descriptor to be armed, and executes the rest. It
 * comes in as a sealed file of memory: nothing of this machine can be reached through it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/config-value.h"
#include "../orchestrator/config.h"
#include "../orchestrator/program.h"
#include "launch.h"
#include "oci.h"
#include "oci-process.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static int make_memory(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

/* Sealed, and open for reading only: what is open for writing cannot be executed. */
static int seal(int fd)
{
	char path[64];
	int sealed;

	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	sealed = open(path, O_RDONLY | O_CLOEXEC);
	return sealed < 0 ? -errno : sealed;
}

static int open_enter(void)
{
	_cleanup_(close_fdp) int from = -EBADF, memory = -EBADF;
	char dir[PATH_MAX], path[PATH_MAX];
	struct stat st;
	int r = launch_find_orchestrator(dir, sizeof(dir));

	if (r < 0)
		return r;
	*strrchr(dir, '/') = '\0';
	r = program_find(dir, "quixote-enter", path, sizeof(path));
	if (r < 0)
		return r;
	from = open(path, O_RDONLY | O_CLOEXEC);
	memory = make_memory("quixote-enter");
	if (from < 0 || memory < 0 || fstat(from, &st) < 0)
		return -errno;
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(memory, from, NULL, left);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		left -= n;
	}
	return seal(memory);
}

/* The process, with @first before its arguments, as a file of memory. */
static int rewrite_process(const char *path, const char *first)
{
	_cleanup_(close_fdp) int from = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_(text_done) struct text old = TEXT_EMPTY, new = TEXT_EMPTY;
	_cleanup_(close_fdp) int fd = make_memory("process");
	int r;

	if (from < 0)
		return -errno;
	r = text_read(from, OCI_PROCESS_BYTES, &old);
	if (r >= 0)
		r = oci_process_insert(text_get(&old), old.size, first, &new);
	if (r < 0)
		return r;
	if (fd < 0)
		return fd;
	return write(fd, new.data, new.size) == (ssize_t)new.size ? seal(fd) : -EIO;
}

/* Not only for this program: from here on for the runtime, too. */
static int place(int fd, int number)
{
	return dup2(fd, number) < 0 ? -errno : 0;
}

/* Where the two descriptors are to be, nothing of ours may be. */
static int raise_fd(int *fd, int above)
{
	int raised = fcntl(*fd, F_DUPFD_CLOEXEC, above + 1);

	if (raised < 0)
		return -errno;
	(void)close_fd(*fd);
	*fd = raised;
	return 0;
}

/* One of an engine, or of a Bundle=, which is called after its workload. */
static int ask_at(const char *id)
{
	char name[CONFIG_NAME_BYTES + 1];
	const char *what;

	if (oci_config_find(id, name) == 0)
		return oci_ask(name);
	if (strncmp(id, CONFIG_CONTAINER_PREFIX, strlen(CONFIG_CONTAINER_PREFIX)) != 0)
		return -ENOENT;
	id += strlen(CONFIG_CONTAINER_PREFIX);
	return value_name(id, &what) < 0 ? -ENOENT : oci_ask(id);
}

/**
 * struct words - A command line that is being written.
 * @enter: What executes quixote-enter inside.
 * @process: Instead of the file of --process.
 */
struct words {
	char *list[OCI_WORDS_MAX];
	char enter[32], preserve[32], process[48];
};

static bool is_replaced(const struct oci *o, size_t i)
{
	for (size_t n = 0; n < o->replaced_count; n++) {
		if (i >= o->replaced[n].first && i < o->replaced[n].first + o->replaced[n].count)
			return true;
	}
	return false;
}

static void write_words(const struct oci *o, struct words *w, int process)
{
	size_t n = 0;

	(void)snprintf(w->preserve, sizeof(w->preserve), "--preserve-fds=%u", o->preserve_fds + 2);
	(void)snprintf(w->process, sizeof(w->process), "--process=/proc/self/fd/%d", process);
	for (size_t i = 0; i < o->count; i++) {
		if (!is_replaced(o, i))
			w->list[n++] = o->words[i];
		if (i == o->verb) {
			w->list[n++] = w->preserve;
			if (o->process)
				w->list[n++] = w->process;
		}
		if (i == o->id && !o->process)
			w->list[n++] = w->enter;
	}
	w->list[n] = NULL;
}

int oci_exec(const struct oci *o)
{
	_cleanup_(close_fdp) int ask = -EBADF, enter = -EBADF, process = -EBADF;
	const int first = 3 + (int)o->preserve_fds;
	static struct words words;
	int r;

	if (!oci_has_id(o))
		return EXIT_FAILURE;
	(void)snprintf(words.enter, sizeof(words.enter), "/proc/self/fd/%d", first);
	ask = ask_at(o->words[o->id]);
	if (ask < 0)
		return oci_say("exec: %s is no container that is modelled: %s", o->words[o->id],
			       strerror(-ask));
	r = enter = open_enter();
	if (enter < 0)
		return oci_say("exec: quixote-enter: %s", strerror(-enter));
	if (o->process) {
		r = process = rewrite_process(o->process, words.enter);
		if (r < 0)
			return oci_say("exec: %s: %s", o->process, strerror(-r));
		r = raise_fd(&process, first + 1);
	}
	if (r >= 0)
		r = raise_fd(&ask, first + 1);
	if (r >= 0)
		r = raise_fd(&enter, first + 1);
	if (r >= 0)
		r = place(enter, first);
	if (r >= 0)
		r = place(ask, first + 1);
	if (r >= 0 && process >= 0 && fcntl(process, F_SETFD, 0) < 0)
		r = -errno;
	if (r < 0)
		return oci_say("exec: %s", strerror(-r));
	write_words(o, &words, process);
	(void)unsetenv("LISTEN_FDS"); /* the runtime would count them, too */
	return oci_execute(o, words.list);
}
