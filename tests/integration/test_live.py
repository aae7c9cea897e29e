#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_live.py - looking at a workload while it runs: its socket, and the commands that speak to it."""

import json
import os
import pty
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

import openmetrics
from agent import Client
from harness import WorkloadTest, load_records, main, numbered, wait_until

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
        self.assertEqual(process.wait(20), 128 + signal.SIGTERM)
        return process.stderr.read().decode()

    def status(self):
        with Client(self.socket) as client:
            return client.call(STATUS)["parameters"]

    def quixote(self, *arguments, status=0):
        done = subprocess.run([QUIXOTE, *arguments], env=self.environment(), capture_output=True, text=True,
                              check=False, timeout=60)
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
        process.kill()
        process.wait()
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
        _, process = self.running(records=load_records(3))
        with Client(self.socket) as client:
            client.ask("org.quixote.Workload.FollowEvents", more=True)
            started = time.monotonic()
            self.end(process)
            self.assertLess(time.monotonic() - started, 5)
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
        self.assertRegex(line, r"^web +enforce +\d+s +3 +\d+ +0 +1 +[\d.]+us +[\d.]+(us|ms)$")
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
        process.kill()
        process.wait()
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
            self.assertTrue(select.select([ours], [], [], 10)[0], seen)
            seen += os.read(ours, 4096)
        os.write(ours, b"q")
        while top.poll() is None:
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    seen += os.read(ours, 4096)
                except OSError:
                    break
        self.assertEqual(top.wait(10), 0)
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
        line = None
        for number in range(10, 200):           # until it has begun
            kernel.send(numbered(self.unknown, number))
            kernel.verdicts(1)
            if select.select([follow.stdout], [], [], 0.1)[0]:
                line = follow.stdout.readline()
                break
        self.assertRegex(line, r": refused\n$")
        self.end(process)
        self.assertEqual(follow.wait(10), 0)
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
        self.assertTrue(0 < samples["quixote_verdict_seconds", (*labels[:1], ("quantile", "0.99"), *labels[1:])] < 1)
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
        rows = [b"", b"\0", b"{}\0", b"garbage\0", b'{"parameters":5}\0', b'{"parameters":{"name":\0',
                b'{"error":"org.quixote.Workload.PointsMoved","parameters":{}}\0', b"x" * (2 << 20),
                b'{"parameters":{"a":' * 300 + b"1" + b"}}" * 300 + b"\0"]
        for row in rows:
            with self.subTest(row[:30]):
                self.answer(row)
                done = self.quixote("ps")
                self.assertEqual(done.stdout.count("\n"), 1)
                self.assertIn("web does not answer", done.stderr)
                os.unlink(self.socket)

    def test_terminal_is_not_told_what_to_do(self):
        self.answer(b'{"parameters":{"name":"web","mode":"\\u001b[2J\x7f\xc2\x9b"}}\0')
        self.assertIn("\\x1b[2J", self.quixote("ps").stdout)
        os.unlink(self.socket)
        self.answer(b'{"parameters":{"event":{"usec":1,"number":1,"coefficient":"","verdict":"\\u001b]0;x\\u0007",'
                    b'"record":{"event":{"type":"\\u001b[31mfile_open"}}}},"continues":true}\0{"parameters":{}}\0')
        text = self.quixote("events", "web").stdout
        self.assertNotRegex(text, r"[\x00-\x09\x0b-\x1f]")

    def test_agent_that_does_not_answer(self):
        os.makedirs(self.dir + "/run/web")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self.socket)
        listener.listen(0)
        self.addCleanup(listener.close)
        started = time.monotonic()
        self.assertIn("Connection timed out", self.quixote("ps").stderr)
        self.assertLess(time.monotonic() - started, 10)


if __name__ == "__main__":
    QUIXOTE = sys.argv.pop(3)
    main()
