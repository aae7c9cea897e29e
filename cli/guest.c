// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * guest.c - init of the built-in kernel: sets up the machine, runs one command and
 * carries its streams, its signals and its exit status over one serial line. On a machine
 * that has an init of its own it is a service that does the same, without the set-up.
 *
 * Being process 1 it must not die: whatever fails is told over the line and ends in a
 * power-off. It knows nothing of TSEM.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/version.h"
#include "frame.h"

/** struct request - What is to be run: the bytes as they came and pointers into them. */
struct request {
	char *bytes;
	size_t size;
	struct request_head head;
	char *directory;
	char **arguments, **environment;
};

/** struct stream - A pipe of the command that the line carries. */
struct stream {
	enum frame_type type;
	int fd;
};

/** struct guest - The command and what is on its way. */
struct guest {
	int line;
	int signals;
	pid_t pid;
	int status; /* of waitpid(), once has_ended */
	bool has_ended;
	struct frame_reader reader;
	struct frame_queue queue;
	int input;	      /* write side of standard input */
	bool input_has_ended; /* close it when the rest is written */
	uint8_t pending[FRAME_WINDOW_BYTES];
	size_t pending_begin, pending_end;
	struct stream outputs[2];
};

/* A serial line of User-Mode Linux, or what the kernel's command line says. */
static int open_line(void)
{
	const char *path = getenv("guest_line") ?: "/dev/ttyS0";
	struct termios mode;
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (tcgetattr(fd, &mode) < 0) /* a port of virtio is no terminal */
		return errno == ENOTTY || errno == EINVAL ? fd : -errno;
	cfmakeraw(&mode);
	if (tcsetattr(fd, TCSANOW, &mode) < 0)
		return -errno;
	return fd;
}

