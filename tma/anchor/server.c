// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * server.c - see server.h. An orchestrator is root, or the anchor's own user:
 * nobody else is answered. What one sends can say something wrong of its own
 * workload only.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../../libtsem/cleanup.h"
#include "feed.h"
#include "server.h"

/* How long others may join an extension: a person does not notice, a burst of starts fits in. */
#define GATHER_MSEC 20

/* More than a line holds of what was sent while nobody read; who sends without end holds up nobody.
 */
#define HEAR_MESSAGES 1024u

#define MSEC_PER_SEC 1000ll

/**
 * struct client - A workload.
 * @fd: Negative if the place is free.
 * @named: It has sent an entry; @entry is its newest state, with the time when that was heard:
 *         however often it is written again, it does not become younger.
 * @running: Its newest entry is not a stop.
 * @waiting: It wants to know when everything pending is in the TPM.
 */
struct client {
	int fd;
	bool named;
	bool running;
	bool waiting;
	struct tsem_anchor_entry entry;
};

/**
 * struct server - All of them.
 * @pending: Entries that are gathered.
 * @from: Index of the client that each is from, and that is answered; or -1.
 * @pending_count: Of them.
 * @flush_msec: When they are extended with; valid if there are any, or somebody waits.
 * @interval_msec: When the state of all goes in.
 */
struct server {
	int socket;
	struct store *store;
	struct client clients[SERVER_CLIENTS];
	struct tsem_anchor_entry pending[TSEM_ANCHOR_BATCH];
	int from[TSEM_ANCHOR_BATCH];
	size_t pending_count;
	bool wanted;
	int64_t flush_msec;
	int64_t interval_msec;
};

static int64_t now_msec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail */
	return (int64_t)now.tv_sec * MSEC_PER_SEC + now.tv_nsec / 1000000;
}

static uint64_t now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

int server_new(int socket, struct store *store, struct server **ret)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->socket = socket;
	s->store = store;
	for (size_t i = 0; i < SERVER_CLIENTS; i++)
		s->clients[i].fd = -EBADF;
	s->interval_msec = now_msec() + store->settings->interval_sec * MSEC_PER_SEC;
	*ret = s;
	return 0;
}

/* Who does not take an answer does not want one. */
static void answer(struct client *client, enum feed_result result, uint64_t number)
{
	const struct feed_answer a = { .result = result, .number = number };

	if (client->fd >= 0)
		(void)!send(client->fd, &a, sizeof(a), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void hang_up(struct server *s, struct client *client)
{
	for (size_t i = 0; i < s->pending_count; i++) {
		if (s->from[i] == client - s->clients)
			s->from[i] = -1;
	}
	client->fd = close_fd(client->fd);
	client->named = client->running = client->waiting = false;
}

static void want_flush(struct server *s)
{
	if (!s->wanted)
		s->flush_msec = now_msec() + GATHER_MSEC;
	s->wanted = true;
}

static int flush(struct server *s)
{
	int r = s->pending_count ? store_append(s->store, s->pending, s->pending_count) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < s->pending_count; i++) {
		if (s->from[i] >= 0)
			answer(&s->clients[s->from[i]], FEED_ANCHORED, s->pending[i].number);
	}
	s->pending_count = 0;
	for (size_t i = 0; i < SERVER_CLIENTS; i++) {
		if (s->clients[i].waiting)
			answer(&s->clients[i], FEED_ANCHORED, 0);
		s->clients[i].waiting = false;
	}
	s->wanted = false;
	return 0;
}

static int add(struct server *s, const struct tsem_anchor_entry *entry, int from)
{
	int r = s->pending_count == TSEM_ANCHOR_BATCH ? flush(s) : 0;

	if (r < 0)
		return r;
	s->pending[s->pending_count] = *entry;
	s->from[s->pending_count++] = from;
	want_flush(s);
	return 0;
}

/* Of each workload that runs, as it was heard of last. */
static int add_states(struct server *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < SERVER_CLIENTS; i++) {
		struct tsem_anchor_entry entry = s->clients[i].entry;

		if (!s->clients[i].running)
			continue;
		entry.kind = TSEM_ANCHOR_INTERVAL;
		r = add(s, &entry, -1);
	}
	return r;
}

