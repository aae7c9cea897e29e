#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_live.py - looking at a workload while it runs: its socket, and the commands that speak to it."""

import json
import os
import pty
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import zlib

import openmetrics
from agent import Client
from harness import WorkloadTest, children, load_records, main, numbered
from patience import PATIENCE_SEC, has_ended, wait_until

STATUS = "org.quixote.Workload.GetStatus"
QUIXOTE = None


class LiveTest(WorkloadTest):
    def setUp(self):
        super().setUp()
        self.socket = self.dir + "/run/web/socket"

    def running(self, mode="train", records=(), **keys):
        """A workload that has done these records."""
        kernel = self.kernel()
        process = self.start(kernel, mode, self.config("/bin/sleep 1000", **keys))
        kernel.wait_armed()
        if records:
            kernel.send(*[numbered(record, i) for i, record in enumerate(records, 1)])
            kernel.verdicts(len(records))
        return kernel, process

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_SEC), 128 + signal.SIGTERM)
        return process.stderr.read().decode()

    def status(self):
        with Client(self.socket) as client:
            return client.call(STATUS)["parameters"]

    def quixote(self, *arguments, status=0):
        done = subprocess.run([QUIXOTE, *arguments], env=self.environment(), capture_output=True, text=True,
                              check=False, timeout=PATIENCE_SEC)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def environment(self):
        return {**os.environ, "QUIXOTE_RUNTIME_DIR": self.dir + "/run", "XDG_STATE_HOME": self.dir + "/home",
                "STATE_DIRECTORY": self.state}


class Socket(LiveTest):
    def test_it_is_there_while_the_workload_runs(self):
        _, process = self.running(records=load_records(2))
        mode = os.stat(self.socket).st_mode
        self.assertEqual((stat.S_ISSOCK(mode), stat.S_IMODE(mode)), (True, 0o600))
        self.assertEqual((self.status()["mode"], self.status()["events"]), ("train", 2))
        self.end(process)
        self.assertFalse(os.path.exists(self.socket))

    def test_what_a_killed_run_left_is_replaced(self):
        _, process = self.running()
        agent = children(process.pid)["quixote-tma"]
        process.kill()
        process.wait()
        # It ends a moment later; until then the model is locked.
        wait_until(lambda: has_ended(agent), what="the agent to end")
        self.assertTrue(os.path.exists(self.socket))
        _, process = self.running()
        self.assertEqual(self.status()["mode"], "train")
        self.assertNotIn("management", self.end(process))

    def test_two_runs_of_one_name(self):
        """The second one runs, and is not found."""
        self.train(load_records(1))
        _, first = self.running("enforce")
        _, second = self.running("enforce")
        self.end(first)
        self.assertFalse(os.path.exists(self.socket))
        self.assertIn("this run has no management socket", self.end(second))

    def test_no_place_for_it(self):
        with open(self.dir + "/run", "wb"):
            pass
        _, process = self.running(records=load_records(1))
        self.assertIn("Not a directory: this run has no management socket", self.end(process))

    def test_what_the_kernel_counts(self):
        kernel, process = self.running()
        kernel.set_counter(members=4, waiting=1)
        wait_until(lambda: self.status()["kernel"]["members"] == 4)
        kernel.set_counter(members=0)
        self.end(process)

    def test_a_client_does_not_hold_up_the_end(self):
        """Nor is its agent killed for it, after a minute."""
        _, process = self.running(records=load_records(3))
        with Client(self.socket) as client:
            client.ask("org.quixote.Workload.FollowEvents", more=True)
            self.assertNotIn("does not answer", self.end(process))
            self.assertTrue(client.is_dropped())


