// SPDX-License-Identifier: LGPL-2.1-or-later
/* streams.c - see streams.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "reopen.h"
#include "streams.h"

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

static int open_pipes(struct streams *streams)
{
	for (int i = 0; i < 3; i++) {
		int pair[2], r;

		if (pipe2(pair, O_CLOEXEC) < 0)
			return -errno;
		streams->theirs[i] = pair[i == 0 ? 0 : 1];
		streams->ours[i] = pair[i == 0 ? 1 : 0];
		r = set_nonblocking(streams->ours[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_raw(struct streams *streams)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &streams->before) < 0)
		return 0; /* no terminal: nothing to change */
	raw = streams->before;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
		return -errno;
	streams->raw = true;
	return 0;
}

static int open_pty(struct streams *streams)
{
	int r;

	streams->ours[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (streams->ours[0] < 0)
		return -errno;
	streams->ours[1] = fcntl(streams->ours[0], F_DUPFD_CLOEXEC, 3);
	streams->pty = fcntl(streams->ours[0], F_DUPFD_CLOEXEC, 3);
	if (streams->ours[1] < 0 || streams->pty < 0 || unlockpt(streams->ours[0]) < 0)
		return -errno;
	streams->theirs[0] = ioctl(streams->ours[0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	for (int i = 1; i < 3; i++)
		streams->theirs[i] = fcntl(streams->theirs[0], F_DUPFD_CLOEXEC, 3);
	if (streams->theirs[0] < 0 || streams->theirs[1] < 0 || streams->theirs[2] < 0)
		return -errno;
	r = set_nonblocking(streams->ours[0]); /* one description: both */
	if (r < 0)
		return r;
	streams_resize(streams);
	return make_raw(streams);
}

static int open_inherited(struct streams *streams)
{
	for (int i = 0; i < 3; i++) {
		streams->theirs[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
		if (streams->theirs[i] < 0)
			return -errno;
	}
	return 0;
}

void streams_open_input(struct streams *streams)
{
	streams->input = reopen_nonblocking(STDIN_FILENO, O_RDONLY); /* else the copy is read */
}

int streams_open(struct streams *streams, enum session_terminal terminal)
{
	switch (terminal) {
	case TERMINAL_NO:
		return open_pipes(streams);
	case TERMINAL_YES:
		return open_pty(streams);
	case TERMINAL_INHERIT:
		return open_inherited(streams);
	}
	return -EINVAL;
}

static int relay_one(struct streams *streams, int i, sd_event *event, struct relay_params params)
{
	int outer, ours;

	if (streams->ours[i] < 0)
		return 0;
	/* A copy: the relay closes what it carries to, and messages still go there. */
	outer = i == STDIN_FILENO ? TAKE_FD(streams->input) : -EBADF;
	if (outer < 0)
		outer = fcntl(i, F_DUPFD_CLOEXEC, 3);
	if (outer < 0)
		return -errno;
	ours = TAKE_FD(streams->ours[i]);
	params.take_from = i == STDIN_FILENO ? outer : ours;
	params.take_to = i == STDIN_FILENO ? ours : outer;
	if (i == STDIN_FILENO)
		params.done = NULL; /* its end changes nothing */
	return relay_new(event, &params, &streams->relays[i]);
}

int streams_relay(struct streams *streams, sd_event *event, relay_done_fn *done, void *userdata)
{
	const struct relay_params params = { .done = done, .userdata = userdata };

	for (int i = 0; i < 3; i++)
		streams->theirs[i] = close_fd(streams->theirs[i]);
	for (int i = 0; i < 3; i++) {
		int r = relay_one(streams, i, event, params);

		if (r < 0)
			return r;
	}
	return 0;
}

void streams_drop_input(struct streams *streams)
{
	streams->ours[STDIN_FILENO] = close_fd(streams->ours[STDIN_FILENO]);
}

void streams_resize(const struct streams *streams)
{
	struct winsize size;

	if (streams->pty >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		(void)ioctl(streams->pty, TIOCSWINSZ, &size); /* else it keeps its size */
}

void streams_end_input(struct streams *streams)
{
	streams->relays[0] = relay_free(streams->relays[0]);
}

bool streams_are_drained(const struct streams *streams)
{
	return relay_is_done(streams->relays[1]) && relay_is_done(streams->relays[2]);
}

void streams_close(struct streams *streams)
{
	for (int i = 0; i < 3; i++) {
		streams->relays[i] = relay_free(streams->relays[i]);
		streams->theirs[i] = close_fd(streams->theirs[i]);
		streams->ours[i] = close_fd(streams->ours[i]);
	}
	streams->input = close_fd(streams->input);
	streams->pty = close_fd(streams->pty);
	if (streams->raw)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &streams->before);
	streams->raw = false;
}
