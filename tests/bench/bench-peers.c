// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bench-peers.c - what operations cost on this kernel, whatever confines them.
 *
 *	bench-peers run DIR NGINX ROUNDS [COLUMN]	measure every column, or one
 *	bench-peers with READER DIR NGINX ROUNDS [COLUMN]	and somebody beside it
 *	bench-peers drain IN OUT	what a descriptor of events has into a file
 *	bench-peers exit		nothing: what is executed
 *
 * Prints "COLUMN NANOSECONDS" for one operation, the least of several rounds, less an empty
 * loop. With a reader of events, whose pid is in the file READER, the mean of all rounds, and what
 * it has left to do when they end, as it works when it comes to it. Where a nanosecond is an
 * instruction (--icount) it repeats. What is in DIR was made by tests/bench/row.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define PORT_LISTEN 8090
#define PORT_NGINX 8091
#define REQUESTS 100
/* Of what is short, as a timer or a worker may be in all of two rounds. */
#define ROUNDS_MORE 6
/* How often a reader is looked at, and for how long, until it is idle. */
#define PAUSE_MSEC 50
#define FINISH_MSEC 60000

extern char **environ;

/** struct place - What the columns work on, and how often. */
struct place {
	unsigned int rounds;
	bool read; /* by somebody else, whose clock is this */
	clockid_t reader;
	const char *nginx;
	char shallow[128];
	char deep[128];
	char written[128];
	char conf[128];
	char source[128];
	char self[128];
	int read_fd;
	int write_fd;
	int pipe[2];
	int pair[2];
	int listener;
};

static uint64_t now_nsec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What the reader has spent. */
static uint64_t reader_nsec(const struct place *p)
{
	struct timespec spent = { 0 };

	(void)clock_gettime(p->reader, &spent);
	return (uint64_t)spent.tv_sec * 1000000000u + (uint64_t)spent.tv_nsec;
}

/* What it spends until it has nothing to do any more; UINT64_MAX if there is no end to it. */
static uint64_t finish_nsec(const struct place *p)
{
	uint64_t begin = reader_nsec(p), before = begin;

	for (unsigned int waited_msec = 0; waited_msec < FINISH_MSEC; waited_msec += PAUSE_MSEC) {
		uint64_t now;

		(void)poll(NULL, 0, PAUSE_MSEC);
		now = reader_nsec(p);
		if (now == before)
			return now - begin;
		before = now;
	}
	errno = ETIMEDOUT;
	return UINT64_MAX;
}

static int do_nothing(struct place *p)
{
	return p ? 0 : -1;
}

static int do_null(struct place *p)
{
	(void)p;
	return syscall(SYS_getppid) < 0;
}

static int do_stat(struct place *p)
{
	struct stat st;

	return stat(p->shallow, &st);
}

static int open_close(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : close(fd);
}

static int do_open_shallow(struct place *p)
{
	return open_close(p->shallow);
}

static int do_open_deep(struct place *p)
{
	return open_close(p->deep);
}

static int do_read(struct place *p)
{
	char byte;

	return pread(p->read_fd, &byte, 1, 0) != 1;
}

static int do_write(struct place *p)
{
	return pwrite(p->write_fd, "x", 1, 0) != 1;
}

static int do_mmap(struct place *p)
{
	void *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, p->read_fd, 0);

	return page == MAP_FAILED ? -1 : munmap(page, PAGE);
}

static int do_pipe(struct place *p)
{
	char byte = 0;

	return write(p->pipe[1], &byte, 1) != 1 || read(p->pipe[0], &byte, 1) != 1;
}

static int do_unix(struct place *p)
{
	char byte = 0;

	return send(p->pair[1], &byte, 1, 0) != 1 || recv(p->pair[0], &byte, 1, 0) != 1;
}

