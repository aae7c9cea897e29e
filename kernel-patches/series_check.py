# SPDX-License-Identifier: GPL-2.0-only
"""series_check.py - what kernel-patches/series asks of a patch, a step and the whole."""
import glob
import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

# What checkpatch says and does not apply here.
IGNORE = [
    "FILE_PATH_CHANGES",            # MAINTAINERS names the folder from the first patch on
    "PREFER_KERNEL_TYPES",          # user space compiles core/ too
    "UNDOCUMENTED_SETUP",           # the same patch documents tsem_mode=
    "UNCOMMENTED_DEFINITION",       # what a lock protects stands in its struct's kernel-doc
    "MACRO_ARG_PRECEDENCE",         # a name that is declared, and one that is a string
    "MACRO_ARG_REUSE",
    "ENOSYS",                       # what task_prctl has to return for "not mine"
    "SPLIT_STRING",                 # whole records that tests expect do not fit in a line
    "QUOTED_WHITESPACE_BEFORE_NEWLINE",     # what a grammar has to refuse
]
GENERATED = ("vectors_test.h", "sequences_test.h", "schema-tables")
TSEM = "security/tsem/"


class Report:
    """Rules as TAP."""

    def __init__(self):
        self.number = self.failed = 0

    def say(self, text, complaints, skip=""):
        self.number += 1
        self.failed += bool(complaints)
        print("%s %d - %s%s" % ("not ok" if complaints else "ok", self.number, text,
                                " # SKIP " + skip if skip and not complaints else ""))
        for line in complaints[:20]:
            print("#   " + line)
        print(end="", flush=True)


def cache():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME") or "/var/tmp", ".cache")
    return os.path.join(os.environ.get("QUIXOTE_CACHE") or os.path.join(home, "quixote"), "kernel")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def run(*command, cwd=None, **variables):
    """Status and text of a command."""
    done = subprocess.run(command, cwd=cwd, text=True, errors="replace", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          env={**os.environ, **variables})
    return done.returncode, done.stdout


def tail(text):
    return text.strip().splitlines()[-20:] or ["it says nothing"]


# One patch

def skip_generated(patch):
    """checkpatch names lines of the patch; generated files are left out before it sees them."""
    parts = read(patch).split("\ndiff --git ")
    kept = [part for number, part in enumerate(parts)
            if not number or not any(name in part.split("\n", 1)[0] for name in GENERATED)]
    handle, path = tempfile.mkstemp(suffix=".patch")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write("\ndiff --git ".join(kept))
    return path


def checkpatch(tree, patch):
    reduced = skip_generated(patch)
    _, text = run(tree + "/scripts/checkpatch.pl", "--strict", "--terse", "--show-types",
                  "--no-summary", "--root=" + tree, "--ignore=" + ",".join(IGNORE), reduced)
    lines = read(reduced).splitlines()
    os.unlink(reduced)
    found = re.findall(r"(?m)^[^:]*:(\d+): ((?:WARNING|ERROR|CHECK):.*)$", text)
    return ["%s: %s" % (complaint, lines[int(number) - 1]) for number, complaint in found]


