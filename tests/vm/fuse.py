# SPDX-License-Identifier: LGPL-2.1-or-later
"""fuse.py - a filesystem in user space with one file, `file`, for tests: what it reads as can
change from one opening to the next, without anybody being told.
"""
import ctypes
import errno
import os
import signal
import struct

LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, FLUSH, INIT, BATCH_FORGET = (
    1, 2, 3, 14, 15, 17, 18, 25, 26, 42)
DIRECT_IO = 1
ROOT, FILE = 1, 2
SIZE = 4


def attributes(node):
    mode, size = (0o40755, 0) if node == ROOT else (0o100644, SIZE)
    return struct.pack("<6Q10I", node, size, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(opcode, node, body, contents, opened):
    """The answer to a request; a negative errno; None if there is none."""
    if opcode == INIT:
        return struct.pack("<4I2H2I2H8I", 7, 31, 65536, 0, 12, 10, 65536, 1, 0, 0, *[0] * 8)
    if opcode == LOOKUP:
        if body != b"file\0":
            return -errno.ENOENT
        return struct.pack("<4Q2I", FILE, 0, 0, 0, 0, 0) + attributes(FILE)
    if opcode == GETATTR:
        return struct.pack("<QII", 0, 0, 0) + attributes(node)
    if opcode == OPEN:
        opened.append(contents[len(opened) % len(contents)])
        return struct.pack("<QII", len(opened) - 1, DIRECT_IO, 0)
    if opcode == READ:
        handle, offset, size = struct.unpack_from("<QQI", body)
        return opened[handle][offset:offset + size]
    if opcode in (FLUSH, RELEASE):
        return b""
    return None if opcode in (FORGET, BATCH_FORGET) else -errno.ENOSYS


def serve(fd, contents):
    opened = []
    while True:
        try:
            request = os.read(fd, 1 << 17)
        except OSError:
            return      # unmounted
        _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
        result = answer(opcode, node, request[40:], contents, opened)
        if result is None:
            continue
        error, data = (result, b"") if isinstance(result, int) else (0, result)
        os.write(fd, struct.pack("<IiQ", 16 + len(data), error, unique) + data)


class Mounted:
    """The filesystem at a directory; each opening reads the next of contents."""

    def __init__(self, directory, *contents):
        self.directory, self.contents = directory, contents

    def __enter__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        fd = os.open("/dev/fuse", os.O_RDWR)
        options = "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % fd
        if libc.mount(b"test", self.directory.encode(), b"fuse", 0, options.encode()) < 0:
            raise OSError(ctypes.get_errno(), "mount")
        self.pid = os.fork()
        if self.pid == 0:
            try:
                serve(fd, self.contents)
            finally:
                os._exit(0)
        os.close(fd)
        return self

    def __exit__(self, *_):
        ctypes.CDLL(None).umount2(self.directory.encode(), 2)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
