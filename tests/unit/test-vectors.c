// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-vectors.c - the core against the vectors of formula 1: scanning, packing,
 * hashing, printing, refusing, whole models. Every line of a vector file is a
 * test of its own, named as the vector is.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../libtsem/core/engine.h"
#include "../../libtsem/core/state.h"
#include "../../libtsem/hasher.h"

static uint8_t packed[TSEM_RECORD_LINE_MAX];

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

static size_t unhex(const char *hex, uint8_t *out, size_t room)
{
	size_t size = strlen(hex) / 2;

	assert_true(size <= room);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &out[i]), 1);
	return size;
}

static struct tsem_digest digest_of(const json_t *value)
{
	struct tsem_digest digest = { { 0 } };

	if (json_is_string(value))
		(void)unhex(json_string_value(value), digest.bytes, sizeof(digest.bytes));
	return digest;
}

static void assert_digest(const struct tsem_digest *digest, const json_t *expected)
{
	struct tsem_digest other = digest_of(expected);

	assert_true(json_is_string(expected));
	assert_memory_equal(digest->bytes, other.bytes, sizeof(other.bytes));
}

/* A hash function that keeps what it is fed, to see the bytes themselves. */

struct tape {
	uint8_t bytes[TSEM_RECORD_LINE_MAX];
	size_t size;
};

static void tape_init(void *ctx)
{
	((struct tape *)ctx)->size = 0;
}

static void tape_update(void *ctx, const void *data, size_t size)
{
	struct tape *tape = ctx;

	assert_true(size <= sizeof(tape->bytes) - tape->size);
	memcpy(tape->bytes + tape->size, data, size);
	tape->size += size;
}

static void assert_hashed(const struct tsem_type *type, const struct tsem_view *view,
			  const struct tsem_span *span, const char *expected)
{
	static struct tape tape;
	static uint8_t bytes[TSEM_RECORD_LINE_MAX];
	const struct tsem_digest_ops ops = { "tape", 0, tape_init, tape_update, NULL };
	struct tsem_hasher hasher = { &ops, &tape };
	size_t size = unhex(expected, bytes, sizeof(bytes));

	tsem_hash_init(&hasher);
	tsem_packed_hash(type, view, span->data, span->size, &hasher);
	assert_int_equal(tape.size, size);
	assert_memory_equal(tape.bytes, bytes, size);
}

static void assert_projection(const json_t *vector, const struct tsem_record *record,
			      struct tsem_hasher *hasher, enum tsem_fields fields,
			      const char *name)
{
	const json_t *expect = json_object_get(json_object_get(vector, "expect"), name);
	struct tsem_engine engine = { .hasher = hasher, .fields = fields };
	struct tsem_view view = { .digest_size = hasher->ops->size, .fields = fields };
	bool exec = record->event == TSEM_EVENT_BPRM_COMMITTED_CREDS;
	struct tsem_result result;

	assert_hashed(&tsem_coe, &view, &record->coe, text_of(expect, "coe_bytes"));
	assert_hashed(&tsem_events[record->event].cell, &view, &record->cell,
		      text_of(expect, "cell_bytes"));
	tsem_engine_digest(&engine, record, &result);
	assert_digest(&result.coe_id, json_object_get(expect, "coe"));
	assert_digest(&result.cell_id, json_object_get(expect, "cell"));
	assert_digest(&result.coefficient,
		      json_object_get(expect, exec ? "task_id" : "coefficient"));
}

/* What was scanned can be printed, and prints as the producer would have written it. */
static void assert_printed(const struct tsem_record *record, unsigned int digest_size,
			   const char *canonical)
{
	const struct {
		const struct tsem_type *type;
		const struct tsem_span *span;
		const char *key;
	} parts[] = {
		{ &tsem_event_object, &record->object, "event" },
		{ &tsem_coe, &record->coe, "COE" },
		{ &tsem_events[record->event].cell, &record->cell, tsem_events[record->event].name },
	};
	static char text[TSEM_RECORD_LINE_MAX];
	const char *at = strstr(canonical, "\"event\": {");

	assert_non_null(at);
	for (size_t i = 0; i < 3; i++) {
		char key[64];
		size_t size, key_size = (size_t)snprintf(key, sizeof(key), "\"%s\": ", parts[i].key);

		assert_int_equal(strncmp(at, key, key_size), 0);
		at += key_size;
		size = tsem_packed_print(parts[i].type, digest_size, parts[i].span->data,
					 parts[i].span->size, text, sizeof(text));
		assert_true(size <= sizeof(text));
		assert_int_equal(strncmp(at, text, size), 0);
		at += size;
		at += i < 2 ? 2 : 1;
	}
	assert_int_equal(*at, '\0');
}

