# SPDX-License-Identifier: LGPL-2.1-or-later
"""run.py - one life of the member, outside of it: the namespace, the verdicts, and the comparison of
its records with what was done and with the digests of the library and of tests/vm/formula.py.
"""
import json
import os
import subprocess
import tempfile

import formula
from kernel import PYTHON, Namespace, expect

from . import MARK, SELF, ZEROS
from .facts import O_LARGEFILE, executed

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
QUIXOTE = os.environ.get("QUIXOTE_BUILD", HERE + "/../../build") + "/cli/quixote"


def differences(wanted, found, at=""):
    """Where two objects differ, in words."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [line for key in sorted(set(wanted) | set(found))
                for line in differences(wanted.get(key), found.get(key), at + "." + key)]
    return [] if wanted == found else ["%s is %s instead of %s" % (at[1:], found, wanted)]


def run_member(ns, program, *arguments, patience_sec=400):
    """A Python program in the namespace, its events allowed, until it ends."""
    program = "import sys; sys.path.insert(0, %r); %s" % (HERE, program)
    command = [PYTHON, "-I", "-S", "-B", "-c", program, *arguments]
    status = ns.judge(ns.start(lambda: os.execv(PYTHON, command)), patience_sec)
    expect(status == 0, "the member ended with status %d" % status)


class Run:
    """One life of the member under one projection."""

    program = "import provoke; provoke.main()"
    patience_sec = 400

    def __init__(self, fields, prepared, chosen, nsref="initial"):
        self.fields = fields
        self.nsref = nsref
        self.formula = formula.Formula(fields)
        self.ns = self.make_namespace()
        self.reports = self.run(prepared, chosen)
        self.lines = sorted(self.ns.records, key=lambda r: int(r["event"]["number"]))
        self.task_ids = {}
        self.proofs = []        # what is wrong with records as such

    def make_namespace(self):
        return Namespace("events=all exec=1 fields=%s nsref=%s deadline=20000 batch=1" % (
            self.fields, self.nsref))

    @staticmethod
    def more_options():
        return {}

    def run(self, prepared, chosen):
        out = os.memfd_create("reports", 0)
        bystander = subprocess.Popen(["/bin/sleep", "1000"])
        # Places differ in what is printed; what is left out of a digest is the same in all.
        options = {"places": prepared, "out": out, "outsider": bystander.pid, "chosen": chosen,
                   "nsref": self.nsref, "brief": self.fields == "portable",
                   "acceptor": os.path.realpath(os.path.dirname(QUIXOTE) + "/../tests/vm/vm-acceptor")}
        options.update(self.more_options())
        os.set_inheritable(out, True)
        try:
            run_member(self.ns, self.program, json.dumps(options), patience_sec=self.patience_sec)
        finally:
            bystander.kill()
            bystander.wait()
        with os.fdopen(os.dup(out), "rb") as file:
            file.seek(0)
            return [json.loads(line) for line in file]

    def check_identity(self):
        """The TASK_IDs: each exec by the formula, each fork by its parent."""
        wrong = []
        first = self.lines[0]
        fact = executed(PYTHON, O_LARGEFILE | 0x20)
        wrong += differences({"previous": self.formula.zeros, "file": fact},
                             first["bprm_committed_creds"])
        self.self_id = self.formula.task_id(first)
        for record in self.lines:
            event = record["event"]
            if event["type"] == "bprm_committed_creds":
                computed = self.formula.task_id(record)
                wrong += differences(computed, event["task_id"], ".TASK_ID")
                self.task_ids[event["pid"]] = computed
        return wrong

    def check_forms(self):
        """Numbers, kinds and keys of every record."""
        wrong = []
        last = 0
        for record in self.lines:
            event = record["event"]
            rule = self.formula.events[event["type"]]
            kind = "event" if rule["wait"] else "async_event"
            # The event of a task that is killed while it waits is withdrawn, and its number missing.
            good = (int(event["number"]) > last and event["context"] == self.ns.id and
                    list(record) == ["export", "event", "COE", event["type"]] and
                    record["export"] == {"type": kind} and
                    self.formula.keys_in_order(self.formula.coe, record["COE"]) and
                    self.formula.keys_in_order(self.formula.event, event) and
                    self.formula.keys_in_order(rule["cell"], record[event["type"]]))
            if not good:
                wrong.append("record %d: %s" % (last, json.dumps(record)))
            last = int(event["number"])
        return wrong

    def check_coefficients(self):
        """Every coefficient: the library's and that of formula.py."""
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            for record in self.lines:
                file.write(json.dumps(record, ensure_ascii=True) + "\n")
            file.flush()
            result = subprocess.run([QUIXOTE, "digest", "--fields=" + self.fields, file.name],
                                    capture_output=True, check=False)
        if result.returncode:
            return [result.stderr.decode()]
        told = [json.loads(line) for line in result.stdout.splitlines()]
        wrong = [] if len(told) == len(self.lines) else ["%d digests" % len(told)]
        for digest, record in zip(told, self.lines):
            wrong += differences(self.formula.coefficient(record), digest["coefficient"],
                                 ".coefficient of " + record["event"]["type"])
        return wrong

    def resolve(self, value):
        """Names of TASK_IDs become these."""
        if isinstance(value, dict):
            return {key: self.resolve(inner) for key, inner in value.items()}
        if value == SELF:
            return self.self_id
        if value == ZEROS:
            return self.formula.zeros
        if isinstance(value, str) and value.startswith("@task:"):
            return self.task_ids.get(value[6:], "no TASK_ID of " + value[6:])
        return value

    def marks(self):
        """Step number to the records between its marks."""
        steps, open_step = {}, None
        for record in self.lines:
            cell = record.get("task_prctl")
            if cell and cell["option"] == str(MARK):
                step, end = divmod(int(cell["arg2"]), 2)
                open_step = None if end else step
                steps.setdefault(step, [])
            elif open_step is not None:
                steps[open_step].append(record)
        return steps

    def check(self, report, between):
        """One expectation against the records of its step."""
        event, who = report["event"], report["who"]
        found = [r for r in between.get(report["step"], []) if r["event"]["type"] == event]
        if not found:
            return ["no %s among %s" % (event, sorted({r["event"]["type"] for r in between.get(
                report["step"], [])}))]
        if len(found) > 1 and not report["among"]:
            return ["%d records of %s" % (len(found), event)]
        wanted = {"cell": self.resolve(report["cell"]), "COE": who["coe"], "pid": who["pid"],
                  "process": who["comm"][:15]}
        results = [differences(wanted, {"cell": r[event], "COE": r["COE"], "pid": r["event"]["pid"],
                                        "process": r["event"]["process"]}) for r in found]
        return min(results, key=len)
