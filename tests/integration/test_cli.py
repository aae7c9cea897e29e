# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_cli.py - quixote's command lines and quixote run --check: what is refused, and how it is said."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from story import Story, record

QUIXOTE = None
TREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
HAS_TSEM = os.path.exists("/sys/kernel/security/tsem/control")
GOOD = "[Workload]\nCommand=/bin/true\n[Model]\nFile=a.model\n[Trust]\nAllowUnsigned=yes\n"


class CliTest(unittest.TestCase):

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.dir.cleanup()

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def write(self, name, content):
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(content)
        return self.path(name)

    def run_quixote(self, *arguments, **environment):
        return subprocess.run([QUIXOTE, *arguments], text=True, capture_output=True, check=False,
                              env={**os.environ, **environment})

    def check_refused(self, arguments, status, said):
        done = self.run_quixote(*arguments)
        self.assertEqual((done.returncode, done.stdout), (status, ""), arguments)
        self.assertIn(said, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_help(self):
        for arguments in ([], ["run"], ["train"], ["explain"], ["model"], ["model", "show"], ["model", "status"], ["model", "diff"], ["model", "report"],
                          ["model", "merge"], ["model", "convert"], ["model", "sign"],
                          ["model", "verify"], ["ci"], ["key"], ["digest"], ["doctor"], ["ps"], ["top"], ["show"], ["events"],
                          ["metrics"]):
            done = self.run_quixote(*arguments, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
            self.assertIn("quixote", done.stdout)
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 100)
        self.assertEqual(self.run_quixote("--version").stdout, "quixote 0.1\n")

    def test_completion_knows_every_option(self):
        with open(TREE + "/cli/completion/quixote", encoding="utf-8") as completion:
            text = completion.read()
        self.assertEqual(re.search(r'-W "(train .*?)" --', text).group(1).split(),
                         re.findall(r"^  (\w+) ", self.run_quixote("--help").stdout, re.M))
        self.assertEqual(re.search(r'-W "(state .*?)" --', text).group(1).split(),
                         re.findall(r"^  (\w+) ", self.run_quixote("show", "--help").stdout, re.M))
        models = re.findall(r"^  (\w+) ", self.run_quixote("model", "--help").stdout, re.M)
        self.assertEqual(re.search(r'-W "(show.*?)" --', text).group(1).split(), models)
        for command in ("run", "train", "rehearse", "explain", "ci", "key", "tpm", "attest", "verify", "digest", "doctor", "ps", "top", "show", "events",
                        "metrics", *(f'"model {name}"' for name in models)):
            known = re.search(rf'^ +{command}\) +echo "(.*)"', text, re.M).group(1).split()
            done = self.run_quixote(*command.strip('"').split(), "--help")
            helped = set(re.findall(r"^ .*?(--[a-z-]+=?)", done.stdout, re.M))
            self.assertEqual(set(known), helped, command)

    def test_examples_of_the_manual(self):
        for page, said in (("quixote.1", "job: "), ("container.cfg.5", "web: /usr/sbin/nginx -c /srv/web/nginx.conf -g 'daemon off;'")):
            with open(f"{TREE}/docs/man/{page}", encoding="utf-8") as text:
                example = re.search(r"^(\[Workload\]\n.*?AllowUnsigned=yes\n.*?)(?=^\$|^\.Ed)", text.read(), re.M | re.S)
            done = self.run_quixote("run", "--check", "-c", self.write("job.cfg", example.group(1)))
            self.assertIn(done.returncode, (202, 203))
            self.assertIn(said, done.stdout)

    @unittest.skipUnless(shutil.which("groff"), "groff is not there")
    def test_manual_is_well_formed(self):
        for page in ("quixote.1", "quixote-model.1", "container.cfg.5", "quixote-model.5", "quixote-tpm.1", "tpm.conf.5", "quixote-policy.5"):
            done = subprocess.run(["groff", "-mandoc", "-ww", "-z", "-Tutf8", f"{TREE}/docs/man/{page}"],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), page)

    def test_nothing_said(self):
        done = self.run_quixote()
        self.assertEqual((done.returncode, done.stdout), (201, ""))
        self.assertIn("usage: quixote COMMAND", done.stderr)

    def test_refused_command_lines(self):
        config = self.write("a.cfg", GOOD)
        rows = [
            (["rnu"], 'unknown command "rnu"; did you mean run?'),
            (["quux"], 'unknown command "quux"; see quixote --help'),
            (["run"], "quixote run: the configuration is missing: -c FILE; see quixote run --help"),
            (["run", "-c"], "-c needs a value"),
            (["-c"], "-c needs a value"),
            (["run", "--config"], "--config needs a value"),
            (["run", "-c", config, "-c", config], "-c is given twice"),
            (["run", "-x"], "unknown option -x"),
            (["run", "--quux"], "unknown option --quux"),
            (["run", "--check=yes"], "--check=yes takes no value"),
            (["run", "-c", config, "a"], 'what is "a"? Arguments stand behind --'),
            (["run", "-c", config, "--mode=learn"], "--mode=learn: unknown; expected enforce or shadow"),
            (["run", "-c", config, "--mode=train"], "--mode=train: that is quixote train"),
            (["run", "-c", config, "--kernel=mine"], "--kernel=mine: unknown; expected host, builtin or auto"),
            (["run", "-c", config, "--json"], "--json is for --check"),
            (["train"], "the configuration is missing"),
            (["ps", "web"], 'what is "web"?'),
            (["ps", "--follow"], "unknown option --follow"),
            (["top", "web"], 'what is "web"?'),
            (["top", "--interval=soon"], "--interval=soon: "),
            (["top", "--interval"], "--interval needs a value"),
            (["top", "--count=0"], "--count=0: no number from 1 on"),
            (["top", "--count=1x"], "--count=1x: no number from 1 on"),
            (["show"], "what to show is expected"),
            (["show", "stat"], 'cannot show "stat", did you mean state?'),
            (["show", "everything", "web"], 'cannot show "everything"'),
            (["show", "state"], "one NAME or FILE is expected"),
            (["show", "state", "a", "b"], "one NAME or FILE is expected"),
            (["show", "state", "a b"], '"a b" '),
            (["events"], "one NAME or FILE is expected"),
            (["events", "--since=1", "web"], "unknown option --since=1"),
            (["metrics", "web"], 'what is "web"?'),
            (["metrics", "--textfile"], "--textfile needs a value"),
            (["train", "-c", config, "--mode=train"], "unknown option --mode=train"),
            (["ci"], "quixote ci: the configuration is missing: -c FILE"),
            (["ci", "-c", config, "--runs=0"], "--runs=0: expected a number from 1 to 100"),
            (["ci", "-c", config, "--runs=101"], "--runs=101: expected a number from 1 to 100"),
            (["ci", "-c", config, "--json", "--markdown"], "either --json or --markdown"),
            (["ci", "-c", config, "make"], 'what is "make"? Arguments stand behind --'),
            (["train", "-c", config, "--into"], "--into needs a value"),
            (["model", "shwo", "a"], 'quixote model: unknown command "shwo", did you mean show?'),
            (["model", "quux"], 'unknown command "quux"; see quixote model --help'),
            (["model", "show", "--quux"], "quixote model show: unknown option --quux; see quixote model show --help"),
            (["model", "show"], "one FILE is expected"),
        ]
        for arguments, said in rows:
            with self.subTest(arguments):
                self.check_refused(arguments, 201, said)

    def test_refused_configurations(self):
        config = self.write("a.cfg", GOOD + "Rot=process\n")
        for command in (["-c"], ["run", "-c"], ["train", "-c"], ["run", "--check", "-c"], ["explain"]):
            with self.subTest(command):
                self.check_refused([*command, config], 202,
                                   f"quixote: {config}:7: Rot: unknown key in [Trust]; did you mean Root?")
        self.check_refused(["-c", "/nowhere.cfg"], 202, "quixote: /nowhere.cfg: No such file or directory")

    @unittest.skipIf(HAS_TSEM, "this kernel has TSEM")
    def test_no_tsem(self):
        config = self.write("a.cfg", GOOD)
        for command in ("run", "train"):
            self.check_refused([command, "--kernel=host", "-c", config], 204,
                               "quixote: this kernel has no TSEM; leave out --kernel=host to use the built-in")

    @unittest.skipIf(HAS_TSEM, "this kernel has TSEM")
    def test_check(self):
        story = Story(QUIXOTE)
        story.learned(record("syslog", {"type": "3"}))
        self.write("a.model", story.model("a", 2).replace('"runs": 1, "event"', '"runs": 2, "event"').replace(
            '"count": 1', '"count": 2'))
        config = self.write("a.cfg", GOOD)
        done = self.run_quixote("run", "--check", "-c", config, "--", "a b", "$c", "")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout,
                         "a: /bin/true 'a b' '$c' ''\n"
                         "  as user (the caller), in (the caller's directory)\n"
                         f"  mode enforce, model {self.path('a.model')}: 1 coefficient of 0 programs, "
                         "training runs: 2\n"
                         "  on violation deny, on loss kill, deadline 5000 ms, the model need not be signed "
                         "(AllowUnsigned=yes)\n"
                         "  kernel: the built-in one, which protects nothing\n")

    @unittest.skipIf(HAS_TSEM, "this kernel has TSEM")
    def test_check_in_json(self):
        config = self.write("a.cfg", GOOD)
        done = self.run_quixote("train", "--check", "--json", "-c", config)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(json.loads(done.stdout), {
            "name": "a", "user": None, "directory": None, "mode": "train", "model": self.path("a.model"),
            "fields": "portable", "digest": "sha256", "on_violation": "deny", "on_loss": "kill",
            "kernel": "builtin", "command": ["/bin/true"], "driver": [], "coefficients": 0, "trust": None, "problems": []})

    @unittest.skipIf(HAS_TSEM, "this kernel has TSEM")
    def test_check_of_a_driver(self):
        config = self.write("a.cfg", GOOD)
        done = self.run_quixote("train", "--check", "-c", config, "--", "make", "te st")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn('a: /bin/true\n', done.stdout)
        self.assertIn("  driven by: make 'te st'\n", done.stdout)

    def test_check_tells_every_problem(self):
        config = self.write("a.cfg", "[Workload]\nCommand=/bin/nothing\nUser=nobody-here\nWorkingDirectory=/nowhere\n"
                                     "[Model]\nFile=a.model\n")
        done = self.run_quixote("run", "--check", "-c", config)
        self.assertEqual(done.returncode, 202)
        self.assertEqual(done.stderr.splitlines(), [
            f"quixote: {config}: Command: /bin/nothing: No such file or directory",
            f'quixote: {config}: User: there is no user "nobody-here"',
            f"quixote: {config}: WorkingDirectory: /nowhere: No such file or directory",
            f"quixote: {self.path('a.model')}: there is no model; learn it: quixote train -c {config}"])

    @unittest.skipIf(os.path.exists("/run/quixote-anchor/socket"), "this machine has an anchor")
    def test_check_looks_for_the_anchor(self):
        story = Story(QUIXOTE)
        story.learned(record("syslog", {"type": "3"}))
        self.write("a.model", story.model("a"))
        config = self.write("a.cfg", GOOD + "[TPM]\nAnchor=yes\n")
        done = self.run_quixote("run", "--check", "-c", config)
        self.assertEqual((done.returncode, done.stderr), (
            205, f"quixote: {config}: Anchor: nobody is at /run/quixote-anchor/socket; see quixote-tpm(1)\n"))
        done = self.run_quixote("doctor", "-c", config)
        self.assertIn("systemctl enable --now quixote-anchor.socket", done.stdout)

    def test_check_verifies_the_model(self):
        config = self.write("a.cfg", GOOD)
        story = Story(QUIXOTE, fields="strict")
        story.learned(record("syslog", {"type": "3"}))
        rows = [
            (story.model(), "the model was learned with Fields=strict, not portable: train a new one, or change "
                            "Fields="),
            (Story(QUIXOTE, pseudonyms=["/a"]).model(), "a.model: it was learned with another Pseudonym="),
            (Story(QUIXOTE, pseudonyms=[]).model(), "a.model: it was learned with another Pseudonym="),
            (Story(QUIXOTE, scratch=["/tmp/"]).model(), "a.model: it was learned with another Scratch="),
            (story.model()[:-1], "a.model:7: the file was cut off in this line"),
            (story.model().replace('"type": "3"', '"type": "4"'),
             "a.model:6: the coefficient is not that of the event"),
            (story.model().replace('"formula": 1', '"formula": 2'),
             "a.model:1: the formula is 2; this version knows only 1"),
            (story.model().replace("sha256", "md5"), "a.model:1: the hash function md5 is unknown"),
            ("", "a.model:1: the file is empty"),
        ]
        for model, said in rows:
            with self.subTest(said):
                self.write("a.model", model)
                done = self.run_quixote("run", "--check", "-c", config)
                self.assertEqual(done.returncode, 203)
                self.assertIn(said, done.stderr)
                with open(self.path("a.model"), encoding="utf-8") as untouched:
                    self.assertEqual(untouched.read(), model)

    def test_ends_where_ends_of_children_are_ignored(self):
        """Whoever has executed it may have ignored SIGCHLD."""
        config = self.write("a.cfg", GOOD)
        done = subprocess.run([QUIXOTE, "train", "--kernel=builtin", "-c", config], text=True, capture_output=True, check=False, timeout=60,
                              env={**os.environ, "QUIXOTE_BUILTIN_KERNEL": "/bin/false", "QUIXOTE_BUILTIN_INIT": "/bin/true"},
                              preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertEqual((done.returncode, done.stdout), (205, ""), done)
        self.assertIn("the built-in kernel did not come up", done.stderr)

    def run_with_id(self, content, *arguments):
        """With a control plane that has only this `id`, or none, in place of the machine's."""
        make = f"mkdir $0/tsem && printf {content!r} >$0/tsem/id" if content is not None else ":"
        script = f'mount -t tmpfs none "$0" && {make} && exec "$@"'
        return subprocess.run(["unshare", "--mount", "--map-root-user", "sh", "-c", script, "/sys/kernel/security", *arguments],
                              text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL)

    def test_services_are_not_ended_from_inside(self):
        if self.run_with_id(None, "true").returncode:
            self.skipTest("no file systems can be mounted here")
        unit = "quixote-test-of-nothing"        # whoever is let through finds no such service
        for command in (["train"], ["shadow"], ["enforce", "--force", "--why=it's me"], ["release"]):
            for content in ("5", "18446744073709551615", "", "x"):
                done = self.run_with_id(content + "\n", QUIXOTE, *command, unit)
                self.assertEqual((done.returncode, done.stdout), (205, ""), done)
                self.assertIn(f"inside a workload (namespace {content}), and would end itself", done.stderr)
                self.assertIn("systemd-run --collect --wait quixote " + shlex.join([*command, unit]).replace("'\"'\"'", "'\\''"), done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)
            for content in ("0\n", None):
                done = self.run_with_id(content, QUIXOTE, *command, unit)
                self.assertEqual(done.returncode, 205)
                self.assertNotIn("inside", done.stderr)
                self.assertRegex(done.stderr, "systemd")
            # As the kernel refuses it to a namespace that is sealed: what is no file cannot be read.
            done = self.run_with_id(None, "sh", "-c", 'mkdir -p /sys/kernel/security/tsem/id && exec "$@"', "-", QUIXOTE, *command, unit)
            self.assertEqual((done.returncode, done.stdout), (205, ""))
            self.assertIn("this may have been typed inside a workload (/sys/kernel/security/tsem/id: ", done.stderr)


if __name__ == "__main__":
    QUIXOTE = sys.argv.pop(1)
    unittest.main()
