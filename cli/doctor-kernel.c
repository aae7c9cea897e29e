// SPDX-License-Identifier: LGPL-2.1-or-later
/* doctor-kernel.c - what quixote doctor looks at in the running kernel and its devices. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
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
#include "hash-driver.h"
#include "launch.h"
#include "lsm-order.h"

#define SECURITYFS "/sys/kernel/security"
#define SECURITYFS_TYPE 0x73636673 /* linux/magic.h */
#define TPM "/dev/tpmrm0"
#define HASH_MODULE "sha256-ssse3"
#define MODULES "/lib/modules/%s/kernel/arch/x86/crypto/" HASH_MODULE ".ko*"

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

/* Whether this processor has what the kernel's modules for hashing need. */
static bool processor_helps(void)
{
#ifdef __x86_64__
	return __builtin_cpu_supports("ssse3");
#else
	return false;
#endif
}

static bool has_hash_module(void)
{
	_cleanup_(freep) char *pattern = NULL;
	glob_t found = { 0 };
	struct utsname name;
	bool has;

	(void)uname(&name); /* cannot fail */
	if (asprintf(&pattern, MODULES, name.release) < 0)
		return false;
	has = glob(pattern, GLOB_NOSORT, NULL, &found) == 0;
	globfree(&found);
	return has;
}

/* What is executed or mapped is hashed once after each boot, by the kernel. */
void doctor_hashing(struct doctor *d)
{
	char driver[HASH_DRIVER_BYTES];
	bool found = false;
	FILE *crypto;

	if (launch_is_guest() || !builtin_host_has_tsem())
		return;
	crypto = fopen("/proc/crypto", "re");
	if (crypto) {
		found = hash_driver_find(crypto, "sha256", driver);
		(void)fclose(crypto);
	}
	if (!found)
		(void)doctor_say(d, FINDING_NOTE,
				 "/proc/crypto does not tell how SHA-256 is computed");
	else if (hash_driver_is_helped(driver) || !processor_helps())
		(void)doctor_say(d, FINDING_OK, "SHA-256 is computed by %s", driver);
	else if (has_hash_module())
		text_format(
			doctor_say(d, FINDING_NOTE,
				   "SHA-256 is computed by %s, without the processor's help, so "
				   "programs start slowly after a boot",
				   driver),
			"echo " HASH_MODULE " | %stee /etc/modules-load.d/quixote.conf && "
			"%smodprobe " HASH_MODULE,
			doctor_sudo(), doctor_sudo());
	else
		(void)doctor_say(d, FINDING_NOTE,
				 "SHA-256 is computed by %s, without the processor's help, so "
				 "programs start slowly after a boot; a kernel with "
				 "CONFIG_CRYPTO_SHA256_SSSE3=y has it",
				 driver);
}

/* It is the anchor's, which says itself when it cannot use it: nothing about it is a problem here.
 */
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
