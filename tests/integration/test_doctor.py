# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_doctor.py - quixote doctor on good and broken set-ups, none of which needs privilege."""

import json
import os
import pty
import shutil
import subprocess
import sys
import tempfile
import unittest

from story import Story, record

QUIXOTE = None
HAS_TSEM = os.path.exists("/sys/kernel/security/tsem/control")
PROGRAMS = ("quixote-orchestrator", "quixote-tma", "quixote-recorder", "quixote-shim", "quixote-bundle", "quixote-join",
            "quixote-enter")
GOOD = """[Workload]
Command=/bin/true
WorkingDirectory={dir}
[Model]
File=job.model
Mode=enforce
Scratch=/dev/shm/ /tmp/ /var/tmp/
[Trust]
Keys=keys.d
"""


class Doctor(unittest.TestCase):
    """A machine on which all is well, but for what cannot be made without privilege."""

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.dir = os.path.realpath(self.temporary.name)
        os.chmod(self.dir, 0o755)
        for name in ("libexec", "state", "run", "keys.d"):
            os.mkdir(self.path(name), 0o755)
            os.chmod(self.path(name), 0o755)
        self.version = subprocess.run([QUIXOTE, "--version"], text=True, capture_output=True, check=True).stdout.split()[1]
        for name in (*PROGRAMS, "quixote-guest"):
            self.program(name, f'[ "$*" != --version ] || echo {name} {self.version}')
        self.program("linux", "")
        self.environment = {**os.environ, "QUIXOTE_LIBEXEC": self.path("libexec"), "HOME": self.dir,
                            "STATE_DIRECTORY": self.path("state"), "XDG_STATE_HOME": self.path("state"),
                            "QUIXOTE_RUNTIME_DIR": self.path("run"),
                            "QUIXOTE_BUILTIN_KERNEL": self.path("libexec/linux"),
                            "QUIXOTE_BUILTIN_INIT": self.path("libexec/quixote-guest")}
        self.config = self.write("job.cfg", GOOD.format(dir=self.dir))
        story = Story(QUIXOTE)
        story.learned(record("syslog", {"type": "3"}))
        self.write("job.model", story.model())
        self.quixote("key", "new", self.path("alice"))
        shutil.move(self.path("alice.pub"), self.path("keys.d/alice.pub"))
        self.quixote("model", "sign", f"--key={self.path('alice.key')}", self.config)

    def tearDown(self):
        self.temporary.cleanup()

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(content)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def program(self, name, text):
        self.write(f"libexec/{name}", f"#!/bin/sh\n{text}\n", 0o755)

    def configure(self, old, new):
        changed = GOOD.replace(old, new)
        self.assertNotEqual(changed, GOOD)
        self.write("job.cfg", changed.format(dir=self.dir))

    def quixote(self, *arguments):
        done = subprocess.run([QUIXOTE, *arguments], text=True, capture_output=True, check=False, env=self.environment)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)

    def examine(self, *arguments):
        """Findings by their check."""
        done = subprocess.run([QUIXOTE, "doctor", "--json", *arguments], text=True, capture_output=True, check=False,
                              env=self.environment)
        self.assertEqual(done.stderr, "")
        findings = json.loads(done.stdout)
        self.assertEqual(done.returncode, int(any(f["kind"] == "problem" for f in findings)), done.stdout)
        return findings

    def problems(self):
        return [f for f in self.examine("-c", self.config) if f["kind"] == "problem"]

    def check_problem(self, check, said, repair):
        """It is found; each problem has a command. Return: that of this one."""
        problems = self.problems()
        for finding in problems:
            self.assertTrue(finding["repair"], finding)
        found = [f for f in problems if f["check"] == check and said in f["text"]]
        self.assertEqual(len(found), 1, problems)
        self.assertIn(repair, found[0]["repair"])
        return found[0]["repair"]

    def check_repaired(self, check, said, repair):
        """And its command repairs it."""
        command = self.check_problem(check, said, repair)
        if command.startswith("sudo ") or " sudo " in command:
            return
        self.environment["PATH"] = os.path.dirname(QUIXOTE) + ":" + os.environ["PATH"]
        subprocess.run(["sh", "-ec", command], check=True, cwd=self.dir, env=self.environment, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        self.assertEqual([f for f in self.problems() if f["check"] == check], [])


@unittest.skipIf(HAS_TSEM, "this kernel has TSEM")
class Machine(Doctor):
    def test_good(self):
        findings = self.examine("-c", self.config)
        self.assertEqual([f for f in findings if f["kind"] == "problem"], [])
        told = {f["check"]: f for f in findings}
        for check, said in (("builtin", self.path("libexec/linux")), ("programs", self.path("libexec/quixote-orchestrator")),
                            ("config", "for the workload job"), ("workload", "coefficients: 1; signed by alice; version"),
                            ("keys", "keys that may sign: 1"), ("clock", "it is 2"), ("capability", "needs none"),
                            ("state", self.path("state")),
                            ("sockets", self.path("run/job") + " can be written")):
            self.assertIn(said, told[check]["text"])
            if check != "keys":         # root's, or they hold for this user only
                self.assertEqual(told[check]["kind"], "ok", check)
        self.assertEqual(told["kernel"]["kind"], "note")
        self.assertEqual(sum(f["check"] == "scratch" and f["kind"] == "ok" for f in findings), 3)

    def test_path_is_told_without_dots(self):
        self.environment["QUIXOTE_LIBEXEC"] = self.path("state/../libexec")
        told = {f["check"]: f["text"] for f in self.examine()}
        self.assertIn(os.path.realpath(self.path("libexec")) + "/quixote-orchestrator", told["programs"])

    def test_without_a_workload(self):
        checks = {f["check"] for f in self.examine()}
        self.assertLessEqual({"kernel", "builtin", "programs", "keys", "state", "sockets"}, checks)
        self.assertFalse(checks & {"config", "workload", "scratch", "files"})

    def test_builtin_kernel(self):
        self.environment["QUIXOTE_BUILTIN_KERNEL"] = self.path("nothing")
        self.check_problem("builtin", f"QUIXOTE_BUILTIN_KERNEL={self.path('nothing')}", "$(kernel-patches/build um)")
        self.environment["QUIXOTE_BUILTIN_KERNEL"] = self.config
        self.check_problem("builtin", "may not be executed", "$(kernel-patches/build um)")
        self.environment["QUIXOTE_BUILTIN_KERNEL"] = self.path("libexec/linux")
        self.environment["QUIXOTE_BUILTIN_INIT"] = self.path("nothing")
        self.check_problem("builtin", "quixote-guest, the init", "meson install")

    def test_programs(self):
        for name in PROGRAMS:
            with self.subTest(name):
                os.rename(self.path(f"libexec/{name}"), self.path("aside"))
                self.check_problem("programs", f"{name} is not there", "unset QUIXOTE_LIBEXEC")
                os.rename(self.path("aside"), self.path(f"libexec/{name}"))
                os.chmod(self.path(f"libexec/{name}"), 0o644)
                self.check_problem("programs", f"{name} is not there", "unset QUIXOTE_LIBEXEC")
                os.chmod(self.path(f"libexec/{name}"), 0o777)
                self.check_repaired("programs", f"libexec/{name}: others may write it", "chmod go-w ")
        os.chmod(self.path("libexec"), 0o775)
        self.check_repaired("programs", "libexec: others may write it", "chmod go-w ")

    def test_program_of_another_version(self):
        for text, why in ((f"echo quixote-tma {self.version}.1", f'it says "quixote-tma {self.version}.1"'),
                          (f"echo quixote-tma {self.version}; echo more", f"it says \"quixote-tma {self.version}\""),
                          (f"echo quixote-recorder {self.version}", "it says \"quixote-recorder"),
                          ("printf '\\033[2J'", 'it says "\\x1b[2J"'), ("yes quixote-tma", 'it says "quixote-tma"'),
                          ("exit 1", "it does not say its version"), ("echo what? >&2", "it does not say its version"),
                          ("exec sleep 1000", "it does not say its version")):
            self.program("quixote-tma", text)
            self.check_problem("programs", f'quixote-tma: {why}', "unset QUIXOTE_LIBEXEC")

    def test_what_others_may_write_is_not_executed(self):
        for name in PROGRAMS:
            self.program(name, f"touch {self.path('executed')}")
        os.chmod(self.path("libexec"), 0o777)
        self.check_problem("programs", "libexec: others may write it", "chmod go-w ")
        os.chmod(self.path("libexec"), 0o755)
        for name in PROGRAMS:
            os.chmod(self.path(f"libexec/{name}"), 0o775)
        self.check_problem("programs", "quixote-tma: others may write it", "chmod go-w ")
        self.assertFalse(os.path.exists(self.path("executed")))

    def test_keys(self):
        os.chmod(self.path("keys.d/alice.pub"), 0o664)
        self.check_repaired("keys", "alice.pub: others may write it", "chmod -R go-w ")
        os.chmod(self.path("keys.d/alice.pub"), 0o644)
        os.chmod(self.path("keys.d"), 0o777)
        self.check_repaired("keys", "keys.d: others may write it", "chown -R root ")
        os.chmod(self.path("keys.d"), 0o755)
        shutil.copy(self.path("keys.d/alice.pub"), self.path("keys.d/bob.pub"))
        self.check_problem("keys", "alice and bob are the same key", "quixote key list ")
        shutil.copy(self.config, self.path("keys.d/bob.pub"))
        self.check_problem("keys", "the key bob is not a public key", "quixote key list ")
        os.unlink(self.path("keys.d/bob.pub"))
        os.unlink(self.path("keys.d/alice.pub"))
        self.check_problem("keys", "no keys", "quixote key new NAME")
        self.check_problem("workload", "there is no key that may sign", "quixote key new NAME")
        os.rmdir(self.path("keys.d"))
        self.check_repaired("keys", "keys.d: No such file", "quixote key new NAME && ")
        shutil.rmtree(self.path("keys.d"), ignore_errors=True)
        self.configure("Keys=keys.d", "Keys=keys.d\nAllowUnsigned=yes")
        self.assertEqual(self.problems(), [])

    def test_directories(self):
        for variables, check in ((("STATE_DIRECTORY", "XDG_STATE_HOME"), "state"), (("QUIXOTE_RUNTIME_DIR",), "sockets")):
            saved = dict(self.environment)
            self.environment.update({name: self.path("new/er/one") for name in variables})
            self.assertEqual(self.problems(), [])
            self.assertFalse(os.path.exists(self.path("new")))
            self.environment.update({name: self.config + "/below" for name in variables})
            self.check_problem(check, "Not a directory", "install -d ")
            self.environment = saved

    @unittest.skipIf(os.getuid() == 0, "root may write everywhere")
    def test_directory_that_others_own(self):
        self.environment["QUIXOTE_RUNTIME_DIR"] = "/usr/quixote"
        self.check_problem("sockets", "/usr/quixote/job: Permission denied", "sudo install -d ")

    def test_clock(self):
        copy = shutil.copy(QUIXOTE, self.path("quixote"))
        os.utime(copy, (4e9, 4e9))
        done = subprocess.run([copy, "doctor"], text=True, capture_output=True, check=False, env=self.environment)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("by the clock, and this program is of 2096-", done.stdout)
        self.assertIn("timedatectl set-ntp true\n", done.stdout)

    def test_text(self):
        """One line a finding; coloured on a terminal only; bytes of files are not the terminal's."""
        self.configure("Command=/bin/true", "Command=/bin/no\u202ething")
        command = [QUIXOTE, "doctor", "-c", self.config]
        done = subprocess.run(command, text=True, capture_output=True, check=False, env=self.environment)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertNotIn("\033", done.stdout)
        self.assertNotIn("\u202e", done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), len(self.examine("-c", self.config)))
        for line in done.stdout.splitlines():
            self.assertRegex(line, r"^(ok     |note   |problem)  [a-z]+: ")
            self.assertTrue(not line.startswith("problem") or "; type: " in line, line)
        for variables, coloured in (({"TERM": "xterm", "NO_COLOR": ""}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False),
                                    ({"TERM": "dumb", "NO_COLOR": ""}, False)):
            leader, follower = pty.openpty()
            with open(leader, "rb", buffering=0) as screen:
                subprocess.run(command, stdout=follower, check=False, env={**self.environment, **variables})
                os.close(follower)
                self.assertEqual(b"\033[31mproblem\033[0m" in screen.read(1 << 16), coloured, variables)

    def test_refused_command_lines(self):
        for arguments, said in ((["job"], "no operand is expected"), (["-c"], "-c needs a value"), (["--quux"], "unknown option --quux"),
                                (["--json=yes"], "--json=yes takes no value"), (["-c", "a", "-c", "b"], "is given twice")):
            done = subprocess.run([QUIXOTE, "doctor", *arguments], text=True, capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (201, ""), arguments)
            self.assertIn(said, done.stderr)

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            self.assertEqual(subprocess.run([QUIXOTE, "doctor"], stdout=full, check=False).returncode, 205)


