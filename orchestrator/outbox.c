// SPDX-License-Identifier: LGPL-2.1-or-later
/* outbox.c - see outbox.h. */
#include "outbox.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "../libtsem/cleanup.h"
#include "relay.h"

static bool is_ready(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	return poll(&ready, 1, 0) == 1;
}

/* Return: What has gone out, -EAGAIN if there is no room, or another errno. */
static ssize_t put(const struct outbox *box, const char *data, size_t size)
{
	ssize_t n;

	if (box->kind->socket)
		n = send(box->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	else if (!box->source)
		n = write(box->fd, data, size);
	else if (is_ready(box->fd))
		n = relay_write(box->fd, data, size);
	else
		return -EAGAIN;
	return n < 0 ? -errno : n;
}

static void drop(struct outbox *box, size_t size)
{
	box->size -= size;
	memmove(box->pending, box->pending + size, box->size);
}

/* The rest of a message stays: a terminal takes parts. */
static void shorten(struct outbox *box, uint16_t size, size_t gone)
{
	uint16_t left = size - gone;

	if (!left) {
		drop(box, sizeof(size) + size);
		return;
	}
	drop(box, gone);
	memcpy(box->pending, &left, sizeof(left));
}

static bool put_first(struct outbox *box)
{
	uint16_t size;
	ssize_t n;

	memcpy(&size, box->pending, sizeof(size));
	n = put(box, box->pending + sizeof(size), size);
	if (n == -EINTR)
		return true;
	if (n == -EAGAIN)
		return false;
	if (n < 0) {
		outbox_close(box); /* nobody is there: for the next message it is tried again */
		return false;
	}
	shorten(box, size, n);
	return true;
}

static void append(struct outbox *box, const char *data, uint16_t size)
{
	memcpy(box->pending + box->size, &size, sizeof(size));
	memcpy(box->pending + box->size + sizeof(size), data, size);
	box->size += sizeof(size) + size;
}

static void tell_lost(struct outbox *box)
{
	char text[128];
	int n;

	if (!box->lost || !box->kind->lost)
		return;
	n = snprintf(text, sizeof(text), box->kind->lost, box->lost);
	box->lost = 0;
	append(box, text, n);
}

static void flush(struct outbox *box)
{
	bool waits;

	do {
		while (box->size && put_first(box))
			;
		waits = box->size;
		if (!waits)
			tell_lost(box);
	} while (!waits && box->size);
	if (box->source)
		(void)sd_event_source_set_enabled(box->source, waits ? SD_EVENT_ON : SD_EVENT_OFF);
	if (!waits && box->kind->socket)
		outbox_close(box); /* the next message finds whoever listens then */
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct outbox *box = userdata;

	flush(box);
	if (!box->size && box->told)
		box->told(box->userdata);
	return 0;
}

/* Regular files and the like are no case for poll: they are always ready. */
static int open_box(struct outbox *box)
{
	int r = box->fd = box->kind->open();

	if (r < 0 || !box->event)
		return r;
	r = sd_event_add_io(box->event, &box->source, box->fd, EPOLLOUT, on_ready, box);
	if (r == -EPERM && !box->kind->socket)
		return 0;
	if (r >= 0)
		r = sd_event_source_set_enabled(box->source, SD_EVENT_OFF);
	return r;
}

void outbox_add(struct outbox *box, const char *data, size_t size)
{
	if (box->fd < 0 && open_box(box) < 0) {
		outbox_close(box);
		return;
	}
	if (size > OUTBOX_MESSAGE_BYTES ||
	    size + sizeof(uint16_t) > sizeof(box->pending) - box->size)
		box->lost++;
	else
		append(box, data, size);
	flush(box);
}

bool outbox_is_empty(const struct outbox *box)
{
	return !box->size;
}

void outbox_close(struct outbox *box)
{
	box->source = sd_event_source_disable_unref(box->source);
	box->fd = close_fd(box->fd);
	box->size = 0;
}
