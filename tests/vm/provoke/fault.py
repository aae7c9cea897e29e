# SPDX-License-Identifier: LGPL-2.1-or-later
"""fault.py - cases once more, while memory fails: the first request for it in a step, then the second,
and so on until the step has not so many. Each time the case begins anew, in a directory that was made
outside.
"""
import ctypes
import errno
import gc
import json
import mmap
import os
import sys

from . import CASES, families, run_case

# Each of the first requests of a step fails. Where there are hundreds (page tables of a fork,
# sockets of a network namespace) they are of few kinds, and of the rest some fail. Where all cases
# run, steps of a case with the same event share the requests: the second and later fail the first
# and every third, from another on.
EACH, SOME, SHARED = 200, 23, 3


class Outcome(ctypes.Structure):
    """What became of a run: known to all its processes, and when it has ended."""
    _fields_ = [("steps", ctypes.c_int), ("reached", ctypes.c_bool), ("failed", ctypes.c_bool),
                ("repeats", ctypes.c_int)]

    @classmethod
    def new(cls):
        return cls.from_buffer(mmap.mmap(-1, ctypes.sizeof(cls)))


class Fault:
    """The nth request for memory in one step, of the thread that does what the step is about."""

    def __init__(self, context, result, step, nth):
        self.context, self.result, self.step, self.nth = context, result, step, nth
        self.active = False
        self.events = []
        self.child, self.child_left, self.child_status = 0, 0, 0
        self.open()

    def open(self):
        """Requests of this thread are those that fail."""
        self.fd = os.open("/proc/thread-self/fail-nth", os.O_RDWR)

    def set(self, number):
        os.pwrite(self.fd, b"%d" % number, 0)

    def left(self):
        return int(os.pread(self.fd, 20, 0))

    def begin(self, step):
        self.result.steps += 1
        self.active = self.result.steps == self.step
        ctypes.set_errno(0)
        if self.active:
            self.result.reached = True
            self.result.repeats = self.events.count(step.event)
            self.set(self.nth)
        self.events.append(step.event)

    def end(self, step):
        if not self.active:
            return
        error = ctypes.get_errno()
        left = self.child_left if self.child else self.left()
        self.set(0)
        self.active = False
        self.result.failed = not left
        self.context.tell(step=step.number, failed=not left,
                          errno=error or (self.child_status and errno.ECHILD))

    def fork(self):
        if self.active:
            self.set(0)
        pid = os.fork()
        if pid == 0:
            self.open()
            if self.active:
                self.set(self.nth)
        elif self.active:
            self.child = pid
        return pid

    def wait(self, pid):
        if pid != self.child:
            return os.waitpid(pid, 0)[1]
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with open("/proc/%d/fail-nth" % pid, encoding="ascii") as file:
            self.child_left = int(file.read())
        self.child_status = os.waitpid(pid, 0)[1]
        return self.child_status


def prepare(place, case, options):
    """A new directory for the case, made by whoever is at the other end of the pipes."""
    os.write(options["ask"], json.dumps([place, case.name]).encode() + b"\n")
    return os.read(options["told"], 4096).decode()


def run_once(case, place, number, step, options):
    """The case with a fault in one step; step is its number and that of the request."""
    directory = prepare(place, case, options)
    result = Outcome.new()
    fault = dict(options, fault=lambda context: Fault(context, result, *step))
    status = run_case(case, place, directory, number, fault)
    told = {"case": case.name, "place": place, "begin": number, "which": step}
    if os.WIFSIGNALED(status):
        told["signal"] = os.WTERMSIG(status)
    os.write(options["out"], json.dumps(told).encode() + b"\n")
    return result


def run_step(case, place, number, step, options):
    """All faults of a step. Returns the number of the last run, and whether there is such a step."""
    nth = 1
    while True:
        number += 1
        result = run_once(case, place, number, (step, nth), options)
        if not result.failed:
            return number, result.reached
        shares = result.repeats and not options.get("each")
        if shares and nth == 1:
            nth += 1 + result.repeats % SHARED
        elif shares:
            nth += SHARED
        else:
            nth += 1 if nth < EACH else SOME


def run_each(case, place, number, options):
    """All faults of a case. Returns the number of the last run."""
    step, reached = 0, True
    while reached:
        step += 1
        number, reached = run_step(case, place, number, step, options)
    return number


def main():
    options = json.loads(sys.argv[1])
    families.load()
    gc.freeze()     # a fork copies less
    number = 0
    for case in CASES:
        place = case.places[0]
        if (place in options["places"] and case.nsref == options["nsref"] and
                case.name in options["chosen"]):
            number = run_each(case, place, number, options)
