// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-record.c - fuzzes tsem_record_scan(), tsem_packed_check(), _print() and _hash().
 *
 * What is accepted is a whole object, prints, and its print scans to the same
 * bytes. What is accepted, jansson accepts as well.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../libtsem/core/engine.h"
#include "../../libtsem/core/sha256.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t packed[TSEM_RECORD_LINE_MAX], again[TSEM_RECORD_LINE_MAX];
static char line[8 * TSEM_RECORD_LINE_MAX];

static size_t put(size_t at, const char *text)
{
	size_t size = strlen(text);

	memcpy(line + at, text, size);
	return at + size;
}

static size_t put_object(size_t at, const char *key, const struct tsem_type *type,
			 const struct tsem_span *span)
{
	size_t size, room;

	at = put(at, "\"");
	at = put(at, key);
	at = put(at, "\": ");
	room = sizeof(line) - at - 64;
	size = tsem_packed_print(type, 32, span->data, span->size, line + at, room);
	if (size > room)
		abort();	/* six bytes for one, at most */
	return at + size;
}

static size_t print(const struct tsem_record *record)
{
	const struct tsem_event_desc *desc = &tsem_events[record->event];
	size_t at = put(0, "{");

	at = put_object(at, "event", &tsem_event_object, &record->object);
	at = put_object(put(at, ", "), "COE", &tsem_coe, &record->coe);
	at = put_object(put(at, ", "), desc->name, &desc->cell, &record->cell);
	return put(at, "}");
}

static int same(const struct tsem_span *a, const struct tsem_span *b)
{
	return a->size == b->size && !memcmp(a->data, b->data, a->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tsem_sha256 ctx;
	struct tsem_hasher hasher = { &tsem_sha256_ops, &ctx };
	struct tsem_engine engine = { .hasher = &hasher, .fields = TSEM_FIELDS_PORTABLE };
	struct tsem_record record, other;
	struct tsem_result result;
	json_t *json;
	size_t length;

	(void)tsem_record_peek_number((const char *)data, size);
	if (tsem_record_scan((const char *)data, size, 32, packed, sizeof(packed), &record) < 0)
		return 0;

	json = json_loadb((const char *)data, size, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
	/* Lone surrogates are ours alone: jansson has no bytes that are not UTF-8. */
	if (!json && !memmem(data, size, "\\ud", 3) && !memmem(data, size, "\\uD", 3))
		abort();
	json_decref(json);
	if (record.kind == TSEM_RECORD_AGGREGATE || record.kind == TSEM_RECORD_LOG)
		return 0;

	if (!tsem_packed_check(&tsem_events[record.event].cell, 32, record.cell.data,
			       record.cell.size) ||
	    !tsem_packed_check(&tsem_coe, 32, record.coe.data, record.coe.size))
		abort();
	tsem_engine_digest(&engine, &record, &result);
	length = print(&record);
	if (length > TSEM_RECORD_LINE_MAX)
		return 0;
	if (tsem_record_scan(line, length, 32, again, sizeof(again), &other) < 0 ||
	    !same(&record.object, &other.object) || !same(&record.coe, &other.coe) ||
	    !same(&record.cell, &other.cell))
		abort();
	return 0;
}
