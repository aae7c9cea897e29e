// SPDX-License-Identifier: LGPL-2.1-or-later
/* doctor-kernel.c - what quixote doctor looks at in the running kernel and its devices. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "../libtsem/channel.h"
#include "../libtsem/cleanup.h"
#include "builtin.h"
#include "doctor.h"
#include "launch.h"
#include "lsm-order.h"

#define SECURITYFS "/sys/kernel/security"
#define SECURITYFS_TYPE 0x73636673 /* linux/magic.h */
#define TPM "/dev/tpmrm0"

/* More than all names of modules that there are. */
#define ORDER_BYTES 512

void doctor_kernel(struct doctor *d)
{
	struct utsname name;

	(void)uname(&name); /* cannot fail */
	if (launch_is_guest())
		(void)doctor_say(d, FINDING_OK, "Linux %s, the built-in one, seen from inside",
				 name.release);
	else if (builtin_host_has_tsem())
		(void)doctor_say(d, FINDING_OK, "Linux %s with TSEM", name.release);
	else
		(void)doctor_say(d, FINDING_NOTE,
				 "Linux %s has no TSEM that can be seen; workloads run in the "
				 "built-in kernel, which protects nothing",
				 name.release);
}

static bool has_securityfs(void)
{
	struct statfs fs;

	return statfs(SECURITYFS, &fs) == 0 && fs.f_type == SECURITYFS_TYPE;
}

void doctor_securityfs(struct doctor *d)
{
	if (has_securityfs())
		(void)doctor_say(d, FINDING_OK, "mounted on " SECURITYFS);
	else
		text_format(doctor_say(d, FINDING_NOTE,
				       "not mounted on " SECURITYFS
				       ", so no security module can be seen"),
			    "%smount -t securityfs securityfs " SECURITYFS, doctor_sudo());
}

static int read_order(char *order, size_t size)
{
	_cleanup_(close_fdp) int fd = open(SECURITYFS "/lsm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, order, size - 1);

	if (n < 0)
		return -errno;
	order[n] = '\0';
	order[strcspn(order, "\n")] = '\0';
	return 0;
}

void doctor_lsm(struct doctor *d)
{
	const char *before = NULL;
	char order[ORDER_BYTES];
	enum lsm_place place;
	size_t size = 0;
	int r = has_securityfs() ? read_order(order, sizeof(order)) : -ENOENT;

	if (r == -ENOENT)
		return; /* has been told */
	if (r < 0) {
		(void)doctor_say(d, FINDING_NOTE, SECURITYFS "/lsm: %s", strerror(-r));
		return;
	}
	place = lsm_order_find(order, &before, &size);
	if (place == LSM_ABSENT)
		(void)doctor_say(d, FINDING_NOTE,
				 "TSEM is not in the order %s; a kernel that has it wants "
				 "lsm=tsem,%s on its command line",
				 order, order);
	else if (!builtin_host_has_tsem())
		text_format(doctor_say(d, FINDING_PROBLEM,
				       "TSEM is in the order %s, but " TSEM_CHANNEL_DIR
				       "/control is not there",
				       order),
			    "%sdmesg | grep -i tsem", doctor_sudo());
	else if (place == LSM_BEHIND)
		(void)doctor_say(d, FINDING_NOTE,
				 "the order is %s; what %.*s refuses before TSEM is asked is no "
				 "event of a model",
				 order, (int)size, before);
	else
		(void)doctor_say(d, FINDING_OK, "the order is %s", order);
}

void doctor_capability(struct doctor *d)
{
	bool enforces = d->config && d->config->mode == CONFIG_MODE_ENFORCE;

	if (!builtin_host_has_tsem()) {
		(void)doctor_say(d, FINDING_OK, "the built-in kernel needs none");
		return;
	}
	if (launch_may_model()) {
		(void)doctor_say(d, FINDING_OK, "CAP_MAC_ADMIN is there");
		return;
	}
	if (enforces)
		doctor_repair(doctor_say(d, FINDING_PROBLEM,
					 "enforcing a model on this kernel needs CAP_MAC_ADMIN"),
			      "sudo quixote -c ", d->path);
	else
		(void)doctor_say(d, FINDING_NOTE,
				 "no CAP_MAC_ADMIN: this user trains in the built-in kernel, and "
				 "enforces as root only");
}

/* Nothing of quixote uses it yet, so nothing about it is a problem. */
void doctor_tpm(struct doctor *d)
{
	if (access(TPM, R_OK | W_OK) == 0)
		(void)doctor_say(d, FINDING_OK, TPM " can be used");
	else if (errno == EACCES)
		text_format(doctor_say(d, FINDING_NOTE, TPM " may not be used by this user"),
			    "%susermod -aG tss \"$USER\"", doctor_sudo());
	else
		(void)doctor_say(d, FINDING_NOTE, TPM ": %s", strerror(errno));
}

/* A clock that has lost its battery is years behind, and so older than this program. */
void doctor_clock(struct doctor *d)
{
	char now_text[32], built_text[32];
	time_t now = time(NULL);
	struct stat st;
	struct tm tm;

	if (stat("/proc/self/exe", &st) < 0) {
		(void)doctor_say(d, FINDING_NOTE, "/proc/self/exe: %s", strerror(errno));
		return;
	}
	(void)strftime(now_text, sizeof(now_text), "%F", gmtime_r(&now, &tm));
	(void)strftime(built_text, sizeof(built_text), "%F", gmtime_r(&st.st_mtime, &tm));
	if (now >= st.st_mtime)
		(void)doctor_say(d, FINDING_OK, "it is %s", now_text);
	else
		text_format(doctor_say(d, FINDING_NOTE,
				       "it is %s by the clock, and this program is of %s", now_text,
				       built_text),
			    "%stimedatectl set-ntp true", doctor_sudo());
}
