#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_signed.py - keys, signatures, and that nothing is enforced that was not signed."""

import base64
import json
import os
import shutil
import subprocess
import sys
import unittest

import harness
from agent import READY, STATUS
from harness import WorkloadTest, load_records, numbered

QUIXOTE = None


def read(path):
    with open(path, "rb") as file:
        return file.read()


class SignedTest(WorkloadTest):
    """A trained model, and keys of three people of whom two may sign."""

    def setUp(self):
        super().setUp()
        self.keys = self.dir + "/keys.d"
        os.mkdir(self.keys, 0o755)
        for name in ("alice", "bob", "mallory"):
            self.quixote("key", "new", f"{self.dir}/{name}")
        for name in ("alice", "bob"):
            shutil.copy(f"{self.dir}/{name}.pub", self.keys)

    def run_quixote(self, *arguments):
        environment = dict(os.environ, XDG_STATE_HOME=self.state + "-home")
        return subprocess.run([QUIXOTE, *arguments], text=True, capture_output=True, check=False, env=environment)

    def quixote(self, *arguments):
        done = self.run_quixote(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return done.stdout

    def sign(self, name="alice", *options):
        return self.quixote("model", "sign", f"--key={self.dir}/{name}.key", *options, self.model)

    def signed_config(self, **keys):
        return self.config(Trust_AllowUnsigned="no", Trust_Keys=self.keys, **keys)

    def accepted(self):
        for place in (self.state, self.state + "-home/quixote/web"):
            if os.path.exists(place + "/accepted-version"):
                return place + "/accepted-version"
        return None

    def enforce(self, record, **keys):
        """It runs, and what was learned is trusted."""
        kernel = self.kernel()
        process = self.start(kernel, "enforce", self.signed_config(**keys))
        kernel.wait_armed()
        kernel.send(numbered(record, 1))
        self.assertEqual(kernel.verdicts(1), ["trusted 1"])
        status, _, err = self.finish(process)
        self.assertEqual((status, err), (0, ""))

    def check_refused(self, said, **keys):
        kernel = self.kernel()
        status, _, err = self.finish(self.start(kernel, "enforce", self.signed_config(**keys)))
        self.assertEqual(status, 203, err)
        self.assertIn(said, err)
        self.assertEqual(err.count("\n"), 1, err)
        self.assertEqual(kernel.armed, [])


class Enforcing(SignedTest):
    def setUp(self):
        super().setUp()
        self.record = load_records(1)[0]
        self.train([self.record])

    def test_signed(self):
        self.sign("alice", "--version=7")
        self.enforce(self.record)
        self.assertEqual(read(self.accepted()), b"7\n")
        self.enforce(self.record)
        self.sign("bob")
        self.enforce(self.record, Trust_Threshold="2")

    def test_not_needed(self):
        for mode, unsigned in (("shadow", "no"), ("enforce", "yes")):
            kernel = self.kernel()
            process = self.start(kernel, mode, self.config(Trust_AllowUnsigned=unsigned))
            kernel.wait_armed()
            self.assertEqual(self.finish(process)[0], 0)

    def test_refused(self):
        self.check_refused("web.model.sig: No such file or directory: the model is not signed by whom")
        self.sign("mallory")
        self.check_refused("of its 1 signature 0 are good and by a key that may sign, and 1 must be")
        self.sign("alice")
        self.check_refused("of its 2 signatures 1 is good and by a key that may sign, and 2 must be", Trust_Threshold="2")
        self.check_refused("it was signed for the workload web, not for mail", Workload_Name="mail")
        os.truncate(self.model + ".sig", 300)
        self.check_refused("the signature: not a JSON object, or cut off")

    def test_changed_model(self):
        self.sign()
        self.train(load_records(2))
        self.check_refused("the model is not the one that was signed")
        self.sign()
        self.enforce(self.record)

    def test_keys(self):
        self.sign()
        os.chmod(self.keys + "/bob.pub", 0o664)
        self.check_refused("/keys.d/bob.pub: others may write it: the model is not signed")
        os.chmod(self.keys + "/bob.pub", 0o644)
        os.chmod(self.keys, 0o777)
        self.check_refused("/keys.d: others may write it: the model is not signed")
        os.chmod(self.keys, 0o755)
        shutil.copy(self.dir + "/bob.key", self.keys + "/bob.pub")
        self.check_refused("the key bob is not a public key of Ed25519 (PEM)")
        shutil.copy(self.keys + "/alice.pub", self.keys + "/bob.pub")
        self.check_refused("alice and bob are the same key")
        os.unlink(self.keys + "/bob.pub")
        os.unlink(self.keys + "/alice.pub")
        self.check_refused("there is no key that may sign")
        os.mkdir(self.keys + "/a.pub")
        self.check_refused("/keys.d/a.pub: Invalid argument")
        os.rmdir(self.keys + "/a.pub")
        os.rmdir(self.keys)
        self.check_refused("/keys.d: No such file or directory")

    def test_older_version(self):
        """Also if that was signed by the same people."""
        self.sign("alice", "--version=4")
        old = {}
        for suffix in ("", ".sig"):
            old[suffix] = read(self.model + suffix)
        self.enforce(self.record)
        self.train(load_records(2))
        self.assertIn("version 5", self.sign())
        self.enforce(self.record)
        for suffix, data in old.items():
            with open(self.model + suffix, "wb") as file:
                file.write(data)
        self.check_refused("version 4, after 5: the model is older than one that this workload ran under")
        self.sign("alice", "--version=6")
        self.enforce(self.record)

    def test_version_that_is_not_known(self):
        """Fails closed."""
        self.sign()
        self.enforce(self.record)
        for text in ("", "x\n", "1", "1\n1\n", "99999999999999999999\n"):
            with open(self.accepted(), "w", encoding="ascii") as file:
                file.write(text)
            self.check_refused("accepted-version: Bad message: the model is older than one")

    def test_agent_that_verified_nothing(self):
        """It says that it is ready, and not with which version."""
        self.sign()
        os.mkdir(self.dir + "/libexec")
        with open(self.dir + "/libexec/quixote-tma", "w", encoding="ascii") as file:
            file.write(f"#!/usr/bin/python3\nimport os, time\nos.write(4, {STATUS.pack(READY, 0, *[0] * 7, b'')!r})\ntime.sleep(60)\n")
        os.chmod(self.dir + "/libexec/quixote-tma", 0o755)
        kernel = self.kernel()
        status, _, err = self.finish(self.start(kernel, "enforce", self.signed_config(), libexec=self.dir + "/libexec"))
        self.assertEqual((status, kernel.armed), (203, []), err)
        self.assertIn("accepted-version: Bad message: the model is older", err)

    def test_no_state_directory(self):
        self.sign()
        with open(self.state, "w", encoding="ascii"), open(self.state + "-home", "w", encoding="ascii"):
            pass
        kernel = self.kernel()
        status, _, err = self.finish(self.start(kernel, "enforce", self.signed_config()))
        self.assertEqual((status, kernel.armed), (203, []), err)
        self.assertIn("state directory: No such file or directory: the model is older", err)


class Commands(SignedTest):
    def setUp(self):
        super().setUp()
        self.train(load_records(2))

    def verify(self, *options):
        return self.quixote("model", "verify", f"--keys={self.keys}", *options, self.model)

    def test_keys(self):
        lines = self.quixote("key", "list", self.keys).splitlines()
        self.assertEqual([line.split()[1] for line in lines], ["alice", "bob"])
        self.assertEqual([json.loads(line)["id"] for line in self.quixote("key", "list", "--json", self.keys).splitlines()],
                         [line.split()[0] for line in lines])
        self.assertEqual(os.stat(self.dir + "/alice.key").st_mode & 0o777, 0o600)
        before = read(self.dir + "/alice.key")
        done = self.run_quixote("key", "new", self.dir + "/alice")
        self.assertEqual((done.returncode, done.stdout), (205, ""))
        self.assertIn("alice.key: File exists", done.stderr)
        self.assertEqual(read(self.dir + "/alice.key"), before)

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not there")
    def test_openssl_agrees(self):
        """The format is DSSE's, told here once more; keys and signatures are openssl's."""
        self.sign()
        subprocess.run(["openssl", "pkey", "-in", self.dir + "/alice.key", "-pubout", "-out", self.dir + "/out"], check=True)
        self.assertEqual(read(self.dir + "/out"), read(self.dir + "/alice.pub"))
        envelope = json.loads(read(self.model + ".sig"))
        payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
        with open(self.dir + "/signed", "wb") as file:
            file.write(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload))
        with open(self.dir + "/signature", "wb") as file:
            file.write(base64.b64decode(envelope["signatures"][0]["sig"]))
        subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", self.dir + "/alice.pub", "-rawin", "-in",
                        self.dir + "/signed", "-sigfile", self.dir + "/signature"], check=True, capture_output=True)
        statement = json.loads(payload)
        sha256 = subprocess.run(["sha256sum", self.model], check=True, capture_output=True, text=True).stdout.split()[0]
        self.assertEqual((statement["sha256"], statement["name"], statement["formula"], statement["coefficients"],
                          statement["runs"], statement["once"]), (sha256, "web", 1, 2, 1, 2))
        # A key that openssl made signs as well.
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.dir + "/carol.key"], check=True)
        os.chmod(self.dir + "/carol.key", 0o600)
        subprocess.run(["openssl", "pkey", "-in", self.dir + "/carol.key", "-pubout", "-out", self.keys + "/carol.pub"],
                       check=True)
        self.sign("carol")
        self.assertIn("signed by alice, carol; version 1", self.verify())

    def test_statements(self):
        self.assertIn("signed (1 signature): web, version 1, source unknown, 2 coefficients", self.sign())
        self.assertIn("signed (1 signature)", self.sign())
        self.assertIn("signed (2 signatures): web, version 1", self.sign("bob"))
        self.assertIn("web: signed by alice, bob; version 1\n", self.verify("--threshold=2"))
        told = json.loads(self.verify("--json"))
        self.assertEqual([signer["name"] for signer in told["signers"]], ["alice", "bob"])
        self.assertEqual((told["statement"]["version"], told["statement"]["source"]), (1, ""))
        self.assertIn("signed (1 signature): web, version 2, source v1.2 rc", self.sign("bob", "--source=v1.2 rc"))
        self.train(load_records(3))
        self.assertIn("signed (1 signature): web, version 3", self.sign())

    @unittest.skipUnless(shutil.which("git"), "git is not there")
    def test_source_from_git(self):
        def git(*arguments):
            return subprocess.run(["git", "-C", self.dir, "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
                                  check=True, capture_output=True, text=True).stdout
        git("init", "-q")
        git("commit", "-q", "--allow-empty", "-m", "first")
        self.assertIn("source " + git("rev-parse", "HEAD").strip(), self.sign())

    def test_configuration(self):
        config = self.signed_config()
        self.sign("alice", "--version=3")
        self.assertIn("web: signed by alice; version 3\n", self.quixote("model", "verify", config))
        done = self.run_quixote("run", "--check", "--kernel=builtin", "-c", config)
        self.assertIn("  the model is signed by alice; version 3\n", done.stdout)
        self.assertEqual(done.stderr, "")
        done = self.run_quixote("model", "verify", self.signed_config(Trust_Threshold="2"))
        self.assertEqual((done.returncode, done.stdout), (203, ""))
        self.assertIn("of its 1 signature 1 is good and by a key that may sign, and 2 must be", done.stderr)

    def test_refused(self):
        self.sign()
        key = f"--key={self.dir}/alice.key"
        rows = [
            (["key"], 201, "new or list is expected"),
            (["key", "new"], 201, "a NAME is expected"),
            (["key", "new", "a", "b"], 201, 'what is "b"?'),
            (["key", "new", self.dir + "/"], 201, '"" is no name for a key'),
            (["key", "new", "a b"], 201, '"a b" is no name for a key'),
            (["key", "new", ".a"], 201, '".a" is no name for a key'),
            (["key", "new", "/nowhere/a"], 205, "/nowhere/a.key: No such file or directory"),
            (["key", "make", "a"], 201, '"make" is neither new nor list'),
            (["key", "list", "/nowhere"], 205, "/nowhere: No such file or directory"),
            (["key", "list", self.dir + "/mallory.pub"], 205, "mallory.pub: Not a directory"),
            (["model", "sign", self.model], 201, "the key is missing: --key=FILE"),
            (["model", "sign", key], 201, "one MODEL is expected"),
            (["model", "sign", key, self.model, self.model], 201, "one MODEL is expected"),
            (["model", "sign", key, "--version=0", self.model], 201, "--version=0: expected a number from 1"),
            (["model", "sign", key, "--version=-1", self.model], 201, "--version=-1: expected a number from 1"),
            (["model", "sign", key, "--version=9223372036854775808", self.model], 201, "expected a number from 1"),
            (["model", "sign", key, '--source=a"b', self.model], 201, "--source: expected up to 128 characters"),
            (["model", "sign", f"--key={self.dir}/alice.pub", self.model], 205, "alice.pub"),
            (["model", "sign", f"--key={self.model}", self.model], 205, "web.model"),
            (["model", "sign", "--key=/nowhere", self.model], 205, "/nowhere: No such file or directory"),
            (["model", "sign", key, "/nowhere"], 203, "/nowhere: No such file or directory"),
            (["model", "sign", key, self.dir + "/alice.pub"], 203, "alice.pub:1: not a model"),
            (["model", "verify"], 201, "one FILE is expected"),
            (["model", "verify", "--threshold=0", self.model], 201, "--threshold=0: expected a number from 1 to 16"),
            (["model", "verify", "--threshold=17", self.model], 201, "--threshold=17: expected a number from 1 to 16"),
            (["model", "verify", "--threshold=2", f"--keys={self.keys}", self.model], 203, "of its 1 signature 1 is good"),
            (["model", "verify", "--keys=/nowhere", self.model], 203, "/nowhere: No such file or directory"),
            (["model", "verify", f"--keys={self.keys}", "/nowhere"], 203, "/nowhere.sig: No such file or directory"),
        ]
        before = read(self.model + ".sig")
        for arguments, status, said in rows:
            with self.subTest(arguments):
                done = self.run_quixote(*arguments)
                self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
                self.assertIn(said, done.stderr)
        self.assertEqual(read(self.model + ".sig"), before)

    def test_old_statement_that_cannot_be_read(self):
        with open(self.model + ".sig", "w", encoding="ascii") as file:
            file.write("{}")
        done = self.run_quixote("model", "sign", f"--key={self.dir}/alice.key", self.model)
        self.assertEqual((done.returncode, done.stdout), (203, ""))
        self.assertIn("what was signed before cannot be read", done.stderr)
        self.sign("alice", "--version=2")
        self.assertIn("version 2", self.verify())


if __name__ == "__main__":
    QUIXOTE = sys.argv.pop(3)
    harness.main()
