# SPDX-License-Identifier: LGPL-2.1-or-later
"""workload.py - a shell under the real orchestrator on the real kernel, for the tests in a
virtual machine. What the kernel did is read from its own counters, in the status file of
the namespace.
"""
import json
import os
import re
import select
import shutil
import signal
import subprocess
import time

from kernel import PATIENCE_SEC, StoodStill, expect, run_rules, though_it_stands_still, wait_until

TREE = "/sys/kernel/security/tsem/"
BUILD = os.environ.get("QUIXOTE_BUILD", "/usr/libexec/quixote")
ORCHESTRATOR = os.environ.get("QUIXOTE_ORCHESTRATOR") or next(
    path for path in (BUILD + "/orchestrator/quixote-orchestrator", BUILD + "/quixote-orchestrator")
    if os.path.exists(path))
QUIXOTE = os.environ.get("QUIXOTE") or shutil.which("quixote", path=BUILD + "/cli:/usr/bin")
LIBEXEC = os.path.dirname(ORCHESTRATOR).replace("/orchestrator", "/tma")
HERE = "/run/first"
ASKED = {"Trajectory": "16M"}   # every event is told, so the kernel asks about known ones too
TRAINED = b"grep root /etc/passwd\n"


def children(pid):
    """Living children: name of the program to process."""
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % entry, encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        state, parent = text[text.rindex(")") + 2:].split()[:2]
        if int(parent) == pid and state != "Z":
            found[text[text.index("(") + 1:text.rindex(")")]] = int(entry)
    return found


def status_files():
    """Those of all namespaces, whoever judges them."""
    return {place + name for place in ("external_tma/", "internal_tma/")
            for name in os.listdir(TREE + place) if name.endswith(".status")}


class Workload:
    """A shell that reads commands from its standard input, under the real orchestrator."""

    all = []

    def __init__(self, mode, user="0:0", arguments=(), driver=False, streams=None, **keys):
        self.config = HERE + "/shell.cfg"
        write_config(self.config, **keys)
        self.all.append(self)
        self.status_file = None
        before = status_files()
        options = dict({"stdin": subprocess.PIPE, "stdout": subprocess.PIPE,
                        "stderr": subprocess.PIPE, "cwd": "/", "env": os.environ}, **streams or {})
        options["env"] = dict(options["env"], STATE_DIRECTORY=HERE + "/state", HOME=HERE)
        self.process = subprocess.Popen(
            [ORCHESTRATOR, "--config=" + self.config, "--mode=" + mode, "--caller=" + user]
            + (["--driver"] if driver else []) + ["--", *arguments], **options)
        wait_until(lambda: self.process.poll() is not None or status_files() - before,
                   "a namespace")
        for name in status_files() - before:
            self.path = TREE + name[:-len(".status")]
            try:
                # Held open: the counters are there until the last of us looks away.
                self.status_file = os.open(TREE + name, os.O_RDONLY)
            except FileNotFoundError:
                pass    # it has failed to start, and is gone again
        expect(self.status_file is not None or self.process.poll() is not None, "no namespace")

    def status(self):
        lines = os.pread(self.status_file, 4096, 0).decode().splitlines()
        return dict(line.split(None, 1) for line in lines)

    def count(self, key):
        return int(self.status()[key])

    def type(self, command):
        self.process.stdin.write(command)
        self.process.stdin.flush()

    def read(self, size):
        """What comes within the time; less if there is no more."""
        data = b""
        end = time.monotonic() + PATIENCE_SEC
        while len(data) < size and select.select([self.process.stdout], [], [],
                                                 max(0, end - time.monotonic()))[0]:
            part = os.read(self.process.stdout.fileno(), size - len(data))
            if not part:
                break
            data += part
        return data

    def finish(self, data=b""):
        out, err = self.process.communicate(data, PATIENCE_SEC + 10)
        return self.process.returncode, out, err.decode()

    def helper(self, name):
        wait_until(lambda: name in children(self.process.pid), name)
        return children(self.process.pid)[name]

    def stop_tma(self):
        """When this returns it stands still."""
        pid = self.helper("quixote-tma")
        os.kill(pid, signal.SIGSTOP)

        def stands():
            with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
                return file.read().rpartition(")")[2].split()[0] == "T"
        wait_until(stands, "the agent to stop")
        return pid

    def wait_for_waiter(self):
        wait_until(lambda: self.count("waiting") > 0, "a waiting task")

    def assert_nothing_ran(self):
        """All members gone, none of the output that the command would have made."""
        wait_until(lambda: self.count("members") == 0, "members to end")
        expect(self.count("waiting") == 0, "a task still waits")
        out = self.process.stdout.read()
        expect(out == b"", "it ran: %r" % out)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.status_file is not None:
            os.close(self.status_file)
        self.status_file = None


