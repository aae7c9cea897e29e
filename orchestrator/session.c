// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * session.c - the states of a session and the loop that moves through them.
 *
 * Every state but RUNNING and the last output has a limit, so nothing here
 * waits for ever. Children are reaped by SIGCHLD and not by one pidfd each: as
 * reaper of last resort this process gets children it has never seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "directory.h"
#include "members.h"
#include "session-private.h"

#define USEC_PER_SEC 1000000ULL
#define LIMIT_ACCURACY_USEC 10000ULL

/* TMA and recorder, and the second TMA of a reload. */
#define HELPERS_MAX 3

static void next_state(struct session *s, enum session_state state)
{
	(void)session_enter(s, state);
}

static size_t helpers(const struct session *s, pid_t *ret)
{
	size_t count = 0;

	if (s->tma.pid)
		ret[count++] = s->tma.pid;
	if (s->recorder.pid)
		ret[count++] = s->recorder.pid;
	if (s->reload.agent.pid)
		ret[count++] = s->reload.agent.pid;
	return count;
}

static void signal_process(const struct workload *process, int number)
{
	if (process->pid)
		(void)syscall(SYS_pidfd_send_signal, process->pidfd, number, NULL,
			      0); /* or it is gone */
}

static void kill_members(struct session *s)
{
	pid_t except[HELPERS_MAX];
	size_t count = helpers(s, except);
	pid_t keeper = s->params->entry == ENTRY_BUNDLE ? s->workload.pid : 0;

	s->workload.go = close_fd(s->workload.go);
	if (!keeper)
		signal_process(&s->workload, SIGKILL);
	entrance_kill(s->entrance);
	/*
	 * The keeper clears up when its container is gone, by the runtime, in its own session.
	 * If /proc cannot be read the kernel's own killing remains, and the limit of this state.
	 */
	(void)members_kill(except, count, keeper);
}

/* As the kernel counts; what cannot be asked has none. */
static bool namespace_has_members(const struct session *s)
{
	struct tsem_status now;

	return s->status_file >= 0 && tsem_status_read(s->status_file, &now) == 0 && now.members;
}

static bool members_are_gone(struct session *s)
{
	pid_t except[HELPERS_MAX];
	size_t count = helpers(s, except);

	if (s->workload.pid || s->driver.pid || members_left(except, count))
		return false;
	return !namespace_has_members(s);
}

static int enter_preparing(struct session *s);
static int enter_running(struct session *s);
static int enter_stopping(struct session *s);
static int enter_killing(struct session *s);
static int enter_finishing(struct session *s);
static int enter_draining(struct session *s);

static void limit_starting(struct session *s)
{
	(void)session_fail(s, s->anchor.waiting ? FAILURE_ANCHOR : FAILURE_TMA_START,
			   s->anchor.waiting ? "no answer in time" : "not ready in time", 0);
}

static void limit_workload(struct session *s)
{
	(void)session_fail(s, FAILURE_WORKLOAD_START, "not in time", 0);
}

static void limit_stopping(struct session *s)
{
	next_state(s, SESSION_KILLING);
}

static void limit_grace(struct session *s)
{
	next_state(s, SESSION_KILLING);
}

static void limit_killing(struct session *s)
{
	pid_t except[HELPERS_MAX];

	(void)session_fail(s, FAILURE_WORKLOAD_STUCK, NULL, 0);
	signal_process(&s->workload, SIGKILL);
	(void)members_kill(except, helpers(s, except), 0); /* and what clears up */
	anchor_abandon(s);
	/*
	 * With the last reader gone the kernel lets nobody pass. The agent of a run that has not
	 * failed ends as it does otherwise, with what it has learned.
	 */
	if (!s->failed && s->tma.pid) {
		next_state(s, SESSION_FINISHING);
		return;
	}
	agent_kill(&s->tma);
	next_state(s, SESSION_DRAINING);
}

static void limit_finishing(struct session *s)
{
	agent_kill(&s->tma);
	(void)session_fail(s, FAILURE_TMA_HUNG, "while ending", 0);
}

