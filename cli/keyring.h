/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keyring.h - the keys in a directory that may sign, for those who tell of them. */
#ifndef QUIXOTE_KEYRING_H
#define QUIXOTE_KEYRING_H

#include "../libtsem/key.h"
#include "text.h"

/**
 * keyring_read() - Read a directory of keys, held to what its user must own.
 * @why: A sentence without full stop, whenever the result is negative.
 * Return: 0; as keys_open() or tsem_keyring_parse().
 */
int keyring_read(const char *directory, struct tsem_keyring *ret, struct text *why);

#endif
