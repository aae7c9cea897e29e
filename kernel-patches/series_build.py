# SPDX-License-Identifier: GPL-2.0-only
"""series_build.py - what kernel-patches/series --full does: the kernel of each step, built,
booted and testing itself, and the documentation rendered. In trees of their own, which
share the files of the one that kernel-patches/build has made.
"""
import glob
import os
import re
import shutil
import subprocess
import tempfile

from series_check import TSEM, cache, make_um, read, run, tail, um_build


def share(tree, name, *excludes):
    """A tree that shares all files with the built one, to be changed by replacing them."""
    work = cache() + "/series/" + name
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(os.path.dirname(work), exist_ok=True)
    excludes += "/um*", "/x86_64*", "/series-*", "/.quixote"
    status, text = run("rsync", "-a", "--link-dest=" + tree, *("--exclude=" + e for e in excludes),
                       tree + "/", work + "/")
    if status:
        raise OSError(text)
    return work


def work_tree(series):
    """A tree without us, and the build of um, to go on from."""
    work = share(series.tree, "source", "/" + TSEM)
    run("rsync", "-a", um_build(series.tree) + "/", work + "/um/")
    return work


def lay(series, commit, work):
    """What a commit changes, into the tree; files are replaced, never written to."""
    _, text = run("git", "show", "--format=", "--name-status", "--no-renames", commit, cwd=series.dir)
    for line in text.splitlines():
        status, name = line.split("\t")
        target = os.path.join(work, name)
        if os.path.lexists(target):
            os.unlink(target)
        if status == "D":
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            subprocess.run(["git", "show", "%s:%s" % (commit, name)], cwd=series.dir, stdout=file, check=True)


def configure(work, project):
    """As kernel-patches/build, except that options may not be there yet."""
    out = work + "/um"
    with open(out + "/.quixote-config.all", "w", encoding="utf-8") as file:
        for part in ("base", "um"):
            file.write(read(project + "/kernel-patches/config-" + part))
    return run("make", "-C", work, "O=" + out, "ARCH=um", "allnoconfig",
               KCONFIG_ALLCONFIG=out + "/.quixote-config.all")


def build(work, project):
    status, text = configure(work, project)
    if status:
        return tail(text)
    status, text = make_um(work, work + "/um", "linux")
    warnings = [line for line in text.splitlines() if re.search(r": (warning|error):", line)]
    return tail(text) if status else warnings


def boot(work, project, build_dir):
    """A command on the kernel."""
    log = work + "/boot.log"
    if os.path.exists(log):
        os.unlink(log)
    status, text = run(build_dir + "/tests/vm/um-run", "--kernel=" + work + "/um/linux",
                       "--init=" + build_dir + "/cli/quixote-guest", "--log=" + log, "--timeout=120", "--",
                       "cat", "/proc/version", cwd=project,
                       PATH=build_dir + "/cli:" + os.environ.get("PATH", ""))
    said = read(log) if os.path.exists(log) else ""
    reports = [line for line in said.splitlines() if re.search(r"WARNING:|BUG:|Kernel panic|Oops", line)]
    if status or "Linux version 6.12" not in text:
        return tail(text + said)
    return reports


def kunit(work):
    """The tests that the kernel has, and how many."""
    with tempfile.TemporaryDirectory() as scratch:
        _, text = run("timeout", "120", work + "/um/linux", "mem=256M", "con=null", "con0=null,fd:1",
                      "uml_dir=%s/" % scratch, "noreboot", "kunit.enable=1", "kunit.filter_glob=tsem*",
                      "kunit_shutdown=poweroff")
    passed = len(re.findall(r"(?m)^ +ok \d", text))
    failed = [line for line in text.splitlines() if re.match(r" *not ok \d", line)]
    return passed, failed


def check_builds(report, series, project):
    work = work_tree(series)
    build_dir = os.environ.get("QUIXOTE_BUILD") or project + "/build"
    lay(series, series.base, work)
    most = 0
    for commit in series.steps():
        _, subject = run("git", "log", "-1", "--format=%s", commit, cwd=series.dir)
        lay(series, commit, work)
        complaints = build(work, project) or boot(work, project, build_dir)
        passed = 0
        if not complaints:
            passed, complaints = kunit(work)
            if passed < most:
                complaints = complaints + ["%d tests passed, %d did before" % (passed, most)]
            most = max(most, passed)
        report.say("%s: builds, boots, %d tests pass" % (subject.strip(), passed), complaints)
    report.say("there were tests", [] if most else ["no step had a test"])
    shutil.rmtree(work)


def check_documentation(report, series):
    """Render what we wrote, and what lists it."""
    if not shutil.which("sphinx-build"):
        report.say("documentation renders", [], "sphinx-build is not installed")
        return
    work = share(series.tree, "documentation")
    for commit in series.steps():
        lay(series, commit, work)
    status, text = run("make", "-C", work, "htmldocs", "SPHINXDIRS=admin-guide/LSM")
    complaints = [line for line in text.splitlines() if re.search(r"tsem.*(WARNING|ERROR)|Error \d", line)]
    page = glob.glob(work + "/Documentation/output/**/tsem.html", recursive=True)
    if not page or "Threat model" not in read(page[0]):
        complaints += ["there is no page"] + (tail(text) if status else [])
    report.say("documentation renders", complaints)
    shutil.rmtree(work)
