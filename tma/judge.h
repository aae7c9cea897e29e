/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * judge.h - one record in, one judgement out. Holds the model while it works;
 * knows nothing of descriptors but the two of the model file.
 */
#ifndef QUIXOTE_JUDGE_H
#define QUIXOTE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../libtsem/core/coefficient.h"
#include "../libtsem/core/packed.h"
#include "../libtsem/core/set.h"
#include "../libtsem/core/set.h"
#include "../libtsem/trust.h"

/** enum judge_mode - What a model is for in this run. */
enum judge_mode {
	JUDGE_TRAIN,  /* all is trusted and learned */
	JUDGE_SHADOW, /* all is trusted, what is outside is told */
	JUDGE_ENFORCE,
};
#define JUDGE_MODE_COUNT (JUDGE_ENFORCE + 1)

/** enum judge_violation - OnViolation=. */
enum judge_violation {
	VIOLATION_DENY,	   /* this event */
	VIOLATION_ISOLATE, /* the task, for good */
	VIOLATION_KILL,	   /* the workload */
	VIOLATION_WARN,	   /* nothing but telling */
};
#define JUDGE_VIOLATION_COUNT (VIOLATION_WARN + 1)

/**
 * struct judge_params - How to judge; borrowed while judge_new() runs.
 * @by_kernel: Root=kernel: what comes has been judged, and nobody waits for an answer.
 * @remember: The kernel has the model and enforces it: what cannot wait and is outside was
 *	refused when it comes here.
 * @name: Of the workload, for the header of a new model.
 * @hasher: Of the namespace's hash function, made before the sandbox; borrowed as
 *	long as the judge lives.
 * @pseudonyms: Paths whose content does not matter, of the configuration.
 * @scratch: Directories whose content does not matter, of the configuration;
 *	NULL if it does not say: formula.md's.
 * @trust: What the model must be, tsem_trust_read() being done; NULL if it need not be signed.
 * @anchored: Its state and measurement are to be told.
 * @measure: SHA-256, for the bytes of a model that need not be signed.
 */
struct judge_params {
	enum judge_mode mode;
	enum judge_violation violation;
	bool by_kernel;
	bool remember;
	enum tsem_fields fields;
	struct tsem_hasher *hasher;
	const char *nsref;
	const char *name;
	const char *const *pseudonyms;
	size_t pseudonym_count;
	const char *const *scratch;
	size_t scratch_count;
	const struct tsem_trust *trust;
	bool anchored;
	struct tsem_hasher *measure;
};

/** judge_set_defaults() - Fill in what formula.md says where the configuration says nothing. */
void judge_set_defaults(struct judge_params *params);

/* Words of the configuration; the value must be one of the enum. */
const char *judge_mode_to_string(enum judge_mode mode);
const char *judge_violation_to_string(enum judge_violation violation);

/** judge_mode_from_string() - Return: the mode, or -EINVAL. */
int judge_mode_from_string(const char *word);

/** judge_violation_from_string() - Return: the violation, or -EINVAL. */
int judge_violation_from_string(const char *word);

/** enum judge_verdict - What the kernel is told. */
enum judge_verdict {
	JUDGE_SILENT, /* nothing: nobody waits */
	JUDGE_TRUSTED,
	JUDGE_UNTRUSTED,
	JUDGE_REFUSED,
};
#define JUDGE_VERDICT_COUNT (JUDGE_REFUSED + 1)

/**
 * struct judgement - On one record.
 * @verdict: For the kernel.
 * @number: Of the event.
 * @end_workload: The workload has to be ended.
 * @garbage: The record did not scan; @number may be 0 then.
 * @told: Word for the forensics: what became of the event, or "program" for an
 *	exec that the model has not seen; NULL if there is nothing to tell.
 * @coefficient: Hexadecimal, or the TASK_ID of a program; set if @told is.
 * @event: Word for what it was in any case; NULL if it was no event.
 * @digest: Coefficient, or TASK_ID of a program; set if @event is.
 * @program: It was the exec of a program.
 * @type: Name of the event in the schema; set if @event is.
 */
struct judgement {
	enum judge_verdict verdict;
	uint64_t number;
	bool end_workload;
	bool garbage;
	const char *told;
	char coefficient[2 * TSEM_DIGEST_MAX + 1];
	const char *event;
	struct tsem_digest digest;
	bool program;
	const char *type;
};

/** struct judge_counts - So far. */
struct judge_counts {
	uint64_t events;
	uint64_t outside;
	uint64_t learned;
	uint64_t total;
	uint64_t runs;
};

/** struct judge_error - Why a model cannot be used: ASCII. */
struct judge_error {
	char text[200];
};

struct judge;

/** JUDGE_DIGEST_SIZE - Room for a digest of the namespace in hexadecimal, and a NUL. */
#define JUDGE_DIGEST_SIZE (2 * TSEM_DIGEST_MAX + 1)

/**
 * judge_new() - Make one and load its model; to be called inside the sandbox.
 * @model_fd: The model; negative if there is none, which only training can do without.
 * @error: Filled in whenever the result is negative; may be empty.
 *
 * Return: 0; -EKEYREJECTED if it is not the model that was signed; -EBADMSG,
 * -EINVAL or another errno for a model that cannot be used; -ENOMEM.
 */
int judge_new(const struct judge_params *params, int model_fd, struct judge_error *error,
	      struct judge **ret);

struct judge *judge_free(struct judge *judge);

/**
 * judge_record() - Judge one record.
 * @data: A line without its line feed.
 *
 * Allocates nothing unless training. Return: 0; -E2BIG if training has no room
 * for another point, -ENOMEM; the judgement is valid in every case.
 */
int judge_record(struct judge *judge, const char *data, size_t size, struct judgement *ret);

/** judge_get_points() - Coefficients of the model, counted in this run; borrowed until the next
 * record. */
const struct tsem_set *judge_get_points(const struct judge *judge);

/** judge_get_pseudonyms() - Digests of the paths whose content does not matter. */
const struct tsem_set *judge_get_pseudonyms(const struct judge *judge);

bool judge_is_training(const struct judge *judge);

/**
 * judge_set_count() - The kernel has counted the events of a coefficient in this run.
 *
 * It has seen those of which no record comes as well. One outside the model has no count.
 */
void judge_set_count(struct judge *judge, const struct tsem_digest *coefficient, uint64_t count);

/** judge_write() - Write the model, this run added to it. Return: 0 or a negative errno. */
int judge_write(struct judge *judge, int fd);

/**
 * struct judge_identity - Which model it is.
 * @model: SHA-256 of the file, hexadecimal; zeros if there was none to read.
 * @state: Of the points that were loaded, docs/formula.md, hexadecimal; zeros if it is not
 *	anchored.
 */
struct judge_identity {
	char model[65];
	char state[JUDGE_DIGEST_SIZE];
};

/** judge_get_identity() - Which model it is. */
void judge_get_identity(const struct judge *judge, struct judge_identity *ret);

/**
 * judge_get_measurement() - The state, extended by each event outside the model, in order;
 * "" if the judge is not anchored.
 */
void judge_get_measurement(const struct judge *judge, char ret[JUDGE_DIGEST_SIZE]);

void judge_get_counts(const struct judge *judge, struct judge_counts *ret);

#endif
