# SPDX-License-Identifier: LGPL-2.1-or-later
"""facts.py - inodes, paths and files as records have to print them, from what stat, statfs,
/proc/self/mountinfo and FS_IOC_GETFSUUID say.
"""
import ctypes
import fcntl
import hashlib
import os

from . import SELF, ZEROS, libc

O_LARGEFILE = 0o100000
O_TMPFILE = 0o20200000
FS_IOC_GETFSUUID = 0x80111500
EMPTY = hashlib.sha256().hexdigest()
TMPFS_MAGIC = 0x1021994
PSEUDO = {0x9fa0, 0x62656572, 0x64626720, TMPFS_MAGIC, 0x1cd1, 0x42494e4d, 0x73636673,
          0x27e0eb, 0x63677270, 0x6e736673, 0x50494446, 0x19800202, 0x74726163, 0xcafe4a11,
          0x62656570}
# Filesystems of no device number of their own (major 0) in whose root nothing can be renamed.
WITHOUT_DEVICE = {"proc", "sysfs", "devpts", "securityfs", "pipefs", "sockfs", "anon_inodefs",
                  "mqueue", "bpf"}
SCRATCH = ["/tmp/", "/var/tmp/", "/dev/shm/"]


class Statfs(ctypes.Structure):
    _fields_ = [("f_type", ctypes.c_long), ("f_bsize", ctypes.c_long), ("rest", ctypes.c_byte * 256)]


class Filesystem:
    """What /proc/self/mountinfo and statfs tell of the mount that a descriptor is on."""

    def __init__(self, fd):
        with open("/proc/self/fdinfo/%d" % fd, encoding="ascii") as file:
            mount_id = next(line.split()[1] for line in file if line.startswith("mnt_id:"))
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            fields = next((line.split() for line in file if line.split()[0] == mount_id), None)
        buffer = Statfs()
        if libc.fstatfs(fd, ctypes.byref(buffer)) < 0:
            raise OSError(ctypes.get_errno(), "fstatfs")
        self.magic = buffer.f_type & 0xffffffffffffffff
        if fields:
            self.major, self.minor = (int(n) for n in fields[2].split(":"))
            self.root, self.point = fields[3], fields[4]
            self.type = fields[fields.index("-") + 1]
        else:                   # a mount of the kernel's own
            device = os.fstat(fd).st_dev
            self.major, self.minor = os.major(device), os.minor(device)
            self.root, self.point, self.type = "/", "", None

    def dev(self):
        if not self.major and self.type in WITHOUT_DEVICE:
            return {}
        return {"dev": {"major": str(self.major), "minor": str(self.minor)}}

    def s_id(self):
        if not self.major:
            return self.type
        return os.path.basename(os.readlink("/sys/dev/block/%d:%d" % (self.major, self.minor)))

    def uuid(self):
        if self.magic == TMPFS_MAGIC:
            return "0" * 32     # formula.md, section 3, rule 4
        fd = os.open(self.point, os.O_RDONLY)
        try:
            data = fcntl.ioctl(fd, FS_IOC_GETFSUUID, bytes(17))
            return data[1:].hex()
        except OSError:
            return "0" * 32
        finally:
            os.close(fd)

    def place(self, name):
        """The place of a name in the filesystem, as the kernel knows it without a mount."""
        inside = name[len(self.point.rstrip("/")):]
        return (self.root.rstrip("/") + inside) or "/"


def filesystem(name):
    fd = os.open(name, os.O_PATH | os.O_NOFOLLOW)
    try:
        return Filesystem(fd)
    finally:
        os.close(fd)


def kept(t, created, kind="file"):
    """A mark of creation, where it is still there after the last close (docs/roadmap.md)."""
    if t.place == "9p" or t.place == "hostfs" and kind != "file":
        return None
    return created


def octal(number):
    return "0%o" % number


def inode(name, fs=None, follow=False):
    """INODE of a name, or of an open descriptor."""
    status = os.fstat(name) if isinstance(name, int) else os.stat(name, follow_symlinks=follow)
    fs = fs or filesystem(name)
    return {"uid": str(status.st_uid), "gid": str(status.st_gid), "mode": octal(status.st_mode),
            "s_magic": "0x%x" % fs.magic, "s_id": fs.s_id(), "s_uuid": fs.uuid()}


def scratch_of(name):
    found = [directory for directory in SCRATCH if name.startswith(directory)]
    return {"scratch": max(found, key=len)} if found else {}


def path(name, fs=None, created=None, text=None):
    """PATH; created is the running number of the creation in its directory."""
    made = {"owner": SELF, "instance": str(created)} if created is not None else {}
    text = text or name
    return {**(fs or filesystem(name)).dev(), **made, **scratch_of(text), "pathname": text}


def dentry(name, created=None):
    """DENTRY of a name whose mount the kernel knows."""
    return {"inode": inode(name), "path": path(name, created=created)}


def placed(name, created=None):
    """DENTRY of a name whose mount the kernel does not know."""
    fs = filesystem(name)
    return {"inode": inode(name, fs), "path": path(name, fs, created, fs.place(name))}


def newborn(name, created):
    """DENTRY of a name that is about to be created."""
    return {"path": path(name, filesystem(os.path.dirname(name)), created)}


def absent(name):
    """DENTRY of a name that has no inode, and is not said to be created."""
    return {"path": path(name, filesystem(os.path.dirname(name)))}


def content(name):
    with open(name, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def mapped(name, flags, created=None):
    """MAPPED: a FILE without digest."""
    return {"flags": str(flags), "inode": inode(name, follow=True),
            "path": path(name, created=created)}


def looked_at(name, flags, created=None):
    """FILE where formula.md, "Content", decides whether the content is looked at."""
    fs = filesystem(name)
    blind = (created is not None or fs.magic in PSEUDO or scratch_of(name)
             or flags & os.O_ACCMODE == os.O_WRONLY)
    return dict(mapped(name, flags, created), digest=ZEROS if blind else content(name))


def executed(name, flags, created=None):
    """FILE where it is executed: its content always counts."""
    return dict(mapped(name, flags, created), digest=content(name))


def unread(name, flags, created=None):
    """FILE whose content is not looked at."""
    return dict(mapped(name, flags, created), digest=ZEROS)
