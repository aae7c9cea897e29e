#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_libraries.py - what the program with the capability is linked with."""

import re
import subprocess
import sys
import unittest

ALLOWED = {"libc", "libsystemd", "libcap", "libinih", "ld-linux-x86-64"}
SANITIZERS = {"libasan", "libubsan", "libm", "libgcc_s"}

ORCHESTRATOR = sys.argv.pop(1)


class Libraries(unittest.TestCase):
    def test_orchestrator(self):
        output = subprocess.run(["readelf", "-d", ORCHESTRATOR], check=True, capture_output=True,
                                text=True).stdout
        needed = set(re.findall(r"\(NEEDED\).*\[([^].]+)\.so", output))
        self.assertIn("libc", needed)
        if "libasan" in needed:
            needed -= SANITIZERS
        self.assertLessEqual(needed, ALLOWED)


if __name__ == "__main__":
    unittest.main(verbosity=2)
