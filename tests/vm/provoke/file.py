# SPDX-License-Identifier: LGPL-2.1-or-later
"""file.py - cases about open files: opening, content, mapping, commands, passing on."""
import ctypes
import errno
import fcntl
import mmap
import os
import socket

from . import ZEROS, call, case, libc, need
from .coverage import in_um
from .facts import (EMPTY, O_LARGEFILE, O_TMPFILE, PSEUDO, executed, filesystem, inode, kept,
                    looked_at, mapped, path, unread)

EVERYWHERE = ("tmpfs", "root", "scratch", "ext4", "overlay", "hostfs", "9p")
PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
READ_IMPLIES_EXEC = 0x400000
MAPPED_LENGTH = 4096
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 4096, 16384, 1 << 18

libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int,
                      ctypes.c_long)
libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


@case("file_open", places=EVERYWHERE)
def open_old(t):
    for flags in (os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND, os.O_RDONLY | os.O_NONBLOCK):
        with t.step("file_open") as step:
            fd = os.open(t.old, flags)
        os.close(fd)
        step.expect(file=looked_at(t.old, flags | O_LARGEFILE))


@case("file_open", places=EVERYWHERE)
def open_empty(t):
    """The digest of nothing is that of empty content, and of nothing else."""
    name = t.dir + "/empty"
    with t.step("file_open") as step:
        fd = os.open(name, os.O_RDONLY)
    os.close(fd)
    fact = looked_at(name, O_LARGEFILE)
    if fact["digest"] not in (EMPTY, ZEROS):
        raise AssertionError("the file is not empty")
    step.expect(file=fact)


@case("file_open", "inode_create", "path_mknod", places=EVERYWHERE)
def open_created(t):
    name = t.dir + "/new"
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR
    directory = inode(t.dir)
    with t.step("file_open") as step:
        os.close(os.open(name, flags, 0o640))
    created = path(name, created=1)
    step.expect("path_mknod", dir=path(t.dir), dentry={"path": path(name)}, mode="0100640",
                dev={"major": "0", "minor": "0"})
    step.expect("inode_create", dir=directory, dentry={"path": created}, mode="0100640")
    step.expect(file=looked_at(name, flags | O_LARGEFILE, created=1))
    with open(name, "w", encoding="ascii") as file:
        file.write("content that nobody looks at")
    with t.step("file_open") as step:
        os.close(os.open(name, os.O_RDONLY))
    step.expect(file=looked_at(name, O_LARGEFILE, kept(t, 1)))
    with t.step("file_open") as step:
        os.close(os.open(t.dir + "/second", flags, 0o600))
    # The numbers of a directory go with its inode, which these do not keep (docs/roadmap.md).
    second = 1 if t.place in ("hostfs", "9p") else 2
    step.expect(file=looked_at(t.dir + "/second", flags | O_LARGEFILE, created=second))


@case("inode_create", "path_mknod", places=EVERYWHERE)
def create_below_umask(t):
    """The umask counts the same on filesystems with and without access control lists."""
    os.umask(0o027)
    name, directory = t.dir + "/masked", inode(t.dir)
    with t.step("inode_create") as step:
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o666))
    step.expect(dir=directory, dentry={"path": path(name, created=1)}, mode="0100640")
    step.expect("path_mknod", dir=path(t.dir), dentry={"path": path(name)}, mode="0100640",
                dev={"major": "0", "minor": "0"})


@case("file_open", places=("tmpfs", "ext4", "overlay"))
def open_nameless(t):
    flags = O_TMPFILE | os.O_RDWR
    with t.step("file_open") as step:
        fd = os.open(t.dir, flags, 0o600)
    fs = filesystem(t.dir)
    step.expect(file={"flags": str(flags | O_LARGEFILE), "inode": inode(fd, fs),
                      "path": path(t.dir + "/#", fs, created=0), "digest": ZEROS})


