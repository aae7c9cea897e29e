# SPDX-License-Identifier: LGPL-2.1-or-later
"""kernel.py - a namespace of the kernel's as a test sees it: made, fed with tasks, read and
answered with no code of the product in between. And how rules are run and told, as TAP.
"""
import errno
import json
import os
import select
import signal
import sys
import time

TREE = "/sys/kernel/security/tsem/"
PATIENCE_SEC = 20
PYTHON = os.path.realpath("/proc/self/exe")


class Namespace:
    """A namespace owned by a control descriptor, with its event descriptor."""

    def __init__(self, arguments="deadline=1000"):
        self.control = os.open(TREE + "control", os.O_RDWR)
        self.write("create %s" % arguments)
        self.id = os.pread(self.control, 64, 0).decode().split()[1]
        judge = "internal_tma/" if "tma=internal" in arguments else "external_tma/"
        self.path = TREE + judge + self.id
        self.events = os.open(self.path, os.O_RDWR)
        self.verdicts = lambda record: "trusted"
        self.records = []

    def write(self, command):
        os.write(self.control, command.encode() + b"\n")

    def status(self):
        with open(self.path + ".status", encoding="ascii") as file:
            return {key: value for key, value in (line.split() for line in file)}

    def count(self, key):
        return int(self.status()[key])

    def lines(self, name):
        """A file of the model, line by line."""
        with open(self.path + "." + name, encoding="utf-8", errors="surrogateescape") as file:
            return file.read().splitlines()

    def close(self):
        for fd in (self.events, self.control):
            try:
                os.close(fd)
            except OSError:
                pass

    def start(self, run):
        """Fork a child that calls run() after it was armed; it must exec or exit."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(writer)
            os.read(reader, 1)
            try:
                run()
            finally:
                os._exit(99)
        os.close(reader)
        pidfd = os.pidfd_open(pid)
        try:
            self.write("arm pidfd=%d" % pidfd)
        finally:
            os.close(pidfd)
            os.write(writer, b"x")
            os.close(writer)
        return pid

    def sh(self, script):
        return self.start(lambda: os.execv("/bin/sh", ["/bin/sh", "-c", script]))

    def python(self, program):
        return self.start(lambda: os.execv(PYTHON, [PYTHON, "-c", program]))

    def read(self, size=262144):
        return os.read(self.events, size)

    def answer(self, text):
        return os.write(self.events, text.encode())

    def judge(self, pid, seconds=PATIENCE_SEC):
        """Answer records until pid has ended; returns its wait status."""
        end = time.monotonic() + seconds
        poll = select.poll()
        poll.register(self.events, select.POLLIN)
        while time.monotonic() < end:
            poll.poll(20)
            self.drain()
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self.drain()
                return status
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise AssertionError("not ended after %d s" % seconds)

    def drain(self):
        try:
            data = self.read()
        except BlockingIOError:
            return
        for line in data.splitlines():
            record = json.loads(line)
            self.records.append(record)
            verdict = self.verdicts(record)
            if verdict and record.get("export", {}).get("type") == "event":
                self.answer("%s %s\n" % (verdict, record["event"]["number"]))


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


def expect_error(code, call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        expect(error.errno == code, "%s instead of %s" % (
            errno.errorcode[error.errno], errno.errorcode[code]))
        return
    raise AssertionError("no error instead of %s" % errno.errorcode[code])


def wait_until(condition, text, seconds=PATIENCE_SEC):
    end = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < end, "not within %s s: %s" % (seconds, text))
        time.sleep(0.01)


def reap():
    """Children of the dead become ours where we are init's stand-in."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    return False


def run_rules(module, after):
    """Run the functions of a test whose names begin with rule_, and print TAP."""
    rules = [(name, rule) for name, rule in module.items() if name.startswith("rule_")]
    chosen = sys.argv[1:]
    failed = 0
    print("1..%d" % len(rules))
    for number, (name, rule) in enumerate(rules, 1):
        title = name[len("rule_"):].replace("_", " ")
        if chosen and not any(word in name for word in chosen):
            print("ok %d - %s # SKIP not chosen" % (number, title))
            continue
        try:
            reason = rule()
            print("ok %d - %s%s" % (number, title, " # SKIP " + reason if reason else ""), flush=True)
        except Exception as error:  # a rule may fail in any way
            failed += 1
            print("not ok %d - %s: %s: %s" % (number, title, type(error).__name__, error), flush=True)
        after()
    sys.exit(1 if failed else 0)
