// SPDX-License-Identifier: LGPL-2.1-or-later
/* doctor-install.c - what quixote doctor looks at in the installation and its directories. */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/directory.h"
#include "../orchestrator/program.h"
#include "builtin.h"
#include "doctor.h"
#include "keyring.h"
#include "launch.h"
#include "um-scratch.h"

/* What brings a part that is missing: its package, or a command in the project. */
static void repair_missing(struct text *repair, const char *package, const char *command)
{
	if (builtin_is_packaged())
		text_format(repair, "%sapt install %s", doctor_sudo(), package);
	else
		text_add_string(repair, command);
}

/* @named is where QUIXOTE_LIBEXEC has it looked for. */
static void repair_program(struct text *repair, const char *named)
{
	if (named)
		text_add_string(repair, "unset QUIXOTE_LIBEXEC");
	else
		repair_missing(repair, "--reinstall quixote", "meson install -C build");
}

static void repair_kernel(struct text *repair, const char *named)
{
	if (named && builtin_is_packaged())
		text_add_string(repair, "unset QUIXOTE_BUILTIN_KERNEL");
	else
		repair_missing(repair, "quixote-builtin-kernel",
			       "export QUIXOTE_BUILTIN_KERNEL=$(kernel-patches/build um)");
}

/* Without a kernel of its own quixote needs one that has TSEM. */
static enum finding_kind without_builtin(void)
{
	return builtin_host_has_tsem() ? FINDING_NOTE : FINDING_PROBLEM;
}

void doctor_builtin(struct doctor *d)
{
	const char *named = getenv("QUIXOTE_BUILTIN_KERNEL");
	char kernel[PATH_MAX], init[PATH_MAX];

	if (launch_is_guest())
		return;
	if (builtin_find(BUILTIN_KERNEL, kernel, sizeof(kernel)) < 0)
		repair_kernel(doctor_say(d, without_builtin(),
					 "%s%s: there is no built-in kernel%s",
					 named ? "QUIXOTE_BUILTIN_KERNEL=" : "linux", named ?: "",
					 named ? ", or it may not be executed" : ""),
			      named);
	else if (builtin_find(BUILTIN_INIT, init, sizeof(init)) < 0)
		repair_program(doctor_say(d, without_builtin(),
					  "quixote-guest, the init of the built-in kernel, is "
					  "not there"),
			       NULL);
	else
		(void)doctor_say(d, FINDING_OK, "%s", kernel);
}

void doctor_memory(struct doctor *d)
{
	char scratch[PATH_MAX];
	unsigned int mb;
	int r;

	if (launch_is_guest())
		return;
	r = um_scratch_choose(UM_MEMORY_MB, scratch, sizeof(scratch), &mb);
	if (r < 0)
		text_format(doctor_say(d, without_builtin(),
				       "no directory has room for %u MB of memory of the built-in "
				       "kernel and allows execution",
				       UM_MEMORY_MIN_MB),
			    "%smount -o remount,exec,size=1g /dev/shm", doctor_sudo());
	else if (mb < UM_MEMORY_MB)
		text_format(doctor_say(d, FINDING_NOTE,
				       "%s has room for %u MB of memory of the built-in kernel; "
				       "%u are wanted",
				       scratch, mb, UM_MEMORY_MB),
			    "%smount -o remount,exec,size=1g /dev/shm", doctor_sudo());
	else
		(void)doctor_say(d, FINDING_OK, "%s has room for %u MB and allows execution",
				 scratch, mb);
}

/* What runs with privilege must not be what somebody else can write. */
static bool check_owner(struct doctor *d, const char *path)
{
	struct text *repair;
	struct stat st;

	if (stat(path, &st) < 0) {
		(void)doctor_say(d, FINDING_PROBLEM, "%s: %s", path, strerror(errno));
		return false;
	}
	if ((st.st_uid == 0 || st.st_uid == getuid()) && !(st.st_mode & 022))
		return true;
	repair = doctor_say(d, FINDING_PROBLEM, "%s: others may write it", path);
	if (st.st_uid != 0 && st.st_uid != getuid()) {
		text_add_string(repair, doctor_sudo());
		doctor_repair(repair, "chown root ", path);
		text_add_string(repair, " && ");
	}
	text_add_string(repair, st.st_uid == getuid() ? "" : doctor_sudo());
	doctor_repair(repair, "chmod go-w ", path);
	return false;
}

/*
 * What starts each other has to be of one version. @safe: Nobody else can put another program
 * there, so that it may be executed.
 */
static bool check_program(struct doctor *d, const char *path, const char *name, bool safe)
{
	_cleanup_(text_done) struct text why = TEXT_EMPTY;

	if (!check_owner(d, path))
		return false;
	if (!safe || doctor_version_is_ours(path, name, &why))
		return safe;
	repair_program(doctor_say(d, FINDING_PROBLEM, "%s: %s", path, text_get(&why)),
		       getenv("QUIXOTE_LIBEXEC"));
	return false;
}

/* All are looked for from where the orchestrator is, so one installation is not mixed with another.
 */
