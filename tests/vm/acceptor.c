// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * acceptor.c - accepts a connection on standard input and asks for its address, as a
 * program that did not make the socket it listens on. For tests/vm/events.
 */
#include <stddef.h>
#include <sys/socket.h>

int main(void)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int fd = accept(0, NULL, NULL);

	return fd < 0 || getsockname(fd, (struct sockaddr *)&address, &size) < 0;
}
