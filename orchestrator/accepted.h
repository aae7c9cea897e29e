/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accepted.h - the version of the signed model that a workload ran under last:
 * one number in a file of its state directory, so that an older model, which
 * was signed as well, is not taken for a new one.
 */
#ifndef QUIXOTE_ACCEPTED_H
#define QUIXOTE_ACCEPTED_H

#include <stdint.h>

/** ACCEPTED_FILE - Its name. */
#define ACCEPTED_FILE "accepted-version"

/**
 * accepted_read() - Read it.
 * @dir: State directory.
 * @ret: 0 if none was accepted yet.
 * Return: 0; -EBADMSG if it is no number; an errno of open() or read().
 */
int accepted_read(int dir, uint64_t *ret);

/** accepted_write() - Replace it, synced. Return: 0 or a negative errno; then the old one is there.
 */
int accepted_write(int dir, uint64_t version);

#endif
