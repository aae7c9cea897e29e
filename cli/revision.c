// SPDX-License-Identifier: LGPL-2.1-or-later
/* revision.c - see revision.h. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "revision.h"
#include "signed.h"

int revision_fail(const struct revision *r, int error)
{
	(void)fprintf(
		stderr, "quixote: %s: %s\n", r->path,
		error == -EBUSY	   ? "a training run or another change has it; wait for its end"
		: error == -ENOENT ? "there is no model"
		: error == -E2BIG  ? "it was changed too often, or has too many lines"
		: error == -EBADMSG
			? "its history was damaged; move the directory .history out of the way"
			: strerror(-error));
	return error == -ENOENT ? EXIT_MODEL : EXIT_LOST;
}

/* Whoever became root by sudo is told by the own name, which sudo gives. */
static void find_author(char ret[REVISION_AUTHOR_SIZE])
{
	const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *user = getpwuid(getuid());

	if (sudo && *sudo)
		(void)snprintf(ret, REVISION_AUTHOR_SIZE, "%s as root", sudo); /* cut */
	else if (user)
		(void)snprintf(ret, REVISION_AUTHOR_SIZE, "%s", user->pw_name); /* cut */
	else
		(void)snprintf(ret, REVISION_AUTHOR_SIZE, "uid %u", getuid()); /* fits */
}

static int find_path(struct revision *r, const char *argument)
{
	struct config_error error;

	r->argument = r->path = argument;
	if (!is_configuration(argument))
		return 0;
	if (config_read(argument, &r->config, &error) < 0) {
		(void)fprintf(stderr, "quixote: %s\n", error.text);
		return EXIT_CONFIGURATION;
	}
	r->path = r->config->model;
	return 0;
}

static int read_locked(struct revision *r)
{
	struct tsem_model_error error;
	int result = open_model_fd(r->place.fd_old, &r->opened, &error);

	if (result == 0)
		return 0;
	(void)fprintf(stderr, error.line ? "quixote: %s:%u: " : "quixote: %s: ", r->path,
		      error.line);
	(void)fprintf(stderr, "%s\n", error.text);
	return EXIT_MODEL;
}

int revision_begin(const char *argument, struct revision *ret)
{
	_cleanup_(revision_done) struct revision r = {
		.place = PLACE_EMPTY,
		.history = HISTORY_EMPTY,
		.time = time(NULL),
	};
	int result = find_path(&r, argument);

	if (result)
		return result;
	find_author(r.author);
	if (access(r.path, F_OK) < 0 && errno == ENOENT)
		return revision_fail(&r, -ENOENT);
	result = place_open(r.path, true, &r.place);
	if (result < 0)
		return revision_fail(&r, result);
	result = read_locked(&r);
	if (result)
		return result;
	*ret = r;
	r = REVISION_EMPTY;
	return 0;
}

int revision_again(struct revision *r)
{
	const char *argument = r->argument;

	revision_done(r);
	*r = REVISION_EMPTY;
	return revision_begin(argument, r);
}

int revision_history(const char *argument, struct history *ret)
{
	_cleanup_(revision_done) struct revision r = REVISION_EMPTY;
	int result = find_path(&r, argument);

	if (result)
		return result;
	result = place_open(r.path, false, &r.place);
	if (result == 0)
		result = history_open(r.place.dir, r.place.name, false, ret);
	return result < 0 ? revision_fail(&r, result) : 0;
}

void revision_done(struct revision *r)
{
	opened_done(&r->opened);
	place_close(&r->place);
	history_done(&r->history);
	r->config = config_free(r->config);
}

int revision_change(struct revision *r, const struct tsem_model_change *change,
		    uint64_t *ret_number)
{
	struct tsem_model_change full = *change;
	int result;

	full.by = r->author;
	full.time = r->time;
	result = tsem_model_add_change(r->opened.model, &full, ret_number);
	if (result != -EINVAL)
		return result < 0 ? revision_fail(r, result) : 0;
	(void)fprintf(stderr, "quixote: %s: the reason is longer than %u bytes\n", r->path,
		      TSEM_MODEL_TEXT_BYTES);
	return EXIT_COMMAND_LINE;
}