void doctor_programs(struct doctor *d)
{
	static const char *const names[] = {
		"quixote-tma",	  "quixote-recorder", "quixote-shim",
		"quixote-bundle", "quixote-join",     "quixote-enter"
	};
	const char *named = getenv("QUIXOTE_LIBEXEC");
	char orchestrator[PATH_MAX], dir[PATH_MAX], path[PATH_MAX];
	bool good, safe;

	if (launch_find_orchestrator(orchestrator, sizeof(orchestrator)) < 0) {
		repair_program(doctor_say(d, FINDING_PROBLEM,
					  "quixote-orchestrator is not there%s%s",
					  named ? ", below QUIXOTE_LIBEXEC=" : "", named ?: ""),
			       named);
		return;
	}
	(void)strcpy(dir, orchestrator);
	(void)dirname(dir);
	safe = good = check_owner(d, dir);
	good = check_program(d, orchestrator, "quixote-orchestrator", safe) && good;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (program_find(dir, names[i], path, sizeof(path)) == 0) {
			good = check_program(d, path, names[i], safe) && good;
			continue;
		}
		good = false;
		repair_program(doctor_say(d, FINDING_PROBLEM,
					  "%s is not there, or may not be executed; it belongs "
					  "beside %s",
					  names[i], orchestrator),
			       named);
	}
	if (good)
		(void)doctor_say(d, FINDING_OK, "%s and what it starts are there, all of %s",
				 orchestrator, QUIXOTE_VERSION);
}

static void repair_keys(struct text *repair, const char *directory)
{
	text_add_string(repair, doctor_sudo());
	doctor_repair(repair, "chown -R root ", directory);
	text_format(repair, " && %s", doctor_sudo());
	doctor_repair(repair, "chmod -R go-w ", directory);
}

/* The directory is made if needed. */
static void repair_no_keys(struct text *repair, const char *directory)
{
	text_format(repair, "quixote key new NAME && %s", doctor_sudo());
	doctor_repair(repair, "install -D -m 0644 -t ", directory);
	text_add_string(repair, " NAME.pub");
}

static void tell_keys(struct doctor *d, enum finding_kind without, const char *directory,
		      const struct tsem_keyring *ring)
{
	struct stat st;

	if (stat(directory, &st) < 0)
		st.st_uid = 0; /* it was there a moment ago */
	if (!ring->count)
		repair_no_keys(doctor_say(d, without,
					  "%s: no keys, so only models that need not be signed can "
					  "be enforced",
					  directory),
			       directory);
	else if (st.st_uid != 0)
		repair_keys(doctor_say(d, FINDING_NOTE,
				       "%s: keys that may sign: %zu; it is not root's, so it "
				       "holds for this user only",
				       directory, ring->count),
			    directory);
	else
		(void)doctor_say(d, FINDING_OK, "%s: keys that may sign: %zu", directory,
				 ring->count);
}

void doctor_keys(struct doctor *d)
{
	_cleanup_(freep) struct tsem_keyring *ring = calloc(1, sizeof(*ring));
	const char *directory = d->config ? d->config->keys : CONFIG_KEYS_DIRECTORY;
	bool needed =
		d->config && !d->config->allow_unsigned && d->config->mode == CONFIG_MODE_ENFORCE;
	enum finding_kind without = needed ? FINDING_PROBLEM : FINDING_NOTE;
	_cleanup_(text_done) struct text why = TEXT_EMPTY;
	int r = ring ? keyring_read(directory, ring, &why) : -ENOMEM;

	if (r == -ENOMEM) {
		d->failed = true;
	} else if (r == 0) {
		tell_keys(d, without, directory, ring);
	} else if (r == -EPERM) {
		repair_keys(doctor_say(d, FINDING_PROBLEM, "%s", text_get(&why)), directory);
	} else if (access(directory, F_OK) < 0 && errno == ENOENT) {
		repair_no_keys(doctor_say(d, without, "%s", text_get(&why)), directory);
	} else {
		doctor_repair(doctor_say(d, FINDING_PROBLEM, "%s", text_get(&why)),
			      "quixote key list ", directory);
	}
}

/* A directory that is not there is made in the nearest one that is; all of them are absolute. */
static int may_be_made(const char *path)
{
	char above[PATH_MAX], *slash;

	(void)snprintf(above, sizeof(above), "%s", path);
	while (access(above, F_OK) < 0 && errno == ENOENT && strcmp(above, "/") != 0) {
		slash = strrchr(above, '/');
		slash[slash == above] = '\0';
	}
	return access(above, W_OK | X_OK) < 0 ? -errno : 0;
}

static void check_directory(struct doctor *d, int r, const char *path)
{
	struct text *repair;

	if (r == -ENOENT) {
		text_add_string(doctor_say(d, FINDING_PROBLEM, "there is no home for it"),
				"export HOME=$(getent passwd \"$(id -u)\" | cut -d: -f6)");
		return;
	}
	if (r == 0)
		r = may_be_made(path);
	if (r == 0) {
		(void)doctor_say(d, FINDING_OK, "%s can be written", path);
		return;
	}
	repair = doctor_say(d, FINDING_PROBLEM, "%s: %s", path, strerror(-r));
	text_add_string(repair, doctor_sudo());
	doctor_repair(repair, "install -d -o \"$(id -u)\" ", path);
}

void doctor_state(struct doctor *d)
{
	char path[PATH_MAX];
	int r = directory_state(d->config ? d->config->name : NULL, getuid(), path, sizeof(path));

	check_directory(d, r, path);
}

void doctor_sockets(struct doctor *d)
{
	char path[PATH_MAX];
	int r = directory_run(d->config ? d->config->name : NULL, getuid(), path, sizeof(path));

	check_directory(d, r, path);
}
