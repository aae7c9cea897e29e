# SPDX-License-Identifier: LGPL-2.1-or-later
"""ipc.py - cases about System V IPC objects."""
import ctypes
import os

from . import SELF, call, case, libc

IPC_CREAT, IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO = 0o1000, 0, 1, 2, 3
IPC_NOWAIT = 0o4000
KEY = 0x45564e54
SHM_RDONLY = 0o10000
SETVAL = 16

libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
libc.msgrcv.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_long, ctypes.c_int)
libc.msgsnd.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
libc.semctl.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
libc.shmctl.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
libc.msgctl.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p)


class Sembuf(ctypes.Structure):
    _fields_ = [("number", ctypes.c_ushort), ("operation", ctypes.c_short), ("flags", ctypes.c_short)]


class Message(ctypes.Structure):
    _fields_ = [("type", ctypes.c_long), ("text", ctypes.c_char * 8)]


def perm(mode):
    """PERM of an object made by user 1 for group 2, who are the caller."""
    return {"uid": "1", "gid": "2", "cuid": "1", "cgid": "2", "mode": "0%o" % mode, "owner": SELF}


def become_somebody():
    os.setresgid(2, 2, 2)
    os.setresuid(1, 1, 1)


def check(t, event, function, **cell):
    """A call about an object: its own event, and that of the permission it needs."""
    needs = cell.pop("needs", None)
    mode = cell["perm"]
    with t.step(event) as step:
        call(function())
    step.expect(**cell)
    if needs is not None:
        step.expect("ipc_permission", ipcp=mode, flag=str(needs))


@case("shm_associate", "shm_shmctl", "shm_shmat", "ipc_permission")
def memory(t):
    become_somebody()
    shm = call(libc.shmget(KEY, 4096, IPC_CREAT | 0o640))
    buffer, own = ctypes.create_string_buffer(256), perm(0o640)
    check(t, "shm_associate", lambda: libc.shmget(KEY, 4096, 0o600), needs=0o600, perm=own,
          shmflg=str(0o600))
    check(t, "shm_shmctl", lambda: libc.shmctl(shm, IPC_STAT, buffer), needs=0o444, perm=own,
          cmd=str(IPC_STAT))
    check(t, "shm_shmat", lambda: 0 * (libc.shmat(shm, None, SHM_RDONLY) or 0), needs=0o444,
          perm=own, shmflg=str(SHM_RDONLY))
    check(t, "shm_shmctl", lambda: libc.shmctl(shm, IPC_RMID, None), perm=own, cmd=str(IPC_RMID))


@case("sem_associate", "sem_semctl", "sem_semop", "ipc_permission")
def semaphores(t):
    become_somebody()
    sem, own = call(libc.semget(KEY, 2, IPC_CREAT | 0o660)), perm(0o660)
    check(t, "sem_associate", lambda: libc.semget(KEY, 2, 0o400), needs=0o400, perm=own,
          semflg=str(0o400))
    check(t, "sem_semctl", lambda: libc.semctl(sem, 1, SETVAL, 3), needs=0o222, perm=own,
          cmd=str(SETVAL))
    operations = (Sembuf * 2)((1, -2, IPC_NOWAIT), (0, 0, IPC_NOWAIT))
    check(t, "sem_semop", lambda: libc.semop(sem, operations, 2), needs=0o222, perm=own, nsops="2",
          alter="1")
    waits = (Sembuf * 1)((0, 0, IPC_NOWAIT))
    check(t, "sem_semop", lambda: libc.semop(sem, waits, 1), needs=0o444, perm=own, nsops="1",
          alter="0")
    check(t, "sem_semctl", lambda: libc.semctl(sem, 0, IPC_RMID, 0), perm=own, cmd=str(IPC_RMID))


@case("msg_queue_associate", "msg_queue_msgctl", "msg_queue_msgsnd", "msg_queue_msgrcv",
      "ipc_permission")
def messages(t):
    become_somebody()
    queue, own = call(libc.msgget(KEY, IPC_CREAT | 0o600)), perm(0o600)
    check(t, "msg_queue_associate", lambda: libc.msgget(KEY, 0o200), needs=0o200, perm=own,
          msqflg=str(0o200))
    message, buffer = Message(5, b"text"), ctypes.create_string_buffer(256)
    for _ in range(4):
        check(t, "msg_queue_msgsnd", lambda: libc.msgsnd(queue, ctypes.byref(message), 4, IPC_NOWAIT),
              needs=0o222, perm=own, msqflg=str(IPC_NOWAIT))
    # Type asked for, type and kind of search as the kernel has them.
    for asked, flags, kind, mode in ((5, 0, "5", "2"), (0, 0, "0", "1"), (-7, 0, "7", "4"),
                                     (3, 0o20000, "3", "3")):
        check(t, "msg_queue_msgrcv", lambda asked=asked, flags=flags: libc.msgrcv(
            queue, ctypes.byref(message), 8, asked, flags | IPC_NOWAIT),
              needs=0o444, perm=own, target=SELF, type=kind, mode=mode)
    check(t, "msg_queue_msgctl", lambda: libc.msgctl(queue, IPC_STAT, buffer), needs=0o444, perm=own,
          cmd=str(IPC_STAT))
    check(t, "msg_queue_msgctl", lambda: libc.msgctl(queue, IPC_RMID, None), perm=own,
          cmd=str(IPC_RMID))
