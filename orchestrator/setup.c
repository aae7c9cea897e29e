// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * setup.c - what a session opens and starts, in order: files, namespace,
 * helpers, child. Reports its own failures, each with its row of the table.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "directory.h"
#include "environment.h"
#include "keys.h"
#include "session-private.h"

static int model_failure(int error)
{
	return error == -EBUSY ? FAILURE_MODEL_BUSY : FAILURE_MODEL_OPEN;
}

/* What it takes to verify the model, and to know one that is older than the last. */
int setup_trust(struct session *s, struct place *place, int *ret_keyring, session_fail_fn *fail)
{
	char detail[KEYS_DETAIL_BYTES];
	int r;

	r = place_open_signature(place);
	if (r < 0) {
		(void)snprintf(detail, sizeof(detail), "%s.sig", s->params->model); /* cut */
		(void)fail(s, FAILURE_MODEL_SIGNATURE, detail, r);
		return r;
	}
	r = *ret_keyring = keys_open(s->params->keys, s->params->caller.uid, detail);
	if (r == -EPERM) /* said so that it can be put right */
		(void)strncat(detail, ": others may write it", sizeof(detail) - strlen(detail) - 1);
	if (r < 0) {
		(void)fail(s, FAILURE_MODEL_SIGNATURE, detail, r == -EPERM ? 0 : r);
		return r;
	}
	if (s->state_dir < 0) {
		(void)fail(s, FAILURE_MODEL_VERSION, "state directory", -ENOENT);
		return -ENOENT;
	}
	return 0;
}

static int open_files(struct session *s)
{
	struct file_identity owner;
	int r;

	r = place_open(s->params->model, s->params->train, &s->place);
	if (r < 0) {
		(void)session_fail(s, model_failure(r), s->params->model, r);
		return r;
	}
	r = door_open(s->params->name, s->params->caller.uid, &s->door);
	/* The container of that run has the id that this one's would have. */
	if (r == -EBUSY && s->params->entry == ENTRY_BUNDLE) {
		(void)session_fail(s, FAILURE_WORKLOAD_START,
				   "another container of this name runs: see quixote ps", r);
		return r;
	}
	if (r < 0)
		(void)session_fail(s, FAILURE_MANAGEMENT, NULL, r);
	if (s->params->train && !s->params->trajectory_kept)
		return 0; /* nothing is refused */
	r = place_open_state(s->params->name, s->params->caller.uid, &owner);
	if (r < 0)
		(void)session_fail(s, FAILURE_RECORDER, NULL, r);
	else
		s->state_dir = r;
	if (!s->params->keys || s->params->train)
		return 0;
	return setup_trust(s, &s->place, &s->keyring, session_fail);
}

int setup_files(struct session *s)
{
	struct file_identity before = privilege_files_as(s->params->caller);
	int r = open_files(s);

	(void)privilege_files_as(before);
	return r;
}

static enum failure open_failure(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
		return FAILURE_NO_TSEM;
	case -EACCES:
	case -EPERM:
		return FAILURE_PRIVILEGE;
	default:
		return FAILURE_NAMESPACE;
	}
}

int setup_channel(struct session *s)
{
	int r = tsem_channel_open(s->params->control_dir, &s->channel);

	if (r < 0)
		(void)session_fail(s, open_failure(r), NULL, r);
	return r;
}

int setup_namespace(struct session *s, int *ret_events)
{
	int r, events = -EBADF;
	const char *step;

	s->channel.internal = s->params->internal;
	r = tsem_channel_create(&s->channel, s->params->create);
	if (r < 0) {
		step = s->params->create;
	} else {
		step = "event descriptor";
		r = events = tsem_channel_open_events(&s->channel);
	}
	if (r >= 0) {
		step = "status file";
		r = s->status_file = tsem_channel_open_status(&s->channel);
	}
	if (r < 0) {
		(void)close_fd(events);
		return session_fail(s, FAILURE_NAMESPACE, step, r), r;
	}
	*ret_events = events;
	return 0;
}

