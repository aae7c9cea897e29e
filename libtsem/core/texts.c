// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * texts.c - see texts.h. A hash says where a text may be, never that it is there.
 *
 * That a line which is cut and found would be scanned alike follows from its
 * form: the scanner takes keys and values from left to right, and what is read here
 * is one whole value each, of a spelling that it takes.
 */

#include "scanner.h"
#include "texts.h"

/* A number of fewer digits fits whatever they are. */
#define U32_DIGITS 9
#define U64_DIGITS 19

/* Longer names are not the kernel's. With it, no line that is cut is too long for the scanner. */
#define PROCESS_MAX 64

_Static_assert(TSEM_TEXT_MAX + PROCESS_MAX + 512 < TSEM_RECORD_LINE_MAX, "what is cut is scanned");

static const struct {
	enum tsem_record_kind kind;
	const char *text;
	size_t size;
} openings[] = {
#define OPENING(kind, word)                                                                        \
	{                                                                                          \
		kind, word, sizeof(word) - 1                                                       \
	}
	OPENING(TSEM_RECORD_EVENT, "{\"export\": {\"type\": \"event\"}, \"event\": {"),
	OPENING(TSEM_RECORD_ASYNC, "{\"export\": {\"type\": \"async_event\"}, \"event\": {"),
};
#define OPENINGS (sizeof(openings) / sizeof(openings[0]))

/** struct cutter - Text that is not cut yet. */
struct cutter {
	const uint8_t *at;
	const uint8_t *end;
};

static bool take(struct cutter *c, const char *text, size_t size)
{
	if ((size_t)(c->end - c->at) < size || memcmp(c->at, text, size))
		return false;
	c->at += size;
	return true;
}

static bool take_byte(struct cutter *c, char byte)
{
	if (c->at == c->end || *c->at != (uint8_t)byte)
		return false;
	c->at++;
	return true;
}

/* A decimal number in its quotes, in its one form. */
static bool take_number(struct cutter *c, unsigned int digits, uint64_t *ret)
{
	const uint8_t *start;
	uint64_t value = 0;

	if (!take_byte(c, '"'))
		return false;
	start = c->at;
	for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
		value = value * 10 + (*c->at - '0');
	if (c->at == start || (size_t)(c->at - start) > digits ||
	    (*start == '0' && c->at > start + 1))
		return false;
	*ret = value;
	return take_byte(c, '"');
}

/* A string in its quotes that is no longer than this, of ASCII without escapes. */
static bool take_plain(struct cutter *c, size_t most)
{
	const uint8_t *start;

	if (!take_byte(c, '"'))
		return false;
	start = c->at;
	while (c->at < c->end && *c->at >= ' ' && *c->at < 0x7f && *c->at != '"' && *c->at != '\\')
		c->at++;
	return (size_t)(c->at - start) <= most && take_byte(c, '"');
}

/* So many bytes in quotes, whatever they are: they are compared. */
static bool take_quoted(struct cutter *c, size_t size)
{
	if ((size_t)(c->end - c->at) < size + 2)
		return false;
	c->at += size + 2;
	return true;
}

static bool take_opening(struct cutter *c, enum tsem_record_kind *ret)
{
	for (unsigned int i = 0; i < OPENINGS; i++) {
		if (take(c, openings[i].text, openings[i].size)) {
			*ret = openings[i].kind;
			return true;
		}
	}
	return false;
}

/** enum position - Of the members of the event object, in the order of the schema. */
enum position {
	POSITION_PID,
	POSITION_CONTEXT,
	POSITION_NUMBER,
	POSITION_PROCESS,
	POSITION_TYPE,
	POSITION_TTD,
	POSITION_P_TTD,
	POSITION_TASK_ID,
	POSITION_P_TASK_ID,
	POSITION_TS,
};

static bool take_key(struct cutter *c, enum position position)
{
	const struct tsem_member *m = &tsem_event_object.members[position];
	size_t comma = position ? 0 : TSEM_KEY_COMMA;

	return take(c, m->key + comma, m->key_size - comma);
}

static bool take_member_number(struct cutter *c, enum position position, uint64_t *ret)
{
	return take_key(c, position) && take_number(c, U64_DIGITS, ret);
}

static struct tsem_span span_from(const struct cutter *c, const uint8_t *start)
{
	return (struct tsem_span){ start, (size_t)(c->at - start) };
}

