# SPDX-License-Identifier: LGPL-2.1-or-later
"""net.py - cases about sockets and their addresses."""
import hashlib
import os
import socket
import struct

from . import SELF, attempt, call, case, libc, task_of
from .facts import scratch_of

INET = {"family": "2", "type": "1", "protocol": "6", "owner": SELF}
CLONE_NEWNET = 0x40000000
LOOPBACK = str(127 << 24 | 1)
LOOPBACK6 = "00" * 15 + "01"


def sock(family, kind, protocol=0, owner=SELF):
    return {"family": str(int(family)), "type": str(int(kind)), "protocol": str(protocol),
            "owner": owner}


def inet(port, address=LOOPBACK):
    return {"af_inet": {"port": str(port), "address": address}}


def raw_call(function, fd, address):
    return function(fd, address, len(address))


def other(address):
    """Every address that has no form of its own: the digest of all of it."""
    return {"af_other": {"address": hashlib.sha256(address).hexdigest()}}


@case("socket_create")
def create(t):
    for family, kind, protocol in ((socket.AF_INET, socket.SOCK_STREAM, 0),
                                   (socket.AF_INET6, socket.SOCK_DGRAM, 17),
                                   (socket.AF_UNIX, socket.SOCK_SEQPACKET, 0),
                                   (socket.AF_NETLINK, socket.SOCK_RAW, 15)):
        with t.step("socket_create") as step:
            fd = call(libc.socket(family, kind | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK,
                                  protocol))
        os.close(fd)
        step.expect(family=str(int(family)), type=str(int(kind)), protocol=str(protocol), kern="0")
    with t.step("socket_create") as step:       # a network namespace needs some of its own
        call(libc.unshare(CLONE_NEWNET))
    step.expect(among=True, family="10", type="3", protocol="58", kern="1")


@case("socket_bind", "socket_listen", "socket_accept", "socket_connect", "socket_getsockname",
      "socket_getpeername", "socket_shutdown", "socket_setsockopt", "socket_sendmsg",
      "socket_recvmsg")
def stream(t):
    server, client = socket.socket(), socket.socket()
    with t.step("socket_bind") as step:
        server.bind(("127.0.0.1", 0))
    step.expect(sock=INET, addr=inet(0))
    port = server.getsockname()[1]
    with t.step("socket_listen") as step:
        server.listen(7)
    step.expect(sock=INET, backlog="7")
    with t.step("socket_connect") as step:
        client.connect(("127.0.0.1", port))
    step.expect(sock=INET, addr=inet(port))
    with t.step("socket_accept") as step:
        fd, _ = server._accept()
    step.expect(sock=INET, addr=inet(port))
    accepted = socket.socket(fileno=fd)
    for event, function in (("socket_getsockname", accepted.getsockname),
                            ("socket_getpeername", accepted.getpeername)):
        with t.step(event) as step:
            function()
        step.expect(sock=INET)
    with t.step("socket_sendmsg") as step:
        client.send(b"x")
    step.expect(sock=INET)
    with t.step("socket_recvmsg") as step:
        accepted.recv(1)
    step.expect(sock=INET)
    with t.step("socket_setsockopt") as step:
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    step.expect(sock=INET, level=str(socket.SOL_SOCKET), optname=str(int(socket.SO_KEEPALIVE)))
    with t.step("socket_shutdown") as step:
        accepted.shutdown(socket.SHUT_WR)
    step.expect(sock=INET, how="1")


@case("socket_bind", "socket_connect", "socket_accept", "socket_sendmsg")
def stream6(t):
    kind = sock(socket.AF_INET6, 1, 6)
    server, client = socket.socket(socket.AF_INET6), socket.socket(socket.AF_INET6)
    flow, scope = 0x12345, 1
    with t.step("socket_bind") as step:
        server.bind(("::1", 0, flow, scope))
    form = {"port": "0", "flow": str(flow), "scope": str(scope), "address": LOOPBACK6}
    step.expect(sock=kind, addr={"af_inet6": form})
    port = str(server.getsockname()[1])
    server.listen(1)
    with t.step("socket_connect") as step:
        client.connect(("::1", int(port)))
    step.expect(sock=kind, addr={"af_inet6": dict(form, port=port, flow="0", scope="0")})
    with t.step("socket_accept") as step:
        os.close(server._accept()[0])
    step.expect(sock=kind, addr={"af_inet6": {"port": port, "address": LOOPBACK6}})
    datagram = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with t.step("socket_sendmsg") as step:
        datagram.sendto(b"x", ("::1", 9))
    step.expect(sock=sock(socket.AF_INET6, 2, 17),
                addr={"af_inet6": {"port": "9", "address": LOOPBACK6}})


