# SPDX-License-Identifier: LGPL-2.1-or-later
"""agent.py - the TMA alone, with a test at each of its descriptors, and clients of its socket."""

import fcntl
import json
import os
import re
import select
import signal
import socket
import struct
import time

from patience import PATIENCE_SEC

STATUS = struct.Struct("<II7Q200s")
PING, FINISH, READY, PONG, _, _, FAILED, FINISHED = range(1, 9)
EVENTS, STATUS_FD, MODEL, NEW_MODEL, MANAGEMENT, JOURNAL, FORENSICS = range(3, 10)


def high(fd):
    """A copy above all descriptors that the agent is given."""
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100)


class Agent:
    """One process; `fds` are put in the place of /dev/null."""

    def __init__(self, program, address, mode="train", arguments=(), fds=None):
        self.address = address
        self.events, events = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.status, status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(address)
        listener.listen(16)
        listener.setblocking(False)
        events.setblocking(False)
        with open("/dev/null", "r+b") as null:
            given = {fd: null.fileno() for fd in range(3, 15)}
            given.update({EVENTS: events.fileno(), STATUS_FD: status.fileno(),
                          MANAGEMENT: listener.fileno()})
            given.update(fds or {})
            copies = {fd: high(source) for fd, source in given.items()}
        self.pid = os.posix_spawn(program, [
            "quixote-tma", f"--mode={mode}", "--fields=portable", "--digest=sha256",
            "--nsref=initial", "--on-violation=deny", "--name=web", "--identity=65534:65534",
            f"--caller={os.getuid()}:{os.getgid()}", *arguments], {},
            file_actions=[(os.POSIX_SPAWN_DUP2, copy, fd) for fd, copy in copies.items()])
        for thing in (events, status, listener):
            thing.close()
        for copy in copies.values():
            os.close(copy)
        kind, *_, text = STATUS.unpack(self.receive(self.status))
        assert kind == READY, text

    @staticmethod
    def receive(connection):
        if not select.select([connection], [], [], PATIENCE_SEC)[0]:
            raise TimeoutError("the agent says nothing")
        return connection.recv(1 << 17)

    def tell(self, kind, *numbers):
        self.status.send(STATUS.pack(kind, 0, *numbers, *[0] * (7 - len(numbers)), b""))

    def judge(self, *records):
        """Send one read's worth and take the verdicts: (lines, seconds)."""
        begin = time.perf_counter()
        self.events.send("".join(record + "\n" for record in records).encode())
        lines = self.receive(self.events).decode().splitlines()
        return lines, time.perf_counter() - begin

    def finish(self):
        """Numbers of its last message."""
        self.tell(FINISH)
        while True:
            kind, _, *numbers, _ = STATUS.unpack(self.receive(self.status))
            if kind == FINISHED:
                break
        os.waitpid(self.pid, 0)
        self.pid = None
        return numbers

    def close(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.events.close()
        self.status.close()


class Client:
    """A connection to a management socket."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(address)        # waits for its turn
        self.socket.settimeout(PATIENCE_SEC)
        self.data = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        while b"\0" not in self.data:
            part = self.socket.recv(1 << 16)
            if not part:
                raise EOFError("dropped")
            self.data += part
        text, _, self.data = self.data.partition(b"\0")
        return json.loads(text)

    def ask(self, method, more=False, **parameters):
        call = {"method": method, "parameters": parameters}
        if more:
            call["more"] = True
        self.send(json.dumps(call).encode() + b"\0")

    def call(self, method, **parameters):
        """The one answer."""
        self.ask(method, **parameters)
        return self.receive()

    def list(self, method, **parameters):
        """All answers but the last one, which is empty."""
        self.ask(method, more=True, **parameters)
        found = []
        while (answer := self.receive()).get("continues"):
            found.append(answer["parameters"])
        assert answer == {"parameters": {}}, answer
        return found

    def is_dropped(self):
        try:
            while self.socket.recv(1 << 16):
                pass
            return True
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


class Interface:
    """A Varlink interface description: name, types, methods, errors; enough of the language for ours."""

    def __init__(self, text):
        text = re.sub(r"#.*", "", text)
        self.name = re.match(r"\s*interface ([A-Za-z0-9.]+)\n", text).group(1)
        self.types = {name: self.fields(body) for name, body in re.findall(
            r"^type (\w+)\s*\(([^()]*)\)", text, re.M)}
        self.methods = {name: (self.fields(given), self.fields(told)) for name, given, told in re.findall(
            r"^method (\w+)\s*\(([^()]*)\)\s*->\s*\(([^()]*)\)", text, re.M)}
        self.errors = set(re.findall(r"^error (\w+)", text, re.M))

    @staticmethod
    def fields(body):
        return {name: kind for name, kind in
                (re.split(r"\s*:\s*", field.strip()) for field in body.split(",") if field.strip())}

    def check(self, value, fields):
        """What is wrong with a value, or None."""
        for name in value:
            if name not in fields:
                return f"{name} is not described"
        for name, kind in fields.items():
            if name not in value:
                if kind.startswith("?"):
                    continue
                return f"{name} is missing"
            wrong = self.check_kind(value[name], kind.removeprefix("?"))
            if wrong:
                return f"{name}: {wrong}"
        return None

    def check_kind(self, value, kind):
        if kind.startswith("[]"):
            return next(filter(None, (self.check_kind(item, kind[2:]) for item in value)), None)
        if kind in self.types:
            return self.check(value, self.types[kind])
        known = {"int": int, "string": str, "object": dict, "bool": bool}
        return None if isinstance(value, known[kind]) else f"{value!r} is no {kind}"
