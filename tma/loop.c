// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * loop.c - see loop.h. Between a record and its verdict: one read, the scan, a
 * lookup, one write. It does not log, open, allocate or wait for anyone there.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "counts.h"
#include "loop.h"
#include "status.h"

/* Read in a row before the orchestrator is listened to again: milliseconds at most. */
#define BATCHES_MAX 16

/* The longest line: "untrusted ", 20 digits and a line feed. */
#define VERDICT_LINE_BYTES 32

/* How long to wait for a peer that does not read: about as long as it waits for us. */
#define PEER_MSEC 5000

#define NSEC_PER_USEC 1000u
#define NSEC_PER_SEC 1000000000ull

/* Members that go on do not keep the model from being written: half of what there is to end. */
#define FINISH_NSEC_MAX (30 * NSEC_PER_SEC)

int tell(const struct status_message *message)
{
	for (;;) {
		struct pollfd room = { .fd = TMA_FD_STATUS, .events = POLLOUT };
		int r = status_send(TMA_FD_STATUS, message);

		if (r != -EAGAIN)
			return r;
		if (poll(&room, 1, PEER_MSEC) <= 0)
			return -ETIMEDOUT;
	}
}

void tell_failure(uint32_t failure, const char *text)
{
	struct status_message message = { .kind = STATUS_FAILED, .code = failure };

	(void)snprintf(message.text, sizeof(message.text), "%s", text);
	(void)tell(&message); /* what follows is our end, which says enough */
}

static int fail(uint32_t failure, const char *text, int error)
{
	tell_failure(failure, text);
	return error;
}

static uint64_t now_nsec(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now); /* cannot fail for these clocks */
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void measure_verdicts(struct loop *loop)
{
	uint64_t now = now_nsec(CLOCK_MONOTONIC);

	latency_add(&loop->source->latency, now, now - loop->read_nsec, loop->verdict_count);
	loop->verdict_count = 0;
}

/* All of it or a failure: a verdict that is lost would cost its task the deadline. */
static int flush_verdicts(struct loop *loop)
{
	size_t done = 0;

	while (done < loop->verdict_used) {
		ssize_t n = write(TMA_FD_EVENTS, loop->verdicts + done, loop->verdict_used - done);
		struct pollfd room = { .fd = TMA_FD_EVENTS, .events = POLLOUT };

		if (n > 0)
			done += n;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR) ||
			 poll(&room, 1, PEER_MSEC) <= 0)
			return fail(STATUS_FAILURE_CHANNEL, "writing verdicts", -EIO);
	}
	if (done)
		measure_verdicts(loop);
	loop->verdict_used = 0;
	return 0;
}

/* Word, number, line feed; returns its length, at most VERDICT_LINE_BYTES. */
static size_t print_verdict(char *line, const char *word, uint64_t number)
{
	char digits[20];
	size_t word_size = strlen(word), at = sizeof(digits);

	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	memcpy(line, word, word_size);
	line += word_size;
	*line++ = ' ';
	memcpy(line, digits + at, sizeof(digits) - at);
	line[sizeof(digits) - at] = '\n';
	return word_size + 1 + sizeof(digits) - at + 1;
}

static int add_verdict(struct loop *loop, enum judge_verdict verdict, uint64_t number)
{
	static const char *const words[JUDGE_VERDICT_COUNT] = {
		[JUDGE_TRUSTED] = "trusted",
		[JUDGE_UNTRUSTED] = "untrusted",
		[JUDGE_REFUSED] = "refused",
	};

	/* A workload that is being ended gets no answer any more: who waits is killed waiting. */
	if (verdict == JUDGE_SILENT || !number || loop->violated)
		return 0;
	if (LOOP_VERDICTS_BYTES - loop->verdict_used < VERDICT_LINE_BYTES) {
		int r = flush_verdicts(loop);

		if (r < 0)
			return r;
	}
	loop->verdict_used +=
		print_verdict(loop->verdicts + loop->verdict_used, words[verdict], number);
	loop->verdict_count++;
	return 0;
}

