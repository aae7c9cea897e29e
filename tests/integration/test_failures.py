#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_failures.py - each row of the failure table that a fake kernel can provoke."""

import json
import os
import resource
import shutil
import signal
import socket
import stat
import time
import unittest

from harness import WorkloadTest, children, cmdline, load_records, main, numbered
from patience import PATIENCE_SEC, has_ended, signal_and_see, wait_until


def fill(fd, data):
    """Write until there is no room for more; what was written."""
    os.set_blocking(fd, False)
    count = 0
    try:
        while True:
            count += os.write(fd, data)
    except BlockingIOError:
        return count
    finally:
        os.set_blocking(fd, True)   # as others have it


class Failures(WorkloadTest):
    def enforced(self, options=None, **keys):
        """A running workload and a record that its model has and one that it has not."""
        known, unknown = load_records(2)
        self.train([known])
        kernel = self.kernel()
        process = self.start(kernel, "enforce", self.config("/bin/sleep 1000", **keys), **(options or {}))
        pid = kernel.wait_armed()
        wait_until(lambda: b"sleep" in cmdline(pid))
        return kernel, process, pid, known, unknown

    def assert_lost(self, process, pid, sentence):
        self.assertEqual(process.wait(PATIENCE_SEC), 205)
        err = process.stderr.read().decode()
        self.assertIn(sentence, err)
        self.assertEqual(len(err.splitlines()), 1, err)
        wait_until(lambda: has_ended(pid))

    def unit(self, mode, **keys):
        """A unit of which a member has left the control group: only the kernel finds it."""
        kernel = self.kernel()
        config = self.config(Workload_Unit="ssh.service", Workload_Type=None, Workload_Command=None, **keys)
        process = self.start(kernel, mode, config, environment={"QUIXOTE_ENTRANCE_DIR": self.dir})
        wait_until(lambda: os.path.exists(self.dir + "/ssh.service"))
        kernel.wait(lambda: kernel.events)
        kernel.set_counter(members=1, entered=3)
        return kernel, process

    def test_member_elsewhere_costs_no_model(self):
        kernel, process = self.unit("train")
        kernel.send(*[numbered(record, i + 1) for i, record in enumerate(load_records(3))])
        kernel.verdicts(3)
        process.send_signal(signal.SIGTERM)
        status, _, err = self.finish(process)
        self.assertEqual(status, 0, err)
        self.assertIn("did not end when killed", err)
        self.assertIn("3 new coefficients in this run", err)
        self.assertEqual(len(err.splitlines()), 2, err)
        self.assertTrue(os.path.exists(self.model))

    def test_member_elsewhere_is_ended_by_the_kernel(self):
        known, unknown = load_records(2)
        self.train([known])
        kernel, process = self.unit("enforce", Failure_OnViolation="kill")
        self.assertIn("gone=kill", kernel.commands[0])
        kernel.send(numbered(unknown, 1))
        kernel.wait_reader_gone()
        kernel.set_counter(members=0)
        status, _, err = self.finish(process)
        self.assertEqual(status, 207, err)
        self.assertIn("the workload left its model", err)
        self.assertIn("1 event outside the model", err)     # the agent was heard to its end
        self.assertEqual(len([line for line in self.forensics() if "lost" not in line]), 1)

    def listener(self, name):
        """A socket of datagrams, and one that is connected to it."""
        ours, other = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
        self.addCleanup(ours.close)
        self.addCleanup(other.close)
        ours.bind(f"{self.dir}/{name}")
        ours.settimeout(PATIENCE_SEC)
        other.connect(f"{self.dir}/{name}")
        return ours, other

    def test_standard_error_that_nobody_reads(self):
        reading, writing = os.pipe()
        count = fill(writing, bytes(4096))
        kernel, process, pid, _, unknown = self.enforced({"stderr": writing}, Failure_OnViolation="kill")
        os.close(writing)
        kernel.send(numbered(unknown, 1))
        wait_until(lambda: has_ended(pid))
        wait_until(lambda: not children(process.pid))   # and it has nothing to do but to be heard
        self.assertIsNone(process.poll())
        with open(reading, "rb") as pipe:
            self.assertEqual(pipe.read(count), bytes(count))
            lines = pipe.read().decode().splitlines()
        self.assertEqual(process.wait(PATIENCE_SEC), 207)
        self.assertEqual(len(lines), 2, lines)
        self.assertIn("the workload left its model", lines[0])
        self.assertIn("1 event outside the model", lines[1])

    def test_standard_error_that_is_never_read(self):
        """As with output: the second signal does not wait for a reader."""
        reading, writing = os.pipe()
        fill(writing, bytes(4096))
        kernel, process, pid, _, unknown = self.enforced({"stderr": writing}, Failure_OnViolation="kill")
        kernel.send(numbered(unknown, 1))
        wait_until(lambda: has_ended(pid))
        wait_until(lambda: not children(process.pid))

        def signalled():
            process.send_signal(signal.SIGTERM)
            return process.poll() is not None
        wait_until(signalled)
        self.assertEqual(process.returncode, 207)
        os.close(reading)
        os.close(writing)

    def test_journal_that_nobody_reads(self):
        _, other = self.listener("journal")
        fill(other.fileno(), b"MESSAGE=x\n")
        kernel, process, pid, _, unknown = self.enforced(
            {"environment": {"QUIXOTE_JOURNAL_SOCKET": self.dir + "/journal"}}, Failure_OnViolation="kill")
        kernel.send(numbered(unknown, 1))
        wait_until(lambda: has_ended(pid))
        status, _, err = self.finish(process)
        self.assertEqual(status, 207)
        self.assertIn("the workload left its model", err)

    def test_journal_is_told_when_it_reads_again(self):
        ours, other = self.listener("journal")
        count = fill(other.fileno(), b"MESSAGE=x\n") // len(b"MESSAGE=x\n")
        kernel, process, _, _, unknown = self.enforced(
            {"environment": {"QUIXOTE_JOURNAL_SOCKET": self.dir + "/journal"}})
        for _ in range(count):
            self.assertEqual(ours.recv(4096), b"MESSAGE=x\n")
        lines = ours.recv(4096).decode().splitlines()
        self.assertIn("MESSAGE_ID=7d0e6a9d2c1f4c55a3f2bd4c0d1a9e37", lines)
        self.assertIn("TSEM_WORKLOAD=web", lines)
        kernel.set_counter(expired=1)
        lines = ours.recv(4096).decode().splitlines()
        self.assertRegex(lines[0], "^MESSAGE=web: an event got no verdict before its deadline")
        self.assertIn("TSEM_FAILURE=event-expired", lines)
        self.assertIn("PRIORITY=3", lines)
        self.assertEqual(process.wait(PATIENCE_SEC), 205)

    def test_service_manager_that_does_not_read(self):
        ours, other = self.listener("manager")
        count = fill(other.fileno(), b"X=1")
        kernel, process, pid, _, unknown = self.enforced(
            {"environment": {"NOTIFY_SOCKET": self.dir + "/manager"}}, Failure_OnViolation="kill")
        for _ in range(count // len(b"X=1")):
            self.assertEqual(ours.recv(4096), b"X=1")
        self.assertRegex(self.next_of(ours), "^STATUS=the model sha256:")
        self.assertEqual(self.next_of(ours), "READY=1")
        fill(other.fileno(), b"X=1")
        kernel.send(numbered(unknown, 1))
        wait_until(lambda: has_ended(pid))
        self.assertEqual(self.finish(process)[0], 207)

    @staticmethod
    def next_of(manager):
        """But for signs of life."""
        while (text := manager.recv(4096).decode()) == "WATCHDOG=1":
            pass
        return text

    def test_garbage_record_is_never_trusted(self):
        kernel, process, pid, known, _ = self.enforced()
        kernel.send(numbered(known, 5)[:-1])
        self.assertEqual(kernel.verdicts(1), ["refused 5"])
        self.assert_lost(process, pid, "a record that does not parse")

    def test_garbage_without_a_number(self):
        kernel, process, pid, _, _ = self.enforced()
        kernel.send("\0\1\2 what is this")
        self.assert_lost(process, pid, "a record that does not parse")

    def test_tma_killed(self):
        kernel, process, pid, _, _ = self.enforced()
        self.kill_child(process, "quixote-tma")
        kernel.wait_reader_gone()
        self.assert_lost(process, pid, "the modelling agent died")

    def test_tma_killed_orchestrator_makes_sure(self):
        """Also if the kernel's own killing did not work."""
        _, process, pid, _, _ = self.enforced()
        self.kill_child(process, "quixote-tma")
        self.assert_lost(process, pid, "the modelling agent died")

    def test_tma_killed_deny(self):
        kernel, process, pid, _, _ = self.enforced(Failure_OnLoss="deny")
        self.assertIn("gone=deny", kernel.commands[0])
        self.kill_child(process, "quixote-tma")
        kernel.wait_reader_gone()
        time.sleep(0.5)
        self.assertIsNone(process.poll())
        self.assertTrue(os.path.exists(f"/proc/{pid}"))
        os.kill(pid, signal.SIGKILL)
        self.assert_lost(process, pid, "the modelling agent died")

    def test_tma_stopped(self):
        _, process, pid, _, _ = self.enforced(Failure_Deadline="2s")
        self.kill_child(process, "quixote-tma", signal.SIGSTOP)
        self.assert_lost(process, pid, "the modelling agent does not answer")

    def test_orchestrator_that_did_not_run(self):
        """An agent is not late because nobody was there to hear it."""
        kernel, process, _, known, _ = self.enforced(Failure_Deadline="6s")
        agent = self.kill_child(process, "quixote-tma", signal.SIGSTOP)
        time.sleep(1)                           # it is asked every half second
        signal_and_see(process.pid, signal.SIGSTOP)
        time.sleep(7)
        process.send_signal(signal.SIGCONT)
        time.sleep(0.3)
        os.kill(agent, signal.SIGCONT)
        kernel.send(numbered(known, 1))
        self.assertEqual(kernel.verdicts(1), ["trusted 1"])
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.finish(process)[0], 128 + signal.SIGTERM)

    @unittest.skipIf(os.getuid(), "another user is only for root")
    def test_parent_killed(self):
        """It was told to end with its parent, and that is so when it has touched files as another user."""
        kernel = self.kernel()
        parent = self.start(kernel, "train", self.config("/bin/sleep 1000", Workload_User="nobody"),
                            before=["/bin/sh", "-c", 'setpriv --pdeathsig TERM "$@" & echo $!; wait', "sh"])
        orchestrator = int(parent.stdout.readline())
        pid = kernel.wait_armed()
        wait_until(lambda: b"sleep" in cmdline(pid))
        parent.kill()
        parent.wait()
        try:
            wait_until(lambda: has_ended(orchestrator) and has_ended(pid))
        finally:
            if not has_ended(orchestrator):
                os.kill(orchestrator, signal.SIGKILL)

    def test_orchestrator_killed(self):
        kernel, process, pid, _, _ = self.enforced()
        helpers = children(process.pid)
        process.kill()
        process.wait()
        kernel.wait_reader_gone()
        for name, helper in helpers.items():
            if name.startswith("quixote"):
                wait_until(lambda: has_ended(helper), what=name)
        wait_until(lambda: has_ended(pid))

    def test_orchestrator_killed_with_stopped_tma(self):
        kernel, process, _, _, _ = self.enforced()
        self.kill_child(process, "quixote-tma", signal.SIGSTOP)
        process.kill()
        process.wait()
        kernel.wait_reader_gone()

    def test_event_expired(self):
        kernel, process, pid, _, _ = self.enforced()
        kernel.set_counter(expired=1)
        self.assert_lost(process, pid, "no verdict before its deadline")

    def test_event_dropped(self):
        kernel, process, pid, _, _ = self.enforced()
        kernel.set_counter(dropped=1)
        self.assert_lost(process, pid, "no room for a record")

    def test_no_tsem(self):
        kernel = self.kernel()
        os.unlink(kernel.path + "/control")
        status, _, err = self.finish(self.start(kernel, "train", self.config()))
        self.assertEqual(status, 204)
        self.assertIn("--kernel=builtin", err)

    def test_namespace_refused(self):
        kernel = self.kernel(refuse="create")
        status, _, err = self.finish(self.start(kernel, "train", self.config()))
        self.assertEqual(status, 205)
        self.assertIn("the kernel made no namespace", err)

    def test_kernel_is_given_the_model(self):
        self.train(load_records(2))
        kernel = self.kernel()
        process = self.start(kernel, "enforce", self.config(Trust_Root="kernel"))
        kernel.wait_armed()
        kernel.set_counter(untold=1)
        status, _, err = self.finish(process)
        self.assertEqual(status, 0, err)
        verbs = [command.split()[0] for command in kernel.commands]
        with open(self.model, encoding="utf-8") as model:
            points = sorted(json.loads(line)["coefficient"] for line in model
                            if "\"coefficient\"" in line[:20])
        given = sorted(command.split("=")[1].strip() for command in kernel.commands
                       if command.startswith("state "))
        self.assertEqual(given, points)
        self.assertIn("tma=internal", kernel.commands[0])
        self.assertEqual(verbs[-3:], ["enforce", "seal", "arm"])
        self.assertIn("refusals came faster", err)

    def test_kernel_refuses_the_model(self):
        self.train(load_records(60))
        kernel = self.kernel(deaf=True)
        status, _, err = self.finish(self.start(kernel, "enforce",
                                                self.config(Trust_Root="kernel")))
        self.assertEqual(status, 205, err)
        self.assertIn("the model for the kernel", err)
        self.assertEqual(kernel.armed, [])

    def test_arm_refused(self):
        """The connection is dropped a moment after the command before it: who arms sooner does not see it."""
        self.train(load_records(1))

        def is_refused():
            kernel = self.kernel(refuse="seal")
            status, _, err = self.finish(self.start(kernel, "enforce", self.config()))
            self.assertIn(status, (0, 206), err)
            self.assertEqual(kernel.armed, [])
            return status == 206
        wait_until(is_refused)

    def fake_tma(self, program):
        """A directory of programs in which the agent is this Python program."""
        libexec = self.dir + "/libexec"
        os.mkdir(libexec)
        with open(libexec + "/quixote-tma", "w", encoding="ascii") as file:
            file.write("#!/usr/bin/python3\nimport os, struct, time\n" + program)
        os.chmod(libexec + "/quixote-tma", 0o755)
        return libexec

    def test_tma_not_installed(self):
        os.mkdir(self.dir + "/empty")
        process = self.start(self.kernel(), "train", self.config(), libexec=self.dir + "/empty")
        status, _, err = self.finish(process)
        self.assertEqual(status, 205)
        self.assertIn("quixote-tma: No such file or directory: the modelling agent did not start",
                      err)

    def test_tma_ends_at_once(self):
        libexec = self.fake_tma("raise SystemExit(1)")
        status, _, err = self.finish(self.start(self.kernel(), "train", self.config(),
                                                libexec=libexec))
        self.assertEqual(status, 205)
        self.assertIn("the modelling agent did not start", err)

    def test_tma_that_breaks_the_protocol(self):
        sizes = {"short": "b'x'", "long": "bytes(300)", "kind 0": "bytes(264)",
                 "kind out of range": "b'\\xff' * 264",
                 "not in this state": "struct.pack('<I260x', 8)",
                 "not for us": "struct.pack('<I260x', 1)"}
        for name, message in sizes.items():
            with self.subTest(name):
                libexec = self.fake_tma(f"os.write(4, {message})\ntime.sleep(1000)\n")
                kernel = self.kernel()
                process = self.start(kernel, "train", self.config(), libexec=libexec)
                status, _, err = self.finish(process)
                self.assertEqual(status, 205)
                self.assertIn("broke its protocol", err)
                self.assertEqual(kernel.armed, [])
                shutil.rmtree(libexec)

    def test_tma_that_is_ready_before_its_model(self):
        self.train(load_records(1))
        libexec = self.fake_tma("os.write(4, struct.pack('<I260x', 3))\ntime.sleep(1000)\n")
        kernel = self.kernel()
        status, _, err = self.finish(self.start(kernel, "enforce", self.config(), libexec=libexec))
        self.assertEqual(status, 205)
        self.assertIn("ready before its model is", err)
        self.assertEqual(kernel.armed, [])

    def test_tma_whose_model_never_ends(self):
        self.train(load_records(1))
        libexec = self.fake_tma("if not os.fork():\n"
                                "    while True: os.write(13, (b's' + bytes(32)) * 100000)\n"
                                "time.sleep(0.2)\n"
                                "os.write(4, struct.pack('<I260x', 3))\ntime.sleep(1000)\n")
        kernel = self.kernel()
        status, _, err = self.finish(self.start(kernel, "enforce", self.config(), libexec=libexec))
        self.assertEqual(status, 205)
        self.assertIn("ready before its model is", err)
        self.assertEqual(kernel.armed, [])

    def test_tma_that_says_nothing_after_ready(self):
        libexec = self.fake_tma("os.write(4, struct.pack('<I260x', 3))\ntime.sleep(1000)\n")
        process = self.start(self.kernel(), "train", self.config("/bin/sleep 1000", Failure_Deadline="2s"),
                             libexec=libexec)
        status, _, err = self.finish(process)
        self.assertEqual(status, 205)
        self.assertIn("the modelling agent does not answer", err)

    def test_status_file_broken(self):
        kernel, process, pid, _, _ = self.enforced()
        kernel.set_counter(events="many")
        self.assert_lost(process, pid, "the channel to the kernel failed")

    def test_disk_full_while_training(self):
        self.train(load_records(1))
        with open(self.model, "rb") as model:
            old = model.read()
        kernel = self.kernel()
        limit = (100, 100)
        process = self.start(kernel, "train", self.config(), preexec_fn=lambda:
                             resource.setrlimit(resource.RLIMIT_FSIZE, limit))
        kernel.wait_armed()
        records = load_records(20)
        kernel.send(*[numbered(record, i + 1) for i, record in enumerate(records)])
        kernel.verdicts(len(records))
        status, _, err = self.finish(process)
        self.assertEqual(status, 203)
        self.assertIn("File too large: the new model was not written", err)
        with open(self.model, "rb") as model:
            self.assertEqual(model.read(), old)

    def test_model_missing(self):
        kernel = self.kernel()
        status, _, err = self.finish(self.start(kernel, "enforce", self.config()))
        self.assertEqual(status, 203)
        self.assertIn("quixote train", err)
        self.assertEqual(kernel.commands, [])

    def damaged(self, change):
        self.train(load_records(3))
        with open(self.model, "rb") as model:
            text = change(model.read())
        with open(self.model, "wb") as model:
            model.write(text)
        kernel = self.kernel()
        status, _, err = self.finish(self.start(kernel, "enforce", self.config()))
        self.assertEqual(status, 203, err)
        self.assertIn("the model cannot be used", err)
        self.assertRegex(err, r"^quixote: web: /\S+/web\.model: line \d+: ")
        self.assertEqual(kernel.armed, [])
        with open(self.model, "rb") as model:
            self.assertEqual(model.read(), text)

    def test_model_cut_off(self):
        self.damaged(lambda text: text[:-20])

    def test_model_is_something_else(self):
        self.damaged(lambda text: b"\x7fELF" + text)

    def test_recorder_killed(self):
        kernel, process, _, known, unknown = self.enforced()
        self.kill_child(process, "quixote-recorder")
        kernel.send(numbered(unknown, 1), numbered(known, 2))
        self.assertEqual(kernel.verdicts(2), ["refused 1", "trusted 2"])
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_SEC), 128 + signal.SIGTERM)
        self.assertIn("refusals of this run are not recorded", process.stderr.read().decode())

    def test_recorder_that_does_not_read_holds_nobody_up(self):
        kernel, process, _, _, unknown = self.enforced()
        recorder = self.kill_child(process, "quixote-recorder", signal.SIGSTOP)
        total = 6000
        for first in range(1, total, 50):
            kernel.send(*[numbered(unknown, first + i) for i in range(50)])
            self.assertEqual(len(kernel.verdicts(50)), 50)
        os.kill(recorder, signal.SIGCONT)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_SEC), 128 + signal.SIGTERM)
        self.assertIn("refusals came faster than they were recorded",
                      process.stderr.read().decode())
        self.assertLess(len(self.forensics()), total)
        self.assertGreater(len(self.forensics()), 100)

    def test_model_is_old_or_new_never_half(self):
        """Killed at any moment of its end, a training run leaves a whole model."""
        records = load_records(40, names=("file_open", "inode_unlink", "socket_connect",
                                          "inode_create", "mmap_file", "socket_create"))
        self.train(records[:1])
        with open(self.model, "rb") as model:
            old = model.read()
        results = set()
        for step in range(12):
            kernel = self.kernel()
            process = self.start(kernel, "train", self.config())
            kernel.wait_armed()
            kernel.send(*[numbered(record, i + 1) for i, record in enumerate(records)])
            kernel.verdicts(len(records))
            helpers = children(process.pid)
            if step:                            # the first one before its end
                process.stdin.close()
                time.sleep(0.004 * step)
            process.kill()
            process.wait()
            for name, helper in helpers.items():    # which may be about to write, and have locked it
                wait_until(lambda pid=helper: has_ended(pid), what=name)
            with open(self.model, "rb") as model:
                results.add(model.read() == old)
            kernel = self.kernel()
            check = self.start(kernel, "enforce", self.config("/bin/true"))
            kernel.wait_armed()
            check.wait(PATIENCE_SEC)
            with open(self.model, "wb") as model:
                model.write(old)
        self.assertIn(True, results)

    def test_two_trainings_of_one_model(self):
        first = self.kernel()
        process = self.start(first, "train", self.config())
        first.wait_armed()
        status, _, err = self.finish(self.start(self.kernel(), "train", self.config()))
        self.assertEqual(status, 203)
        self.assertIn("another training run", err)
        self.assertEqual(self.finish(process)[0], 0)
        self.assertTrue(os.path.exists(self.model))

    def test_failed_training_leaves_the_model(self):
        self.train(load_records(1))
        with open(self.model, "rb") as model:
            old = model.read()
        kernel = self.kernel()
        process = self.start(kernel, "train", self.config())
        kernel.wait_armed()
        kernel.send("garbage")
        self.assertEqual(process.wait(PATIENCE_SEC), 205)
        with open(self.model, "rb") as model:
            self.assertEqual(model.read(), old)
        self.assertEqual([name for name in os.listdir(self.dir) if ".new" in name], [])

    def test_model_keeps_its_mode(self):
        self.train(load_records(1))
        os.chmod(self.model, 0o600)
        self.train(load_records(2))
        self.assertEqual(stat.S_IMODE(os.stat(self.model).st_mode), 0o600)


if __name__ == "__main__":
    main()