static void limit_draining(struct session *s)
{
	agent_kill(&s->tma);
	agent_kill(&s->reload.agent);
	agent_kill(&s->recorder);
}

/* What is done on entering a state, how long it may last, and what follows then. */
static const struct {
	int (*enter)(struct session *s);
	uint64_t limit_usec; /* 0: none */
	void (*limit)(struct session *s);
} states[SESSION_STATE_COUNT] = {
	[SESSION_STARTING] = { NULL, 30 * USEC_PER_SEC, limit_starting },
	[SESSION_PREPARING] = { enter_preparing, 10 * USEC_PER_SEC, limit_workload },
	[SESSION_EXECUTING] = { NULL, 60 * USEC_PER_SEC, limit_workload },
	[SESSION_RUNNING] = { enter_running, 0, NULL },
	[SESSION_STOPPING] = { enter_stopping, 10 * USEC_PER_SEC, limit_stopping },
	[SESSION_GRACE] = { NULL, 1 * USEC_PER_SEC, limit_grace },
	[SESSION_KILLING] = { enter_killing, 5 * USEC_PER_SEC, limit_killing },
	[SESSION_FINISHING] = { enter_finishing, 60 * USEC_PER_SEC, limit_finishing },
	[SESSION_DRAINING] = { enter_draining, 10 * USEC_PER_SEC, limit_draining },
};

int session_limit(struct session *s, uint64_t usec)
{
	int r;

	if (!usec)
		return sd_event_source_set_enabled(s->limit, SD_EVENT_OFF);
	r = sd_event_source_set_time_relative(s->limit, usec);
	return r < 0 ? r : sd_event_source_set_enabled(s->limit, SD_EVENT_ONESHOT);
}

/*
 * A service manager does not take what is about to end for something that runs, and binds
 * nothing to it that is started meanwhile.
 */
static void tell_stopping(struct session *s, enum session_state state)
{
	if (s->state < SESSION_STOPPING && state >= SESSION_STOPPING)
		tell_manager(&s->tell, "STOPPING=1");
}

int session_enter(struct session *s, enum session_state state)
{
	int r;

	tell_stopping(s, state);
	if (state > SESSION_RUNNING)
		reload_stop(s);
	s->state = state;
	r = session_limit(s, states[state].limit_usec);
	if (r >= 0 && states[state].enter)
		r = states[state].enter(s);
	if (r < 0)
		return session_fail(s, FAILURE_INTERNAL, NULL, r);
	session_look(s);
	return 0;
}

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct session *s = userdata;

	states[s->state].limit(s);
	return 0;
}

static bool is_done(const struct session *s)
{
	return s->state == SESSION_DRAINING && !s->tma.pid && !s->recorder.pid &&
	       !s->reload.agent.pid && streams_are_drained(&s->streams);
}

void session_look(struct session *s)
{
	enum session_state state = s->state;

	if ((state == SESSION_GRACE || state == SESSION_KILLING) && members_are_gone(s)) {
		watch_losses(s);
		if (s->state == state) /* else the loss has moved on already */
			next_state(s, s->tma.pid ? SESSION_FINISHING : SESSION_DRAINING);
	} else if (s->state == SESSION_KILLING) {
		kill_members(s); /* what was forked since */
	} else if (is_done(s)) {
		(void)sd_event_source_set_enabled(s->end, SD_EVENT_ONESHOT);
	}
}

/* The workload ends, at once. */
static int act_end(struct session *s)
{
	if (s->state < SESSION_KILLING)
		return session_enter(s, SESSION_KILLING);
	return 0;
}

static int act_loss(struct session *s)
{
	agent_kill(&s->tma); /* "reader gone" is what makes the kernel act */
	if (s->params->kill_on_loss || s->state < SESSION_RUNNING)
		return act_end(s);
	return 0; /* every further event is denied; the workload ends when it ends */
}

static int act_refuse(struct session *s)
{
	agent_kill(&s->tma);
	return act_end(s);
}

