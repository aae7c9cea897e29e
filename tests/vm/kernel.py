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
# Only what fails takes this long. Emulated, with KASAN and on a busy machine, 20 s were too few.
PATIENCE_SEC = 60
PYTHON = os.path.realpath("/proc/self/exe")


class Namespace:
    """A namespace owned by a control descriptor, with its event descriptor."""

    def __init__(self, arguments="deadline=20000"):
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

    def start(self, run, fork=os.fork):
        """Fork a child that calls run() after it was armed; it must exec or exit."""
        reader, writer = os.pipe()
        pid = fork()
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
                for _ in range(self.count("queued") + 1):   # one record a read, unless batch=1
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


class StoodStill(Exception):
    """More was late than a rule about a short deadline has made late: nobody ran for as long."""


def though_it_stands_still(attempt):
    """Its result, from the first time that the machine does not stand still in the midst of it."""
    end = time.monotonic() + PATIENCE_SEC
    while True:
        try:
            return attempt()
        except StoodStill:
            expect(time.monotonic() < end, "the machine stands still again and again")


def reap():
    """Children of the dead become ours where we are init's stand-in."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    return False


# What a kernel says that has found a mistake of its own; tests/vm/vm has more of it.
REPORTS = r"WARNING:|BUG:|KASAN:|Oops|INFO: task .* blocked|possible (circular|recursive) locking" \
          r"|inconsistent lock state|suspicious RCU usage|lock held when returning"


def kernel_log():
    """All that the kernel still has of its log."""
    log = b""
    with open("/dev/kmsg", "rb", buffering=0) as file:
        os.set_blocking(file.fileno(), False)
        while True:
            try:
                log += os.read(file.fileno(), 8192)
            except BlockingIOError:
                return log.decode("utf-8", "replace")


DEBUGFS = "/sys/kernel/debug/"


def debug_file(name):
    """A file of debugfs, or None where this kernel has it not."""
    if not os.path.isdir(DEBUGFS):
        return None
    if not os.listdir(DEBUGFS):
        os.system("mount -t debugfs none " + DEBUGFS)
    return DEBUGFS + name if os.path.exists(DEBUGFS + name) else None


def leaks():
    """What TSEM allocated and nothing refers to any more, as far as this kernel looks for it."""
    path = debug_file("kmemleak")
    if not path:
        return ""
    time.sleep(5)   # younger memory is not reported
    for _ in range(2):
        with open(path, "w", encoding="ascii") as file:
            file.write("scan")
    with open(path, encoding="utf-8", errors="replace") as file:
        reports = file.read().split("unreferenced object")
    return "".join(report for report in reports if "tsem" in report)


GROUPS = "/run/tsem-groups"


def memory_group(name):
    """A new memory cgroup, or None."""
    os.makedirs(GROUPS, exist_ok=True)
    if not os.path.ismount(GROUPS) and os.system("mount -t cgroup2 none %s 2>&-" % GROUPS):
        return None
    try:
        with open(GROUPS + "/cgroup.subtree_control", "w", encoding="ascii") as file:
            file.write("+memory")
    except OSError:
        return None
    os.makedirs(GROUPS + "/" + name, exist_ok=True)
    return GROUPS + "/" + name


def kernel_bytes(group):
    """Memory of the kernel that is charged to it; may be two seconds old."""
    with open(group + "/memory.stat", encoding="ascii") as file:
        return int(dict(line.split() for line in file)["kernel"])


def set_fault(kind, **settings):
    """Settings of one kind of fault: files of debugfs."""
    for name, value in settings.items():
        with open(debug_file(kind + "/" + name.replace("_", "-")), "w", encoding="ascii") as file:
            file.write(value)


class failing_allocations:
    """While it lasts, allocations fail for every task that says so: those that cannot wait. With
    each=True all kinds may fail, one after the other as a task chooses (fail-nth), but for single
    pages: these are memory and page tables of the processes, and a page fault is tried again."""

    def __init__(self, each=False):
        self.each = each

    @staticmethod
    def possible():
        return debug_file("failslab") is not None

    @staticmethod
    def say(pid="self"):
        with open("/proc/%s/make-it-fail" % pid, "w", encoding="ascii") as file:
            file.write("1")

    def __enter__(self):
        common = {"task_filter": "Y", "interval": "1", "times": "-1", "verbose": "0"}
        if self.each:
            set_fault("failslab", ignore_gfp_wait="N", **common)
            set_fault("fail_page_alloc", ignore_gfp_wait="N", ignore_gfp_highmem="N", min_order="1",
                      **common)
            set_fault("fail_tsem_digest", verbose="0")
        else:
            set_fault("failslab", ignore_gfp_wait="Y", probability="100", **common)

    def __exit__(self, *_):
        set_fault("failslab", probability="0")


def run_rules(module, after):
    """Run the functions of a test whose names begin with rule_, each followed by after(), and
    print TAP."""
    rules = [(name, rule) for name, rule in module.items() if name.startswith("rule_")]
    chosen = sys.argv[1:]
    failed = 0
    print("1..%d" % len(rules))
    for number, (name, rule) in enumerate(rules, 1):
        title = name[len("rule_"):].replace("_", " ")
        if chosen and not any(word in name for word in chosen):
            print("ok %d - %s # SKIP not chosen" % (number, title))
            continue
        reason, errors = None, []
        for step in (rule, after):
            try:
                reason = step() or reason
            except Exception as error:  # a rule may fail in any way
                errors.append("%s: %s" % (type(error).__name__, error))
        failed += bool(errors)
        if errors:
            print("not ok %d - %s: %s" % (number, title, "; ".join(errors)), flush=True)
        else:
            print("ok %d - %s%s" % (number, title, " # SKIP " + reason if reason else ""), flush=True)
    sys.exit(1 if failed else 0)
