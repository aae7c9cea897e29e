/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * behaviour.h - a model as what its programs may do, in words: a program is
 * known here by the names of all that led to it, whatever their content, so that
 * two models of one workload can be held beside each other.
 */
#ifndef QUIXOTE_BEHAVIOUR_H
#define QUIXOTE_BEHAVIOUR_H

#include "../libtsem/model.h"
#include "programs.h"

/**
 * struct actor - A program, or several of one name and descent.
 * @key: Paths of all that led to it and its own, with line feeds between; sorts
 *	an actor behind the one that executes it.
 * @name: The same for people: "job.sh (/bin/sh) → grep".
 * @self: Its own name only.
 * @contents: Digests of what was executed, sorted, a blank behind each.
 * @depth: Number of those that led to it.
 */
struct actor {
	char *key;
	char *name;
	char *self;
	char *contents;
	unsigned int depth;
};

/**
 * struct deed - What an actor may do.
 * @words: phrase_add() of it.
 * @object: Path or other name that it is about; NULL if there is none.
 * @is_peer: @object is an address.
 * @point: Borrowed from the model.
 */
struct deed {
	const struct actor *actor;
	enum tsem_event_id event;
	char *words;
	char *object;
	bool is_peer;
	const struct tsem_model_point *point;
};

/**
 * struct behaviour - Of a model.
 * @model: Borrowed.
 * @actors: Sorted by key.
 * @deeds: Sorted by key of the actor, and words.
 */
struct behaviour {
	const struct tsem_model *model;
	struct programs programs;
	void *tree;
	struct actor **actors;
	size_t actor_count;
	struct deed *deeds;
	size_t deed_count;
};

/** behaviour_read() - @ret is to be ended by behaviour_done(), whatever the result. Return: 0 or
 * -ENOMEM. */
int behaviour_read(const struct tsem_model *model, struct behaviour *ret);

void behaviour_done(struct behaviour *behaviour);

/** behaviour_compare() - As deeds are sorted; by the actor alone if words are not there. */
int behaviour_compare(const struct deed *a, const struct deed *b);

#endif
