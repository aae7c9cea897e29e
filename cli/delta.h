/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * delta.h - what one model allows beside another, as behaviour: what
 * programs may do now and could not before. Digests and TASK_IDs that changed
 * because a program did are no difference of their own.
 */
#ifndef QUIXOTE_DELTA_H
#define QUIXOTE_DELTA_H

#include "behaviour.h"
#include "text.h"

/** enum delta_kind - What happened to it. */
enum delta_kind {
	DELTA_NEW,
	DELTA_GONE,
	DELTA_OTHER, /* it is there in both, and not the same */
};
#define DELTA_KIND_COUNT (DELTA_OTHER + 1)

/**
 * struct delta_item - One difference.
 * @actor: Who; NULL if it is about the model as a whole.
 * @deed: What, of the model that has it (the new one of both); NULL if the actor itself is meant.
 * @words: The same for people.
 * @detail: What differs; NULL if there is nothing to add. Owned.
 */
struct delta_item {
	enum delta_kind kind;
	const struct actor *actor;
	const struct deed *deed;
	const char *words;
	char *detail;
};

/**
 * struct delta - Of two models.
 * @sides: The old one and the new one; borrowed.
 * @list: Sorted by actor; those of the models as a whole first.
 */
struct delta {
	const struct behaviour *sides[2];
	struct delta_item *list;
	size_t count;
	size_t room;
};

/** delta_find() - @ret is to be ended by delta_done(), whatever the result. Return: 0 or -ENOMEM.
 */
int delta_find(const struct behaviour *old, const struct behaviour *new, struct delta *ret);

void delta_done(struct delta *delta);

/** enum delta_form - How to tell it. */
enum delta_form {
	DELTA_TEXT,
	DELTA_MARKDOWN,
	DELTA_JSON,
};

/** delta_tell() - Tell it, with a sentence if there is none. */
void delta_tell(const struct delta *delta, enum delta_form form, struct text *text);

#endif