@case("inode_getattr", "inode_setattr", "inode_setxattr", "inode_link", "path_link",
      places=("tmpfs", "ext4", "overlay"))
def nameless(t):
    """The number of a file without a name is nowhere, and a name it gets is told."""
    fd = os.open(t.dir, O_TMPFILE | os.O_RDWR, 0o600)
    fs = filesystem(t.dir)
    named = {"inode": inode(fd, fs), "path": path(t.dir + "/#", fs, created=0)}
    with t.step("inode_getattr") as step:
        os.fstat(fd)
    step.expect(path=named)
    with t.step("inode_setattr") as step:
        os.fchmod(fd, 0o600)
    step.expect(dentry=named, attr={"valid": "65", "mode": "0100600", "uid": "0", "gid": "0",
                                    "size": "0"})
    with t.step("inode_setxattr") as step:
        os.setxattr(fd, "trusted.x", b"1")
    place = dict(named["path"], pathname=fs.place(t.dir) + "/#")
    step.expect(dentry=dict(named, path=place), name="trusted.x", value="31", flags="0")
    above, name = inode(t.dir), t.dir + "/name"
    with t.step("inode_link") as step:
        call(libc.linkat(-100, b"/proc/self/fd/%d" % fd, -100, name.encode(), 0x400))
    step.expect(old_dentry=named, dir=above, new_dentry={"path": path(name, fs)})
    step.expect("path_link", old_dentry=named, new_dir=path(t.dir), new_dentry={"path": path(name, fs)})


@case("file_open")
def open_in_proc(t):
    other = t.child()
    own, kernel = os.getpid(), filesystem("/proc/version")
    for name, text in (("/proc/%d/stat" % own, "/proc/self/stat"),
                       ("/proc/%d/stat" % other, "/proc/pid/stat"),
                       ("/proc/self/task/%d/stat" % own, "/proc/self/task/self/stat"),
                       ("/proc/%d/task/%d/stat" % (other, other), "/proc/pid/task/pid/stat"),
                       ("/proc/self/fdinfo/0", "/proc/self/fdinfo/n"),
                       ("/proc/sys/kernel/pid_max", "/proc/sys/kernel/pid_max")):
        with t.step("file_open") as step:
            fd = os.open(name, os.O_RDONLY)
        step.expect(file={"flags": str(O_LARGEFILE), "inode": inode(fd, kernel),
                          "path": path(name, kernel, text=text), "digest": ZEROS})
        os.close(fd)


def shared(fd, prot, flags=mmap.MAP_PRIVATE):
    address = libc.mmap(None, MAPPED_LENGTH, prot, flags, fd, 0)
    if address == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "mmap")
    return address


@case("mmap_file", places=EVERYWHERE)
def map_file(t):
    fd = os.open(t.old, os.O_RDONLY)
    numbers = {"reqprot": "5", "prot": "5", "flags": str(mmap.MAP_PRIVATE)}
    with t.step("mmap_file") as step:
        shared(fd, PROT_READ | PROT_EXEC)
    step.expect(file=executed(t.old, O_LARGEFILE), **numbers)
    if filesystem(t.old).magic in PSEUDO:
        return
    with t.step("mmap_file") as step:
        shared(fd, PROT_READ, mmap.MAP_SHARED)
    step.expect(file=unread(t.old, O_LARGEFILE), reqprot="1", prot="1", flags=str(mmap.MAP_SHARED))


@case("mmap_file", places=EVERYWHERE)
def map_created(t):
    """What the workload made itself is executed under its content."""
    name = t.dir + "/made"
    with open(name, "w", encoding="ascii") as file:
        file.write("made by " + t.name)
    fd = os.open(name, os.O_RDONLY)
    with t.step("mmap_file") as step:
        shared(fd, PROT_READ | PROT_EXEC)
    step.expect(file=executed(name, O_LARGEFILE, kept(t, 1)), reqprot="5", prot="5",
                flags=str(mmap.MAP_PRIVATE))


