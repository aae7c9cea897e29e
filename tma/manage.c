// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * manage.c - see manage.h. Descriptors are watched by edges, as in the loop: a
 * client is asked again only after it has said that it is ready.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "manage.h"

#define USEC_PER_SEC 1000000ull

/* How soon to look again at connections that came too fast, or at a client that takes nothing. */
#define SOON_MSEC 50

/* Nobody looked for so long: this process did not run, nor perhaps the whole machine. */
#define LATE_USEC (4 * SOON_MSEC * 1000ull)

int manage_init(struct manage *manage, int listener, int epoll, uid_t caller,
		struct answer_source *source)
{
	*manage = (struct manage){
		.listener = listener,
		.epoll = epoll,
		.caller = caller,
		.source = source,
		.connections = { .left = MANAGE_BURST },
	};
	for (size_t i = 0; i < MANAGE_CLIENTS; i++) {
		struct client *client = &manage->clients[i];

		client->fd = -EBADF;
		client->reply.size = ANSWER_BYTES;
		client->reply.data = malloc(ANSWER_BYTES);
		if (!client->reply.data)
			return -ENOMEM;
	}
	return 0;
}

static bool take_allowance(struct allowance *a, uint64_t now_usec)
{
	uint64_t more = (now_usec - a->usec) * MANAGE_PER_SECOND / USEC_PER_SEC;

	if (more) {
		a->left = more > MANAGE_BURST - a->left ? MANAGE_BURST : a->left + more;
		a->usec = now_usec;
	}
	if (!a->left)
		return false;
	a->left--;
	return true;
}

/* Clients. */

static void end_client(struct client *client)
{
	client->fd = close_fd(client->fd);
	client->answer.kind = ANSWER_NOTHING;
}

static void drop_client(struct manage *manage, struct client *client)
{
	end_client(client);
	manage->source->losses.clients_dropped++;
}

static void find_call(struct client *client)
{
	const char *nul = memchr(client->in, '\0', client->in_used);

	client->call_end = nul ? (size_t)(nul + 1 - client->in) : 0;
}

/* Whether it may be read: what it asked before has been answered. */
static bool listens(const struct client *client)
{
	return !reply_is_pending(&client->reply) && client->answer.kind == ANSWER_NOTHING;
}

static bool has_work(const struct client *client)
{
	if (client->fd < 0)
		return false;
	if (reply_is_pending(&client->reply))
		return client->writable;
	if (client->answer.kind != ANSWER_NOTHING)
		return answer_has_more(&client->answer);
	return client->call_end || client->readable;
}

static bool is_stuck(const struct client *client, uint64_t now_usec)
{
	return client->fd >= 0 && reply_is_pending(&client->reply) && !client->writable &&
	       now_usec - client->progress_usec > MANAGE_STUCK_USEC;
}

static void send_reply(struct client *client, uint64_t now_usec)
{
	struct reply *reply = &client->reply;
	ssize_t n = send(client->fd, reply->data + reply->begin, reply->end - reply->begin,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno == EAGAIN) {
		client->writable = false;
		return;
	}
	if (n < 0) {
		if (errno != EINTR)
			end_client(client); /* it is gone, which is its right */
		return;
	}
	client->progress_usec = now_usec;
	reply->begin += n;
	if (!reply_is_pending(reply))
		reply->begin = reply->end = 0;
}

static void read_client(struct manage *manage, struct client *client)
{
	ssize_t n = recv(client->fd, client->in + client->in_used,
			 sizeof(client->in) - client->in_used, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN) {
		client->readable = false;
		return;
	}
	if (n <= 0) {
		if (n == 0 || errno != EINTR)
			end_client(client);
		return;
	}
	client->in_used += n;
	find_call(client);
	if (!client->call_end && client->in_used == sizeof(client->in))
		drop_client(manage, client);
}

static void take_call(struct manage *manage, struct client *client, uint64_t now_usec)
{
	struct call call;

	if (!take_allowance(&client->calls, now_usec) ||
	    call_parse(client->in, client->call_end - 1, &call) < 0) {
		drop_client(manage, client);
		return;
	}
	client->progress_usec = now_usec;
	answer_begin(&client->answer, manage->source, &call, now_usec, &client->reply);
	client->in_used -= client->call_end;
	memmove(client->in, client->in + client->call_end, client->in_used);
	find_call(client);
}