static int act_note(struct session *s)
{
	return 0;
}

static int (*const actions[])(struct session *s) = {
	[ACTION_REFUSE] = act_refuse,
	[ACTION_LOSS] = act_loss,
	[ACTION_END] = act_end,
	[ACTION_NOTE] = act_note,
};

int session_fail(struct session *s, enum failure failure, const char *detail, int error)
{
	const struct failure_desc *desc = &failure_table[failure];
	bool noted = desc->action == ACTION_NOTE;
	int r;

	/* The first failure is the reason; those that follow from it need no telling. */
	if (s->failed && !noted)
		return 0;
	if (!noted) {
		s->failed = true;
		s->exit_status = desc->exit_status;
	}
	r = actions[desc->action](s); /* first, whatever becomes of the telling */
	failure_report(&s->tell, failure, s->params->name, detail, error);
	return r;
}

static int fail_start(struct session *s, const char *detail, int error)
{
	return session_fail(s, FAILURE_WORKLOAD_START, detail, error);
}

/* What it would have done for the rest of its driver nobody has learned. */
static int fail_service(struct session *s)
{
	char detail[64];

	(void)snprintf(detail, sizeof(detail),
		       "the service ended before its driver, with status %d", s->exit_status);
	return fail_start(s, detail, 0);
}

static void on_output_end(struct relay *relay, void *userdata)
{
	session_look(userdata);
}

/* Armed as late as can be: between this and the exec the child does nothing else. */
static int on_prepared(struct session *s)
{
	int r = 0;

	if (s->params->driver != DRIVER_AROUND && s->params->entry == ENTRY_CHILD)
		r = tsem_channel_arm(&s->channel, s->workload.pidfd);
	if (r < 0)
		return fail_start(s, "arm", r);
	r = workload_release(&s->workload);
	if (r < 0)
		return fail_start(s, NULL, r);
	return session_enter(s, SESSION_EXECUTING);
}

static int on_report_end(struct session *s)
{
	s->report_source = sd_event_source_disable_unref(s->report_source);
	s->workload.report = close_fd(s->workload.report);
	if (s->state == SESSION_PREPARING)
		return fail_start(s, "the child died", 0);
	if (s->state == SESSION_EXECUTING && s->params->driver == DRIVER_BESIDE && !s->workload.pid)
		return fail_service(s);
	/* The keeper runs: the container does once it is armed. */
	if (s->state == SESSION_EXECUTING && s->params->entry == ENTRY_CHILD)
		return session_enter(s, s->workload.pid ? SESSION_RUNNING : SESSION_GRACE);
	return 0;
}

static int on_report(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct session *s = userdata;
	struct workload_report report;
	int r = workload_read_report(&s->workload, &report);

	if (r == -EAGAIN)
		return 0;
	if (r == 0)
		return on_report_end(s);
	if (r < 0)
		return fail_start(s, NULL, r);
	if (report.step == STEP_PREPARED && s->state == SESSION_PREPARING)
		return on_prepared(s);
	if (report.step == STEP_EXEC && s->params->driver != DRIVER_AROUND)
		return fail_start(s, s->params->workload.argv[0], report.error);
	if (report.step == STEP_EXEC)
		return fail_start(s, s->params->driver_workload.argv[0], report.error);
	return fail_start(s, workload_step_name(report.step), report.error);
}

static int on_apart_end(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct session *s = userdata;

	s->workload_source = sd_event_source_disable_unref(s->workload_source);
	s->workload.pid = 0;
	s->workload.pidfd = close_fd(s->workload.pidfd);
	if (s->state == SESSION_RUNNING)
		next_state(s, SESSION_GRACE);
	else
		session_look(s);
	return 0;
}

/* Somebody else's child: its end is seen, its status is not. */
static int watch_apart(struct session *s, pid_t pid, int pidfd)
{
	s->workload.pidfd = fcntl(pidfd, F_DUPFD_CLOEXEC, 0);
	if (s->workload.pidfd < 0)
		return -errno;
	s->workload.pid = pid;
	return sd_event_add_io(s->event, &s->workload_source, s->workload.pidfd, EPOLLIN,
			       on_apart_end, s);
}