static int wait_line(int line, short events)
{
	struct pollfd pollfd = { .fd = line, .events = events };

	return poll(&pollfd, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

/* Write all that is queued, however long it takes. */
static int flush(struct guest *guest)
{
	int r = frame_queue_write(&guest->queue, guest->line);

	while (r >= 0 && !frame_queue_is_empty(&guest->queue)) {
		r = wait_line(guest->line, POLLOUT);
		if (r >= 0)
			r = frame_queue_write(&guest->queue, guest->line);
	}
	return r;
}

static int request_append(struct request *request, const struct frame *frame)
{
	char *bytes;

	if (request->size + frame->header.size > REQUEST_MAX)
		return -E2BIG;
	bytes = realloc(request->bytes, request->size + frame->header.size + 1);
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes + request->size, frame->data, frame->header.size);
	request->bytes = bytes;
	request->size += frame->header.size;
	bytes[request->size] = '\0';
	return 0;
}

/* Take the next string; NULL when there is none. */
static char *next_string(char **at, const char *end)
{
	char *string = *at;

	if (string >= end)
		return NULL;
	*at += strlen(string) + 1;
	return string;
}

static int request_parse(struct request *request)
{
	const char *end = request->bytes + request->size;
	struct request_head *head = &request->head;
	char *at = request->bytes + sizeof(*head);

	if (request->size < sizeof(*head))
		return -EBADMSG;
	memcpy(head, request->bytes, sizeof(*head));
	if (head->argument_count < 1 || head->argument_count > REQUEST_MAX ||
	    head->environment_count > REQUEST_MAX)
		return -EBADMSG;
	request->arguments = calloc(head->argument_count + 1, sizeof(char *));
	request->environment = calloc(head->environment_count + 1, sizeof(char *));
	if (!request->arguments || !request->environment)
		return -ENOMEM;

	request->directory = next_string(&at, end);
	for (size_t i = 0; i < head->argument_count; i++)
		request->arguments[i] = next_string(&at, end);
	for (size_t i = 0; i < head->environment_count; i++)
		request->environment[i] = next_string(&at, end);
	return request->arguments[head->argument_count - 1] ? 0 : -EBADMSG;
}

static int receive_request(struct guest *guest, struct request *ret)
{
	for (;;) {
		int r = frame_read(guest->line, &guest->reader);

		if (r == -EAGAIN)
			r = wait_line(guest->line, POLLIN);
		else if (r == 0 && guest->reader.frame.header.type == FRAME_START)
			return request_parse(ret);
		else if (r == 0 && guest->reader.frame.header.type == FRAME_REQUEST)
			r = request_append(ret, &guest->reader.frame);
		else if (r == 0)
			r = -EBADMSG;
		if (r < 0)
			return r;
	}
}

/* In the child: become the command. Never returns; 126 and 127 are the shell's codes. */
static void become(const struct request *request, const int streams[3], bool terminal)
{
	const struct rlimit files = { request->head.open_files, request->head.open_files_max };
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	if (terminal)
		(void)ioctl(streams[0], TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		(void)dup2(streams[i], i); /* cannot fail: all are open */
	umask((mode_t)request->head.umask);
	(void)setrlimit(RLIMIT_NOFILE, &files); /* fewer files are no reason not to start */
	if (chdir(request->directory) < 0) {
		fprintf(stderr, "quixote: cannot change to %s: %m\n", request->directory);
		_exit(126);
	}
	execvpe(request->arguments[0], request->arguments, request->environment);
	fprintf(stderr, "quixote: cannot execute %s: %m\n", request->arguments[0]);
	_exit(errno == ENOENT ? 127 : 126);
}

static int set_nonblocking(int fd)
{
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ? -errno : 0;
}

/* Make the command's streams: ours in the guest, its own in ret_streams. */
static int make_pipes(struct guest *guest, int ret_streams[3])
{
	int in[2], out[2], err[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		return -errno;
	guest->input = in[1];
	guest->outputs[0] = (struct stream){ FRAME_STDOUT, out[0] };
	guest->outputs[1] = (struct stream){ FRAME_STDERR, err[0] };
	ret_streams[0] = in[0];
	ret_streams[1] = out[1];
	ret_streams[2] = err[1];
	return set_nonblocking(guest->input);
}

static int make_terminal(struct guest *guest, const struct frame_window *window, int ret_streams[3])
{
	struct winsize size = { .ws_row = window->rows, .ws_col = window->columns };
	int ours, its;

	if (openpty(&ours, &its, NULL, NULL, &size) < 0)
		return -errno;
	(void)fcntl(ours, F_SETFD, FD_CLOEXEC); /* cannot fail on an open descriptor */
	(void)fcntl(its, F_SETFD, FD_CLOEXEC);
	guest->input = fcntl(ours, F_DUPFD_CLOEXEC, 0);
	guest->outputs[0] = (struct stream){ FRAME_STDOUT, ours };
	guest->outputs[1] = (struct stream){ FRAME_STDERR, -EBADF };
	for (int i = 0; i < 3; i++)
		ret_streams[i] = fcntl(its, F_DUPFD_CLOEXEC, 3);
	close(its);
	return guest->input < 0 ? -EMFILE : set_nonblocking(guest->input);
}

static int spawn(struct guest *guest, const struct request *request)
{
	bool terminal = request->head.terminal != 0;
	int streams[3];
	int r = terminal ? make_terminal(guest, &request->head.window, streams)
			 : make_pipes(guest, streams);

	if (r < 0)
		return r;
	guest->pid = fork();
	if (guest->pid < 0)
		return -errno;
	if (guest->pid == 0)
		become(request, streams, terminal);
	for (int i = 0; i < 3; i++)
		close(streams[i]);
	return 0;
}

/* A key on a terminal reaches everyone in front of it; other signals the command only. */
static void send_signal(const struct guest *guest, int number)
{
	bool to_group = number == SIGINT || number == SIGQUIT;

	if (guest->has_ended || number <= 0 || number >= NSIG)
		return;
	/* A child that has just been forked is not in a group of its own yet. */
	if (!to_group || kill(-guest->pid, number) < 0)
		(void)kill(guest->pid, number); /* may just have ended */
}

static void set_window(const struct guest *guest, const struct frame *frame)
{
	struct frame_window window;
	struct winsize size = { 0 };

	if (frame->header.size != sizeof(window))
		return;
	memcpy(&window, frame->data, sizeof(window));
	size.ws_row = window.rows;
	size.ws_col = window.columns;
	(void)ioctl(guest->input, TIOCSWINSZ, &size); /* without a terminal there is no size */
}

static void close_stream(struct guest *guest, uint32_t which)
{
	for (size_t i = 0; i < ARRAY_SIZE(guest->outputs); i++)
		if (guest->outputs[i].type == which)
			guest->outputs[i].fd = close_fd(guest->outputs[i].fd);
}

static int take_input(struct guest *guest, const struct frame *frame)
{
	if (guest->input < 0)
		return 0; /* nobody reads it any more */
	if (guest->pending_begin > 0) {
		guest->pending_end -= guest->pending_begin;
		memmove(guest->pending, guest->pending + guest->pending_begin, guest->pending_end);
		guest->pending_begin = 0;
	}
	if (frame->header.size > sizeof(guest->pending) - guest->pending_end)
		return -EBADMSG; /* more than there was credit for */
	memcpy(guest->pending + guest->pending_end, frame->data, frame->header.size);
	guest->pending_end += frame->header.size;
	return 0;
}

static int take_frame(struct guest *guest)
{
	const struct frame *frame = &guest->reader.frame;
	uint32_t number;

	switch ((enum frame_type)frame->header.type) {
	case FRAME_STDIN:
		return take_input(guest, frame);
	case FRAME_END:
		guest->input_has_ended = true;
		return 0;
	case FRAME_SIGNAL:
		if (frame_u32(frame, &number))
			send_signal(guest, (int)number);
		return 0;
	case FRAME_CLOSED:
		if (frame_u32(frame, &number))
			close_stream(guest, number);
		return 0;
	case FRAME_WINDOW:
		set_window(guest, frame);
		return 0;
	case FRAME_HELLO:
	case FRAME_REQUEST:
	case FRAME_START:
	case FRAME_CREDIT:
	case FRAME_STDOUT:
	case FRAME_STDERR:
	case FRAME_FAILED:
	case FRAME_EXIT:
		return -EBADMSG;
	}
	return -EBADMSG;
}

static int read_line(struct guest *guest)
{
	int r = frame_read(guest->line, &guest->reader);

	while (r == 0) {
		r = take_frame(guest);
		if (r == 0)
			r = frame_read(guest->line, &guest->reader);
	}
	return r == -EAGAIN ? 0 : r;
}

/* Give the command what it takes now, and the other end credit for it. */
static int write_input(struct guest *guest)
{
	size_t count = guest->pending_end - guest->pending_begin;

	if (guest->input >= 0 && count > 0) {
		ssize_t n = write(guest->input, guest->pending + guest->pending_begin, count);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0) {
			guest->input = close_fd(guest->input);
			return frame_queue_add_u32(&guest->queue, FRAME_CLOSED, FRAME_STDIN);
		}
		guest->pending_begin += (size_t)n;
		return frame_queue_add_u32(&guest->queue, FRAME_CREDIT, (uint32_t)n);
	}
	return 0;
}

static int read_output(struct guest *guest, struct stream *stream)
{
	uint8_t bytes[FRAME_MAX];
	ssize_t n = read(stream->fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) { /* a terminal answers EIO when its last user is gone */
		stream->fd = close_fd(stream->fd);
		return 0;
	}
	return frame_queue_add(&guest->queue, stream->type, bytes, (size_t)n);
}

static void reap(struct guest *guest)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	(void)read(guest->signals, &info, sizeof(info)); /* only wakes; waitpid() knows more */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != guest->pid)
			continue;
		guest->status = status;
		guest->has_ended = true;
	}
}

