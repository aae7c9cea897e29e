# SPDX-License-Identifier: LGPL-2.1-or-later
"""families.py - the modules that hold cases."""
import importlib

NAMES = ("task", "cred", "file", "execute", "inode", "names", "net", "ipc", "mount", "kernel")


def load():
    for name in NAMES:
        importlib.import_module("." + name, __package__)
