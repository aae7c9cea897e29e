/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sealing.h - a model is sealed or unsealed, as quixote model seal, unseal and mode do it. */
#ifndef QUIXOTE_SEALING_H
#define QUIXOTE_SEALING_H

#include "revision.h"

/**
 * struct sealing - What was asked for, and what came of it.
 * @least: Completeness that is needed, in parts of a million.
 * @force: Seal it all the same.
 * @why: In the words of who asked; NULL if nothing was said.
 * @complete: Filled in: what it has.
 * @done: Filled in: the model was changed.
 */
struct sealing {
	uint64_t least;
	bool force;
	const char *why;
	double complete;
	bool done;
};

/**
 * sealing_seal() - Seal a model, unless it is or is not complete enough.
 * Return: 0; 1 if it is not complete enough, said; another exit status, said.
 */
int sealing_seal(struct revision *revision, struct sealing *sealing);

/** sealing_unseal() - Let runs add to it again. Return: 0 or an exit status, said. */
int sealing_unseal(struct revision *revision, struct sealing *sealing);

#endif
