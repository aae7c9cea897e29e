/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * revision.h - a model being changed by a person: locked against training and
 * other changes, written whole and renamed, with what it was before kept in its
 * history. Says on standard error what goes wrong.
 */
#ifndef QUIXOTE_REVISION_H
#define QUIXOTE_REVISION_H

#include "../libtsem/model-life.h"
#include "../orchestrator/config.h"
#include "../orchestrator/place.h"
#include "history.h"
#include "open.h"

/** REVISION_AUTHOR_SIZE - Room for who it is. */
#define REVISION_AUTHOR_SIZE 128

/**
 * struct revision - A model being changed.
 * @argument: As typed.
 * @config: NULL if the model was named.
 * @path: Of the model; borrowed.
 * @place: Its file, and the lock.
 * @opened: Read from there.
 * @history: Of it.
 * @author: Who changes it.
 * @time: When.
 */
struct revision {
	const char *argument;
	struct config *config;
	const char *path;
	struct place place;
	struct opened opened;
	struct history history;
	char author[REVISION_AUTHOR_SIZE];
	int64_t time;
};

#define REVISION_EMPTY ((struct revision){ .place = PLACE_EMPTY, .history = HISTORY_EMPTY })

/**
 * revision_begin() - Lock a model and read it.
 * @argument: A model, or a configuration (*.cfg) that names it.
 * Return: 0, then revision_done() is called; or an exit status.
 */
int revision_begin(const char *argument, struct revision *ret);

void revision_done(struct revision *revision);

/** revision_change() - Write down a change in the model. Return: 0 or an exit status. */
int revision_change(struct revision *revision, const struct tsem_model_change *change,
		    uint64_t *ret_number);

/**
 * revision_commit() - The model as it is in memory becomes the model.
 * @what: For the history; with the reason and a remark.
 * Return: 0 or an exit status; the old model is there unchanged then.
 */
int revision_commit(struct revision *revision, const struct history_entry *what);

/**
 * revision_restore() - A file becomes the model as it is.
 * @fd: A model.
 * Return: as revision_commit().
 */
int revision_restore(struct revision *revision, int fd, const struct history_entry *what);

/** revision_again() - After a commit, for another change: lock and read anew. Return: as before. */
int revision_again(struct revision *revision);

/** revision_history() - The history of a model, only to be looked at. Return: as before. */
int revision_history(const char *argument, struct history *ret);

/**
 * revision_record() - Tell in the history what was done beside the model.
 * @what: NULL: only take what the model is now into the history.
 * Return: as before.
 */
int revision_record(struct revision *revision, const struct history_entry *what);

/** revision_fail() - Say it. Return: EXIT_LOST. */
int revision_fail(const struct revision *revision, int error);

#endif