int setup_recorder(struct session *s, const struct spools *spools)
{
	struct file_identity owner = s->params->caller;
	struct agent_params params = {
		.program = "quixote-recorder",
		.fds = { spools->forensics_read, -EBADF, -EBADF, s->state_dir,
			 spools->trajectory_read, s->recorder_lost },
		.fd_count = 6,
	};
	char identity[32], kept[16];
	struct stat st;

	if (fstat(s->state_dir, &st) == 0)
		owner = (struct file_identity){ .uid = st.st_uid, .gid = st.st_gid };
	(void)snprintf(identity, sizeof(identity), "%u:%u", owner.uid, owner.gid); /* it fits */
	(void)snprintf(kept, sizeof(kept), "%u", s->params->trajectory_kept);
	params.argv = (char *const[]){ "quixote-recorder", identity, kept, NULL };
	return agent_start(&params, &s->recorder);
}

/* What the TMA has beside the event descriptor, where the kernel knows coefficients. */
static int open_model_files(struct session *s, struct preload *preload, int *ret_counts,
			    int *ret_preload)
{
	int r;

	if (!s->params->preload)
		return 0;
	r = preload_open(preload, s->params->preload, ret_preload);
	if (r >= 0)
		r = *ret_counts = tsem_channel_open_counts(&s->channel);
	return r < 0 ? r : 0;
}

static int start_tma(struct session *s, const struct tma_parts *parts, int socket,
		     struct agent *ret)
{
	/* Without a journal there is the recorder all the same. */
	_cleanup_(close_fdp) int counts = -EBADF, preload = -EBADF,
				 journal = tell_journal_connect();
	int r = open_model_files(s, parts->preload, &counts, &preload);
	const struct agent_params params = {
		.program = "quixote-tma",
		.argv = s->params->tma_argv,
		.fds = { -EBADF, -EBADF, -EBADF, parts->events, socket, parts->place->fd_old,
			 parts->place->fd_new, parts->door, journal, parts->spools->forensics,
			 parts->place->fd_signature, parts->keyring, counts, preload,
			 parts->spools->trajectory },
		.fd_count = AGENT_FDS_MAX,
	};

	return r < 0 ? r : agent_start(&params, ret);
}

int setup_tma(struct session *s, const struct tma_parts *parts, struct agent *ret, int *ret_socket)
{
	_cleanup_(close_fdp) int ours = -EBADF, theirs = -EBADF;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	r = start_tma(s, parts, theirs, ret);
	if (r >= 0)
		*ret_socket = TAKE_FD(ours);
	return r;
}

static int open_spools(struct session *s, struct spools *spools)
{
	int r = spools_open(s->params->trajectory_kept, spools);

	if (r < 0)
		return r;
	s->recorder_lost = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->recorder_lost < 0)
		return -errno;
	return setup_recorder(s, spools);
}

static void setup_spools(struct session *s, struct spools *spools)
{
	/* Without its directory it has been said already. */
	int r = s->state_dir < 0 ? 0 : open_spools(s, spools);

	if (r >= 0)
		return;
	spools_close(spools);
	(void)session_fail(s, FAILURE_RECORDER, NULL, r);
}

int setup_agents(struct session *s, int take_events)
{
	_cleanup_(close_fdp) int events = take_events;
	_cleanup_(spools_close) struct spools spools = SPOOLS_EMPTY;
	const struct tma_parts parts = {
		.place = &s->place,
		.keyring = s->keyring,
		.events = events,
		.door = s->door.socket,
		.spools = &spools,
		.preload = &s->preload,
	};
	int r;

	setup_spools(s, &spools);
	r = setup_tma(s, &parts, &s->tma, &s->tma_socket);
	s->door.socket = close_fd(s->door.socket);
	if (r < 0)
		(void)session_fail(s, FAILURE_TMA_START, "quixote-tma", r);
	return r;
}

static int setup_shims(struct session *s)
{
	const struct driver_params params = {
		.channel = &s->channel,
		.caller = s->params->caller,
		.program = s->params->workload.argv[0],
	};

	return driver_new(s->event, &params, &s->shims);
}

/* The keeper runs as the workload's user, and may ask for children of its own. */
static int setup_keeper(struct session *s)
{
	const struct driver_params params = {
		.channel = &s->channel,
		.caller = { .uid = s->params->workload.uid, .gid = s->params->workload.gid },
		.armed = session_armed,
		.userdata = s,
	};

	return driver_new(s->event, &params, &s->shims);
}

