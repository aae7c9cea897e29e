/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model.h - the model file of a workload, docs/model-format.md: read whole and
 * verified before anything of it is used, extended by a training run, written
 * sorted. Judges nothing (core/engine) and touches no file but the descriptor
 * it is given; neither syncs nor renames.
 */
#ifndef TSEM_MODEL_H
#define TSEM_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "core/coefficient.h"
#include "core/packed.h"

/** TSEM_MODEL_POINTS - Most coefficients: as many as the kernel can hold. */
#define TSEM_MODEL_POINTS 1048576u

/** TSEM_MODEL_PROGRAMS - Most programs: each is the cause of several points. */
#define TSEM_MODEL_PROGRAMS 262144u

/** TSEM_MODEL_PATHS - Most pseudonyms, and most scratch directories: the kernel's limit. */
#define TSEM_MODEL_PATHS 1024u

/** TSEM_MODEL_NAME_BYTES - Longest name of a workload, tool version or digest. */
#define TSEM_MODEL_NAME_BYTES 64u

/** TSEM_MODEL_LINE_BYTES - Longest line: the longest record, and what stands around it. */
#define TSEM_MODEL_LINE_BYTES (262144u + 4096u)

/** TSEM_MODEL_BYTES - Longest file: 1,048,576 points of a kilobyte. */
#define TSEM_MODEL_BYTES (1ull << 30)

/** struct tsem_model - Opaque; for one thread. */
struct tsem_model;

/**
 * struct tsem_model_header - What a model holds for. The formula is always 1.
 * @name: Of the workload.
 * @digest: Name of the hash function.
 * @nsref: "initial" or "current".
 * @tool: Name and version of what wrote the file; set by tsem_model_write().
 * @fields: Projection.
 * @digest_size: D, in bytes; follows from @digest, ignored by tsem_model_new().
 * @runs: Training runs that went into it; 0 in a new one.
 */
struct tsem_model_header {
	const char *name;
	const char *digest;
	const char *nsref;
	const char *tool;
	enum tsem_fields fields;
	unsigned int digest_size;
	uint64_t runs;
};

/**
 * struct tsem_model_error - Why a model was refused.
 * @line: Number of the line, from 1; 0 if it is not about a line.
 * @text: ASCII sentence without line feed, safe for a terminal.
 */
struct tsem_model_error {
	unsigned int line;
	char text[240];
};

/**
 * struct tsem_model_point - A coefficient and the event that made it; borrowed from the model.
 * @coefficient: The first D bytes count.
 * @count: Events seen with it, in all runs.
 * @runs: Runs that showed it.
 * @first: Run that showed it first; 0 if that is not known.
 * @change: Change that brought it, model-life.h; 0 if training did.
 * @until: UNIX time from which on it holds no more; 0 if it holds for ever.
 * @event: Canonical record without pid, context, number, ttd, p_ttd and ts; no NUL at its end.
 * @event_size: Bytes at @event.
 */
struct tsem_model_point {
	struct tsem_digest coefficient;
	uint64_t count;
	uint64_t runs;
	uint64_t first;
	uint64_t change;
	int64_t until;
	const char *event;
	size_t event_size;
};

/**
 * struct tsem_model_program - A TASK_ID and the exec that made it; borrowed from the model.
 * @task_id: Of the program; the first D bytes count.
 * @p_task_id: Of the task that made its task by fork.
 * @event: As in struct tsem_model_point, of a bprm_committed_creds.
 */
struct tsem_model_program {
	struct tsem_digest task_id;
	struct tsem_digest p_task_id;
	const char *event;
	size_t event_size;
};

/**
 * tsem_model_new() - Make an empty model.
 * @header: What it is for; copied.
 * @hasher: To verify records with, borrowed as long as the model lives; of @header->digest.
 *
 * Return: 0; -EINVAL for values that no model can have; -ENOMEM.
 */
int tsem_model_new(const struct tsem_model_header *header, struct tsem_hasher *hasher,
		   struct tsem_model **ret);

/** tsem_model_free() - Takes NULL. Return: NULL. */
struct tsem_model *tsem_model_free(struct tsem_model *model);

static inline void tsem_model_freep(struct tsem_model **model)
{
	*model = tsem_model_free(*model);
}

/**
 * tsem_model_peek() - Read the header only, to know which hash function is needed.
 * @fd: Regular file, read by pread() from its start; its position stays.
 * @ret_digest: Name of the hash function: one that libtsem knows.
 *
 * Return: 0; -EBADMSG; -EPROTONOSUPPORT; an errno of pread().
 */
int tsem_model_peek(int fd, char ret_digest[TSEM_MODEL_NAME_BYTES + 1],
		    struct tsem_model_error *error);

/**
 * tsem_model_read() - Read a model and verify all of it.
 * @fd: Regular file, read from its start; borrowed, its position is not used.
 * @hasher: Of the digest that the model names; borrowed as long as the model lives.
 * @error: Filled in whenever the result is negative; never NULL.
 * @ret: Model, owned by the caller.
 *
 * Every coefficient and TASK_ID is computed again from its record. Refused are:
 * what does not parse, repeated, unsorted, unknown or missing keys, a line that
 * is not spelled as tsem_model_write() spells it, a file that was cut off, one
 * for another formula or hash function.
 *
 * Return: 0; -EBADMSG (bad file); -EPROTONOSUPPORT (another formula, format or
 * hash function than @hasher); -E2BIG (above a limit); -ENOMEM; an errno of read().
 */
int tsem_model_read(int fd, struct tsem_hasher *hasher, struct tsem_model_error *error,
		    struct tsem_model **ret);

