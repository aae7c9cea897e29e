// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-sandbox.c - the sandbox from inside: each role tries what it must not do
 * and is stopped, and what it must do still works.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../libtsem/cleanup.h"
#include "../../tma/sandbox.h"

/* Status of a child that could not begin; a try returns 0 or an errno below it. */
#define NOT_ENTERED 250

static int dir = -EBADF;

static int try_nothing(void)
{
	return 0;
}

static int try_open(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 ? errno : 0;
}

static int try_open_inside(void)
{
	int fd = openat(dir, "file", O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (fd < 0 || write(fd, "x", 1) != 1 || renameat(dir, "file", dir, "old") < 0)
		return errno;
	return 0;
}

static int try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
}

static int try_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? errno : 0;
}

static int try_exec(void)
{
	execl("/bin/true", "true", NULL);
	return errno;
}

static int try_fork(void)
{
	return fork() < 0 ? errno : 0;
}

static int try_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? errno : 0;
}

static int try_kill(void)
{
	return kill(getppid(), 0) < 0 ? errno : 0;
}

static int try_executable_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

static int try_memory(void)
{
	char *p = malloc(8 << 20);

	if (!p)
		return ENOMEM;
	memset(p, 1, 8 << 20);
	free(p);
	return 0;
}

static int try_stat(void)
{
	struct stat st;

	return stat("/etc/passwd", &st) < 0 ? errno : 0;
}

static int try_setuid(void)
{
	return setresuid(0, 0, 0) < 0 ? errno : 0;
}

static int try_prctl(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? errno : 0;
}

static int try_accept(void)
{
	return accept4(-1, NULL, NULL, SOCK_CLOEXEC) < 0 && errno != EBADF ? errno : 0;
}

static int try_peer(void)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(-1, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 && errno != EBADF ? errno
											   : 0;
}

/* Any other option, and any other level. */
static int try_socket_option(void)
{
	int value;
	socklen_t size = sizeof(value);

	return getsockopt(-1, SOL_SOCKET, SO_TYPE, &value, &size) < 0 ? errno : 0;
}

static int try_socket_level(void)
{
	int value;
	socklen_t size = sizeof(value);

	return getsockopt(-1, IPPROTO_IP, SO_PEERCRED, &value, &size) < 0 ? errno : 0;
}

static int try_set_socket_option(void)
{
	int value = 1;

	return setsockopt(-1, SOL_SOCKET, SO_PASSCRED, &value, sizeof(value)) < 0 ? errno : 0;
}

static int try_connect(void)
{
	const struct sockaddr address = { .sa_family = AF_UNIX };

	return connect(-1, &address, sizeof(address)) < 0 ? errno : 0;
}

static int try_bind(void)
{
	const struct sockaddr address = { .sa_family = AF_UNIX };

	return bind(-1, &address, sizeof(address)) < 0 ? errno : 0;
}

