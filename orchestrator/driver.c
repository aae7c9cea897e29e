// SPDX-License-Identifier: LGPL-2.1-or-later
/* driver.c - see driver.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "agent.h"
#include "armer.h"
#include "driver.h"
#include "environment.h"
#include "shim.h"

#define SOCKET_NAME ".socket"

struct driver {
	struct driver_params params;
	char dir[32];
	const char *name; /* of the program, without directory; inside params.program */
	char socket_path[64];
	struct armer *armer;
	unsigned int start_count;
};

static int on_armed(pid_t pid, int pidfd, void *userdata)
{
	struct driver *d = userdata;

	d->start_count++;
	return d->params.armed ? d->params.armed(pid, pidfd, d->params.userdata) : 0;
}

/* The directory belongs to the caller, who uses it, and to nobody else. */
static int make_directory(struct driver *d, sd_event *event, const char *shim)
{
	const struct armer_params params = { .channel = d->params.channel,
					     .uid = d->params.caller.uid,
					     .runtime = !d->name,
					     .armed = on_armed,
					     .userdata = d };
	char path[PATH_MAX];

	(void)strcpy(d->dir, "/tmp/quixote-XXXXXX");
	if (!mkdtemp(d->dir)) {
		d->dir[0] = '\0';
		return -errno;
	}
	(void)snprintf(d->socket_path, sizeof(d->socket_path), "%s/" SOCKET_NAME, d->dir);
	if (d->name && snprintf(path, sizeof(path), "%s/%s", d->dir, d->name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (d->name && symlink(shim, path) < 0)
		return -errno;
	return armer_new(event, &params, d->socket_path, &d->armer);
}

int driver_new(sd_event *event, const struct driver_params *params, struct driver **ret)
{
	const char *slash = params->program ? strrchr(params->program, '/') : NULL;
	struct driver *d = calloc(1, sizeof(*d));
	struct file_identity before;
	char shim[PATH_MAX] = "";
	int r = 0;

	if (!d)
		return -ENOMEM;
	d->params = *params;
	d->name = slash ? slash + 1 : params->program;
	if (d->name)
		r = agent_find_program("quixote-shim", shim, sizeof(shim));
	if (r >= 0) {
		before = privilege_files_as(params->caller);
		r = make_directory(d, event, shim);
		(void)privilege_files_as(before);
	}
	if (r < 0) {
		(void)driver_free(d);
		return r;
	}
	*ret = d;
	return 0;
}

/* What cannot be removed stays in /tmp. */
static void remove_directory(const struct driver *d)
{
	struct file_identity before = privilege_files_as(d->params.caller);
	const char *const names[] = { SOCKET_NAME, DRIVER_PID_NAME, DRIVER_CONSOLE_NAME, d->name };
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i] &&
		    snprintf(path, sizeof(path), "%s/%s", d->dir, names[i]) < (int)sizeof(path))
			(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/" DRIVER_STATE_NAME, d->dir); /* it fits */
	(void)rmdir(path);
	(void)rmdir(d->dir);
	(void)privilege_files_as(before);
}

struct driver *driver_free(struct driver *d)
{
	if (!d)
		return NULL;
	d->armer = armer_free(d->armer);
	if (d->dir[0])
		remove_directory(d);
	free(d);
	return NULL;
}

int driver_set_environment(const struct driver *d, char ***environment)
{
	const char *path = environment_get(*environment, "PATH");
	_cleanup_(freep) char *longer = NULL;
	int r;

	if (!d->name)
		return environment_set_value(environment, SHIM_SOCKET_VARIABLE, d->socket_path);
	if (asprintf(&longer, "%s:%s", d->dir, path ?: "/usr/local/bin:/usr/bin:/bin") < 0) {
		longer = NULL;
		return -ENOMEM;
	}
	r = environment_set_value(environment, SHIM_SOCKET_VARIABLE, d->socket_path);
	if (r >= 0)
		r = environment_set_value(environment, SHIM_PROGRAM_VARIABLE, d->params.program);
	if (r >= 0 && path)
		r = environment_set_value(environment, SHIM_PATH_VARIABLE, path);
	return r < 0 ? r : environment_set_value(environment, "PATH", longer);
}

unsigned int driver_start_count(const struct driver *d)
{
	return d ? d->start_count : 0;
}
