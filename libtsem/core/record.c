// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * record.c - records: which parts they are made of, in whatever order, and what
 * of the event object everybody needs.
 */

#include "record.h"
#include "scanner.h"

/** enum part - What a record is made of. */
enum part {
	PART_EXPORT,
	PART_EVENT,
	PART_COE,
	PART_AGGREGATE,
	PART_LOG,
	PART_CELL,
};
#define PART_COUNT (PART_CELL + 1)

static const char *const part_names[PART_COUNT] = {
	[PART_EXPORT] = "export",	[PART_EVENT] = "event", [PART_COE] = "COE",
	[PART_AGGREGATE] = "aggregate", [PART_LOG] = "log",
};

static const struct tsem_member export_members[] = {
	{ TSEM_KEY("type"), .kind = TSEM_KIND_TEXT, .empty_if = -1 },
};
static const struct tsem_member aggregate_members[] = {
	{ TSEM_KEY("value"), .kind = TSEM_KIND_DIGEST, .empty_if = -1 },
};
static const struct tsem_member log_members[] = {
	{ TSEM_KEY("process"), .kind = TSEM_KIND_TEXT, .empty_if = -1 },
	{ TSEM_KEY("event"), .kind = TSEM_KIND_TEXT, .empty_if = -1 },
	{ TSEM_KEY("action"), .kind = TSEM_KIND_TEXT, .empty_if = -1 },
};
static const struct tsem_type export_type = { "export", export_members, 1 };
static const struct tsem_type aggregate_type = { "aggregate", aggregate_members, 1 };
static const struct tsem_type log_type = { "log", log_members, 3 };

static const struct tsem_type *const part_types[PART_COUNT] = {
	[PART_EXPORT] = &export_type, [PART_EVENT] = &tsem_event_object,
	[PART_COE] = &tsem_coe,	      [PART_AGGREGATE] = &aggregate_type,
	[PART_LOG] = &log_type,
};

/* Parts that each kind has, one bit each; the CELL of a kind without event is none. */
#define PART(name) (1U << PART_##name)
#define EVENT_PARTS (PART(EVENT) | PART(COE) | PART(CELL))

static const struct {
	const char *name;
	unsigned int parts;
} kinds[TSEM_RECORD_KIND_COUNT] = {
	[TSEM_RECORD_BARE] = { NULL, EVENT_PARTS },
	[TSEM_RECORD_EVENT] = { "event", PART(EXPORT) | EVENT_PARTS },
	[TSEM_RECORD_ASYNC] = { "async_event", PART(EXPORT) | EVENT_PARTS },
	[TSEM_RECORD_AGGREGATE] = { "aggregate", PART(EXPORT) | PART(AGGREGATE) },
	[TSEM_RECORD_LOG] = { "log", PART(EXPORT) | PART(LOG) },
};

/** struct parts - Of one record, as they come. */
struct parts {
	unsigned int seen;
	struct tsem_span spans[PART_COUNT];
	enum tsem_event_id event; /* whose CELL was found; none if its name is unknown */
	struct tsem_key cell_key;
};

static enum tsem_event_id find_event(const uint8_t *name, size_t size)
{
	for (unsigned int i = 1; i < TSEM_EVENT_COUNT; i++) {
		const char *known = tsem_events[i].name;

		if (size && known[0] == (char)name[0] && strlen(known) == size &&
		    !memcmp(known, name, size))
			return (enum tsem_event_id)i;
	}
	return TSEM_EVENT_NONE;
}

static enum part find_part(const struct tsem_key *key)
{
	for (unsigned int i = 0; i < PART_CELL; i++) {
		if (tsem_key_is(key, part_names[i]))
			return (enum part)i;
	}
	return PART_CELL;
}

