// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * armer.c - see armer.h. Whoever asks is as little trusted as what it starts: it may
 * have a process of its own armed, which only takes rights away from that process.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "armer.h"

/* glibc of Debian 12 does not have these. */
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

/* As many starts at once as any make -j; each is answered within a turn of the loop. */
#define CONNECTIONS_MAX 256

struct connection {
	struct armer *armer;
	struct connection *next;
	struct ucred peer;
	int fd;
	sd_event_source *source;
};

struct armer {
	sd_event *event;
	struct armer_params params;
	char *path;
	int listener;
	sd_event_source *source;
	struct connection *connections;
	unsigned int connection_count;
};

static void connection_free(struct connection *c)
{
	struct connection **link = &c->armer->connections;

	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	c->armer->connection_count--;
	sd_event_source_disable_unref(c->source);
	(void)close_fd(c->fd);
	free(c);
}

/* The only descriptor of a control message; more are closed. */
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

/**
 * struct question - A message.
 * @passed: Pidfd that was sent; -EBADF if none was, -EBADMSG if more than one.
 * @sender: Pidfd of the sender, from the kernel; -EBADF if it knows none.
 */
struct question {
	int passed;
	int sender;
};

static void question_done(struct question *q)
{
	(void)close_fd(q->passed);
	(void)close_fd(q->sender);
}

static int question_receive(int fd, struct question *ret)
{
	union {
		struct cmsghdr header;
		char room[2 * CMSG_SPACE(sizeof(int))];
	} control = {};
	char byte;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_RIGHTS)
			ret->passed = take_only_fd(c);
		else if (c->cmsg_type == SCM_PIDFD)
			ret->sender = take_only_fd(c);
	}
	return n == 1 && ret->passed != -EBADMSG ? 0 : -EBADMSG;
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

/*
 * A child of who asks, or a process with the connection itself: never one of another user,
 * whose rights would be taken away. For a runtime root asks, who does to any process what it
 * likes.
 */
static int check_process(const struct armer *a, const struct question *q, const struct ucred *peer,
			 pid_t *ret)
{
	int pidfd = q->passed < 0 ? q->sender : q->passed;
	long pid, parent, uid, again;
	char path[64];

	if (pid_of(pidfd, &pid) < 0 || pid <= 0)
		return -EBADF;
	*ret = pid;
	if (peer->uid == 0 && a->params.runtime)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	if (read_line(path, "PPid:", &parent) < 0 || read_line(path, "Uid:", &uid) < 0)
		return -ESRCH;
	if ((q->passed >= 0 && parent != peer->pid) || (uid_t)uid != peer->uid)
		return -EPERM;
	/* It was still that process at the end of this. */
	return pid_of(pidfd, &again) < 0 || again != pid ? -ESRCH : 0;
}

static int arm(struct connection *c, const struct question *q)
{
	const struct armer_params *params = &c->armer->params;
	int r, pidfd = q->passed < 0 ? q->sender : q->passed;
	pid_t pid;

	r = check_process(c->armer, q, &c->peer, &pid);
	if (r >= 0)
		r = tsem_channel_arm(params->channel, pidfd);
	if (r >= 0 && params->armed)
		r = params->armed(pid, pidfd, params->userdata);
	return r;
}

static int on_message(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	_cleanup_(question_done) struct question question = { -EBADF, -EBADF };
	struct connection *c = userdata;
	int r = question_receive(fd, &question);
	int32_t answer;

	if (r == -EAGAIN)
		return 0;
	answer = r < 0 ? r : arm(c, &question);
	/* If it does not get there whoever asked is gone, and what it would start with it. */
	(void)send(fd, &answer, sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
	connection_free(c);
	return 0;
}

static int connection_new(struct armer *a, int take_fd)
{
	struct connection *c = calloc(1, sizeof(*c));
	socklen_t size = sizeof(c->peer);
	int r = 0;

	if (!c) {
		(void)close_fd(take_fd);
		return -ENOMEM;
	}
	c->armer = a;
	c->fd = take_fd;
	c->next = a->connections;
	a->connections = c;
	a->connection_count++;
	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &c->peer, &size) < 0)
		r = -errno;
	else if ((c->peer.uid != a->params.uid && c->peer.uid != 0) ||
		 a->connection_count > CONNECTIONS_MAX)
		r = -EPERM;
	else
		r = sd_event_add_io(a->event, &c->source, c->fd, EPOLLIN, on_message, c);
	if (r < 0)
		connection_free(c);
	return r;
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (connection >= 0)
		(void)connection_new(userdata,
				     connection); /* whoever asks sees the end and says so */
	return 0;
}

static int make_socket(struct armer *a)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int on = 1;

	a->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (a->listener < 0)
		return -errno;
	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", a->path) >=
	    (int)sizeof(address.sun_path))
		return -ENAMETOOLONG;
	/* Older kernels know no sender, and then none is armed. Connections inherit it. */
	(void)setsockopt(a->listener, SOL_SOCKET, SO_PASSPIDFD, &on, sizeof(on));
	if (fchmod(a->listener, 0600) < 0 ||
	    bind(a->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(a->listener, SOMAXCONN) < 0)
		return -errno;
	return sd_event_add_io(a->event, &a->source, a->listener, EPOLLIN, on_connect, a);
}

int armer_new(sd_event *event, const struct armer_params *params, const char *path,
	      struct armer **ret)
{
	struct armer *a = calloc(1, sizeof(*a));
	int r = -ENOMEM;

	if (!a)
		return r;
	*a = (struct armer){ .event = event, .params = *params, .listener = -EBADF };
	a->path = strdup(path);
	if (a->path)
		r = make_socket(a);
	if (r < 0) {
		(void)armer_free(a);
		return r;
	}
	*ret = a;
	return 0;
}

struct armer *armer_free(struct armer *a)
{
	if (!a)
		return NULL;
	while (a->connections)
		connection_free(a->connections);
	sd_event_source_disable_unref(a->source);
	(void)close_fd(a->listener);
	free(a->path);
	free(a);
	return NULL;
}
