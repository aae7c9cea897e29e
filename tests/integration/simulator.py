# SPDX-License-Identifier: LGPL-2.1-or-later
"""simulator.py - a TPM (swtpm on a UNIX socket), an anchor on it, and what feeds it."""

import hashlib
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time

from patience import PATIENCE_SEC, wait_until

MODEL, STATE = "ab" * 32, "cd" * 32
START, RESUME, SEAL, VIOLATION, INTERVAL, STOP, GONE = range(7)
ENTRY, STATE_ONLY, FLUSH = 1, 2, 3
ANCHORED, GARBAGE, BUSY, OLD, FULL = range(1, 6)
MESSAGE = struct.Struct("=IIIIQQQQ72s136s136s136s")     # tma/anchor/feed.h
ANSWER = struct.Struct("=IIQ")
REGISTER = 13


def pack(request, kind=0, workload="", model=MODEL, state=STATE, measurement=STATE, mode=2,
         version=0, events=0, outside=0, lost=0):
    return MESSAGE.pack(request, kind, mode, 0, version, events, outside, lost, workload.encode(),
                        model.encode(), state.encode(), measurement.encode())


class Tpm:
    """Its state outlives a reset."""

    tcti = None

    def __init__(self, directory):
        self.dir = directory
        self.path = directory + "/tpm"
        self.tcti = self.tcti or "swtpm:path=" + self.path
        os.makedirs(directory + "/state", exist_ok=True)
        self.process = None
        self.start()

    def start(self):
        for path in (self.path, self.path + ".ctrl"):
            if os.path.exists(path):
                os.unlink(path)
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.dir}/state",
             "--server", f"type=unixio,path={self.path}", "--ctrl", f"type=unixio,path={self.path}.ctrl",
             "--flags", "startup-clear"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: self.run("pcrread", "sha256:0", check=False).returncode == 0, what="swtpm")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def reset(self):
        self.stop()
        self.start()

    def run(self, tool, *arguments, check=True, data=None):
        return subprocess.run(["tpm2_" + tool, "-T", self.tcti, *arguments], check=check, input=data,
                              capture_output=True, timeout=2 * PATIENCE_SEC)

    def register(self, number=REGISTER):
        text = self.run("pcrread", f"sha256:{number}").stdout.decode()
        return bytes.fromhex(text.split("0x")[1].strip())


class Device(Tpm):
    """The TPM of the machine that this runs in; it cannot be reset but with that."""

    tcti = "device:/dev/tpmrm0"

    def start(self):
        pass

    def stop(self):
        pass


class Client:
    """In place of an orchestrator."""

    def __init__(self, path, anchor=None):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(PATIENCE_SEC)
        wait_until(lambda: self.connects(path, anchor), what="an anchor that accepts")

    def connects(self, path, anchor):
        try:
            self.socket.connect(path)
        except BlockingIOError:                     # its queue is full for a moment
            return False
        except ConnectionRefusedError:              # it has a name, and does not listen yet
            if anchor and anchor.poll() is not None:
                raise
            return False
        return True

    def send(self, *arguments, **keys):
        self.socket.send(pack(*arguments, **keys))

    def answer(self):
        """(result, number), or None at the end."""
        try:
            data = self.socket.recv(64)
        except ConnectionResetError:
            return None
        if not data:
            return None
        result, zero, number = ANSWER.unpack(data)
        assert zero == 0
        return result, number

    def entry(self, kind, workload="web", **keys):
        self.send(ENTRY, kind, workload, **keys)
        return self.answer()

    def flush(self):
        self.send(FLUSH, model="", state="", measurement="")
        return self.answer()

    def close(self):
        self.socket.close()


def memory():
    """Where files are no slower beside a compiler: TPM and anchor wait for the disk with all that they write."""
    place = "/dev/shm"
    usable = os.access(place, os.W_OK) and not os.statvfs(place).f_flag & os.ST_NOEXEC
    return place if usable else None


