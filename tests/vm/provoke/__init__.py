# SPDX-License-Identifier: LGPL-2.1-or-later
"""provoke - what a member of a namespace does to raise each event, and what the record of it
must say. The members of the record are worked out from what was done and from what system calls
tell (stat, statfs, getsockname, /proc), never from the record.

A case is a function that is run in a process of its own, in a directory of its own with a file
`old` that was there before. Between the marks of a step (calls of prctl that TSEM prints) it does
one thing. What it expects goes to the test as one line of JSON.
"""
import ctypes
import errno
import json
import os
import signal
import sys
import traceback

SELF = "@self"              # TASK_ID of the members, which all are forks of the first
ZEROS = "@zeros"            # a digest of zeros
MARK = 0x74736d00           # an option of prctl that nobody has
CASE_SECONDS = 40
# What a kernel says that was built without something.
ABSENT = (errno.ENOSYS, errno.ENODEV, errno.EAFNOSUPPORT)
CASES = []

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


class Missing(Exception):
    """This kernel has not what the case needs; says what."""


class Case:
    """A function with the events that it provokes, and where it is to run."""

    def __init__(self, function, events, places, nsref):
        self.function, self.events, self.places, self.nsref = function, events, places, nsref
        self.name = function.__name__
        self.family = function.__module__.rpartition(".")[2]


def case(*events, places=("tmpfs",), nsref="initial"):
    """Declare the function below as the case of these events."""
    def add(function):
        CASES.append(Case(function, events, places, nsref))
        return function
    return add


def call(result):
    """The result of a C call; an error is an OSError."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def attempt(function, *arguments, errors=()):
    """Call what need not succeed: the event comes before the answer."""
    try:
        return function(*arguments)
    except OSError as error:
        ctypes.set_errno(error.errno)
        if errors and error.errno not in errors:
            raise
        return None


def need(condition, what):
    if not condition:
        raise Missing(what)


def task_of(pid):
    """TASK_ID of a member that has executed a program of its own."""
    return "@task:%d" % pid


def credentials(pid="self"):
    """The ids and capabilities of a process, as in a COE."""
    with open("/proc/%s/status" % pid, encoding="utf-8", errors="replace") as file:
        lines = dict(line.split(":", 1) for line in file)
    uid, euid, suid, fsuid = lines["Uid"].split()
    gid, egid, sgid, fsgid = lines["Gid"].split()
    return {"uid": uid, "euid": euid, "suid": suid, "gid": gid, "egid": egid, "sgid": sgid,
            "fsuid": fsuid, "fsgid": fsgid, "capeff": "0x%x" % int(lines["CapEff"], 16)}


def creds(pid="self", securebits=0):
    return dict(credentials(pid), securebits=str(securebits))


class Step:
    """One thing done between two marks, and what its record must say."""

    def __init__(self, context, event):
        self.context, self.event = context, event
        self.number = context.next_number()
        with open("/proc/self/comm", encoding="utf-8") as file:
            comm = file.read().rstrip("\n")
        self.who = {"coe": credentials(), "pid": str(os.getpid()), "comm": comm}

    def __enter__(self):
        libc.prctl(MARK, 2 * self.number, 0, 0, 0)
        if self.context.fault:
            self.context.fault.begin(self)
        return self

    def __exit__(self, kind, *_):
        if self.context.fault:
            self.context.fault.end(self)
        libc.prctl(MARK, 2 * self.number + 1, 0, 0, 0)

    def expect(self, event=None, among=False, by=None, **members):
        """The record of this step; among: others of its kind may be there too."""
        who = dict(self.who)
        if by is not None:
            who["pid"] = str(by)
        self.context.tell(step=self.number, event=event or self.event, cell=members, among=among,
                          who=who)


class Context:
    """What a case is given: its directory, and the way to the test."""

    def __init__(self, name, place, directory, first_number, options):
        self.name, self.place, self.dir = name, place, directory
        self.old = directory + "/old"
        self.number = first_number
        self.out = options["out"]
        self.outsider = options["outsider"]
        self.options = options
        self.fault = None       # what fails in one of its steps; see fault.py

    def next_number(self):
        self.number += 1
        return self.number

    def step(self, event):
        return Step(self, event)

    def tell(self, **what):
        line = json.dumps(dict(what, case=self.name, place=self.place)) + "\n"
        os.write(self.out, line.encode())

    def fork(self):
        """Fork a child that has steps of its own or, within a step, does what the step is about."""
        return self.fault.fork() if self.fault else os.fork()

    def wait(self, pid):
        """Wait for such a child; returns its wait status."""
        return self.fault.wait(pid) if self.fault else os.waitpid(pid, 0)[1]

    def child(self, run=signal.pause):
        """Fork a process that does something else; it ends with the case."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            libc.prctl(1, signal.SIGKILL, 0, 0, 0)
            os.write(writer, b"x")
            try:
                run()
            except BaseException:
                traceback.print_exc()
            os._exit(0)
        os.close(writer)
        os.read(reader, 1)
        os.close(reader)
        return pid

    def program(self, path="/bin/sleep", *arguments):
        """A process that has executed a program, and so has a TASK_ID of its own."""
        reader, writer = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            libc.prctl(1, signal.SIGKILL, 0, 0, 0)
            try:
                os.execv(path, [path, *(arguments or ("1000",))])
            finally:
                os._exit(127)
        os.close(writer)
        os.read(reader, 1)      # end of file: it has executed
        os.close(reader)
        return pid


def tell_outcome(chosen, context):
    try:
        chosen.function(context)
        return 0
    except Missing as missing:
        context.tell(missing=str(missing))
        return 0
    except BaseException as error:
        if isinstance(error, OSError) and error.errno in ABSENT:
            context.tell(missing=str(error))
            return 0
        context.tell(error=traceback.format_exc())
        return 1


def run_case(chosen, place, directory, number, options):
    """In a child: what it does to itself ends with it."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    status = 1
    try:
        context = Context(chosen.name, place, directory, number * 1000, options)
        if "fault" in options:
            context.fault = options["fault"](context)
        signal.alarm(CASE_SECONDS)
        os.setpgid(0, 0)
        os.umask(0)
        os.chdir("/")
        status = tell_outcome(chosen, context)
    finally:
        os._exit(status)


def run_cases(options):
    """The main program of the member."""
    from . import families
    families.load()
    number = 0
    for chosen in CASES:
        for place in chosen.places:
            number += 1
            if options["brief"] and place not in (chosen.places[0], "scratch"):
                continue
            if (place not in options["places"] or options["chosen"] and chosen.name not in options["chosen"] or
                    chosen.nsref != options["nsref"]):
                continue
            directory = "%s/%s" % (options["places"][place], chosen.name)
            status = run_case(chosen, place, directory, number, options)
            if status:
                line = {"case": chosen.name, "place": place, "error": "ended with %d" % status}
                os.write(options["out"], json.dumps(line).encode() + b"\n")


def main():
    run_cases(json.loads(sys.argv[1]))
