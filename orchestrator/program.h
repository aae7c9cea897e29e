/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * program.h - where the programs are that the orchestrator starts, for the
 * orchestrator and for those who look whether they are there.
 */
#ifndef QUIXOTE_PROGRAM_H
#define QUIXOTE_PROGRAM_H

#include <stddef.h>

/**
 * program_find() - In QUIXOTE_LIBEXEC, beside the orchestrator, or where the build puts it.
 * @dir: Directory of the orchestrator.
 *
 * Return: 0 and its path; an errno of access().
 */
int program_find(const char *dir, const char *name, char *path, size_t size);

#endif