/* Texts may be anything here. */
static bool take_text(char *to, size_t room, const char *from, size_t size)
{
	size_t length = strnlen(from, size);

	if (length == size || length >= room)
		return false;
	memcpy(to, from, length + 1);
	return true;
}

static bool to_entry(const struct feed_message *m, struct tsem_anchor_entry *ret)
{
	*ret = (struct tsem_anchor_entry){
		.number = 1, /* the log counts */
		.kind = m->kind,
		.mode = m->mode,
		.version = m->version,
		.events = m->events,
		.outside = m->outside,
		.lost = m->lost,
	};
	return !m->zero &&
	       take_text(ret->workload, sizeof(ret->workload), m->workload, sizeof(m->workload)) &&
	       take_text(ret->model, sizeof(ret->model), m->model, sizeof(m->model)) &&
	       take_text(ret->state, sizeof(ret->state), m->state, sizeof(m->state)) &&
	       take_text(ret->measurement, sizeof(ret->measurement), m->measurement,
			 sizeof(m->measurement)) &&
	       tsem_anchor_entry_is_valid(ret);
}

/* By whom, or NULL. Who has said that it ended feeds nothing any more. */
static struct client *find_feeder(struct server *s, const struct client *except,
				  const char *workload)
{
	for (size_t i = 0; i < SERVER_CLIENTS; i++) {
		struct client *c = &s->clients[i];

		if (c != except && c->fd >= 0 && c->named && c->running &&
		    !strcmp(c->entry.workload, workload))
			return c;
	}
	return NULL;
}

/* Workloads that are not in the log yet, as many as are pending too. */
static size_t chains_wanted(const struct server *s)
{
	return s->store->log.chain_count + s->pending_count;
}

/* One that need not be signed has no version, and replaces none. */
static enum feed_result refuse_older(const struct server *s, const struct tsem_anchor_entry *entry,
				     uint64_t *ret_number)
{
	const struct tsem_anchor_chain *chain =
		tsem_anchor_log_find(&s->store->log, entry->workload);

	if (!chain || !entry->version || entry->version >= chain->version)
		return 0;
	*ret_number = chain->version;
	return FEED_OLD;
}

/* What a first entry must be. Returns 0 if it is that. */
static enum feed_result refuse_first(struct server *s, const struct client *client,
				     const struct tsem_anchor_entry *entry, uint64_t *ret_number)
{
	const struct tsem_anchor_chain *chain =
		tsem_anchor_log_find(&s->store->log, entry->workload);

	if (entry->kind != TSEM_ANCHOR_START && entry->kind != TSEM_ANCHOR_RESUME)
		return FEED_GARBAGE;
	if (find_feeder(s, client, entry->workload))
		return FEED_BUSY;
	if (!chain && chains_wanted(s) >= TSEM_ANCHOR_CHAINS)
		return FEED_FULL;
	return refuse_older(s, entry, ret_number);
}

/* A start while it runs is another model. */
static enum feed_result refuse_next(const struct server *s, const struct client *client,
				    const struct tsem_anchor_entry *entry, uint64_t *ret_number)
{
	if (strcmp(entry->workload, client->entry.workload) != 0 || !client->running ||
	    entry->kind == TSEM_ANCHOR_RESUME || entry->kind == TSEM_ANCHOR_GONE)
		return FEED_GARBAGE;
	return entry->kind == TSEM_ANCHOR_START ? refuse_older(s, entry, ret_number) : 0;
}

static int serve_client(struct server *s, struct client *client);

static bool has_more(const struct client *client)
{
	struct pollfd wait = { .fd = client->fd, .events = POLLIN };

	return client->fd >= 0 && poll(&wait, 1, 0) > 0;
}

/* The end of a workload was sent before its next begin, on another line: after having been held up
 * it has to be read before that, too. */
static int hear_out(struct server *s, const struct client *except, const char *workload)
{
	struct client *feeder = find_feeder(s, except, workload);
	int r = 0;

	for (unsigned int i = 0;
	     r == 0 && feeder && i < HEAR_MESSAGES && feeder->running && has_more(feeder); i++)
		r = serve_client(s, feeder);
	return r;
}