static void close_ended_input(struct guest *guest)
{
	if (guest->input_has_ended && guest->pending_begin == guest->pending_end)
		guest->input = close_fd(guest->input);
}

/* One turn. Output is read only while the line has room, so that nothing piles up. */
static int turn(struct guest *guest)
{
	bool line_is_free = frame_queue_is_empty(&guest->queue);
	bool has_input = guest->pending_begin < guest->pending_end;
	struct pollfd fds[] = {
		{ .fd = guest->line, .events = (short)(POLLIN | (line_is_free ? 0 : POLLOUT)) },
		{ .fd = guest->signals, .events = POLLIN },
		{ .fd = has_input ? guest->input : -1, .events = POLLOUT },
		{ .fd = line_is_free ? guest->outputs[0].fd : -1, .events = POLLIN },
		{ .fd = line_is_free ? guest->outputs[1].fd : -1, .events = POLLIN },
	};
	int r = 0;

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents & POLLIN)
		r = read_line(guest);
	if (r >= 0 && fds[2].revents)
		r = write_input(guest);
	for (int i = 0; r >= 0 && i < 2; i++)
		if (fds[3 + i].revents && guest->outputs[i].fd >= 0)
			r = read_output(guest, &guest->outputs[i]);
	if (r >= 0)
		r = frame_queue_write(&guest->queue, guest->line);
	if (fds[1].revents)
		reap(guest);
	close_ended_input(guest);
	return r;
}

