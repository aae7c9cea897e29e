/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scanner.h - JSON as records use it: objects and strings, nothing else. Tokens
 * are taken from the front of a text; strings are decoded into a packer. Which
 * members an object may have is object.c's business.
 */
#ifndef TSEM_CORE_SCANNER_H
#define TSEM_CORE_SCANNER_H

#include "packed.h"
#include "reject.h"

/** TSEM_DEPTH_MAX - Deepest object; the record itself is 1. Formula.md, section 8. */
#define TSEM_DEPTH_MAX 8

/** TSEM_KEY_MAX - Longer than any key of the schema. */
#define TSEM_KEY_MAX 32

/** struct tsem_scanner - Text not read yet, and the packed bytes so far. */
struct tsem_scanner {
	const uint8_t *at;
	const uint8_t *end;
	unsigned int digest_size;
	struct tsem_packer packer;
};

/** struct tsem_key - A decoded key; one that is too long matches none. */
struct tsem_key {
	uint8_t bytes[TSEM_KEY_MAX];
	size_t size;
};

static inline void tsem_scan_blanks(struct tsem_scanner *s)
{
	while (s->at < s->end && *s->at <= ' ' &&
	       (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

/** tsem_scan_peek() - The next byte that is no blank; 0 at the end, as a raw NUL byte is no JSON.
 */
static inline uint8_t tsem_scan_peek(struct tsem_scanner *s)
{
	tsem_scan_blanks(s);
	return s->at < s->end ? *s->at : 0;
}

static inline bool tsem_key_is(const struct tsem_key *key, const char *name)
{
	return strlen(name) == key->size && !memcmp(key->bytes, name, key->size);
}

/** tsem_scan_eight() - Eight bytes, the first one lowest, to be looked at together. */
static inline uint64_t tsem_scan_eight(const uint8_t *bytes)
{
	uint64_t eight;

	memcpy(&eight, bytes, sizeof(eight));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	eight = __builtin_bswap64(eight);
#endif
	return eight;
}

/** TSEM_SCAN_ONES - A number below 0x100 times this is that number in each of eight bytes. */
#define TSEM_SCAN_ONES 0x0101010101010101u

bool tsem_is_utf8(const uint8_t *bytes, size_t size);

/* All of these return 0 or a negative enum tsem_reject. */

/** tsem_scan_plain() - Go to the next byte that does not stand for itself in a string. */
void tsem_scan_plain(struct tsem_scanner *s);

/** tsem_scan_string() - From behind the opening quote; room is the packer's business. */
int tsem_scan_string(struct tsem_scanner *s, struct tsem_packer *out);

/** tsem_scan_key() - A key and its colon. */
int tsem_scan_key(struct tsem_scanner *s, struct tsem_key *ret);

/** tsem_scan_open() - The opening brace, and the other one if the object is empty. */
int tsem_scan_open(struct tsem_scanner *s, bool *ret_more);

/** tsem_scan_more() - The comma before another member, or the closing brace. */
int tsem_scan_more(struct tsem_scanner *s, bool *ret_more);

/** tsem_scan_wrong_kind() - Why what comes next is not the value that was wanted. */
int tsem_scan_wrong_kind(struct tsem_scanner *s);

/** tsem_scan_skip() - Go past a value; @depth is that of an object that begins here. */
int tsem_scan_skip(struct tsem_scanner *s, unsigned int depth);

/**
 * tsem_scan_object() - Scan an object along its type, from its opening brace, into the packer.
 * @depth: Of this object.
 */
int tsem_scan_object(struct tsem_scanner *s, const struct tsem_type *type, unsigned int depth);

#endif
