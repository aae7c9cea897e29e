/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * schema.h - the shape of the event catalogue in C. The tables themselves are
 * generated from libtsem/schema/schema.json (schema-tables.h has the
 * enumerations, schema-tables.c the rows); there is no other list of events.
 */
#ifndef TSEM_CORE_SCHEMA_H
#define TSEM_CORE_SCHEMA_H

#include "base.h"
#include "schema-tables.h"	/* enum tsem_event_id, enum tsem_type_id, enum tsem_choice_id */

/** enum tsem_kind - What a member holds; formula.md, section 2. */
enum tsem_kind {
	TSEM_KIND_BOOL,
	TSEM_KIND_U16,
	TSEM_KIND_U32,
	TSEM_KIND_U64,
	TSEM_KIND_S32,
	TSEM_KIND_S64,
	TSEM_KIND_TEXT,
	TSEM_KIND_BLOB,
	TSEM_KIND_UUID,
	TSEM_KIND_IP6,
	TSEM_KIND_DIGEST,
	TSEM_KIND_OBJECT,	/* members of tsem_types[index] */
	TSEM_KIND_CHOICE,	/* one form of tsem_choices[index] */
};

#define TSEM_KIND_COUNT (TSEM_KIND_CHOICE + 1)

/** enum tsem_named_projection - Formula.md, section 4. */
enum tsem_named_projection {
	TSEM_PROJECT_NONE,
	TSEM_PROJECT_FSCLASS,
	TSEM_PROJECT_EPHEMERAL,
	TSEM_PROJECT_ABSNAME,
	TSEM_PROJECT_SIZE01,
	TSEM_PROJECT_SIGN,
	TSEM_PROJECT_LOOP,
	TSEM_PROJECT_USERVALUE,
};

#define TSEM_PROJECT_COUNT (TSEM_PROJECT_USERVALUE + 1)

/** TSEM_KEY() - How the initialiser of a struct tsem_member begins. */
#define TSEM_KEY(text) \
	.name = (text), .key = ", \"" text "\": ", .key_size = sizeof(", \"" text "\": ") - 1

/** TSEM_KEY_COMMA - Bytes of a key that the first member of an object goes without. */
#define TSEM_KEY_COMMA		2

#define TSEM_MEMBER_OPTIONAL	0x1	/* may be missing */
#define TSEM_MEMBER_LOCAL	0x2	/* left out by the portable projection */

/**
 * struct tsem_member - One member of an object.
 * @name: Key in the record.
 * @key: The same as it is printed behind another member: ", \"name\": ".
 * @key_size: Bytes of @key.
 * @kind: What it holds.
 * @base: 8, 10 or 16 for numbers, else 0.
 * @flags: TSEM_MEMBER_* bits.
 * @group: Number of its group inside the object, from 1; 0 if in none.
 * @empty_if: Position, in the same object, of the member whose presence
 *	empties this TEXT when hashed; -1 if there is none.
 * @project: Named projection that portable applies.
 * @index: Of tsem_types or tsem_choices, if @kind says so, else 0.
 */
struct tsem_member {
	const char *name;
	const char *key;
	uint8_t key_size;
	uint8_t kind;
	uint8_t base;
	uint8_t flags;
	uint8_t group;
	int8_t empty_if;
	uint8_t project;
	uint16_t index;
};

/**
 * struct tsem_type - An object: a list of members in the order of the schema.
 * @name: In the schema.
 * @members: The members.
 * @member_count: Their number.
 *
 * CELL objects of events, COE and the event object are types as well.
 */
struct tsem_type {
	const char *name;
	const struct tsem_member *members;
	unsigned int member_count;
};

struct tsem_form {
	const char *name;
	uint8_t tag;
	uint16_t type;		/* index of tsem_types */
};

struct tsem_choice {
	const char *name;
	const struct tsem_form *forms;
	unsigned int form_count;
};

/** enum tsem_since - Which set of events an event belongs to. */
enum tsem_since {
	TSEM_SINCE_V4,
	TSEM_SINCE_LATER,
	TSEM_SINCE_OURS,
};

/** enum tsem_executes - Whether a record of this event executes its FILE. */
enum tsem_executes {
	TSEM_EXECUTES_NEVER,
	TSEM_EXECUTES_ALWAYS,
	TSEM_EXECUTES_MASK,	/* if the member executes_path has a bit of executes_mask */
};

/**
 * struct tsem_event_desc - One event of the catalogue.
 * @name: As printed and hashed.
 * @cell: Its members.
 * @atomic: The hook may not sleep.
 * @wait: The event waits for a verdict.
 * @since: enum tsem_since.
 * @executes: enum tsem_executes; see formula.md, section 3.
 * @executes_mask: Bits of a number; see TSEM_EXECUTES_MASK.
 * @executes_path: Positions, from the CELL down, of the number that @executes_mask tests.
 * @executes_depth: How many positions count.
 */
struct tsem_event_desc {
	const char *name;
	struct tsem_type cell;
	bool atomic;
	bool wait;
	uint8_t since;
	uint8_t executes;
	uint8_t executes_path[2];
	uint8_t executes_depth;
	uint32_t executes_mask;
};

/* Generated. Index of tsem_events is enum tsem_event_id, row 0 is empty. */
extern const struct tsem_event_desc tsem_events[TSEM_EVENT_COUNT];
extern const struct tsem_type tsem_types[TSEM_TYPE_COUNT];
extern const struct tsem_choice tsem_choices[TSEM_CHOICE_COUNT];
extern const struct tsem_type tsem_coe;		/* the COE object */
extern const struct tsem_type tsem_event_object;	/* the event object */
extern const uint64_t tsem_local_filesystems[TSEM_LOCAL_FILESYSTEM_COUNT];

/** struct tsem_prctl - Which arguments of a prctl option are printed; bit n is argument n. */
struct tsem_prctl {
	uint32_t option;
	uint8_t args;
};

extern const struct tsem_prctl tsem_prctls[TSEM_PRCTL_COUNT];	/* ascending by option */

#endif