class Machine:
    """A directory with all of it."""

    def __init__(self, anchor, quixote=None, tpm=Tpm, state=None):
        self.dir = tempfile.mkdtemp(prefix="quixote-tpm-", dir=memory())
        self.log = self.dir + "/log/anchor.cel"
        self.socket = self.dir + "/socket"
        self.config = self.dir + "/tpm.conf"
        self.program, self.quixote = anchor, quixote
        self.anchors, self.clients = [], []
        os.mkdir(self.dir + "/log", 0o700)
        if state:                                   # of a TPM that has been used before
            shutil.copytree(state, self.dir + "/state")
        self.tpm = tpm(self.dir)
        self.configure()

    def configure(self, **keys):
        values = {"TCTI": self.tpm.tcti, "Interval": "600s", "Counter": "none", "Directory": self.dir + "/log",
                  "Socket": self.socket}
        values.update(keys)
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("[TPM]\n" + "".join(f"{key}={value}\n" for key, value in values.items()))

    def start(self, **environment):
        """An anchor that answers."""
        process = self.launch(**environment)
        try:
            client = Client(self.socket, process)
        except OSError:
            process.wait(PATIENCE_SEC)
            raise
        assert client.flush() == (ANCHORED, 0), process.communicate()
        client.close()
        return process

    def launch(self, **environment):
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        process = subprocess.Popen([self.program, "--config=" + self.config], stderr=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, env=dict(os.environ, **environment))
        self.anchors.append(process)
        wait_until(lambda: os.path.exists(self.socket) or process.poll() is not None, what="the anchor's socket")
        return process

    def listen(self):
        """The socket, as a service manager has it."""
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listening.bind(self.socket)
        listening.listen()
        return listening

    def launch_on(self, listening):
        """An anchor that is given this socket."""
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"', self.program, "--config=" + self.config],
            preexec_fn=lambda: os.dup2(listening.fileno(), 3), pass_fds=[3], stderr=subprocess.PIPE)
        self.anchors.append(process)
        return process

    def client(self):
        self.clients.append(Client(self.socket))
        return self.clients[-1]

    def stop(self, process):
        """(status, what it said)."""
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE_SEC)
        return process.returncode, err.decode()

    def failed(self, process):
        """What it said at its end."""
        _, err = process.communicate(timeout=PATIENCE_SEC)
        assert process.returncode == 1, (process.returncode, err)
        return err.decode()

    def run(self, *arguments, check=0, **options):
        """quixote itself: what it printed, and what it said."""
        done = subprocess.run([self.quixote, *arguments], capture_output=True, timeout=2 * PATIENCE_SEC, check=False, **options)
        assert done.returncode == check, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout.decode(), done.stderr.decode()

    def files(self):
        """Of the log, the newest last."""
        numbers = sorted(int(name[len("anchor.cel."):]) for name in os.listdir(self.dir + "/log")
                         if name.startswith("anchor.cel.") and name[-1].isdigit())
        return [f"{self.log}.{number}" for number in numbers] + [self.log]

    def records(self, *files):
        records = []
        for path in files or [self.log]:
            with open(path, encoding="ascii") as lines:
                # One that is being written is none yet.
                records += [json.loads(line) for line in lines if line.endswith("\n")]
        return records

    def entries(self, *files):
        return [entry for record in self.records(*files) if record["content"]["kind"] == "append"
                for entry in record["content"]["entries"]]

    def replay(self, *files):
        """As anyone would who only knows CEL: the register after all records."""
        records = self.records(*files)
        first = records[0]["content"]
        value = bytes.fromhex(first["start"] if first["kind"] == "begin" else first["value"])
        for record in records:
            digest, = [d["digest"] for d in record["digests"] if d["hashAlg"] == "sha256"]
            value = hashlib.sha256(value + bytes.fromhex(digest)).digest()
        return value

    def close(self):
        for client in self.clients:
            client.close()
        for process in self.anchors:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stderr.close()
        self.tpm.stop()
        shutil.rmtree(self.dir)
