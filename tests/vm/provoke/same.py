# SPDX-License-Identifier: LGPL-2.1-or-later
"""same.py - the same work on several filesystems at the same name: its events must be the same, for
one model is learned here and enforced there.
"""
import ctypes
import fcntl
import mmap
import os

from . import MARK, libc, places
from .facts import O_TMPFILE
from .places import fill, make_image, mounted, quietly

POINT = "/run/one"
LAYERS = places.BASE + "-layers"
# On the machine outside, where others run the same test, and process numbers here say nothing.
OUTSIDE = "quixote-one-" + os.urandom(8).hex()


def work(directory, rich):
    """Ordinary work with files; rich has what not every filesystem has."""
    os.umask(0o022)
    old, new = directory + "/old", directory + "/new"
    with open(old, "rb") as file:
        file.read()
    with open(new, "w", encoding="ascii") as file:
        file.write("new")
    with open(old, "ab") as file:
        file.write(b"more")
        fcntl.flock(file, fcntl.LOCK_EX)
        fcntl.fcntl(file, fcntl.F_GETFL)
        os.ftruncate(file.fileno(), 10)
    os.chmod(old, 0o640)
    os.utime(old)
    os.truncate(old, 5)
    os.statvfs(old)
    os.stat(old)
    os.listdir(directory)
    os.rename(new, directory + "/newer")
    os.rename(old, directory + "/newer")
    os.link(directory + "/newer", directory + "/hard")
    os.symlink("newer", directory + "/link")
    os.mkdir(directory + "/dir", 0o777)
    os.mkdir(directory + "/dir/dir")
    os.rmdir(directory + "/dir/dir")
    with open(directory + "/link", "rb+") as file:
        area = mmap.mmap(file.fileno(), 5, mmap.MAP_SHARED)
        area[0] = 65
        area.close()
    fd = os.open(directory + "/program", os.O_RDONLY)
    code = mmap.mmap(fd, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
    libc.mprotect(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(code))),
                  ctypes.c_size_t(4096), 5)
    for name in ("/program", "/script"):
        os.waitpid(os.posix_spawn(directory + name, [name], {}), 0)
    if rich:
        os.chown(directory + "/hard", 5, 6)
        os.mkfifo(directory + "/fifo")
        os.setxattr(directory + "/hard", "user.name", b"value")
        os.getxattr(directory + "/hard", "user.name")
        os.listxattr(directory + "/hard")
        os.removexattr(directory + "/hard", "user.name")
        os.close(os.open(directory, O_TMPFILE | os.O_RDWR))
    os.unlink(directory + "/hard")
    os.unlink(directory + "/link")


def main(rich):
    libc.prctl(MARK, 0, 0, 0, 0)    # what starts the interpreter comes before it
    work(POINT + "/work", rich)


class Place:
    """A filesystem at POINT with the same files in it, for as long as it is entered."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        """Whether there is such a filesystem."""
        return getattr(self, "make_" + self.name)()

    def __exit__(self, *_):
        for point in (POINT, LAYERS):
            quietly("umount", "-l", point)
        if self.name == "hostfs" and mounted(LAYERS, "-t", "hostfs", "-o", "/tmp", "none"):
            quietly("rm", "-r", LAYERS + "/" + OUTSIDE)
            quietly("umount", "-l", LAYERS)

    def fill(self, directory):
        fill(directory + "/work", "old content\n" * 200, True)
        return True

    def make_ext4(self):
        image = make_image("one")
        return image and mounted(POINT, "-t", "ext4", "-o", "loop", image) and self.fill(POINT)

    def make_overlay(self):
        image = make_image("two")
        if not image or not mounted(LAYERS, "-t", "ext4", "-o", "loop", image):
            return False
        self.fill(LAYERS + "/lower")
        for name in ("upper", "index"):
            os.mkdir("%s/%s" % (LAYERS, name))
        return mounted(POINT, "-t", "overlay", "-o", "lowerdir={0}/lower,upperdir={0}/upper,"
                       "workdir={0}/index".format(LAYERS), "none")

    def make_hostfs(self):
        if not mounted(LAYERS, "-t", "hostfs", "-o", "/tmp", "none"):
            return False
        os.mkdir(LAYERS + "/" + OUTSIDE)
        return mounted(POINT, "-t", "hostfs", "-o", "/tmp/" + OUTSIDE, "none") and self.fill(POINT)
