// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bench-verdict.c - how long one system call takes that somebody else decides.
 *
 *	bench-verdict open FILE N	open() of FILE, whoever decides it
 *	bench-verdict pipe N		a byte to another process and back
 *	bench-verdict notify N		getppid() decided by a seccomp-notify listener
 *	bench-verdict record FD FILE N	the record in FILE to a TMA behind FD and its verdict back
 *
 * Prints "p50 p99" in nanoseconds. All on one CPU, so that ratios repeat.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 1000000
#define WARM_UP 200

static uint64_t now_nsec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int report(uint64_t *times, size_t count)
{
	qsort(times, count, sizeof(*times), compare);
	printf("%llu %llu\n", (unsigned long long)times[count / 2],
	       (unsigned long long)times[count * 99 / 100]);
	return 0;
}

static int measure(int (*round)(void *), void *data, size_t count)
{
	uint64_t *times = calloc(count, sizeof(*times));
	int r = 0;

	if (!times)
		return -ENOMEM;
	for (size_t i = 0; i < count + WARM_UP && r == 0; i++) {
		uint64_t begin = now_nsec();

		r = round(data);
		if (i >= WARM_UP)
			times[i - WARM_UP] = now_nsec() - begin;
	}
	if (r == 0)
		r = report(times, count);
	free(times);
	return r;
}

static int round_open(void *data)
{
	int fd = open(data, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	(void)close(fd);
	return 0;
}

static int round_pipe(void *data)
{
	const int *fds = data;
	char byte = 0;

	if (write(fds[1], &byte, 1) != 1 || read(fds[0], &byte, 1) != 1)
		return -EIO;
	return 0;
}

static int bench_pipe(size_t count)
{
	int to[2], from[2], ours[2], r;
	char byte;
	pid_t pid;

	if (pipe(to) < 0 || pipe(from) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		(void)close(to[1]);
		while (read(to[0], &byte, 1) == 1)
			(void)!write(from[1], &byte, 1);
		_exit(0);
	}
	ours[0] = from[0];
	ours[1] = to[1];
	r = measure(round_pipe, ours, count);
	(void)close(to[1]);
	(void)waitpid(pid, NULL, 0);
	return r;
}

static int round_notify(void *data)
{
	return syscall(SYS_getppid) == 1234567 ? 0 : -EIO;
}

/* The listener of the child's filter answers all there is to answer. */
static void answer(int listener)
{
	struct seccomp_notif *request;
	struct seccomp_notif_resp *response;
	struct pollfd ready = { .fd = listener, .events = POLLIN };

	if (seccomp_notify_alloc(&request, &response) < 0)
		return;
	while (poll(&ready, 1, -1) == 1 && !(ready.revents & POLLHUP)) {
		memset(request, 0, sizeof(*request)); /* the kernel insists */
		if (seccomp_notify_receive(listener, request) < 0)
			continue;
		response->id = request->id;
		response->val = 1234567;
		response->error = 0;
		response->flags = 0;
		(void)seccomp_notify_respond(listener, response);
	}
	seccomp_notify_free(request, response);
}

static int send_fd(int socket, int fd)
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))] = {};
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = room,
				  .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) < 0 ? -errno : 0;
}

static int receive_fd(int socket)
{
	char byte, room[CMSG_SPACE(sizeof(int))] = {};
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = room,
				  .msg_controllen = sizeof(room) };
	int fd;

	if (recvmsg(socket, &message, 0) <= 0 || !CMSG_FIRSTHDR(&message))
		return -EIO;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static int run_filtered(int socket, size_t count)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r;

	if (!filter)
		return -ENOMEM;
	r = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(getppid), 0);
	if (r == 0)
		r = seccomp_load(filter);
	if (r == 0)
		r = send_fd(socket, seccomp_notify_fd(filter));
	return r < 0 ? r : measure(round_notify, NULL, count);
}

static int bench_notify(size_t count)
{
	int pair[2], listener, status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		int r = run_filtered(pair[1], count);

		(void)fflush(stdout);
		_exit(r < 0);
	}
	(void)close(pair[1]);
	listener = receive_fd(pair[0]);
	if (listener >= 0)
		answer(listener); /* until the child is gone */
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -EIO;
}

/** struct exchange - A record and where it goes. */
struct exchange {
	int fd;
	size_t size;
	char record[64 << 10];
};

static int round_record(void *data)
{
	const struct exchange *e = data;
	char verdict[64];

	if (send(e->fd, e->record, e->size, 0) != (ssize_t)e->size ||
	    recv(e->fd, verdict, sizeof(verdict), 0) <= 0)
		return -EIO;
	return 0;
}

static int bench_record(const char *fd, const char *path, size_t count)
{
	static struct exchange e;
	FILE *file = fopen(path, "re");

	if (!file)
		return -errno;
	e.fd = atoi(fd);
	e.size = fread(e.record, 1, sizeof(e.record), file);
	(void)fclose(file);
	return measure(round_record, &e, count);
}

static int use_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[argc - 1], NULL, 10) : 0;
	int r = -EINVAL;

	(void)use_one_cpu(); /* inside a namespace the model may not know it */
	if (count == 0 || count > ROUNDS_MAX)
		r = -EINVAL;
	else if (argc == 4 && !strcmp(argv[1], "open"))
		r = measure(round_open, argv[2], count);
	else if (argc == 3 && !strcmp(argv[1], "pipe"))
		r = bench_pipe(count);
	else if (argc == 3 && !strcmp(argv[1], "notify"))
		r = bench_notify(count);
	else if (argc == 5 && !strcmp(argv[1], "record"))
		r = bench_record(argv[2], argv[3], count);
	if (r < 0)
		fprintf(stderr, "bench-verdict: %s\n", strerror(-r));
	return r < 0;
}
