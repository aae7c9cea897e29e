# SPDX-License-Identifier: LGPL-2.1-or-later
"""fake_kernel.py - a control plane served by this process.

A directory like the kernel's, with SOCK_SEQPACKET sockets in place of the
control file and the event descriptor. It takes commands, hands out the records
that a test gives it and collects verdicts; it judges nothing itself.
"""

import os
import re
import select
import signal
import socket
import struct
import threading
import time

from patience import PATIENCE_SEC

STATUS_BYTES = 1024
SO_PEERCRED_SIZE = struct.calcsize("3i")


def peer_pid(connection):
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, SO_PEERCRED_SIZE)
    return struct.unpack("3i", data)[0]


def pid_of_pidfd(process, fd):
    """None if it is closed already: unlike the kernel's, our commands take their time."""
    try:
        with open(f"/proc/{process}/fdinfo/{fd}", encoding="ascii") as info:
            return int(re.search(r"^Pid:\s+(\d+)$", info.read(), re.M).group(1))
    except (FileNotFoundError, AttributeError):
        return None


class FakeKernel:
    """One namespace, number 1, below the directory `path`."""

    def __init__(self, path, refuse=None, deaf=False):
        self.path = path
        self.refuse = refuse        # verb at which the control connection is dropped, a moment later
        self.deaf = deaf            # whether every write after "create" fails, at once
        self.commands = []
        self.armed = []             # process numbers; None for one that is gone
        self.events = None          # connection of the reader
        self.next = None            # of one that will take its place
        self.before = []            # of those whose place was taken
        self.reloading = False
        self.reloads = 0            # those that are done
        self.changed = threading.Condition()
        self.counters = {"mode": "external", "members": 0, "expired": 0, "dropped": 0}
        os.makedirs(path + "/external_tma")
        os.symlink("external_tma", path + "/internal_tma")
        self.write_counts("")
        self.write_status()
        self.listeners = [self.listen("control", self.serve_control),
                          self.listen("external_tma/1", self.serve_events)]

    def listen(self, name, serve):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        here = os.getcwd()
        os.chdir(self.path)         # addresses are short, temporary directories need not be
        try:
            listener.bind(name)
        finally:
            os.chdir(here)
        os.chmod(f"{self.path}/{name}", 0o666)
        listener.listen()
        threading.Thread(target=self.accept, args=(listener, serve), daemon=True).start()
        return listener

    @staticmethod
    def accept(listener, serve):
        try:
            while True:
                serve(listener.accept()[0])
        except OSError:
            pass                    # closed: the test is over

    def serve_control(self, connection):
        def run():
            with connection:
                while command := connection.recv(4097).decode():
                    if not self.take(connection, command):
                        return
        threading.Thread(target=run, daemon=True).start()

    def take(self, connection, command):
        verb, _, rest = command.rstrip("\n").partition(" ")
        pid = None
        if verb == "arm":
            pid = pid_of_pidfd(peer_pid(connection), int(rest.removeprefix("pidfd=")))
        with self.changed:
            self.commands.append(command)
            if verb == "arm":
                self.armed.append(pid)
            if verb == "reload":
                self.reloading = True
            elif verb == "seal" and self.reloading:
                self.change_readers()
            self.changed.notify_all()
        if verb == self.refuse:
            return False
        if verb == "create":
            if self.deaf:
                connection.shutdown(socket.SHUT_RD)
            connection.send(b"id 1\n")
        return True

    def change_readers(self):
        """The one before finds the end, and may still answer."""
        self.changed.wait_for(lambda: self.next, PATIENCE_SEC)
        self.before.append(self.events)
        self.events.shutdown(socket.SHUT_WR)
        self.events, self.next = self.next, None
        self.reloading = False
        self.reloads += 1

    def serve_events(self, connection):
        with self.changed:
            if self.events:
                if self.next:
                    self.next.close()   # of a reload that was given up
                self.next = connection
            else:
                self.events = connection
            self.changed.notify_all()

    def write_status(self):
        """In place: the orchestrator holds the file open, as it does the kernel's. And at once, with a length
        that does not change: it reads whenever it likes, and must never find a part of it."""
        text = "".join(f"{key} {value}\n" for key, value in self.counters.items()) + "room "
        text = text.ljust(STATUS_BYTES - 1, "x") + "\n"
        status = os.open(self.path + "/external_tma/1.status", os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.pwrite(status, text.encode(), 0)
        finally:
            os.close(status)

    def write_counts(self, text):
        with open(self.path + "/external_tma/1.counts", "w", encoding="ascii") as counts:
            counts.write(text)

    def set_counter(self, **counters):
        self.counters.update(counters)
        self.write_status()

    def wait(self, condition):
        with self.changed:
            if not self.changed.wait_for(condition, PATIENCE_SEC):
                raise TimeoutError(f"not within {PATIENCE_SEC} s; commands so far: {self.commands}")

    def wait_armed(self):
        self.wait(lambda: self.armed and self.events)
        return self.armed[-1]

    def send(self, *records):
        """One read's worth of records."""
        self.events.send("".join(record + "\n" for record in records).encode())

    def verdicts(self, count):
        """The next `count` lines from the agent."""
        lines = []
        deadline = time.monotonic() + PATIENCE_SEC
        while len(lines) < count:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.events], [], [], left)[0]:
                raise TimeoutError(f"{len(lines)} of {count} verdicts: {lines}")
            data = self.events.recv(1 << 17).decode()
            if not data:
                raise EOFError(f"reader gone after {lines}")
            lines += data.splitlines()
        return lines

    def wait_reader_gone(self):
        """As the kernel with gone=kill: the members are killed when the last reader is."""
        deadline = time.monotonic() + PATIENCE_SEC
        while time.monotonic() < deadline:
            if select.select([self.events], [], [], 0.1)[0] and not self.events.recv(1 << 17):
                if "gone=kill" in self.commands[0]:
                    for pid in filter(None, self.armed):
                        try:
                            os.kill(pid, signal.SIGKILL)
                        except ProcessLookupError:
                            pass
                return
        raise TimeoutError("the reader is still there")

    def close(self):
        for listener in self.listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for connection in filter(None, [self.events, self.next, *self.before]):
            connection.close()