int session_armed(pid_t pid, int pidfd, void *userdata)
{
	struct session *s = userdata;
	int r = 0;

	if (s->state == SESSION_RUNNING) /* one more, by "exec" of the runtime */
		return s->params->entry == ENTRY_APART ? 0 : -EPERM;
	if (s->state != SESSION_EXECUTING)
		return -ESHUTDOWN;
	if (s->params->entry == ENTRY_APART)
		r = watch_apart(s, pid, pidfd);
	return r < 0 ? fail_start(s, "watch", r), r : session_enter(s, SESSION_RUNNING);
}

int session_joined(pid_t pid, int pidfd, void *userdata)
{
	const struct session *s = userdata;

	return s->state == SESSION_RUNNING ? 0 : -ESHUTDOWN;
}

static int enter_preparing(struct session *s)
{
	int r;

	if (s->params->entry == ENTRY_APART) {
		tell_manager(&s->tell, "READY=1"); /* to whoever creates the container */
		return session_enter(s, SESSION_EXECUTING);
	}
	if (s->params->entry == ENTRY_UNIT)
		return session_enter(s, SESSION_RUNNING);
	r = setup_workload(s);
	if (r < 0)
		return fail_start(s, NULL, r);
	r = streams_relay(&s->streams, s->event, on_output_end, s);
	if (r < 0)
		return r;
	return sd_event_add_io(s->event, &s->report_source, s->workload.report, EPOLLIN, on_report,
			       s);
}

static int enter_running(struct session *s)
{
	int r = s->params->entry == ENTRY_UNIT ? setup_entrance(s) : 0;

	if (r < 0)
		return fail_start(s, "entrance", r);
	reload_listen(s);
	/* Of use below a service manager only. */
	if (s->params->entry != ENTRY_APART)
		tell_manager(&s->tell, "READY=1");
	if (s->params->driver != DRIVER_BESIDE)
		return 0;
	r = setup_driver_beside(s);
	return r < 0 ? fail_start(s, s->params->driver_workload.argv[0], r) : 0;
}

static int enter_stopping(struct session *s)
{
	signal_process(&s->workload, SIGTERM);
	return 0;
}

/*
 * Members of a unit may be in control groups other than its own, as those of ssh sessions are.
 * There the kernel alone finds them, when the last reader is gone: the agent, having answered
 * and kept what it has read. The limit of this state is its limit.
 */
static void let_kernel_kill(struct session *s)
{
	if (s->failed && s->params->entry == ENTRY_UNIT && enter_finishing(s) < 0)
		agent_kill(&s->tma);
}

static int enter_killing(struct session *s)
{
	entrance_close(s->entrance);
	kill_members(s);
	let_kernel_kill(s);
	return 0;
}

static int enter_finishing(struct session *s)
{
	const struct status_message finish = { .kind = STATUS_FINISH };
	int r = status_send(s->tma_socket, &finish);

	return r == -EPIPE || r == -EBADF ? 0 : r; /* it is seen when it is reaped */
}

static int enter_draining(struct session *s)
{
	streams_end_input(&s->streams);
	if (!s->tma.pid)
		anchor_end(s); /* else when its last words were heard */
	return 0;
}

static void tell_training(struct session *s)
{
	const uint64_t *numbers = s->finished.numbers;

	tell_line(&s->tell, "quixote: %s: %llu new coefficient%s in this run, %llu in all, %llu %s",
		  s->params->name, (unsigned long long)numbers[STATUS_COUNT_NEW],
		  numbers[STATUS_COUNT_NEW] == 1 ? "" : "s",
		  (unsigned long long)numbers[STATUS_COUNT_TOTAL],
		  (unsigned long long)numbers[STATUS_COUNT_RUNS],
		  numbers[STATUS_COUNT_RUNS] == 1 ? "run" : "runs");
	if (s->params->driver == DRIVER_AROUND && !driver_start_count(s->shims))
		tell_line(&s->tell,
			  "quixote: %s: the driver never started %s by its name through PATH; "
			  "nothing was learned",
			  s->params->name, s->params->workload.argv[0]);
}

