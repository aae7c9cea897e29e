/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* oci-process.h - the file of --process, in which a word is put before those to be executed. */
#ifndef QUIXOTE_OCI_PROCESS_H
#define QUIXOTE_OCI_PROCESS_H

#include "text.h"

/** OCI_PROCESS_BYTES - Far above what engines write: a command line, an environment, limits. */
#define OCI_PROCESS_BYTES (4u << 20)

/**
 * oci_process_insert() - Write a process anew that executes @word with what it had executed.
 * @text: The file: a JSON object whose "args" are what is executed.
 * @ret: Is empty before. All but the word is byte for byte what @text has: there are numbers in
 *	it, as of limits, that readers of JSON take for others.
 *
 * A name that another reader could take for "args" is refused: it may read that one.
 *
 * Return: 0; -EBADMSG (no such object, or more than one list); -E2BIG; -ENOMEM.
 */
int oci_process_insert(const char *text, size_t size, const char *word, struct text *ret);

#endif
