// SPDX-License-Identifier: LGPL-2.1-or-later
/* status.c - sending and receiving of status messages, see status.h. */
#include <errno.h>
#include <sys/socket.h>

#include "status.h"

int status_send(int fd, const struct status_message *message)
{
	ssize_t n = send(fd, message, sizeof(*message), MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return n == sizeof(*message) ? 0 : -EIO;
}

static void clean_text(char *text)
{
	text[STATUS_TEXT_SIZE - 1] = '\0';
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

int status_receive(int fd, struct status_message *ret)
{
	struct status_message message;
	ssize_t n;

	/* MSG_TRUNC gives the size of the message, also of one that is too long. */
	n = recv(fd, &message, sizeof(message), MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (n == 0)
		return -EPIPE;
	if (n != sizeof(message) || message.kind == 0 || message.kind >= STATUS_KIND_COUNT)
		return -EBADMSG;
	clean_text(message.text);
	*ret = message;
	return 0;
}