static int add_entry(struct revision *r, const struct history_entry *what, const char *digest)
{
	struct history_entry entry = *what;

	entry.time = r->time;
	entry.by = r->author;
	entry.digest = (char *)digest;
	if (!entry.mode && r->config)
		entry.mode = (char *)config_mode_to_string(r->config->mode);
	return history_add(&r->history, &entry);
}

/* What it is now, before anything is done; a run or an editor may have changed it since. */
static int keep_present(struct revision *r, char digest[HISTORY_DIGEST_SIZE])
{
	static const struct history_entry found = { .what = "found" };
	const struct history *h = &r->history;
	int result = 0;

	if (h->dir < 0)
		result = history_open(r->place.dir, r->place.name, true, &r->history);
	if (result == 0)
		result = history_keep(&r->history, r->place.fd_old, digest);
	if (result == 0 && (!h->count || strcmp(h->list[h->count - 1].digest, digest) != 0))
		result = add_entry(r, &found, digest);
	return result;
}

/* The files of the history belong to whoever owns those beside them. */
static int record(struct revision *r, const struct history_entry *what)
{
	struct file_identity before = privilege_files_as(r->place.identity);
	char digest[HISTORY_DIGEST_SIZE];
	int result = keep_present(r, digest);

	if (result == 0 && what)
		result = add_entry(r, what, digest);
	(void)privilege_files_as(before);
	return result;
}

static int record_new(struct revision *r, const struct history_entry *what)
{
	struct file_identity before = privilege_files_as(r->place.identity);
	char digest[HISTORY_DIGEST_SIZE];
	int result = history_keep(&r->history, r->place.fd_new, digest);

	if (result == 0)
		result = add_entry(r, what, digest);
	(void)privilege_files_as(before);
	return result;
}

int revision_record(struct revision *r, const struct history_entry *what)
{
	int result = record(r, what);

	return result < 0 ? revision_fail(r, result) : 0;
}

/* Whoever signed it has not seen what it is now. */
static void say_unsigned(const struct revision *r)
{
	_cleanup_(freep) char *name = NULL;

	if (asprintf(&name, "%s" SIGNED_SUFFIX, r->place.name) < 0)
		name = NULL;
	if (name && faccessat(r->place.dir, name, F_OK, 0) == 0)
		(void)fprintf(stderr,
			      "quixote: %s: its signature is no more that of this model; sign it "
			      "again: quixote model sign\n",
			      r->path);
}

/* The history first: a version that is not in it could not be had back. */
static int commit(struct revision *r, const struct history_entry *what)
{
	int result = place_commit(&r->place);

	if (result == 0)
		result = record_new(r, what);
	if (result < 0)
		return revision_fail(r, result);
	say_unsigned(r);
	return 0;
}

int revision_commit(struct revision *r, const struct history_entry *what)
{
	int result = record(r, NULL);

	if (result == 0)
		result = tsem_model_write(r->opened.model, r->place.fd_new);
	return result < 0 ? revision_fail(r, result) : commit(r, what);
}

static int copy(int from, int to)
{
	char buffer[1 << 16];
	off_t offset = 0;
	ssize_t n;

	while ((n = pread(from, buffer, sizeof(buffer), offset)) > 0) {
		if (write(to, buffer, n) != n)
			return -EIO;
		offset += n;
	}
	return n < 0 ? -errno : 0;
}

int revision_restore(struct revision *r, int fd, const struct history_entry *what)
{
	int result = record(r, NULL);

	if (result == 0)
		result = copy(fd, r->place.fd_new);
	return result < 0 ? revision_fail(r, result) : commit(r, what);
}
