# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_oci.py - quixote oci without a kernel: what is handed to the runtime, and what is refused."""

import os
import signal
import subprocess
import sys
import tempfile
import unittest

QUIXOTE = None

# Stands for crun: tells how it was called.
RUNTIME = "#!/bin/sh\necho \"${0##*/}\" \"$@\"\nexit 3\n"


class OciTest(unittest.TestCase):

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        path = os.path.join(self.dir.name, "crun")
        with open(path, "w", encoding="ascii") as file:
            file.write(RUNTIME)
        os.chmod(path, 0o755)
        self.alias = os.path.join(self.dir.name, "quixote-crun")
        os.symlink(QUIXOTE, self.alias)

    def tearDown(self):
        self.dir.cleanup()

    def run_words(self, *words, **options):
        return subprocess.run(words, text=True, capture_output=True, check=False, timeout=120, cwd=self.dir.name,
                              env={**os.environ, "PATH": self.dir.name + ":/usr/bin:/bin"}, **options)

    def test_delegated(self):
        for words in (("start", "c1"), ("state", "c1"), ("kill", "c1", "KILL"), ("kill", "--all", "c1", "9"), ("list",),
                      ("--root", "create", "state", "c1"), ("--log-format=json", "--log", "exec", "ps", "c1"), ("--version",),
                      ("--help",), ("spec",), ("features",), ("pause", "c1"), ("--systemd-cgroup", "start", "c1")):
            expected = " ".join(("crun", *words)) + "\n"
            result = self.run_words(self.alias, *words)
            self.assertEqual((result.returncode, result.stdout), (3, expected), result)
            if words[0] != "--help":
                result = self.run_words(QUIXOTE, "oci", *words)
                self.assertEqual((result.returncode, result.stdout), (3, expected), result)

    def test_status_of_the_runtime_where_ends_of_children_are_ignored(self):
        result = self.run_words(self.alias, "delete", "c1", preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertEqual((result.returncode, result.stdout, result.stderr), (3, "crun delete c1\n", ""), result)

    def test_refused(self):
        for words, sentence in (
                (("run", "c1"), "would not be modelled"),
                (("restore", "c1"), "would not be modelled"),
                (("--root", "/x", "run", "c1"), "would not be modelled"),
                (("never", "c1"), 'unknown command "never"'),
                (("create",), "id of the container is missing"),
                (("create", "--bundle"), "bad value"),
                (("create", "../c1"), "the id of the container"),
                (("create", "--bundle", ".", ".c1"), "the id of the container"),
                (("create", "a" * 65), "the id of the container"),
                (("create", "c1"), "No such file"),
                (("create", "--bundle", "/nonexistent", "c1"), "No such file"),
                (("delete",), "id of the container is missing"),
                (("exec",), "id of the container is missing"),
                (("exec", "c1", "true"), "no container that is modelled"),
                (("exec", "--preserve-fds=x", "c1", "true"), "bad value"),
                (("exec", "--preserve-fds", "-1", "c1", "true"), "bad value"),
                (("exec", "--preserve-fds=1025", "c1", "true"), "bad value"),
                (("exec", "--preserve-fds=1" * 1, *["--preserve-fds=1"] * 8, "c1", "true"), "bad value"),
                (("exec", *["-t"] * 4096, "c1", "true"), "too many words")):
            result = self.run_words(QUIXOTE, "oci", *words)
            self.assertEqual((result.returncode, result.stdout), (1, ""), result)
            self.assertIn(sentence, result.stderr, words)
        self.assertEqual(self.run_words(QUIXOTE, "oci").returncode, 201)

    def test_bundle_refused(self):
        for text, sentence in (("", "config.json:"), ("{", "config.json:"), ("[]", "quixote.model is missing"),
                               ("{}", "quixote.model is missing"), ('{"annotations": 1}', "quixote.model is missing"),
                               ('{"annotations": {}, "annotations": {}}', "duplicate"),
                               ('{"annotations": {"quixote.model": 1}}', "not one line"),
                               ('{"annotations": {"quixote.\\u001bx": ""}}', "\\x1b"),
                               ('{"annotations": {"quixote.mode": "train"}}', "quixote.model is missing"),
                               # An unlimited limit, which is no signed integer.
                               ('{"process": {"rlimits": [{"hard": 18446744073709551615}]}, "annotations": {"quixote.mode": "train"}}',
                                "quixote.model is missing"),
                               ('{"annotations": {"quixote.model": 18446744073709551615}}', "not one line"),
                               ("{" + " " * (4 << 20) + "}", "too long")):
            with open(os.path.join(self.dir.name, "config.json"), "w", encoding="utf-8") as file:
                file.write(text)
            result = self.run_words(QUIXOTE, "oci", "create", "c1")
            self.assertEqual((result.returncode, result.stdout), (1, ""), text[:60])
            self.assertIn(sentence, result.stderr, text[:60])


if __name__ == "__main__":
    QUIXOTE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
