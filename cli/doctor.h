/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor.h - what quixote doctor finds: sentences, each with the command that
 * repairs what it is about. The checks are in doctor-*.c; the table of them is in doctor.c.
 */
#ifndef QUIXOTE_DOCTOR_H
#define QUIXOTE_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "../orchestrator/config.h"
#include "text.h"

/** enum finding_kind - How bad it is; only a problem makes the exit status 1. */
enum finding_kind {
	FINDING_OK,
	FINDING_NOTE, /* good to know */
	FINDING_PROBLEM,
};

/**
 * struct finding - One line.
 * @check: Name of the check.
 * @text: A sentence without full stop; bytes as they are.
 * @repair: A command; empty if there is none.
 */
struct finding {
	enum finding_kind kind;
	const char *check;
	struct text text;
	struct text repair;
};

/**
 * struct doctor - An examination.
 * @path: Of the configuration; NULL if none was named.
 * @config: NULL also if it is wrong.
 * @error: What is wrong with it.
 * @check: The one that runs.
 * @failed: Memory ran out: what was found is not all.
 * @nowhere: Takes the repair of a finding for which there was no memory.
 */
struct doctor {
	const char *path;
	struct config *config;
	struct config_error error;
	const char *check;
	struct finding *findings;
	size_t count;
	bool failed;
	struct text nowhere;
};

/**
 * doctor_say() - Add a finding of the check that runs.
 * @format: The sentence.
 * Return: its repair, to be written until the next finding.
 */
struct text *doctor_say(struct doctor *doctor, enum finding_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** doctor_sudo() - What a command that only root may type begins with: nothing, if root asks. */
const char *doctor_sudo(void);

/** doctor_repair() - Write a command that ends with a path. */
void doctor_repair(struct text *repair, const char *command, const char *path);

/**
 * doctor_version_is_ours() - Whether a program says that it is of the version that this is.
 * @path: It is executed; so it must be one that nobody else can write.
 * @why: A sentence, if not.
 */
bool doctor_version_is_ours(const char *path, const char *name, struct text *why);

/* doctor-kernel.c */
void doctor_kernel(struct doctor *doctor);
void doctor_securityfs(struct doctor *doctor);
void doctor_lsm(struct doctor *doctor);
void doctor_capability(struct doctor *doctor);
void doctor_hashing(struct doctor *doctor);
void doctor_tpm(struct doctor *doctor);
void doctor_clock(struct doctor *doctor);

/* doctor-install.c */
void doctor_builtin(struct doctor *doctor);
void doctor_memory(struct doctor *doctor);
void doctor_programs(struct doctor *doctor);
void doctor_keys(struct doctor *doctor);
void doctor_state(struct doctor *doctor);
void doctor_sockets(struct doctor *doctor);

/* doctor-workload.c */
void doctor_config(struct doctor *doctor);
void doctor_workload(struct doctor *doctor);
void doctor_scratch(struct doctor *doctor);
void doctor_files(struct doctor *doctor);

#endif