static int take_entry(struct server *s, struct client *client, const struct feed_message *m)
{
	struct tsem_anchor_entry entry;
	enum feed_result result = FEED_GARBAGE;
	bool valid = to_entry(m, &entry);
	uint64_t number = 0;
	int r = valid && !client->named ? hear_out(s, client, entry.workload) : 0;

	if (r < 0)
		return r;
	if (valid)
		result = client->named ? refuse_next(s, client, &entry, &number)
				       : refuse_first(s, client, &entry, &number);
	if (result) {
		answer(client, result, number);
		return -EPROTO;
	}
	entry.time_usec = now_usec();
	client->named = true;
	client->running = entry.kind != TSEM_ANCHOR_STOP;
	client->entry = entry;
	return m->request == FEED_ENTRY ? add(s, &entry, (int)(client - s->clients)) : 0;
}

static int take_flush(struct server *s, struct client *client)
{
	int r = add_states(s);

	client->waiting = true;
	want_flush(s);
	return r;
}

/* Returns -EPROTO if the client is to go, another errno if the store has failed. */
static int take_message(struct server *s, struct client *client)
{
	struct feed_message m;
	ssize_t n = recv(client->fd, &m, sizeof(m), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -EPROTO;
	if (n == sizeof(m) && m.request == FEED_FLUSH)
		return take_flush(s, client);
	if (n == sizeof(m) &&
	    (m.request == FEED_ENTRY || (m.request == FEED_STATE && client->named)))
		return take_entry(s, client, &m);
	answer(client, FEED_GARBAGE, 0);
	return -EPROTO;
}

/* It may have gone with its workload, or its workload may run without it. */
static int end_client(struct server *s, struct client *client)
{
	struct tsem_anchor_entry entry = client->entry;
	bool running = client->running;

	hang_up(s, client);
	if (!running)
		return 0;
	entry.kind = TSEM_ANCHOR_GONE;
	entry.time_usec = now_usec();
	return add(s, &entry, -1);
}

static int serve_client(struct server *s, struct client *client)
{
	int r = take_message(s, client);

	return r == -EPROTO ? end_client(s, client) : r;
}

static bool may_feed(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static void take_place(struct server *s, int take_fd)
{
	for (size_t i = 0; may_feed(take_fd) && i < SERVER_CLIENTS; i++) {
		if (s->clients[i].fd < 0) {
			s->clients[i] = (struct client){ .fd = take_fd };
			return;
		}
	}
	(void)close_fd(take_fd); /* who is hung up on has been told enough */
}

static void accept_clients(struct server *s)
{
	int fd;

	while ((fd = accept4(s->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		take_place(s, fd);
}

static int do_what_is_due(struct server *s)
{
	int64_t now = now_msec();
	int r = 0;

	if (now >= s->interval_msec) {
		s->interval_msec = now + s->store->settings->interval_sec * MSEC_PER_SEC;
		r = add_states(s);
	}
	if (r == 0 && s->wanted && now >= s->flush_msec)
		r = flush(s);
	return r;
}

static int wait_msec(const struct server *s)
{
	int64_t now = now_msec(), until = s->interval_msec;

	if (s->wanted && s->flush_msec < until)
		until = s->flush_msec;
	return until > now ? (int)(until - now) : 0;
}

int server_run(struct server *s, int signals)
{
	struct pollfd fds[2 + SERVER_CLIENTS];
	int r = 0;

	while (r == 0) {
		fds[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = s->socket, .events = POLLIN };
		for (size_t i = 0; i < SERVER_CLIENTS; i++)
			fds[2 + i] = (struct pollfd){ .fd = s->clients[i].fd, .events = POLLIN };
		if (poll(fds, ARRAY_SIZE(fds), wait_msec(s)) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents)
			return flush(s);
		for (size_t i = 0; r == 0 && i < SERVER_CLIENTS; i++) {
			if (fds[2 + i].fd >= 0 && fds[2 + i].revents && s->clients[i].fd >= 0)
				r = serve_client(s, &s->clients[i]);
		}
		if (fds[1].revents)
			accept_clients(s);
		if (r == 0)
			r = do_what_is_due(s);
	}
	return r;
}
