// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * um.c - one command in one User-Mode Linux: the loop between our standard streams and
 * signals and the guest's serial line. Output waits here until whoever reads it is
 * ready; the guest then waits too, and nothing piles up.
 */
#include "um.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <termios.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/reopen.h"
#include "frame.h"
#include "um-process.h"

#define SIGNAL_GRACE_SEC 10	/* after SIGTERM: what systemd users are used to is 90, people less */
#define INTERRUPTS_MAX 3	/* SIGINTs before the machine is switched off */

/** struct session - The command as seen from outside. */
struct session {
	const struct um_options *options;
	struct um_process process;
	int signals;
	int timer;
	int input;		/* standard input, that does not block if it can be had */
	bool is_up;		/* HELLO has come */
	bool has_ended;		/* EXIT has come */
	uint32_t status;
	struct frame_reader reader;
	struct frame_queue queue;
	size_t output_done;	/* bytes of the reader's frame that are written */
	bool has_output;	/* the reader's frame is not written wholly */
	bool is_closed[3];	/* nobody reads this stream of ours, or 0 has ended */
	uint32_t credit;	/* bytes of standard input that the guest takes */
	unsigned int interrupts;
	int end_reason;		/* what the timer means when it rings */
	struct termios terminal;
	bool is_raw;
};

static const int carried_signals[] = {
	SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGWINCH, SIGUSR1, SIGUSR2,
};

static int set_timer(struct session *session, unsigned int sec, int reason)
{
	struct itimerspec when = { .it_value.tv_sec = sec };

	session->end_reason = reason;
	return timerfd_settime(session->timer, 0, &when, NULL) < 0 ? -errno : 0;
}

static struct frame_window get_window(void)
{
	struct winsize size = { 0 };

	(void)ioctl(STDIN_FILENO, TIOCGWINSZ, &size);	/* without a terminal it stays zero */
	return (struct frame_window){ size.ws_row, size.ws_col };
}

static size_t count_strings(char *const *strings)
{
	size_t count = 0;

	while (strings[count])
		count++;
	return count;
}

static int queue_request(struct frame_queue *queue, const void *data, size_t size)
{
	int r = 0;

	for (size_t done = 0; r >= 0 && done < size; done += FRAME_MAX) {
		size_t part = size - done < FRAME_MAX ? size - done : FRAME_MAX;

		r = frame_queue_add(queue, FRAME_REQUEST, (const uint8_t *)data + done, part);
	}
	return r;
}

static int queue_strings(struct frame_queue *queue, char *const *strings)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && strings[i]; i++)
		r = queue_request(queue, strings[i], strlen(strings[i]) + 1);
	return r;
}

static int send_request(struct session *session)
{
	const struct um_options *options = session->options;
	char *const directory[] = { (char *)options->directory, NULL };
	struct request_head head = { .terminal = options->terminal, .window = get_window() };
	struct rlimit files;
	int r;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return -errno;
	head.argument_count = (uint32_t)count_strings(options->argv);
	head.environment_count = (uint32_t)count_strings(options->environment);
	head.open_files = files.rlim_cur;
	head.open_files_max = files.rlim_max;
	head.umask = umask(0);
	(void)umask((mode_t)head.umask);
	r = queue_request(&session->queue, &head, sizeof(head));
	if (r >= 0)
		r = queue_strings(&session->queue, directory);
	if (r >= 0)
		r = queue_strings(&session->queue, options->argv);
	if (r >= 0)
		r = queue_strings(&session->queue, options->environment);
	if (r >= 0)
		r = frame_queue_add(&session->queue, FRAME_START, NULL, 0);
	session->credit = FRAME_WINDOW_BYTES;
	return r;
}

static int take_hello(struct session *session)
{
	if (session->is_up)
		return -EBADMSG;
	session->is_up = true;
	if (session->options->timeout_sec == 0 && set_timer(session, 0, 0) < 0)
		return -errno;
	if (session->options->timeout_sec > 0 &&
	    set_timer(session, session->options->timeout_sec, -ETIMEDOUT) < 0)
		return -errno;
	return send_request(session);
}

static int take_failure(struct session *session)
{
	const struct frame *frame = &session->reader.frame;

	fprintf(stderr, "quixote: the built-in kernel's init failed: %.*s\n",
		(int)frame->header.size, (const char *)frame->data);
	return -EBADMSG;
}