static int tell_violation(struct loop *loop, uint64_t number)
{
	struct status_message message = { .kind = STATUS_VIOLATION, .numbers = { number } };

	if (loop->violated)
		return 0;
	loop->violated = true;
	return tell(&message);
}

static void keep_event(struct loop *loop, const struct judgement *judgement, const char *line,
		       size_t size)
{
	unsigned int digest_size = loop->source->params->hasher->ops->size;
	const struct ring_event event = {
		.usec = loop->read_usec,
		.number = judgement->number,
		.verdict = judgement->event,
		.coefficient = judgement->digest,
		.record = line,
		.size = size,
	};

	ring_add(&loop->source->events, &event);
	if (loop->trajectory.fd >= 0)
		spool_event(&loop->trajectory, &event, digest_size);
	if (!judgement->told)
		return;
	ring_add(&loop->source->outside, &event);
	spool_forensic(&loop->forensics, &event, digest_size);
	if (!judgement->program)
		journal_add(&loop->journal, &event, judgement->type);
}

static int judge_line(struct loop *loop, const char *line, size_t size)
{
	struct judgement judgement;
	int r, failed;

	failed = judge_record(loop->judge, line, size, &judgement);
	r = add_verdict(loop, judgement.verdict, judgement.number);
	if (r < 0)
		return r;
	if (judgement.event)
		keep_event(loop, &judgement, line, size);
	if (judgement.end_workload)
		r = tell_violation(loop, judgement.number);
	if (r < 0)
		return r;
	if (!judgement.garbage && !failed)
		return 0;

	/* The task is answered before anything else is done. */
	r = flush_verdicts(loop);
	if (r < 0)
		return r;
	if (judgement.garbage)
		return fail(STATUS_FAILURE_RECORD, "a record does not scan", -EBADMSG);
	return fail(STATUS_FAILURE_MODEL_FULL, strerror(-failed), failed);
}

static int judge_lines(struct loop *loop, const char *data, size_t size)
{
	while (size) {
		const char *end = memchr(data, '\n', size);
		int r;

		/* Without its line feed it is no record; the judge finds out whose it was. */
		r = judge_line(loop, data, end ? (size_t)(end - data) : size);
		if (r < 0)
			return r;
		if (!end)
			return fail(STATUS_FAILURE_RECORD, "a record without its end", -EBADMSG);
		size -= end + 1 - data;
		data = end + 1;
	}
	return flush_verdicts(loop);
}

/* One batch. */
static int take_records(struct loop *loop)
{
	ssize_t n = read(TMA_FD_EVENTS, loop->records, LOOP_RECORDS_BYTES);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return fail(STATUS_FAILURE_CHANNEL, strerror(errno), -errno);
	/* At its end nobody is left to wait for an answer; the orchestrator says when to finish. */
	loop->readable = n > 0;
	loop->read_nsec = now_nsec(CLOCK_MONOTONIC);
	loop->read_usec = now_nsec(CLOCK_REALTIME) / NSEC_PER_USEC;
	return n > 0 ? judge_lines(loop, loop->records, n) : 0;
}

/* As the recorder takes it, which it does at the speed of a disk. */
static void end_spool(struct spool *spool)
{
	struct pollfd room = { .fd = spool->fd, .events = POLLOUT };

	spool_flush(spool);
	while (spool_is_pending(spool) && poll(&room, 1, PEER_MSEC) > 0)
		spool_flush(spool);
}

