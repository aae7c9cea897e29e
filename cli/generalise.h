/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * generalise.h - a model with one more pseudonym or scratch directory: every event as it
 * would have been printed and hashed with it, formula.md, sections 3, 4 and 6.
 */
#ifndef QUIXOTE_GENERALISE_H
#define QUIXOTE_GENERALISE_H

#include "../libtsem/model.h"
#include "rewrite.h"

/**
 * struct rule - What does not count any more.
 * @list: Pseudonyms or scratch directories.
 * @path: Absolute; a directory with its final slash. Owned.
 */
struct rule {
	enum tsem_model_list list;
	char *path;
};

/** rule_key() - Its key in a configuration: "Pseudonym" or "Scratch". */
const char *rule_key(enum tsem_model_list list);

/**
 * struct generalised - A model and what it became.
 * @model: New; owned. Borrows the hasher of the old one.
 * @rewrite: How each record became what it is; the old model must live as long.
 */
struct generalised {
	struct tsem_model *model;
	struct rewrite rewrite;
};

/**
 * generalise() - Derive a model under one more rule; the old one stays as it is.
 * @hasher: Of @model.
 * @ret: To be ended by generalised_done().
 * Return: 0; -EEXIST (it has the rule); -E2BIG; -ENOMEM; -EBADMSG.
 */
int generalise(const struct tsem_model *model, struct tsem_hasher *hasher, const struct rule *rule,
	       struct generalised *ret);

void generalised_done(struct generalised *generalised);

#endif
