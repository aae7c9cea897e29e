# SPDX-License-Identifier: LGPL-2.1-or-later
"""landlock.py - a Landlock domain around a child: what it may do is what is named."""
import ctypes
import os

from system_call import libc, system_call

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
RULE_PATH_BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
FS_OF_ABI = {1: 13, 2: 14, 3: 15, 4: 15}    # bits; 16 from the fifth on
NO_NEW_PRIVS = 38


def version():
    """The ABI of this kernel; 0 without Landlock."""
    try:
        return system_call(CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    except OSError:
        return 0


def restrict(paths):
    """Everything that this kernel's Landlock knows is forbidden to this process for good, but
    what is named: PATH to rights."""
    abi = version()
    net, scope = (3 if abi >= 4 else 0), (3 if abi >= 6 else 0)
    words = ((1 << FS_OF_ABI.get(abi, 16)) - 1, net, scope)
    attributes = (ctypes.c_uint64 * 3)(*words)
    ruleset = system_call(CREATE_RULESET, attributes, ctypes.c_size_t(24 if abi >= 6 else 16 if abi >= 4 else 8), 0)
    for path, rights in paths.items():
        fd = os.open(path, os.O_PATH)
        rule = rights.to_bytes(8, "little") + fd.to_bytes(4, "little")
        system_call(ADD_RULE, ruleset, RULE_PATH_BENEATH, rule, 0)
        os.close(fd)
    if libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    system_call(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
