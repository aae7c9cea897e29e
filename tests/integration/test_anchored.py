#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_anchored.py - a workload under the real orchestrator and TMA, on a fake kernel, with a real anchor
on a simulated TPM."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import harness
from agent import Client
from harness import WorkloadTest, cmdline, load_records, numbered
from patience import PATIENCE_SEC, signal_and_see, wait_until
from simulator import RESUME, START, Machine

ANCHOR = QUIXOTE = None         # set below


def extend(value, point):
    """docs/formula.md, section 6, without a base."""
    return hashlib.sha256(value + hashlib.sha256(bytes(32) + point).digest()).digest()


class Anchored(WorkloadTest):
    def setUp(self):
        super().setUp()
        self.machine = Machine(ANCHOR)
        self.addCleanup(self.machine.close)

    def config(self, command="/bin/cat", anchor="yes", **keys):
        path = super().config(command, **keys)
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"[TPM]\nAnchor={anchor}\n")
        return path

    def start(self, kernel, mode, config, **options):
        return super().start(kernel, mode, config, options=["--anchor=" + self.machine.socket], **options)

    def train(self, records, command="/bin/cat"):
        def plain(command="/bin/cat", **keys):
            return Anchored.config(self, command, anchor="no", **keys)
        self.config, before = plain, self.config
        super().train(records, command)
        self.config = before

    def running(self, mode="enforce", **keys):
        known, unknown = load_records(2)
        self.train([known])
        kernel = self.kernel()
        process = self.start(kernel, mode, self.config("/bin/sleep 1000", **keys))
        pid = kernel.wait_armed()
        wait_until(lambda: b"sleep" in cmdline(pid))
        return kernel, process, known, unknown

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        _, _, err = self.finish(process)
        return err

    def entries(self):
        return [e for e in self.machine.entries() if e["workload"] == "web"]

    def kinds(self):
        return [e["kind"] for e in self.entries() if e["kind"] != "interval"]

    def wait_kinds(self, *kinds):
        wait_until(lambda: self.kinds() == list(kinds), what=f"{kinds} in {self.entries()}")
        wait_until(lambda: self.machine.replay() == self.machine.tpm.register())   # the log is first

    def identity(self):
        """(SHA-256 of the file, state of its points)."""
        with open(self.model, "rb") as file:
            data = file.read()
        points = sorted(bytes.fromhex(json.loads(line)["coefficient"]) for line in data.splitlines()
                        if b'"coefficient"' in line[:20])
        state = extend(bytes(32), bytes(32))
        for point in points:
            state = extend(state, point)
        return hashlib.sha256(data).hexdigest(), state

    def test_within_its_model(self):
        self.machine.start()
        _, process, _, _ = self.running()
        self.wait_kinds("start", "seal")
        sha256, state = self.identity()
        start = self.entries()[0]
        self.assertEqual((start["model"], start["state"], start["measurement"], start["mode"], start["outside"]),
                         (sha256, state.hex(), state.hex(), "enforce", 0))
        self.end(process)
        self.wait_kinds("start", "seal", "stop")
        stop = self.entries()[-1]
        self.assertEqual((stop["state"], stop["measurement"], stop["outside"]), (state.hex(), state.hex(), 0))

    def test_outside_its_model(self):
        self.machine.start()
        kernel, process, known, unknown = self.running()
        kernel.send(numbered(known, 1), numbered(unknown, 2))
        self.assertEqual(kernel.verdicts(2), ["trusted 1", "refused 2"])
        self.wait_kinds("start", "seal", "violation")
        kernel.send(numbered(unknown, 3))
        self.assertEqual(kernel.verdicts(1), ["refused 3"])
        self.end(process)
        self.wait_kinds("start", "seal", "violation", "stop")
        coefficient = bytes.fromhex(self.forensics()[0]["coefficient"])
        _, state = self.identity()
        once = extend(state, coefficient)
        violation, stop = self.entries()[-2:]
        self.assertEqual((violation["outside"], violation["measurement"]), (1, once.hex()))
        self.assertEqual((stop["outside"], stop["measurement"], stop["events"]),
                         (2, extend(once, coefficient).hex(), 3))

    def test_ended_for_a_violation(self):
        self.machine.start()
        kernel, process, _, unknown = self.running(Failure_OnViolation="kill")
        kernel.send(numbered(unknown, 1))
        self.assertEqual(process.wait(PATIENCE_SEC), 207)
        self.wait_kinds("start", "seal", "violation", "stop")
        self.assertGreater(self.entries()[2]["outside"], 0)

    def test_training(self):
        self.machine.start()
        record, = load_records(1)
        kernel = self.kernel()
        process = self.start(kernel, "train", self.config())
        kernel.wait_armed()
        kernel.send(numbered(record, 1))
        kernel.verdicts(1)
        self.finish(process)
        self.wait_kinds("start", "stop")
        self.assertEqual((self.entries()[0]["mode"], self.entries()[0]["model"]), ("train", "0" * 64))

    def test_orchestrator_killed(self):
        self.machine.start()
        _, process, _, _ = self.running()
        process.kill()
        self.wait_kinds("start", "seal", "gone")

    def test_state_at_the_interval(self):
        self.machine.configure(Interval="1s")
        self.machine.start()
        kernel, process, known, _ = self.running()
        kernel.send(numbered(known, 1))
        kernel.verdicts(1)
        wait_until(lambda: any(e["kind"] == "interval" and e["events"] == 1 for e in self.entries()))
        self.end(process)

    # Rows of the failure table.

    def refused(self, sentence, status=205):
        known, = load_records(1)
        self.train([known])
        kernel = self.kernel()
        process = self.start(kernel, "enforce", self.config("/bin/sleep 1000"))
        self.assertEqual(process.wait(PATIENCE_SEC), status)
        err = process.stderr.read().decode()
        self.assertIn(sentence, err)
        self.assertEqual(len(err.splitlines()), 1, err)
        self.assertEqual(kernel.armed, [])                          # nothing of it ran

    def test_no_anchor(self):
        self.refused("the anchor does not take this workload; see to quixote-anchor.service")

    def waiting(self):
        known, = load_records(1)
        self.train([known])
        kernel = self.kernel()
        process = self.start(kernel, "enforce", self.config("/bin/sleep 1000"))
        time.sleep(1)
        self.assertEqual((process.poll(), kernel.armed), (None, []))
        return kernel, process

    def test_anchor_that_dies_before_it_answers(self):
        anchor = self.machine.start()
        signal_and_see(anchor.pid, signal.SIGSTOP)
        kernel, process = self.waiting()
        anchor.kill()
        self.assertEqual(process.wait(PATIENCE_SEC), 205)
        self.assertIn("Connection refused: the anchor does not take", process.stderr.read().decode())
        self.assertEqual(kernel.armed, [])

    def test_anchor_that_is_started_again_before_it_answers(self):
        """By a service manager, which keeps the socket: its TPM was not there at once."""
        listening = self.machine.listen()
        self.addCleanup(listening.close)
        self.machine.launch_on(listening)
        self.machine.client().flush()
        anchor = self.machine.anchors[-1]
        signal_and_see(self.machine.tpm.process.pid, signal.SIGSTOP)
        kernel, process = self.waiting()
        wait_until(lambda: self.kinds() == ["start"], what="the first in the log")
        anchor.kill()
        anchor.wait()
        time.sleep(1)
        self.assertEqual((process.poll(), kernel.armed), (None, []))
        self.machine.tpm.process.send_signal(signal.SIGCONT)
        self.machine.launch_on(listening)
        pid = kernel.wait_armed()
        wait_until(lambda: b"sleep" in cmdline(pid))
        self.wait_kinds("start", "start", "seal")                   # the first was in the log, and not in the TPM
        self.assertEqual(self.end(process), "")

    def test_anchor_that_is_held_up_for_longer_than_a_model_may_load(self):
        """By a TPM or a disk that others use, as while a machine boots."""
        anchor = self.machine.start()
        signal_and_see(anchor.pid, signal.SIGSTOP)
        kernel, process = self.waiting()
        time.sleep(31)                                              # a model has 30 s
        self.assertEqual((process.poll(), kernel.armed), (None, []))
        anchor.send_signal(signal.SIGCONT)
        pid = kernel.wait_armed()
        wait_until(lambda: b"sleep" in cmdline(pid))
        self.assertEqual(self.end(process), "")

    def test_next_start_is_read_with_the_end_before(self):
        """An anchor that was held up finds both, on two lines, of which either may be the first in its table."""
        anchor = self.machine.start()
        place = self.machine.client()
        place.entry(START, "other")
        _, first, _, _ = self.running()
        self.wait_kinds("start", "seal")
        place.close()
        signal_and_see(anchor.pid, signal.SIGSTOP)
        self.end(first)
        kernel = self.kernel()
        second = self.start(kernel, "enforce", self.config("/bin/sleep 1000"))
        time.sleep(1)
        anchor.send_signal(signal.SIGCONT)
        pid = kernel.wait_armed()
        wait_until(lambda: b"sleep" in cmdline(pid))
        self.end(second)
        self.wait_kinds("start", "seal", "stop", "start", "seal", "stop")

    def test_name_that_runs_already(self):
        self.machine.start()
        self.machine.client().entry(START, "web")
        self.refused("a workload of this name runs already")

    def test_older_model_than_was_anchored(self):
        """Also if the version that was accepted is put back, or forgotten."""
        def quixote(*arguments):
            subprocess.run([QUIXOTE, *arguments], check=True, capture_output=True)

        self.machine.start()
        known, = load_records(1)
        self.train([known])
        os.mkdir(self.dir + "/keys.d", 0o755)
        quixote("key", "new", self.dir + "/alice")
        shutil.copy(self.dir + "/alice.pub", self.dir + "/keys.d")
        signed = {"Trust_AllowUnsigned": "no", "Trust_Keys": self.dir + "/keys.d"}
        for version in ("7", "6"):
            quixote("model", "sign", f"--key={self.dir}/alice.key", "--version=" + version, self.model)
            kernel = self.kernel()
            process = self.start(kernel, "enforce", self.config(**signed))
            if version == "7":
                kernel.wait_armed()
            status, _, err = self.finish(process)
            shutil.rmtree(self.state, ignore_errors=True)
            shutil.rmtree(self.state + "-home", ignore_errors=True)
        self.assertEqual((status, kernel.armed), (203, []))
        self.assertIn("version 6, after 7 was anchored: the model is older than one", err)
        self.assertEqual({e["version"] for e in self.entries()}, {7})

    def reload(self):
        done = subprocess.run([QUIXOTE, "reload", self.dir + "/web.cfg"], text=True, capture_output=True, check=False,
                              timeout=2 * PATIENCE_SEC, env=dict(os.environ, QUIXOTE_RUNTIME_DIR=self.dir + "/run"))
        return done.returncode, done.stdout + done.stderr

    def test_another_model(self):
        """What was outside the one before stays counted."""
        self.machine.start()
        kernel, process, known, unknown = self.running()
        kernel.send(numbered(known, 1), numbered(unknown, 2))
        self.assertEqual(kernel.verdicts(2), ["trusted 1", "refused 2"])
        self.wait_kinds("start", "seal", "violation")
        first, _ = self.identity()
        os.unlink(self.model)
        self.train([unknown])
        status, told = self.reload()
        self.assertEqual(status, 0, told)
        kernel.wait(lambda: kernel.reloads == 1)
        second, state = self.identity()
        self.wait_kinds("start", "seal", "violation", "start", "seal")
        start = [e for e in self.entries() if e["kind"] == "start"][1]
        self.assertEqual((start["model"], start["state"], start["measurement"], start["outside"]),
                         (second, state.hex(), state.hex(), 1))
        self.assertNotEqual(first, second)
        kernel.send(numbered(unknown, 3), numbered(known, 4))
        self.assertEqual(kernel.verdicts(2), ["trusted 3", "refused 4"])
        self.end(process)
        self.wait_kinds("start", "seal", "violation", "start", "seal", "stop")
        self.assertEqual((self.entries()[-1]["model"], self.entries()[-1]["outside"]), (second, 2))

    def test_another_model_without_an_anchor(self):
        """It is not taken, and the chain goes on with the one that is in force."""
        anchor = self.machine.start()
        kernel, process, known, unknown = self.running()
        self.wait_kinds("start", "seal")
        first, _ = self.identity()
        anchor.kill()
        anchor.wait()
        os.unlink(self.model)
        self.train([unknown])
        status, told = self.reload()
        self.assertEqual(status, 203, told)
        self.assertIn("the anchor does not take this workload", told)
        kernel.send(numbered(known, 1))
        self.assertEqual(kernel.verdicts(1), ["trusted 1"])
        self.machine.start()
        self.wait_kinds("start", "seal", "resume")
        self.assertEqual(self.entries()[-1]["model"], first)
        self.end(process)

    def wait_heard(self, kernel):
        """The orchestrator knows what its agent has done up to now. It asks anew when it was answered, and tells
        with each question what the kernel counts."""
        def waiting():
            with Client(self.dir + "/run/web/socket") as client:
                return client.call("org.quixote.Workload.GetStatus")["parameters"]["kernel"]["waiting"]
        for count in (1, 2):
            kernel.set_counter(waiting=count)
            wait_until(lambda count=count: waiting() == count, what="a question")

    def test_anchor_lost_and_back(self):
        anchor = self.machine.start()
        kernel, process, known, unknown = self.running()
        self.wait_kinds("start", "seal")
        anchor.kill()
        anchor.wait()
        kernel.send(numbered(known, 1), numbered(unknown, 2))       # nobody waits for it
        self.assertEqual(kernel.verdicts(2), ["trusted 1", "refused 2"])
        self.wait_heard(kernel)
        self.assertIsNone(process.poll())
        self.machine.start()
        wait_until(lambda: self.kinds() == ["start", "seal", "resume"])
        resumed = self.entries()[-1]
        self.assertEqual((resumed["outside"], resumed["events"]), (1, 2))   # what was missed is told
        err = self.end(process)
        self.assertEqual(err.count("the anchor is gone"), 1)
        self.wait_kinds("start", "seal", "resume", "stop")

    def test_anchor_that_is_busy_when_the_line_is_made_again(self):
        """As is one that was held up, and has not read the end of the line before."""
        anchor = self.machine.start()
        _, process, _, _ = self.running()
        self.wait_kinds("start", "seal")
        signal_and_see(process.pid, signal.SIGSTOP)
        anchor.kill()
        anchor.wait()
        self.machine.start()
        other = self.machine.client()
        other.entry(RESUME, "web")
        process.send_signal(signal.SIGCONT)
        time.sleep(7)                                               # it tries every 5 s
        self.assertEqual(self.kinds(), ["start", "seal", "resume"])
        other.close()
        wait_until(lambda: self.kinds() == ["start", "seal", "resume", "gone", "resume"])
        self.assertEqual(self.end(process).count("the anchor is gone"), 1)

    def test_anchor_that_does_not_read(self):
        anchor = self.machine.start()
        kernel, process, known, _ = self.running()
        self.wait_kinds("start", "seal")
        signal_and_see(anchor.pid, signal.SIGSTOP)
        for i in range(20):
            kernel.send(numbered(known, i + 1))
            kernel.verdicts(1)
            time.sleep(0.1)
        self.assertIsNone(process.poll())
        self.end(process)
        anchor.send_signal(signal.SIGCONT)
        self.wait_kinds("start", "seal", "stop")                    # it was in the socket


if __name__ == "__main__":
    ANCHOR, QUIXOTE = sys.argv[3:5]
    del sys.argv[3:5]
    harness.main()