/**
 * struct tsem_model_source - Where a model is read from; all borrowed.
 * @fd: As in tsem_model_read().
 * @hasher: The same.
 * @measure: Is given all bytes of the file that are read, in order; NULL if there is none.
 *	The caller begins and ends it.
 */
struct tsem_model_source {
	int fd;
	struct tsem_hasher *hasher;
	struct tsem_hasher *measure;
};

/** tsem_model_read_from() - tsem_model_read(), measuring the file. */
int tsem_model_read_from(const struct tsem_model_source *source, struct tsem_model_error *error,
			 struct tsem_model **ret);

/**
 * tsem_model_write() - Write a model, sorted, from the start of a file.
 * @fd: Empty regular file; the caller syncs and renames.
 * Return: 0; -ENOMEM; an errno of write().
 */
int tsem_model_write(const struct tsem_model *model, int fd);

/** tsem_model_get_header() - Borrowed from the model; changes with tsem_model_end_run(). */
const struct tsem_model_header *tsem_model_get_header(const struct tsem_model *model);

/**
 * tsem_model_matches() - Whether a model is for these parameters.
 * @wanted: Its fields, digest and nsref are compared; a NULL is not.
 * @error: A sentence about the first that differs.
 * Return: 0 or -EPROTONOSUPPORT.
 */
int tsem_model_matches(const struct tsem_model *model, const struct tsem_model_header *wanted,
		       struct tsem_model_error *error);

/** enum tsem_model_list - The lists of paths in a model. */
enum tsem_model_list {
	TSEM_MODEL_PSEUDONYMS, /* files whose content does not matter */
	TSEM_MODEL_SCRATCH,    /* directories whose content does not matter, with final slash */
};
#define TSEM_MODEL_LIST_COUNT (TSEM_MODEL_SCRATCH + 1)

/**
 * tsem_model_set_paths() - Replace a list; sorted, copied.
 * @paths: Absolute paths, each once. Points stay as they are: coefficients that
 *	were learned with other pseudonyms or scratch may be verified no more, so
 *	this is for a new model; compare with tsem_model_get_paths() otherwise.
 *
 * Return: 0; -EINVAL (relative, empty or repeated path); -E2BIG; -EPERM (the
 * model has points already); -ENOMEM.
 */
int tsem_model_set_paths(struct tsem_model *model, enum tsem_model_list list,
			 const char *const *paths, size_t count);

/** tsem_model_get_paths() - Borrowed, sorted by bytes. */
const char *const *tsem_model_get_paths(const struct tsem_model *model, enum tsem_model_list list,
					size_t *ret_count);

/**
 * tsem_model_add_point() - An event was seen in this run.
 * @coefficient: Of the record.
 * @count: How many times more.
 * @record: Record, bare or in an export envelope, as the kernel wrote it, without line
 *	feed; NULL for a coefficient that the model has.
 * @size: Bytes at @record.
 *
 * A known coefficient keeps its first record. The run counts once for each
 * coefficient, however often this is called.
 *
 * Return: 1 if it is new, 0 if known; -EBADMSG (@record does not scan, or makes
 * another coefficient); -ENOENT (unknown and no record); -E2BIG; -ENOMEM.
 */
int tsem_model_add_point(struct tsem_model *model, const struct tsem_digest *coefficient,
			 uint64_t count, const char *record, size_t size);

/**
 * tsem_model_add_program() - A program was executed in this run.
 * @record: Of a bprm_committed_creds, otherwise as in tsem_model_add_point(), or as a
 *	model keeps it.
 *
 * Return: 1 if it is new, 0 if known; -EBADMSG (not such a record, or its
 * task_id does not follow from it); -E2BIG; -ENOMEM.
 */
int tsem_model_add_program(struct tsem_model *model, const char *record, size_t size);

/**
 * tsem_model_end_run() - The run is over: it counts as one more in the header, and
 * what it showed is kept (model-life.h).
 *
 * Return: 0 or -ENOMEM.
 */
int tsem_model_end_run(struct tsem_model *model);

size_t tsem_model_point_count(const struct tsem_model *model);
size_t tsem_model_program_count(const struct tsem_model *model);

/**
 * tsem_model_coefficient() - The coefficient of a record by the model's hash function, projection
 * and pseudonyms, whether or not it is a point of it.
 * @record: Bare or in an export envelope, as the kernel wrote it, without line feed.
 * @size: Bytes at @record.
 * @ret: Of a bprm_committed_creds, which is never a point: the TASK_ID that it makes.
 *
 * Return: 0; -EBADMSG (it does not scan, or tells no event); -ENOMEM.
 */
int tsem_model_coefficient(const struct tsem_model *model, const char *record, size_t size,
			   struct tsem_digest *ret);

/** tsem_model_find_point() - Return: the point, or NULL. */
const struct tsem_model_point *tsem_model_find_point(const struct tsem_model *model,
						     const struct tsem_digest *coefficient);

/** tsem_model_find_program() - Return: the program, or NULL. */
const struct tsem_model_program *tsem_model_find_program(const struct tsem_model *model,
							 const struct tsem_digest *task_id);

/**
 * tsem_model_each_point() - Call a function for each point, ascending.
 * @visit: Result other than 0 ends it.
 * Return: the last result of @visit, or 0.
 */
int tsem_model_each_point(const struct tsem_model *model,
			  int (*visit)(const struct tsem_model_point *point, void *userdata),
			  void *userdata);

/** tsem_model_each_program() - The same for programs. */
int tsem_model_each_program(const struct tsem_model *model,
			    int (*visit)(const struct tsem_model_program *program, void *userdata),
			    void *userdata);

#endif
