# SPDX-License-Identifier: LGPL-2.1-or-later
"""formula.py - the digests of formula 1, computed from the schema and docs/formula.md alone, so
that a test can ask kernel and library whether they agree with a third.
"""
import hashlib
import json
import os
import re

SCHEMA_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                           "../../libtsem/schema/schema.json")
INTEGERS = {"BOOL": 1, "U16": 2, "U32": 4, "U64": 8, "S32": 4, "S64": 8}


def read_schema():
    with open(SCHEMA_FILE, encoding="utf-8") as file:
        return json.load(file)


def raw(text):
    """The bytes that a TEXT stands for: a lone low surrogate is a byte that is no UTF-8."""
    return text.encode("utf-8", "surrogateescape")


class Formula:
    """One hash function and one projection."""

    def __init__(self, fields, name="sha256"):
        schema = read_schema()
        self.types = schema["types"]
        self.choices = schema["choices"]
        self.coe, self.event = schema["coe"], schema["event"]
        self.events = {event["name"]: event for event in schema["events"]}
        self.local = {int(entry["magic"], 16) for entry in schema["local_filesystems"]}
        self.portable = fields == "portable"
        self.hash_name = name
        self.zeros = "0" * (2 * hashlib.new(name).digest_size)

    def hash(self, *parts):
        return hashlib.new(self.hash_name, b"".join(parts)).digest()

    def project(self, member, value, beside):
        """A named projection; the value stays text, as it is printed."""
        name = member.get("project")
        if not self.portable or not name:
            return value
        if name == "fsclass":
            return "0x0" if int(value, 16) in self.local else value
        if name == "ephemeral":
            return str(65535 if int(value) >= 32768 else int(value))
        if name == "absname":
            return re.sub("[0-9a-fA-F]{5,}", "*", value) if value.startswith("\0") else value
        if name == "size01":
            return str(min(int(value), 1))
        if name == "sign":
            return str((int(value) > 0) - (int(value) < 0))
        if name == "loop":
            return re.sub("^(/dev/loop)[0-9]+", r"\1*", value)
        if name == "uservalue":
            return "" if beside["name"].startswith(("user.", "trusted.overlay.")) else value
        raise ValueError("no projection " + name)

    def pack_value(self, member, value):
        kind = member["type"]
        if kind in INTEGERS:
            number = int(value, member.get("base", 10))
            return number.to_bytes(INTEGERS[kind], "little", signed=kind.startswith("S"))
        if kind in ("TEXT", "BLOB"):
            data = raw(value) if kind == "TEXT" else bytes.fromhex(value)
            return len(data).to_bytes(4, "little") + data
        if kind in ("UUID", "IP6", "DIGEST"):
            return bytes.fromhex(value)
        if kind in self.choices:
            form = next(form for form in self.choices[kind] if form["name"] in value)
            return bytes([form["tag"]]) + self.pack(self.types[form["type"]], value[form["name"]])
        return self.pack(self.types[kind], value)

    def pack(self, members, value):
        """The hashed bytes of an object."""
        data, groups = b"", set()
        for member in members:
            name, group = member["name"], member.get("group")
            if self.portable and member.get("local"):
                continue
            if group not in groups and (group or member.get("optional")):
                data += b"\1" if name in value else b"\0"
                groups |= {group} - {None}
            if name in value:
                text = value[name]
                if member.get("empty_if") in value:
                    text = ""
                else:
                    text = self.project(member, text, value)
                data += self.pack_value(member, text)
        return data

    def ids(self, record):
        name = record["event"]["type"]
        return (self.hash(self.pack(self.coe, record["COE"])),
                self.hash(self.pack(self.events[name]["cell"], record[name])))

    def coefficient(self, record):
        event = record["event"]
        return self.hash(self.hash(event["type"].encode()), bytes.fromhex(event["p_task_id"]),
                         bytes.fromhex(event["task_id"]), *self.ids(record)).hex()

    def task_id(self, record):
        """What the TASK_ID after an exec must be: the second formula."""
        return self.hash(self.hash(b"bprm_committed_creds"),
                         bytes.fromhex(record["event"]["p_task_id"]), bytes.fromhex(self.zeros),
                         *self.ids(record)).hex()

    def keys_in_order(self, members, value):
        """Whether an object has the keys of the schema, in its order, and no others."""
        if list(value) != [m["name"] for m in members if m["name"] in value]:
            return False
        for member in members:
            inner, kind = value.get(member["name"]), member["type"]
            if inner is None and not member.get("optional"):
                return False
            if kind in self.choices and inner is not None:
                form = [form for form in self.choices[kind] if form["name"] in inner]
                if len(form) != 1 or len(inner) != 1:
                    return False
                kind, inner = form[0]["type"], inner[form[0]["name"]]
            if kind in self.types and inner is not None and not self.keys_in_order(
                    self.types[kind], inner):
                return False
        return True
