# SPDX-License-Identifier: LGPL-2.1-or-later
"""attacker.py - the program that tests/vm/attacks learns and then turns against its machine.

It does the orders in /tmp/order, where nobody looks at content, with the bytes in /tmp/payload and
/tmp/library: the same program with the same arguments, so that only what it does can be refused.
Prints a line for each: the order and what came of it.
"""
import ctypes
import errno
import json
import mmap
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ring

libc = ctypes.CDLL(None, use_errno=True)
libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


def call(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return "done"


def bytes_of(name):
    with open(name, "rb") as file:
        return file.read()


def put(data, place):
    """A new file of this content."""
    if os.path.exists(place):
        os.unlink(place)
    fd = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o755)
    os.write(fd, data)
    os.close(fd)


def run(path, *arguments, environment=None):
    pid = os.posix_spawn(path, [path, *arguments], environment or {})
    return "status %d" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def execute(place):
    put(bytes_of("/tmp/payload"), place)
    return run(place)


def execute_memory():
    fd = os.memfd_create("made", 0)
    os.write(fd, bytes_of("/tmp/payload"))
    return run("/proc/self/fd/%d" % fd)


def map_code(place):
    put(bytes_of("/tmp/library"), place)
    fd = os.open(place, os.O_RDONLY)
    mmap.mmap(fd, 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)
    return "done"


def map_memory():
    fd = os.memfd_create("code", 0)
    os.write(fd, bytes_of("/tmp/library"))
    mmap.mmap(fd, 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)
    return "done"


def map_anonymous():
    mmap.mmap(-1, 4096, mmap.MAP_PRIVATE, 7)
    return "done"


def map_data(place):
    put(bytes_of("/tmp/library"), place)
    fd = os.open(place, os.O_RDONLY)
    return mmap.mmap(fd, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)


def protect(place):
    """What was mapped as data is made executable."""
    area = ctypes.c_char.from_buffer(map_data(place))
    return call(libc.mprotect(ctypes.addressof(area), 4096, 5))


def preload(place):
    put(bytes_of("/tmp/library"), place)
    return run("/bin/true", environment={"LD_PRELOAD": place})


def program(path, *arguments):
    return run(path, *arguments)


def launder(path, *arguments):
    """Become another program without a fork; does not return if it works."""
    os.execv(path, [path, *arguments])


def window(place):
    """Open, change what was opened, and execute what was opened."""
    put(bytes_of("/bin/true"), place)
    fd = os.open(place, os.O_RDONLY)
    other = os.open(place, os.O_WRONLY)
    os.write(other, bytes_of("/tmp/payload"))
    os.close(other)
    pid = os.fork()
    if pid == 0:
        try:
            os.execve(fd, ["window"], {})
        except OSError as error:
            os._exit(100 + error.errno)
    return "status %d" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def receive():
    """A descriptor from a process outside."""
    channel = socket.socket(socket.AF_UNIX)
    channel.connect("\0outside")
    _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
    return "nothing came" if not descriptors else os.read(descriptors[0], 4).decode()


def look(path):
    return bytes_of(path)[:4].decode("latin-1")


def ring_look(path):
    """Open through a ring, where it is the kernel's worker or ourselves."""
    name = ctypes.create_string_buffer(path.encode())
    result = ring.Ring().submit(ring.OPENAT, -100, address=ctypes.addressof(name))
    if result < 0:
        raise OSError(-result, "refused")
    return os.read(result, 4).decode("latin-1")


def create(path):
    put(b"owned\n", path)
    return "done"


def mount(source, target, kind, flags, options):
    source, target, kind, options = (text.encode() for text in (source, target, kind, options))
    return call(libc.mount(source, target, kind, ctypes.c_ulong(flags), options))


def user_namespace():
    return call(libc.unshare(0x10000000))


def write_own_memory():
    os.close(os.open("/proc/self/mem", os.O_RDWR))
    return "done"


def main():
    for name, *arguments in json.loads(bytes_of("/tmp/order")):
        try:
            outcome = globals()[name](*arguments)
            if not isinstance(outcome, str):
                outcome = "done"
        except OSError as error:
            outcome = errno.errorcode[error.errno]
        os.write(1, ("%s: %s\n" % (" ".join([name, *map(str, arguments)]), outcome)).encode())


main()
