/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* state.h - where the state of a workload is, as the orchestrator has it. */
#ifndef QUIXOTE_STATE_H
#define QUIXOTE_STATE_H

/**
 * state_directory() - Of a workload that the caller runs.
 * @name: Of the workload.
 * Return: Path, to be freed; NULL if there is no memory, or no home.
 */
char *state_directory(const char *name);

#endif
