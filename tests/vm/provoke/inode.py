# SPDX-License-Identifier: LGPL-2.1-or-later
"""inode.py - cases about attributes: mode, owner, times, size, extended attributes, lists."""
import errno
import os
import struct

from . import case
from .facts import O_LARGEFILE, dentry, kept, looked_at, path, placed

EVERYWHERE = ("tmpfs", "root", "scratch", "ext4", "overlay", "hostfs", "9p")
WITH_ATTRIBUTES = ("tmpfs", "ext4", "overlay", "root")
ATTR = {name: 1 << bit for bit, name in enumerate((
    "MODE", "UID", "GID", "SIZE", "ATIME", "MTIME", "CTIME", "ATIME_SET", "MTIME_SET", "FORCE",
    "unused10", "KILL_SUID", "KILL_SGID", "FILE", "KILL_PRIV", "OPEN", "TIMES_SET", "TOUCH"))}
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)


def attr(valid, **values):
    numbers = {"mode": "00", "uid": "0", "gid": "0", "size": "0"}
    return dict({"valid": str(sum(ATTR[name] for name in valid.split()))}, **dict(numbers, **values))


@case("inode_setattr", "path_truncate", places=EVERYWHERE)
def attributes(t):
    found = dentry(t.old)
    with t.step("inode_setattr") as step:
        os.chmod(t.old, 0o4750)
    step.expect(dentry=found, attr=attr("MODE CTIME", mode="0104750"))
    found = dentry(t.old)
    with t.step("inode_setattr") as step:
        os.truncate(t.old, 5)
    step.expect(dentry=found, attr=attr("SIZE", size="5"))
    step.expect("path_truncate", path=path(t.old))
    found = placed(t.old)
    with t.step("inode_setattr") as step:
        os.utime(t.old, (1, 2))
    step.expect(dentry=found, attr=attr("ATIME MTIME CTIME ATIME_SET MTIME_SET TIMES_SET"))
    with t.step("inode_setattr") as step:
        os.utime(t.old)
    step.expect(dentry=found, attr=attr("ATIME MTIME CTIME TOUCH"))


@case("inode_setattr", places=EVERYWHERE)
def size_of_open_file(t):
    """Named as the file is, and not by its place in its filesystem."""
    fd = os.open(t.old, os.O_WRONLY)
    found = dentry(t.old)
    with t.step("inode_setattr") as step:
        os.ftruncate(fd, 4)
    step.expect(dentry=found, attr=attr("SIZE MTIME CTIME FILE", size="4"))
    os.close(fd)
    found = dentry(t.old)
    with t.step("inode_setattr") as step:
        os.close(os.open(t.old, os.O_WRONLY | os.O_TRUNC))
    step.expect(dentry=found, attr=attr("SIZE MTIME CTIME FILE OPEN"))


@case("inode_setattr", places=("tmpfs", "root", "ext4", "overlay"))
def owner(t):
    found = dentry(t.old)
    with t.step("inode_setattr") as step:
        os.chown(t.old, 12, 34)
    step.expect(dentry=found, attr=attr("CTIME UID GID KILL_SUID", uid="12", gid="34"))
    found = dentry(t.old)
    with t.step("inode_setattr") as step:
        os.lchown(t.old, 56, -1)
    step.expect(dentry=found, attr=attr("CTIME UID KILL_SUID", uid="56"))


@case("inode_getattr", places=EVERYWHERE)
def getattr_(t):
    found = dentry(t.old)
    with t.step("inode_getattr") as step:
        os.stat(t.old)
    step.expect(path=found)
    os.symlink("old", t.dir + "/link")
    found = dentry(t.dir + "/link", kept(t, 1, "link"))
    with t.step("inode_getattr") as step:
        os.lstat(t.dir + "/link")
    step.expect(path=found)


@case("inode_setxattr", "inode_getxattr", "inode_listxattr", "inode_removexattr",
      places=WITH_ATTRIBUTES)
def extended(t):
    found = placed(t.old)
    for name, value in (("trusted.tsem", bytes(range(256))), ("trusted.long", b"x" * 2000)):
        with t.step("inode_setxattr") as step:
            os.setxattr(t.old, name, value, os.XATTR_CREATE)
        step.expect(dentry=found, name=name, value=value.hex(), flags="1")
        with t.step("inode_getxattr") as step:
            os.getxattr(t.old, name)
        step.expect(dentry=found, name=name, among=True)
    with t.step("inode_listxattr") as step:
        os.listxattr(t.old)
    step.expect(dentry=found)
    with t.step("inode_removexattr") as step:
        os.removexattr(t.old, "trusted.tsem")
    step.expect(dentry=found, name="trusted.tsem")


@case("inode_killpriv", places=WITH_ATTRIBUTES)
def privileges(t):
    os.setxattr(t.old, "security.capability", CAPABILITY)
    found = placed(t.old)
    with t.step("inode_killpriv") as step:
        with open(t.old, "ab") as file:
            file.write(b"x")
    step.expect(dentry=found)


@case("inode_set_acl", "inode_remove_acl", places=WITH_ATTRIBUTES)
def lists(t):
    """An access control list: user 5 may read."""
    entries = [(0x01, 6, -1), (0x02, 4, 5), (0x04, 4, -1), (0x10, 4, -1), (0x20, 0, -1)]
    value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", tag, perm, who & 0xffffffff)
                                            for tag, perm, who in entries)
    name = "system.posix_acl_access"
    found = placed(t.old)
    with t.step("inode_set_acl") as step:
        os.setxattr(t.old, name, value)
    step.expect(dentry=found, acl_name=name, acl=value.hex())
    found = placed(t.old)
    with t.step("inode_remove_acl") as step:
        os.removexattr(t.old, name)
    step.expect(dentry=found, acl_name=name)


@case("inode_setxattr")
def stale_place(t):
    """The pathname of an earlier call is not that of a later one."""
    os.chmod(t.old, 0o600)
    found = placed(t.old)
    with t.step("inode_setxattr") as step:
        os.setxattr(t.old, "trusted.x", b"")
    step.expect(dentry=found, name="trusted.x", value="", flags="0")


@case("file_open", places=("full",))
def stale_birth(t):
    """A file is not taken for created because a creation failed before."""
    for number in range(20):
        try:
            os.open("%s/new%d" % (t.dir, number), os.O_CREAT | os.O_RDWR)
            raise AssertionError("there is room")
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
            file.write("2")
        with t.step("file_open") as step:
            os.close(os.open(t.old, os.O_RDONLY))
        step.expect(file=looked_at(t.old, O_LARGEFILE))