@unittest.skipIf(HAS_TSEM, "this kernel has TSEM")
class Workload(Doctor):
    def test_configuration(self):
        rows = [("Command=/bin/true", "Comand=/bin/true", "config", "Comand", "editor "),
                ("Command=/bin/true", "Command=/bin/nothing", "workload", "/bin/nothing: No such file", "editor "),
                ("Command=/bin/true", "Command=/etc/passwd", "workload", "not an executable file", "editor "),
                ("Command=/bin/true", "Command=/bin/true\nUser=nobody-here", "workload", "nobody-here", "useradd --system nobody-here"),
                ("Mode=enforce", "Mode=enforce\nFields=strict", "workload", "Fields=portable, not strict", "quixote train -c "),
                ("Mode=enforce", "Mode=enforce\nPseudonym=/etc/passwd", "workload", "another Pseudonym=", "quixote train -c "),
                ("Scratch=/dev/shm/", "Scratch=/run/", "workload", "another Scratch=", "quixote train -c "),
                ("File=job.model", "File=mail.model", "workload", "mail.model: there is no model", "quixote train -c "),
                ("Command=/bin/true", "Command=/bin/true\nName=mail", "workload", "signed for the workload job", "editor "),
                ("Keys=keys.d", "Keys=keys.d\nThreshold=2", "workload", "2 must be", "quixote model sign --key=NAME.key ")]
        for old, new, *expected in rows:
            with self.subTest(new):
                self.configure(old, new)
                self.check_problem(*expected)
        self.config = self.path("nothing.cfg")
        self.check_problem("config", "nothing.cfg: No such file", "editor ")

    def test_working_directory(self):
        self.configure("WorkingDirectory={dir}", "WorkingDirectory={dir}/a b")
        self.check_repaired("workload", "a b: No such file", f"mkdir -p '{self.dir}/a b'")
        self.configure("WorkingDirectory={dir}", "WorkingDirectory={dir}/it's $(touch made) `touch made`; touch made")
        self.check_repaired("workload", "touch made: No such file", "it'\\''s $(touch made)")
        self.assertFalse(os.path.exists(self.path("made")))
        self.configure("WorkingDirectory={dir}", "WorkingDirectory={dir}/job.cfg")
        self.check_problem("workload", "not a directory", "editor ")

    def test_model(self):
        with open(self.path("job.model"), "a", encoding="utf-8") as out:
            out.write("{}\n")
        self.check_problem("workload", "job.model:", "mv ")
        os.unlink(self.path("job.model"))
        self.check_problem("workload", "job.model: there is no model", "quixote train -c ")
        for finding in self.problems():
            self.assertNotIn("quixote", finding["text"])        # told once, as the command
        self.configure("Mode=enforce", "Mode=train")
        self.assertEqual(self.problems(), [])

    def test_sealed_model(self):
        subprocess.run([QUIXOTE, "model", "seal", "--force", "--why=test", self.config], check=True, capture_output=True,
                       env=self.environment)
        self.configure("Mode=enforce", "Mode=train")
        self.check_repaired("workload", "it is sealed", "quixote model unseal ")

    def test_keys_are_to_blame(self):
        os.chmod(self.path("keys.d"), 0o777)
        self.check_repaired("workload", "keys.d: others may write it", "chmod -R go-w ")

    def test_signature(self):
        os.unlink(self.path("job.model.sig"))
        command = self.check_problem("workload", "job.model.sig: No such file", "quixote model sign --key=NAME.key ")
        command = command.replace("quixote", QUIXOTE, 1).replace("NAME.key", self.path("alice.key"), 1)
        subprocess.run(["sh", "-ec", command], check=True, env=self.environment, stdout=subprocess.DEVNULL)
        self.assertEqual([f["text"] for f in self.problems() if "sig" in f["text"] and "No such" in f["text"]], [])

    def test_scratch(self):
        self.configure("Scratch=/dev/shm/ /tmp/ /var/tmp/", "Scratch={dir}/cache/")
        told = {f["check"]: f for f in self.examine("-c", self.config)}
        self.assertEqual(told["scratch"]["kind"], "note")
        self.assertEqual(told["scratch"]["repair"], f"mkdir -p {self.dir}/cache/")

    @unittest.skipUnless(os.path.ismount("/dev/shm"), "/dev/shm is no file system of its own")
    def test_file_systems(self):
        notes = [f["text"] for f in self.examine("-c", self.config) if f["check"] == "files" and f["kind"] == "note"]
        self.assertTrue(any(text.startswith("/dev/shm/ is on tmpfs, where no digest is kept") for text in notes), notes)


if __name__ == "__main__":
    QUIXOTE = os.path.realpath(sys.argv.pop(1))
    unittest.main()
