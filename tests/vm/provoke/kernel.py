# SPDX-License-Identifier: LGPL-2.1-or-later
"""kernel.py - cases about what enters or controls the kernel: modules, BPF, keys, rings, tunnels,
its log and clock.
"""
import ctypes
import fcntl
import hashlib
import os
import socket
import struct
import time

import ring

from . import attempt, call, case, creds, libc, need
from .coverage import in_um
from .facts import O_LARGEFILE, Filesystem, executed, path

SYS = {"bpf": 321, "init_module": 175, "finit_module": 313, "add_key": 248, "keyctl": 250,
       "perf_event_open": 298, "mq_open": 240}
PROCESS_KEYRING = -2
KEYCTL_SETPERM, KEYCTL_READ = 5, 11


@case("syslog")
def syslog(t):
    for action in (10, 9):      # SYSLOG_ACTION_SIZE_BUFFER, _SIZE_UNREAD
        with t.step("syslog") as step:
            call(libc.klogctl(action, None, 0))
        step.expect(type=str(action))


@case("settime")
def settime(t):
    now = int(time.time())
    with t.step("settime") as step:
        time.clock_settime_ns(time.CLOCK_REALTIME, now * 10 ** 9 + 123456789)
    step.expect(ts={"seconds": str(now), "nsecs": "123456789"})
    zone = struct.pack("<ii", -60, 1)
    with t.step("settime") as step:
        call(libc.settimeofday(None, zone))
    step.expect(tz={"minuteswest": "-60", "dsttime": "1"})
    with t.step("settime") as step:
        libc.syscall(164, struct.pack("<qq", now, 7), struct.pack("<ii", 0, 0))
    step.expect(ts={"seconds": str(now), "nsecs": "7000"}, tz={"minuteswest": "0", "dsttime": "0"})


@case("kernel_load_data", "kernel_post_load_data", "kernel_read_file", "kernel_module_request")
def modules(t):
    data = b"\x7fELF but no module".ljust(100)
    with t.step("kernel_load_data") as step:
        if libc.syscall(SYS["init_module"], data, len(data), b"") < 0:
            need(ctypes.get_errno() != 38, "no modules")
    step.expect(id="2", contents="1")
    step.expect("kernel_post_load_data", id="2", description="init_module", size=str(len(data)),
                digest=hashlib.sha256(data).hexdigest())
    fd = os.open(t.old, os.O_RDONLY)
    with t.step("kernel_read_file") as step:
        libc.syscall(SYS["finit_module"], fd, b"", 0)
    step.expect(file=executed(t.old, O_LARGEFILE), id="2", contents="1")
    with t.step("kernel_module_request") as step:
        attempt(socket.socket, 40, socket.SOCK_STREAM, 0)
    step.expect(kmod_name="net-pf-40")


def bpf(command, attributes):
    attributes = attributes.ljust(144, b"\0")
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    return call(libc.syscall(SYS["bpf"], command, buffer, len(attributes)))


MAP_CREATE, PROG_LOAD, TOKEN_CREATE = 0, 5, 36
ARRAY, SOCKET_FILTER = 2, 1


def program(instructions):
    """The attributes of a load, and what keeps its bytes."""
    code = ctypes.create_string_buffer(b"".join(instructions), 8 * len(instructions))
    licence = ctypes.create_string_buffer(b"GPL")
    return struct.pack("<IIQQIIQII16sII", SOCKET_FILTER, len(instructions), ctypes.addressof(code),
                       ctypes.addressof(licence), 0, 0, 0, 0, 0, b"events", 0, 0), (code, licence)


