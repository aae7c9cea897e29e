/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keys.h - the keys that may sign models, copied out of their directory into one
 * sealed file of memory: what is verified with them later is what was looked at
 * here. Understands nothing of keys; that is libtsem/key.h.
 */
#ifndef QUIXOTE_KEYS_H
#define QUIXOTE_KEYS_H

#include <sys/types.h>

/** KEYS_SUFFIX - Of the files that count; others are passed over. */
#define KEYS_SUFFIX ".pub"

/** KEYS_DETAIL_BYTES - Room for what an error is about. */
#define KEYS_DETAIL_BYTES 512

/**
 * keys_open() - Make the keyring of a directory.
 * @path: The directory. It and each key must belong to root or @owner and be
 *	writable for nobody else, or somebody else decides who may sign.
 * @owner: Whose keys are trusted besides root's.
 * @detail: What an error is about; set whenever the result is negative.
 *
 * May block on files. Return: a descriptor for reading; -EPERM (others may
 * write); -E2BIG (too many keys, or too long); -EBADMSG (a name that no key can
 * have); an errno of open(), read() or write().
 */
int keys_open(const char *path, uid_t owner, char detail[KEYS_DETAIL_BYTES]);

#endif