static void tell_outside(struct session *s)
{
	uint64_t outside = s->outside_before + s->finished.numbers[STATUS_COUNT_OUTSIDE];

	if (!outside)
		return;
	tell_line(&s->tell, "quixote: %s: %llu event%s outside the model; see quixote explain %s",
		  s->params->name, (unsigned long long)outside, outside == 1 ? "" : "s",
		  s->params->config);
}

/* Of a run that was cut short nothing is kept, nor of a container that was not started. */
static bool has_learned(const struct session *s)
{
	return s->params->train && !s->failed &&
	       (s->params->entry == ENTRY_CHILD || s->counters.entered);
}

/* Last, so that it does not stand amid the workload's own output. */
static void tell_result(struct session *s)
{
	if (!s->finished.kind || s->result_told)
		return;
	s->result_told = true;
	if (!s->params->train)
		tell_outside(s);
	else if (has_learned(s))
		tell_training(s);
}

/* As output does, this waits for its reader, until a second signal. */
static int on_end(sd_event_source *source, void *userdata)
{
	struct session *s = userdata;

	tell_result(s);
	return outbox_is_empty(&s->tell.lines) ? sd_event_exit(s->event, 0) : 0;
}

/* The TMA has ended as it was asked to. */
static void take_result(struct session *s)
{
	int r;

	if (s->finished.numbers[STATUS_COUNT_DROPPED] || s->counters.untold)
		(void)session_fail(s, FAILURE_FORENSICS_LOST, NULL, 0);
	if (s->finished.numbers[STATUS_COUNT_UNKEPT])
		(void)session_fail(s, FAILURE_TRAJECTORY_LOST, NULL, 0);
	if (!has_learned(s))
		return;
	r = s->finished.code == 1 ? place_commit(&s->place) : -EIO;
	if (r < 0)
		(void)session_fail(s, FAILURE_MODEL_WRITE, s->params->model, r);
}

static void tma_reaped(struct session *s, const siginfo_t *child)
{
	char detail[64] = "";

	watch_drain(s);
	agent_reaped(&s->tma);
	if (s->finished.kind) {
		take_result(s);
	} else {
		if (child->si_code != CLD_EXITED)
			(void)snprintf(detail, sizeof(detail), "signal %d", child->si_status);
		(void)session_fail(
			s, s->state == SESSION_STARTING ? FAILURE_TMA_START : FAILURE_TMA_DIED,
			detail[0] ? detail : NULL, 0);
	}
	if (s->state == SESSION_FINISHING)
		next_state(s, SESSION_DRAINING);
	else if (s->state == SESSION_DRAINING)
		anchor_end(s);
}

static void recorder_reaped(struct session *s, const siginfo_t *child)
{
	/* By itself it ends at the end of its pipe only: when the TMA is gone. */
	agent_reaped(&s->recorder);
	if (child->si_code != CLD_EXITED || child->si_status != 0)
		(void)session_fail(s, FAILURE_RECORDER, NULL, 0);
	reload_recorder_ended(s);
}

static void process_reaped(struct session *s, struct workload *process, const siginfo_t *child)
{
	process->pid = 0;
	process->pidfd = close_fd(process->pidfd);
	/* The driver's counts, and not that of a service that was told to end, or made to. */
	if (s->failed || (process == &s->workload && s->params->driver == DRIVER_BESIDE &&
			  s->state >= SESSION_STOPPING))
		return;
	s->exit_status = child->si_code == CLD_EXITED ? child->si_status : 128 + child->si_status;
}