static int tcp_connect(uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static int do_tcp(struct place *p)
{
	int fd = tcp_connect(PORT_LISTEN);
	int other = fd < 0 ? -1 : accept(p->listener, NULL, NULL);

	if (other < 0)
		return -1;
	/* The other side first, so that this one needs no TIME_WAIT. */
	return close(other) | close(fd);
}

static int wait_for(pid_t pid)
{
	int status;

	return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
}

static int do_fork(struct place *p)
{
	pid_t pid = fork();

	(void)p;
	if (pid == 0)
		_exit(0);
	return wait_for(pid);
}

static int spawn(const char *const *argv, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	int r;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	r = posix_spawn(ret, argv[0], &actions, NULL, (char *const *)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

static int run(const char *const *argv)
{
	pid_t pid;

	return spawn(argv, &pid) != 0 || wait_for(pid);
}

static int do_exec(struct place *p)
{
	return run((const char *const[]){ p->self, "exit", NULL });
}

static int do_find(struct place *p)
{
	(void)p;
	return run((const char *const[]){ "/usr/bin/find", "/usr", "-size", "+100000", NULL });
}

static int do_compile(struct place *p)
{
	return run((const char *const[]){ "/usr/bin/gcc", "-pipe", "-O1", "-c", p->source, "-o",
					  "/tmp/peers.o", NULL });
}

static int request(void)
{
	static const char text[] = "GET /index.html HTTP/1.0\r\n\r\n";
	char answer[2048];
	size_t used = 0;
	ssize_t got = -1;
	int fd = tcp_connect(PORT_NGINX);

	if (fd < 0)
		return -1;
	if (write(fd, text, sizeof(text) - 1) == sizeof(text) - 1) {
		while ((got = read(fd, answer + used, sizeof(answer) - used)) > 0)
			used += (size_t)got;
	}
	(void)close(fd);
	return got < 0 || used < 12 || memcmp(answer + 9, "200", 3) != 0;
}

static int do_nginx(struct place *p)
{
	(void)p;
	for (int i = 0; i < REQUESTS; i++) {
		if (request() != 0)
			return -1;
	}
	return 0;
}

static const struct column {
	const char *name;
	int (*operation)(struct place *p);
	unsigned int count;
} columns[] = {
	{ "null call", do_null, 1000 },
	{ "stat", do_stat, 500 },
	{ "open+close, depth 2", do_open_shallow, 500 },
	{ "open+close, depth 8", do_open_deep, 500 },
	{ "read", do_read, 500 },
	{ "write", do_write, 500 },
	{ "mmap", do_mmap, 500 },
	{ "pipe", do_pipe, 500 },
	{ "UNIX socket", do_unix, 500 },
	{ "TCP connect", do_tcp, 100 },
	{ "fork", do_fork, 50 },
	{ "exec", do_exec, 20 },
	{ "find", do_find, 1 },
	{ "compile", do_compile, 1 },
	{ "nginx", do_nginx, 1 },
};

/* The least time of one round, or with a reader the mean of all; UINT64_MAX if it fails. */
static uint64_t measure(const struct column *column, struct place *p)
{
	unsigned int rounds = p->rounds + (column->count > 1 ? ROUNDS_MORE : 0);
	uint64_t least = UINT64_MAX, total = 0, rest;

	if (p->read && finish_nsec(p) == UINT64_MAX)
		return UINT64_MAX;
	for (unsigned int round = 0; round < rounds; round++) {
		uint64_t begin = now_nsec(), spent;

		for (unsigned int i = 0; i < column->count; i++) {
			if (column->operation(p) != 0)
				return UINT64_MAX;
		}
		spent = now_nsec() - begin;
		least = spent < least ? spent : least;
		total += spent;
	}
	if (!p->read)
		return least;
	rest = finish_nsec(p);
	return rest == UINT64_MAX ? rest : (total + rest) / rounds;
}

static int report(const struct column *column, struct place *p)
{
	const struct column empty = { "", do_nothing, column->count };
	uint64_t nothing = measure(&empty, p), spent = measure(column, p);

	if (spent == UINT64_MAX) {
		fprintf(stderr, "bench-peers: %s: %s\n", column->name, strerror(errno));
		return -1;
	}
	printf("%s\t%.1f\n", column->name, (double)(spent - nothing) / column->count);
	(void)fflush(stdout);
	return 0;
}

static int start_listener(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT_LISTEN),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0)
		return -1;
	return fd;
}

static int prepare(const char *dir, struct place *p)
{
	(void)snprintf(p->shallow, sizeof(p->shallow), "%s/file", dir);
	(void)snprintf(p->deep, sizeof(p->deep), "%s/a/b/c/d/e/f/file", dir);
	(void)snprintf(p->written, sizeof(p->written), "%s/written", dir);
	(void)snprintf(p->conf, sizeof(p->conf), "%s/nginx.conf", dir);
	(void)snprintf(p->source, sizeof(p->source), "%s/small.c", dir);
	if (readlink("/proc/self/exe", p->self, sizeof(p->self) - 1) < 0)
		return -1;
	p->read_fd = open(p->shallow, O_RDONLY | O_CLOEXEC);
	p->write_fd = open(p->written, O_WRONLY | O_CLOEXEC);
	p->listener = start_listener();
	if (p->read_fd < 0 || p->write_fd < 0 || p->listener < 0 || pipe2(p->pipe, O_CLOEXEC) < 0)
		return -1;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p->pair);
}