class Commands(LiveTest):
    def enforced(self):
        """A workload that did what it learned twice and something else once."""
        self.known, self.unknown = load_records(2)
        self.train([self.known])
        return self.running("enforce", [self.known, self.unknown, self.known])

    def lines(self, *arguments):
        return [json.loads(line) for line in self.quixote(*arguments).stdout.splitlines()]

    def test_ps(self):
        _, process = self.enforced()
        head, line = self.quixote("ps").stdout.splitlines()
        self.assertEqual(head.split(), "NAME MODE UP EVENTS EVENTS/S NEW REFUSED P50 P99".split())
        self.assertRegex(line, r"^web +enforce +\d+s +3 +\d+ +0 +1 +[\d.]+(us|ms|s) +[\d.]+(us|ms|s)$")
        self.assertEqual(len(head), len(line))
        status, = self.lines("ps", "--json")
        self.assertEqual((status["name"], status["events"], status["outside"]), ("web", 3, 1))
        self.end(process)

    def test_nothing_runs(self):
        for arguments in (["ps"], ["ps", "--json"]):
            done = self.quixote(*arguments)
            self.assertEqual((done.stdout, done.stderr), ("", "quixote: no workload runs here; one in the built-in "
                                                              "kernel cannot be seen from outside it\n"))
        for what in (["show", "state"], ["show", "counts"], ["events"], ["events", "--follow"]):
            done = self.quixote(*what, "web", status=205)
            self.assertEqual(done.stderr, "quixote: web does not run here; in the built-in kernel it cannot be seen "
                                          "from outside it\n")

    def test_what_a_killed_run_left_is_not_listed(self):
        _, process = self.running()
        agent = children(process.pid)["quixote-tma"]
        process.kill()
        process.wait()
        wait_until(lambda: has_ended(agent), what="the agent to end")
        self.assertEqual(self.quixote("ps").stdout, "")

    def test_by_configuration(self):
        _, process = self.enforced()
        self.assertEqual(len(self.lines("show", "counts", "--json", self.dir + "/web.cfg")), 1)
        self.end(process)

    def test_top_without_terminal(self):
        _, process = self.enforced()
        lines = self.quixote("top", "--interval=10ms", "--count=3").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["NAME", "web", "web", "web"])
        self.assertEqual(len(self.lines("top", "--interval=10ms", "--count=3", "--json")), 3)
        self.end(process)

    def test_top_in_a_terminal(self):
        _, process = self.enforced()
        ours, theirs = pty.openpty()
        top = subprocess.Popen([QUIXOTE, "top", "--interval=50ms"], env=self.environment(), stdin=theirs,
                               stdout=theirs, stderr=theirs)
        os.close(theirs)
        seen = b""
        while seen.count(b"\x1b[H") < 3:
            self.assertTrue(select.select([ours], [], [], PATIENCE_SEC)[0], seen)
            seen += os.read(ours, 4096)
        os.write(ours, b"q")
        try:
            while data := os.read(ours, 4096):
                seen += data
        except OSError:
            pass  # nobody has the terminal open any more, and everything was read
        self.assertEqual(top.wait(PATIENCE_SEC), 0)
        os.close(ours)
        self.assertIn(b"web ", seen)
        self.assertTrue(seen.startswith(b"\x1b[?1049h"), seen[:20])
        self.assertTrue(seen.endswith(b"\x1b[?1049l"), seen[-20:])
        self.end(process)

    def test_counts_and_coefficients(self):
        records = load_records(3)
        _, process = self.running(records=[records[0], records[1], records[2], records[1]])
        counts = self.lines("show", "counts", "--json", "web")
        self.assertEqual([row["count"] for row in counts], [2, 1, 1])
        coefficients = [row["coefficient"] for row in self.lines("show", "coefficients", "--json", "web")]
        self.assertEqual(coefficients, sorted(row["coefficient"] for row in counts))
        self.assertEqual(self.quixote("show", "coefficients", "web").stdout.split(), coefficients)
        self.assertEqual(self.quixote("show", "counts", "web").stdout.split()[:2],
                         ["2", counts[0]["coefficient"]])
        self.end(process)

    def test_where_the_kernel_judges(self):
        """It counts, and what it counts is told."""
        records = load_records(2)
        self.train(records)
        kernel, process = self.running("enforce", Trust_Root="kernel")
        coefficients = self.quixote("show", "coefficients", "web").stdout.split()
        kernel.write_counts(f"{coefficients[0]} 7\n{coefficients[1]} 5\n")
        kernel.set_counter(events=12, members=0)
        for _ in range(2):                      # each time it is asked
            self.assertEqual([row["count"] for row in self.lines("show", "counts", "--json", "web")], [7, 5])
        wait_until(lambda: self.lines("ps", "--json")[0]["events"] == 12)
        kernel.write_counts("garbage\n")
        done = self.quixote("show", "counts", "web", status=205)
        self.assertIn("quixote: web: the kernel does not tell its counts", done.stderr)
        kernel.write_counts("")
        self.end(process)

    def test_state_is_that_of_the_formula(self):
        """As quixote digest has it, of the same records in another order."""
        records = load_records(4)
        _, process = self.running(records=records)
        state, = self.lines("show", "state", "--json", "web")
        self.assertIn(f"web: sha256 state of 4 coefficients: {state['state']}", self.quixote("show", "state", "web").stdout)
        self.end(process)
        done = subprocess.run([QUIXOTE, "digest", "--summary"], input="".join(r + "\n" for r in reversed(records)),
                              capture_output=True, text=True, check=True)
        self.assertEqual(json.loads(done.stdout.splitlines()[-1])["state"], state["state"])

    def test_trajectory_and_forensics(self):
        _, process = self.enforced()
        events = self.lines("show", "trajectory", "--json", "web")
        self.assertEqual([event["event"]["verdict"] for event in events], ["trusted", "refused", "trusted"])
        self.assertEqual(self.lines("show", "forensics", "--json", "web"), [events[1]])
        self.assertEqual(self.lines("events", "--json", "--outside", "web"), [events[1]])
        lines = self.quixote("show", "trajectory", "web").stdout.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertRegex(lines[1], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  .*: .*: refused$")
        self.end(process)

    def test_model(self):
        _, process = self.running(Model_Pseudonym="/etc/motd")
        self.assertIn({"pseudonym": "/etc/motd"}, self.lines("show", "model", "--json", "web"))
        self.assertIn("pseudonym: /etc/motd\n", self.quixote("show", "model", "web").stdout)
        self.end(process)

    def test_follow(self):
        kernel, process = self.enforced()
        follow = subprocess.Popen([QUIXOTE, "events", "--follow", "web"], env=self.environment(),
                                  stdout=subprocess.PIPE, text=True)
        number, begun = 10, time.monotonic()
        while not select.select([follow.stdout], [], [], 0.1)[0]:   # until it has begun
            self.assertLess(time.monotonic() - begun, PATIENCE_SEC)
            kernel.send(numbered(self.unknown, number))
            kernel.verdicts(1)
            number += 1
        self.assertRegex(follow.stdout.readline(), r": refused\n$")
        self.end(process)
        self.assertEqual(follow.wait(PATIENCE_SEC), 0)
        follow.stdout.close()

    def test_metrics(self):
        kernel, process = self.enforced()
        kernel.set_counter(expired=0, waiting=2)
        wait_until(lambda: self.status()["kernel"]["waiting"] == 2)
        labels = ("mode", "enforce"), ("workload", "web")
        samples = openmetrics.parse(self.quixote("metrics").stdout)
        self.assertEqual(samples["quixote_events_total", labels], 3)
        self.assertEqual(samples["quixote_events_outside_total", labels], 1)
        self.assertEqual(samples["quixote_waiting", labels], 2)
        self.assertEqual(samples["quixote_verdict_seconds_count", labels], 3)
        self.assertTrue(0 < samples["quixote_verdict_seconds", (*labels[:1], ("quantile", "0.99"), *labels[1:])] < PATIENCE_SEC)
        self.end(process)
        self.assertEqual(openmetrics.parse(self.quixote("metrics").stdout), {})

    def test_textfile(self):
        _, process = self.enforced()
        path = self.dir + "/quixote.prom"
        for _ in range(2):                      # the second replaces the first
            self.assertEqual(self.quixote("metrics", "--textfile=" + path).stdout, "")
            with open(path, encoding="ascii") as file:
                self.assertTrue(openmetrics.parse(file.read()))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o644)
        self.assertEqual([name for name in os.listdir(self.dir) if "prom" in name], ["quixote.prom"])
        done = self.quixote("metrics", "--textfile=/no/such/file", status=205)
        self.assertEqual(done.stderr, "quixote: /no/such/file: No such file or directory\n")
        self.end(process)

    def test_validator(self):
        good = "# TYPE a counter\n# HELP a A.\na_total 1\n# TYPE b gauge\nb{x=\"y\"} 1.5\n# EOF\n"
        self.assertEqual(len(openmetrics.parse(good)), 2)
        for bad in (good[:-6], good.replace("a_total", "a"), good.replace("b{", "c{"), good.replace("1.5", "x"),
                    good.replace('"y"', "y"), good.replace("a_total 1", "a_total -1"),
                    good.replace("b{", "a_total 1\nb{"), good.replace("gauge", "thing")):
            with self.assertRaises(ValueError):
                openmetrics.parse(bad)


