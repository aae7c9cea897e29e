# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_explain.py - quixote explain and quixote model show, on models and forensics made by hand."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from story import EXECUTED, ZERO, Story, coe, file, inode, record

QUIXOTE = None


def dentry(path, mode=None):
    return {**({"inode": inode(mode)} if mode else {}), "path": {"pathname": path}}


COMMAND = "    to allow it: quixote model accept "


class ExplainTest(unittest.TestCase):
    """A script that runs grep, as in the first example of the manual."""

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.story = s = Story(QUIXOTE)
        self.sh = s.executed("/bin/sh", script="/srv/job.sh")
        self.grep = s.executed("/usr/bin/grep", previous=self.sh, p_task_id=self.sh)
        s.learned(self.opened("/usr/bin/grep", EXECUTED))
        s.learned(self.opened("/etc/passwd", task=self.grep, mode="0100644", digest="2" * 64), 7)
        s.learned(record("inode_getattr", {"path": dentry("/usr/bin/grep", "0100755")}, self.sh, self.sh))
        s.learned(record("socket_create", {"family": "1", "type": "1", "protocol": "0", "kern": "0"}, self.sh))

    def tearDown(self):
        self.dir.cleanup()

    def opened(self, path, flags=0x8000, task=None, mode="0100755", digest="1" * 64, **more):
        creds = more.pop("creds", None)
        return record("file_open", {"file": file(path, flags, digest, mode, **more)}, task or self.sh, self.sh,
                      creds=creds)

    def write(self, name, content):
        path = os.path.join(self.dir.name, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(content)
        return path

    def run_quixote(self, *arguments):
        return subprocess.run([QUIXOTE, *arguments], text=True, capture_output=True, check=False,
                              env={**os.environ, "TZ": "UTC"})

    def explain(self, *options, model=None):
        self.write("job.model", self.story.model() if model is None else model)
        self.write("forensics.jsonl", self.story.forensics())
        config = self.write("job.cfg", "[Workload]\nCommand=./job.sh\n[Model]\nFile=job.model\n")
        return self.run_quixote("explain", "--state=" + self.dir.name, *options, config)

    def lines(self, *options):
        done = self.explain(*options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        if self.story.refused and "--json" not in options:
            self.assertEqual(lines.pop(), f"What of this is right can be learned, quixote train -c {self.dir.name}/job.cfg, or "
                             f"accepted: quixote model accept {self.dir.name}/job.cfg; the model is signed again then: "
                             "quixote model sign")
            self.commands = [line for line in lines if line.startswith(COMMAND)]
            lines = [line for line in lines if not line.startswith(COMMAND)]
        return lines

    def sentence(self):
        """The one line, without its time."""
        lines = self.lines()
        self.assertEqual(len(lines), 1, lines)
        return lines[0].split("  ", 1)[1]

    def test_nothing(self):
        self.assertEqual(self.lines(), ["job: nothing was refused"])

    def test_no_state_at_all(self):
        self.write("job.model", self.story.model())
        config = self.write("job.cfg", "[Workload]\nCommand=./job.sh\n[Model]\nFile=job.model\n")
        done = self.run_quixote("explain", "--state=/nowhere", config)
        self.assertEqual((done.returncode, done.stdout), (0, "job: nothing was refused\n"))

    def test_another_program_is_executed(self):
        self.story.refuse(self.opened("/usr/bin/cat", EXECUTED, digest="3" * 64))
        self.assertEqual(self.lines(), [
            "2023-11-14 22:13:20  job.sh (/bin/sh): execute /usr/bin/cat: refused: "
            "nothing like it was learned; nearest: execute /usr/bin/grep"])

    def test_a_program_is_looked_at_before_it_is_run(self):
        def look(path, task, mode="0100755"):
            return record("inode_getattr", {"path": dentry(path, mode)}, task, self.sh)

        rows = [
            (look("/usr/bin/cat", self.sh), "look at /usr/bin/cat, as it does before running a program: refused: "),
            (look("/usr/bin/cat", self.grep), "look at /usr/bin/cat: refused: "),  # it has never run any
            (look("/usr/bin/README", self.sh, "0100644"), "look at /usr/bin/README: refused: "),
            (look("/usr/bin/X11", self.sh, "040755"), "look at /usr/bin/X11: refused: "),
        ]
        for event, _ in rows:
            self.story.refuse(event)
        for line, (_, said) in zip(self.lines(), rows, strict=True):
            self.assertIn(said, line)

    def test_a_copy_elsewhere_is_nearest_to_what_it_copies(self):
        self.story.learned(self.opened("/srv/lib/tool", EXECUTED))
        self.story.refuse(self.opened("/srv/grep", EXECUTED, digest="3" * 64))
        self.assertEqual(self.sentence(), "job.sh (/bin/sh): execute /srv/grep: refused: "
                                          "nothing like it was learned; nearest: execute /usr/bin/grep")

    def test_changed_content(self):
        self.story.refuse(self.opened("/usr/bin/grep", EXECUTED, digest="3" * 64))
        self.assertEqual(self.sentence(), "job.sh (/bin/sh): execute /usr/bin/grep: refused: "
                                          "the content of /usr/bin/grep is not the one learned")

    def test_another_owner_of_a_changed_file_is_one_reason(self):
        self.story.refuse(self.opened("/usr/bin/grep", EXECUTED, digest="3" * 64, uid=1000))
        self.assertEqual(self.sentence(), "job.sh (/bin/sh): execute /usr/bin/grep: refused: "
                                          "the content of /usr/bin/grep is not the one learned")

    def test_another_mode(self):
        self.story.refuse(self.opened("/etc/passwd", task=self.grep, mode="0100666", digest="2" * 64))
        self.assertEqual(self.sentence(), "job.sh (/bin/sh) → grep: open /etc/passwd for reading: refused: "
                                          "learned only of a file with mode 0100644, not 0100666")

    def test_limit_that_follows_from_memory(self):
        """With what to do about it; of others that would be wrong."""
        def limit(resource, value):
            return record("task_setrlimit", {"task": self.sh, "new_rlim": {
                "resource": str(resource), "current": str(value), "max": str(value)}}, self.sh, self.sh)

        note = "    it follows from the memory that is found at boot; to have it the same each time, set %s in " \
               "/etc/security/limits.conf"
        for resource, told, name in ((6, "RLIMIT_NPROC", "nproc"), (8, "RLIMIT_MEMLOCK", "memlock"),
                                     (11, "RLIMIT_SIGPENDING", "sigpending"), (7, "RLIMIT_NOFILE", None), (60, 60, None)):
            self.story.learned(limit(resource, 3970))
            self.story.refused.clear()
            self.story.refuse(limit(resource, 3957))
            first, *others = self.lines()
            self.assertIn(f"set limit {told} of job.sh (/bin/sh): refused: learned only with ", first)
            self.assertEqual(others, [note % name] if name else [])

    def test_another_file_system(self):
        event = self.opened("/etc/passwd", task=self.grep, mode="0100644", digest="2" * 64)
        for magic, name in (("0x1021994", "tmpfs"), ("0x1234", "0x1234")):
            event["file_open"]["file"]["inode"]["s_magic"] = magic
            self.story.refused.clear()
            self.story.refuse(event)
            self.assertEqual(self.sentence(), "job.sh (/bin/sh) → grep: open /etc/passwd for reading: refused: "
                                              f"learned only on file system ext4, not {name}")

    def test_under_another_program(self):
        self.story.refuse(self.opened("/etc/passwd", task=self.sh, mode="0100644", digest="2" * 64))
        self.assertEqual(self.sentence(), "job.sh (/bin/sh): open /etc/passwd for reading: refused: "
                                          "learned only under another program: job.sh (/bin/sh) → grep")

    def test_started_by_another(self):
        event = self.opened("/etc/passwd", task=self.grep, mode="0100644", digest="2" * 64)
        event["event"]["p_task_id"] = self.grep
        self.story.refuse(event)
        self.assertEqual(self.sentence(), "job.sh (/bin/sh) → grep: open /etc/passwd for reading: refused: "
                                          "learned only when started by job.sh (/bin/sh)")

    def test_other_rights(self):
        self.story.refuse(self.opened("/usr/bin/grep", EXECUTED, creds=coe(0)))
        self.assertEqual(self.sentence(), "job.sh (/bin/sh): execute /usr/bin/grep: refused: "
                                          "learned only with uid 1000, not 0")

    def test_read_where_only_executed(self):
        self.story.refuse(self.opened("/usr/bin/grep"))
        self.assertEqual(self.sentence(), "job.sh (/bin/sh): open /usr/bin/grep for reading: refused: "
                                          "learned only: execute /usr/bin/grep")

    def test_written_where_only_read(self):
        self.story.refuse(self.opened("/etc/passwd", 0x8001, self.grep, "0100644", "2" * 64))
        self.assertEqual(self.sentence(), "job.sh (/bin/sh) → grep: open /etc/passwd for writing: refused: "
                                          "learned only: open /etc/passwd for reading")

    def test_no_such_event(self):
        self.story.refuse(record("task_kill", {"target": self.grep, "sig": "9", "cross_ns": "0"}, self.sh))
        self.assertEqual(self.sentence(), "job.sh (/bin/sh): send SIGKILL to grep: refused: "
                                          "no event of this kind was learned")

    def test_phrases(self):
        sock = {"family": "2", "type": "1", "protocol": "6", "owner": ZERO}
        cases = [
            ("socket_connect", {"sock": sock, "addr": {"af_inet": {"port": "443", "address": "167772161"}}},
             "connect to 10.0.0.1:443"),
            ("socket_connect", {"sock": sock, "addr": {"af_inet6": {
                "port": "80", "flow": "0", "scope": "0", "address": "0" * 31 + "1"}}}, "connect to [::1]:80"),
            ("socket_connect", {"sock": sock, "addr": {"af_unix": {"address": "/run/x"}}},
             "connect to UNIX socket /run/x"),
            ("socket_connect", {"sock": sock, "addr": {"af_unix": {"address": "\0bus"}}},
             "connect to UNIX socket @bus"),
            ("mmap_file", {"file": file("/lib/a.so"), "reqprot": "5", "prot": "5", "flags": "2"},
             "map /lib/a.so as code"),
            ("inode_create", {"dir": inode("040755"), "dentry": dentry("/srv/a"), "mode": "0100644"},
             "create /srv/a with mode 0644"),
            ("inode_unlink", {"dir": inode("040755"), "dentry": dentry("/srv/a", "0100644")}, "remove /srv/a"),
            ("capable", {"cap": "21", "opts": "2", "initial_ns": "1"}, "use CAP_SYS_ADMIN"),
            ("inode_symlink", {"dir": inode("040755"), "dentry": dentry("/srv/l"), "old_name": "/etc"},
             "create the symbolic link /srv/l to /etc"),
        ]
        for event, cell, _ in cases:
            self.story.refuse(record(event, cell, self.sh))
        said = [line.split(": ")[1] for line in self.lines()]
        self.assertEqual(said, [words for _, _, words in cases])

    def test_a_directory_is_listed(self):
        self.story.refuse(self.opened("/etc", mode="040755", digest=ZERO))
        self.assertIn(": list directory /etc: ", self.sentence())

    def test_often(self):
        for _ in range(3):
            self.story.refuse(self.opened("/etc/shadow"))
        self.assertIn(": refused 3 times since 2023-11-14 22:13:20: ", self.sentence())
        self.assertTrue(self.lines()[0].startswith("2023-11-14 22:13:22  "))

    def test_the_command_that_accepts(self):
        self.story.refuse(self.opened("/etc/shadow"))
        self.story.refuse(self.opened("/etc/gshadow"))
        self.lines()
        hexes = [coefficient for coefficient, _, _ in self.story.refused]
        self.assertEqual(self.commands, [f"{COMMAND}{self.dir.name}/job.cfg {digits[:12]}" for digits in hexes])
        told = [json.loads(line) for line in self.lines("--json")]
        self.assertEqual([line["accept"] for line in told],
                         [f"quixote model accept {self.dir.name}/job.cfg {digits[:12]}" for digits in hexes])
        for line in self.commands:                      # what is told can be typed
            done = self.run_quixote(*line.split()[4:6], f"--records={self.dir.name}/forensics.jsonl", *line.split()[6:])
            self.assertEqual(done.returncode, 0, done.stderr)
        config = f"{self.dir.name}/job.cfg"
        self.assertEqual(self.run_quixote("explain", "--state=" + self.dir.name, config).stdout,
                         "job: nothing was refused that the model does not allow by now\n")

    def test_one_command_for_all_that_is_told_in_one_line(self):
        program = self.story.executed("/usr/bin/cat", previous=self.sh, learned=False)
        for name in "abc":
            self.story.refuse(self.opened("/etc/" + name, task=program))
        self.assertEqual(len(self.lines()), 1)
        digits = " ".join(coefficient[:12] for coefficient, verdict, _ in self.story.refused if verdict == "refused")
        self.assertEqual(self.commands, [f"{COMMAND}{self.dir.name}/job.cfg {digits}"])
        for number in range(8):
            self.story.refuse(self.opened(f"/etc/{number}", task=program))
        self.lines()
        self.assertEqual(self.commands, [f"{COMMAND}--interactive {self.dir.name}/job.cfg"])

    def test_verdicts(self):
        self.story.refuse(self.opened("/a"), "untrusted")
        self.story.refuse(self.opened("/b"), "shadow")
        self.story.refuse(self.opened("/c"), "elsewhat")
        self.assertEqual([line.split(": ")[2] for line in self.lines()],
                         ["not trusted any more", "would be refused", "outside the model"])

    def test_unlearned_program_has_its_full_path(self):
        evil = self.story.executed("/tmp/x/grep", previous=self.sh, p_task_id=self.sh, learned=False)
        self.story.refuse(self.opened("/etc/passwd", task=evil, mode="0100644", digest="2" * 64), "shadow")
        self.assertEqual(self.sentence(),
                         "job.sh (/bin/sh) → /tmp/x/grep (not learned): open /etc/passwd for reading: "
                         "would be refused: /tmp/x/grep itself was not learned; nearest: grep")

    def test_everything_follows_from_a_changed_script(self):
        changed = self.story.executed("/bin/sh", script="/srv/job.sh", digest="5" * 64, learned=False)
        grep = self.story.executed("/usr/bin/grep", previous=changed, p_task_id=changed, learned=False)
        self.story.refuse(self.opened("/etc/passwd", task=grep, mode="0100644", digest="2" * 64))
        self.assertEqual(self.sentence(),
                         "/srv/job.sh (/bin/sh) (not learned) → /usr/bin/grep (not learned): "
                         "open /etc/passwd for reading: refused: "
                         "/srv/job.sh was not learned with this content")

    def test_one_line_for_all_that_an_unlearned_program_did(self):
        evil = self.story.executed("/tmp/x/evil", previous=self.sh, p_task_id=self.sh, learned=False)
        for path in ("/etc/shadow", "/etc/passwd", "/etc/hosts"):
            self.story.refuse(self.opened(path, task=evil), "shadow")
        self.story.refuse(self.opened("/srv/a"))
        lines = self.lines()
        self.assertEqual(len(lines), 2)
        self.assertIn(": open /etc/shadow for reading: would be refused: /tmp/x/evil itself was not learned; "
                      "nearest: grep (and 2 more for that reason; see --verbose)", lines[0])
        self.assertEqual(len([line for line in self.lines("-v") if line.startswith("2023")]), 4)
        self.assertEqual(len(self.lines("--json")), 4)

    def test_order_is_that_of_the_last_time(self):
        for path in ("/c", "/a", "/b", "/c"):
            self.story.refuse(self.opened(path))
        self.story.forensics = lambda: Story.forensics(self.story).replace("17000000", "1700000000.")
        self.assertEqual([line.split()[5] for line in self.lines()], ["/a", "/b", "/c"])

    def test_the_same_program_executed_by_another(self):
        other = self.story.executed("/bin/sh", script="/srv/job.sh", previous=self.grep, p_task_id=self.sh,
                                    learned=False)
        self.story.refuse(self.opened("/etc/passwd", task=other, mode="0100644", digest="2" * 64))
        self.assertTrue(self.sentence().endswith(
            "/srv/job.sh itself was not learned: learned only as the first program"))

    def test_event_of_another_version(self):
        event = record("quux_event", {"file": {"path": {"pathname": "/srv/a"}}}, self.sh)
        self.story.refused.append(("ab" * 32, "refused", event))
        self.assertEqual(self.sentence(), "job.sh (/bin/sh): quux_event /srv/a: refused: "
                                          "no event of this kind was learned")

    def test_unknown_program(self):
        self.story.refuse(self.opened("/etc/passwd", task="ab" * 32, mode="0100644", digest="2" * 64))
        self.assertTrue(self.sentence().startswith("program abababab…: open /etc/passwd for reading: refused: "))

    def test_what_does_not_count_is_no_difference(self):
        """Names in scratch, local members, ephemeral ports."""
        sock = {"family": "2", "type": "1", "protocol": "6", "owner": ZERO}

        def connect(port, uid):
            return record("socket_connect", {"sock": sock, "addr": {"af_inet": {"port": port, "address": "1"}}},
                          self.sh, creds=coe(uid))

        self.story.learned(connect("40000", 1000))
        self.story.learned(self.opened("/tmp/a", scratch="/tmp/", digest=ZERO, mode="0100600"))
        self.story.refuse(connect("50000", 0))
        event = self.opened("/tmp/b", scratch="/tmp/", digest=ZERO, mode="0100644")
        event["file_open"]["file"]["inode"]["s_id"] = "vdb2"
        self.story.refuse(event)
        why = [line.split(": ", 3)[3] for line in self.lines()]
        self.assertEqual(why, ["learned only with uid 1000, not 0",
                               "learned only of a file with mode 0100600, not 0100644"])

    def test_a_copy_in_scratch(self):
        """Names do not count there; a person means the name all the same."""
        reading = self.opened("/tmp/x/job.sh", scratch="/tmp/", digest=ZERO)
        reading["event"]["p_task_id"] = ZERO
        self.story.learned(reading)
        self.story.refuse(self.opened("/tmp/x/grep", EXECUTED, digest="3" * 64, scratch="/tmp/"))
        self.assertEqual(self.sentence(), "job.sh (/bin/sh): execute /tmp/x/grep: refused: "
                                          "nothing like it was learned; nearest: execute /usr/bin/grep")

    def test_another_program_in_scratch(self):
        self.story.learned(self.opened("/tmp/x/tool", EXECUTED, digest="4" * 64, scratch="/tmp/"))
        self.story.refuse(self.opened("/tmp/x/tool", EXECUTED, digest="5" * 64, scratch="/tmp/"))
        self.story.refuse(self.opened("/tmp/x/evil", EXECUTED, digest="6" * 64, scratch="/tmp/"))
        self.assertEqual([line.split(": ", 3)[3] for line in self.lines()], [
            "the content of /tmp/x/tool is not the one learned",
            "nothing like it was learned; nearest: execute /tmp/x/tool"])

    def test_hostile_names(self):
        self.story.refuse(self.opened("/tmp/\x1b]0;x\x07\n\u202eevil\udcff\x9b\\"))
        self.assertIn(": open /tmp/\\x1b]0;x\\x07\\x0a\\xe2\\x80\\xaeevil\\xff\\xc2\\x9b\\\\ for reading: ",
                      self.sentence())

    def test_verbose(self):
        self.story.refuse(self.opened("/usr/bin/grep", EXECUTED, digest="3" * 64))
        lines = self.lines("-v")
        nearest = self.story.coefficient(self.opened("/usr/bin/grep", EXECUTED))
        self.assertEqual(lines[1:], [f"    coefficient {self.story.refused[0][0]}, nearest {nearest}",
                                     f"    file.digest: learned {'1' * 64}, seen {'3' * 64}"])

    def test_json(self):
        self.story.refuse(self.opened("/usr/bin/gr\"\x01\udcfe", EXECUTED, digest="3" * 64))
        told = json.loads(self.lines("--json")[0])
        self.assertEqual(told["who"], "job.sh (/bin/sh)")
        self.assertEqual(told["what"], "execute /usr/bin/gr\"\\x01\\xfe")
        self.assertEqual((told["count"], told["last"], told["verdict"]), (1, 1700000000, "refused"))
        self.assertEqual(told["programs"], [{"task_id": self.sh, "path": "/bin/sh", "script": "/srv/job.sh",
                                             "learned": True}])
        self.assertEqual(told["differs"], [
            {"member": "file.path.pathname", "learned": "/usr/bin/grep", "seen": "/usr/bin/gr\"\x01\udcfe"},
            {"member": "file.digest", "learned": "1" * 64, "seen": "3" * 64}])

    def test_bad_lines_are_counted(self):
        self.story.refuse(self.opened("/etc/shadow"))
        self.write("job.model", self.story.model())
        config = self.write("job.cfg", "[Workload]\nCommand=./job.sh\n[Model]\nFile=job.model\n")
        bad = ["{", "[]", "{}", '{"time":1,"verdict":"refused"}', "\0", '{"a":' * 20, "x" * 100000]
        # It would be part of a command.
        bad.append(self.story.forensics().strip().replace(self.story.refused[0][0], "1 /etc/shadow; reboot"))
        self.write("forensics.jsonl.1", "\n".join(bad) + "\n")
        self.write("forensics.jsonl", '{"lost":17}\n' + self.story.forensics() + '{"time":1,"coeff')
        done = self.run_quixote("explain", "--state=" + self.dir.name, config)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len(done.stdout.splitlines()), 3)
        self.assertEqual(done.stderr, "quixote: job: 17 refusals could not be recorded\n"
                                      "quixote: job: 9 lines of the record were not understood\n")

    def test_model_that_is_cut_off(self):
        self.story.refuse(self.opened("/etc/shadow"))
        done = self.explain(model=self.story.model()[:-10])
        self.assertEqual(done.returncode, 203)
        self.assertRegex(done.stderr, r"^quixote: .*/job\.model:\d+: the file was cut off in this line\n$")

    def test_no_model(self):
        self.story.refuse(self.opened("/etc/shadow"))
        self.write("forensics.jsonl", self.story.forensics())
        done = self.run_quixote("explain", "--state=" + self.dir.name, "no-such-workload")
        self.assertEqual(done.returncode, 0)
        self.assertIn("open /etc/shadow for reading: refused: the model is not known", done.stdout)
        self.assertIn("no /etc/quixote/no-such-workload.cfg", done.stderr)

    def test_unknown_name_is_not_good_news(self):
        self.write("job.cfg", "[Workload]\nCommand=./job.sh\n[Model]\nFile=job.model\n")
        for name, more in (("no-such-workload", ""), ("job", "; did you mean job.cfg?")):
            done = subprocess.run([QUIXOTE, "explain", "--state=/nowhere/x", name], text=True, capture_output=True,
                                  check=False, cwd=self.dir.name)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (
                202, "", f"quixote: {name}: no such workload: neither /etc/quixote/{name}.cfg nor /nowhere/x is there"
                         f"{more}\n"))

    def test_refused_command_lines(self):
        for arguments, said in (([], "one NAME or FILE is expected"), (["a", "b"], "one NAME or FILE is expected"),
                                (["../x\n"], "No such file"), (["-x", "a"], "unknown option -x"),
                                (["a b"], "has a character that a name cannot have")):
            done = self.run_quixote("explain", *arguments)
            self.assertIn(done.returncode, (201, 202), arguments)
            self.assertIn(said, done.stderr)

    def test_show(self):
        path = self.write("job.model", self.story.model())
        done = self.run_quixote("model", "show", path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "job: 4 coefficients of 2 programs; 1 training run; sha256, portable\n"
                                      "content does not matter: /etc/ld.so.cache\n"
                                      "scratch directory: /dev/shm/\n"
                                      "scratch directory: /tmp/\n"
                                      "scratch directory: /var/tmp/\n"
                                      "job.sh (/bin/sh)\n"
                                      "    create a socket (UNIX stream)\n"
                                      "    execute /usr/bin/grep\n"
                                      "    look at /usr/bin/grep\n"
                                      "    grep\n"
                                      "        open /etc/passwd for reading\n")

    def test_show_of_a_configuration(self):
        path = self.write("job.model", self.story.model())
        config = self.write("job.cfg", "[Workload]\nCommand=./job.sh\n[Model]\nFile=job.model\n")
        self.assertEqual(self.run_quixote("model", "show", config).stdout,
                         self.run_quixote("model", "show", path).stdout)
        config = self.write("job.cfg", "[Workload]\nCommand=./job.sh\n")
        done = self.run_quixote("model", "show", config)
        self.assertEqual((done.returncode, done.stdout), (202, ""))

    def test_show_json(self):
        path = self.write("job.model", self.story.model())
        told = json.loads(self.run_quixote("model", "show", "--json", path).stdout)
        self.assertEqual((told["name"], told["coefficients"], told["runs"]), ("job", 4, 1))
        by_path = {program["path"]: program for program in told["programs"]}
        self.assertEqual(by_path["/usr/bin/grep"]["previous"], self.sh)
        self.assertEqual(by_path["/usr/bin/grep"]["does"], ["open /etc/passwd for reading"])
        self.assertIsNone(by_path["/bin/sh"]["previous"])

    def test_show_refuses(self):
        path = self.write("job.model", "x\n")
        done = self.run_quixote("model", "show", path)
        self.assertEqual((done.returncode, done.stdout), (203, ""))
        self.assertEqual(done.stderr, f"quixote: {path}:1: not a model: it does not begin with "
                                      "{\"format\": \"quixote-model\"\n")


if __name__ == "__main__":
    QUIXOTE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