static int finish(struct loop *loop)
{
	struct status_message message = { .kind = STATUS_FINISHED };
	struct judge_counts counts;
	uint64_t begin_nsec = now_nsec(CLOCK_MONOTONIC);
	int r;

	do {
		r = take_records(loop);
		if (r < 0)
			return r;
	} while (loop->readable && loop->read_nsec - begin_nsec < FINISH_NSEC_MAX);
	end_spool(&loop->forensics);
	end_spool(&loop->trajectory);
	while (journal_has_work(&loop->journal))
		journal_flush(&loop->journal);

	if (loop->train) {
		r = counts_read(loop->judge, TMA_FD_COUNTS, loop->records, LOOP_RECORDS_BYTES);
		if (r < 0)
			return fail(STATUS_FAILURE_CHANNEL, "reading the kernel's counts", r);
		r = judge_write(loop->judge, TMA_FD_NEW_MODEL);
		if (r < 0)
			return fail(STATUS_FAILURE_MODEL_WRITE, strerror(-r), r);
		message.code = 1;
	}
	judge_get_counts(loop->judge, &counts);
	message.numbers[STATUS_COUNT_NEW] = counts.learned;
	message.numbers[STATUS_COUNT_TOTAL] = counts.total;
	message.numbers[STATUS_COUNT_RUNS] = counts.runs;
	message.numbers[STATUS_COUNT_EVENTS] = counts.events;
	message.numbers[STATUS_COUNT_OUTSIDE] = counts.outside;
	message.numbers[STATUS_COUNT_DROPPED] = loop->forensics.dropped;
	message.numbers[STATUS_COUNT_UNKEPT] = loop->trajectory.dropped;
	judge_get_measurement(loop->judge, message.text);
	return tell(&message);
}

static void take_ping(struct loop *loop, const struct status_message *message)
{
	_Static_assert(STATUS_PING_COUNT <= STATUS_COUNT_COUNT, "a ping has room for them");

	for (unsigned int i = 0; i < STATUS_PING_COUNT; i++)
		loop->source->kernel[i] = message->numbers[i];
}

static int tell_pong(struct loop *loop, uint64_t number)
{
	struct status_message message = { .kind = STATUS_PONG };
	struct judge_counts counts;

	judge_get_counts(loop->judge, &counts);
	message.numbers[STATUS_PONG_NUMBER] = number;
	message.numbers[STATUS_PONG_EVENTS] = counts.events;
	message.numbers[STATUS_PONG_OUTSIDE] = counts.outside;
	judge_get_measurement(loop->judge, message.text);
	return tell(&message);
}

/* Returns 1 when the work is done. */
static int take_status(struct loop *loop)
{
	struct status_message message;
	int r = status_receive(TMA_FD_STATUS, &message);

	if (r == -EAGAIN)
		return 0;
	if (r < 0)
		return r; /* nobody is left to be told */
	if (message.kind == STATUS_PING) {
		take_ping(loop, &message);
		return tell_pong(loop, message.numbers[STATUS_PING_NUMBER]);
	}
	if (message.kind != STATUS_FINISH)
		return -EBADMSG;
	r = finish(loop);
	return r < 0 ? r : 1;
}

static int watch_fd(struct loop *loop, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	return errno == EPERM ? 0 : -errno; /* /dev/null: there is nothing to wait for */
}

/*
 * Edges: what is readable is read until it is not, and the end of the event
 * descriptor, after which only the orchestrator has something to say, is told once.
 */
static int watch_all(struct loop *loop)
{
	int r;

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return -errno;
	r = watch_fd(loop, TMA_FD_STATUS, EPOLLIN);
	if (r >= 0)
		r = watch_fd(loop, TMA_FD_EVENTS, EPOLLIN | EPOLLET);
	if (r >= 0)
		r = watch_fd(loop, TMA_FD_FORENSICS, EPOLLOUT | EPOLLET);
	if (r >= 0)
		r = watch_fd(loop, TMA_FD_TRAJECTORY, EPOLLOUT | EPOLLET);
	if (r >= 0)
		r = watch_fd(loop, TMA_FD_JOURNAL, EPOLLOUT | EPOLLET);
	if (r >= 0)
		r = watch_fd(loop, TMA_FD_MANAGEMENT, EPOLLIN | EPOLLET);
	return r;
}