@case("mmap_file", places=("tmpfs", "root"))
def map_implied(t):
    """What is in effect decides, not what was asked for."""
    call(libc.personality(READ_IMPLIES_EXEC))
    fd = os.open(t.old, os.O_RDONLY)
    with t.step("mmap_file") as step:
        shared(fd, PROT_READ)
    step.expect(file=executed(t.old, O_LARGEFILE), reqprot="1", prot="5",
                flags=str(mmap.MAP_PRIVATE))


@case("mmap_file", "file_mprotect")
def map_anonymous(t):
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    with t.step("mmap_file") as step:
        shared(-1, 7, flags)
    step.expect(reqprot="7", prot="7", flags=str(flags))
    address = shared(-1, 3, flags)
    with t.step("file_mprotect") as step:
        call(libc.mprotect(address, MAPPED_LENGTH, 5))
    step.expect(vm_prot="3", reqprot="5", prot="5")


@case("file_mprotect", places=EVERYWHERE)
def protect_file(t):
    fd = os.open(t.old, os.O_RDWR)
    address = shared(fd, PROT_READ)
    with t.step("file_mprotect") as step:
        call(libc.mprotect(address, MAPPED_LENGTH, 5))
    step.expect(file=mapped(t.old, os.O_RDWR | O_LARGEFILE), vm_prot="1", reqprot="5", prot="5")


@case("file_ioctl", "file_lock", "file_fcntl", "file_truncate", places=EVERYWHERE)
def commands(t):
    fd = os.open(t.old, os.O_RDWR)
    fact = mapped(t.old, os.O_RDWR | O_LARGEFILE)
    with t.step("file_ioctl") as step:
        fcntl.ioctl(fd, 0x541b, bytes(4))       # FIONREAD
    step.expect(file=fact, cmd=str(0x541b))
    for command, printed in ((fcntl.LOCK_EX, 1), (fcntl.LOCK_SH, 0), (fcntl.LOCK_UN, 2)):
        with t.step("file_lock") as step:
            fcntl.flock(fd, command)
        step.expect(file=fact, cmd=str(printed))
    with t.step("file_lock") as step:
        fcntl.lockf(fd, fcntl.LOCK_EX)
    step.expect(file=fact, cmd="1")
    for command in (fcntl.F_GETFL, fcntl.F_GETFD):
        with t.step("file_fcntl") as step:
            fcntl.fcntl(fd, command)
        step.expect(file=fact, cmd=str(command))
    with t.step("file_truncate") as step:
        os.ftruncate(fd, 3)
    step.expect(file=fact)
    with t.step("file_truncate") as step:
        os.close(os.open(t.old, os.O_WRONLY | os.O_TRUNC))
    step.expect(file=mapped(t.old, os.O_WRONLY | O_LARGEFILE))


# int number(eax: number, ebx: first, ecx: second, edx: third) of a 32-bit program:
# push %rbx; mov %edi,%eax; mov %esi,%ebx; xchg %edx,%ecx; int $0x80; pop %rbx; ret
CALL_OF_32_BIT = bytes.fromhex("5389f889f387d1cd805bc3")
IOCTL_OF_32_BIT, FIOCLEX, FIONCLEX = 54, 0x5451, 0x5450


@case("file_ioctl_compat", places=EVERYWHERE)
def commands_of_32_bit(t):
    need(not in_um(), "system calls of 32-bit programs")
    area = mmap.mmap(-1, MAPPED_LENGTH, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, 7)
    area.write(CALL_OF_32_BIT)
    call_32 = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_uint] * 4)(
        ctypes.addressof(ctypes.c_char.from_buffer(area)))
    fd = os.open(t.old, os.O_RDWR)
    for command, inherited in ((FIONCLEX, True), (FIOCLEX, False)):
        with t.step("file_ioctl_compat") as step:
            call(call_32(IOCTL_OF_32_BIT, fd, command, 0))
        step.expect(file=mapped(t.old, os.O_RDWR | O_LARGEFILE), cmd=str(command))
        if os.get_inheritable(fd) != inherited:
            raise AssertionError("the command did nothing")


