// SPDX-License-Identifier: LGPL-2.1-or-later
/* feed.c - see feed.h. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../../libtsem/cleanup.h"
#include "feed.h"

int feed_connect(const char *path)
{
	_cleanup_(close_fdp) int fd =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int feed_send(int fd, const struct feed_message *message)
{
	ssize_t n = send(fd, message, sizeof(*message), MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return n == sizeof(*message) ? 0 : -EIO;
}

int feed_receive(int fd, struct feed_answer *ret)
{
	struct feed_answer answer;
	ssize_t n = recv(fd, &answer, sizeof(answer), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (n == 0)
		return -EPIPE;
	if (n != sizeof(answer) || !answer.result || answer.result >= FEED_RESULT_COUNT)
		return -EBADMSG;
	*ret = answer;
	return 0;
}
