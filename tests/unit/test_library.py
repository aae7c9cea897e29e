#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_library.py - libtsem.so as other programs see it: what it has is what its headers declare,
and the example of it says what is outside a model."""

import json
import os
import re
import subprocess
import sys
import unittest

OUTSIDE, LIBRARY, PROJECT = (os.path.abspath(path) for path in sys.argv[1:4])
del sys.argv[1:4]
MODEL = PROJECT + "/tests/data/models/job.model"
RUN_MEMBERS = '"context": "0", "number": "0", "ttd": "0", "p_ttd": "0", "ts": "0", '


def declared():
    """Functions of the public headers, without those that are inline."""
    text = ""
    for name in ("hasher", "model"):
        with open(f"{PROJECT}/libtsem/{name}.h", encoding="utf-8") as file:
            text += re.sub(r"/\*.*?\*/|static inline.*?\n}", "", file.read(), flags=re.S)
    return set(re.findall(r"\b(tsem_\w+)\(", text))


def exported():
    lines = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], check=True, capture_output=True, text=True).stdout
    return {name for _, kind, name in map(str.split, lines.splitlines()) if kind != "A"}


def learned():
    """The events of the model, as the kernel would tell them."""
    with open(MODEL, encoding="utf-8") as lines:
        for line in lines:
            event = re.search(r'"event": (\{"event": \{)(.*)\}$', line)
            if event:
                yield event.group(1) + RUN_MEMBERS + event.group(2)


def outside(*records, model=MODEL):
    data = "".join(record + "\n" for record in records)
    return subprocess.run([OUTSIDE, model], input=data, capture_output=True, text=True, check=False)


class Library(unittest.TestCase):

    def test_has_what_is_declared(self):
        self.assertEqual(exported(), {name + "@@TSEM_1" for name in declared()})

    def test_name(self):
        text = subprocess.run(["readelf", "-d", LIBRARY], check=True, capture_output=True, text=True).stdout
        self.assertIn("soname: [libtsem.so.1]", text)

    def test_what_was_learned_is_inside(self):
        records = list(learned())
        self.assertGreater(len(records), 3)
        done = outside(*records)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_what_was_not_learned_is_outside(self):
        inside = list(learned())[-1]
        with open(f"{PROJECT}/tests/data/formula1/events.jsonl", encoding="utf-8") as lines:
            others = [json.loads(line)["record"] for line, _ in zip(lines, range(20))]
        strange = ["", "{", "{}", inside + " x", inside.replace('"type"', '"typ"', 1)]
        done = outside(*others, inside, *strange)
        self.assertEqual((done.returncode, done.stdout.splitlines()), (1, others + strange))

    def test_model_is_refused(self):
        done = outside(model=PROJECT + "/tests/data/formula1/README.md")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, r"README.md:1: \w+")


if __name__ == "__main__":
    unittest.main(verbosity=2)
