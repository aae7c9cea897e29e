# SPDX-License-Identifier: LGPL-2.1-or-later
"""comparison.py - the workload that is held to something, twice: by TSEM, learned and sealed,
and by another security module. For tests/vm/comparison and comparison-peers.
"""
import os
import shutil
import signal
import subprocess

from kernel import PATIENCE_SEC, Namespace, expect

DIR = "/srv/comparison"

# Programs under names of their own, so that what is done to them is done to nothing else.
PROGRAMS = {"sh": "/bin/dash", "serve": "/bin/dash", "backup": "/bin/dash", "cat": "/bin/cat",
            "tool": "/bin/true", "renice": "/usr/bin/renice", "bash": "/bin/bash"}
FILES = {"settings": "mode=safe\n", "page": "welcome\n", "secret": "hidden\n"}


def at(name):
    return DIR + "/" + name


def lay():
    shutil.rmtree(DIR, ignore_errors=True)
    os.makedirs(DIR)
    for name, source in PROGRAMS.items():
        shutil.copy(os.path.realpath(source), at(name))
    for name, text in FILES.items():
        write(name, text)


def write(name, text):
    """In place: the file stays the same one, under the same name, unless nobody can write it."""
    content = text if isinstance(text, bytes) else text.encode()
    try:
        with open(at(name), "wb") as file:
            file.write(content)
    except PermissionError:     # fs-verity
        shutil.copymode(at(name), write(name + ".new", content))
        os.rename(at(name + ".new"), at(name))
    return at(name)


def replace_tool():
    with open("/bin/false", "rb") as file:
        write("tool", file.read())


def libraries(programs):
    """What the loader maps for them."""
    found = {"/etc/ld.so.cache"}
    for program in programs:
        text = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout
        found |= {os.path.realpath(word) for word in text.split() if word.startswith("/")}
    return found


def wait(pid, meanwhile=None):
    """Its exit status; if it stops, meanwhile() is done before it goes on."""
    while os.WIFSTOPPED(status := os.waitpid(pid, os.WUNTRACED)[1]):
        if meanwhile:
            meanwhile()
        os.kill(pid, signal.SIGCONT)
    return os.waitstatus_to_exitcode(status)


def fork(run):
    pid = os.fork()
    if pid:
        return pid
    try:
        run()
    finally:
        os._exit(99)


def execute(command):
    """Without a word: what a command says is not TAP."""
    signal.alarm(PATIENCE_SEC)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.execve(command[0], command, {"PATH": "/usr/bin:/bin"})


def script(text, shell="sh"):
    return [at(shell), "-c", text]


class Learned:
    """What TSEM says after it has seen some commands: a sealed and enforced model."""

    def __init__(self, *commands):
        self.ns = Namespace("tma=internal violation=deny")
        if commands:
            for command in commands:
                expect(self.run(command) == 0, "learning %s" % command)
            self.seal()
        for command in commands:
            expect(self.run(command) == 0, "%s was learned, and is refused" % command)

    def seal(self):
        self.ns.write("enforce")
        self.ns.write("seal")

    def run(self, command, meanwhile=None):
        return wait(self.ns.start(lambda: execute(command)), meanwhile)

    def refuses(self, command):
        before = self.ns.count("forensics")
        expect(self.run(command) != 0, "TSEM lets %s pass" % command)
        expect(self.ns.count("forensics") > before, "TSEM does not tell of %s" % command)


def lets_pass(status, who):
    expect(status == 0, "%s refuses it, status %s: the comparison is wrong" % (who, status))


def refused(status, who):
    expect(status not in (0, 99), "%s lets it pass, status %s" % (who, status))