def check_patches(report, tree, outdir):
    patches = sorted(glob.glob(outdir + "/*.patch"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for patch, found in zip(patches, pool.map(lambda patch: checkpatch(tree, patch), patches)):
            report.say(os.path.basename(patch), found)


# One step

def um_build(tree):
    return next((out for out in sorted(glob.glob(tree + "/um*")) if os.path.exists(out + "/linux")), None)


def symbols(out):
    """Of each source below security/tsem: what it defines, and what it needs."""
    found = {}
    for path in glob.glob(out + "/" + TSEM + "**/*.o", recursive=True):
        name = os.path.relpath(path, out + "/" + TSEM)[:-2] + ".c"
        _, text = run("nm", path)
        lines = [line.split()[-2:] for line in text.splitlines()]
        found[name] = ({n for kind, n in lines if kind in "TDBRVW"}, {n for kind, n in lines if kind == "U"})
    return found


def includes(tree, name):
    """Our headers that a source includes, as they are named below security/tsem."""
    for header in re.findall(r'(?m)^#include "(.*)"', read(os.path.join(tree, TSEM, name))):
        own = os.path.normpath(os.path.join(os.path.dirname(name), header))
        if own.startswith("../"):
            continue    # the kernel's
        yield own if os.path.exists(os.path.join(tree, TSEM, own)) else "core/" + header


def needs(tree, name):
    """The files of which a source needs something."""
    out = um_build(tree)
    objects = symbols(out) if out else {}
    wanted = objects.get(name, (set(), set()))[1]
    return set(includes(tree, name)) | {other for other, (defined, _) in objects.items()
                                        if other != name and defined & wanted}


def check_steps(report, series):
    """Whether each step has what its files include and call. setup.c grows with what it calls."""
    out = um_build(series.tree)
    objects = symbols(out) if out else {}
    owner = {symbol: name for name, (defined, _) in objects.items() for symbol in defined}
    have, complaints = set(), []
    for commit in series.steps():
        _, text = run("git", "ls-tree", "-r", "--name-only", commit, TSEM, cwd=series.dir)
        new = {name[len(TSEM):] for name in text.split()} - have
        have |= new
        _, subject = run("git", "log", "-1", "--format=%s", commit, cwd=series.dir)
        for name in sorted(new):
            if not name.endswith((".c", ".h")):
                continue
            late = set(includes(series.tree, name)) - have
            if name != "setup.c":
                late |= {"%s (%s)" % (owner[s], s) for s in objects.get(name, (set(), set()))[1]
                         if s in owner and owner[s] not in have}
            complaints += ["'%s': %s needs %s" % (subject.strip(), name, other) for other in sorted(late)]
    report.say("each step has what it needs", complaints, "" if out else "only includes: no build of um")


# The whole

def make_um(tree, out, *what):
    compiler = "ccache gcc" if shutil.which("ccache") else "gcc"    # as kernel-patches/build
    jobs = os.environ.get("QUIXOTE_JOBS") or os.cpu_count()
    return run("nice", "-n", "5", "make", "-C", tree, "O=" + out, "ARCH=um", "CC=" + compiler, "-j%s" % jobs, *what,
               KBUILD_BUILD_TIMESTAMP="2026-01-01", KBUILD_BUILD_USER="quixote", KBUILD_BUILD_HOST="quixote")


def check_objects(report, tree):
    """sparse and W=1 over security/tsem, in a copy of the build so that this one stays warm."""
    out = um_build(tree)
    if not out:
        report.say("sparse and W=1", [], "there is no build of um")
        return
    copy = tree + "/series-warnings"
    run("rsync", "-a", "--delete", "--exclude=*.o", "--exclude=*.a", "--exclude=/linux", "--exclude=/vmlinux",
        out + "/", copy + "/")
    have_sparse = bool(shutil.which("sparse"))
    status, text = make_um(tree, copy, "W=1", TSEM, *(["C=2"] if have_sparse else []))
    ignored = GENERATED + ("context imbalance",)     # it does not follow guard()
    report.say("sparse and W=1" if have_sparse else "W=1",
               (tail(text) if status else []) +
               [line for line in text.splitlines() if re.search(r": (warning|error):", line) and
                TSEM in line and not any(word in line for word in ignored)])
    if not have_sparse:
        report.say("sparse", [], "sparse is not installed")


def undocumented(tree):
    """What kernel-doc misses in the files as they are built."""
    files = [path for pattern in (TSEM + "**/*.[ch]", "samples/tsem/*.c", "include/linux/tsem*.h")
             for path in glob.glob(tree + "/" + pattern, recursive=True) if "_test." not in path]
    _, text = run(tree + "/scripts/kernel-doc", "-none", *files)
    return [line for line in text.splitlines() if ": warning:" in line or ": error:" in line]