@case("bpf", "bpf_map", "bpf_prog", "bpf_prog_load")
def bpf_calls(t):
    attributes = struct.pack("<IIIII", ARRAY, 4, 8, 3, 0)
    with t.step("bpf") as step:
        array = bpf(MAP_CREATE, attributes)
    step.expect(cmd=str(MAP_CREATE), attr={"size": "144"})
    step.expect("bpf_map", map={"map_type": str(ARRAY)}, fmode="3")
    # r0 = map; r0 = 0; exit. The number of the map is no part of what it does.
    load = struct.pack("<BBhi", 0x18, 1 << 4, 0, array), struct.pack("<BBhi", 0, 0, 0, 0)
    rest = struct.pack("<BBhi", 0xb7, 0, 0, 0), struct.pack("<BBhi", 0x95, 0, 0, 0)
    attributes, _kept = program(load + rest)
    with t.step("bpf_prog_load") as step:
        bpf(PROG_LOAD, attributes)
    hashed = (struct.pack("<BBhi", 0x18, 1 << 4, 0, 0), load[1]) + rest
    kind = {"type": str(SOCKET_FILTER), "attach_type": "0"}
    step.expect(prog=kind, name="events", insns="4",
                digest=hashlib.sha256(b"".join(hashed)).hexdigest(), token="0")
    step.expect("bpf_prog", prog=kind)
    step.expect("bpf", cmd=str(PROG_LOAD), attr={"size": "144"})


@case("bpf_token_create")
def bpf_token(t):
    """A bpf filesystem whose user namespace is not the first, with rights from outside."""
    with open("/proc/filesystems", encoding="ascii") as file:
        need("\tbpf\n" in file.read(), "a bpf filesystem")
    ours, theirs = socket.socketpair()
    pid = t.fork()
    if pid == 0:
        call(libc.unshare(0x10000000 | 0x20000))
        context = call(libc.syscall(430, b"bpf", 0))
        socket.send_fds(theirs, [b"x"], [context])
        mounted = socket.recv_fds(theirs, 1, 1)[1][0]
        detached = os.open(".", os.O_RDONLY, dir_fd=mounted)
        fs = Filesystem(detached)
        with t.step("bpf_token_create") as step:
            bpf(TOKEN_CREATE, struct.pack("<II", 0, detached))
        step.who["coe"] = {name: value if name == "capeff" else "0"
                           for name, value in step.who["coe"].items()}
        step.expect(path=path("detached:/", fs), allowed_cmds="0x3", allowed_maps="0x5",
                    allowed_progs="0x9", allowed_attachs="0x11")
        os._exit(0)
    context = socket.recv_fds(ours, 1, 1)[1][0]
    for key, value in (("cmds", "3"), ("maps", "5"), ("progs", "9"), ("attachs", "17")):
        call(libc.syscall(431, context, 1, ("delegate_" + key).encode(), value.encode(), 0))
    call(libc.syscall(431, context, 6, None, None, 0))
    socket.send_fds(ours, [b"x"], [call(libc.syscall(432, context, 0, 0))])
    if t.wait(pid):
        raise AssertionError("the child failed")


def key_flags(number):
    """Flags, owner and permissions of a key, from /proc/keys."""
    with open("/proc/keys", encoding="ascii") as file:
        fields = next(line.split() for line in file if int(line.split()[0], 16) == number)
    return fields


@case("key_alloc", "key_permission")
def keys(t):
    mine = creds()
    call(libc.syscall(SYS["keyctl"], 0, PROCESS_KEYRING, 1))
    with t.step("key_alloc") as step:
        key = call(libc.syscall(SYS["add_key"], b"user", b"events", b"secret", 6, PROCESS_KEYRING))
    step.expect(cred=mine, flags="0")
    call(libc.syscall(SYS["keyctl"], KEYCTL_SETPERM, key, 0x3f3f0000))
    fields = key_flags(key)
    buffer = ctypes.create_string_buffer(16)
    with t.step("key_permission") as step:
        call(libc.syscall(SYS["keyctl"], KEYCTL_READ, key, buffer, 16))
    need(fields[4] == "3f3f0000", "permissions in /proc/keys")
    # Flags: bit 2, KEY_FLAG_IN_QUOTA. KEY_NEED_READ is 2.
    step.expect(key_ref={"possessed": "1", "uid": fields[5], "gid": fields[6], "flags": "4",
                         "perm": str(0x3f3f0000)}, cred=mine, perm="2",
                among=True)


