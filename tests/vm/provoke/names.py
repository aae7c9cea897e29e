# SPDX-License-Identifier: LGPL-2.1-or-later
"""names.py - cases about names: made, linked, renamed, removed. Each is seen by a path_* hook, and
by an inode_* hook that gets its pathname from there.
"""
import os
import socket
import stat

from . import case
from .facts import absent, dentry, inode, kept, newborn, path

EVERYWHERE = ("tmpfs", "root", "scratch", "ext4", "overlay", "hostfs", "9p")
DEVICE = os.makedev(7, 300)


@case("inode_mkdir", "path_mkdir", "inode_rmdir", "path_rmdir", places=EVERYWHERE)
def directories(t):
    os.umask(0o022)
    name, above = t.dir + "/dir", inode(t.dir)
    with t.step("inode_mkdir") as step:
        os.mkdir(name, 0o1777)
    step.expect(dir=above, dentry=newborn(name, 1), mode="01755")
    step.expect("path_mkdir", dir=path(t.dir), dentry=absent(name), mode="01755")
    above, removed = inode(t.dir), dentry(name, kept(t, 1, "directory"))
    with t.step("inode_rmdir") as step:
        os.rmdir(name)
    step.expect(dir=above, dentry=removed)
    step.expect("path_rmdir", dir=path(t.dir), dentry=removed)


@case("inode_unlink", "path_unlink", places=EVERYWHERE)
def unlink(t):
    for name, created in ((t.old, None), (t.dir + "/new", 1)):
        if created:
            with open(name, "w", encoding="ascii"):
                pass
        above, removed = inode(t.dir), dentry(name, kept(t, created))
        with t.step("inode_unlink") as step:
            os.unlink(name)
        step.expect(dir=above, dentry=removed)
        step.expect("path_unlink", dir=path(t.dir), dentry=removed)


@case("inode_symlink", "path_symlink", places=EVERYWHERE)
def symlink(t):
    name, above = t.dir + "/link", inode(t.dir)
    content = "old \"quoted\" \\ \x01 \udcff ä"
    with t.step("inode_symlink") as step:
        os.symlink(content, name)
    step.expect(dir=above, dentry=newborn(name, 1), old_name=content)
    step.expect("path_symlink", dir=path(t.dir), dentry=absent(name), old_name=content)


@case("inode_mknod", "path_mknod", places=("tmpfs", "root", "ext4", "overlay"))
def nodes(t):
    os.umask(0o022)
    for number, (kind, device) in enumerate(((stat.S_IFIFO, 0), (stat.S_IFCHR, DEVICE),
                                             (stat.S_IFBLK, DEVICE)), 1):
        name, above = "%s/node%d" % (t.dir, number), inode(t.dir)
        numbers = {"mode": "0%o" % (kind | 0o644),
                   "dev": {"major": str(os.major(device)), "minor": str(os.minor(device))}}
        with t.step("inode_mknod") as step:
            os.mknod(name, kind | 0o666, device)
        step.expect(dir=above, dentry=newborn(name, number), **numbers)
        step.expect("path_mknod", dir=path(t.dir), dentry=absent(name), **numbers)
    name, above = t.dir + "/socket", inode(t.dir)
    with t.step("inode_mknod") as step:
        socket.socket(socket.AF_UNIX).bind(name)
    numbers = {"mode": "0140755", "dev": {"major": "0", "minor": "0"}}
    step.expect(dir=above, dentry=newborn(name, 4), **numbers)
    step.expect("path_mknod", dir=path(t.dir), dentry=absent(name), **numbers)


@case("inode_link", "path_link", places=EVERYWHERE)
def link(t):
    name, above, old = t.dir + "/hard", inode(t.dir), dentry(t.old)
    with t.step("inode_link") as step:
        os.link(t.old, name)
    step.expect(old_dentry=old, dir=above, new_dentry=absent(name))
    step.expect("path_link", old_dentry=old, new_dir=path(t.dir), new_dentry=absent(name))


@case("inode_rename", "path_rename", places=EVERYWHERE)
def rename(t):
    made = t.dir + "/made"
    os.mkdir(made)
    # A file that is there already is replaced; a directory of another name; exchange of both.
    for old, new, created in ((t.old, t.dir + "/empty", None), (t.dir + "/empty", made + "/x", None)):
        before = {"old_dir": inode(os.path.dirname(old)), "old_dentry": dentry(old, created),
                  "new_dir": inode(os.path.dirname(new)),
                  "new_dentry": dentry(new) if os.path.lexists(new) else absent(new)}
        paths = {"old_dir": path(os.path.dirname(old)), "new_dir": path(
            os.path.dirname(new), None, kept(t, 1, "directory") if os.path.dirname(new) == made else None)}
        with t.step("inode_rename") as step:
            os.rename(old, new)
        step.expect(**before)
        step.expect("path_rename", old_dir=paths["old_dir"], old_dentry=before["old_dentry"],
                    new_dir=paths["new_dir"], new_dentry=before["new_dentry"], flags="0")