@case("socket_sendmsg", "socket_connect", "socket_bind")
def datagrams(t):
    kind = sock(socket.AF_INET, 2, 17)
    free = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    port = bound.getsockname()[1]
    with t.step("socket_sendmsg") as step:
        free.sendto(b"x", ("127.0.0.1", port))
    step.expect(sock=kind, addr=inet(port))
    chosen = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    chosen.bind(("127.0.0.1", 7777))
    with t.step("socket_sendmsg") as step:      # a server answers whoever asked
        chosen.sendto(b"x", ("127.0.0.1", port))
    step.expect(sock=kind)
    # Forms that are none: an address of another family, one too short for its own.
    for address in (struct.pack("<H14s", socket.AF_UNSPEC, b"anything"),
                    struct.pack("<H", socket.AF_INET) + b"\0\x50abcd"):
        with t.step("socket_connect") as step:
            raw_call(libc.connect, free.fileno(), address)
        step.expect(sock=kind, addr=other(address))
    with t.step("socket_bind") as step:
        raw_call(libc.bind, free.fileno(), b"\x02")
    step.expect(sock=kind, addr=other(b"\x02"))


def unix(text):
    return {"af_unix": {**scratch_of(text), "address": text}}


@case("socket_bind", "socket_connect", "unix_stream_connect", "socket_accept")
def unix_forms(t):
    kind = sock(socket.AF_UNIX, 1)
    attempt(os.unlink, "/tmp/events/unix-socket")       # of an earlier run of this case
    for address, text in ((b"\0abstract\0name", "\0abstract\0name"), (b"\0", "\0"),
                          (t.dir.encode() + b"/socket", t.dir + "/socket"),
                          (b"/tmp/events/unix-socket", "/tmp/events/unix-socket")):
        server, client = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        packed = struct.pack("<H", socket.AF_UNIX) + address
        with t.step("socket_bind") as step:
            call(raw_call(libc.bind, server.fileno(), packed))
        step.expect(sock=kind, addr=unix(text))
        server.listen(1)
        if not address.startswith(b"\0"):
            packed += b"\0trailing bytes"
        with t.step("socket_connect") as step:
            call(raw_call(libc.connect, client.fileno(), packed))
        step.expect(sock=kind, addr=unix(text))
        step.expect("unix_stream_connect", sock=kind, other=kind)
        with t.step("socket_accept") as step:
            os.close(server._accept()[0])
        step.expect(sock=kind, addr=unix(text))
    free = socket.socket(socket.AF_UNIX)
    with t.step("socket_bind") as step:         # unnamed: the kernel chooses a name
        call(raw_call(libc.bind, free.fileno(), b"\x01\0"))
    step.expect(sock=kind, addr=unix(""))
    # Dots could lead out of scratch: whole, whatever it begins with.
    for text in ("/tmp/../run/none", "/tmp/./none", "tmp/none"):
        with t.step("socket_connect") as step:
            raw_call(libc.connect, free.fileno(), b"\x01\0" + text.encode())
        step.expect(sock=kind, addr={"af_unix": {"address": text}})


@case("unix_may_send", "socket_sendmsg")
def unix_datagrams(t):
    kind = sock(socket.AF_UNIX, 2)
    left = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    right = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    right.bind("\0events")
    with t.step("unix_may_send") as step:
        left.sendto(b"x", "\0events")
    step.expect(sock=kind, other=kind)
    step.expect("socket_sendmsg", sock=kind, addr=unix("\0events"))


@case("socket_socketpair")
def pair(t):
    with t.step("socket_socketpair") as step:
        socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    step.expect(socka=sock(socket.AF_UNIX, 5), sockb=sock(socket.AF_UNIX, 5))


@case("socket_accept", "socket_getsockname")
def accepted_by_another(t):
    """The socket of a connection belongs to who accepts it; that it listens on, to who made it."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(1)
    port = server.getsockname()[1]
    socket.socket().connect(("127.0.0.1", port))
    os.dup2(server.fileno(), 0)
    with t.step("socket_accept") as step:
        pid = t.fork()
        if pid == 0:
            try:
                os.execv(t.options["acceptor"], ["acceptor"])
            finally:
                os._exit(127)
        t.wait(pid)
    step.who["comm"] = "vm-acceptor"
    step.expect(by=pid, sock=INET, addr=inet(port))
    step.expect("socket_getsockname", by=pid, sock=dict(INET, owner=task_of(pid)))


@case("netlink_send")
def netlink(t):
    channel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    channel.bind((0, 0))
    port = channel.getsockname()[0]
    message = struct.pack("<IHHIIBxxxHHII", 32, 18, 0x301, 1, 0, 0, 0, 0, 0, 0)
    with t.step("netlink_send") as step:
        channel.sendto(message, (0, 0))
    step.expect(sock=sock(socket.AF_NETLINK, 3), uid="0", gid="0", portid=str(port), dst_group="0",
                flags="8", nsid_set="0", nsid="0")
    with t.step("netlink_send") as step:
        attempt(channel.sendto, message, (0, 1 << 4))
    step.expect(sock=sock(socket.AF_NETLINK, 3), uid="0", gid="0", portid=str(port), dst_group="5",
                flags="8", nsid_set="0", nsid="0")
