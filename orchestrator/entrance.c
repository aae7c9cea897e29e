// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * entrance.c - see entrance.h. Anybody may connect, since a unit may run as any user: what
 * counts is the control group, which only the service manager puts a process into. The
 * process is the one that connected, by its pidfd from the kernel. Nothing is read from it.
 */
#include "entrance.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* since Linux 6.5; TSEM is for 6.12 */
#endif

#define CGROUP_ROOT "/sys/fs/cgroup"

struct entrance {
	const struct tsem_channel *channel;
	const char *unit;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	char *group; /* of the unit, once a process of it has entered */
	int listener;
	sd_event_source *source;
};

static bool is_slice(const char *name, size_t size)
{
	static const char suffix[] = ".slice";

	return size >= sizeof(suffix) &&
	       !strncmp(name + size - (sizeof(suffix) - 1), suffix, sizeof(suffix) - 1);
}

bool entrance_group_is_of(const char *group, const char *unit, size_t *ret_size)
{
	const char *at = group;

	while (*at == '/') {
		const char *name = at + 1;
		size_t size = strcspn(name, "/");

		if (size == strlen(unit) && !strncmp(name, unit, size)) {
			*ret_size = name + size - group;
			return true;
		}
		if (!is_slice(name, size))
			return false;
		at = name + size;
	}
	return false;
}

/* The unified hierarchy's line. */
static int read_group(pid_t pid, char *ret, size_t size)
{
	_cleanup_(fclosep) FILE *file = NULL;
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fgets(ret, (int)size, file)) {
		if (strncmp(ret, "0::", 3) != 0)
			continue;
		memmove(ret, ret + 3, strlen(ret + 3) + 1);
		ret[strcspn(ret, "\n")] = '\0';
		return 0;
	}
	return -ENOENT;
}

/* Whether it runs still, so that what was read by its number was about it. */
static int check_alive(int pidfd)
{
	return syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0 ? -errno : 0;
}

static int check_group(struct entrance *e, pid_t pid)
{
	char group[PATH_MAX];
	size_t size;
	int r = read_group(pid, group, sizeof(group));

	if (r < 0)
		return r;
	if (!entrance_group_is_of(group, e->unit, &size))
		return -EPERM;
	group[size] = '\0';
	if (e->group && !strcmp(e->group, group))
		return 0;
	free(e->group);
	e->group = strdup(group);
	return e->group ? 0 : -ENOMEM;
}

static int enter(struct entrance *e, int connection)
{
	_cleanup_(close_fdp) int pidfd = -EBADF;
	socklen_t size = sizeof(pidfd);
	struct ucred peer;
	int r;

	if (getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) < 0)
		return -errno;
	size = sizeof(peer);
	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	r = check_group(e, peer.pid);
	if (r >= 0)
		r = check_alive(pidfd);
	return r < 0 ? r : tsem_channel_arm(e->channel, pidfd);
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	_cleanup_(close_fdp) int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int32_t answer;

	if (connection < 0)
		return 0;
	answer = enter(userdata, connection);
	/* If it does not get there quixote-join sees the end, and does not go on. */
	(void)send(connection, &answer, sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
	return 0;
}

/* Any user may connect, whatever the umask is. */
static int make_socket(struct entrance *e)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	e->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (e->listener < 0)
		return -errno;
	memcpy(address.sun_path, e->path, sizeof(e->path));
	if (unlink(e->path) < 0 && errno != ENOENT)
		return -errno;
	if (bind(e->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(e->path, 0666) < 0 || listen(e->listener, SOMAXCONN) < 0)
		return -errno;
	return 0;
}

int entrance_new(sd_event *event, const struct tsem_channel *channel, const char *unit,
		 struct entrance **ret)
{
	struct entrance *e = calloc(1, sizeof(*e));
	const char *directory = getenv(ENTRANCE_VARIABLE);
	int r;

	if (!e)
		return -ENOMEM;
	e->channel = channel;
	e->unit = unit;
	e->listener = -EBADF;
	r = snprintf(e->path, sizeof(e->path), "%s/%s", directory ?: ENTRANCE_DIRECTORY, unit);
	r = r < 0 || (size_t)r >= sizeof(e->path) ? -ENAMETOOLONG : make_socket(e);
	if (r >= 0)
		r = sd_event_add_io(event, &e->source, e->listener, EPOLLIN, on_connect, e);
	if (r < 0) {
		(void)entrance_free(e);
		return r;
	}
	*ret = e;
	return 0;
}

void entrance_close(struct entrance *e)
{
	if (!e || e->listener < 0)
		return;
	e->source = sd_event_source_disable_unref(e->source);
	e->listener = close_fd(e->listener);
	(void)unlink(e->path); /* else the next one does */
}

void entrance_kill(const struct entrance *e)
{
	_cleanup_(close_fdp) int fd = -EBADF;
	char path[PATH_MAX];

	if (!e || !e->group ||
	    snprintf(path, sizeof(path), CGROUP_ROOT "%s/cgroup.kill", e->group) >=
		    (int)sizeof(path))
		return;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)!write(fd, "1",
			     1); /* or they are gone; the kernel's count of members tells */
}

struct entrance *entrance_free(struct entrance *e)
{
	if (!e)
		return NULL;
	entrance_close(e);
	free(e->group);
	free(e);
	return NULL;
}
