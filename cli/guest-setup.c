// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * guest-setup.c - makes a machine of the bare built-in kernel: file systems, loopback
 * interface, host name. The root file system is the caller's own and is not changed.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"

#define NINEP_OPTIONS "trans=virtio,version=9p2000.L,msize=262144"
#define DISK "/disk"
#define KMEMLEAK "/sys/kernel/debug/kmemleak"

struct mount_row {
	const char *type;
	const char *target;
	const char *options;
	unsigned long flags;
	bool make;	/* the directory is made: its file system is ours */
	bool optional;	/* a kernel may lack it */
};

static const struct mount_row mounts[] = {
	{ "proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, false, false },
	{ "sysfs", "/sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, false, false },
	{ "securityfs", "/sys/kernel/security", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, false, false },
	{ "cgroup2", "/sys/fs/cgroup", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, false, true },
	{ "debugfs", "/sys/kernel/debug", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, false, true },
	{ "devtmpfs", "/dev", "mode=0755", MS_NOSUID, false, false },
	{ "devpts", "/dev/pts", "mode=0620,gid=5,ptmxmode=0666", MS_NOSUID | MS_NOEXEC, true, false },
	{ "tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV, true, false },
	{ "tmpfs", "/run", "mode=0755", MS_NOSUID | MS_NODEV, false, false },
};

static const struct {
	const char *target, *path;
} links[] = {
	{ "/proc/self/fd", "/dev/fd" },
	{ "/proc/self/fd/0", "/dev/stdin" },
	{ "/proc/self/fd/1", "/dev/stdout" },
	{ "/proc/self/fd/2", "/dev/stderr" },
};

static int mount_one(const struct mount_row *row)
{
	if (row->make && mkdir(row->target, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (mount(row->type, row->target, row->type, row->flags, row->options) < 0 && !row->optional)
		return -errno;
	return 0;
}

static int mount_all(const char **ret_what)
{
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		int r = mount_one(&mounts[i]);

		if (r < 0) {
			*ret_what = mounts[i].target;
			return r;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		(void)symlink(links[i].target, links[i].path);	/* a convenience */
	(void)chmod("/dev/null", 0666);	/* devtmpfs has no udev to do it */
	(void)mkdir("/run/lock", 01777);
	(void)mkdir("/run/user", 0755);
	(void)mkdir("/run/quixote", 0755);
	(void)chmod("/run/quixote", 01777);	/* the umask is in the way of mkdir() */
	return 0;
}

/* The caller's directory for temporary files, unless nobody may write it. */
static int make_tmp_writable(void)
{
	if (access("/tmp", W_OK) == 0)
		return 0;
	if (mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") < 0)
		return -errno;
	return 0;
}

/* Keep one directory of the real root writable below the overlay: by what the kernel has. */
static int mount_writable(const char *directory)
{
	char *target = NULL;
	int r = 0;

	if (asprintf(&target, "/tmp/root%s", directory) < 0)
		return -ENOMEM;
	if (mount("none", target, "hostfs", 0, directory) < 0)
		r = -errno;
	if (r == -ENODEV)
		r = mount("write", target, "9p", 0, NINEP_OPTIONS ",cache=mmap") < 0 ? -errno : 0;
	free(target);
	return r;
}

/* A disk of one's own, in a place that an overlay gives. */
static int mount_disk(void)
{
	const char *device = getenv("guest_disk");

	if (!device)
		return 0;
	if (mkdir(DISK, 0755) < 0 && errno != EEXIST)
		return -errno;
	return mount(device, DISK, "ext4", MS_NODEV, NULL) < 0 ? -errno : 0;
}

/*
 * A throw-away overlay becomes the root. Moved, not chrooted into: a chrooted task may
 * not make user namespaces.
 */
static int enter_overlay(void)
{
	const char *writable = getenv("guest_write");
	int r = 0;

	if (mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777") < 0 || mkdir("/tmp/upper", 0755) < 0 ||
	    mkdir("/tmp/work", 0755) < 0 || mkdir("/tmp/root", 0755) < 0)
		return -errno;
	if (mount("overlay", "/tmp/root", "overlay", 0,
		  "lowerdir=/,upperdir=/tmp/upper,workdir=/tmp/work") < 0)
		return -errno;
	if (writable)
		r = mount_writable(writable);
	if (r < 0)
		return r;
	if (chdir("/tmp/root") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
	    chdir("/") < 0)
		return -errno;
	return 0;
}

static int bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	_cleanup_(close_fdp) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	request.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

static void set_host_name(void)
{
	const char *name = getenv("guest_host");

	if (name)
		(void)sethostname(name, strlen(name));	/* the kernel's "(none)" does no harm */
}

int guest_set_up(const char **ret_what)
{
	const char *root = getenv("guest_root");
	int r = 0;

	*ret_what = "overlay";
	if (root && strcmp(root, "overlay") == 0)
		r = enter_overlay();
	if (r >= 0)
		r = mount_all(ret_what);
	if (r >= 0) {
		*ret_what = "/tmp";
		r = make_tmp_writable();
	}
	if (r >= 0) {
		*ret_what = DISK;
		r = mount_disk();
	}
	if (r >= 0) {
		*ret_what = "loopback interface";
		r = bring_up_loopback();
	}
	if (r >= 0)
		set_host_name();
	return r;
}

/* Of what is written to the log only ten lines are kept each five seconds, unless this is said. */
static void keep_every_line(void)
{
	_cleanup_(close_fdp) int fd = open("/proc/sys/kernel/printk_devkmsg", O_WRONLY | O_CLOEXEC);

	(void)!write(fd, "on\n", strlen("on\n"));	/* else the first lines have to do */
}

void guest_look_for_leaks(void)
{
	_cleanup_(close_fdp) int leaks = open(KMEMLEAK, O_RDWR | O_CLOEXEC);
	_cleanup_(close_fdp) int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	char line[512];
	FILE *file;

	if (leaks < 0 || log < 0)
		return;	/* most kernels have none */
	/* What changed since the last scan is no leak, so there are two. */
	if (write(leaks, "scan", strlen("scan")) < 0 || write(leaks, "scan", strlen("scan")) < 0) {
		/* What was not looked for must not pass for what is not there. */
		(void)snprintf(line, sizeof(line), "BUG: kmemleak does not look: %m\n");
		(void)!write(log, line, strlen(line));
		return;
	}
	file = fdopen(leaks, "r");
	if (!file)
		return;
	leaks = -EBADF;
	keep_every_line();
	rewind(file);	/* what was written has moved the position */
	while (fgets(line, sizeof(line), file))
		(void)!write(log, line, strlen(line));	/* the log is all we have */
	(void)fclose(file);
}