def write_config(path, model="shell.model", command="/bin/sh", **keys):
    model_keys = {"File": HERE + "/" + model}
    trust_keys = dict(keys.pop("Trust", {"AllowUnsigned": "yes"}))
    if "Root" in keys:
        trust_keys["Root"] = keys.pop("Root")
    for key in ("Digest", "Fields", "Trajectory"):
        if key in keys:
            model_keys[key] = keys.pop(key)
    sections = {
        "Workload": {"Name": "shell", "Type": "tool", "Command": command},
        "Model": model_keys,
        "Trust": trust_keys,
        "Failure": dict({"Deadline": "60s"}, **keys),
    }
    with open(path, "w", encoding="ascii") as file:
        for section, pairs in sections.items():
            file.write("[%s]\n" % section)
            file.writelines("%s=%s\n" % pair for pair in pairs.items())


def changed_copy(path, name="grep"):
    """A copy of a program or file with one byte changed, and nothing else."""
    with open(os.path.realpath(shutil.which(name) or name), "rb") as file:
        content = bytearray(file.read())
    content[-1] ^= 1
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, 0o755)


class changed_program:
    """While it lasts, a program is its changed copy, on the same file system."""

    def __init__(self, name):
        self.path = os.path.realpath(shutil.which(name) or name)

    def __enter__(self):
        changed_copy(self.path + ".changed", self.path)
        os.rename(self.path, self.path + ".kept")
        os.rename(self.path + ".changed", self.path)

    def __exit__(self, *_):
        os.rename(self.path + ".kept", self.path)


def grep_output():
    with open("/etc/passwd", "rb") as file:
        return b"".join(line for line in file if b"root" in line)


def train(commands=TRAINED, **keys):
    workload = Workload("train", **keys)
    result = workload.finish(commands)
    workload.close()
    return result


def enforce(commands, **keys):
    workload = Workload("enforce", **keys)
    status, out, err = workload.finish(commands)
    refused = workload.count("refused") if workload.status_file is not None else 0
    workload.close()
    return status, out, err, refused


def forensics(user="0:0"):
    place = "/state" if user == "0:0" else "/.local/state/quixote/shell"
    try:
        with open(HERE + place + "/forensics.jsonl", encoding="utf-8") as file:
            return [json.loads(line) for line in file]
    except FileNotFoundError:
        return []


def explained(pattern):
    """What was refused since the last forgetting is told in one line that a person understands."""
    result = subprocess.run([QUIXOTE, "explain", "--state=" + HERE + "/state", HERE + "/shell.cfg"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
    lines = [re.sub(r" \d+ times( since [-0-9]+ [:0-9]+)?: ", ": ", line.split("  ", 1)[1])
             for line in result.stdout.splitlines()[:-1] if not line.startswith("    to allow it: ")]
    expect(any(re.fullmatch(pattern, line) for line in lines), "explained as %s" % lines)


def forget_forensics():
    shutil.rmtree(HERE + "/state", ignore_errors=True)


def lost(kill, sentence, **keys):
    """A task waits, a supervisor is lost: nothing of it runs."""
    def running():
        workload = Workload("enforce", **ASKED, **keys)
        workload.type(TRAINED)
        if workload.read(len(grep_output())) != grep_output():
            expect(workload.count("expired"), "does not run at all")
            workload.close()
            raise StoodStill
        return workload
    workload = though_it_stands_still(running)
    workload.stop_tma()
    workload.type(TRAINED)
    workload.wait_for_waiter()
    kill(workload)
    workload.assert_nothing_ran()
    wait_until(lambda: workload.status()["gone"] == "1", "the kernel to miss its reader")
    if sentence:
        expect(workload.process.wait(PATIENCE_SEC) == 205, "status %s" % workload.process.returncode)
        err = workload.process.stderr.read().decode()
        expect(sentence in err, err)
    return workload


def close_workloads():
    """Nothing may be left of them."""
    while Workload.all:
        Workload.all.pop().close()
    wait_until(lambda: not status_files(), "namespaces to go: %s" % status_files())


def assert_told(workload, sentence):
    """The workload was ended, and a person is told why."""
    expect(workload.process.wait(PATIENCE_SEC) == 205, "status %s" % workload.process.returncode)
    err = workload.process.stderr.read().decode()
    expect(sentence in err, err)


def main(module):
    os.makedirs(HERE, exist_ok=True)
    run_rules(module, close_workloads)
