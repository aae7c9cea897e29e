/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recorded.h - events that the recorder kept in the state directory of a
 * workload, docs/architecture.md, told when nothing runs that could be asked.
 */
#ifndef QUIXOTE_RECORDED_H
#define QUIXOTE_RECORDED_H

#include "events.h"

/**
 * recorded_tell() - Tell them, the oldest first; a line that is damaged is told with its place.
 * @dir: Path of the state directory.
 *
 * Return: 1 if there is at least one file, 0 if there is none; -EBADMSG if a line was damaged,
 * after all others have been told; -ENOMEM; an errno of open() or read().
 */
int recorded_tell(struct events *e, const char *dir);

#endif
