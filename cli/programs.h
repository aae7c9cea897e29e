/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * programs.h - TASK_IDs told as programs: who executed whom. From the program
 * lines of a model, and from what a run executed beyond it.
 */
#ifndef QUIXOTE_PROGRAMS_H
#define QUIXOTE_PROGRAMS_H

#include <stdbool.h>

#include "facts.h"
#include "text.h"

/** struct program - An exec; texts are owned. */
struct program {
	char *task_id;	/* hexadecimal */
	char *previous; /* TASK_ID of what executed it; "" if there was nothing before */
	char *path;	/* of the program, or of the interpreter of @script */
	char *script;	/* NULL if it is none */
	bool learned;	/* the model has it */
	struct facts record;
};

/** struct programs - Tree of struct program, by task_id. */
struct programs {
	void *tree;
};

/**
 * programs_add() - Add the exec that a record tells; one that is there stays.
 * @take_record: A bprm_committed_creds, bare. Emptied, whatever the result.
 * Return: 0; -EBADMSG if it is none; -ENOMEM.
 */
int programs_add(struct programs *programs, struct facts *take_record, bool learned);

void programs_done(struct programs *programs);

/** programs_find() - Return: the program, or NULL. */
const struct program *programs_find(const struct programs *programs, const char *task_id);

/** program_name() - "grep", "job.sh (/bin/sh)", "/tmp/x (not learned)". */
void program_name(const struct program *program, struct text *text);

/** programs_chain() - The program with all that led to it: "job.sh (/bin/sh) → grep". */
void programs_chain(const struct programs *programs, const char *task_id, struct text *text);

/** programs_each() - Call a function for each program, by task_id. */
void programs_each(const struct programs *programs,
		   void (*visit)(const struct program *program, void *userdata), void *userdata);

/**
 * programs_first_unlearned() - The first of those that led to a program, it included,
 * which was not learned: whatever comes from it was not, for that reason.
 *
 * Return: NULL if all were learned.
 */
const struct program *programs_first_unlearned(const struct programs *programs,
					       const char *task_id);

/** programs_path() - The same as task_ids, the first ancestor first. Return: their number. */
#define PROGRAMS_CHAIN 32
unsigned int programs_path(const struct programs *programs, const char *task_id,
			   const struct program *ret[PROGRAMS_CHAIN]);

#endif
