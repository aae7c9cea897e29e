# SPDX-License-Identifier: LGPL-2.1-or-later
"""patience.py - waiting for what happens as soon as it can: on a busy machine that may be late."""

import os
import signal
import time

PATIENCE_SEC = 60               # only what fails takes this long


def wait_until(condition, what="condition"):
    deadline = time.monotonic() + PATIENCE_SEC
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE_SEC} s: {what}")
        time.sleep(0.02)


def state(pid):
    """Of a process, as /proc/PID/stat has it: T is stopped, Z has ended; None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def has_ended(pid):
    """Also of one that nobody has waited for: its files are closed."""
    return state(pid) in (None, "Z", "X")


def signal_and_see(pid, number):
    """SIGKILL or SIGSTOP, and its effect."""
    os.kill(pid, number)
    wait_until(lambda: has_ended(pid) or (number == signal.SIGSTOP and state(pid) == "T"), what=f"signal {number}")
