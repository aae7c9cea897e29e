// SPDX-License-Identifier: LGPL-2.1-or-later
/* console.c - see console.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "console.h"

int console_listen(struct console *console, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	console->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (console->listener < 0)
		return -errno;
	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
	    (int)sizeof(address.sun_path))
		return -ENAMETOOLONG;
	if (bind(console->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(console->listener, 1) < 0)
		return -errno;
	return 0;
}

/* One descriptor beside the name of the terminal. */
static int receive_pty(int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {};
	char name[4096];
	struct iovec part = { .iov_base = name, .iov_len = sizeof(name) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	int pty;

	if (recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&message);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(sizeof(pty)))
		return -EBADMSG;
	memcpy(&pty, CMSG_DATA(c), sizeof(pty));
	return pty;
}

static int accept_pty(struct console *console)
{
	_cleanup_(close_fdp) int fd = accept4(console->listener, NULL, NULL, SOCK_CLOEXEC);
	int flags;

	if (fd < 0)
		return -errno;
	console->pty = receive_pty(fd);
	if (console->pty < 0)
		return console->pty;
	flags = fcntl(console->pty, F_GETFL);
	if (!isatty(console->pty) || flags < 0 ||
	    fcntl(console->pty, F_SETFL, flags | O_NONBLOCK) < 0)
		return -EBADMSG;
	return 0;
}

/* The container's terminal makes signals of keys, and echoes; ours shall do neither. */
static void make_raw(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &raw) < 0)
		return;
	cfmakeraw(&raw);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static int carry(sd_event *event, int from, int to, struct relay_params params, struct relay **ret)
{
	params.take_from = fcntl(from, F_DUPFD_CLOEXEC, 3);
	params.take_to = fcntl(to, F_DUPFD_CLOEXEC, 3);
	if (params.take_from < 0 || params.take_to < 0) {
		int r = -errno;

		(void)close_fd(params.take_from);
		(void)close_fd(params.take_to);
		return r;
	}
	return relay_new(event, &params, ret);
}

int console_begin(struct console *console, sd_event *event, relay_done_fn *done, void *userdata)
{
	int r = accept_pty(console);

	if (r < 0)
		return r;
	make_raw();
	console_resize(console);
	r = carry(event, STDIN_FILENO, console->pty, (struct relay_params){}, &console->relays[0]);
	return r < 0 ? r
		     : carry(event, console->pty, STDOUT_FILENO,
			     (struct relay_params){ .done = done, .userdata = userdata },
			     &console->relays[1]);
}

void console_resize(const struct console *console)
{
	struct winsize size;

	if (console->pty >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		(void)ioctl(console->pty, TIOCSWINSZ, &size); /* else it keeps its size */
}

void console_done(struct console *console)
{
	for (size_t i = 0; i < ARRAY_SIZE(console->relays); i++)
		console->relays[i] = relay_free(console->relays[i]);
	console->listener = close_fd(console->listener);
	console->pty = close_fd(console->pty);
}