static bool cut_event(struct cutter *c, size_t digits, struct tsem_text *ret)
{
	uint64_t pid, ignored;
	const uint8_t *start;

	if (!take_key(c, POSITION_PID) || !take_number(c, U32_DIGITS, &pid) ||
	    !take_member_number(c, POSITION_CONTEXT, &ignored) ||
	    !take_member_number(c, POSITION_NUMBER, &ret->number) ||
	    !take_key(c, POSITION_PROCESS) || !take_plain(c, PROCESS_MAX))
		return false;
	ret->pid = (uint32_t)pid;

	if (!take_key(c, POSITION_TYPE))
		return false;
	start = c->at;
	if (!take_plain(c, TSEM_TEXT_MAX))
		return false;
	ret->parts[0] = span_from(c, start);

	if (!take_member_number(c, POSITION_TTD, &ignored) ||
	    !take_member_number(c, POSITION_P_TTD, &ignored))
		return false;
	start = c->at;
	if (!take_key(c, POSITION_TASK_ID) || !take_quoted(c, digits) ||
	    !take_key(c, POSITION_P_TASK_ID) || !take_quoted(c, digits))
		return false;
	ret->parts[1] = span_from(c, start);
	return take_member_number(c, POSITION_TS, &ignored);
}

/* The factor is odd, so that no bit is lost; turned, so that the highest ones have effect. */
static uint64_t stir(uint64_t hash, uint64_t word, const struct tsem_text_key *key)
{
	return ((hash << 23 | hash >> 41) ^ word) * (key->words[1] | 1);
}

static uint64_t hash_span(uint64_t hash, const struct tsem_span *span,
			  const struct tsem_text_key *key)
{
	const uint8_t *at = span->data, *end = at + span->size;

	hash = stir(hash, span->size, key);
	for (; end - at >= 8; at += 8)
		hash = stir(hash, tsem_scan_eight(at), key);
	for (; at < end; at++)
		hash = stir(hash, *at, key);
	return hash;
}

bool tsem_text_cut(const char *line, size_t size, unsigned int digest_size,
		   const struct tsem_text_key *key, struct tsem_text *ret)
{
	struct cutter c = { .at = (const uint8_t *)line, .end = (const uint8_t *)line + size };
	uint64_t hash = key->words[0];

	if (!take_opening(&c, &ret->kind) || !cut_event(&c, 2 * digest_size, ret))
		return false;
	ret->parts[2] = (struct tsem_span){ c.at, (size_t)(c.end - c.at) };
	ret->size = 0;
	for (unsigned int i = 0; i < TSEM_TEXT_PARTS; i++)
		ret->size += ret->parts[i].size;
	if (ret->size > TSEM_TEXT_MAX)
		return false;
	for (unsigned int i = 0; i < TSEM_TEXT_PARTS; i++)
		hash = hash_span(hash, &ret->parts[i], key);
	hash ^= hash >> 32;
	ret->hash = hash ? hash : 1;
	return true;
}

/* The first of the places of a text. */
static size_t first_place(const struct tsem_text *text)
{
	return (size_t)text->hash & (TSEM_TEXTS_COUNT - 1) & ~(size_t)(TSEM_TEXTS_WAYS - 1);
}

static bool is_same(const struct tsem_known_text *known, const struct tsem_text *text)
{
	const uint8_t *at = known->bytes;

	for (unsigned int i = 0; i < TSEM_TEXT_PARTS; i++) {
		const struct tsem_span *part = &text->parts[i];

		if (part->size != known->sizes[i] || memcmp(at, part->data, part->size))
			return false;
		at += part->size;
	}
	return true;
}

const struct tsem_known_text *tsem_texts_find(const struct tsem_texts *texts,
					      const struct tsem_text *text)
{
	size_t first = first_place(text);

	for (size_t i = first; i < first + TSEM_TEXTS_WAYS; i++) {
		if (texts->hashes[i] == text->hash && is_same(&texts->known[i], text))
			return &texts->known[i];
	}
	return NULL;
}

/* A free one, or one that cannot be foreseen. */
static size_t choose_place(const struct tsem_texts *texts, const struct tsem_text *text)
{
	size_t first = first_place(text);

	for (size_t i = first; i < first + TSEM_TEXTS_WAYS; i++) {
		if (!texts->hashes[i])
			return i;
	}
	return first + (size_t)(text->hash >> 40) % TSEM_TEXTS_WAYS;
}

void tsem_texts_keep(struct tsem_texts *texts, const struct tsem_text *text,
		     const struct tsem_record *record, const struct tsem_digest *coefficient)
{
	size_t place = choose_place(texts, text);
	struct tsem_known_text *known = &texts->known[place];
	uint8_t *at = known->bytes;

	texts->hashes[place] = text->hash;
	known->event = record->event;
	known->coefficient = *coefficient;
	for (unsigned int i = 0; i < TSEM_TEXT_PARTS; i++) {
		const struct tsem_span *part = &text->parts[i];

		known->sizes[i] = (uint32_t)part->size;
		memcpy(at, part->data, part->size);
		at += part->size;
	}
}
