// SPDX-License-Identifier: LGPL-2.1-or-later
/* bell.c - see bell.h. */
#include "bell.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "directory.h"

/* Who asks while another one waits is told so at once. */
#define BACKLOG 4

struct bell {
	int dir;
	uid_t uid;
	void (*rung)(void *userdata);
	void *userdata;
	int listener;
	int asking; /* connection of who waits for an answer */
	sd_event_source *source;
};

static void say(int fd, int result, const char *text)
{
	struct bell_answer answer = { .result = result };

	(void)snprintf(answer.text, sizeof(answer.text), "%s", text); /* cut, if it must be */
	/* If it does not get there who has asked is gone, and the journal has it. */
	(void)send(fd, &answer, sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool may_ask(const struct bell *bell, int fd)
{
	socklen_t size = sizeof(struct ucred);
	struct ucred peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       (peer.uid == 0 || peer.uid == bell->uid);
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	_cleanup_(close_fdp) int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct bell *bell = userdata;

	if (connection < 0)
		return 0;
	if (!may_ask(bell, connection)) {
		say(connection, -EPERM, "only root and who runs the workload may ask for that");
	} else if (bell->asking >= 0) {
		say(connection, -EBUSY, "it is taking a new model already; ask when that is done");
	} else {
		bell->asking = TAKE_FD(connection);
		bell->rung(bell->userdata);
	}
	return 0;
}

/* Through the descriptor, as an address is shorter than a path may be. */
static int make_socket(struct bell *bell)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	bell->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bell->listener < 0 || fchmod(bell->listener, 0600) < 0)
		return -errno;
	if (unlinkat(bell->dir, DIRECTORY_BELL, 0) < 0 && errno != ENOENT)
		return -errno;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", bell->dir,
		       DIRECTORY_BELL); /* it fits */
	if (bind(bell->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(bell->listener, BACKLOG) < 0)
		return -errno;
	return 0;
}

int bell_new(sd_event *event, int dir, uid_t uid, void (*rung)(void *userdata), void *userdata,
	     struct bell **ret)
{
	struct bell *bell = calloc(1, sizeof(*bell));
	int r;

	if (!bell)
		return -ENOMEM;
	*bell = (struct bell){ .dir = dir,
			       .uid = uid,
			       .rung = rung,
			       .userdata = userdata,
			       .listener = -EBADF,
			       .asking = -EBADF };
	r = make_socket(bell);
	if (r >= 0)
		r = sd_event_add_io(event, &bell->source, bell->listener, EPOLLIN, on_connect,
				    bell);
	if (r < 0) {
		(void)bell_free(bell);
		return r;
	}
	*ret = bell;
	return 0;
}

void bell_answer(struct bell *bell, int result, const char *text)
{
	if (!bell || bell->asking < 0)
		return;
	say(bell->asking, result, text);
	bell->asking = close_fd(bell->asking);
}

struct bell *bell_free(struct bell *bell)
{
	if (!bell)
		return NULL;
	bell->source = sd_event_source_disable_unref(bell->source);
	(void)close_fd(bell->listener);
	(void)close_fd(bell->asking);
	free(bell);
	return NULL;
}
