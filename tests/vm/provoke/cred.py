# SPDX-License-Identifier: LGPL-2.1-or-later
"""cred.py - cases about credentials: capabilities, ids, user namespaces."""
import ctypes
import hashlib
import os

from . import SELF, attempt, call, case, creds, credentials, libc, task_of
from .facts import dentry, inode, path

CLONE_NEWUSER = 0x10000000
CAPABILITY_VERSION_3 = 0x20080522
PR_SET_KEEPCAPS = 8
NOBODY = "4294967295"        # an id without translation


class Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class Sets(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def status_set(pid, name):
    with open("/proc/%s/status" % pid, encoding="utf-8", errors="replace") as file:
        return next(int(line.split()[1], 16) for line in file if line.startswith(name + ":"))


def untranslated():
    """The COE of root in a user namespace of its own: as the initial namespace sees it."""
    return {name: value if name == "capeff" else "0" for name, value in credentials().items()}


@case("capable")
def capable(t):
    with t.step("capable") as step:
        attempt(os.chroot, "/")
    step.expect(among=True, cap="18", opts="0", initial_ns="1")     # CAP_SYS_CHROOT
    call(libc.unshare(CLONE_NEWUSER))
    with t.step("capable") as step:
        attempt(os.chroot, "/")
    step.who["coe"] = untranslated()
    step.expect(among=True, cap="18", opts="0", initial_ns="0")


@case("capget", "capset")
def capabilities(t):
    other = t.program()
    header, sets = Header(CAPABILITY_VERSION_3, other), (Sets * 2)()
    with t.step("capget") as step:
        call(libc.capget(ctypes.byref(header), sets))
    step.expect(target=task_of(other), effective="0x%x" % status_set(other, "CapEff"),
                inheritable="0x%x" % status_set(other, "CapInh"),
                permitted="0x%x" % status_set(other, "CapPrm"))
    header.pid = 0
    wanted = [status_set("self", "CapPrm") & ~(1 << 18), 1 << 5 | 1 << 35, 1 << 5]
    for number, index in ((wanted[0], "permitted"), (wanted[1], "effective"),
                          (wanted[2], "inheritable")):
        setattr(sets[0], index, number & 0xffffffff)
        setattr(sets[1], index, number >> 32)
    with t.step("capset") as step:
        call(libc.capset(ctypes.byref(header), sets))
    step.expect(effective="0x%x" % wanted[1], inheritable="0x%x" % wanted[2],
                permitted="0x%x" % wanted[0])


def in_child(t, event, change, flags):
    """Ids of a process change; the record has the new ones, its COE the old."""
    reader, writer = os.pipe()
    pid = t.fork()
    if pid == 0:
        with t.step(event) as step:
            change()
        step.expect(cred=creds(), flags=str(flags))
        os.write(writer, b"x")
        os._exit(0)
    os.close(writer)
    ended = os.read(reader, 1) != b"x"
    t.number += 1       # the child used one
    if t.wait(pid) or ended:
        raise AssertionError("the child failed")


def set_fsuid(uid):
    """It says nothing when it fails."""
    libc.setfsuid(uid)
    if libc.setfsuid(-1) != uid:
        raise PermissionError("setfsuid")


def set_fsgid(gid):
    libc.setfsgid(gid)
    if libc.setfsgid(-1) != gid:
        raise PermissionError("setfsgid")


@case("task_fix_setuid")
def setuid(t):
    in_child(t, "task_fix_setuid", lambda: os.setresuid(10, 11, 12), 4)
    in_child(t, "task_fix_setuid", lambda: os.setreuid(13, 14), 2)
    in_child(t, "task_fix_setuid", lambda: os.setuid(15), 1)
    in_child(t, "task_fix_setuid", lambda: set_fsuid(16), 8)


@case("task_fix_setgid", "task_fix_setgroups")
def setgid(t):
    in_child(t, "task_fix_setgid", lambda: os.setresgid(10, 11, 12), 4)
    in_child(t, "task_fix_setgid", lambda: os.setregid(13, 14), 2)
    in_child(t, "task_fix_setgid", lambda: os.setgid(15), 1)
    in_child(t, "task_fix_setgid", lambda: set_fsgid(16), 8)
    for groups in ([300, 20, 1], []):
        with t.step("task_fix_setgroups") as step:
            os.setgroups(groups)
        data = b"".join(group.to_bytes(4, "little") for group in sorted(groups))
        step.expect(count=str(len(groups)), digest=hashlib.sha256(data).hexdigest())


@case("userns_create")
def user_namespace(t):
    before = creds()
    with t.step("userns_create") as step:
        call(libc.unshare(CLONE_NEWUSER))
    step.expect(cred=before)
    # Ids are translated into the initial namespace, and not into that of the task.
    with t.step("task_getpgid") as step:
        os.getpgid(os.getpid())
    step.who["coe"] = untranslated()
    step.expect(task=SELF)


@case("capable")
def unprivileged(t):
    """Another user with one capability; what the capability module refuses is no event."""
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setresgid(7, 8, 9)
    os.setresuid(4, 5, 6)
    header, sets = Header(CAPABILITY_VERSION_3, 0), (Sets * 2)()
    sets[0].effective = sets[0].permitted = 1 << 18
    call(libc.capset(ctypes.byref(header), sets))
    with t.step("capable") as step:
        os.chroot("/")
    step.expect(cap="18", opts="0", initial_ns="1")


@case("cred_prepare")
def prepare(t):
    os.setresgid(7, 8, 9)
    before = creds()
    with t.step("cred_prepare") as step:
        os.setresuid(4, 5, 6)
    step.expect(old=before)


@case("inode_getattr", nsref="current")
def foreign_ids(t):
    """Ids that a user namespace does not know are all the same in one made with nsref=current."""
    os.chown(t.old, 12, 34)
    found = dentry(t.old)
    call(libc.unshare(CLONE_NEWUSER))
    look = t.step("inode_getattr")
    look.who["coe"] = {name: value if name == "capeff" else NOBODY
                       for name, value in credentials().items()}
    with look:
        os.stat(t.old)
    look.expect(path=dict(found, inode=dict(found["inode"], uid=NOBODY, gid=NOBODY)))
    for name, line in (("setgroups", "deny"), ("uid_map", "100 0 1"), ("gid_map", "200 0 1")):
        with open("/proc/self/" + name, "w", encoding="ascii") as file:
            file.write(line)
    look = t.step("inode_getattr")
    with look:
        os.stat(t.dir)
    fact = dict(inode(t.dir), uid="100", gid="200")
    look.expect(path={"inode": fact, "path": path(t.dir)})
