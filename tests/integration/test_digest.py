#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_digest.py - quixote digest on the vectors of the formula, each option, and what it refuses."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

QUIXOTE = None
VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "formula1")
KEYS = ("coe", "cell", "coefficient", "task_id")
FIELDS = ("strict", "portable")


def vectors(name):
    with open(f"{VECTORS}/{name}.jsonl", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def lines_of(records):
    return "".join(record + "\n" for record in records).encode()


def digest(*arguments, data=b""):
    return subprocess.run([QUIXOTE, "digest", *arguments], input=data, capture_output=True, check=False)


def objects(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


class DigestTest(unittest.TestCase):

    def check_vectors(self, rows, *options):
        data = lines_of(row["record"] for row in rows)
        for fields in FIELDS:
            done = digest("--fields=" + fields, *options, data=data)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            wanted = [{"line": number, **{key: row["expect"][fields][key] for key in KEYS if key in row["expect"][fields]}}
                      for number, row in enumerate(rows, 1)]
            self.assertEqual(objects(done), wanted)

    def test_events(self):
        self.check_vectors(vectors("events"))

    def test_other_spellings(self):
        self.check_vectors(vectors("forms"))

    def test_every_function(self):
        rows = vectors("hashes")
        names = sorted({row["hash"] for row in rows})
        self.assertEqual(names, ["sha3-256", "sha384", "sha512", "sm3"])
        for name in names:
            self.check_vectors([row for row in rows if row["hash"] == name], "--digest=" + name)

    def test_portable_and_sha256_are_the_default(self):
        data = lines_of(row["record"] for row in vectors("events")[:20])
        self.assertEqual(digest(data=data).stdout, digest("--fields=portable", "--digest=sha256", data=data).stdout)

    def test_sequences(self):
        """Base, aggregate and pseudonyms; measurement and state at the end."""
        tried = set()
        for row in vectors("sequences"):
            if row["states"]:  # loaded, not seen
                continue
            options = ["--fields=" + row["projection"], "--digest=" + row["hash"]]
            options += [f"--{key}={row[key]}" for key in ("base", "aggregate") if row[key]]
            options += ["--pseudonym=" + os.fsdecode(bytes.fromhex(path)) for path in row["pseudonym_paths_hex"]]
            done = digest("--summary", *options, data=lines_of(row["records"]))
            self.assertEqual((done.returncode, done.stderr), (0, b""), row["id"])
            *told, summary = objects(done)
            self.assertEqual(summary, {"measurement": row["expect"]["measurement"], "state": row["expect"]["state"],
                                       "coefficients": row["expect"]["points"]}, row["id"])
            for step, line in zip(row["expect"]["steps"], told, strict=True):
                self.assertEqual(line.get("task_id"), step.get("task_id"), row["id"])
                self.assertIn(step["coefficient"], (line["coefficient"], None), row["id"])
            tried.update(option.split("=")[0] for option in options)
        self.assertEqual(tried, {"--fields", "--digest", "--base", "--aggregate", "--pseudonym"})

    def test_malformed_records_are_named_and_the_rest_goes_on(self):
        good = vectors("events")[0]["record"].encode()
        lines, wanted = [], []
        for row in vectors("malformed"):
            record = bytes.fromhex(row["record_hex"]) if "record_hex" in row else row["record"].encode()
            if b"\n" in record:
                continue
            lines += [record, good]
            wanted.append(f"<stdin>:{len(lines) - 1}: {row['reason']}")
        done = digest(data=b"".join(line + b"\n" for line in lines))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.decode().splitlines(), wanted)
        self.assertEqual([line["line"] for line in objects(done)], list(range(2, len(lines) + 1, 2)))
        self.assertGreater(len(wanted), 50)

    def test_a_file_is_named(self):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.write("{}\n" + vectors("events")[0]["record"])  # the last line without its end
            file.flush()
            done = digest(file.name)
            self.assertEqual(done.returncode, 1)
            self.assertTrue(done.stderr.decode().startswith(file.name + ":1: "), done.stderr)
            self.assertEqual([line["line"] for line in objects(done)], [2])
            with open(file.name, "rb") as data:
                self.assertEqual(digest("-", data=data.read()).stdout, done.stdout)

    def test_nothing_has_a_summary_too(self):
        done = digest("--summary")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(objects(done)[0]["coefficients"], 0)

    def test_refused_command_lines(self):
        rows = [
            (["--fields=all"], 201, "--fields takes strict or portable, not 'all'"),
            (["--digest=md5"], 201, "--digest takes sha256, sha384, sha512, sha3-256 or sm3, not 'md5'"),
            (["--base=00"], 201, "--base takes 64 lower-case hexadecimal digits"),
            (["--base=" + "A" * 64], 201, "--base takes 64 lower-case hexadecimal digits"),
            (["--digest=sha512", "--aggregate=" + "0" * 64], 201, "--aggregate takes 128 lower-case hexadecimal digits"),
            (["--aggregate=" + "0" * 63 + "g"], 201, "--aggregate takes 64 lower-case hexadecimal digits"),
            (["--pseudonym"], 201, "--pseudonym needs a value"),
            (["--summary=yes"], 201, "--summary=yes takes no value"),
            (["--quux"], 201, "unknown option --quux"),
            (["a", "b"], 201, "one file at most"),
            (["/nowhere"], 1, "/nowhere: No such file or directory"),
            (["/"], 1, "/: Is a directory"),
        ]
        for arguments, status, said in rows:
            with self.subTest(arguments):
                done = digest(*arguments)
                self.assertEqual((done.returncode, done.stdout), (status, b""))
                self.assertIn("quixote digest: " + said, done.stderr.decode())

    def test_output_that_has_no_room(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([QUIXOTE, "digest"], input=lines_of([vectors("events")[0]["record"]]), stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No space left", done.stderr)


if __name__ == "__main__":
    QUIXOTE = sys.argv.pop(1)
    unittest.main()
