/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * records.h - events outside a model, from a file of records: each coefficient
 * once, with how often it was there and the text of its record, and the programs
 * that were executed.
 */
#ifndef QUIXOTE_RECORDS_H
#define QUIXOTE_RECORDS_H

#include <stdbool.h>
#include <stdio.h>

#include "../libtsem/model.h"
#include "programs.h"

/**
 * struct outsider - An event outside the model; owns its texts.
 * @coefficient: With the pseudonyms of the model.
 * @hex: The same.
 * @told: As whoever recorded it computed it; "" if the record stood alone.
 * @text: The record as the kernel wrote it.
 * @task_id: Of the program that did it.
 * @what: In words.
 * @accepted: For whoever takes some of them.
 */
struct outsider {
	struct tsem_digest coefficient;
	char *hex;
	char *told;
	uint64_t count;
	char *text;
	char *task_id;
	char *what;
	bool accepted;
};

/** struct executed - An exec that the model has not; owns its texts. */
struct executed {
	char *task_id;
	char *text;
};

/**
 * struct records - What was read.
 * @model: Borrowed.
 * @now: What holds no more at this time is outside; UNIX time.
 * @list: In the order of their first record.
 * @programs: Of the model, and those that were executed.
 * @taken: Records of events.
 * @bad: Lines that were not understood.
 * @lost: Records that could not be kept when they were written.
 * @tree: Of @list, by coefficient.
 */
struct records {
	const struct tsem_model *model;
	int64_t now;
	struct outsider *list;
	size_t count;
	struct executed *executed;
	size_t executed_count;
	struct programs programs;
	uint64_t taken;
	uint64_t bad;
	uint64_t lost;
	void *tree;
};

/** records_begin() - Nothing read yet; to be ended by records_done(). Return: 0 or -ENOMEM. */
int records_begin(const struct tsem_model *model, struct records *ret);

void records_done(struct records *records);

/**
 * records_read() - Read records, one a line: bare, in their export envelope, or as member
 * "record" of a line of forensics or of a trajectory, whose check must be right.
 *
 * Return: 0; -ENOMEM; -EIO.
 */
int records_read(struct records *records, FILE *file);

/**
 * records_read_state() - What the recorder kept of a workload, the oldest file first.
 * @name: Of the newest file: RECORDER_FORENSICS or RECORDER_TRAJECTORY.
 * Return: as above; 0 if there is nothing.
 */
int records_read_state(struct records *records, const char *dir, const char *name);

/** records_find_executed() - Return: the exec that made a TASK_ID, or NULL. */
const struct executed *records_find_executed(const struct records *records, const char *task_id);

#endif
