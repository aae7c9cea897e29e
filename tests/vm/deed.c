// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * deed.c - does the one thing that its first word says and nothing beside it, for
 * tests/vm/comparison-peers. Exits with 0 if it could be done.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static bool has_content(int fd)
{
	char byte;

	return fd >= 0 && read(fd, &byte, 1) == 1;
}

static bool do_read(char **words)
{
	return has_content(open(words[0], O_RDONLY));
}

/* What was opened before this program began. */
static bool do_inherit(char **words)
{
	return has_content(atoi(words[0]));
}

/* Opens, stops until somebody lets it go on, and reads then. */
static bool do_late(char **words)
{
	int fd = open(words[0], O_RDONLY);

	raise(SIGSTOP);
	return has_content(fd);
}

/* Says that it has begun, and waits for its end. */
static bool do_idle(char **words)
{
	if (write(open(words[0], O_WRONLY), "begun\n", 6) != 6)
		return false;
	return sleep(60) == 0;
}

static bool do_unlink(char **words)
{
	return unlink(words[0]) == 0;
}

static bool do_load(char **words)
{
	return dlopen(words[0], RTLD_NOW);
}

/* Content that somebody wrote becomes code. */
static bool do_map(char **words)
{
	int fd = open(words[0], O_RDONLY);

	return fd >= 0 && mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED;
}

static bool do_memory(char **words)
{
	(void)words;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) != MAP_FAILED;
}

static struct sockaddr_in address_of(char **words)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(words[1])),
		.sin_addr.s_addr = inet_addr(words[0]),
	};

	return address;
}

static bool do_connect(char **words)
{
	struct sockaddr_in address = address_of(words);

	return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address,
		       sizeof(address)) == 0;
}

static bool do_datagram(char **words)
{
	struct sockaddr_in address = address_of(words);

	return sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0, (struct sockaddr *)&address,
		      sizeof(address)) == 1;
}

static struct sockaddr_un name_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	return address;
}

/* A message of one byte and one descriptor. */
struct parcel {
	char byte;
	struct iovec part;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control;
	struct msghdr message;
};

static void wrap(struct parcel *p)
{
	*p = (struct parcel){ .part = { .iov_base = &p->byte, .iov_len = 1 } };
	p->message = (struct msghdr){
		.msg_iov = &p->part,
		.msg_iovlen = 1,
		.msg_control = &p->control,
		.msg_controllen = sizeof(p->control),
	};
	p->control.header = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	};
}

/* Opens a file, and sends it to all who connect. */
static bool do_serve(char **words)
{
	struct sockaddr_un address = name_of(words[0]);
	int server = socket(AF_UNIX, SOCK_STREAM, 0), fd = open(words[1], O_RDONLY);
	struct parcel p;

	wrap(&p);
	memcpy(CMSG_DATA(&p.control.header), &fd, sizeof(fd));
	if (bind(server, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(server, 8) < 0)
		return false;
	while (sendmsg(accept(server, NULL, NULL), &p.message, MSG_NOSIGNAL) == 1)
		;
	return false;
}

static bool do_receive(char **words)
{
	struct sockaddr_un address = name_of(words[0]);
	int line = socket(AF_UNIX, SOCK_STREAM, 0), fd;
	struct parcel p;

	wrap(&p);
	if (connect(line, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    recvmsg(line, &p.message, 0) != 1 || !CMSG_FIRSTHDR(&p.message))
		return false;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&p.message)), sizeof(fd));
	return has_content(fd);
}

static bool do_signal(char **words)
{
	return kill(atoi(words[0]), atoi(words[1])) == 0;
}

static bool do_trace(char **words)
{
	return ptrace(PTRACE_SEIZE, atoi(words[0]), NULL, NULL) == 0;
}

/* Opens by a ring instead of a system call. */
static bool do_ring(char **words)
{
	struct io_uring_params parameters = { 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 2, &parameters);
	char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	struct io_uring_sqe *entry =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	const struct io_uring_cqe *answer;

	if (map == MAP_FAILED || entry == MAP_FAILED)
		return false;
	*entry = (struct io_uring_sqe){
		.opcode = IORING_OP_OPENAT,
		.fd = AT_FDCWD,
		.addr = (uintptr_t)words[0],
		.open_flags = O_RDONLY,
	};
	((unsigned int *)(map + parameters.sq_off.array))[0] = 0;
	__atomic_store_n((unsigned int *)(map + parameters.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return false;
	answer = (const struct io_uring_cqe *)(map + parameters.cq_off.cqes);
	return answer->res >= 0 && has_content(answer->res);
}

static const struct deed {
	const char *name;
	bool (*run)(char **words);
	int words;
} deeds[] = {
	{ "read", do_read, 1 },		{ "inherit", do_inherit, 1 }, { "late", do_late, 1 },
	{ "idle", do_idle, 1 },		{ "unlink", do_unlink, 1 },   { "load", do_load, 1 },
	{ "map", do_map, 1 },		{ "memory", do_memory, 0 },   { "connect", do_connect, 2 },
	{ "datagram", do_datagram, 2 }, { "serve", do_serve, 2 },     { "receive", do_receive, 1 },
	{ "signal", do_signal, 2 },	{ "trace", do_trace, 1 },     { "ring", do_ring, 1 },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if (!strcmp(argv[1], deeds[i].name) && argc == deeds[i].words + 2)
			return deeds[i].run(&argv[2]) ? 0 : 1;
	return 2;
}