/* Which of our streams the frame in hand is for. */
static int output_stream(const struct session *session)
{
	return session->reader.frame.header.type == FRAME_STDOUT ? STDOUT_FILENO : STDERR_FILENO;
}

static int take_frame(struct session *session)
{
	const struct frame *frame = &session->reader.frame;
	uint32_t number;

	switch ((enum frame_type)frame->header.type) {
	case FRAME_HELLO:
		return take_hello(session);
	case FRAME_STDOUT:
	case FRAME_STDERR:
		session->has_output = !session->is_closed[output_stream(session)];
		session->output_done = 0;
		return 0;
	case FRAME_CREDIT:
		if (!frame_u32(frame, &number) || number > FRAME_WINDOW_BYTES)
			return -EBADMSG;
		session->credit += number;
		return 0;
	case FRAME_CLOSED:
		session->is_closed[STDIN_FILENO] = true;
		return 0;
	case FRAME_EXIT:
		if (!frame_u32(frame, &session->status))
			return -EBADMSG;
		session->has_ended = true;
		return 0;
	case FRAME_FAILED:
		return take_failure(session);
	case FRAME_REQUEST:
	case FRAME_START:
	case FRAME_STDIN:
	case FRAME_END:
	case FRAME_SIGNAL:
	case FRAME_WINDOW:
		return -EBADMSG;
	}
	return -EBADMSG;
}

static int close_output(struct session *session, int stream)
{
	if (session->is_closed[stream])
		return 0;
	session->is_closed[stream] = true;
	if (session->has_output && output_stream(session) == stream)
		session->has_output = false;
	return frame_queue_add_u32(&session->queue, FRAME_CLOSED,
				   stream == STDOUT_FILENO ? FRAME_STDOUT : FRAME_STDERR);
}

/* Read frames until one is output, the end, or there is no more. */
static int read_line(struct session *session)
{
	int r = 0;

	while (r >= 0 && !session->has_output && !session->has_ended) {
		r = frame_read(session->process.line, &session->reader);
		if (r == -EAGAIN)
			return 0;
		if (r == 0)
			r = take_frame(session);
	}
	return r;
}

/* At most PIPE_BUF at a time: that much a pipe takes at once when poll says so. */
static int write_output(struct session *session)
{
	const struct frame *frame = &session->reader.frame;
	int stream = output_stream(session);
	ssize_t n = write(stream, frame->data + session->output_done,
			  frame->header.size - session->output_done);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n < 0)
		return close_output(session, stream);
	session->output_done += (size_t)n;
	session->has_output = session->output_done < frame->header.size;
	return 0;
}

static int read_input(struct session *session)
{
	uint8_t bytes[FRAME_MAX];
	size_t size = session->credit < sizeof(bytes) ? session->credit : sizeof(bytes);
	ssize_t n = read(session->input, bytes, size);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0) {	/* what cannot be read has ended: a terminal that is gone, a closed descriptor */
		session->is_closed[STDIN_FILENO] = true;
		return frame_queue_add(&session->queue, FRAME_END, NULL, 0);
	}
	session->credit -= (uint32_t)n;
	return frame_queue_add(&session->queue, FRAME_STDIN, bytes, (size_t)n);
}