/* Not if it has ended as well, and is only not reaped. */
static bool driver_runs(const struct session *s)
{
	siginfo_t end = {};

	return s->driver.pid &&
	       waitid(P_PID, s->driver.pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && !end.si_pid;
}

static void workload_reaped(struct session *s, const siginfo_t *child)
{
	process_reaped(s, &s->workload, child);
	if (s->params->entry == ENTRY_BUNDLE && s->state == SESSION_EXECUTING) {
		(void)fail_start(s, "the bundle", 0); /* the runtime has said why */
		return;
	}
	if (s->state == SESSION_RUNNING && driver_runs(s)) {
		(void)fail_service(s);
		return;
	}
	/* Before that the report, or its end, says what has happened. */
	if (s->state == SESSION_RUNNING || s->state == SESSION_STOPPING)
		next_state(s, SESSION_GRACE);
}

static void driver_reaped(struct session *s, const siginfo_t *child)
{
	struct workload_report report;

	process_reaped(s, &s->driver, child);
	while (workload_read_report(&s->driver, &report) > 0) {
		if (report.error)
			(void)fail_start(s, s->params->driver_workload.argv[0], report.error);
	}
	s->driver.report = close_fd(s->driver.report);
	if (s->state == SESSION_RUNNING)
		next_state(s, SESSION_STOPPING);
}

static int on_child(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct session *s = userdata;
	siginfo_t child = {};

	while (waitid(P_ALL, 0, &child, WEXITED | WNOHANG) == 0 && child.si_pid) {
		if (child.si_pid == s->tma.pid)
			tma_reaped(s, &child);
		else if (child.si_pid == s->recorder.pid)
			recorder_reaped(s, &child);
		else if (child.si_pid == s->reload.agent.pid)
			reload_reaped(s, &child);
		else if (child.si_pid == s->workload.pid)
			workload_reaped(s, &child);
		else if (child.si_pid == s->driver.pid)
			driver_reaped(s, &child);
		child.si_pid = 0;
	}
	session_look(s);
	return 0;
}

static int on_end_request(sd_event_source *source, const struct signalfd_siginfo *si,
			  void *userdata)
{
	struct session *s = userdata;

	if (s->state == SESSION_DRAINING && s->signal_count)
		return sd_event_exit(s->event, 0); /* nobody takes the last output */
	/* Whoever has seen the program run may ask for its end before this loop has. */
	if (s->state == SESSION_EXECUTING && s->report_source)
		(void)on_report(s->report_source, s->workload.report, 0, s);
	if (s->signal_count++ == 0 && s->state == SESSION_RUNNING) {
		if (s->entrance) {
			entrance_close(s->entrance);
			return session_enter(s,
					     SESSION_GRACE); /* systemd ends what it has started */
		}
		signal_process(s->driver.pid ? &s->driver : &s->workload, si->ssi_signo);
		return 0;
	}
	if (s->state < SESSION_KILLING) {
		s->exit_status = 128 + si->ssi_signo;
		s->failed = s->failed || s->state < SESSION_RUNNING; /* nothing was learned */
		return session_enter(s, SESSION_KILLING);
	}
	return 0;
}

static int on_resize(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct session *s = userdata;

	streams_resize(&s->streams);
	return 0;
}

static const struct {
	int number;
	sd_event_signal_handler_t handler;
} signal_handlers[] = {
	{ SIGCHLD, on_child },	    { SIGTERM, on_end_request }, { SIGINT, on_end_request },
	{ SIGHUP, on_end_request }, { SIGWINCH, on_resize },
};

static void on_told(void *userdata)
{
	session_look(userdata);
}

static int prepare_loop(struct session *s)
{
	int r;

	r = sd_event_new(&s->event);
	tell_init(&s->tell, s->event, on_told, s);
	if (r < 0)
		return r;
	r = sd_event_add_defer(s->event, &s->end, on_end, s);
	if (r >= 0)
		r = sd_event_source_set_enabled(s->end, SD_EVENT_OFF);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(signal_handlers); i++) {
		r = sd_event_add_signal(s->event, NULL, signal_handlers[i].number,
					signal_handlers[i].handler, s);
		if (r < 0)
			return r;
	}
	r = sd_event_add_time_relative(s->event, &s->limit, CLOCK_MONOTONIC,
				       states[SESSION_STARTING].limit_usec, LIMIT_ACCURACY_USEC,
				       on_limit, s);
	return r < 0 ? r : members_adopt();
}

