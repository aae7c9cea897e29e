# SPDX-License-Identifier: LGPL-2.1-or-later
"""judged.py - namespaces that the kernel judges, and what the library says of the same records."""
import json
import os
import subprocess

from kernel import TREE, Namespace, expect

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("QUIXOTE_BUILD", os.path.dirname(os.path.dirname(HERE)) + "/build")
FILES = ("trajectory", "trajectory_coefficients", "trajectory_counts", "forensics",
         "forensics_coefficients", "forensics_counts", "measurement", "state")
WORK = "read x < /etc/hostname; kill -0 $$; /bin/true; for i in 1 2 3; do read x < /etc/passwd; done"


class Internal(Namespace):
    """A namespace that the kernel judges."""

    def __init__(self, arguments="", **keys):
        super().__init__("tma=internal " + arguments, **keys)

    def run(self, script):
        return os.waitstatus_to_exitcode(self.judge(self.sh(script)))


def quixote_digest(records, *options):
    """Coefficients, measurement and state as the library has them."""
    out = subprocess.run([BUILD + "/cli/quixote", "digest", "--summary", *options],
                         input="\n".join(records) + "\n", stdout=subprocess.PIPE, check=True,
                         encoding="utf-8", errors="surrogateescape").stdout
    lines = [json.loads(line) for line in out.splitlines()]
    return [line["coefficient"] for line in lines[:-1]], lines[-1]


def opens(path):
    return lambda record: record.get("file_open", {}).get("file", {}).get("path", {}).get(
        "pathname") == path


def learned(script=WORK, arguments="", prepare=()):
    """Coefficients of one run, and the namespace."""
    ns = Internal(arguments)
    for command in prepare:
        ns.write(command)
    expect(ns.run(script) == 0, "the run failed")
    return ns


def sealed(arguments, script=WORK, enforce=True):
    """A namespace that knows what one run of the script does, sealed."""
    model = learned(script)
    ns = Internal(arguments)
    for coefficient in model.lines("trajectory_coefficients"):
        ns.write("state value=" + coefficient)
    model.close()
    if enforce:
        ns.write("enforce")
    ns.write("seal")
    return ns


def upstream(configure, program):
    """Run a program in a namespace of upstream's verb; returns exit code and its files, as the
    member that made it reads them."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            control = os.open(TREE + "control", os.O_WRONLY)
            for command in configure:
                os.write(control, command.encode() + b"\n")
            child = os.fork()
            if child == 0:
                os.execv("/bin/sh", ["/bin/sh", "-c", program])
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            found = {}
            for name in FILES:
                with open(TREE + "internal_tma/model0/" + name, encoding="utf-8",
                          errors="surrogateescape") as file:
                    found[name] = file.read().splitlines()
            with open(TREE + "aggregate", encoding="ascii") as file:
                found["aggregate"] = file.read()
            os.write(writer, json.dumps(found).encode())
        finally:
            os._exit(code & 255)
    os.close(writer)
    data = b""
    while (part := os.read(reader, 1 << 20)):
        data += part
    os.close(reader)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), json.loads(data or "{}")