/* Before the guest is up there is nobody to tell: the signal ends the machine. */
static int take_signal(struct session *session)
{
	struct signalfd_siginfo info;
	struct frame_window window;

	if (read(session->signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	if (info.ssi_signo == SIGWINCH) {
		window = get_window();
		return frame_queue_add(&session->queue, FRAME_WINDOW, &window, sizeof(window));
	}
	if (!session->is_up)
		return -ECANCELED;
	if (info.ssi_signo == SIGINT && ++session->interrupts >= INTERRUPTS_MAX)
		return -ECANCELED;
	if ((info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP) &&
	    set_timer(session, SIGNAL_GRACE_SEC, -ECANCELED) < 0)
		return -errno;
	return frame_queue_add_u32(&session->queue, FRAME_SIGNAL, info.ssi_signo);
}

/* The kernel has ended: what it said before is still in the line. */
static int take_death(struct session *session)
{
	int r = read_line(session);

	if (r < 0 && r != -EPIPE)
		return r;
	if (session->has_output || session->has_ended)
		return 0;
	return session->is_up ? -ECONNRESET : -ENOEXEC;
}

static int turn(struct session *session)
{
	bool has_output = session->has_output;
	int stream = output_stream(session);
	bool wants_input = session->is_up && session->credit > 0 && !session->is_closed[0] &&
			   frame_queue_is_empty(&session->queue);
	short line = (short)((has_output ? 0 : POLLIN) |
			     (frame_queue_is_empty(&session->queue) ? 0 : POLLOUT));
	struct pollfd fds[] = {
		{ .fd = session->signals, .events = POLLIN },
		{ .fd = session->timer, .events = POLLIN },
		{ .fd = line ? session->process.line : -1, .events = line },
		{ .fd = has_output ? -1 : session->process.pidfd, .events = POLLIN },
		{ .fd = wants_input ? session->input : -1, .events = POLLIN },
		{ .fd = session->is_closed[1] ? -1 : STDOUT_FILENO,
		  .events = has_output && stream == STDOUT_FILENO ? POLLOUT : 0 },
		{ .fd = session->is_closed[2] ? -1 : STDERR_FILENO,
		  .events = has_output && stream == STDERR_FILENO ? POLLOUT : 0 },
	};
	int r = 0;

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents)
		r = take_signal(session);
	if (r >= 0 && fds[1].revents)
		return session->end_reason;
	if (r >= 0 && fds[2].revents)
		r = read_line(session);
	if (r == -EPIPE || (r >= 0 && fds[3].revents))
		r = take_death(session);
	if (r >= 0 && fds[4].revents)
		r = read_input(session);
	for (int i = STDOUT_FILENO; r >= 0 && i <= STDERR_FILENO; i++)
		if (fds[4 + i].revents & (POLLERR | POLLNVAL))
			r = close_output(session, i);
	if (r >= 0 && session->has_output && has_output && fds[4 + stream].revents)
		r = write_output(session);
	if (r >= 0)
		r = frame_queue_write(&session->queue, session->process.line);
	return r == -EPIPE || r == -ECONNRESET ? take_death(session) : r;
}

static void make_raw(struct session *session)
{
	struct termios raw;

	if (!session->options->terminal || tcgetattr(STDIN_FILENO, &session->terminal) < 0)
		return;
	raw = session->terminal;
	cfmakeraw(&raw);
	session->is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static void restore_terminal(const struct session *session)
{
	if (session->is_raw)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &session->terminal);
}

static int prepare(struct session *session, sigset_t *ret_old)
{
	sigset_t carried;

	sigemptyset(&carried);
	for (size_t i = 0; i < ARRAY_SIZE(carried_signals); i++)
		sigaddset(&carried, carried_signals[i]);
	session->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	session->signals = signalfd(-1, &carried, SFD_CLOEXEC | SFD_NONBLOCK);
	if (session->timer < 0 || session->signals < 0)
		return -errno;
	if (sigprocmask(SIG_BLOCK, &carried, ret_old) < 0)
		return -errno;
	return set_timer(session, session->options->boot_sec ?: UM_BOOT_SEC, -ENOEXEC);
}

int um_run(const struct um_options *options, int *ret_status)
{
	struct session session = {
		.options = options,
		.process = { -1, -EBADF, -EBADF, -EBADF, "" },
		.signals = -EBADF,
		.timer = -EBADF,
		.input = reopen_nonblocking(STDIN_FILENO, O_RDONLY),
	};
	void (*old_pipe)(int) = signal(SIGPIPE, SIG_IGN);
	sigset_t old;
	int r;

	if (session.input < 0)
		session.input = STDIN_FILENO;
	sigemptyset(&old);
	r = prepare(&session, &old);
	if (r >= 0)
		r = um_process_start(options, &session.process);
	if (r >= 0) {
		make_raw(&session);
		while (r >= 0 && (!session.has_ended || session.has_output))
			r = turn(&session);
		restore_terminal(&session);
		um_process_end(&session.process);
	}
	if (session.input != STDIN_FILENO)
		close_fd(session.input);
	close_fd(session.timer);
	close_fd(session.signals);
	free(session.queue.bytes);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	(void)signal(SIGPIPE, old_pipe);
	if (r >= 0)
		*ret_status = (int)session.status;
	return r < 0 ? r : 0;
}