static int init_manage(struct loop *loop, uid_t caller)
{
	struct answer_source *source = calloc(1, sizeof(*source));
	uint64_t now_usec = now_nsec(CLOCK_MONOTONIC) / NSEC_PER_USEC;

	loop->source = source;
	loop->manage = calloc(1, sizeof(*loop->manage));
	if (!source || !loop->manage || ring_init(&source->events) < 0 ||
	    ring_init(&source->outside) < 0)
		return -ENOMEM;
	source->counts = TMA_FD_COUNTS;
	source->counts_reader.buffer = malloc(ANSWER_COUNTS_BYTES);
	source->counts_reader.size = ANSWER_COUNTS_BYTES;
	if (!source->counts_reader.buffer)
		return -ENOMEM;
	source->begin_usec = now_usec;
	source->rates[0].begin_usec = source->rates[1].begin_usec = now_usec;
	return manage_init(loop->manage, TMA_FD_MANAGEMENT, loop->epoll, caller, source);
}

/* Where all events are to be kept there is a pipe: for /dev/null they are not even written. */
static int init_spools(struct loop *loop)
{
	struct stat st;
	bool keep = fstat(TMA_FD_TRAJECTORY, &st) == 0 && S_ISFIFO(st.st_mode);

	if (spool_init(&loop->forensics, TMA_FD_FORENSICS) < 0)
		return -ENOMEM;
	return spool_init(&loop->trajectory, keep ? TMA_FD_TRAJECTORY : -EBADF);
}

int loop_init(struct loop *loop, uid_t caller)
{
	int r;

	*loop = (struct loop){};
	loop->records = malloc(LOOP_RECORDS_BYTES);
	loop->verdicts = malloc(LOOP_VERDICTS_BYTES);
	if (!loop->records || !loop->verdicts)
		return -ENOMEM;
	/* Touched once, so that the loop meets no page that is not there. */
	memset(loop->records, 0, LOOP_RECORDS_BYTES);
	memset(loop->verdicts, 0, LOOP_VERDICTS_BYTES);
	r = watch_all(loop);
	if (r >= 0)
		r = init_spools(loop);
	return r < 0 ? r : init_manage(loop, caller);
}

/* Waits unless there is something to read. Says whether the orchestrator has something to say. */
static int wait_for_work(struct loop *loop, bool *ret_status)
{
	struct epoll_event events[6 + MANAGE_CLIENTS];
	bool busy = loop->readable || journal_has_work(&loop->journal);
	int n;

	n = epoll_wait(loop->epoll, events, ARRAY_SIZE(events),
		       busy ? 0 : manage_timeout(loop->manage));
	if (n < 0 && errno != EINTR)
		return fail(STATUS_FAILURE_CHANNEL, strerror(errno), -errno);
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == TMA_FD_STATUS)
			*ret_status = true;
		else if (events[i].data.fd == TMA_FD_EVENTS)
			loop->readable = true;
		else if (events[i].data.fd == TMA_FD_JOURNAL)
			journal_wake(&loop->journal);
		else
			manage_wake(loop->manage, events[i].data.fd, events[i].events);
	}
	return 0;
}

/* One step, so that a verdict never waits for more than that. */
static void serve_clients(struct loop *loop)
{
	uint64_t now_usec = now_nsec(CLOCK_MONOTONIC) / NSEC_PER_USEC;

	answer_tick(loop->source, now_usec);
	loop->source->losses.forensics = loop->forensics.dropped;
	loop->source->losses.journal = loop->journal.lost;
	loop->source->losses.trajectory = loop->trajectory.dropped;
	if (manage_timeout(loop->manage) != -1)
		manage_step(loop->manage, now_usec);
}

int loop_run(struct loop *loop)
{
	for (;;) {
		bool status = false;
		int r = wait_for_work(loop, &status);

		if (r < 0)
			return r;
		/* The orchestrator before events, so that a flood cannot make us look dead. */
		if (status) {
			r = take_status(loop);
			if (r != 0)
				return r < 0 ? r : 0;
		}
		for (int i = 0; loop->readable && i < BATCHES_MAX; i++) {
			r = take_records(loop);
			if (r < 0)
				return r;
		}
		spool_flush(&loop->forensics);
		spool_flush(&loop->trajectory);
		journal_flush(&loop->journal);
		serve_clients(loop);
	}
}
