// SPDX-License-Identifier: LGPL-2.1-or-later
/* connection.c - see connection.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/directory.h"
#include "connection.h"

/* Through the directory, as an address is shorter than a path may be. */
static int connect_in(int socket, int dir)
{
	const struct timeval limit = { .tv_sec = CONNECTION_MSEC / 1000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir,
		       DIRECTORY_SOCKET); /* it fits */
	/* Without it a queue that is full would be waited for as long as it is. */
	if (setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	return connect(socket, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

int connection_open(const char *dir, struct connection *ret)
{
	_cleanup_(close_fdp) int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(close_fdp) int fd = -EBADF;
	char *data;
	int r;

	if (dir_fd < 0)
		return -errno;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = connect_in(fd, dir_fd);
	if (r < 0)
		return r == -EAGAIN ? -ETIMEDOUT : r;
	data = malloc(CONNECTION_ANSWER_BYTES);
	if (!data)
		return -ENOMEM;
	*ret = (struct connection){ .fd = TAKE_FD(fd), .data = data };
	return 0;
}

void connection_close(struct connection *c)
{
	free(c->data);
	(void)close_fd(c->fd);
	*c = CONNECTION_EMPTY;
}

int connection_call(struct connection *c, const char *method, const char *parameters, bool more)
{
	_cleanup_(freep) char *text = NULL;
	ssize_t n;
	int size;

	size = asprintf(&text, "{\"method\":\"org.quixote.Workload.%s\",\"parameters\":%s%s}",
			method, parameters, more ? ",\"more\":true" : "");
	if (size < 0)
		return -ENOMEM;
	n = send(c->fd, text, size + 1, MSG_NOSIGNAL); /* with its NUL, which ends it */
	if (n < 0)
		return -errno;
	return n == size + 1 ? 0 : -EIO;
}

static uint64_t now_msec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Of the time for a whole answer, what is left: who sends byte by byte gets no more. */
static int left_msec(uint64_t begin_msec, int timeout_msec)
{
	uint64_t passed = now_msec() - begin_msec;

	if (timeout_msec < 0)
		return timeout_msec;
	return passed < (uint64_t)timeout_msec ? timeout_msec - (int)passed : 0;
}

static int fill(struct connection *c, int timeout_msec)
{
	struct pollfd ready = { .fd = c->fd, .events = POLLIN };
	ssize_t n;
	int r;

	if (c->used == CONNECTION_ANSWER_BYTES)
		return -EBADMSG;
	r = poll(&ready, 1, timeout_msec);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	n = recv(c->fd, c->data + c->used, CONNECTION_ANSWER_BYTES - c->used, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN ? 0 : errno == ECONNRESET ? -EPIPE : -errno;
	c->used += n;
	return n ? 0 : -EPIPE;
}

int connection_receive(struct connection *c, int timeout_msec, struct answer *ret)
{
	uint64_t begin_msec = now_msec();
	size_t looked = 0;

	c->used -= c->taken;
	memmove(c->data, c->data + c->taken, c->used);
	c->taken = 0;
	for (;;) {
		const char *nul = memchr(c->data + looked, '\0', c->used - looked);
		int r;

		if (nul) {
			c->taken = nul + 1 - c->data;
			return answer_parse(c->data, nul - c->data, ret);
		}
		looked = c->used;
		r = fill(c, left_msec(begin_msec, timeout_msec));
		if (r < 0)
			return r;
	}
}