@case("file_ioctl")
def command_without_name(t):
    reader, _ = os.pipe()
    with t.step("file_ioctl") as step:
        fcntl.ioctl(reader, 0x541b, bytes(4))
    status = os.fstat(reader)
    step.expect(file={
        "flags": "0", "path": {"pathname": "pipe:/"},
        "inode": {"uid": str(status.st_uid), "gid": str(status.st_gid),
                  "mode": "0%o" % status.st_mode, "s_magic": "0x50495045", "s_id": "pipefs",
                  "s_uuid": "0" * 32}}, cmd=str(0x541b))


@case("file_receive", places=EVERYWHERE)
def receive(t):
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    for flags in (os.O_RDONLY, os.O_WRONLY):
        fd = os.open(t.old, flags)
        socket.send_fds(left, [b"x"], [fd])
        with t.step("file_receive") as step:
            # A descriptor that is refused is missing, and the call succeeds.
            if not socket.recv_fds(right, 1, 1)[1]:
                raise OSError(errno.EACCES, "the file was not received")
        step.expect(file=looked_at(t.old, flags | O_LARGEFILE))
    holder = t.child()
    pidfd = os.pidfd_open(holder)
    with t.step("file_receive") as step:
        call(libc.syscall(438, pidfd, fd, 0))       # pidfd_getfd
    step.expect(file=looked_at(t.old, os.O_WRONLY | O_LARGEFILE))


def as_code(t, name, created=None):
    """Map as code: the digest must be that of the content now."""
    fd = os.open(name, os.O_RDONLY)
    with t.step("mmap_file") as step:
        shared(fd, PROT_READ | PROT_EXEC)
    step.expect(file=executed(name, O_LARGEFILE, created), reqprot="5", prot="5",
                flags=str(mmap.MAP_PRIVATE))
    os.close(fd)


def change(name, number, flags=os.O_WRONLY):
    fd = os.open(name, flags)
    os.pwrite(fd, b"%d" % number, 3)
    return fd


def write_through_mapping(t):
    """The mapping outlives its descriptor."""
    fd = os.open(t.old, os.O_RDWR)
    area = mmap.mmap(fd, MAPPED_LENGTH, mmap.MAP_SHARED)
    os.close(fd)
    for letter in b"xyz":
        area[7] = letter
        as_code(t, t.old)
    area.close()
    as_code(t, t.old)


@case("mmap_file", places=EVERYWHERE + ("disk",))
def content_changes(t):
    """A digest is never that of an earlier content, however the content is changed."""
    call(libc.unshare(CLONE_NEWNS))
    call(libc.mount(b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None))
    as_code(t, t.old)
    as_code(t, t.old)
    writer = change(t.old, 1)               # written, and still open for writing
    as_code(t, t.old)
    os.close(writer)
    as_code(t, t.old)
    if t.place != "9p":                     # which has none, through a shared mapping
        write_through_mapping(t)
    os.link(t.old, t.dir + "/second")       # under another name
    os.close(change(t.dir + "/second", 2))
    as_code(t, t.old)
    os.mkdir(t.dir + "/mount")              # through another mount
    call(libc.mount(t.dir.encode(), (t.dir + "/mount").encode(), None, ctypes.c_ulong(MS_BIND), None))
    os.close(change(t.dir + "/mount/old", 3))
    as_code(t, t.old)
    os.truncate(t.old, 5000)
    as_code(t, t.old)
    with open(t.dir + "/third", "wb") as source, open(t.old, "rb+") as target:
        source.write(b"copied by the kernel")
        source.flush()
        fd = os.open(t.dir + "/third", os.O_RDONLY)
        os.copy_file_range(fd, target.fileno(), 20, 0, 100)
    as_code(t, t.old)
    os.rename(t.dir + "/third", t.old)      # another file under this name, open still
    as_code(t, t.old, created=2)