static void check_vector(void **state)
{
	const json_t *vector = *state;
	const char *line = text_of(vector, "record");
	const json_t *canonical = json_object_get(vector, "canonical");
	struct tsem_hasher *hasher = NULL;
	struct tsem_record record;

	assert_int_equal(tsem_hasher_new(text_of(vector, "hash"), &hasher), 0);
	assert_int_equal(tsem_record_scan(line, strlen(line), hasher->ops->size, packed,
					  sizeof(packed), &record), 0);
	assert_true(tsem_packed_check(&tsem_events[record.event].cell, hasher->ops->size,
				      record.cell.data, record.cell.size));
	assert_projection(vector, &record, hasher, TSEM_FIELDS_STRICT, "strict");
	assert_projection(vector, &record, hasher, TSEM_FIELDS_PORTABLE, "portable");
	assert_printed(&record, hasher->ops->size,
		       canonical ? json_string_value(canonical) : line);
	hasher = tsem_hasher_free(hasher);
}

static void check_malformed(void **state)
{
	static uint8_t bytes[2 * TSEM_RECORD_LINE_MAX];
	const json_t *vector = *state;
	const json_t *hex = json_object_get(vector, "record_hex");
	struct tsem_record record = { .number = 4711 };
	const char *line;
	size_t size;
	int r;

	if (hex) {
		size = unhex(json_string_value(hex), bytes, sizeof(bytes));
		line = (const char *)bytes;
	} else {
		line = text_of(vector, "record");
		size = json_string_length(json_object_get(vector, "record"));
	}
	r = tsem_record_scan(line, size, 32, packed, sizeof(packed), &record);
	assert_true(r < 0);
	assert_string_equal(tsem_reject_name(r), text_of(vector, "reason"));
	assert_int_equal(record.number, 4711);	/* a failed call leaves no trace */
}

/* Whole models. */

static struct tsem_set new_set(unsigned int digest_size)
{
	const size_t slots = 4096;
	struct tsem_set set;
	void *memory = calloc(1, tsem_set_bytes(slots, digest_size));

	assert_non_null(memory);
	tsem_set_init(&set, memory, slots, digest_size);
	return set;
}

static unsigned int compared_bytes;

static int compare(const void *a, const void *b)
{
	return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, compared_bytes);
}

static void assert_state(const struct tsem_set *points, const json_t *vector,
			 struct tsem_hasher *hasher)
{
	struct tsem_digest base = digest_of(json_object_get(vector, "base"));
	struct tsem_digest aggregate = digest_of(json_object_get(vector, "aggregate"));
	const json_t *expect = json_object_get(vector, "expect");
	const uint8_t *sorted[4096];
	struct tsem_digest state;
	size_t count = 0;

	for (size_t slot = 0; slot < points->slots; slot++) {
		const struct tsem_set_entry *entry = tsem_set_at(points, slot);

		if (entry)
			sorted[count++] = entry->digest;
	}
	compared_bytes = points->digest_size;
	qsort(sorted, count, sizeof(sorted[0]), compare);
	tsem_measurement_start(&base, &aggregate, hasher, &state);
	for (size_t i = 0; i < count; i++) {
		struct tsem_digest point = { { 0 } };

		memcpy(point.bytes, sorted[i], points->digest_size);
		tsem_measurement_extend(&base, &point, hasher, &state);
	}
	assert_digest(&state, json_object_get(expect, "state"));
}

static void step(struct tsem_engine *engine, const json_t *record_text, const json_t *expected,
		 const struct tsem_digest *base, struct tsem_digest *measurement)
{
	const char *line = json_string_value(record_text);
	struct tsem_record record;
	struct tsem_result result;

	assert_int_equal(tsem_record_scan(line, strlen(line), engine->hasher->ops->size, packed,
					  sizeof(packed), &record), 0);
	tsem_engine_judge(engine, &record, &result);
	if (json_is_null(json_object_get(expected, "coefficient"))) {
		assert_int_equal(result.judgement, TSEM_JUDGED_NO_POINT);
		assert_digest(&result.coefficient, json_object_get(expected, "task_id"));
	} else {
		assert_digest(&result.coefficient, json_object_get(expected, "coefficient"));
		assert_int_equal(result.judgement == TSEM_JUDGED_LEARNED,
				 json_is_true(json_object_get(expected, "new")));
	}
	if (result.judgement == TSEM_JUDGED_LEARNED)
		tsem_measurement_extend(base, &result.coefficient, engine->hasher, measurement);
	assert_digest(measurement, json_object_get(expected, "measurement"));
}