static int try_send(void)
{
	return send(-1, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EBADF ? errno : 0;
}

static int try_receive(void)
{
	char byte;

	return recv(-1, &byte, 1, MSG_DONTWAIT) < 0 && errno != EBADF ? errno : 0;
}

/* To another than it is connected to. */
static int try_send_elsewhere(void)
{
	const struct sockaddr address = { .sa_family = AF_UNIX };

	return sendto(-1, "", 1, 0, &address, sizeof(address)) < 0 ? errno : 0;
}

/* Both can carry descriptors. */
static int try_send_message(void)
{
	const struct msghdr message = { .msg_iovlen = 0 };

	return sendmsg(-1, &message, 0) < 0 ? errno : 0;
}

static int try_receive_message(void)
{
	struct msghdr message = { .msg_iovlen = 0 };

	return recvmsg(-1, &message, 0) < 0 ? errno : 0;
}

static int try_watch(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(-1, EPOLL_CTL_ADD, 0, &event) < 0 && errno != EBADF ? errno : 0;
}

static int try_io_uring(void)
{
	return syscall(425, 1, NULL) < 0 ? errno : 0;
}

/* Ends by SIGSYS, or with a status: 0 worked, else errno. */
enum { KILLED = -1 };

static struct try_case {
	const char *name;
	enum sandbox_role role;
	int (*try)(void);
	int expected;
} tries[] = {
	{ "tma: nothing", SANDBOX_TMA, try_nothing, 0 },
	{ "tma: memory", SANDBOX_TMA, try_memory, 0 },
	{ "tma: open", SANDBOX_TMA, try_open, KILLED },
	{ "tma: open in a directory it holds", SANDBOX_TMA, try_open_inside, KILLED },
	{ "tma: socket", SANDBOX_TMA, try_socket, KILLED },
	{ "tma: exec", SANDBOX_TMA, try_exec, KILLED },
	{ "tma: fork", SANDBOX_TMA, try_fork, KILLED },
	{ "tma: ptrace", SANDBOX_TMA, try_ptrace, KILLED },
	{ "tma: kill", SANDBOX_TMA, try_kill, KILLED },
	{ "tma: executable memory", SANDBOX_TMA, try_executable_memory, KILLED },
	{ "tma: stat", SANDBOX_TMA, try_stat, EPERM },
	{ "tma: setuid", SANDBOX_TMA, try_setuid, KILLED },
	{ "tma: prctl", SANDBOX_TMA, try_prctl, KILLED },
	{ "tma: io_uring", SANDBOX_TMA, try_io_uring, KILLED },
	{ "tma: accept", SANDBOX_TMA, try_accept, 0 },
	{ "tma: who has connected", SANDBOX_TMA, try_peer, 0 },
	{ "tma: watch a descriptor", SANDBOX_TMA, try_watch, 0 },
	{ "tma: another option of a socket", SANDBOX_TMA, try_socket_option, KILLED },
	{ "tma: an option of another level", SANDBOX_TMA, try_socket_level, KILLED },
	{ "tma: set an option of a socket", SANDBOX_TMA, try_set_socket_option, KILLED },
	{ "tma: connect", SANDBOX_TMA, try_connect, KILLED },
	{ "tma: bind", SANDBOX_TMA, try_bind, KILLED },
	{ "tma: send", SANDBOX_TMA, try_send, 0 },
	{ "tma: receive", SANDBOX_TMA, try_receive, 0 },
	{ "tma: send to another", SANDBOX_TMA, try_send_elsewhere, KILLED },
	{ "tma: send a descriptor", SANDBOX_TMA, try_send_message, KILLED },
	{ "tma: receive a descriptor", SANDBOX_TMA, try_receive_message, KILLED },
	{ "recorder: accept", SANDBOX_RECORDER, try_accept, KILLED },
	{ "recorder: who has connected", SANDBOX_RECORDER, try_peer, KILLED },
	{ "recorder: nothing", SANDBOX_RECORDER, try_nothing, 0 },
	{ "recorder: its directory", SANDBOX_RECORDER, try_open_inside, 0 },
	{ "recorder: open elsewhere", SANDBOX_RECORDER, try_open, EACCES },
	{ "recorder: socket", SANDBOX_RECORDER, try_socket, KILLED },
	{ "recorder: exec", SANDBOX_RECORDER, try_exec, KILLED },
	{ "recorder: ptrace", SANDBOX_RECORDER, try_ptrace, KILLED },
	{ "recorder: executable memory", SANDBOX_RECORDER, try_executable_memory, KILLED },
	{ "anchor: nothing", SANDBOX_ANCHOR, try_nothing, 0 },
	{ "anchor: its directory", SANDBOX_ANCHOR, try_open_inside, 0 },
	{ "anchor: open elsewhere", SANDBOX_ANCHOR, try_open, EACCES },
	{ "anchor: accept", SANDBOX_ANCHOR, try_accept, 0 },
	{ "anchor: who has connected", SANDBOX_ANCHOR, try_peer, 0 },
	{ "anchor: socket", SANDBOX_ANCHOR, try_socket, KILLED },
	{ "anchor: socket of this machine", SANDBOX_ANCHOR, try_unix_socket, KILLED },
	{ "anchor: connect", SANDBOX_ANCHOR, try_connect, KILLED },
	{ "anchor: bind", SANDBOX_ANCHOR, try_bind, KILLED },
	{ "anchor: exec", SANDBOX_ANCHOR, try_exec, KILLED },
	{ "anchor: fork", SANDBOX_ANCHOR, try_fork, KILLED },
	{ "anchor: ptrace", SANDBOX_ANCHOR, try_ptrace, KILLED },
	{ "anchor: kill", SANDBOX_ANCHOR, try_kill, KILLED },
	{ "anchor: setuid", SANDBOX_ANCHOR, try_setuid, KILLED },
	{ "anchor: executable memory", SANDBOX_ANCHOR, try_executable_memory, KILLED },
	{ "anchor: receive a descriptor", SANDBOX_ANCHOR, try_receive_message, KILLED },
	{ "anchor with a simulator: socket of this machine", SANDBOX_ANCHOR_SIMULATED, try_unix_socket, 0 },
	{ "anchor with a simulator: socket", SANDBOX_ANCHOR_SIMULATED, try_socket, KILLED },
	{ "anchor with a simulator: exec", SANDBOX_ANCHOR_SIMULATED, try_exec, KILLED },
	{ "anchor with a simulator: open elsewhere", SANDBOX_ANCHOR_SIMULATED, try_open, EACCES },
};

static void __attribute__((noreturn)) be_inside(const struct try_case *c)
{
	const struct sandbox sandbox = { .role = c->role, .uid = 65534, .gid = 65534, .dir = dir };
	bool landlock;

	if (sandbox_enter(&sandbox, &landlock) < 0)
		_exit(NOT_ENTERED);
	/* Without Landlock the recorder's other files are guarded by its user alone. */
	if (!landlock && c->expected == EACCES)
		_exit(EACCES);
	_exit(c->try());
}

static void check_try(void **state)
{
	const struct try_case *c = *state;
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		be_inside(c);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (c->expected == KILLED) {
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
		return;
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), c->expected);
}

/* A directory that the recorder's user may write, whoever runs the test. */
static int open_dir(char *path)
{
	if (!mkdtemp(path))
		return -errno;
	if (chmod(path, 0777) < 0)
		return -errno;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -errno : 0;
}

int main(void)
{
	static struct CMUnitTest tests[ARRAY_SIZE(tries)];
	char path[] = "/tmp/test-sandbox-XXXXXX";
	int failed;

	if (open_dir(path) < 0)
		return EXIT_FAILURE;
	for (size_t i = 0; i < ARRAY_SIZE(tries); i++)
		tests[i] = (struct CMUnitTest){ .name = tries[i].name,
						.test_func = check_try,
						.initial_state = &tries[i] };
	failed = _cmocka_run_group_tests("sandbox", tests, ARRAY_SIZE(tests), NULL, NULL);
	(void)unlinkat(dir, "old", 0);
	(void)rmdir(path);
	return failed;
}
