# SPDX-License-Identifier: LGPL-2.1-or-later
"""fault.py - cases once more, while memory fails: the first request for it in a step, then the second,
and so on until the step has not so many. Each time the case begins anew, in a directory that was made
outside.
"""
import ctypes
import json
import os
import sys

from . import CASES, families, run_case

REACHED, FAILED = 2, 4      # beside 1 of tell_outcome(): the step exists; a request failed in it
MOST_REQUESTS = 200


class Fault:
    """The nth request for memory of this thread in one step."""

    def __init__(self, context, step, nth):
        self.context, self.step, self.nth = context, step, nth
        self.count = 0
        self.result = 0
        self.fd = os.open("/proc/thread-self/fail-nth", os.O_RDWR)

    def set(self, number):
        os.pwrite(self.fd, b"%d" % number, 0)

    def begin(self, _):
        self.count += 1
        if self.count == self.step:
            self.result = REACHED
            self.set(self.nth)
        ctypes.set_errno(0)

    def end(self, step):
        if self.count != self.step:
            return
        error = ctypes.get_errno()
        left = int(os.pread(self.fd, 20, 0))
        self.set(0)
        if not left:
            self.result |= FAILED
        self.context.tell(step=step.number, failed=not left, errno=error)

    def outcome(self):
        return self.result


def prepare(place, case, options):
    """A new directory for the case, made by whoever is at the other end of the pipes."""
    os.write(options["ask"], json.dumps([place, case.name]).encode() + b"\n")
    return os.read(options["told"], 4096).decode()


def run_once(case, place, number, step, options):
    """The case with a fault in one step; step is its number and that of the request."""
    directory = prepare(place, case, options)
    fault = dict(options, fault=lambda context: Fault(context, *step))
    status = run_case(case, place, directory, number, fault)
    told = {"case": case.name, "place": place, "begin": number, "which": step}
    os.write(options["out"], json.dumps(told).encode() + b"\n")
    return os.waitstatus_to_exitcode(status)


def run_each(case, place, number, options):
    """All faults of a case. Returns the number of the last run."""
    step, nth = 1, 1
    while True:
        number += 1
        outcome = run_once(case, place, number, (step, nth), options)
        if outcome < 0 or not outcome & REACHED:
            return number
        if outcome & FAILED and nth < MOST_REQUESTS:
            nth += 1
        else:
            step, nth = step + 1, 1


def main():
    options = json.loads(sys.argv[1])
    families.load()
    number = 0
    for case in CASES:
        place = case.places[0]
        if (place in options["places"] and case.nsref == options["nsref"] and
                case.name in options["chosen"]):
            number = run_each(case, place, number, options)
