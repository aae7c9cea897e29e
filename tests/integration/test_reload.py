#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_reload.py - a workload takes another model while it runs, or keeps the one that it has: on a
fake kernel, with the real orchestrator and TMA. Who judges is asked by records."""

import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import harness
from harness import WorkloadTest, children, cmdline, load_records, numbered
from patience import PATIENCE_SEC, has_ended, wait_until

QUIXOTE = None
GOES_ON = "the new model was not taken and the workload goes on under the one it has"


# An agent that says nothing, and ends with its orchestrator.
STAYS = "while [ -d /proc/$PPID ]; do /bin/sleep 0.1; done"


class ReloadTest(WorkloadTest):
    """It runs under the model of `known`; `other` is the record that another model has."""

    def setUp(self):
        super().setUp()
        self.known, self.other = load_records(2)
        self.number = 100
        self.reloads = 0

    def learn(self, *records):
        """The model is another file, of these records."""
        if os.path.exists(self.model):
            os.unlink(self.model)
        self.train(records)

    def running(self, mode="enforce", libexec=None, environment=None, **keys):
        self.learn(self.known)
        kernel = self.faked = self.kernel()
        options = {}
        if environment:
            options["options"] = []
            os.environ.update(environment)
        process = self.start(kernel, mode, self.config("/bin/sleep 1000", **keys), libexec=libexec, **options)
        for key in environment or {}:
            del os.environ[key]
        pid = kernel.wait_armed()
        wait_until(lambda: b"sleep" in cmdline(pid))
        # It listens when it has heard of the exec.
        wait_until(lambda: os.path.exists(self.dir + "/run/web/reload"), what="the bell")
        return kernel, process

    def ask(self):
        return subprocess.Popen([QUIXOTE, "reload", self.dir + "/web.cfg"], text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE,
                                env=dict(os.environ, QUIXOTE_RUNTIME_DIR=self.dir + "/run"))

    def reload(self, asked=None):
        asked = asked or self.ask()
        out, err = asked.communicate(timeout=2 * PATIENCE_SEC)
        # In a kernel the readers have changed when the command returns; here its commands may still be in a socket.
        if asked.returncode == 0:
            self.reloads += 1
            self.faked.wait(lambda: self.faked.reloads == self.reloads)
        return asked.returncode, out, err

    def verdict(self, kernel, record):
        self.number += 1
        kernel.send(numbered(record, self.number))
        return kernel.verdicts(1)[0].split()[0]

    def check_taken(self):
        status, out, err = self.reload()
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"^quixote: web: the model sha256:[0-9a-f]{64} is in force, .*, 1 coefficients\n$")

    def check_refused(self, said, asked=None):
        status, out, err = self.reload(asked)
        self.assertEqual((status, out), (203, ""), err)
        self.assertIn(said, err)
        self.assertEqual(err.count("\n"), 1, err)

    def end(self, process):
        """What it has said in all."""
        process.send_signal(signal.SIGTERM)
        return self.finish(process)[2]

    def one_agent(self, process):
        """The agent before has ended."""
        def agents():
            found = subprocess.run(["ps", "-o", "comm=", "--ppid", str(process.pid)], text=True,
                                   capture_output=True, check=False).stdout.split()
            return found.count("quixote-tma")
        wait_until(lambda: agents() == 1, what="one agent")


class Taking(ReloadTest):
    def test_another_model(self):
        kernel, process = self.running()
        self.assertEqual(self.verdict(kernel, self.known), "trusted")
        self.assertEqual(self.verdict(kernel, self.other), "refused")
        before = len(kernel.commands)
        self.learn(self.other)
        self.check_taken()
        self.assertEqual(kernel.commands[before], "reload\n")
        self.assertEqual([c.split()[0] for c in kernel.commands[before:]][-2:], ["state", "seal"])
        self.assertEqual(self.verdict(kernel, self.known), "refused")
        self.assertEqual(self.verdict(kernel, self.other), "trusted")
        self.one_agent(process)
        err = self.end(process)
        # Of both agents; and who was refused stands in one file.
        self.assertIn("2 events outside the model", err)
        self.assertEqual(err.count("\n"), 1, err)
        self.assertEqual(len(self.forensics()), 2)

    def test_again_and_again(self):
        kernel, process = self.running()
        for n in range(3):
            allowed, refused = (self.other, self.known) if n % 2 == 0 else (self.known, self.other)
            self.learn(allowed)
            self.one_agent(process)
            self.check_taken()
            self.assertEqual(self.verdict(kernel, allowed), "trusted")
            self.assertEqual(self.verdict(kernel, refused), "refused")
        self.end(process)

    def test_only_told(self):
        kernel, process = self.running("shadow")
        self.learn(self.other)
        self.check_taken()
        before = kernel.commands.index("reload\n")
        self.assertEqual(kernel.commands[before:], ["reload\n", "seal\n"])
        self.assertEqual(self.verdict(kernel, self.known), "trusted")
        self.assertIn("1 event outside", self.end(process))

    def test_what_was_read_is_answered_by_who_has_read_it(self):
        kernel, process = self.running()
        old = kernel.events
        self.kill_child(process, "quixote-tma", signal.SIGSTOP)
        kernel.send(numbered(self.known, 7))
        stopped = children(process.pid)["quixote-tma"]
        self.learn(self.other)
        self.check_taken()
        os.kill(stopped, signal.SIGCONT)
        self.assertEqual(old.recv(1 << 16), b"trusted 7\n")
        self.assertEqual(self.verdict(kernel, self.other), "trusted")
        self.one_agent(process)
        self.assertNotIn("modelling agent before", self.end(process))

    def test_who_asks_the_workload_finds_the_agent_that_judges(self):
        _, process = self.running()
        self.learn(self.other)
        self.check_taken()
        self.one_agent(process)
        told = subprocess.run([QUIXOTE, "ps", "--json"], text=True, capture_output=True, check=True,
                              env=dict(os.environ, QUIXOTE_RUNTIME_DIR=self.dir + "/run"))
        self.assertIn('"name":"web"', told.stdout.replace(" ", ""))
        self.end(process)
        self.assertEqual(os.listdir(self.dir + "/run/web"), [])

    def test_service_manager(self):
        path = self.dir + "/notify"
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(path)
        heard = queue.Queue()

        def listen():
            """All the time: who tells it something waits when ten messages are there already."""
            try:
                while True:
                    heard.put(manager.recv(4096).decode())
            except OSError:
                pass                            # closed: the test is over
        threading.Thread(target=listen, daemon=True).start()
        _, process = self.running(environment={"NOTIFY_SOCKET": path})

        def hear(word):
            while word not in (said := heard.get(timeout=PATIENCE_SEC)):
                pass
            return said
        hear("READY=1")
        self.check_taken()
        self.assertRegex(hear("RELOADING=1"), r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
        hear("STATUS=the model sha256:")
        hear("READY=1")
        os.unlink(self.model)
        self.check_refused("web.model: No such file")
        hear("RELOADING=1")
        hear("READY=1")
        self.end(process)


class Refusing(ReloadTest):
    def check_goes_on(self, kernel, process, said):
        self.assertEqual(self.verdict(kernel, self.known), "trusted")
        self.assertEqual(self.verdict(kernel, self.other), "refused")
        self.one_agent(process)
        err = self.end(process)
        self.assertIn(said, err)
        self.assertIn(GOES_ON, err)

    def test_model_missing(self):
        kernel, process = self.running()
        os.unlink(self.model)
        self.check_refused("web.model: No such file or directory: the model cannot be opened")
        self.assertNotIn("reload\n", kernel.commands)
        self.check_goes_on(kernel, process, "No such file")

    def test_model_cut_off(self):
        kernel, process = self.running()
        os.truncate(self.model, 100)
        self.check_refused("the model cannot be used")
        kernel.wait(lambda: "reload\n" in kernel.commands)
        self.assertNotIn("seal\n", kernel.commands[kernel.commands.index("reload\n"):])
        self.check_goes_on(kernel, process, "the model cannot be used")

    def test_model_of_something_else(self):
        kernel, process = self.running()
        config = self.config("/bin/sleep 1000", Model_Digest="sha384")
        os.unlink(self.model)
        other = self.kernel()
        trainer = self.start(other, "train", config)
        other.wait_armed()
        self.assertIn("digest=sha384", other.commands[0])
        os.kill(other.armed[-1], signal.SIGKILL)
        self.finish(trainer)
        self.config("/bin/sleep 1000")
        if os.path.exists(self.model):
            self.check_refused("the model cannot be used")
            self.check_goes_on(kernel, process, "the model cannot be used")

    def agents(self, script):
        """A TMA that does what a script says, once there is a file `second`."""
        libexec = self.dir + "/libexec"
        os.mkdir(libexec)
        os.symlink(harness.LIBEXEC + "/quixote-recorder", libexec + "/quixote-recorder")
        with open(libexec + "/quixote-tma", "w", encoding="utf-8") as tma:
            tma.write(f'#!/bin/sh\n[ -e {self.dir}/second ] || exec {harness.LIBEXEC}/quixote-tma "$@"\n{script}\n')
        os.chmod(libexec + "/quixote-tma", 0o755)
        return libexec

    def second(self):
        with open(self.dir + "/second", "w", encoding="utf-8"):
            pass

    def test_next_agent_dies(self):
        kernel, process = self.running(libexec=self.agents("exit 3"))
        self.second()
        self.check_refused("it died: the modelling agent did not start")
        self.check_goes_on(kernel, process, "it died")

    def test_next_agent_is_killed(self):
        kernel, process = self.running(libexec=self.agents("kill -9 $$"))
        self.second()
        self.check_refused("it died of signal 9")
        self.check_goes_on(kernel, process, "signal 9")

    def test_next_agent_talks_nonsense(self):
        kernel, process = self.running(libexec=self.agents("echo nonsense >&4; " + STAYS))
        self.second()
        self.check_refused("broke its protocol")
        self.check_goes_on(kernel, process, "broke its protocol")

    def test_next_agent_is_never_ready(self):
        """Nobody but who has asked waits for it, and not for ever."""
        kernel, process = self.running(libexec=self.agents(STAYS))
        self.second()
        asked = self.ask()
        wait_until(lambda: "reload\n" in kernel.commands, what="a reload")
        self.assertEqual(self.verdict(kernel, self.known), "trusted")
        self.assertIsNone(asked.poll())
        busy = self.reload()
        self.assertEqual(busy[0], 203)
        self.assertIn("it is taking a new model already", busy[2])
        self.check_refused("not ready in time", asked)
        self.check_goes_on(kernel, process, "not ready in time")

    def test_orchestrator_dies_in_the_middle(self):
        kernel, process = self.running(libexec=self.agents(f": >{self.dir}/runs; " + STAYS))
        self.second()
        asked = self.ask()
        # A shell that is only then about to start does not know whose child it was.
        wait_until(lambda: os.path.exists(self.dir + "/runs"), what="the next agent")
        helpers = children(process.pid)
        process.kill()
        process.wait()
        kernel.wait_reader_gone()       # the one that judges, though the next one was there
        for name, pid in helpers.items():
            if name.startswith("quixote"):
                wait_until(lambda pid=pid: has_ended(pid), what=name)
        self.assertNotEqual(self.reload(asked)[0], 0)

    def test_workload_ends_in_the_middle(self):
        kernel, process = self.running(libexec=self.agents(STAYS))
        self.second()
        asked = self.ask()
        wait_until(lambda: "reload\n" in kernel.commands, what="a reload")
        os.kill(kernel.armed[-1], signal.SIGKILL)
        self.check_refused("the workload ends", asked)
        self.assertEqual(self.finish(process)[0], 137)

    def test_not_while_it_learns(self):
        kernel = self.kernel()
        process = self.start(kernel, "train", self.config("/bin/sleep 1000"))
        kernel.wait_armed()
        wait_until(lambda: os.path.exists(self.dir + "/run/web/reload"), what="the bell")
        self.check_refused("it learns, and writes its model when it ends")
        self.end(process)

    def test_not_where_the_kernel_judges(self):
        kernel, process = self.running(Trust_Root="kernel")
        self.check_refused("the kernel itself judges by its model (Root=kernel)")
        self.assertNotIn("reload\n", kernel.commands)
        self.end(process)

    def test_nothing_runs(self):
        self.config()
        status, _, err = self.reload()
        self.assertEqual(status, 205)
        self.assertIn("web does not run here", err)


class Leaving(ReloadTest):
    """The agent before."""

    def stopped(self, **keys):
        kernel, process = self.running(**keys)
        self.learn(self.other)
        pid = self.kill_child(process, "quixote-tma", signal.SIGSTOP)
        self.check_taken()
        self.assertEqual(self.verdict(kernel, self.other), "trusted")
        return kernel, process, pid

    def check_left(self, kernel, process):
        self.assertEqual(self.verdict(kernel, self.other), "trusted")
        self.one_agent(process)
        self.assertIn("the modelling agent before did not end as it should", self.end(process))

    def test_agent_before_that_stops(self):
        """An agent that nobody reloads in the meantime would be found to hang as soon."""
        kernel, process, pid = self.stopped(Failure_Deadline="10s")
        wait_until(lambda: has_ended(pid), "its end")
        self.check_left(kernel, process)

    def test_agent_before_that_dies(self):
        kernel, process, pid = self.stopped()
        os.kill(pid, signal.SIGKILL)
        self.check_left(kernel, process)

    def test_the_next_one_begins_when_it_has_left(self):
        kernel, process, pid = self.stopped()
        self.learn(self.known)
        asked = self.ask()
        time.sleep(0.3)
        self.assertEqual(kernel.commands.count("reload\n"), 1)
        os.kill(pid, signal.SIGCONT)
        status, out, err = self.reload(asked)
        self.assertEqual((status, err), (0, ""), out)
        self.assertEqual(kernel.commands.count("reload\n"), 2)
        self.assertEqual(self.verdict(kernel, self.known), "trusted")
        self.end(process)


class Recording(ReloadTest):
    """The recorder of the agent before is slow, as its disk may be: it reads nothing more for now."""

    def taken(self):
        kernel, process = self.running()
        self.assertEqual(self.verdict(kernel, self.other), "refused")
        recorder = self.kill_child(process, "quixote-recorder", signal.SIGSTOP)
        self.learn(self.other)
        self.check_taken()
        self.one_agent(process)
        for _ in range(3):
            self.assertEqual(self.verdict(kernel, self.known), "refused")
        return kernel, process, recorder

    def ask_and_see(self, process):
        """The orchestrator has been asked, or has answered already."""
        def descriptors():
            return len(os.listdir(f"/proc/{process.pid}/fd"))
        before = descriptors()
        asked = self.ask()
        wait_until(lambda: asked.poll() is not None or descriptors() > before, what="the question")
        return asked

    def refused(self, kernel, process):
        """Of all five that were refused nothing is lost."""
        self.assertEqual(self.verdict(kernel, self.known), "refused")
        err = self.end(process)
        self.assertIn("5 events outside the model", err)
        self.assertEqual(len(self.forensics()), 5)

    def test_the_next_one_is_refused_when_it_has_ended(self):
        kernel, process, recorder = self.taken()
        with open(self.model, "w", encoding="utf-8") as model:
            model.write("this is none\n")
        asked = self.ask_and_see(process)
        os.kill(recorder, signal.SIGCONT)
        self.check_refused("the model cannot be used", asked)
        self.refused(kernel, process)

    def test_the_next_one_is_taken_when_it_has_ended(self):
        kernel, process, recorder = self.taken()
        asked = self.ask_and_see(process)
        self.assertEqual(kernel.commands.count("reload\n"), 1)
        os.kill(recorder, signal.SIGCONT)
        status, _, err = self.reload(asked)
        self.assertEqual((status, err), (0, ""))
        self.refused(kernel, process)

    def test_it_does_not_end(self):
        kernel, process, recorder = self.taken()
        self.check_refused("the recorder of the model before has not ended")
        os.kill(recorder, signal.SIGCONT)
        self.check_taken()
        self.refused(kernel, process)


class Signed(ReloadTest):
    def sign(self, version):
        done = subprocess.run([QUIXOTE, "model", "sign", f"--key={self.dir}/alice.key", f"--version={version}",
                               self.model], text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def signed(self):
        keys = self.dir + "/keys.d"
        os.mkdir(keys, 0o755)
        subprocess.run([QUIXOTE, "key", "new", self.dir + "/alice"], check=True, stdout=subprocess.DEVNULL)
        shutil.copy(self.dir + "/alice.pub", keys)
        self.learn(self.known)
        self.sign(5)
        kernel = self.faked = self.kernel()
        process = self.start(kernel, "enforce", self.config("/bin/sleep 1000", Trust_AllowUnsigned="no",
                                                            Trust_Keys=keys))
        kernel.wait_armed()
        wait_until(lambda: os.path.exists(self.dir + "/run/web/reload"), what="the bell")
        return kernel, process, keys

    def learn_other(self):
        config = self.dir + "/web.cfg"
        with open(config, encoding="utf-8") as file:
            before = file.read()
        self.learn(self.other)
        with open(config, "w", encoding="utf-8") as file:
            file.write(before)

    def accepted(self):
        for place in (self.state, self.state + "-home/quixote/web"):
            if os.path.exists(place + "/accepted-version"):
                with open(place + "/accepted-version", encoding="ascii") as file:
                    return file.read()
        return None

    def check_kept(self, kernel, said):
        self.check_refused(said)
        self.assertEqual(self.verdict(kernel, self.known), "trusted")
        self.assertEqual(self.accepted(), "5\n")

    def test_versions(self):
        kernel, process, _ = self.signed()
        self.learn_other()
        self.check_kept(kernel, "the model is not signed by whom it must be")
        self.sign(4)
        self.check_kept(kernel, "version 4, after 5: the model is older")
        self.sign(6)
        status, out, err = self.reload()
        self.assertEqual((status, err), (0, ""))
        self.assertIn("is in force, version 6", out)
        self.assertEqual(self.accepted(), "6\n")
        self.assertEqual(self.verdict(kernel, self.other), "trusted")
        self.end(process)

    def test_keys_that_others_may_write(self):
        kernel, process, keys = self.signed()
        os.chmod(keys, 0o777)
        self.check_kept(kernel, "others may write it")
        self.end(process)


if __name__ == "__main__":
    QUIXOTE = sys.argv.pop(3)
    harness.main()