/* In the directory that the management socket has locked for this name. */
static int setup_armer(struct session *s, armer_done_fn *armed)
{
	const struct armer_params params = { .channel = &s->channel,
					     .uid = s->params->caller.uid,
					     .runtime = true,
					     .armed = armed,
					     .userdata = s };
	struct file_identity before;
	char path[PATH_MAX];
	int r;

	if (s->door.dir < 0)
		return -EBUSY;
	r = directory_run(s->params->name, s->params->caller.uid, path, sizeof(path));
	if (r < 0)
		return r;
	if (strlen(path) + sizeof("/" DIRECTORY_ARMER) > sizeof(path))
		return -ENAMETOOLONG;
	(void)strcat(path, "/" DIRECTORY_ARMER);
	before = privilege_files_as(s->params->caller);
	r = unlink(path) < 0 && errno != ENOENT ? -errno : 0;
	if (r >= 0)
		r = armer_new(s->event, &params, path, &s->armer);
	(void)privilege_files_as(before);
	return r;
}

int setup_driver(struct session *s)
{
	const char *what = "quixote-shim";
	int r = 0;

	if (s->params->driver == DRIVER_AROUND) {
		r = setup_shims(s);
	} else if (s->params->entry == ENTRY_BUNDLE) {
		what = "quixote-bundle";
		r = setup_keeper(s);
		if (r >= 0 && s->door.dir >= 0) /* else nothing can be executed in it later */
			r = setup_armer(s, session_joined);
	} else if (s->params->entry == ENTRY_APART) {
		what = "another container of this name runs, or its directory cannot be used";
		r = setup_armer(s, session_armed);
	}
	if (r < 0)
		(void)session_fail(s, FAILURE_WORKLOAD_START, what, r);
	return r;
}

int setup_entrance(struct session *s)
{
	return entrance_new(s->event, &s->channel, s->params->unit, &s->entrance);
}

/* The driver has the caller's own streams and is not modelled. */
static int start_driver(struct session *s, char *const *environment, struct workload *ret)
{
	struct workload_params params = s->params->driver_workload;

	params.environment = environment;
	for (int i = 0; i < 3; i++)
		params.streams[i] = i;
	return workload_start(&params, ret);
}

/* As it was, and where to ask. */
static int asking_environment(const struct session *s, char *const *before, char ***ret)
{
	int r = environment_add_all(ret, before);

	return r < 0 ? r : driver_set_environment(s->shims, ret);
}

static int start_driver_around(struct session *s)
{
	_cleanup_(environment_freep) char **environment = NULL;
	int r = asking_environment(s, s->params->driver_workload.environment, &environment);

	return r < 0 ? r : start_driver(s, environment, &s->workload);
}

int setup_driver_beside(struct session *s)
{
	int r;

	r = start_driver(s, s->params->driver_workload.environment, &s->driver);
	return r < 0 ? r : workload_release(&s->driver);
}

/* The owner of a pipe is printed in records: it is the workload's user, whoever starts it. */
static int open_streams(struct session *s)
{
	struct file_identity before = privilege_files_as((struct file_identity){
		.uid = s->params->workload.uid, .gid = s->params->workload.gid });
	int r = streams_open(&s->streams, s->params->terminal);

	(void)privilege_files_as(before);
	return r;
}

int setup_workload(struct session *s)
{
	_cleanup_(environment_freep) char **environment = NULL;
	struct workload_params params = s->params->workload;
	int r;

	if (s->params->driver == DRIVER_AROUND)
		return start_driver_around(s);
	if (s->params->entry == ENTRY_BUNDLE) {
		r = asking_environment(s, params.environment, &environment);
		if (r < 0)
			return r;
		params.environment = environment;
	}
	r = open_streams(s);
	if (r < 0)
		return r;
	if (s->params->driver == DRIVER_BESIDE)
		streams_drop_input(&s->streams);
	for (int i = 0; i < 3; i++)
		params.streams[i] = s->streams.theirs[i];
	params.terminal = s->params->terminal == TERMINAL_YES;
	return workload_start(&params, &s->workload);
}
