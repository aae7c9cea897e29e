/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* named.h - the configuration that the NAME of a workload means. */
#ifndef QUIXOTE_NAMED_H
#define QUIXOTE_NAMED_H

#include <limits.h>
#include <stdbool.h>

/** NAMED_DIRECTORY - Where configurations are known by their names. */
#define NAMED_DIRECTORY "/etc/quixote"

/**
 * named_find() - Find it: NAME.cfg of NAMED_DIRECTORY; that of a container of quixote oci; or
 * another of NAMED_DIRECTORY that says Name=NAME, as that of a unit with an @ in its name does.
 * @name: Of a workload, or of its unit; has no '/'.
 * @ret: Its path; if there is none, where it would be.
 * Return: whether there is one.
 */
bool named_find(const char *name, char ret[PATH_MAX]);

/** named_search() - The one file NAME.cfg of @directory that says Name=@name; false if several do.
 */
bool named_search(const char *directory, const char *name, char ret[PATH_MAX]);

#endif
