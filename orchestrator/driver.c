// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * driver.c - see driver.h. A shim is as little trusted as the driver: it may
 * have a child of its own armed, which only takes rights away from that child.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "agent.h"
#include "driver.h"
#include "environment.h"
#include "shim.h"

#define SOCKET_NAME ".socket"

/* As many starts at once as any make -j; each is answered within a turn of the loop. */
#define CONNECTIONS_MAX 256

struct connection {
	struct driver *driver;
	struct connection *next;
	struct ucred peer;
	int fd;
	sd_event_source *source;
};

struct driver {
	sd_event *event;
	struct driver_params params;
	char dir[32];
	const char *name; /* of the program, without directory; inside params.program */
	char socket_path[64];
	int listener;
	sd_event_source *source;
	struct connection *connections;
	unsigned int connection_count;
	unsigned int start_count;
};

static void connection_free(struct connection *c)
{
	struct connection **link = &c->driver->connections;

	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	c->driver->connection_count--;
	sd_event_source_disable_unref(c->source);
	(void)close_fd(c->fd);
	free(c);
}

/* The one descriptor of a message. Its room ends aligned, so there may be more than one. */
static int take_only_fd(const struct cmsghdr *c)
{
	size_t bytes = c->cmsg_len - CMSG_LEN(0);
	int fd;

	for (size_t at = 0; at + sizeof(fd) <= bytes; at += sizeof(fd)) {
		memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
		if (bytes == sizeof(fd))
			return fd;
		(void)close_fd(fd);
	}
	return -EBADMSG;
}

/* The one descriptor of the one message; -EAGAIN if it is not there yet. */
static int receive_pidfd(int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {};
	char byte;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *c;

	if (recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&message);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	return take_only_fd(c);
}

static int read_line(const char *path, const char *key, long *ret)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	size_t length = strlen(key);
	char line[256];

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, length) == 0)
			return sscanf(line + length, " %ld", ret) == 1 ? 0 : -EBADMSG;
	}
	return -ENOENT;
}

static int pid_of(int pidfd, long *ret)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	return read_line(path, "Pid:", ret);
}

/* Whether a pidfd is a child of the peer. It is still that process at the end of this. */
static int check_child(int pidfd, const struct ucred *peer)
{
	long pid, parent, uid, again;
	char path[64];

	if (pid_of(pidfd, &pid) < 0 || pid <= 0)
		return -EBADF;
	(void)snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	if (read_line(path, "PPid:", &parent) < 0 || read_line(path, "Uid:", &uid) < 0)
		return -ESRCH;
	if (parent != peer->pid || (uid_t)uid != peer->uid)
		return -EPERM;
	return pid_of(pidfd, &again) < 0 || again != pid ? -ESRCH : 0;
}

static int arm(struct connection *c, int pidfd)
{
	int r;

	r = check_child(pidfd, &c->peer);
	if (r >= 0)
		r = tsem_channel_arm(c->driver->params.channel, pidfd);
	if (r >= 0)
		c->driver->start_count++;
	return r;
}

static int on_message(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	_cleanup_(close_fdp) int pidfd = receive_pidfd(fd);
	struct connection *c = userdata;
	int32_t answer;

	if (pidfd == -EAGAIN)
		return 0;
	answer = pidfd < 0 ? pidfd : arm(c, pidfd);
	/* If it does not get there the shim is gone, and its child with it. */
	(void)send(fd, &answer, sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
	connection_free(c);
	return 0;
}

static int connection_new(struct driver *d, int take_fd)
{
	struct connection *c = calloc(1, sizeof(*c));
	socklen_t size = sizeof(c->peer);
	int r = 0;

	if (!c) {
		(void)close_fd(take_fd);
		return -ENOMEM;
	}
	c->driver = d;
	c->fd = take_fd;
	c->next = d->connections;
	d->connections = c;
	d->connection_count++;
	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &c->peer, &size) < 0)
		r = -errno;
	else if (c->peer.uid != d->params.caller.uid || d->connection_count > CONNECTIONS_MAX)
		r = -EPERM;
	else
		r = sd_event_add_io(d->event, &c->source, c->fd, EPOLLIN, on_message, c);
	if (r < 0)
		connection_free(c);
	return r;
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (connection >= 0)
		(void)connection_new(userdata, connection); /* the shim sees the end and says so */
	return 0;
}

static int make_socket(struct driver *d)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	d->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->listener < 0)
		return -errno;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", d->socket_path);
	if (bind(d->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(d->listener, SOMAXCONN) < 0)
		return -errno;
	return sd_event_add_io(d->event, &d->source, d->listener, EPOLLIN, on_connect, d);
}

/* The directory belongs to the caller, whose driver uses it, and to nobody else. */
static int make_directory(struct driver *d, const char *shim)
{
	char path[PATH_MAX];

	(void)strcpy(d->dir, "/tmp/quixote-XXXXXX");
	if (!mkdtemp(d->dir)) {
		d->dir[0] = '\0';
		return -errno;
	}
	(void)snprintf(d->socket_path, sizeof(d->socket_path), "%s/" SOCKET_NAME, d->dir);
	if (snprintf(path, sizeof(path), "%s/%s", d->dir, d->name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return symlink(shim, path) < 0 ? -errno : make_socket(d);
}

int driver_new(sd_event *event, const struct driver_params *params, struct driver **ret)
{
	const char *slash = strrchr(params->program, '/');
	struct driver *d = calloc(1, sizeof(*d));
	struct file_identity before;
	char shim[PATH_MAX];
	int r;

	if (!d)
		return -ENOMEM;
	d->event = event;
	d->params = *params;
	d->name = slash ? slash + 1 : params->program;
	d->listener = -EBADF;
	r = agent_find_program("quixote-shim", shim, sizeof(shim));
	if (r >= 0) {
		before = privilege_files_as(params->caller);
		r = make_directory(d, shim);
		(void)privilege_files_as(before);
	}
	if (r < 0) {
		(void)driver_free(d);
		return r;
	}
	*ret = d;
	return 0;
}

struct driver *driver_free(struct driver *d)
{
	struct file_identity before;
	char path[PATH_MAX];

	if (!d)
		return NULL;
	while (d->connections)
		connection_free(d->connections);
	sd_event_source_disable_unref(d->source);
	(void)close_fd(d->listener);
	if (d->dir[0]) {
		before = privilege_files_as(d->params.caller);
		(void)unlink(d->socket_path); /* what cannot be removed stays in /tmp */
		if (snprintf(path, sizeof(path), "%s/%s", d->dir, d->name) < (int)sizeof(path))
			(void)unlink(path);
		(void)rmdir(d->dir);
		(void)privilege_files_as(before);
	}
	free(d);
	return NULL;
}

int driver_set_environment(const struct driver *d, char ***environment)
{
	const char *path = environment_get(*environment, "PATH");
	_cleanup_(freep) char *longer = NULL;
	int r;

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
