#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_live.py - looking at a workload while it runs: its socket, and the commands that speak to it."""

import os
import signal
import stat
import sys
import time

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
        self.assertEqual(self.end(process).count("\n"), 1)

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


if __name__ == "__main__":
    QUIXOTE = sys.argv.pop(3)
    main()
