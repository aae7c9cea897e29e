# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_life.py - the life of a model: status, seal, rehearse, accept, upgrade, on models made by hand."""

import calendar
import fcntl
import hashlib
import json
import os
import pty
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

from story import ZERO, Story, file, inode, record, text

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
job: 4 coefficients of 1 program, 3 runs
  1 first seen in the last run
  discovery, from run 1 on: 3 +0 +1
  the next event is new with probability 2.8 % (0.0 % to 10.2 %): of 71 events 2 were seen once
  what the next run does is new with probability 25.0 % (0.0 % to 90.3 %): of 8 in all runs 2 were seen once
  the next run is expected to add 0.7
  completeness: at least 9.7 %; all limits at 95 % confidence, and rough: these are few runs
  still moving; what differs in one member only, quixote model volatile tells:
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
            shown = b""
            try:
                while part := os.read(main, 65536):
                    shown += part
            except OSError:                     # so a terminal ends whose other side is closed
                pass
            os.close(main)
            shown = shown.decode()
            self.assertIn(wanted, shown)
            self.assertNotIn(unwanted, shown)

    def test_status_of_a_model_of_before(self):
        self.story.learned(opened(self.shell, "/a"), 5)
        done = self.expect(0, "model", "status", self.write("job.model", self.story.model()))
        self.assertIn("discovery: not kept", done.stdout)
        self.assertIn("a single run says nothing about the next", done.stdout)
        done = self.expect(0, "model", "status", self.write("job.model", Story(QUIXOTE).model(runs=0)))
        self.assertIn("no run has shown anything yet", done.stdout)

    def write_workload(self):
        """Learned: /a. Refused: /b twice, /c, and a program that opened /d."""
        self.story.learned(opened(self.shell, "/a"))
        cat = self.story.executed("/usr/bin/cat", previous=self.shell, p_task_id=self.shell, learned=False)
        self.refused = [opened(self.shell, path, number=n) for n, path in enumerate(("/b", "/a", "/b", "/c"), 1)]
        self.refused.append(opened(cat, "/d", number=5))
        for event in self.refused:
            if event["file_open"]["file"]["path"]["pathname"] != "/a":
                self.story.refuse(event)
        self.write("job.model", self.story.model())
        self.write("state/quixote/job/forensics.jsonl", self.story.forensics())
        return self.write("job.cfg", CONFIG)

    def as_user(self):
        """The state of a workload is found without being root, too."""
        more = {"env": {**os.environ, "XDG_STATE_HOME": self.path("state")}}
        if os.getuid() == 0:
            os.chmod(self.dir.name, 0o777)
            for directory, _, names in os.walk(self.dir.name):
                for name in [".", *names]:
                    os.chown(os.path.join(directory, name), 65534, 65534)
            more.update(user=65534, group=65534, extra_groups=[])
        return more

    def test_accept(self):
        config = self.write_workload()
        user = self.as_user()
        listed = self.expect(0, "model", "accept", config, **user).stdout.splitlines()
        self.assertEqual([line[14:] for line in listed],
                         ["job.sh (/usr/bin/dash): open /b for reading (2 times)",
                          "job.sh (/usr/bin/dash): open /c for reading (1 time)",
                          "job.sh (/usr/bin/dash) → /usr/bin/cat (not learned): open /d for reading (1 time)"])
        b, c, d = (line[:12] for line in listed)
        done = self.expect(0, "model", "accept", config, b, "--why=a ticket", **user)
        self.assertIn("accepted 1, 2 can still be accepted\n", done.stdout)
        told = self.expect(0, "explain", config, **user).stdout
        self.assertNotIn("): open /b for reading", told)  # it is no question any more
        self.assertIn(" open /c for reading", told)
        self.assertTrue(told.endswith(f", or accepted: quixote model accept {config}\n"), told)
        model = self.read("job.model")
        self.assertRegex(model, r'{"change": 1, "time": "[^"]*", "by": "[^"]+", "what": "accept", "why": "a ticket", '
                         r'"note": "1 of 3 refused events"}')
        self.assertRegex(model, f'{{"coefficient": "{b}[0-9a-f]*", "count": 2, "runs": 0, "change": 1, "event"')
        self.assertNotIn('"/c"', model)
        done = self.expect(0, "model", "accept", "--all", "--json", self.path("job.model"), **user)
        self.assertEqual([(o["coefficient"][:12], o["accepted"]) for o in map(json.loads, done.stdout.splitlines())],
                         [(c, True), (d, True)])
        self.assertIn("/usr/bin/cat", [p["path"] for p in json.loads(
            self.expect(0, "model", "show", "--json", config).stdout)["programs"]])
        self.assertEqual(self.expect(0, "model", "accept", config, **user).stdout,
                         "nothing can be accepted: all that was refused is allowed now\n")
        self.assertEqual(self.expect(0, "explain", config, **user).stdout,
                         "job: nothing was refused that the model does not allow by now\n")
        self.assertEqual(len(self.expect(0, "model", "history", config).stdout.splitlines()), 3)
        self.expect(0, "model", "rollback", self.path("job.model"), **user)
        self.assertEqual(self.read("job.model"), model)

    def test_accept_refuses(self):
        config = self.write_workload()
        user = self.as_user()
        before = self.read("job.model")
        for arguments, status, said in (
                (["abc"], 201, '"abc" is no EVENT: expected at least 4 of the first digits'),
                (["ABCD"], 201, '"ABCD" is no EVENT'), (["0000"], 201, 'no EVENT that could be accepted begins with "0000"'),
                (["--all", "abcd"], 201, "either events, --interactive or --all is expected"),
                (["--all", "--interactive"], 201, "either events"), (["--all", "--records=/nowhere"], 205, "No such file")):
            self.assertIn(said, self.expect(status, "model", "accept", config, *arguments, **user).stderr)
        self.assertIn("/etc/quixote/nobody.cfg", self.expect(202, "model", "accept", "nobody").stderr)
        self.assertEqual(self.read("job.model"), before)

    def test_accept_interactively(self):
        config = self.write_workload()
        user = self.as_user()
        done = self.expect(0, "model", "accept", "--interactive", config, input="n\ny\nq\nbecause\n", **user)
        self.assertEqual(done.stderr.count("accept it? y, n, or q to end: "), 3)
        self.assertIn("accepted 1, 2 can still", done.stdout)
        self.assertIn('"what": "accept", "why": "because"', self.read("job.model"))
        self.assertIn('"/c"', self.read("job.model"))
        before = self.read("job.model")
        self.expect(0, "model", "accept", "--interactive", config, input="", **user)  # the end is no yes
        self.assertEqual(self.read("job.model"), before)
        # What is too long for an answer is no answer to the next question.
        self.expect(0, "model", "accept", "--interactive", config, input="n" * 15 + "y\nq\n", **user)
        self.assertEqual(self.read("job.model"), before)

    def test_rehearse(self):
        config = self.write_workload()
        user = self.as_user()
        done = self.expect(1, "rehearse", "-c", config, **user)
        self.assertRegex(done.stdout, r"job.sh \(/usr/bin/dash\): open /b for reading: would be refused 2 times \[[0-9a-f]{12}\]\n")
        self.assertTrue(done.stdout.endswith("job: of 4 events 4 would be refused, 3 different ones\n"))
        exported = "".join(text({"export": {"type": "event"}, **event}) + "\n" for event in self.refused)
        exported += '{"export": {"type": "aggregate"}, "aggregate": {"value": "%s"}}\n{"lost":3}\nquux\n{"a' % ZERO
        records = self.write("records", exported)
        done = self.expect(1, "rehearse", "-c", config, "--records=" + records, "--json")
        self.assertEqual([(o["what"], o["count"]) for o in map(json.loads, done.stdout.splitlines())],
                         [("open /b for reading", 2), ("open /c for reading", 1), ("open /d for reading", 1)])
        self.assertEqual(done.stderr, "quixote: job: 2 lines were not understood\nquixote: job: 3 records were lost before\n")
        for event in self.refused:
            self.story.learned(event)
        candidate = self.write("new.model", self.story.model())
        done = self.expect(0, "rehearse", "-c", config, "--model=" + candidate, "--records=-", input=exported)
        self.assertEqual(done.stdout, "job: of 5 events 0 would be refused, 0 different ones\n")
        lines = [line[1:] for line in self.story.forensics().splitlines()]
        checked = [f'{{"crc":"{zlib.crc32(line.encode()):08x}",{line}\n' for line in lines]
        self.write("state/quixote/job/trajectory.jsonl.2", checked[0])
        self.write("state/quixote/job/trajectory.jsonl.1", checked[1].replace("/b", "/x"))  # damaged on the disk
        self.write("state/quixote/job/trajectory.jsonl", "".join(checked[2:]))
        done = self.expect(1, "rehearse", "-c", config, **self.as_user())
        self.assertIn("job: of 3 events 3 would be refused, 3 different ones\n", done.stdout)
        self.assertIn("1 lines were not understood", done.stderr)
        self.assertIn("-c FILE", self.expect(201, "rehearse").stderr)
        self.assertIn("No such file", self.expect(205, "rehearse", "-c", config, "--records=/nowhere").stderr)

    def old_and_new(self):
        """dash (a package's), a script of nobody, cat below it; and what they become with another dash and cat."""
        dash, cat, new_dash, new_cat = (hashlib.sha256(x).hexdigest() for x in (b"dash 1", b"cat 1", b"dash 2", b"cat 2"))
        script, conf, new_conf = (hashlib.sha256(x).hexdigest() for x in (b"script", b"conf 1", b"conf 2"))

        def story(dash, cat, conf):
            s = Story(QUIXOTE)
            creds = None
            cell = {"previous": ZERO, "file": file("/usr/bin/dash", 0x8020, dash), "script": file("/job.sh", 0x8020, script)}
            event = record("bprm_committed_creds", cell, creds=creds)
            shell = event["event"]["task_id"] = s.coefficient(event)
            s.programs[shell] = event
            child = s.executed("/usr/bin/cat", previous=shell, p_task_id=shell, digest=cat)
            grandchild = s.executed("/opt/own", previous=child, p_task_id=child, digest="7" * 64)
            s.learned(opened(shell, "/job.sh", script), 3)
            s.learned(opened(shell, "/usr/bin/dash", dash), 2)
            s.learned(opened(child, "/etc/tool.conf", conf))
            s.learned(opened(grandchild, "/etc/hostname", "8" * 64))
            s.learned(record("task_kill", {"target": shell, "sig": "15", "cross_ns": "0"}, child, shell))
            return s
        old, new = story(dash, cat, conf), story(new_dash, new_cat, new_conf)
        self.write("job.model", old.model())
        for path, content in (("usr/bin/dash", b"dash 2"), ("usr/bin/cat", b"cat 2"), ("etc/tool.conf", b"conf 2"),
                              ("job.sh", b"script"), ("opt/own", b"mine")):
            os.makedirs(os.path.dirname(self.path("root/" + path)), exist_ok=True)
            with open(self.path("root/" + path), "wb") as out:
                out.write(content)
        md5 = {path: hashlib.md5(content).hexdigest() for path, content in
               (("dash", b"dash 2"), ("cat", b"cat 2"), ("conf", b"conf 2"))}
        self.write("root/var/lib/dpkg/info/dash.md5sums", f"{md5['dash']}  bin/dash\n")  # as before /usr was merged
        self.write("root/var/lib/dpkg/info/coreutils:amd64.md5sums", f"x\n{md5['cat']}  usr/bin/cat\n")
        self.write("root/var/lib/dpkg/status", f"Package: tool\nConffiles:\n /etc/tool.conf {md5['conf']}\nDescription: x\n")
        return old, new

    def lines_of(self, kind):
        return {line[len(kind) + 6:][:64]: line for line in self.read("job.model").splitlines()
                if line.startswith(f'{{"{kind}": "')}

    def test_upgrade(self):
        old, new = self.old_and_new()
        path = self.path("job.model")
        root = "--root=" + self.path("root")
        before = self.read("job.model")
        done = self.expect(0, "model", "upgrade", "--check", root, path)
        self.assertEqual(done.stdout, """\
  /etc/tool.conf (tool): upgraded
  /opt/own: left out: changed, and of no package (--also takes it)
  /usr/bin/cat (coreutils): upgraded
  /usr/bin/dash (dash): upgraded
  1 files of no package are not there, or not to be read
job: 3 files upgraded, from which 5 coefficients and 3 programs follow
""")
        self.assertEqual(self.read("job.model"), before)
        upgraded = json.loads(self.expect(0, "model", "upgrade", root, "--keep-old=12h", "--json", "--why=DSA 1", path).stdout)
        self.assertEqual((upgraded["coefficients"], upgraded["programs"]), (5, 3))
        points = self.lines_of("coefficient")
        self.assertEqual(set(points), set(old.points) | set(new.points))
        self.assertEqual(set(self.lines_of("program")), set(old.programs) | set(new.programs))
        for coefficient, line in points.items():
            self.assertEqual('"until": "' in line, coefficient not in new.points)
            self.assertEqual('"change": 1' in line, coefficient in new.points)
        self.assertIn('"what": "upgrade", "why": "DSA 1", "note": "3 files, 5 coefficients of 3 programs derived"',
                      self.read("job.model"))
        until = next(iter(line for line in points.values() if '"until"' in line)).split('"until": "')[1][:20]
        ends = calendar.timegm(time.strptime(until, "%Y-%m-%dT%H:%M:%SZ"))
        self.assertTrue(abs(ends - time.time() - 12 * 3600) < 60, until)
        done = self.expect(0, "model", "upgrade", root, path)  # again: nothing is left to do
        self.assertIn("job: 0 files upgraded", done.stdout)
        done = self.expect(0, "model", "status", path)
        self.assertIn("of 8 events", done.stdout)  # nothing is counted twice

    def test_upgrade_keeps_no_old(self):
        _, new = self.old_and_new()
        self.expect(0, "model", "upgrade", "--root=" + self.path("root"), "--keep-old=0", self.path("job.model"))
        self.assertEqual(set(self.lines_of("coefficient")), set(new.points))
        self.assertEqual(set(self.lines_of("program")), set(new.programs))

    def test_upgrade_leaves_out_what_was_changed_by_hand(self):
        old, _ = self.old_and_new()
        self.write("root/usr/bin/cat", "cat of somebody")
        os.remove(self.path("root/usr/bin/dash"))
        os.symlink("/etc/passwd", self.path("root/usr/bin/dash"))  # leads nowhere in this root
        self.write("root/etc/tool.conf", "mine")
        done = self.expect(0, "model", "upgrade", "--root=" + self.path("root"), self.path("job.model"))
        self.assertIn("/usr/bin/cat (coreutils): left out: not as its package brought it", done.stdout)
        self.assertIn("/usr/bin/dash (dash): left out: not there", done.stdout)
        self.assertIn("/etc/tool.conf (tool): left out: not as", done.stdout)
        self.assertIn("job: 0 files upgraded", done.stdout)
        self.assertEqual(set(self.lines_of("coefficient")), set(old.points))
        done = self.expect(0, "model", "upgrade", "--root=" + self.path("root"), "--also=/usr/bin/cat:/opt/own",
                           self.path("job.model"))
        self.assertIn("/usr/bin/cat (coreutils): upgraded", done.stdout)
        self.assertIn("job: 2 files upgraded", done.stdout)

    def test_upgrade_refuses(self):
        path = self.model_of_runs()
        for arguments, status, said in (
                ([], 201, "either --packages or --root=DIR is expected"),
                (["--packages", "--root=/"], 201, "either --packages or --root=DIR is expected"),
                (["--root=" + self.path("none")], 205, "the database of packages: No such file or directory"),
                (["--root=" + self.dir.name], 205, "the database of packages: No such file or directory"),
                (["--packages", "--keep-old=-1"], 201, "--keep-old=-1: expected a time such as"),
                (["--packages", "--keep-old=1y"], 201, "expected a time"), (["--packages", "--keep-old="], 201, "expected a"),
                (["--packages", "--keep-old=99999999999d"], 201, "expected a time")):
            self.assertIn(said, self.expect(status, "model", "upgrade", *arguments, path).stderr)

    def volatile_model(self):
        """Three runs, in which a log, a name below /run/job and one in /run, and a port differ."""
        sock = {"family": "2", "type": "1", "protocol": "0", "owner": self.shell}
        first = {}

        def seen(run, event):
            self.story.learned(event)
            first[self.story.coefficient(event)] = run
        for run in (1, 2, 3):
            seen(run, opened(self.shell, "/var/log/job.log", hashlib.sha256(b"%d" % run).hexdigest()))
            # as the kernel prints a file that the workload made: content is not looked at
            seen(run, opened(self.shell, "/run/job/part.%d" % (1000 + run), ZERO))
            seen(run, record("inode_unlink", {"dir": inode("040755"), "dentry": {
                "inode": inode("0100644"), "path": {"pathname": "/run/job/part.%d" % (1000 + run)}}}, self.shell, self.shell))
            seen(run, opened(self.shell, "/run/job.%d" % run, ZERO))
            seen(run, record("socket_bind", {"sock": sock, "addr": {"af_inet": {"port": str(8000 + run), "address": "0"}}},
                             self.shell, self.shell))
        seen(3, opened(self.shell, "/etc/one", "1" * 64))  # both in one run: nothing differs
        seen(3, opened(self.shell, "/etc/two", "2" * 64))
        lines = self.story.model(runs=3).splitlines()
        for number, line in enumerate(lines):
            if line.startswith('{"coefficient"'):
                lines[number] = line.replace('"runs": 1', f'"runs": 1, "first": {first[line[17:81]]}')
        return self.write("job.model", "\n".join(lines) + "\n")

    def test_volatile(self):
        config = self.write("job.cfg", CONFIG)
        self.volatile_model()
        before = self.read("job.model")
        told = [json.loads(line) for line in self.expect(0, "model", "volatile", "--json", config).stdout.splitlines()]
        self.assertEqual([(v["member"], v["of"], v["coefficients"], v["rule"]) for v in told], [
            ("name", "/run/job/*", 6, "Scratch=/run/job/"),
            ("content", "/var/log/job.log", 3, "Pseudonym=/var/log/job.log"),
            ("port", "*", 3, None), ("name", "/run/*", 3, None)])
        self.assertEqual([(v["before"], v["after"]) for v in told], [(17, 13), (17, 15), (0, 0), (0, 0)])
        self.assertEqual(told[0]["allows"], ["job.sh (/usr/bin/dash): open /run/job/* for reading",
                                             "job.sh (/usr/bin/dash): remove /run/job/*"])
        self.assertEqual(told[1]["allows"], ["job.sh (/usr/bin/dash): open /var/log/job.log for reading, whatever its content"])
        self.assertEqual(sorted(told[2]["examples"]), ["8001", "8002", "8003"])
        shown = self.expect(0, "model", "volatile", config).stdout
        self.assertIn("  Scratch=/run/job/ makes 13 coefficients of 17, and allows:\n    job.sh (/usr/bin/dash): open", shown)
        self.assertIn("no rule is narrow enough: give it a directory of its own", shown)
        self.assertIn("no rule leaves it out", shown)
        self.assertEqual((self.read("job.model"), self.read("job.cfg")), (before, CONFIG))

    def test_volatile_accepted(self):
        config = self.write("job.cfg", CONFIG)
        self.volatile_model()
        done = self.expect(0, "model", "volatile", "--accept=Scratch=/run/job/", "--why=parts", config)
        self.assertTrue(done.stdout.startswith("  Scratch=/run/job/ makes 13 coefficients of 17, and allows:\n"), done.stdout)
        model = self.read("job.model")
        self.assertIn('"what": "generalise", "why": "parts", "note": "Scratch=/run/job/"', model)
        self.assertIn('{"scratch": "/run/job/"}', model)
        self.assertIn('"path": {"scratch": "/run/job/", "pathname": "/run/job/part.100', model)
        self.assertIn('"count": 3, "runs": 1, "first": 1, "event"', model)  # three that are one now
        self.assertIn("Scratch=/dev/shm/ /run/job/ /tmp/ /var/tmp/\n", self.read("job.cfg"))
        self.expect(0, "model", "volatile", "--accept=Pseudonym=/var/log/job.log", config)
        self.assertRegex(self.read("job.cfg"), "Pseudonym=(.* )?/var/log/job.log\n")
        told = [json.loads(line) for line in self.expect(0, "model", "volatile", "--json", config).stdout.splitlines()]
        self.assertEqual([v["rule"] for v in told], [None, None])
        self.expect(0, "model", "status", config)  # it is still what its coefficients say
        # A file of another name and content, as the kernel prints it, is known now.
        event = opened(self.shell, "/run/job/part.77", ZERO, scratch="/run/job/")
        log = opened(self.shell, "/var/log/job.log", "f" * 64)
        records = self.write("records", text(event) + "\n" + text(log) + "\n")
        self.expect(0, "rehearse", "-c", config, "--records=" + records)

    def test_volatile_counts(self):
        """Names that each run counts up alike; three that differ otherwise are no such names."""
        for number in (1, 2, 10):
            self.story.learned(opened(self.shell, "/var/lib/job/body/%010d" % number, ZERO), 3)
            self.story.learned(opened(self.shell, "/etc/job/" + "abc"[number % 3], ZERO), 3)
        lines = self.story.model(runs=3).replace('"runs": 1,', '"runs": 3,')
        told = self.expect(0, "model", "volatile", "--json", self.write("job.model", lines)).stdout
        self.assertEqual([json.loads(line)["rule"] for line in told.splitlines()], ["Scratch=/var/lib/job/body/"])

    def test_volatile_names_a_program_anew(self):
        """What is executed below scratch keeps its content, and gets another TASK_ID with all that follows."""
        tool = self.story.executed("/run/job/tool", previous=self.shell, p_task_id=self.shell, digest="5" * 64)
        self.story.learned(opened(tool, "/etc/hostname"))
        self.story.learned(record("bprm_check_security", {"file": file("/run/job/tool", 0x8020, "5" * 64)}, self.shell, self.shell))
        config = self.write("job.cfg", CONFIG)
        self.write("job.model", self.story.model())
        self.expect(0, "model", "volatile", "--accept=Scratch=/run/job/", config)
        wanted = Story(QUIXOTE, scratch=["/dev/shm/", "/tmp/", "/var/tmp/", "/run/job/"])
        shell = wanted.executed("/usr/bin/dash", script="/job.sh")
        cell = {"previous": shell, "file": file("/run/job/tool", 0x8020, "5" * 64, scratch="/run/job/")}
        event = record("bprm_committed_creds", cell, ZERO, shell)
        event["event"]["task_id"] = tool = wanted.coefficient(event)
        wanted.programs[tool] = event
        wanted.learned(opened(tool, "/etc/hostname"))
        wanted.learned(record("bprm_check_security", {"file": file("/run/job/tool", 0x8020, "5" * 64, scratch="/run/job/")},
                              shell, shell))
        self.assertEqual(self.read("job.model").splitlines()[2:-1], wanted.model().splitlines()[1:-1])

    def test_volatile_refuses(self):
        path = self.volatile_model()
        for arguments, status, said in (
                (["--accept=Quux=/a"], 201, '"Quux=/a" is no rule; expected Pseudonym=/FILE or Scratch=/DIRECTORY/'),
                (["--accept=Scratch=/run/job"], 201, "is no rule"), (["--accept=Pseudonym=/a/"], 201, "is no rule"),
                (["--accept=Scratch=/"], 201, "is no rule"), (["--try=Pseudonym=a"], 201, "is no rule"),
                (["--try=Scratch=/tmp/"], 201, "the model has this rule"),
                (["--try=Scratch=/a/", "--accept=Scratch=/a/"], 201, "either --accept or --try")):
            self.assertIn(said, self.expect(status, "model", "volatile", *arguments, path).stderr)
        done = self.expect(0, "model", "volatile", "--accept=Scratch=/run/job/", path)
        self.assertIn("the configuration must have, below [Model]: Scratch=/dev/shm/ /run/job/ /tmp/ /var/tmp/", done.stderr)
        self.story.points.clear()
        done = self.expect(0, "model", "volatile", self.write("new.model", self.story.model()))
        self.assertEqual(done.stdout, "a single run differs from nothing: run it again\n")

    def test_seal(self):
        path = self.model_of_runs()
        config = self.write("job.cfg", CONFIG)
        before = self.read("job.model")
        done = self.expect(1, "model", "seal", config)
        self.assertIn("not sealed: its completeness is at least 9.69 %, and 95.00 % is needed", done.stderr)
        self.assertEqual(self.read("job.model"), before)
        self.write("job.cfg", CONFIG.replace("File=job.model", "File=job.model\nCompleteness=9.5%"))
        self.assertEqual(self.expect(0, "model", "seal", config).stdout, "job: sealed\n")
        self.assertEqual(self.expect(0, "model", "seal", path).stdout, "job: was sealed\n")
        self.write("job.model.sig", "by somebody")
        self.assertIn("its signature is no more that of this model; sign it again",
                      self.expect(0, "model", "unseal", path).stderr)
        self.expect(0, "model", "seal", config)
        self.assertRegex(self.read("job.model"), r'\n{"change": 1, "time": "20..-..-..T..:..:..Z", "by": "[^"]+", '
                         r'"what": "seal", "why": "", "note": "completeness at least 9.69 %, needed 9.50 %"}\n')
        self.assertIn("3 runs, sealed\n", self.expect(0, "model", "status", path).stdout)
        done = self.expect(203, "train", "--kernel=builtin", "-c", config)
        self.assertEqual(done.stderr, f"quixote: job: the model is sealed, so no run adds to it; type: quixote model "
                         f"unseal {path}\n")
        done = self.expect(202, "train", "--check", "-c", config)  # nor is there a job.sh
        self.assertIn("it is sealed, so no run adds to it", done.stderr)
        unsealed = json.loads(self.expect(0, "model", "unseal", "--json", "--why=more \"tests\"", path).stdout)
        self.assertEqual((unsealed["sealed"], unsealed["changed"]), (False, True))
        self.assertIn('"what": "unseal", "why": "more \\"tests\\"", "note": ""}\n', self.read("job.model"))
        self.assertEqual(self.expect(0, "model", "unseal", path).stdout, "job: was not sealed\n")

    def test_seal_by_force(self):
        self.story.learned(opened(self.shell, "/a"), 5)
        path = self.write("job.model", self.story.model())
        done = self.expect(0, "model", "seal", "--force", "--least=50%", path)
        self.assertIn("sealed although it is not complete: up to 100.00 % of what the next run does", done.stderr)
        self.assertIn("a single run says nothing about another", done.stderr)
        self.assertIn("forced", self.read("job.model"))

    def test_seal_refuses(self):
        path = self.write("job.model", self.story.model())
        for arguments, status, said in (
                (["--least=95"], 201, "quixote model seal: --least=95 does not end in %; expected a percentage"),
                (["--least=101%"], 201, "is more than all"), (["--force", "--force"], 201, "--force is given twice"),
                (["--why=" + "x" * 1025, "--force"], 201, "the reason is longer than 1024 bytes"),
                (["--quux"], 201, "unknown option --quux"), ([path], 201, "one FILE is expected")):
            self.assertIn(said, self.expect(status, "model", "seal", *arguments, path).stderr)
        self.assertIn("there is no model", self.expect(203, "model", "seal", self.path("none")).stderr)
        with open(self.path(".job.model.new"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertIn("a training run or another change has it; wait for its end",
                          self.expect(205, "model", "seal", "--force", path).stderr)
        self.assertNotIn("seal", self.read("job.model"))

    def test_mode(self):
        self.model_of_runs()
        text_ = "# mine\n" + CONFIG.replace("[Trust]", "; Mode=train\n\n[Trust]\n# Mode=train")
        config = self.write("job.cfg", text_)
        self.assertEqual(self.expect(0, "model", "mode", config).stdout, "job: enforce\n")
        self.expect(0, "model", "mode", config, "shadow", "--why=look first")
        shadow = text_.replace("[Model]\n", "[Model]\nMode=shadow\n")
        self.assertEqual(self.read("job.cfg"), shadow)
        self.assertIn("not sealed: its completeness", self.expect(1, "model", "mode", config, "enforce").stderr)
        self.assertEqual(self.read("job.cfg"), shadow)
        done = self.expect(0, "model", "mode", "--force", "--json", config, "enforce")
        self.assertEqual(json.loads(done.stdout), {"name": "job", "mode": "enforce"})
        self.assertEqual(self.read("job.cfg"), shadow.replace("Mode=shadow", "Mode=enforce"))
        self.assertIn('"what": "seal"', self.read("job.model"))
        self.expect(0, "model", "mode", config, "train")
        self.assertEqual(self.read("job.cfg"), shadow.replace("Mode=shadow", "Mode=train"))
        self.assertIn('"what": "unseal"', self.read("job.model"))
        history = [json.loads(line) for line in self.expect(0, "model", "history", "--json", config).stdout.splitlines()]
        self.assertEqual([(e["version"], e["what"], e["mode"]) for e in history],
                         [(1, "found", "enforce"), (2, "mode", "shadow"), (3, "seal", "shadow"), (4, "mode", "enforce"),
                          (5, "unseal", "enforce"), (6, "mode", "train")])
        self.assertEqual(history[1]["why"], "look first")

    def test_mode_refuses(self):
        config = self.write("job.cfg", CONFIG)
        for arguments, status, said in (
                ([self.path("job.model")], 201, "a configuration (*.cfg) is expected"),
                ([config, "learn"], 201, '"learn" is no mode; expected train, shadow or enforce'),
                ([config, "shadow"], 203, "there is no model"), ([self.path("none.cfg")], 202, "No such file")):
            self.assertIn(said, self.expect(status, "model", "mode", *arguments).stderr)
        self.model_of_runs()
        self.write("job.cfg.new", "somebody else's")
        self.assertIn("the file with .new behind its name is in the way",
                      self.expect(202, "model", "mode", config, "shadow").stderr)
        self.assertEqual((self.read("job.cfg"), self.read("job.cfg.new")), (CONFIG, "somebody else's"))

    def test_history_and_rollback(self):
        path = self.model_of_runs()
        config = self.write("job.cfg", CONFIG)
        before = self.read("job.model")
        self.assertEqual(self.expect(0, "model", "history", path).stdout, "nothing was done but training\n")
        self.assertIn("there is no such version", self.expect(203, "model", "rollback", path).stderr)
        self.expect(0, "model", "mode", "--force", config, "enforce")
        sealed = self.read("job.model")
        self.assertNotEqual(sealed, before)
        self.write("job.model", before.replace('"count": 40', '"count": 41'))  # by hand
        self.expect(0, "model", "mode", config, "shadow")
        shown = self.expect(0, "model", "history", config).stdout
        self.assertRegex(shown, r"(?m)^   1  .*  found by .*\n   2 .*  seal by .* \(completeness .*, forced\)\n"
                         r"   3 .*  found by .*\n   4 .*  mode → shadow by ")
        self.expect(0, "model", "rollback", config, "2")
        self.assertEqual(self.read("job.model"), sealed)
        self.assertEqual(self.read("job.cfg"), CONFIG.replace("[Model]", "[Model]\nMode=enforce"))
        self.expect(0, "model", "rollback", path)
        self.assertIn('"count": 41', self.read("job.model"))
        for version in ("0", "99", "x", "-1"):
            self.assertIn("there is no such version", self.expect(203, "model", "rollback", "--", path, version).stderr)

    def test_history_that_was_damaged(self):
        path = self.model_of_runs()
        self.expect(0, "model", "seal", "--force", path)
        before = self.read("job.model")
        for name in os.listdir(path + ".history"):
            if name != "log":
                self.write("job.model.history/" + name, before.replace("a", "b"))
        self.assertIn("version 1 was removed or damaged", self.expect(203, "model", "rollback", path).stderr)
        for log in ("{", '{"version": 1}\n', self.read("job.model.history/log") * 2):
            self.write("job.model.history/log", log)
            self.assertIn("its history was damaged", self.expect(205, "model", "unseal", path).stderr)
        self.assertEqual(self.read("job.model"), before)

    def test_history_is_bounded(self):
        path = self.model_of_runs()
        self.expect(0, "model", "seal", "--force", path)
        lines = self.read("job.model.history/log").splitlines()
        last = json.loads(lines[-1])
        for number in range(3, 110):
            lines.append(json.dumps({**last, "version": number}))
        self.write("job.model.history/log", "\n".join(lines) + "\n")
        self.assertEqual(len(os.listdir(path + ".history")), 3)
        self.expect(0, "model", "unseal", path)
        self.assertEqual(len(self.read("job.model.history/log").splitlines()), 100)
        self.assertEqual(len(os.listdir(path + ".history")), 3)  # the first version is named no more

    def test_status_of_no_model(self):
        self.assertIn("one FILE is expected", self.expect(201, "model", "status").stderr)
        self.assertIn("No such file", self.expect(203, "model", "status", self.path("none")).stderr)


if __name__ == "__main__":
    QUIXOTE = sys.argv.pop(1)
    unittest.main(verbosity=2)
