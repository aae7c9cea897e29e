// SPDX-License-Identifier: LGPL-2.1-or-later
/* doctor-workload.c - what quixote doctor looks at in a configuration and the files it names. */
#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../libtsem/cleanup.h"
#include "doctor.h"
#include "launch.h"
#include "plan.h"

/* linux/magic.h does not have all. */
#define HOSTFS_TYPE 0x00c0ffee
#define CIFS_TYPE 0xff534d42

void doctor_config(struct doctor *d)
{
	if (!d->path)
		return;
	if (d->config)
		(void)doctor_say(d, FINDING_OK, "%s: it is good, for the workload %s", d->path,
				 d->config->name);
	else
		doctor_repair(doctor_say(d, FINDING_PROBLEM, "%s", d->error.text), "editor ",
			      d->path);
}

static void repair_model(struct text *repair, const struct doctor *d)
{
	_cleanup_(freep) char *old = NULL;

	if (access(d->config->model, R_OK) < 0) { /* there, and not for this user */
		doctor_repair(repair, "sudo quixote doctor -c ", d->path);
		return;
	}
	if (asprintf(&old, "%s.old", d->config->model) < 0) {
		old = NULL;
		return;
	}
	doctor_repair(repair, "mv ", d->config->model);
	doctor_repair(repair, " ", old);
	doctor_repair(repair, " && quixote train -c ", d->path);
}

/* Often it is the keys that are wrong, and how to repair them has been told. */
static void repair_trust(struct text *text, const struct doctor *d, const struct plan *plan)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct finding *f = &d->findings[i];

		if (!strcmp(f->check, "keys") && f->kind == FINDING_PROBLEM) {
			text_add_string(text, text_get(&f->repair));
			return;
		}
	}
	if (strcmp(tsem_model_get_header(plan->model.model)->name, d->config->name) != 0)
		doctor_repair(text, "editor ", d->path);
	else
		doctor_repair(text, "quixote model sign --key=NAME.key ", d->config->model);
}

static void repair(struct text *text, const struct doctor *d, const struct plan *plan, size_t i)
{
	const struct config *c = d->config;

	switch (plan->problems[i].subject) {
	case PLAN_COMMAND:
		doctor_repair(text, "editor ", d->path);
		break;
	case PLAN_USER:
		text_add_string(text, doctor_sudo());
		doctor_repair(text, "useradd --system ", c->user);
		break;
	case PLAN_DIRECTORY:
		if (access(c->working_directory, F_OK) < 0)
			doctor_repair(text, "mkdir -p ", c->working_directory);
		else
			doctor_repair(text, "editor ", d->path);
		break;
	case PLAN_MODEL_MISSING:
		doctor_repair(text, "quixote train -c ", d->path);
		break;
	case PLAN_MODEL:
		repair_model(text, d);
		break;
	case PLAN_MODEL_SEALED:
		doctor_repair(text, "quixote model unseal ", c->model);
		break;
	case PLAN_TRUST:
		repair_trust(text, d, plan);
		break;
	case PLAN_ANCHOR:
		text_add_string(text, doctor_sudo());
		text_add_string(text, "systemctl enable --now quixote-anchor.socket");
		break;
	}
}

/* As run --check and train --check do it. */
void doctor_workload(struct doctor *d)
{
	struct launch launch = { .command = "run", .path = d->path, .mode = -1 };
	_cleanup_(plan_done) struct plan plan = { .launch = &launch, .config = d->config };

	if (!d->config)
		return;
	plan.mode = d->config->mode;
	plan_examine(&plan);
	for (size_t i = 0; i < plan.problem_count; i++) {
		const struct plan_problem *p = &plan.problems[i];

		d->failed = d->failed || p->text.failed;
		repair(doctor_say(d, FINDING_PROBLEM, "%.*s", (int)(p->told ?: p->text.size),
				  text_get(&p->text)),
		       d, &plan, i);
	}
	if (plan.problem_count)
		return;
	if (!plan.model.model)
		(void)doctor_say(d, FINDING_NOTE,
				 "%s: there is no model; the first training run "
				 "makes it",
				 d->config->model);
	else
		(void)doctor_say(d, FINDING_OK, "%s: coefficients: %zu%s%s", d->config->model,
				 tsem_model_point_count(plan.model.model),
				 plan.trust.size ? "; " : "", text_get(&plan.trust));
}

/* One that is not there is no harm to anybody, but may be a slip of the pen. */
void doctor_scratch(struct doctor *d)
{
	char *const *path = d->config ? d->config->scratch : NULL;
	struct stat st;

	for (; path && *path; path++) {
		if (stat(*path, &st) == 0)
			(void)doctor_say(d, FINDING_OK, "%s is there", *path);
		else
			doctor_repair(doctor_say(d, FINDING_NOTE, "%s: %s", *path, strerror(errno)),
				      "mkdir -p ", *path);
	}
}

/* Those that a machine often has, and that count no changes or are on no disk. */
static const char *uncounted(long type)
{
	static const struct {
		unsigned int type;
		const char *name;
	} rows[] = {
		{ HOSTFS_TYPE, "hostfs" },  { V9FS_MAGIC, "9p" },
		{ TMPFS_MAGIC, "tmpfs" },   { OVERLAYFS_SUPER_MAGIC, "overlay" },
		{ NFS_SUPER_MAGIC, "nfs" }, { FUSE_SUPER_MAGIC, "fuse" },
		{ SMB_SUPER_MAGIC, "smb" }, { SMB2_SUPER_MAGIC, "smb" },
		{ CIFS_TYPE, "smb" },	    { CEPH_SUPER_MAGIC, "ceph" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].type == (unsigned int)type)
			return rows[i].name;
	}
	return NULL;
}

static void check_file(struct doctor *d, const char *path)
{
	struct statfs fs;
	const char *name;

	if (!strchr(path, '/') || statfs(path, &fs) < 0)
		return; /* of what must be there others tell */
	name = uncounted(fs.f_type);
	if (name)
		(void)doctor_say(
			d, FINDING_NOTE,
			"%s is on %s, where no digest is kept: files are read anew at each "
			"use",
			path, name);
}

void doctor_files(struct doctor *d)
{
	size_t before = d->count;

	if (!d->config)
		return;
	check_file(d, d->config->bundle ?: d->config->command[0]);
	for (char *const *path = d->config->pseudonym; *path; path++)
		check_file(d, *path);
	for (char *const *path = d->config->scratch; path && *path; path++)
		check_file(d, *path);
	if (d->count == before)
		(void)doctor_say(d, FINDING_OK, "file systems keep digests");
}
