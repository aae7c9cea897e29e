# SPDX-License-Identifier: LGPL-2.1-or-later
"""bundle.py - OCI bundles of programs of this machine, for tests in a virtual machine."""
import json
import os
import re
import shutil
import subprocess

PROGRAMS = ("/bin/dash", "/bin/cat", "/bin/grep", "/bin/sleep", "/usr/bin/id", "/usr/bin/tty", "/bin/stty")


def copy_in(root, path):
    """One file, where it is outside; of a link what it leads to."""
    place = root + path
    os.makedirs(os.path.dirname(place), exist_ok=True)
    shutil.copy2(path, place)


def libraries(program):
    output = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.findall(r"(?:=> |^\s)(/\S+)", output, re.M)


def make_root(root, programs=PROGRAMS):
    """A root file system with these programs, and what they need."""
    for name in ("proc", "sys", "dev", "tmp", "run", "etc"):
        os.makedirs("%s/%s" % (root, name), exist_ok=True)
    for program in programs:
        copy_in(root, program)
        for library in libraries(program):
            copy_in(root, library)
    os.symlink("dash", root + "/bin/sh")
    with open(root + "/etc/passwd", "w", encoding="ascii") as file:
        file.write("root:x:0:0:root:/root:/bin/sh\nguest:x:1000:1000::/tmp:/bin/sh\n")
    with open(root + "/etc/secret", "w", encoding="ascii") as file:
        file.write("secret\n")


def make_bundle(directory, arguments, root="rootfs", spec=("crun", "spec"), change=None):
    """config.json as the runtime proposes it, but for what it runs."""
    os.makedirs(directory, exist_ok=True)
    path = directory + "/config.json"
    if os.path.exists(path):
        os.unlink(path)
    subprocess.run(spec, cwd=directory, check=True)
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    config["process"].update(args=list(arguments), terminal=False)
    config["root"].update(path=root, readonly=False)
    if change:
        change(config)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file)
