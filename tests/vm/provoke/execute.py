# SPDX-License-Identifier: LGPL-2.1-or-later
"""execute.py - cases about execution: programs, scripts, content made by the workload itself."""
import os
import shutil

from . import SELF, case
from .facts import O_LARGEFILE, executed, filesystem, inode, kept

EVERYWHERE = ("tmpfs", "root", "scratch", "ext4", "overlay", "hostfs", "9p")
FLAGS = O_LARGEFILE | 0x20      # FMODE_EXEC
TRUE = os.path.realpath("/bin/true")
SHELL = os.path.realpath("/bin/sh")


def execute(t, name):
    pid = t.fork()
    if pid == 0:
        try:
            os.execv(name, [name])
        finally:
            os._exit(127)
    t.wait(pid)
    return pid


@case("file_open", "bprm_check_security", "bprm_committed_creds", places=EVERYWHERE)
def execute_old(t):
    """A program that was there before; tests/vm/events copies it."""
    name = t.dir + "/program"
    fact = executed(name, FLAGS)
    with t.step("bprm_check_security") as step:
        pid = execute(t, name)
    step.expect(by=pid, file=fact)
    step.expect("file_open", among=True, by=pid, file=fact)
    step.who["comm"] = "program"
    step.expect("bprm_committed_creds", by=pid, previous=SELF, file=fact)


@case("bprm_check_security", "bprm_committed_creds", places=EVERYWHERE)
def execute_created(t):
    """What the workload made itself is executed under its content, also in scratch."""
    name = t.dir + "/made"
    shutil.copyfile(TRUE, name)
    os.chmod(name, 0o755)
    fact = executed(name, FLAGS, kept(t, 1))
    with t.step("bprm_check_security") as step:
        pid = execute(t, name)
    step.expect(by=pid, file=fact)
    step.who["comm"] = "made"
    step.expect("bprm_committed_creds", by=pid, previous=SELF, file=fact)


@case("bprm_check_security", "bprm_committed_creds", places=EVERYWHERE)
def execute_script(t):
    """A chain has an event for each file; the identity has the first and the last."""
    name = t.dir + "/script"
    script, shell = executed(name, FLAGS), executed(SHELL, FLAGS)
    with t.step("bprm_check_security") as step:
        pid = execute(t, name)
    step.expect(among=True, by=pid, file=script)
    step.expect(among=True, by=pid, file=shell)
    step.who["comm"] = "script"
    step.expect("bprm_committed_creds", by=pid, previous=SELF, file=shell, script=script)


@case("bprm_check_security", "bprm_committed_creds")
def execute_memory(t):
    """A file that has no name but its memfd's."""
    fd = os.memfd_create("made", os.MFD_CLOEXEC)
    with open(TRUE, "rb") as file:
        os.write(fd, file.read())
    name = "/proc/self/fd/%d" % fd
    status = os.fstat(fd)
    fs = filesystem("/dev/shm") if os.path.ismount("/dev/shm") else filesystem(t.dir)
    with t.step("bprm_check_security") as step:
        pid = execute(t, name)
    fact = executed(name, FLAGS)
    fact["inode"] = dict(inode(fd, fs), uid=str(status.st_uid), s_id="tmpfs")
    fact["path"] = {"dev": {"major": str(os.major(status.st_dev)),
                            "minor": str(os.minor(status.st_dev))},
                    "pathname": "detached:/"}
    step.expect(by=pid, file=fact)
    step.who["comm"] = str(fd)
    step.expect("bprm_committed_creds", by=pid, previous=SELF, file=fact)