/* Returns a negative errno after having failed the session. */
static int start(struct session *s)
{
	_cleanup_(close_fdp) int events = -EBADF;
	int r;

	r = setup_channel(s);
	if (r < 0)
		return r;
	r = setup_files(s);
	if (r < 0)
		return r;
	if (s->params->driver == DRIVER_NONE)
		streams_open_input(&s->streams);
	r = privilege_reduce();
	if (r < 0)
		return session_fail(s, FAILURE_PRIVILEGE, NULL, r), r;
	r = setup_namespace(s, &events);
	if (r < 0)
		return r;
	r = setup_driver(s);
	if (r < 0)
		return r;
	r = setup_agents(s, TAKE_FD(events));
	if (r < 0)
		return r;
	return watch_begin(s);
}

static void session_done(struct session *s)
{
	agent_kill(&s->tma);
	agent_kill(&s->recorder);
	anchor_end(s);
	anchor_close(s);
	streams_close(&s->streams);
	s->shims = driver_free(s->shims);
	if (s->armer && s->door.dir >= 0) {
		struct file_identity before = privilege_files_as(s->params->caller);

		(void)unlinkat(s->door.dir, DIRECTORY_ARMER, 0); /* else the next run does */
		(void)privilege_files_as(before);
	}
	s->armer = armer_free(s->armer);
	s->workload_source = sd_event_source_disable_unref(s->workload_source);
	s->entrance = entrance_free(s->entrance);
	s->report_source = sd_event_source_disable_unref(s->report_source);
	s->tma_source = sd_event_source_disable_unref(s->tma_source);
	reload_done(s);
	preload_close(&s->preload);
	s->lost_source = sd_event_source_disable_unref(s->lost_source);
	s->tick = sd_event_source_disable_unref(s->tick);
	s->limit = sd_event_source_disable_unref(s->limit);
	s->end = sd_event_source_disable_unref(s->end);
	tell_close(&s->tell);
	s->event = sd_event_unref(s->event);
	door_close(&s->door, s->params->caller);
	place_close(&s->place);
	s->keyring = close_fd(s->keyring);
	s->state_dir = close_fd(s->state_dir);
	s->tma_socket = close_fd(s->tma_socket);
	s->recorder_lost = close_fd(s->recorder_lost);
	s->status_file = close_fd(s->status_file);
	tsem_channel_close(&s->channel);
}

int session_run(const struct session_params *params)
{
	_cleanup_(session_done) struct session s = {
		.params = params,
		.channel = TSEM_CHANNEL_EMPTY,
		.status_file = -EBADF,
		.place = PLACE_EMPTY,
		.door = DOOR_EMPTY,
		.keyring = -EBADF,
		.preload.fd = -EBADF,
		.anchor = ANCHOR_EMPTY,
		.state_dir = -EBADF,
		.tma = AGENT_EMPTY,
		.tma_socket = -EBADF,
		.recorder = AGENT_EMPTY,
		.recorder_lost = -EBADF,
		.workload = WORKLOAD_EMPTY,
		.driver = WORKLOAD_EMPTY,
		.streams = STREAMS_EMPTY,
		.reload = RELOAD_EMPTY,
	};
	int r;

	r = prepare_loop(&s);
	if (r < 0) {
		failure_report(&s.tell, FAILURE_INTERNAL, params->name, NULL, r);
		return EXIT_LOST;
	}
	r = start(&s);
	if (r < 0)
		(void)session_fail(&s, FAILURE_INTERNAL, NULL, r); /* if nothing was said yet */
	r = sd_event_loop(s.event);
	if (r < 0) {
		(void)session_fail(&s, FAILURE_INTERNAL, NULL, r);
		kill_members(&s);
	}
	tell_result(&s);
	return s.exit_status;
}
