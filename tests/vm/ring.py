# SPDX-License-Identifier: LGPL-2.1-or-later
"""ring.py - a ring of io_uring with four entries, driven by hand."""
import ctypes
import mmap
import struct

from system_call import system_call

SETUP, ENTER, REGISTER = 425, 426, 427
NOP, OPENAT, URING_CMD = 0, 18, 46
SETUP_SQPOLL = 2
REGISTER_PERSONALITY = 9


class Ring:
    def __init__(self, flags=0):
        parameters = bytearray(struct.pack("<IIIIIIIIII", 0, 0, flags, 0, 1000, 0, 0, 0, 0, 0) +
                               bytes(80))
        buffer = (ctypes.c_char * len(parameters)).from_buffer(parameters)
        self.fd = system_call(SETUP, 4, buffer)
        offsets = struct.unpack_from("<8I", parameters, 40)
        self.tail, self.array = offsets[1], offsets[6]
        self.answers = struct.unpack_from("<8I", parameters, 80)[5]
        self.ring = mmap.mmap(self.fd, 4096, mmap.MAP_SHARED, offset=0)
        self.entries = mmap.mmap(self.fd, 4096, mmap.MAP_SHARED, offset=0x10000000)

    def personality(self):
        """Register the caller's credentials."""
        return system_call(REGISTER, self.fd, REGISTER_PERSONALITY, None, 0)

    def submit(self, opcode, fd, offset=0, address=0, flags=0, personality=0):
        """One request; its result is returned, negative for an error."""
        entry = struct.pack("<BBHiQQIIQHHiQQ", opcode, 0, 0, fd, offset, address, 0, flags, 1, 0,
                            personality, 0, 0, 0)
        self.entries[:64] = entry
        tail = struct.unpack_from("<I", self.ring, self.tail)[0]
        struct.pack_into("<I", self.ring, self.array + 4 * (tail & 3), 0)
        struct.pack_into("<I", self.ring, self.tail, tail + 1)
        system_call(ENTER, self.fd, 1, 1, 1, None, 0)
        return struct.unpack_from("<i", self.ring, self.answers + 16 * (tail & 7) + 8)[0]
