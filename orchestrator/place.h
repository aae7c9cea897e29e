/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place.h - the files of a workload: its model, the new model while training,
 * and the directory of its state. Opens, locks, syncs and renames; never reads
 * a byte of them.
 */
#ifndef QUIXOTE_PLACE_H
#define QUIXOTE_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "privilege.h"

/**
 * struct place - A model file and what replaces it.
 * @dir: Directory of the model.
 * @name: Of the model in @dir; owned.
 * @temp: Of the new model in @dir; owned, NULL unless training.
 * @fd_old: The model for reading; /dev/null if there is none.
 * @fd_new: The new model, locked; -EBADF unless training.
 * @fd_signature: What place_open_signature() opened; else -EBADF.
 * @identity: As whom @dir is written.
 */
struct place {
	int dir;
	char *name;
	char *temp;
	int fd_old;
	int fd_new;
	int fd_signature;
	struct file_identity identity;
};

#define PLACE_EMPTY                                                                                \
	((struct place){                                                                           \
		.dir = -EBADF, .fd_old = -EBADF, .fd_new = -EBADF, .fd_signature = -EBADF })

/**
 * place_open() - Open the model, and when training a new one beside it.
 * @path: Of the model.
 * @train: There need not be a model, and a new one will be written.
 *
 * Return: 0; -ENOENT (no model); -EBUSY (another run is training it); another errno of open().
 */
int place_open(const char *path, bool train, struct place *ret);

/** place_open_signature() - Open the signature beside the model. Return: 0; -EINVAL; an errno. */
int place_open_signature(struct place *place);

/**
 * place_commit() - The new model becomes the model: synced, renamed, directory synced.
 * Return: 0, or a negative errno and the old model is there unchanged.
 */
int place_commit(struct place *place);

/** place_close() - Close; a new model that was not committed is removed. */
void place_close(struct place *place);

/** place_open_directory() - Open a directory, made if needed. Return: Descriptor, or a negative
 * errno.
 */
int place_open_directory(char *path);

/**
 * place_open_state() - Open the directory of the state of a workload, made if needed.
 * @name: Of the workload.
 * @uid: Of the caller: root's is below /var/lib/quixote, others' in their home.
 * @ret_owner: Owner of the directory.
 *
 * Return: Descriptor, or a negative errno; -ENOENT also if there is no home.
 */
int place_open_state(const char *name, uid_t uid, struct file_identity *ret_owner);

#endif
