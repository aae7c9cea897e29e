# SPDX-License-Identifier: LGPL-2.1-or-later
"""story.py - models and forensics made by hand; the digests are those of `quixote digest`."""

import json
import subprocess

ZERO = "0" * 64
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
EXECUTED = 0x8020  # as the kernel opens what it executes


def coe(uid=1000):
    ids = {name: str(uid) for name in ("uid", "euid", "suid", "gid", "egid", "sgid", "fsuid", "fsgid")}
    return {**ids, "capeff": "0x0"}


def inode(mode="0100755", uid=0):
    return {"uid": str(uid), "gid": str(uid), "mode": mode, "s_magic": "0xef53", "s_id": "vda1", "s_uuid": "0" * 32}


def file(path, flags=0x8000, digest="1" * 64, mode="0100755", scratch=None, uid=0):
    place = {"scratch": scratch} if scratch else {}
    return {"flags": str(flags), "inode": inode(mode, uid), "path": {**place, "pathname": path}, "digest": digest}


def record(event, cell, task_id=ZERO, p_task_id=ZERO, process="sh", creds=None, number=1):
    return {"event": {"pid": "42", "context": "3", "number": str(number), "process": process, "type": event,
                      "ttd": "1", "p_ttd": "1", "task_id": task_id, "p_task_id": p_task_id, "ts": "5"},
            "COE": creds or coe(), event: cell}


def text(value):
    """In the one spelling of formula.md, section 7."""
    encoded = json.dumps(value, ensure_ascii=False)
    return "".join(f"\\u{ord(c):04x}" if c == "\x7f" or 0xd800 <= ord(c) < 0xe000 else c for c in encoded)


class Story:
    """A model being told, event by event."""

    def __init__(self, quixote, fields="portable", pseudonyms=("/etc/ld.so.cache",),
                 scratch=("/dev/shm/", "/tmp/", "/var/tmp/")):
        self.quixote = quixote
        self.fields = fields
        self.pseudonyms = sorted(pseudonyms)
        self.scratch = sorted(scratch)
        self.programs = {}
        self.points = {}
        self.refused = []

    def coefficient(self, event):
        options = [f"--fields={self.fields}"] + [f"--pseudonym={path}" for path in self.pseudonyms]
        done = subprocess.run([self.quixote, "digest", *options], input=text(event) + "\n", text=True,
                              capture_output=True, check=True)
        told = json.loads(done.stdout)
        return told.get("task_id", told["coefficient"])

    def executed(self, path, previous=ZERO, p_task_id=ZERO, script=None, digest="1" * 64, learned=True, creds=None):
        """A program and its TASK_ID."""
        cell = {"previous": previous, "file": file(path, EXECUTED, "1" * 64 if script else digest)}
        if script:
            cell["script"] = file(script, EXECUTED, digest)
        event = record("bprm_committed_creds", cell, ZERO, p_task_id, creds=creds)
        event["event"]["task_id"] = task_id = self.coefficient(event)
        if learned:
            self.programs[task_id] = event
        else:
            self.refused.append((task_id, "program", event))
        return task_id

    def learned(self, event, count=1):
        self.points[self.coefficient(event)] = (event, count)

    def refuse(self, event, verdict="refused"):
        self.refused.append((self.coefficient(event), verdict, event))

    @staticmethod
    def kept(event):
        members = {key: event["event"][key] for key in ("process", "type", "task_id", "p_task_id")}
        return text({**event, "event": members})

    def model(self, name="job", runs=1):
        lines = [f'{{"format": "quixote-model", "version": 1, "formula": 1, "fields": "{self.fields}", '
                 f'"digest": "sha256", "nsref": "initial", "name": "{name}", "runs": {runs}, "tool": "quixote 0.1"}}']
        lines += [f'{{"pseudonym": {text(path)}}}' for path in self.pseudonyms]
        lines += [f'{{"scratch": {text(path)}}}' for path in self.scratch]
        for task_id, event in sorted(self.programs.items()):
            lines.append(f'{{"program": "{task_id}", "p_task_id": "{event["event"]["p_task_id"]}", '
                         f'"event": {self.kept(event)}}}')
        for coefficient, (event, count) in sorted(self.points.items()):
            lines.append(f'{{"coefficient": "{coefficient}", "count": {count}, "runs": 1, "event": {self.kept(event)}}}')
        lines.append(f'{{"end": {len(lines)}}}')
        return "\n".join(lines) + "\n"

    def forensics(self, begin=1700000000):
        lines = [f'{{"time":{begin + i}.000001,"coefficient":"{coefficient}","verdict":"{verdict}","record":{text(event)}}}'
                 for i, (coefficient, verdict, event) in enumerate(self.refused)]
        return "".join(line + "\n" for line in lines)
