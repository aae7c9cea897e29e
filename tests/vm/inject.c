// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * inject.c - makes another process do what only an attacker wants, as somebody does who found a
 * mistake in it: system calls of its own, by ptrace. For tests/vm/production.
 *
 * Exit status: 0 if it was done, 1 if it was refused (EPERM, EACCES), 2 if something else was in
 * the way.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRIES 200	 /* to find it waiting in a system call, 50 ms each */
#define BELOW_STACK 4096 /* beyond the red zone, where what is put is nobody's */
#define SYSCALL_BYTES 2	 /* of the instruction, before which a waiting process goes back */

struct victim {
	pid_t pid;
	struct user_regs_struct saved;
	int memory;
	bool executed; /* it is another program by now */
};

static __attribute__((noreturn)) void give_up(const char *what)
{
	(void)fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void stop(struct victim *v)
{
	int status;

	if (ptrace(PTRACE_SEIZE, v->pid, NULL, PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD) < 0 ||
	    ptrace(PTRACE_INTERRUPT, v->pid, NULL, NULL) < 0 ||
	    waitpid(v->pid, &status, __WALL) < 0 || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_GETREGS, v->pid, NULL, &v->saved) < 0)
		give_up("cannot stop it");
}

static bool is_in_call(const struct victim *v)
{
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, v->pid, v->saved.rip - SYSCALL_BYTES, NULL);
	return errno == 0 && (word & 0xffff) == 0x050f; /* 0f 05: syscall */
}

/* Of the program that it is by now. */
static void open_memory(struct victim *v)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)v->pid);
	v->memory = open(path, O_RDWR | O_CLOEXEC);
	if (v->memory < 0)
		give_up(path);
}

static void take(struct victim *v)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };

	for (int i = 0; i < TRIES; i++) {
		stop(v);
		if (is_in_call(v)) {
			open_memory(v);
			return;
		}
		(void)ptrace(PTRACE_DETACH, v->pid, NULL, NULL);
		(void)nanosleep(&pause, NULL);
	}
	errno = EAGAIN;
	give_up("it never waits");
}

static void let_go(struct victim *v)
{
	if (!v->executed && ptrace(PTRACE_SETREGS, v->pid, NULL, &v->saved) < 0)
		give_up("cannot put it back");
	(void)ptrace(PTRACE_DETACH, v->pid, NULL, NULL);
}

/* Return: the address at which @size bytes are in it by now. */
static uint64_t put(const struct victim *v, size_t offset, const void *data, size_t size)
{
	uint64_t at = ((v->saved.rsp - BELOW_STACK) & ~UINT64_C(15)) + offset;

	if (pwrite(v->memory, data, size, at) != (ssize_t)size)
		give_up("cannot write to it");
	return at;
}

/* One system call of it. Return: what the kernel answered. */
static long call(struct victim *v, long number, uint64_t a, uint64_t b, uint64_t c)
{
	struct user_regs_struct regs = v->saved;
	int status;

	regs.rip -= SYSCALL_BYTES;
	regs.rax = number;
	regs.orig_rax = -1; /* nothing to begin again */
	regs.rdi = a;
	regs.rsi = b;
	regs.rdx = c;
	regs.r10 = 0;
	if (ptrace(PTRACE_SETREGS, v->pid, NULL, &regs) < 0)
		give_up("cannot set its registers");
	for (int stops = 0; stops < 2;) {
		if (ptrace(PTRACE_SYSCALL, v->pid, NULL, NULL) < 0 ||
		    waitpid(v->pid, &status, __WALL) < 0 || !WIFSTOPPED(status))
			give_up("it ended");
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
			v->executed = true;
			return 0;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			stops++;
	}
	if (ptrace(PTRACE_GETREGS, v->pid, NULL, &regs) < 0)
		give_up("cannot read its registers");
	return regs.rax;
}

static long execute(struct victim *v, const char *path)
{
	uint64_t name = put(v, 0, path, strlen(path) + 1), option = put(v, 256, "-c", 3);
	uint64_t script = put(v, 272, "exit 0", 7), argv[] = { name, option, script, 0 };

	return call(v, SYS_execve, name, put(v, 512, argv, sizeof(argv)), 0);
}

static long read_file(struct victim *v, const char *path)
{
	return call(v, SYS_open, put(v, 0, path, strlen(path) + 1), O_RDONLY, 0);
}

/* Whether somebody is there to answer does not matter. */
static long connect_back(struct victim *v, const char *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(strtoul(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	long fd = call(v, SYS_socket, AF_INET, SOCK_STREAM, 0), r;

	if (fd < 0)
		return fd;
	r = call(v, SYS_connect, fd, put(v, 0, &address, sizeof(address)), sizeof(address));
	return r == -ECONNREFUSED ? 0 : r;
}

static long drop(struct victim *v, const char *path)
{
	static const char program[] = "#!/usr/bin/dash\n";
	uint64_t name = put(v, 0, path, strlen(path) + 1);
	long fd = call(v, SYS_open, name, O_CREAT | O_WRONLY | O_TRUNC, 0755), r;

	if (fd < 0)
		return fd;
	r = call(v, SYS_write, fd, put(v, 512, program, sizeof(program) - 1), sizeof(program) - 1);
	(void)call(v, SYS_close, fd, 0, 0);
	return r < 0 ? r : execute(v, path);
}

static const struct deed {
	const char *name;
	long (*do_it)(struct victim *v, const char *argument);
} deeds[] = {
	{ "shell", execute },
	{ "secret", read_file },
	{ "connection", connect_back },
	{ "binary", drop },
};

int main(int argc, char *argv[])
{
	const struct deed *deed = deeds, *end = deeds + sizeof(deeds) / sizeof(*deeds);
	struct victim victim = {};
	long r;

	while (argc == 4 && deed < end && strcmp(deed->name, argv[2]) != 0)
		deed++;
	if (argc != 4 || deed == end || strlen(argv[3]) > 200) {
		(void)fprintf(stderr,
			      "usage: inject PID shell|secret|connection|binary ARGUMENT\n");
		return 2;
	}
	victim.pid = strtol(argv[1], NULL, 10);
	take(&victim);
	r = deed->do_it(&victim, argv[3]);
	let_go(&victim);
	(void)printf("%s: %s\n", deed->name, r < 0 ? strerror(-r) : "done");
	if (r >= 0)
		return 0;
	return r == -EPERM || r == -EACCES ? 1 : 2;
}
