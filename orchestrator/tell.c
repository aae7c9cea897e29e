// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tell.c - see tell.h. The journal's native protocol is a datagram of lines NAME=VALUE, that
 * of a service manager likewise; the functions of libsystemd for both wait for room.
 */
#include "tell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "reopen.h"

#define JOURNAL_VARIABLE "QUIXOTE_JOURNAL_SOCKET"
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static int open_lines(void)
{
	int fd = reopen_nonblocking(STDERR_FILENO, O_WRONLY);

	if (fd < 0)
		fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return fd < 0 ? -errno : fd;
}

/* "@" stands for the abstract ones. */
static int connect_to(const char *path)
{
	_cleanup_(close_fdp) int fd = -EBADF;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(path);
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + length;

	if ((path[0] != '/' && path[0] != '@') || length >= sizeof(address.sun_path))
		return -EINVAL;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, size) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int tell_journal_connect(void)
{
	return connect_to(getenv(JOURNAL_VARIABLE) ?: JOURNAL_SOCKET);
}

static int open_manager(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path ? connect_to(path) : -ENOENT;
}

static const struct outbox_kind lines = {
	.open = open_lines,
	.lost = "quixote: %u more lines were not told, nobody has read standard error\n",
};
static const struct outbox_kind journal = { .open = tell_journal_connect, .socket = true };
static const struct outbox_kind manager = { .open = open_manager, .socket = true };

void tell_init(struct tell *tell, sd_event *event, void (*told)(void *userdata), void *userdata)
{
	tell->lines = (struct outbox){
		.kind = &lines, .event = event, .fd = -EBADF, .told = told, .userdata = userdata
	};
	tell->journal = (struct outbox){ .kind = &journal, .event = event, .fd = -EBADF };
	tell->manager = (struct outbox){ .kind = &manager, .event = event, .fd = -EBADF };
}

static size_t print(char *text, size_t size, const char *format, va_list arguments)
{
	int n = vsnprintf(text, size, format, arguments);

	if (n < 0)
		return 0;
	return (size_t)n < size ? (size_t)n : size - 1;
}

void tell_line(struct tell *tell, const char *format, ...)
{
	char text[OUTBOX_MESSAGE_BYTES];
	va_list arguments;
	size_t size;

	va_start(arguments, format);
	size = print(text, sizeof(text) - 1, format, arguments);
	va_end(arguments);
	tell_flatten(text);
	text[size] = '\n';
	outbox_add(&tell->lines, text, size + 1);
}

static void add(struct outbox *box, const char *format, va_list arguments)
{
	char text[OUTBOX_MESSAGE_BYTES];

	outbox_add(box, text, print(text, sizeof(text), format, arguments));
}

void tell_journal(struct tell *tell, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(&tell->journal, format, arguments);
	va_end(arguments);
}

void tell_manager(struct tell *tell, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(&tell->manager, format, arguments);
	va_end(arguments);
}

void tell_alive(struct tell *tell)
{
	if (outbox_is_empty(&tell->manager))
		tell_manager(tell, "WATCHDOG=1");
}

void tell_flatten(char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			*text = ' ';
	}
}

void tell_close(struct tell *tell)
{
	outbox_close(&tell->lines);
	outbox_close(&tell->journal);
	outbox_close(&tell->manager);
}
