# SPDX-License-Identifier: LGPL-2.1-or-later
"""mounts.py - filesystems of each kind for a test inside a virtual machine: directories of the
machine outside, ext4 in a loop device, overlays, what a server of 9p has.
"""
import atexit
import os
import shutil
import struct
import subprocess

from kernel import expect

MB = 1 << 20
here = host = None      # directories of the machine itself, and of the one outside


def sh(command):
    """Exit status 0 or not."""
    return subprocess.run(["/bin/sh", "-c", command], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def mount(kind, options, name, source="none"):
    place = here + "/" + name
    os.makedirs(place, exist_ok=True)
    return sh("mount -t %s -o '%s' %s %s" % (kind, options, source, place)) and place


def forget_inodes():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("3\n")


def hostfs(name):
    """The same directory of the host, each time as another file system."""
    return mount("hostfs", host, name)


def write_partition(image, start, end):
    """One in the old table, from byte to byte."""
    entry = struct.pack("<4B4BII", 0, 0, 0, 0, 0x83, 0, 0, 0, start // 512, (end - start) // 512)
    with open(image, "rb+") as file:
        file.seek(446)
        file.write(entry.ljust(64, b"\0") + b"\x55\xaa")


def ext4(name, partition=False):
    """On a loop device that nobody else has open: this kernel protects what is mounted."""
    image, start, end = here + "/image-" + name, MB if partition else 0, 17 * MB
    made = sh("PATH=$PATH:/usr/sbin; grep -qw ext4 /proc/filesystems && truncate -s {1} {0} && "
              "mke2fs -q -t ext4 -O ^has_journal -E offset={2} {0} 16M".format(image, end, start))
    if not made:
        return None
    if partition:
        write_partition(image, start, end)
    expect(sh("/usr/sbin/losetup {1} -f --show {0} > {0}.device".format(image, "-P" if partition else "")),
           "no loop device")
    with open(image + ".device", encoding="ascii") as file:
        device = file.read().strip()
    place = mount("ext4", "rw", name, device + "p1" if partition else device)
    sh("/usr/sbin/losetup -d " + device)    # goes with the mount
    expect(place, "an ext4 that cannot be mounted")
    return place


def overlay(name, lower, options=""):
    for part in ("lower", "upper", "work"):
        os.makedirs("%s/%s" % (lower, part), exist_ok=True)
    return mount("overlay", "lowerdir={0}/lower,upperdir={0}/upper,workdir={0}/work{1}".format(
        lower, options), name)


def gone(place):
    expect(sh("umount " + place), "busy: " + place)


def begin(name):
    """Directories of the test of this name; those outside go when it ends."""
    global here, host
    here = "/run/" + name
    host = "%s/quixote-%s-%s" % (os.environ.get("TMPDIR") or "/tmp", name, os.urandom(8).hex())
    os.makedirs(here)
    outside = mount("hostfs", os.path.dirname(host), "outside")
    if outside:         # the machine is a program of another one
        os.mkdir(outside + "/" + os.path.basename(host))
        gone(outside)
        atexit.register(clean_up)


def clean_up():
    shutil.rmtree(hostfs("clean-up"), ignore_errors=True)
    gone(here + "/clean-up")
    outside = mount("hostfs", os.path.dirname(host), "outside")
    os.rmdir(outside + "/" + os.path.basename(host))
    gone(outside)
