/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * directory.h - where the state and the socket of a workload are, for those who
 * make them and for those who look for them. Touches no file.
 */
#ifndef QUIXOTE_DIRECTORY_H
#define QUIXOTE_DIRECTORY_H

#include <stddef.h>
#include <sys/types.h>

/** DIRECTORY_SOCKET - Management socket, in the directory of directory_run(). */
#define DIRECTORY_SOCKET "socket"

/** DIRECTORY_ARMER - Where processes of a container are armed, in the same. */
#define DIRECTORY_ARMER "arm"

/** DIRECTORY_BELL - Where it is asked to take a new model, in the same. */
#define DIRECTORY_BELL "reload"

/**
 * directory_state() - Where a workload keeps what outlives it.
 * @name: Of the workload.
 * @uid: Who runs it.
 *
 * Return: 0; -ENOENT without a home; -ENAMETOOLONG.
 */
int directory_state(const char *name, uid_t uid, char *path, size_t size);

/** directory_run() - Where its socket is while it runs. @name: NULL for the directory of all. */
int directory_run(const char *name, uid_t uid, char *path, size_t size);

#endif
