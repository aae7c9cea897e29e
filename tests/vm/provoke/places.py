# SPDX-License-Identifier: LGPL-2.1-or-later
"""places.py - the filesystems on which cases run, made before the member starts: what lies there
was not created in its namespace.
"""
import os
import shutil
import subprocess

from . import CASES

BASE = "/run/events"
IMAGE_BYTES = 48 << 20


def quietly(*command):
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def mounted(directory, *options):
    os.makedirs(directory, exist_ok=True)
    return directory if quietly("mount", *options, directory) else None


class Prepared:
    """Directories by the name of their place, for as long as it is entered."""

    def __init__(self):
        self.directories = {}
        self.mounts = []
        self.remove = []

    def __enter__(self):
        self.make("tmpfs", BASE)
        for name, directory in (("root", "/var/lib/events"), ("scratch", "/tmp/events")):
            self.make(name, directory)
        self.make_ext4()
        self.make_overlay()
        self.make_hostfs()
        self.make_full()
        return self

    def __exit__(self, *_):
        for directory in self.remove:
            shutil.rmtree(directory, ignore_errors=True)
            quietly("rm", "-f", directory)
        for directory in reversed(self.mounts):
            quietly("umount", "-l", directory)
        shutil.rmtree(BASE, ignore_errors=True)

    def make(self, name, directory):
        """Fill a directory with what the cases find there."""
        for case in CASES:
            if name not in case.places:
                continue
            own = "%s/%s" % (directory, case.name)
            os.makedirs(own)
            with open(own + "/old", "w", encoding="ascii") as file:
                file.write("old content of %s on %s\n" % (case.name, name) * 200)
            with open(own + "/empty", "w", encoding="ascii"):
                pass
            if case.family != "execute":
                continue
            shutil.copyfile("/bin/true", own + "/program")
            with open(own + "/script", "w", encoding="ascii") as file:
                file.write("#!/bin/sh\n:\n")
            for program in ("/program", "/script"):
                os.chmod(own + program, 0o755)
        self.directories[name] = directory
        self.remove.append(directory)

    def mount(self, name, *options):
        directory = "%s-%s" % (BASE, name)
        if not mounted(directory, *options):
            return None
        self.mounts.append(directory)
        return directory

    def make_image(self, name, *options):
        image = "%s-%s.image" % (BASE, name)
        with open(image, "wb") as file:
            file.truncate(IMAGE_BYTES)
        self.remove.append(image)
        if not quietly("mke2fs", "-q", "-t", "ext4", "-b", "4096", *options, image):
            return None
        point = self.mount(name, "-t", "ext4", "-o", "loop,usrquota", image)
        if point:
            self.make(name, point + "/cases")
        return point

    def make_ext4(self):
        self.make_image("ext4")

    def make_full(self):
        """An ext4 without an inode left."""
        point = self.make_image("full", "-N", "32")
        try:
            for number in range(64 if point else 0):
                with open("%s/filler%d" % (point, number), "w", encoding="ascii"):
                    pass
        except OSError:
            pass

    def make_overlay(self):
        """Upper and lower are ext4 where there is one."""
        below = self.directories.get("ext4", BASE) + "-layers"
        for name in ("lower", "upper", "work"):
            os.makedirs("%s/%s" % (below, name))
        self.remove.append(below)
        options = "lowerdir={0}/lower,upperdir={0}/upper,workdir={0}/work".format(below)
        point = self.mount("overlay", "-t", "overlay", "-o", options, "none")
        if point:
            self.make("overlay", point + "/cases")

    def make_hostfs(self):
        """A directory of the machine outside, where there is a machine outside."""
        point = self.mount("hostfs", "-t", "hostfs", "-o", "/tmp", "none")
        if point:
            self.make("hostfs", "%s/quixote-events-%d" % (point, os.getpid()))
