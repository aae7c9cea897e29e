# SPDX-License-Identifier: LGPL-2.1-or-later
"""monitor.py - a namespace as upstream's clients use it: the writer of a verb becomes monitor and
first member, its parent judges.
"""
import errno
import json
import os
import select
import signal

from kernel import PATIENCE_SEC, TREE, expect

KEY = "5a" * 32


def monitor(program, verb="external key=" + KEY, configure=("enforce", "seal"), pipe=None):
    """Fork a monitor that enters, reads its stream for us, and runs program in a child.

    Returns its pid, a pipe of records, and the control descriptor of the orchestrator.
    """
    reader, writer = pipe or os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            os.close(reader)
            control = os.open(TREE + "control", os.O_WRONLY)
            os.write(control, verb.encode() + b"\n")
            with open(TREE + "id", encoding="ascii") as file:
                number = file.read().strip()
            for command in configure:
                os.write(control, command.encode() + b"\n")
            events = os.open(TREE + "external_tma/" + number, os.O_RDONLY)
            expect(os.listdir(TREE + "external_tma") == [number], "files that upstream has not")
            child = os.fork()
            if child == 0:
                os.execv("/bin/sh", ["/bin/sh", "-c", program])
            poll = select.poll()
            poll.register(events, select.POLLIN)
            ended = 0
            while True:
                poll.poll(50)
                while True:
                    try:
                        data = os.read(events, 2048)
                    except OSError as error:
                        expect(error.errno == errno.ENODATA, "errno %d" % error.errno)
                        break
                    if not data:
                        os.lseek(events, 0, os.SEEK_SET)
                        continue
                    os.write(writer, data)
                if ended:
                    break
                ended, status = os.waitpid(child, os.WNOHANG)
            code = os.waitstatus_to_exitcode(status)
        finally:
            os._exit(code & 255)
    os.close(writer)
    return pid, reader, os.open(TREE + "control", os.O_WRONLY)


def by_key(event):
    """How a verdict says of whom it is."""
    return "pid=%s key=%s" % (event["pid"], KEY)


def orchestrate(pid, reader, control, verdict, name=by_key):
    """Answer what the monitor passes on until it ends; returns exit code and records."""
    records, text = [], b""
    while True:
        ready = select.select([reader], [], [], PATIENCE_SEC)[0]
        if not ready:
            os.kill(pid, signal.SIGKILL)
            raise AssertionError("nothing comes any more")
        data = os.read(reader, 65536)
        if not data:
            break
        text += data
        while b"\n" in text:
            line, text = text.split(b"\n", 1)
            record = json.loads(line)
            records.append(record)
            answer = record["export"]["type"] == "event" and verdict(record)
            if answer:
                os.write(control, ("%s %s\n" % (answer, name(record["event"]))).encode())
    os.close(reader)
    os.close(control)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), records