static int scan_cell(struct tsem_scanner *s, const struct tsem_key *key, struct parts *parts)
{
	if (parts->seen & PART(CELL)) {
		bool twice = key->size == parts->cell_key.size &&
			     !memcmp(key->bytes, parts->cell_key.bytes, key->size);
		int r = tsem_scan_skip(s, 2);

		if (r < 0)
			return r;
		return twice ? -TSEM_REJECT_DUPLICATE_KEY : -TSEM_REJECT_UNKNOWN_KEY;
	}
	parts->cell_key = *key;
	parts->event = find_event(key->bytes, key->size);
	if (!parts->event)
		return tsem_scan_skip(s, 2);
	return tsem_scan_peek(s) == '{' ? tsem_scan_object(s, &tsem_events[parts->event].cell, 2)
					: tsem_scan_wrong_kind(s);
}

/* A packed TEXT; moves on behind it. */
static struct tsem_span read_text(const uint8_t **at)
{
	const uint8_t *p = *at;
	size_t size = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;

	*at = p + 4 + size;
	return (struct tsem_span){ p + 4, size };
}

static bool text_is(const struct tsem_span *text, const char *name)
{
	return strlen(name) == text->size && !memcmp(name, text->data, text->size);
}

static int find_kind(const struct parts *parts, enum tsem_record_kind *ret)
{
	const uint8_t *at = parts->spans[PART_EXPORT].data;
	struct tsem_span name;

	if (!(parts->seen & PART(EXPORT))) {
		*ret = TSEM_RECORD_BARE;
		return 0;
	}
	name = read_text(&at);
	for (unsigned int i = TSEM_RECORD_EVENT; i < TSEM_RECORD_KIND_COUNT; i++) {
		if (text_is(&name, kinds[i].name)) {
			*ret = (enum tsem_record_kind)i;
			return 0;
		}
	}
	return -TSEM_REJECT_EXPORT_KIND;
}

/* Of a line whose kind is told already, what does not belong into it is not looked at. */
static bool is_foreign(const struct parts *parts, enum part part)
{
	enum tsem_record_kind kind;

	return parts->seen & PART(EXPORT) && find_kind(parts, &kind) == 0 &&
	       !(kinds[kind].parts & 1U << part);
}

static int scan_part(struct tsem_scanner *s, struct parts *parts)
{
	size_t start = s->packer.used;
	struct tsem_key key;
	enum part part;
	int r = tsem_scan_key(s, &key);

	if (r < 0)
		return r;
	part = find_part(&key);
	if (is_foreign(parts, part))
		return -TSEM_REJECT_UNKNOWN_KEY;
	if (part == PART_CELL)
		r = scan_cell(s, &key, parts);
	else if (parts->seen & (1U << part))
		return -TSEM_REJECT_DUPLICATE_KEY;
	else
		r = tsem_scan_peek(s) == '{' ? tsem_scan_object(s, part_types[part], 2)
					     : tsem_scan_wrong_kind(s);
	if (r < 0)
		return r;
	parts->seen |= 1U << part;
	parts->spans[part] = (struct tsem_span){ s->packer.data + start, s->packer.used - start };
	return 0;
}

static int check_log(const struct tsem_span *log)
{
	const uint8_t *at = log->data;
	struct tsem_span event, action;

	(void)read_text(&at);
	event = read_text(&at);
	action = read_text(&at);
	if (!find_event(event.data, event.size))
		return -TSEM_REJECT_UNKNOWN_EVENT;
	return text_is(&action, "LOG") || text_is(&action, "DENY") ? 0 : -TSEM_REJECT_EXPORT_KIND;
}

static uint64_t read_number(const uint8_t **at, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = bytes; i--;)
		value = value << 8 | (*at)[i];
	*at += bytes;
	return value;
}

static void read_digest(const uint8_t **at, unsigned int size, struct tsem_digest *ret)
{
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->bytes, *at, size);
	*at += size;
}