class Recorded(LiveTest):
    """What outlives the workload: trajectory and forensics on disk."""

    def trajectory(self, suffix=""):
        return f"{self.state if os.getuid() == 0 else self.dir + '/state-home/quixote/web'}/trajectory.jsonl{suffix}"

    def environment(self):
        return {**super().environment(), "XDG_STATE_HOME": self.state + "-home"}

    def recorded(self, records, **keys):
        """A run that did these records and kept them."""
        _, process = self.running(records=records, Model_Trajectory="16M", **keys)
        self.end(process)

    def test_off_by_default(self):
        _, process = self.running(records=load_records(2))
        self.end(process)
        self.assertFalse(os.path.exists(self.trajectory()))

    def test_shown_when_nothing_runs(self):
        records = load_records(3)
        self.recorded(records)
        with open(self.trajectory(), encoding="utf-8") as file:
            lines = file.read().splitlines()
        for line in lines:
            crc, rest = re.fullmatch(r'\{"crc":"([0-9a-f]{8})",(.*)', line).groups()
            self.assertEqual(int(crc, 16), zlib.crc32(rest.encode()))
        done = self.quixote("show", "trajectory", "--json", "web")
        self.assertEqual(done.stderr, "")
        events = [json.loads(line)["event"] for line in done.stdout.splitlines()]
        self.assertEqual([event["verdict"] for event in events], ["learned"] * 3)
        self.assertEqual([event["record"] for event in events],
                         [json.loads(numbered(record, i)) for i, record in enumerate(records, 1)])
        self.assertEqual(len(self.quixote("show", "trajectory", "web").stdout.splitlines()), 3)

    def test_of_several_runs_and_files(self):
        records = load_records(2)
        self.recorded(records[:1])
        os.rename(self.trajectory(), self.trajectory(".1"))
        self.recorded(records[1:])
        lines = self.quixote("show", "trajectory", "--json", "web").stdout.splitlines()
        self.assertEqual([json.loads(line)["event"]["record"]["event"]["type"] for line in lines],
                         [json.loads(record)["event"]["type"] for record in records])

    def test_what_is_lost_is_a_number(self):
        """Also if an agent that has fallen has told something else to be recorded."""
        self.recorded(load_records(1))
        with open(self.trajectory().replace("trajectory", "forensics"), "w", encoding="utf-8") as file:
            file.write('{"lost":"\\u001b]0;x\\u0007\\u001b[2J"}\n{"lost":7}\n')
        said = self.quixote("show", "forensics", "web").stderr.splitlines()
        self.assertEqual([line.rsplit(":", 1)[1] for line in said], [" 0 events could not be recorded", " 7 events could not be recorded"])

    def test_forensics_when_nothing_runs(self):
        known, unknown = load_records(2)
        self.train([known])
        _, process = self.running("enforce", [known, unknown])
        self.end(process)
        event, = [json.loads(line)["event"] for line in
                  self.quixote("show", "forensics", "--json", "web").stdout.splitlines()]
        self.assertEqual((event["verdict"], event["record"]), ("refused", json.loads(numbered(unknown, 2))))
        self.assertRegex(self.quixote("show", "forensics", "web").stdout, r": refused\n$")

    def test_damaged_line_is_told_with_its_place_and_the_rest_goes_on(self):
        self.recorded(load_records(4))
        with open(self.trajectory(), "rb") as file:
            good = file.read()
        second = good.index(b"\n") + 1
        rows = [
            ("a bit", lambda: good[:second + 300] + bytes([good[second + 300] ^ 1]) + good[second + 301:], 2, 3),
            ("the check", lambda: good[:second + 9] + b"x" + good[second + 10:], 2, 3),
            ("a hole", lambda: good[:second] + b"\0" * 4096 + b"\n" + good[second:], 2, 4),
            ("its end", lambda: good[:-5], 4, 3),
            ("another line", lambda: good + b"{}\n", 5, 4),
            ("nothing in it", lambda: good + b"\n", 5, 4),
        ]
        for name, damage, line, left in rows:
            with self.subTest(name):
                with open(self.trajectory(), "wb") as file:
                    file.write(damage())
                done = self.quixote("show", "trajectory", "--json", "web", status=205)
                self.assertIn(f"quixote: {self.trajectory()}:{line}: ", done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.assertEqual(len(done.stdout.splitlines()), left)

    def test_something_else_in_its_place(self):
        self.recorded(load_records(1))
        os.rename(self.trajectory(), self.trajectory(".1"))
        os.mkfifo(self.trajectory())
        done = self.quixote("show", "trajectory", "web", status=205)
        self.assertIn("this is no file of the recorder", done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 1)

    def test_recorder_that_does_not_read_holds_nobody_up(self):
        records = load_records(1)
        self.train(records)
        kernel, process = self.running("enforce", Model_Trajectory="16M")
        pid = self.kill_child(process, "quixote-recorder", signal.SIGSTOP)
        total = 6000
        for first in range(1, total, 50):
            kernel.send(*[numbered(records[0], first + i) for i in range(50)])
            kernel.verdicts(50)
        self.assertGreater(self.status()["lost"]["trajectory"], 0)
        os.kill(pid, signal.SIGCONT)
        self.assertIn("events came faster than the trajectory was recorded", self.end(process))
        lines = [json.loads(line) for line in
                 self.quixote("show", "trajectory", "--json", "web").stdout.splitlines()]
        self.assertTrue(100 < len(lines) < total)

    def test_gaps_are_marked(self):
        records = load_records(1)
        self.train(records)
        kernel, process = self.running("enforce", Model_Trajectory="16M")
        pid = self.kill_child(process, "quixote-recorder", signal.SIGSTOP)
        sent = 0

        def work():
            nonlocal sent
            before = self.status()["lost"]["trajectory"]
            kernel.send(*[numbered(records[0], sent + i + 1) for i in range(50)])
            kernel.verdicts(50)
            sent += 50
            return self.status()["lost"]["trajectory"] == before
        wait_until(lambda: not work(), what="the room to be taken")
        os.kill(pid, signal.SIGCONT)
        wait_until(work, what="room again")
        self.end(process)
        lines = [json.loads(line) for line in
                 self.quixote("show", "trajectory", "--json", "web").stdout.splitlines()]
        lost = sum(line.get("lost", 0) for line in lines)
        self.assertGreater(lost, 0)
        self.assertEqual(sum("event" in line for line in lines) + lost, sent)
        self.assertEqual(lines[-1]["event"]["number"], sent)

    def test_recorder_killed(self):
        kernel, process = self.running(records=load_records(1), Model_Trajectory="16M")
        self.kill_child(process, "quixote-recorder")
        kernel.send(numbered(load_records(1)[0], 9))
        self.assertEqual(kernel.verdicts(1), ["trusted 9"])
        self.assertIn("not recorded", self.end(process))

    def tearDown(self):
        if os.path.ismount(self.state):
            subprocess.run(["umount", "-l", self.state], check=True)
        super().tearDown()

    def test_disk_full(self):
        os.mkdir(self.state)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", self.state], check=False,
                          capture_output=True).returncode:
            self.skipTest("only root can make a small disk")
        with open(self.state + "/filler", "wb") as file:
            file.write(bytes(60 << 10))
        known, unknown = load_records(2)
        self.train([known])
        kernel, process = self.running("enforce", Model_Trajectory="16M")
        os.set_blocking(process.stderr.fileno(), False)
        total = 0
        err = b""
        while b"the recorder cannot write" not in err:      # it is said while the workload runs
            self.assertLess(total, 2000, "no end of the disk")
            total += 1
            kernel.send(numbered(unknown, total))
            self.assertEqual(kernel.verdicts(1), [f"refused {total}"])
            err += process.stderr.read() or b""
            time.sleep(0.005)
        self.assertEqual(self.status()["mode"], "enforce")
        os.unlink(self.state + "/filler")

        def work():
            """Whether there was room on the way to the recorder."""
            nonlocal total
            before = self.status()["lost"]
            total += 1
            kernel.send(numbered(unknown, total))
            kernel.verdicts(1)
            return self.status()["lost"] == before
        wait_until(work, what="room again")
        self.end(process)
        for file, count in (("forensics.jsonl", "verdict"), ("trajectory.jsonl", "verdict")):
            with open(f"{self.state}/{file}", encoding="utf-8") as lines:
                rows = [json.loads(line) for line in lines]
            lost = sum(row.get("lost", 0) for row in rows)
            self.assertEqual(sum(count in row for row in rows) + lost, total, file)
            self.assertIn(count, rows[-1])


