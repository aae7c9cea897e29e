# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_life.py - the life of a model: status, seal, rehearse, accept, upgrade, on models made by hand."""

import json
import os
import pty
import subprocess
import sys
import tempfile
import unittest

from story import EMPTY, ZERO, Story, file, record, text

QUIXOTE = None
CONFIG = "[Workload]\nCommand=./job.sh\n[Model]\nFile=job.model\n[Trust]\nAllowUnsigned=yes\n"


def opened(task_id, path, digest="2" * 64, number=1, **more):
    return record("file_open", {"file": file(path, 0x8000, digest, "0100644", **more)}, task_id, task_id,
                  number=number)


class LifeTest(unittest.TestCase):

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.story = Story(QUIXOTE)
        self.shell = self.story.executed("/usr/bin/dash", script="/job.sh")

    def tearDown(self):
        self.dir.cleanup()

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def write(self, name, content):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8", errors="surrogateescape") as out:
            out.write(content)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="surrogateescape") as file_:
            return file_.read()

    def run_quixote(self, *arguments, **more):
        return subprocess.run([QUIXOTE, *arguments], text=True, capture_output=True, check=False, **more)

    def expect(self, status, *arguments, **more):
        done = self.run_quixote(*arguments, **more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def model_of_runs(self):
        """Three runs: two coefficients in each, one in the first only, one in the last only."""
        for path in ("/always", "/again", "/first", "/last"):
            self.story.learned(opened(self.shell, path))
        lines = self.story.model(runs=3).splitlines()
        lines[1:1] = ['{"run": 1, "events": 30, "coefficients": 3, "new": 3}',
                      '{"run": 2, "events": 20, "coefficients": 2, "new": 0}',
                      '{"run": 3, "events": 21, "coefficients": 3, "new": 1}']
        numbers = {"/always": '"count": 40, "runs": 3, "first": 1', "/again": '"count": 29, "runs": 3, "first": 1',
                   "/first": '"count": 1, "runs": 1, "first": 1', "/last": '"count": 1, "runs": 1, "first": 3'}
        for path, known in numbers.items():
            lines = [line.replace('"count": 1, "runs": 1', known) if f'"{path}"' in line else line for line in lines]
        lines[-1] = f'{{"end": {len(lines) - 1}}}'
        return self.write("job.model", "\n".join(lines) + "\n")

    def test_status(self):
        path = self.model_of_runs()
        self.write("job.cfg", CONFIG)
        for name in (path, self.path("job.cfg")):
            self.assertEqual(self.expect(0, "model", "status", name).stdout, """\
job: 4 coefficients of 1 programs, 3 runs
  1 first seen in the last run
  discovery, from run 1 on: 3 +0 +1
  the next event is new with probability 2.8 % (0.0 % to 10.2 %): of 71 events 2 were seen once
  what the next run does is new with probability 25.0 % (0.0 % to 90.3 %): of 8 in all runs 2 were seen once
  the next run is expected to add 0.7
  completeness: at least 9.7 %; all limits at 95 % confidence, and rough: these are few runs
  still moving:
    job.sh (/usr/bin/dash): 1 first seen in the last run, 2 seen in one run only
        open /last for reading
        open /first for reading
""")

    def test_status_in_json(self):
        status = json.loads(self.expect(0, "model", "status", "--json", self.model_of_runs()).stdout)
        self.assertEqual([run["total"] for run in status["curve"]], [3, 3, 4])
        self.assertEqual((status["next_event"]["once"], status["next_event"]["seen"], status["streak"]), (2, 71, 0))
        self.assertAlmostEqual(status["next_event"]["unseen"], 2 / 71, 8)
        self.assertAlmostEqual(status["next_event"]["high"], 7.224687667 / 71, 8)
        self.assertEqual([(m["new"], m["once"]) for m in status["moving"]], [(1, 2)])

    def test_status_on_a_terminal(self):
        path = self.model_of_runs()
        for variables, wanted, unwanted in (({}, "\033[32m", "+0"), ({"NO_COLOR": "1"}, "█", "\033"),
                                            ({"TERM": "dumb"}, "+0", "\033")):
            main, other = pty.openpty()
            subprocess.run([QUIXOTE, "model", "status", path], stdout=other, check=True,
                           env={**os.environ, "TERM": "xterm", **variables})
            os.close(other)
            shown = os.read(main, 65536).decode()
            os.close(main)
            self.assertIn(wanted, shown)
            self.assertNotIn(unwanted, shown)

    def test_status_of_a_model_of_before(self):
        self.story.learned(opened(self.shell, "/a"), 5)
        done = self.expect(0, "model", "status", self.write("job.model", self.story.model()))
        self.assertIn("discovery: not kept", done.stdout)
        self.assertIn("a single run says nothing about the next", done.stdout)
        done = self.expect(0, "model", "status", self.write("job.model", Story(QUIXOTE).model(runs=0)))
        self.assertIn("no run has shown anything yet", done.stdout)

    def test_status_of_no_model(self):
        self.assertIn("one FILE is expected", self.expect(201, "model", "status").stderr)
        self.assertIn("No such file", self.expect(203, "model", "status", self.path("none")).stderr)


if __name__ == "__main__":
    QUIXOTE = sys.argv.pop(1)
    unittest.main(verbosity=2)