/* The members of the event object, in the order of the schema. */
static int read_event(struct tsem_scanner *s, const struct parts *parts, struct tsem_record *ret)
{
	const uint8_t *at = parts->spans[PART_EVENT].data;
	struct tsem_span type;

	ret->pid = *at++ ? (uint32_t)read_number(&at, 4) : 0;
	at += 8; /* context */
	ret->number = read_number(&at, 8);
	(void)read_text(&at); /* process */
	type = read_text(&at);
	at += 16; /* ttd, p_ttd */
	read_digest(&at, s->digest_size, &ret->task_id);
	read_digest(&at, s->digest_size, &ret->p_task_id);

	ret->event = parts->event;
	if (ret->event && text_is(&type, tsem_events[ret->event].name))
		return 0;
	if (!find_event(type.data, type.size))
		return -TSEM_REJECT_UNKNOWN_EVENT;
	return parts->event ? -TSEM_REJECT_EVENT_MISMATCH : -TSEM_REJECT_UNKNOWN_KEY;
}

static int assemble(struct tsem_scanner *s, const struct parts *parts, struct tsem_record *ret)
{
	const uint8_t *at = parts->spans[PART_AGGREGATE].data;
	unsigned int wanted;
	int r = find_kind(parts, &ret->kind);

	if (r < 0)
		return r;
	wanted = kinds[ret->kind].parts;
	if (parts->seen & ~wanted)
		return -TSEM_REJECT_UNKNOWN_KEY;
	if (wanted & ~parts->seen)
		return -TSEM_REJECT_MISSING_KEY;
	if (ret->kind == TSEM_RECORD_AGGREGATE) {
		read_digest(&at, s->digest_size, &ret->aggregate);
		return 0;
	}
	if (ret->kind == TSEM_RECORD_LOG)
		return check_log(&parts->spans[PART_LOG]);
	ret->object = parts->spans[PART_EVENT];
	ret->coe = parts->spans[PART_COE];
	ret->cell = parts->spans[PART_CELL];
	return read_event(s, parts, ret);
}

static int scan_line(struct tsem_scanner *s, struct parts *parts)
{
	bool more;
	int r;

	if (tsem_scan_peek(s) != '{')
		return -TSEM_REJECT_JSON;
	r = tsem_scan_open(s, &more);
	while (r == 0 && more) {
		r = scan_part(s, parts);
		if (r == 0)
			r = tsem_scan_more(s, &more);
	}
	if (r < 0)
		return r;
	if (tsem_scan_peek(s) || s->at != s->end)
		return -TSEM_REJECT_TRAILING;
	return tsem_packer_overflowed(&s->packer) ? -TSEM_REJECT_TOO_LONG : 0;
}

int tsem_record_scan(const char *line, size_t size, unsigned int digest_size, uint8_t *buffer,
		     size_t buffer_size, struct tsem_record *ret)
{
	struct tsem_scanner s = {
		.at = (const uint8_t *)line,
		.end = (const uint8_t *)line + size,
		.digest_size = digest_size,
		.packer = { .data = buffer, .size = buffer_size },
	};
	struct tsem_record record = { .kind = TSEM_RECORD_BARE };
	struct parts parts = { .seen = 0 };
	int r;

	if (size > TSEM_RECORD_LINE_MAX)
		return -TSEM_REJECT_TOO_LONG;
	if (!tsem_is_utf8(s.at, size))
		return -TSEM_REJECT_UTF8;
	r = scan_line(&s, &parts);
	if (r == 0)
		r = assemble(&s, &parts, &record);
	if (r == 0)
		*ret = record;
	return r;
}

uint64_t tsem_record_peek_number(const char *line, size_t size)
{
	static const char key[] = "\"number\": \"";
	size_t key_size = sizeof(key) - 1;

	for (size_t i = 0; i + key_size < size; i++) {
		uint64_t value = 0;

		if (memcmp(line + i, key, key_size))
			continue;
		for (i += key_size; i < size && line[i] >= '0' && line[i] <= '9'; i++) {
			if (value > UINT64_MAX / 10 - 1)
				return 0;
			value = value * 10 + (uint64_t)(line[i] - '0');
		}
		return i < size && line[i] == '"' ? value : 0;
	}
	return 0;
}
