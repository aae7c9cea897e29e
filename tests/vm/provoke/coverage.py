# SPDX-License-Identifier: LGPL-2.1-or-later
"""coverage.py - which event is provoked by which case, where its hook is called from in Linux
6.12, and docs/events.md, which is made of that and of the schema.
"""
import os

from . import CASES
import formula

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../docs/events.md")

# What User-Mode Linux does not have: provoked on the machine that QEMU makes.
NOT_IN_UM = {
    "file_ioctl_compat": "has no system calls of 32-bit programs",
    "perf_event_open": "has no performance events",
}

# What is held where the hook is called (Linux 6.12), for those that may not sleep, and for those
# that may and wait with something held. Of the others the callers hold nothing of the kernel's.
HELD = {
    "task_kill": "RCU; for a group the list of tasks",
    "task_setpgid": "the list of tasks, interrupts off",
    "task_getpgid": "RCU", "task_getsid": "RCU",
    "task_setnice": "RCU in setpriority",
    "task_setioprio": "RCU", "task_getioprio": "RCU",
    "task_prlimit": "RCU", "task_setrlimit": "the task's lock",
    "task_setscheduler": "nothing in the system calls; in a cgroup's migration the locks of all "
                         "cgroups, which must not wait for a verdict",
    "task_getscheduler": "RCU",
    "task_prctl": "nothing; the schema calls it atomic", "capset": "nothing; the schema calls it atomic",
    "unix_stream_connect": "the state of both sockets", "unix_may_send": "the state of both sockets",
    "ptrace_traceme": "the list of tasks, interrupts off",
    "ptrace_access_check": "the lock of the task looked at", "capable": "anything",
    "capget": "RCU", "key_permission": "RCU while keyrings are searched",
    "ipc_permission": "the object, RCU", "shm_associate": "the object, RCU",
    "shm_shmctl": "the object or RCU", "shm_shmat": "RCU", "sem_associate": "the object, RCU",
    "sem_semctl": "the object or RCU", "sem_semop": "RCU", "msg_queue_associate": "the object, RCU",
    "msg_queue_msgctl": "the object or RCU", "msg_queue_msgsnd": "the object, RCU",
    "msg_queue_msgrcv": "the object, RCU",
    "bprm_committed_creds": "the lock for the change of an exec: it does not wait",
    "bprm_check_security": "the credentials' mutex of the task",
    "task_alloc": "nothing; it does not wait, the new task being known to nobody yet",
    "cred_prepare": "nothing; it does not wait, being part of calls that have events of their own",
    "file_mprotect": "the memory map of the task, for writing",
    "sb_statfs": "the mounts of the namespace, in statmount",
    "sb_kern_mount": "the new superblock", "sb_remount": "the superblock",
    "quotactl": "the superblock", "quota_on": "the superblock",
    "key_alloc": "the keyring; in request_key the construction of the user's keys",
    "uring_override_creds": "the ring", "uring_cmd": "the ring",
    "tun_dev_create": "the list of network devices", "tun_dev_open": "the list of network devices",
    "tun_dev_attach": "the list of network devices",
    "tun_dev_attach_queue": "the list of network devices",
    "inode_getattr": "nothing", "inode_killpriv": "the inode",
}
LOCK_DIRECTORY = "the directory"
for _name in ("create", "link", "unlink", "symlink", "mkdir", "rmdir", "mknod"):
    HELD["inode_" + _name] = HELD["path_" + _name] = LOCK_DIRECTORY
del HELD["path_create"]
HELD["inode_rename"] = HELD["path_rename"] = "both directories; the rename lock of the filesystem"
for _name in ("setattr", "setxattr", "removexattr", "set_acl", "remove_acl"):
    HELD["inode_" + _name] = "the inode"

HEAD = """<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->
# Events

Made by `tests/vm/events --write` from `libtsem/schema/schema.json` and `tests/vm/provoke`; do not edit. A test of the unit suite
says when it is old.

Every event is provoked in a virtual machine, in a strict and in a portable namespace, and its record compared member by member
with what was done; its coefficient is computed by the library and by `tests/vm/formula.py`, which must agree. The members are in
`schema.json`, their meaning in `formula.md`.

*Sleeps*: the event may sleep, as every caller in Linux 6.12 may; if not, what forbids it is under *held*. *Waits*: the task waits for
the verdict. *Held* is what others may want meanwhile.

| id | event | hook | sleeps | waits | held | provoked and compared by |
| --- | --- | --- | --- | --- | --- | --- |
"""


def in_um():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        return "User Mode Linux" in file.read()


def wanted_here():
    """The events that this machine is to provoke."""
    return set(cases_by_event()) - set(NOT_IN_UM if in_um() else ())


def cases_by_event():
    found = {}
    for case in CASES:
        for event in case.events:
            found.setdefault(event, []).append(case)
    return found


def row(event, cases):
    name, hook = event["name"], event["hook"].split("(")[0]
    how = ", ".join(sorted(case.family + "." + case.name for case in cases))
    if name in NOT_IN_UM:
        how += ", on x86_64: User-Mode Linux " + NOT_IN_UM[name]
    return "| %d | `%s` | %s | %s | %s | %s | %s |\n" % (
        event["id"], name, "the same" if hook == name else "`%s`" % hook,
        "yes" if event["context"] == "sleep" else "no", "yes" if event["wait"] else "no",
        HELD.get(name, "nothing"), how)


def table():
    found = cases_by_event()
    rows = [row(event, found.get(event["name"], [])) for event in formula.read_schema()["events"]]
    return HEAD + "".join(rows) + "\n%d events, %d provoked and compared.\n" % (len(rows), len(found))


def complaints():
    """What is wrong with the table itself."""
    names = {event["name"] for event in formula.read_schema()["events"]}
    found = cases_by_event()
    wrong = ["%s is no event" % name for name in sorted((set(found) | set(HELD) | set(NOT_IN_UM)) - names)]
    wrong += ["%s has no case" % name for name in sorted(names - set(found))]
    with open(DOCUMENT, encoding="utf-8") as file:
        if file.read() != table():
            wrong.append("docs/events.md is old: tests/vm/events --write")
    return wrong
