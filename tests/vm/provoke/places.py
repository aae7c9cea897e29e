# SPDX-License-Identifier: LGPL-2.1-or-later
"""places.py - the filesystems on which cases run, made before the member starts: what lies there
was not created in its namespace.
"""
import os
import shutil
import subprocess

from kernel import wait_until

from . import CASES

BASE = "/run/events"
IMAGE_BYTES = 48 << 20


def quietly(*command):
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def mounted(directory, *options):
    os.makedirs(directory, exist_ok=True)
    return directory if quietly("mount", *options, directory) else None


def write(name, text, mode=0o644):
    with open(name, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(name, mode)


def fill(directory, text, programs):
    """What a case finds in its directory."""
    os.makedirs(directory)
    write(directory + "/old", text)
    write(directory + "/empty", "")
    if programs:
        shutil.copyfile("/bin/true", directory + "/program")
        os.chmod(directory + "/program", 0o755)
        write(directory + "/script", "#!/bin/sh\n:\n", 0o755)


def make_image(name, *options):
    """A file with an ext4 in it; None where there is no mke2fs."""
    image = "%s-%s.image" % (BASE, name)
    with open(image, "wb") as file:
        file.truncate(IMAGE_BYTES)
    return image if quietly("mke2fs", "-q", "-t", "ext4", "-b", "4096", *options, image) else None


class Prepared:
    """Directories by the name of their place, for as long as it is entered."""

    def __init__(self, cases=None):
        self.cases = CASES if cases is None else cases
        self.directories = {}
        self.mounts = []
        self.remove = []
        self.server = None

    def __enter__(self):
        self.make("tmpfs", BASE)
        for name, directory in (("root", "/var/lib/events"), ("scratch", "/tmp/events")):
            self.make(name, directory)
        self.make_ext4()
        if os.path.ismount("/disk"):    # of the machine: digests are kept there
            self.make("disk", "/disk/cases")
        self.make_overlay()
        self.make_hostfs()
        self.make_9p()
        self.make_full()
        return self

    def __exit__(self, *_):
        for directory in self.remove:
            shutil.rmtree(directory, ignore_errors=True)
            quietly("rm", "-f", directory)
        for directory in reversed(self.mounts):
            quietly("umount", "-l", directory)
        if self.server:
            self.server.kill()
            self.server.wait()
        shutil.rmtree(BASE, ignore_errors=True)

    def make(self, name, directory):
        """Fill a directory with what the cases find there."""
        os.makedirs(directory, exist_ok=True)
        for case in self.cases:
            if name not in case.places:
                continue
            text = "old content of %s on %s\n" % (case.name, name) * 200
            fill("%s/%s" % (directory, case.name), text, case.family == "execute")
        self.directories[name] = directory
        self.remove.append(directory)

    def mount(self, name, *options):
        directory = "%s-%s" % (BASE, name)
        if not mounted(directory, *options):
            return None
        self.mounts.append(directory)
        return directory

    def make_disk(self, name, *options):
        image = make_image(name, *options)
        point = image and self.mount(name, "-t", "ext4", "-o", "loop,usrquota", image)
        if point:
            self.make(name, point + "/cases")
            self.remove.append(image)
        return point

    def make_ext4(self):
        self.make_disk("ext4")

    def make_9p(self):
        """Below it a tmpfs, served by diod over a socket, where there is one."""
        below, listen = BASE + "-served", BASE + "-9p.socket"
        os.makedirs(below)
        self.remove += [below, listen]
        if not shutil.which("diod"):
            return
        self.server = subprocess.Popen(["diod", "-f", "-n", "-d", "0", "-e", below, "-l", listen],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(listen), "the server of 9p")
        options = "trans=unix,version=9p2000.L,uname=root,aname=%s,access=user" % below
        point = self.mount("9p", "-t", "9p", "-o", options, listen)
        if point:
            self.make("9p", point + "/cases")

    def make_full(self):
        """An ext4 without an inode left."""
        point = self.make_disk("full", "-N", "32")
        try:
            for number in range(64 if point else 0):
                write("%s/filler%d" % (point, number), "")
        except OSError:
            pass

    def make_overlay(self):
        """Upper and lower are ext4 where there is one."""
        below = self.directories.get("disk", self.directories.get("ext4", BASE)) + "-layers"
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
            self.make("hostfs", "%s/quixote-events-%s" % (point, os.urandom(8).hex()))