static void step_client(struct manage *manage, struct client *client, uint64_t now_usec)
{
	if (reply_is_pending(&client->reply))
		send_reply(client, now_usec);
	else if (client->answer.kind != ANSWER_NOTHING)
		answer_continue(&client->answer, manage->source, &client->reply);
	else if (client->call_end)
		take_call(manage, client, now_usec);
	else
		read_client(manage, client);
}

/* Connections. */

/* A free place, or that of the client which has been silent for the longest. The last is root's. */
static struct client *find_place(struct manage *manage, uid_t peer)
{
	const size_t places = peer == 0 ? MANAGE_CLIENTS : MANAGE_CLIENTS - 1;
	struct client *oldest = NULL;

	for (size_t i = 0; i < places; i++) {
		struct client *client = &manage->clients[i];

		if (client->fd < 0)
			return client;
		if (listens(client) && (!oldest || client->progress_usec < oldest->progress_usec))
			oldest = client;
	}
	if (oldest)
		end_client(oldest);
	return oldest;
}

static bool may_connect(const struct manage *manage, int fd, uid_t *ret)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || size != sizeof(peer) ||
	    (peer.uid != 0 && peer.uid != manage->caller))
		return false;
	*ret = peer.uid;
	return true;
}

static void add_client(struct manage *manage, int take_fd, uint64_t now_usec)
{
	_cleanup_(close_fdp) int fd = take_fd;
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd };
	struct client *client;
	uid_t peer;

	if (!may_connect(manage, fd, &peer)) {
		manage->source->losses.clients_refused++;
		return;
	}
	client = find_place(manage, peer);
	if (!client || epoll_ctl(manage->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		manage->source->losses.clients_dropped++;
		return;
	}
	client->fd = TAKE_FD(fd);
	client->readable = client->writable = true;
	client->progress_usec = now_usec;
	client->calls = (struct allowance){ .usec = now_usec, .left = MANAGE_BURST };
	client->in_used = client->call_end = 0;
	client->reply.begin = client->reply.end = 0;
	client->answer = (struct answer){ .kind = ANSWER_NOTHING };
}

static void connect_client(struct manage *manage, uint64_t now_usec)
{
	int fd;

	if (!take_allowance(&manage->connections, now_usec))
		return; /* whoever connects waits, in a queue of the kernel that is short */
	fd = accept4(manage->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		add_client(manage, fd, now_usec);
	else if (errno == EAGAIN)
		manage->connecting = false;
}

/* The loop's side. */

void manage_wake(struct manage *manage, int fd, uint32_t events)
{
	if (fd == manage->listener) {
		manage->connecting = true;
		return;
	}
	for (size_t i = 0; i < MANAGE_CLIENTS; i++) {
		struct client *client = &manage->clients[i];

		if (client->fd != fd)
			continue;
		client->readable |= (events & EPOLLIN) != 0;
		client->writable |= (events & EPOLLOUT) != 0;
		if (events & (EPOLLHUP | EPOLLERR))
			end_client(client);
	}
}

int manage_timeout(const struct manage *manage)
{
	int timeout = -1;

	if (manage->connecting && manage->connections.left)
		return 0;
	if (manage->connecting)
		timeout = SOON_MSEC;
	for (size_t i = 0; i < MANAGE_CLIENTS; i++) {
		const struct client *client = &manage->clients[i];

		if (has_work(client))
			return 0;
		if (client->fd >= 0 && reply_is_pending(&client->reply))
			timeout = SOON_MSEC;
	}
	return timeout;
}

/* Time in which nobody could have taken anything from us is not a client's. */
static void forgive(struct manage *manage, uint64_t now_usec)
{
	uint64_t late = now_usec - manage->looked_usec;

	manage->looked_usec = now_usec;
	if (late <= LATE_USEC)
		return;
	for (size_t i = 0; i < MANAGE_CLIENTS; i++)
		manage->clients[i].progress_usec += late;
}

void manage_step(struct manage *manage, uint64_t now_usec)
{
	forgive(manage, now_usec);
	/* The listener has a turn as every client has. */
	for (unsigned int i = 0; i <= MANAGE_CLIENTS; i++) {
		unsigned int turn = (manage->next + i) % (MANAGE_CLIENTS + 1);
		struct client *client = &manage->clients[turn];

		if (turn == MANAGE_CLIENTS && manage->connecting) {
			connect_client(manage, now_usec);
		} else if (turn < MANAGE_CLIENTS && has_work(client)) {
			step_client(manage, client, now_usec);
		} else {
			if (turn < MANAGE_CLIENTS && is_stuck(client, now_usec))
				drop_client(manage, client);
			continue;
		}
		manage->next = turn + 1;
		return;
	}
}
