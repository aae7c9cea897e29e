// SPDX-License-Identifier: LGPL-2.1-or-later
/* running.c - see running.h. */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/config-value.h"
#include "../orchestrator/directory.h"
#include "../orchestrator/failure.h"
#include "running.h"

/* Where those of other users are, for root. */
#define USERS_DIRS "/run/user/*/quixote"

DEFINE_CLEANUP(DIR, closedir)

static int ask_status(struct running *running)
{
	int r;

	r = connection_open(running->dir, &running->connection);
	if (r == 0)
		r = connection_call(&running->connection, "GetStatus", "{}", false);
	if (r == 0)
		r = connection_receive(&running->connection, CONNECTION_MSEC, &running->status);
	if (r == 0 && running->status.error)
		r = -EBADMSG;
	return r;
}

static void running_free(struct running *running)
{
	answer_done(&running->status);
	connection_close(&running->connection);
	free(running->name);
	free(running->dir);
}

/* Nothing is there, or only a socket that a killed run has left. */
bool running_is_nothing(int error)
{
	return error == -ENOENT || error == -ECONNREFUSED || error == -ENOTDIR;
}

static int add(struct running_list *all, const char *dir, const char *name)
{
	struct running running = { .connection = CONNECTION_EMPTY };
	struct running *longer;

	longer = reallocarray(all->list, all->count + 1, sizeof(*longer));
	if (!longer)
		return -ENOMEM;
	all->list = longer;
	running.name = strdup(name);
	if (!running.name || asprintf(&running.dir, "%s/%s", dir, name) < 0) {
		free(running.name);
		return -ENOMEM;
	}
	running.fault = ask_status(&running);
	/* Also what has ended while it was asked. */
	if (running_is_nothing(running.fault) || running.fault == -EPIPE)
		running_free(&running);
	else
		all->list[all->count++] = running;
	return 0;
}

static int add_all_in(struct running_list *all, const char *dir)
{
	_cleanup_(closedirp) DIR *entries = opendir(dir);
	const struct dirent *entry;
	const char *wrong;
	int r = 0;

	while (r == 0 && entries && (entry = readdir(entries))) {
		if (value_name(entry->d_name, &wrong) == 0)
			r = add(all, dir, entry->d_name);
	}
	return r;
}

static int add_those_of_users(struct running_list *all)
{
	glob_t found = {};
	int r = 0;

	if (glob(USERS_DIRS, GLOB_NOSORT, NULL, &found) == 0) {
		for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
			r = add_all_in(all, found.gl_pathv[i]);
	}
	globfree(&found);
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct running *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : strcmp(x->dir, y->dir);
}

int running_find(struct running_list *ret)
{
	struct running_list all = {};
	char dir[PATH_MAX];
	int r = 0;

	if (directory_run(NULL, getuid(), dir, sizeof(dir)) == 0)
		r = add_all_in(&all, dir);
	if (r == 0 && getuid() == 0 && !getenv("QUIXOTE_RUNTIME_DIR"))
		r = add_those_of_users(&all);
	if (r < 0) {
		running_done(&all);
		return r;
	}
	if (all.count)
		qsort(all.list, all.count, sizeof(*all.list), compare);
	*ret = all;
	return 0;
}

void running_done(struct running_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		running_free(&list->list[i]);
	free(list->list);
	*list = (struct running_list){};
}

int running_open(const char *name, struct connection *ret)
{
	char dir[PATH_MAX];
	int r = directory_run(name, getuid(), dir, sizeof(dir));

	return r < 0 ? r : connection_open(dir, ret);
}

static const char *find(const struct running *running, const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "parameters.%s", name); /* ours, and short */
	return facts_get(&running->status.facts, path);
}

uint64_t running_number(const struct running *running, const char *name)
{
	const char *value = find(running, name);

	return value ? strtoull(value, NULL, 10) : 0;
}

const char *running_text(const struct running *running, const char *name)
{
	return find(running, name) ?: "?";
}

static const char *words_of(int error)
{
	switch (error) {
	case -EPIPE:
		return "it has ended";
	case -EOPNOTSUPP:
		return "the kernel does not tell its counts";
	default:
		return strerror(-error);
	}
}

int running_failed(const char *name, int error)
{
	if (running_is_nothing(error))
		(void)fprintf(stderr,
			      "quixote: %s does not run here; in the built-in kernel it cannot be "
			      "seen from outside it\n",
			      name);
	else
		(void)fprintf(stderr, "quixote: %s: %s\n", name, words_of(error));
	return EXIT_LOST;
}

void running_none(void)
{
	(void)fputs(
		"quixote: no workload runs here; one in the built-in kernel cannot be seen from "
		"outside it\n",
		stderr);
}

void running_warn(const struct running_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->list[i].fault)
			(void)fprintf(stderr, "quixote: %s does not answer: %s\n",
				      list->list[i].name, strerror(-list->list[i].fault));
	}
}