/* What the command wrote before it ended; whoever still holds its pipes is not waited for. */
static int drain(struct guest *guest)
{
	int r = flush(guest);

	for (size_t i = 0; i < ARRAY_SIZE(guest->outputs); i++) {
		struct stream *stream = &guest->outputs[i];
		struct pollfd pollfd = { .fd = stream->fd, .events = POLLIN };

		while (r >= 0 && stream->fd >= 0 && poll(&pollfd, 1, 0) > 0) {
			r = read_output(guest, stream);
			if (r >= 0)
				r = flush(guest);
		}
	}
	return r;
}

static uint32_t exit_code(int status)
{
	if (WIFSIGNALED(status))
		return 128 + (uint32_t)WTERMSIG(status);
	return (uint32_t)WEXITSTATUS(status);
}

static int run(struct guest *guest)
{
	struct request request = { 0 };
	sigset_t child;
	int r;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	guest->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (guest->signals < 0)
		return -errno;
	r = frame_queue_add(&guest->queue, FRAME_HELLO, NULL, 0);
	if (r >= 0)
		r = flush(guest);
	if (r >= 0)
		r = receive_request(guest, &request);
	if (r >= 0)
		r = spawn(guest, &request);
	while (r >= 0 && !guest->has_ended)
		r = turn(guest);
	if (r >= 0)
		r = drain(guest);
	return r;
}

/* Bring the caller's files up to date, tell the status. */
static void finish(struct guest *guest, int r, const char *what)
{
	char text[256];

	sync();
	guest_look_for_leaks();
	if (r >= 0) {
		(void)frame_queue_add_u32(&guest->queue, FRAME_EXIT, exit_code(guest->status));
	} else {
		snprintf(text, sizeof(text), "%s: %s", what, strerror(-r));
		(void)frame_queue_add(&guest->queue, FRAME_FAILED, text, strlen(text));
		fprintf(stderr, "quixote-guest: %s\n", text);
	}
	if (guest->line >= 0)
		(void)flush(guest); /* the end: nobody is left to tell */
}

int main(int argc, char **argv)
{
	bool is_init = getpid() == 1;
	static struct guest guest;
	const char *what = NULL;
	int r;

	if (!is_init && version_told(argc, argv, "quixote-guest"))
		return EXIT_SUCCESS;
	if (!is_init && (argc != 2 || strcmp(argv[1], "--service") != 0)) {
		fprintf(stderr, "quixote-guest: I am only the init of the built-in kernel\n");
		return 1;
	}
	guest.input = -EBADF;
	guest.line = -EBADF;
	r = is_init ? guest_set_up(&what) : 0;
	if (r >= 0) {
		what = "serial line";
		r = open_line();
		guest.line = r;
	}
	if (r >= 0) {
		what = "running the command";
		r = run(&guest);
	}
	if (is_init)
		(void)kill(-1, SIGKILL); /* nobody may be left to kill */
	finish(&guest, r, what);
	if (!is_init)
		return r < 0 ? 1 : 0;
	(void)reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
