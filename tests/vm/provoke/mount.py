# SPDX-License-Identifier: LGPL-2.1-or-later
"""mount.py - cases about mounts and superblocks, in a mount namespace of their own."""
import ctypes
import os
import stat

from . import attempt, call, case, libc
from .facts import (O_LARGEFILE, PSEUDO, Filesystem, content, dentry, filesystem, inode, looked_at,
                    path, placed, unread)

CLONE_NEWNS = 0x20000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = (
    1, 2, 4, 32, 4096, 16384, 1 << 18)
MNT_DETACH = 2
AT_FDCWD = -100
SYS = {"open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432}
FSCONFIG_SET_STRING, FSCONFIG_CMD_CREATE = 1, 6
MOVE_MOUNT_F_EMPTY_PATH, OPEN_TREE_CLONE = 4, 1
# Flags that a tmpfs has of itself: POSIXACL, I_VERSION, NOSEC, BORN, ACTIVE (include/linux/fs.h).
SB_POSIXACL, SB_I_VERSION, SB_NOSEC, SB_BORN, SB_ACTIVE = 1 << 16, 1 << 23, 1 << 28, 1 << 29, 1 << 30
TMPFS_FLAGS = SB_POSIXACL | SB_I_VERSION | SB_NOSEC | SB_BORN | SB_ACTIVE
Q_SYNC, Q_QUOTAON, Q_GETFMT, USRQUOTA, QFMT_VFS_V1 = 0x800001, 0x800002, 0x800004, 0, 4


def private():
    call(libc.unshare(CLONE_NEWNS))
    mount("none", "/", None, MS_REC | MS_PRIVATE, None)


def mount(source, target, kind, flags, data):
    source, target, kind, data = (text and text.encode() for text in (source, target, kind, data))
    call(libc.mount(source, target, kind, ctypes.c_ulong(flags), data))


def tmpfs(directory, flags=0, data="mode=711"):
    os.makedirs(directory, exist_ok=True)
    mount("none", directory, "tmpfs", flags, data)
    return directory


def superblock(name, flags=TMPFS_FLAGS):
    return {"dentry": placed(name), "fstype": filesystem(name).type, "s_flags": str(flags)}


@case("sb_mount", "sb_kern_mount", "sb_remount", "sb_umount")
def mounts(t):
    private()
    point = t.dir + "/point"
    os.mkdir(point)
    on, flags, data = path(point, created=1), MS_NOSUID | MS_NODEV, "size=1m,mode=711"
    with t.step("sb_mount") as step:
        mount("some device", point, "tmpfs", flags, data)
    step.expect(dev_name="some device", path=on, type="tmpfs", flags=str(flags), options=data)
    step.expect("sb_kern_mount", sb=superblock(point))
    on = path(point)
    with t.step("sb_mount") as step:
        mount(None, point, None, MS_REMOUNT | MS_RDONLY, "size=2m")
    step.expect(path=on, flags=str(MS_REMOUNT | MS_RDONLY), options="size=2m")
    step.expect("sb_remount", sb=superblock(point))
    found = dentry(point)
    with t.step("sb_umount") as step:
        call(libc.umount2(point.encode(), MNT_DETACH))
    step.expect(mnt=found, flags=str(MNT_DETACH))
    with t.step("sb_mount") as step:
        mount(t.dir, point, None, MS_BIND, None)
    step.expect(dev_name=t.dir, path=path(point, filesystem(t.dir), created=1), flags=str(MS_BIND))


@case("sb_mount")
def binary_options(t):
    """Options that are no text are not printed."""
    private()
    os.mkdir(t.dir + "/point")
    on = path(t.dir + "/point", created=1)
    with t.step("sb_mount") as step:
        attempt(mount, "x", t.dir + "/point", "no such type", 0, "a\n\"b\"")
    step.expect(dev_name="x", path=on, type="no such type", flags="0", options="a\n\"b\"")


@case("move_mount", "sb_kern_mount")
def descriptors(t):
    """The mount calls by descriptor; before it is attached a mount has no name."""
    private()
    point = t.dir + "/point"
    os.mkdir(point)
    on = path(point, created=1)
    context = call(libc.syscall(SYS["fsopen"], b"tmpfs", 0))
    call(libc.syscall(SYS["fsconfig"], context, FSCONFIG_SET_STRING, b"mode", b"700", 0))
    with t.step("sb_kern_mount") as step:
        call(libc.syscall(SYS["fsconfig"], context, FSCONFIG_CMD_CREATE, None, None, 0))
    detached = call(libc.syscall(SYS["fsmount"], context, 0, 0))
    with t.step("move_mount") as move:
        call(libc.syscall(SYS["move_mount"], detached, b"", AT_FDCWD, point.encode(),
                          MOVE_MOUNT_F_EMPTY_PATH))
    fs = Filesystem(detached)
    step.expect(sb=superblock(point))
    move.expect(from_path=path("detached:/", fs), to_path=on)
    inside = t.dir + "/point/file"
    with open(inside, "w", encoding="ascii"):
        pass
    tree = call(libc.syscall(SYS["open_tree"], AT_FDCWD, point.encode(), 1))
    with t.step("inode_getattr") as step:
        os.stat("file", dir_fd=tree)
    step.expect(path={"inode": inode(inside), "path": path(
        inside, fs, created=1, text="detached:/file")})


@case("file_open", places=("tmpfs", "root", "scratch", "ext4", "overlay", "hostfs", "9p"))
def opened_through_mounts(t):
    """A name is that of the mount it is reached by; without a place it is that in the filesystem."""
    private()
    point = t.dir + "/point"
    os.mkdir(point)
    tree = call(libc.syscall(SYS["open_tree"], AT_FDCWD, t.dir.encode(), OPEN_TREE_CLONE))
    fs = filesystem(t.old)
    fact = unread(t.old, O_LARGEFILE)
    fact["path"] = path(t.old, fs, text="detached:" + fs.place(t.old))
    if fs.magic not in PSEUDO:
        fact["digest"] = content(t.old)     # it is in no scratch directory, wherever it lies
    with t.step("file_open") as step:
        os.close(os.open("old", os.O_RDONLY, dir_fd=tree))
    step.expect(file=fact)
    call(libc.syscall(SYS["move_mount"], tree, b"", AT_FDCWD, point.encode(), MOVE_MOUNT_F_EMPTY_PATH))
    with t.step("file_open") as step:
        os.close(os.open("old", os.O_RDONLY, dir_fd=tree))
    step.expect(file=looked_at(point + "/old", O_LARGEFILE))


@case("file_open")
def open_in_mounted_proc(t):
    """The numbers of proc are hidden wherever it is mounted, and whatever part of it."""
    private()
    point, own = t.dir + "/point", os.getpid()
    os.mkdir(point)
    other = t.child()
    for kind, source, flags, names in (
            ("proc", "none", 0, (("/%d/stat" % own, "/self/stat"), ("/%d/stat" % other, "/pid/stat"))),
            (None, "/proc/%d" % other, MS_BIND, (("/stat", "/stat"), ("/task/%d/stat" % other, "/task/pid/stat"))),
            (None, "/proc/%d/task" % own, MS_BIND, (("/%d/stat" % own, "/self/stat"),))):
        mount(source, point, kind, flags, None)
        for name, text in names:
            with t.step("file_open") as step:
                fd = os.open(point + name, os.O_RDONLY)
            fs = Filesystem(fd)
            step.expect(file=dict(unread(point + name, O_LARGEFILE), path=path(
                point + name, fs, text=point + text)))
            os.close(fd)
        call(libc.umount2(point.encode(), MNT_DETACH))


@case("sb_pivotroot")
def pivot(t):
    private()
    root = tmpfs(t.dir + "/root")
    os.mkdir(root + "/put")
    old, new = path(root + "/put", created=1), path(root)
    with t.step("sb_pivotroot") as step:
        call(libc.syscall(155, root.encode(), (root + "/put").encode()))
    step.expect(old_path=old, new_path=new)


@case("path_chroot", places=("tmpfs", "root", "ext4", "overlay", "hostfs"))
def chroot(t):
    found, old, look = path(t.dir), dentry(t.old), t.step("inode_getattr")
    with t.step("path_chroot") as step:
        os.chroot(t.dir)
    step.expect(path=found)
    with look:      # a name inside is told as it is outside
        os.stat("/old")
    look.expect(path=old)


@case("sb_statfs", places=("tmpfs", "root", "scratch", "ext4", "overlay", "hostfs"))
def statfs(t):
    found = placed(t.old)
    with t.step("sb_statfs") as step:
        os.statvfs(t.old)
    step.expect(dentry=found)


@case("quotactl", "quota_on", places=("ext4",))
def quota(t):
    device = os.stat(t.old).st_dev
    node = t.dir + "/device"
    os.mknod(node, stat.S_IFBLK | 0o600, device)
    sb = superblock(filesystem(t.old).point)
    buffer = ctypes.create_string_buffer(8)
    with t.step("quotactl") as step:
        attempt(call, libc.quotactl(Q_GETFMT << 8 | USRQUOTA, node.encode(), 7, buffer))
    step.expect(cmds=str(Q_GETFMT), type=str(USRQUOTA), id="7", sb=sb)
    with t.step("quotactl") as step:
        call(libc.quotactl(Q_SYNC << 8 | USRQUOTA, None, 0, None))
    step.expect(cmds=str(Q_SYNC), type=str(USRQUOTA), id="0")
    found = placed(t.old)
    with t.step("quota_on") as step:
        attempt(libc.quotactl, Q_QUOTAON << 8 | USRQUOTA, node.encode(), QFMT_VFS_V1, t.old.encode())
    step.expect(dentry=found)
