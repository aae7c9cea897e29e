// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * relay.c - see relay.h. One buffer: while it is empty the read side is
 * watched, while it is not the write side is. What epoll does not take (regular
 * files, /dev/null) never blocks and is driven by a deferred source instead.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "relay.h"

#define RELAY_BYTES (64u << 10)

struct side {
	int fd;
	bool deferred;
	sd_event_source *source;
};

struct relay {
	struct side from;
	struct side to;
	relay_done_fn *done;
	void *userdata;
	bool finished;
	size_t start;
	size_t end;
	char data[RELAY_BYTES];
};

static void side_close(struct side *side)
{
	side->source = sd_event_source_disable_unref(side->source);
	side->fd = close_fd(side->fd);
}

static void finish(struct relay *relay)
{
	if (relay->finished)
		return;
	relay->finished = true;
	side_close(&relay->from);
	side_close(&relay->to);
	if (relay->done)
		relay->done(relay, relay->userdata);
}

static bool is_retry(int error)
{
	return error == EAGAIN || error == EINTR;
}

static int arrange(struct relay *relay)
{
	bool full = relay->start < relay->end;
	int r;

	r = sd_event_source_set_enabled(relay->from.source, full ? SD_EVENT_OFF : SD_EVENT_ON);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(relay->to.source, full ? SD_EVENT_ON : SD_EVENT_OFF);
}

/* Not every kind of file can be told not to wait. */
static bool is_not_supported(int error)
{
	return error == EOPNOTSUPP || error == ENOSYS || error == EINVAL;
}

/* Who shares it may have read what was there. */
static ssize_t read_some(const struct side *side, char *data, size_t size)
{
	struct iovec part = { .iov_base = data, .iov_len = size };
	ssize_t n = side->deferred ? -1 : preadv2(side->fd, &part, 1, -1, RWF_NOWAIT);

	if (!side->deferred && (n >= 0 || !is_not_supported(errno)))
		return n;
	return read(side->fd, data, size);
}

static void take(struct relay *relay)
{
	ssize_t n = read_some(&relay->from, relay->data, sizeof(relay->data));

	if (n < 0 && is_retry(errno))
		return;
	if (n <= 0) { /* the end; a pty says so with EIO */
		finish(relay);
		return;
	}
	relay->start = 0;
	relay->end = n;
}

ssize_t relay_write(int fd, const char *data, size_t size)
{
	struct iovec part = { .iov_base = (char *)data, .iov_len = size };
	ssize_t n = pwritev2(fd, &part, 1, -1, RWF_NOWAIT);

	if (n >= 0 || !is_not_supported(errno))
		return n;
	/* Ready for writing means room for this much in whatever is polled. */
	return write(fd, data, size < PIPE_BUF ? size : PIPE_BUF);
}

static ssize_t write_some(const struct side *side, const char *data, size_t size)
{
	return side->deferred ? write(side->fd, data, size) : relay_write(side->fd, data, size);
}

static void give(struct relay *relay)
{
	ssize_t n = write_some(&relay->to, relay->data + relay->start, relay->end - relay->start);

	if (n < 0 && is_retry(errno))
		return;
	if (n < 0)
		finish(relay); /* closing the read side tells the writer, as the real end would */
	else
		relay->start += n;
}

static int step(struct relay *relay)
{
	if (relay->start < relay->end)
		give(relay);
	else
		take(relay);
	if (!relay->finished && arrange(relay) < 0)
		finish(relay);
	return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	return step(userdata);
}

static int on_defer(sd_event_source *source, void *userdata)
{
	return step(userdata);
}

static int side_open(struct relay *relay, sd_event *event, struct side *side, uint32_t events)
{
	int r;

	r = sd_event_add_io(event, &side->source, side->fd, events, on_io, relay);
	if (r == -EPERM) {
		side->deferred = true;
		r = sd_event_add_defer(event, &side->source, on_defer, relay);
	}
	if (r < 0)
		return r;
	/* Supervision first, then the workload's bytes. */
	r = sd_event_source_set_priority(side->source, SD_EVENT_PRIORITY_IDLE);
	if (r < 0)
		return r;
	return sd_event_source_set_description(side->source, "relay");
}

int relay_new(sd_event *event, const struct relay_params *params, struct relay **ret)
{
	struct relay *relay = malloc(sizeof(*relay));
	int r;

	if (!relay) {
		(void)close_fd(params->take_from);
		(void)close_fd(params->take_to);
		return -ENOMEM;
	}
	memset(relay, 0, offsetof(struct relay, data));
	relay->from.fd = params->take_from;
	relay->to.fd = params->take_to;
	relay->done = params->done;
	relay->userdata = params->userdata;

	r = side_open(relay, event, &relay->from, EPOLLIN);
	if (r >= 0)
		r = side_open(relay, event, &relay->to, EPOLLOUT);
	if (r >= 0)
		r = arrange(relay);
	if (r < 0) {
		(void)relay_free(relay);
		return r;
	}
	*ret = relay;
	return 0;
}

struct relay *relay_free(struct relay *relay)
{
	if (!relay)
		return NULL;
	side_close(&relay->from);
	side_close(&relay->to);
	free(relay);
	return NULL;
}

bool relay_is_done(const struct relay *relay)
{
	return !relay || relay->finished;
}
