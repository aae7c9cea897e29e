/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * near.h - how far one event is from another: the members that differ, as far
 * as they count in the projection, and a sentence about them.
 */
#ifndef QUIXOTE_NEAR_H
#define QUIXOTE_NEAR_H

#include "../libtsem/core/packed.h"
#include "facts.h"
#include "programs.h"
#include "text.h"

/** enum near_kind - What a member says about an event; the later, the more it sets two apart. */
enum near_kind {
	NEAR_DETAIL,  /* an argument */
	NEAR_INODE,   /* owner and mode of a file */
	NEAR_CONTENT, /* digest of a file */
	NEAR_CREDS,   /* with whose rights */
	NEAR_PARENT,  /* by whom it was started */
	NEAR_PROGRAM, /* which program */
	NEAR_USE,     /* read, or executed */
	NEAR_OBJECT,  /* on what: a path, an address */
};
#define NEAR_KIND_COUNT (NEAR_OBJECT + 1)

/** struct difference - A member that differs; borrowed from the facts of both. */
struct difference {
	enum near_kind kind;
	const char *member;	    /* its path; without the name of the event for the CELL */
	const struct fact *learned; /* NULL if it has none */
	const struct fact *seen;    /* the same */
};

#define NEAR_MAX 64

/** NEAR_RENAMED - What another name adds to a distance where names do not count. */
#define NEAR_RENAMED 4

/**
 * struct comparison - Of a learned event with a refused one.
 * @distance: How far they are apart; below NEAR_RENAMED if they are equal in the projection.
 * @renamed: They are about different names that do not count, in scratch directories.
 */
struct comparison {
	enum tsem_fields fields;
	unsigned int distance;
	bool renamed;
	unsigned int count;
	struct difference list[NEAR_MAX];
};

/**
 * struct near_query - An event to which others are compared.
 * @seen: Bare record.
 * @event: Its event: phrase_event().
 * @fields: Projection.
 * @limit: A distance; beyond it a comparison need not be exact.
 */
struct near_query {
	const struct facts *seen;
	enum tsem_event_id event;
	enum tsem_fields fields;
	unsigned int limit;
};

/**
 * near_least() - A distance below which two events with these objects cannot be.
 * @learned: phrase_object() of one; NULL if it has none, or one that may not count.
 * @seen: The same of the other.
 */
unsigned int near_least(const struct fact *learned, const struct fact *seen);

/** near_compare() - Compare an event that was learned; of the same kind. */
void near_compare(const struct near_query *query, const struct facts *learned,
		  struct comparison *ret);

/**
 * near_explain() - Say why the event was not known.
 * @learned: The nearest learned event; NULL if there is none of its type.
 * @comparison: With it.
 */
void near_explain(const struct facts *learned, const struct facts *seen,
		  const struct comparison *comparison, const struct programs *programs,
		  struct text *text);

#endif