static void load(struct tsem_engine *engine, const json_t *vector, const struct tsem_digest *base,
		 struct tsem_digest *measurement)
{
	const json_t *value;
	size_t i;

	json_array_foreach(json_object_get(vector, "pseudonyms"), i, value) {
		struct tsem_digest pseudonym = digest_of(value);
		bool new;

		assert_non_null(tsem_set_add(&engine->pseudonyms, &pseudonym, &new));
	}
	json_array_foreach(json_object_get(vector, "states"), i, value) {
		struct tsem_digest point = digest_of(value);
		bool new;

		assert_non_null(tsem_set_add(&engine->points, &point, &new));
		if (new)
			tsem_measurement_extend(base, &point, engine->hasher, measurement);
	}
}

static void check_sequence(void **state)
{
	const json_t *vector = *state, *expect = json_object_get(vector, "expect"), *record;
	struct tsem_digest base = digest_of(json_object_get(vector, "base"));
	struct tsem_digest aggregate = digest_of(json_object_get(vector, "aggregate"));
	struct tsem_engine engine = {
		.fields = strcmp(text_of(vector, "projection"), "strict") ? TSEM_FIELDS_PORTABLE :
									    TSEM_FIELDS_STRICT,
	};
	struct tsem_digest measurement;
	size_t i;

	assert_int_equal(tsem_hasher_new(text_of(vector, "hash"), &engine.hasher), 0);
	engine.points = new_set(engine.hasher->ops->size);
	engine.pseudonyms = new_set(engine.hasher->ops->size);
	tsem_measurement_start(&base, &aggregate, engine.hasher, &measurement);
	load(&engine, vector, &base, &measurement);
	assert_digest(&measurement, json_object_get(expect, "after_load"));

	json_array_foreach(json_object_get(vector, "records"), i, record)
		step(&engine, record, json_array_get(json_object_get(expect, "steps"), i), &base,
		     &measurement);
	assert_digest(&measurement, json_object_get(expect, "measurement"));
	assert_state(&engine.points, vector, engine.hasher);
	free(engine.points.memory);
	free(engine.pseudonyms.memory);
	engine.hasher = tsem_hasher_free(engine.hasher);
}

/* Reading the files. */

static const struct {
	const char *name;
	void (*check)(void **state);
} vector_files[] = {
	{ "events.jsonl", check_vector },	{ "texts.jsonl", check_vector },
	{ "hashes.jsonl", check_vector },	{ "forms.jsonl", check_vector },
	{ "malformed.jsonl", check_malformed },	{ "sequences.jsonl", check_sequence },
};

static struct CMUnitTest tests[4096];
static size_t test_count;

static void add_file(const char *dir, size_t which)
{
	char path[4096], *line = NULL;
	size_t room = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, vector_files[which].name);
	file = fopen(path, "re");
	if (!file) {
		perror(path);
		exit(1);
	}
	while (getline(&line, &room, file) > 0) {
		json_t *vector = json_loads(line, JSON_ALLOW_NUL, NULL);

		if (!vector || test_count == sizeof(tests) / sizeof(tests[0])) {
			fprintf(stderr, "%s: line %zu cannot be used\n", path, test_count);
			exit(1);
		}
		tests[test_count++] = (struct CMUnitTest){
			.name = json_string_value(json_object_get(vector, "id")),
			.test_func = vector_files[which].check,
			.initial_state = vector,
		};
	}
	free(line);
	fclose(file);
}

int main(int argc, char *argv[])
{
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: test-vectors DIRECTORY\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(vector_files) / sizeof(vector_files[0]); i++)
		add_file(argv[1], i);
	r = _cmocka_run_group_tests("vectors", tests, test_count, NULL, NULL);
	for (size_t i = 0; i < test_count; i++)
		json_decref(tests[i].initial_state);
	return r;
}
