# SPDX-License-Identifier: LGPL-2.1-or-later
"""harness.py - one workload under the real orchestrator, TMA and recorder, on a fake kernel."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from fake_kernel import FakeKernel
from patience import PATIENCE_SEC, signal_and_see, wait_until

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "formula1")

# Set by main(): where the build put the programs.
ORCHESTRATOR = None
LIBEXEC = None                  # of TMA and recorder; the shim is beside the orchestrator


def load_records(count, kind="event", names=("file_open", "socket_connect", "inode_unlink")):
    """Canonical records of the vectors with different coefficients."""
    records = []
    seen = set()
    with open(DATA + "/events.jsonl", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            text = row["record"]
            coefficient = row["expect"]["portable"].get("coefficient")
            if row["event"] not in names or coefficient in seen:
                continue
            if json.loads(text).get("export", {}).get("type", "event") != kind:
                continue
            seen.add(coefficient)
            records.append(text)
    return records[:count]


def numbered(record, number):
    """The same record as event `number`: which is not hashed."""
    old = json.loads(record)["event"]["number"]
    return record.replace(f'"number": "{old}"', f'"number": "{number}"', 1)


def children(pid):
    """Living children by the name of their program."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat:
                text = stat.read()
        except OSError:
            continue
        name = text[text.index("(") + 1:text.rindex(")")]
        state, parent = text[text.rindex(")") + 2:].split()[:2]
        if int(parent) == pid and state != "Z":
            found[name] = int(entry)
    return found


def cmdline(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read()


class WorkloadTest(unittest.TestCase):
    """A directory, a fake kernel in it, and orchestrators that are gone when the test is."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="quixote-test-")
        os.chmod(self.dir, 0o755)
        self.model = self.dir + "/web.model"
        self.state = self.dir + "/state"
        self.processes = []
        self.kernels = []

    def tearDown(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
            for stream in filter(None, (process.stdin, process.stdout, process.stderr)):
                stream.close()
        for kernel in self.kernels:
            kernel.close()
            for pid in filter(None, kernel.armed):
                try:
                    os.kill(pid, signal.SIGKILL)    # only a failed test leaves one
                except ProcessLookupError:
                    pass
        shutil.rmtree(self.dir)

    def kernel(self, **options):
        kernel = FakeKernel(f"{self.dir}/kernel{len(self.kernels)}", **options)
        self.kernels.append(kernel)
        return kernel

    def config(self, command="/bin/cat", **keys):
        sections = {
            "Workload": {"Name": "web", "Type": "tool", "Command": command},
            "Model": {"File": self.model},
            "Trust": {"AllowUnsigned": "yes"},
            "Failure": {"Deadline": "60s"},
        }
        for name, value in keys.items():
            section, key = name.split("_", 1)
            sections[section][key] = value
        path = self.dir + "/web.cfg"
        with open(path, "w", encoding="utf-8") as config:
            for section, pairs in sections.items():
                config.write(f"[{section}]\n")
                config.writelines(f"{key}={value}\n" for key, value in pairs.items() if value is not None)
        return path

    def start(self, kernel, mode, config, arguments=(), libexec=None, driver=False, environment=None,
              before=(), **options):
        more = options.pop("options", [])
        environment = dict(os.environ, QUIXOTE_LIBEXEC=libexec or LIBEXEC,
                           STATE_DIRECTORY=self.state,
                           QUIXOTE_RUNTIME_DIR=self.dir + "/run", XDG_STATE_HOME=self.state + "-home",
                           **(environment or {}))
        for stream in ("stdin", "stdout", "stderr"):
            options.setdefault(stream, subprocess.PIPE)
        process = subprocess.Popen(
            [*before, ORCHESTRATOR, f"--config={config}", f"--mode={mode}",
             f"--caller={os.getuid()}:{os.getgid()}", f"--control-dir={kernel.path}",
             *(["--driver"] if driver else []), *more, "--", *arguments],
            env=environment, **options)
        self.processes.append(process)
        return process

    def finish(self, process, data=b""):
        """End its input; (exit status, output, errors)."""
        out, err = process.communicate(data, PATIENCE_SEC)
        return process.returncode, out, err.decode()

    def train(self, records, command="/bin/cat"):
        """A model of these records."""
        kernel = self.kernel()
        process = self.start(kernel, "train", self.config(command))
        kernel.wait_armed()
        kernel.send(*[numbered(record, i + 1) for i, record in enumerate(records)])
        kernel.verdicts(len(records))
        status, _, err = self.finish(process)
        self.assertEqual(status, 0, err)
        return err

    def forensics(self):
        for place in (self.state, self.state + "-home/quixote/web"):
            path = place + "/forensics.jsonl"
            if os.path.exists(path):
                with open(path, encoding="utf-8") as lines:
                    return [json.loads(line) for line in lines]
        return []

    def kill_child(self, process, name, number=signal.SIGKILL):
        """When this returns it has ended, or stands still."""
        wait_until(lambda: name[:15] in children(process.pid), what=name)
        pid = children(process.pid)[name[:15]]
        signal_and_see(pid, number)
        return pid


def main():
    global ORCHESTRATOR, LIBEXEC
    # As many descriptors of this module as there are importers of it: one.
    harness = sys.modules["harness"]
    harness.ORCHESTRATOR, harness.LIBEXEC = sys.argv[1:3]
    del sys.argv[1:3]
    unittest.main(module="__main__", verbosity=2)