@case("uring_override_creds", "uring_cmd")
def ring_requests(t):
    ours = ring.Ring()
    registered = creds()
    number = ours.personality()
    with t.step("uring_override_creds") as step:
        ours.submit(ring.NOP, -1, personality=number)
    step.expect(cred=registered)
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with t.step("uring_cmd") as step:
        ours.submit(ring.URING_CMD, end.fileno(), offset=1)     # SOCKET_URING_OP_SIOCOUTQ
    status = os.fstat(end.fileno())
    step.expect(file={"flags": "2", "path": {
        "owner": "@self", "instance": "0", "pathname": "socket:/"}, "inode": {
        "uid": str(status.st_uid), "gid": str(status.st_gid), "mode": "0%o" % status.st_mode,
        "s_magic": "0x534f434b", "s_id": "sockfs", "s_uuid": "0" * 32}}, cmd="1")


@case("uring_sqpoll")
def ring_thread(t):
    with t.step("uring_sqpoll") as step:
        ring.Ring(ring.SETUP_SQPOLL)
    step.expect()


IFF_TUN, IFF_MULTI_QUEUE, IFF_ATTACH_QUEUE, IFF_DETACH_QUEUE = 1, 0x100, 0x200, 0x400
TUNSETIFF, TUNSETPERSIST, TUNSETQUEUE = 0x400454ca, 0x400454cb, 0x400454d9


@case("tun_dev_create", "tun_dev_open", "tun_dev_attach", "tun_dev_attach_queue")
def tunnel(t):
    need(os.path.exists("/dev/net/tun"), "tunnels")

    def request(number, name, flags):
        fd = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(fd, number, struct.pack("<16sH22x", name, flags))
        return fd

    with t.step("tun_dev_create") as step:
        first = request(TUNSETIFF, b"ev0", IFF_TUN | IFF_MULTI_QUEUE)
    step.expect()
    step.expect("tun_dev_attach")
    with t.step("tun_dev_open") as step:
        second = request(TUNSETIFF, b"ev0", IFF_TUN | IFF_MULTI_QUEUE)
    step.expect()
    step.expect("tun_dev_attach")
    fcntl.ioctl(second, TUNSETQUEUE, struct.pack("<16sH22x", b"", IFF_DETACH_QUEUE))
    with t.step("tun_dev_attach_queue") as step:
        fcntl.ioctl(second, TUNSETQUEUE, struct.pack("<16sH22x", b"", IFF_ATTACH_QUEUE))
    step.expect()
    os.close(first)


@case("perf_event_open")
def performance(t):
    need(not in_um(), "performance events")
    attributes = struct.pack("<IIQ", 1, 112, 1).ljust(112, b"\0")      # PERF_TYPE_SOFTWARE
    with t.step("perf_event_open") as step:
        call(libc.syscall(SYS["perf_event_open"], attributes, 0, -1, -1, 0))
    step.expect(type="0", among=True)


@case("file_open", "inode_create")
def message_queue(t):
    """A POSIX queue is a file on a filesystem of its own, whose content nobody can read."""
    fd = call(libc.syscall(SYS["mq_open"], b"events", os.O_CREAT | os.O_RDWR, 0o600, None))
    fs = Filesystem(fd)
    status = os.fstat(fd)
    fs.type = "mqueue"
    with t.step("file_open") as step:
        os.close(call(libc.syscall(SYS["mq_open"], b"events", os.O_RDONLY, 0, None)))
    step.expect(file={"flags": "0", "inode": {
        "uid": str(status.st_uid), "gid": str(status.st_gid), "mode": "0%o" % status.st_mode,
        "s_magic": "0x19800202", "s_id": "mqueue", "s_uuid": "0" * 32},
        "path": path("detached:/events", fs), "digest": "@zeros"})