/* The server, as soon as it answers. */
static int start_nginx(struct place *p, pid_t *ret)
{
	const char *const argv[] = { p->nginx, "-e", "/tmp/peers.error", "-c", p->conf, NULL };

	if (spawn(argv, ret) != 0)
		return -1;
	for (int i = 0; i < 2000; i++) {
		if (request() == 0)
			return 0;
		(void)poll(NULL, 0, 50);
	}
	return -1;
}

/* The clock of the process whose pid comes into a file. */
static int find_reader(const char *path, struct place *p)
{
	int pid = 0;

	for (int i = 0; i < 2000 && pid == 0; i++) {
		FILE *file = fopen(path, "re");

		if (file && fscanf(file, "%d", &pid) != 1)
			pid = 0;
		if (file)
			(void)fclose(file);
		if (pid == 0)
			(void)poll(NULL, 0, 10);
	}
	p->read = true;
	return pid == 0 || clock_getcpuclockid(pid, &p->reader) != 0 ? -1 : 0;
}

/* @argv: DIR NGINX ROUNDS [COLUMN] */
static int run_columns(char **argv, const char *reader)
{
	const char *dir = argv[0], *only = argv[3];
	static struct place p;
	pid_t server;
	int r = 0;

	p.nginx = argv[1];
	p.rounds = (unsigned int)strtoul(argv[2], NULL, 10);
	if (prepare(dir, &p) < 0) {
		fprintf(stderr, "bench-peers: %s is not prepared: %s\n", dir, strerror(errno));
		return 1;
	}
	if (reader && find_reader(reader, &p) < 0) {
		fprintf(stderr, "bench-peers: %s has no reader\n", reader);
		return 1;
	}
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		bool served = columns[i].operation == do_nginx;

		if (only && strcmp(only, columns[i].name) != 0)
			continue;
		if (served && start_nginx(&p, &server) < 0) {
			fprintf(stderr, "bench-peers: nginx does not answer\n");
			return 1;
		}
		r |= report(&columns[i], &p);
		if (served) {
			(void)kill(server, SIGTERM);
			(void)waitpid(server, NULL, 0);
		}
	}
	return r != 0;
}

/* Until every member is gone; what there is at once is written at once. */
static int drain(const char *in, const char *out)
{
	static char room[256 << 10];
	int from = atoi(in), to = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct pollfd ready = { .fd = from, .events = POLLIN };

	if (to < 0)
		return 1;
	while (poll(&ready, 1, -1) == 1) {
		ssize_t got = read(from, room, sizeof(room));

		if (got == 0 || (got < 0 && errno != EAGAIN))
			return got < 0;
		if (got > 0 && write(to, room, (size_t)got) != got)
			return 1;
	}
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "exit"))
		return 0;
	if (argc == 4 && !strcmp(argv[1], "drain"))
		return drain(argv[2], argv[3]);
	if ((argc == 5 || argc == 6) && !strcmp(argv[1], "run"))
		return run_columns(argv + 2, NULL);
	if ((argc == 6 || argc == 7) && !strcmp(argv[1], "with"))
		return run_columns(argv + 3, argv[2]);
	fprintf(stderr, "usage: bench-peers run|with READER DIR NGINX ROUNDS [COLUMN] | "
			"drain IN OUT | exit\n");
	return 2;
}