class HostileAgent(LiveTest):
    """A modelling agent that has fallen: what it says does no harm to who asks."""

    def answer(self, *texts):
        """A socket that gives these answers, one to each connection."""
        os.makedirs(self.dir + "/run/web", exist_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self.socket)
        listener.listen()

        def serve():
            for text in texts:
                connection, _ = listener.accept()
                connection.recv(4096)
                try:
                    connection.sendall(text)
                except OSError:
                    pass
                connection.close()
        threading.Thread(target=serve, daemon=True).start()
        self.addCleanup(listener.close)

    def test_answers_that_mean_nothing(self):
        rows = [b"\0", b"{}\0", b"garbage\0", b'{"parameters":5}\0', b'{"parameters":{"name":\0',
                b'{"error":"org.quixote.Workload.PointsMoved","parameters":{}}\0', b"x" * (2 << 20),
                b'{"parameters":{"a":' * 300 + b"1" + b"}}" * 300 + b"\0"]
        for row in rows:
            with self.subTest(row[:30]):
                self.answer(row)
                done = self.quixote("ps")
                self.assertEqual(done.stdout.count("\n"), 1)
                self.assertIn("web does not answer", done.stderr)
                os.unlink(self.socket)

    def test_agent_that_ends_in_between(self):
        for row in (b"", b'{"parameters":{"name":'):
            self.answer(row)
            done = self.quixote("ps")
            self.assertEqual(done.stdout, "")
            self.assertIn("no workload runs here", done.stderr)
            os.unlink(self.socket)

    def test_terminal_is_not_told_what_to_do(self):
        self.answer(b'{"parameters":{"name":"web","mode":"\\u001b[2J\x7f\xc2\x9b"}}\0')
        self.assertIn("\\x1b[2J", self.quixote("ps").stdout)
        os.unlink(self.socket)
        self.answer(b'{"parameters":{"event":{"usec":1,"number":1,"coefficient":"","verdict":"\\u001b]0;x\\u0007",'
                    b'"record":{"event":{"type":"\\u001b[31mfile_open"}}}},"continues":true}\0{"parameters":{}}\0')
        text = self.quixote("events", "web").stdout
        self.assertNotRegex(text, r"[\x00-\x09\x0b-\x1f]")
        os.unlink(self.socket)
        self.answer(b'{"parameters":{"missed":"\\u001b]0;x\\u0007\\u001b[2J"},"continues":true}\0'
                    b'{"parameters":{"missed":7},"continues":true}\0{"parameters":{}}\0')
        self.assertEqual(self.quixote("events", "web").stderr, "quixote: web: 0 events are not in memory any more\n"
                                                               "quixote: web: 7 events are not in memory any more\n")
        os.unlink(self.socket)
        self.answer(b'{"parameters":{"name":"web","mode":"\x7f\xc2\x9b2J\xe2\x80\xae\xc3\xa4\xf3\xa0\x80\x81"}}\0')
        self.assertEqual(self.quixote("ps", "--json").stdout,
                         '{"name":"web","mode":"\\u007f\\u009b2J\\u202e\xe4\\udb40\\udc01"}\n')

    def test_agent_that_does_not_answer(self):
        os.makedirs(self.dir + "/run/web")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self.socket)
        listener.listen(0)
        self.addCleanup(listener.close)
        self.assertIn("Connection timed out", self.quixote("ps").stderr)

    def test_agent_that_never_comes_to_an_end(self):
        os.makedirs(self.dir + "/run/web")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self.socket)
        listener.listen()
        self.addCleanup(listener.close)

        def drip():
            connection, _ = listener.accept()
            with connection:
                while True:
                    time.sleep(1)
                    try:
                        connection.sendall(b" ")
                    except OSError:
                        break
        threading.Thread(target=drip, daemon=True).start()
        self.assertIn("Connection timed out", self.quixote("ps").stderr)


if __name__ == "__main__":
    QUIXOTE = sys.argv.pop(3)
    main()
