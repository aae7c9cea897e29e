/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * anchor-entry.h - what a workload's chain is made of: one state of one
 * workload at one time, in one spelling. docs/attestation.md has the format.
 *
 * Pure: no file, no clock, no allocation.
 */
#ifndef TSEM_ANCHOR_ENTRY_H
#define TSEM_ANCHOR_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** TSEM_ANCHOR_HASH - Bytes of SHA-256, the one hash function of chains, log and register. */
#define TSEM_ANCHOR_HASH 32u

/** TSEM_ANCHOR_NAME_BYTES - Longest name of a workload, as in a configuration. */
#define TSEM_ANCHOR_NAME_BYTES 64u

/** TSEM_ANCHOR_DIGEST_CHARS - Hexadecimal digits of the longest digest of a namespace. */
#define TSEM_ANCHOR_DIGEST_CHARS 128u

/** TSEM_ANCHOR_ENTRY_BYTES - Longest entry as text: the longest of all members, and a NUL. */
#define TSEM_ANCHOR_ENTRY_BYTES 768u

/** enum tsem_anchor_kind - Why an entry was made. */
enum tsem_anchor_kind {
	TSEM_ANCHOR_START,     /* nothing of it runs yet */
	TSEM_ANCHOR_RESUME,    /* it runs; the anchor was away */
	TSEM_ANCHOR_SEAL,      /* its namespace takes nothing new */
	TSEM_ANCHOR_VIOLATION, /* the first event outside its model */
	TSEM_ANCHOR_INTERVAL,  /* it runs still */
	TSEM_ANCHOR_STOP,      /* nothing of it runs any more */
	TSEM_ANCHOR_GONE,      /* its orchestrator went away without a word */
};
#define TSEM_ANCHOR_KIND_COUNT (TSEM_ANCHOR_GONE + 1)

/** enum tsem_anchor_mode - What the model is for, as in a configuration. */
enum tsem_anchor_mode {
	TSEM_ANCHOR_TRAIN,
	TSEM_ANCHOR_SHADOW,
	TSEM_ANCHOR_ENFORCE,
};
#define TSEM_ANCHOR_MODE_COUNT (TSEM_ANCHOR_ENFORCE + 1)

/**
 * struct tsem_anchor_entry - An entry; its texts are NUL-terminated.
 * @workload: Name.
 * @number: Of the entry in its chain, from 1.
 * @kind: Why.
 * @mode: What the model is for.
 * @model: SHA-256 of the model file, hexadecimal.
 * @version: Of the model as it was signed; 0 if it need not be.
 * @state: Of the model as it was loaded, docs/formula.md, hexadecimal.
 * @measurement: @state extended by each event outside the model, in order; as long as that.
 * @events: Judged so far.
 * @outside: Of them outside the model.
 * @lost: Of them without a verdict.
 * @time_usec: When the anchor heard it; since 1970, by the clock of the machine.
 */
struct tsem_anchor_entry {
	char workload[TSEM_ANCHOR_NAME_BYTES + 1];
	uint64_t number;
	enum tsem_anchor_kind kind;
	enum tsem_anchor_mode mode;
	char model[2 * TSEM_ANCHOR_HASH + 1];
	uint64_t version;
	char state[TSEM_ANCHOR_DIGEST_CHARS + 1];
	char measurement[TSEM_ANCHOR_DIGEST_CHARS + 1];
	uint64_t events;
	uint64_t outside;
	uint64_t lost;
	uint64_t time_usec;
};

/** struct tsem_cursor - What is still to be parsed. */
struct tsem_cursor {
	const char *at;
	const char *end;
};

/* Each takes one thing if it is next. Return: 0 or -EBADMSG, after which nothing may be used. */
int tsem_take(struct tsem_cursor *c, const char *literal);
int tsem_take_number(struct tsem_cursor *c, uint64_t *ret);	     /* decimal, no leading zeros */
int tsem_take_hex(struct tsem_cursor *c, uint8_t *ret, size_t size); /* small letters */
int tsem_take_name(struct tsem_cursor *c, char ret[TSEM_ANCHOR_NAME_BYTES + 1]);

/** tsem_next_is() - Whether a literal is next; it is not taken. */
bool tsem_next_is(const struct tsem_cursor *c, const char *literal);

/** tsem_anchor_hex() - @size bytes as small hexadecimal, and a NUL. */
void tsem_anchor_hex(const uint8_t *data, size_t size, char *ret);

/** tsem_anchor_is_name() - Whether a workload may have this name. */
bool tsem_anchor_is_name(const char *name);

/** tsem_anchor_kind_to_string() - Its word in the log; the value must be one of the enum. */
const char *tsem_anchor_kind_to_string(enum tsem_anchor_kind kind);

/** tsem_anchor_mode_to_string() - The same. */
const char *tsem_anchor_mode_to_string(enum tsem_anchor_mode mode);

/** tsem_anchor_entry_is_valid() - Whether it can be printed: names, digests, enums. */
bool tsem_anchor_entry_is_valid(const struct tsem_anchor_entry *entry);

/**
 * tsem_anchor_entry_print() - As one JSON object.
 * @entry: A valid one.
 * Return: its length.
 */
size_t tsem_anchor_entry_print(const struct tsem_anchor_entry *entry,
			       char ret[TSEM_ANCHOR_ENTRY_BYTES]);

/**
 * tsem_anchor_entry_take() - Parse what tsem_anchor_entry_print() wrote, and no other spelling.
 * @ret: Written on success only.
 * Return: 0 or -EBADMSG.
 */
int tsem_anchor_entry_take(struct tsem_cursor *c, struct tsem_anchor_entry *ret);

#endif
