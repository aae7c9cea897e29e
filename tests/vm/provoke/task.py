# SPDX-License-Identifier: LGPL-2.1-or-later
"""task.py - cases about tasks: signals, groups, priorities, limits, prctl, tracing."""
import os
import resource
import signal
import threading

from formula import read_schema

from . import SELF, ZEROS, attempt, call, case, creds, libc, task_of

SYS_CLONE, SYS_IOPRIO_SET, SYS_IOPRIO_GET = 56, 251, 252
PTRACE_TRACEME, PTRACE_SEIZE = 0, 0x4206


@case("task_kill")
def kill(t):
    fork, other = t.child(), t.program()
    for target, name, number in ((fork, SELF, 0), (other, task_of(other), signal.SIGWINCH)):
        with t.step("task_kill") as step:
            os.kill(target, number)
        step.expect(target=name, sig=str(int(number)), cross_ns="0")
    with t.step("task_kill") as step:
        os.kill(t.outsider, 0)
    step.expect(target=ZEROS, sig="0", cross_ns="1")


@case("task_setpgid")
def setpgid(t):
    group, moved = t.program(), t.program("/bin/sleep", "2000")
    second = t.child()
    with t.step("task_setpgid") as step:
        os.setpgid(second, 0)
    step.expect(task=SELF, source=SELF)
    attempt(os.setpgid, group, group)       # it has executed: EACCES, after the event or before
    with t.step("task_setpgid") as step:
        attempt(os.setpgid, second, os.getpgrp())
    step.expect(task=SELF, source=SELF)
    with t.step("task_setpgid") as step:
        attempt(os.setpgid, second, 0)
    step.expect(task=SELF, source=SELF)
    os.kill(moved, signal.SIGKILL)


@case("task_getpgid", "task_getsid")
def getpgid_getsid(t):
    fork, other = t.child(), t.program()
    for event, function in (("task_getpgid", os.getpgid), ("task_getsid", os.getsid)):
        for target, name in ((fork, SELF), (other, task_of(other)), (t.outsider, ZEROS)):
            with t.step(event) as step:
                function(target)
            step.expect(task=name)


@case("task_setnice")
def setnice(t):
    other = t.program()
    with t.step("task_setnice") as step:
        os.setpriority(os.PRIO_PROCESS, other, 7)
    step.expect(task=task_of(other), nice="7")
    with t.step("task_setnice") as step:
        os.setpriority(os.PRIO_PROCESS, 0, -3)
    step.expect(task=SELF, nice="-3")


@case("task_setioprio", "task_getioprio")
def ioprio(t):
    other = t.program()
    value = 2 << 13 | 5     # best effort, level 5
    with t.step("task_setioprio") as step:
        call(libc.syscall(SYS_IOPRIO_SET, 1, other, value))
    step.expect(task=task_of(other), ioprio=str(value))
    with t.step("task_getioprio") as step:
        call(libc.syscall(SYS_IOPRIO_GET, 1, other))
    step.expect(task=task_of(other))


@case("task_prlimit", "task_setrlimit")
def limits(t):
    other = t.child(lambda: (os.setresgid(20, 21, 22), os.setresuid(10, 11, 12), signal.pause()))
    while creds(other)["uid"] != "10":
        pass
    before, after = creds(), creds(other)
    with t.step("task_prlimit") as step:
        resource.prlimit(other, resource.RLIMIT_NOFILE)
    step.expect(cred=before, tcred=after, flags="1")
    with t.step("task_prlimit") as step:
        resource.prlimit(other, resource.RLIMIT_CORE, (123, 456))
    step.expect(cred=before, tcred=after, flags="3")
    step.expect("task_setrlimit", task=SELF,
                new_rlim={"resource": str(resource.RLIMIT_CORE), "current": "123", "max": "456"})
    with t.step("task_setrlimit") as step:
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.RLIM_INFINITY))
    step.expect(task=SELF, new_rlim={"resource": str(resource.RLIMIT_CORE), "current": "0",
                                     "max": str(2 ** 64 - 1)})


@case("task_setscheduler", "task_getscheduler")
def scheduler(t):
    other = t.program()
    with t.step("task_setscheduler") as step:
        os.sched_setscheduler(other, os.SCHED_BATCH, os.sched_param(0))
    step.expect(task=task_of(other))
    with t.step("task_getscheduler") as step:
        os.sched_getscheduler(other)
    step.expect(task=task_of(other))


@case("task_prctl")
def prctl_table(t):
    """Every option that only asks: the table of the schema says which arguments are printed."""
    for option in read_schema()["prctl"]:
        if not option["name"].startswith("PR_GET_"):
            continue
        with t.step("task_prctl") as step:
            libc.syscall(157, option["option"], 5, 6, 7, 8)
        step.expect(option=str(option["option"]), among=True, **{
            "arg%d" % n: str(n + 3) if n in option["args"] else "0" for n in range(2, 6)})


@case("task_prctl")
def prctl(t):
    # Option, arguments, and which of them the table of the schema prints.
    for option, given, printed in (
            (1, (15, 9, 9, 9), ("15", "0", "0", "0")),          # PR_SET_PDEATHSIG
            (3, (9, 9, 9, 9), ("0", "0", "0", "0")),            # PR_GET_DUMPABLE
            (15, (id(b"name") + 32, 9, 9, 9), ("0",) * 4),      # PR_SET_NAME: an address
            (0x6eadbeef, (5, 6, 7, 8), ("5", "0", "0", "0")),   # nobody's
            (-5, (2 ** 64 - 1, 6, 7, 8), (str(2 ** 64 - 1), "0", "0", "0"))):
        with t.step("task_prctl") as step:
            libc.syscall(157, option, *given)
        step.expect(among=True, option=str(option), arg2=printed[0], arg3=printed[1],
                    arg4=printed[2], arg5=printed[3])


@case("ptrace_access_check", "ptrace_traceme")
def ptrace(t):
    other = t.program()
    with t.step("ptrace_access_check") as step:
        call(libc.ptrace(PTRACE_SEIZE, other, 0, 0))
    # PTRACE_MODE_ATTACH and PTRACE_MODE_REALCREDS
    step.expect(child=task_of(other), mode=str(2 | 16))
    with t.step("ptrace_traceme") as step:
        pid = t.fork()
        if pid == 0:
            os._exit(libc.ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
        t.wait(pid)
    step.expect(by=pid, source=SELF)


@case("task_alloc")
def clone(t):
    for flags in (0, 0x200):    # CLONE_FS
        with t.step("task_alloc") as step:
            pid = libc.syscall(SYS_CLONE, flags | signal.SIGCHLD, 0, 0, 0, 0)
            if pid == 0:
                os._exit(0)
            os.waitpid(pid, 0)
        step.expect(clone_flags=str(flags))
    with t.step("task_alloc") as step:
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
    # CLONE_VM, _FS, _FILES, _SIGHAND, _THREAD, _SYSVSEM, _SETTLS, _PARENT_SETTID, _CHILD_CLEARTID
    step.expect(clone_flags=str(0x3d0f00))
