// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-anchor.c - entries, chains and the log of what a register was extended with. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "../../libtsem/anchor-log.h"
#include "../../libtsem/cleanup.h"
#include "table.h"

#define H16 "0123456789abcdef"
#define H64 H16 H16 H16 H16
#define Z64 "0000000000000000000000000000000000000000000000000000000000000000"
#define H96 H64 H16 H16
#define H128 H64 H64

#define ENTRY(workload, number, kind, model, state, measurement, events)                           \
	"{\"workload\":\"" workload "\",\"number\":" number ",\"kind\":\"" kind                    \
	"\",\"mode\":\"enforce\",\"model\":\"" model "\",\"version\":3,\"state\":\"" state         \
	"\",\"measurement\":\"" measurement "\",\"events\":" events                                \
	",\"outside\":0,\"lost\":0,\"time\":5}"

/* As the version before wrote it; the digest is that of docs/attestation.md, by Python. */
#define FORMAT_1_CONTENT                                                                           \
	"{\"kind\":\"begin\",\"format\":1,\"boot\":\"0a1b2c3d4e5f60718293a4b5c6d7e8f9\","          \
	"\"reset\":4,\"counter\":9"                                                                \
	",\"start\":\"" Z64 "\",\"time\":7,\"chains\":[{\"workload\":\"web\",\"number\":2,"        \
	"\"version\":3,\"head\":\"" Z64 "\"}]}"
#define FORMAT_1_DIGEST "53787a280613cb9b6dab378f207003e2aa649824ed4af38c2c6c7364dabd1429"

static struct entry_case {
	const char *name, *text;
	int r;
} entry_cases[] = {
	{ "entry: as it is written", ENTRY("web", "1", "start", H64, H64, H64, "7"), 0 },
	{ "entry: digests of 48 bytes", ENTRY("a.b_c-D9", "2", "stop", H64, H96, H96, "0"), 0 },
	{ "entry: of 64 bytes, largest number",
	  ENTRY("9", "18446744073709551615", "seal", H64, H128, H128, "18446744073709551615"), 0 },
	{ "entry: empty", "", -EBADMSG },
	{ "entry: number 0", ENTRY("web", "0", "start", H64, H64, H64, "7"), -EBADMSG },
	{ "entry: leading zero", ENTRY("web", "01", "start", H64, H64, H64, "7"), -EBADMSG },
	{ "entry: too large", ENTRY("web", "1", "stop", H64, H64, H64, "18446744073709551616"),
	  -EBADMSG },
	{ "entry: sign", ENTRY("web", "1", "start", H64, H64, H64, "-7"), -EBADMSG },
	{ "entry: no number", ENTRY("web", "1", "start", H64, H64, H64, ""), -EBADMSG },
	{ "entry: unknown kind", ENTRY("web", "1", "started", H64, H64, H64, "7"), -EBADMSG },
	{ "entry: no name", ENTRY("", "1", "start", H64, H64, H64, "7"), -EBADMSG },
	{ "entry: name with a dot first", ENTRY(".web", "1", "start", H64, H64, H64, "7"),
	  -EBADMSG },
	{ "entry: name with a slash", ENTRY("we/b", "1", "start", H64, H64, H64, "7"), -EBADMSG },
	{ "entry: name with an escape", ENTRY("we\\u0062", "1", "start", H64, H64, H64, "7"),
	  -EBADMSG },
	{ "entry: name too long", ENTRY(H64 "0", "1", "start", H64, H64, H64, "7"), -EBADMSG },
	{ "entry: model one digit short",
	  ENTRY("web", "1", "start", H16 H16 H16 "0", H64, H64, "7"), -EBADMSG },
	{ "entry: model too long", ENTRY("web", "1", "start", H96, H64, H64, "7"), -EBADMSG },
	{ "entry: capital digits",
	  ENTRY("web", "1", "start", H64, "ABCDEF0123456789" H16 H16 H16, H64, "7"), -EBADMSG },
	{ "entry: digests of two sizes", ENTRY("web", "1", "start", H64, H64, H96, "7"), -EBADMSG },
	{ "entry: a blank", ENTRY("web", " 1", "start", H64, H64, H64, "7"), -EBADMSG },
	{ "entry: cut off", "{\"workload\":\"web\",\"number\":1", -EBADMSG },
	{ "entry: a key more", "{\"more\":1,\"workload\":\"web\",\"number\":1}", -EBADMSG },
};

static void check_entry(void **state)
{
	const struct entry_case *c = *state;
	struct tsem_cursor cursor = { c->text, c->text + strlen(c->text) };
	struct tsem_anchor_entry entry = { .number = 99 };
	char again[TSEM_ANCHOR_ENTRY_BYTES];

	assert_int_equal(tsem_anchor_entry_take(&cursor, &entry), c->r);
	if (c->r < 0) {
		assert_int_equal(entry.number, 99);
		return;
	}
	assert_ptr_equal(cursor.at, cursor.end);
	assert_int_equal(tsem_anchor_entry_print(&entry, again), strlen(c->text));
	assert_string_equal(again, c->text);
}

static struct boot_case {
	const char *name, *text, *boot;
} boot_cases[] = {
	{ "boot: the kernel's", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9\n",
	  "0a1b2c3d4e5f60718293a4b5c6d7e8f9" },
	{ "boot: without line feed", "00000000-0000-0000-0000-000000000000",
	  "00000000000000000000000000000000" },
	{ "boot: empty", "", NULL },
	{ "boot: cut off", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f", NULL },
	{ "boot: too long", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f90", NULL },
	{ "boot: no dashes", "0a1b2c3d4e5f60718293a4b5c6d7e8f9", NULL },
	{ "boot: capitals", "0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9", NULL },
	{ "boot: two lines", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9\n\n", NULL },
};

static void check_boot(void **state)
{
	const struct boot_case *c = *state;
	char boot[33] = "untouched";

	assert_int_equal(tsem_anchor_log_parse_boot(c->text, boot), c->boot ? 0 : -EBADMSG);
	assert_string_equal(boot, c->boot ?: "untouched");
}

static struct tsem_anchor_entry entry_of(const char *workload, enum tsem_anchor_kind kind,
					 uint64_t outside)
{
	struct tsem_anchor_entry e = { .kind = kind,
				       .mode = TSEM_ANCHOR_ENFORCE,
				       .model = H64,
				       .version = 2,
				       .state = H64,
				       .measurement = H64,
				       .events = 10,
				       .outside = outside,
				       .time_usec = 1000 };

	(void)snprintf(e.workload, sizeof(e.workload), "%s", workload);
	return e;
}

/** struct made - Three lines: begin, web starts, web violates and db starts. */
struct made {
	struct tsem_anchor_log log;
	char *lines[5];
	size_t sizes[5];
	uint8_t values[5][TSEM_ANCHOR_HASH];
};

static const struct tsem_anchor_begin begin = { .file = { .serial = 5, .pruned = 2 },
						.boot = "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
						.reset = 4,
						.counter = 9,
						.time_usec = 7 };

static const struct tsem_anchor_file next_file = { .serial = 6, .pruned = 3, .time_usec = 8 };

static void keep_line(struct made *m, unsigned int i, const char *line, int size)
{
	assert_true(size > 0);
	assert_int_equal(strlen(line), size);
	m->lines[i] = strdup(line);
	m->sizes[i] = size;
	memcpy(m->values[i], m->log.value, TSEM_ANCHOR_HASH);
	assert_non_null(m->lines[i]);
}

static int make(void **state)
{
	struct made *m = calloc(1, sizeof(*m));
	char *line = malloc(TSEM_ANCHOR_LINE_BYTES);
	struct tsem_anchor_entry first[1] = { entry_of("web", TSEM_ANCHOR_START, 0) };
	struct tsem_anchor_entry second[2] = { entry_of("web", TSEM_ANCHOR_VIOLATION, 1),
					       entry_of("db", TSEM_ANCHOR_START, 0) };
	struct tsem_anchor_entry third[1];

	assert_non_null(m);
	assert_non_null(line);
	assert_int_equal(tsem_anchor_log_init(&m->log, 13), 0);
	keep_line(m, 0, line, tsem_anchor_log_begin(&m->log, &begin, NULL, line));
	keep_line(m, 1, line, tsem_anchor_log_append(&m->log, first, 1, line));
	keep_line(m, 2, line, tsem_anchor_log_append(&m->log, second, 2, line));
	keep_line(m, 3, line, tsem_anchor_log_checkpoint(&m->log, &next_file, line));
	third[0] = entry_of("mail", TSEM_ANCHOR_START, 0);
	keep_line(m, 4, line, tsem_anchor_log_append(&m->log, third, 1, line));
	free(line);
	*state = m;
	return 0;
}

static int unmake(void **state)
{
	struct made *m = *state;

	for (size_t i = 0; i < ARRAY_SIZE(m->lines); i++)
		free(m->lines[i]);
	tsem_anchor_log_done(&m->log);
	free(m);
	return 0;
}

static void test_replay_is_what_was_made(void **state)
{
	struct made *m = *state;
	struct tsem_anchor_log again;
	const struct tsem_anchor_chain *web;

	assert_int_equal(tsem_anchor_log_init(&again, 13), 0);
	for (size_t i = 0; i < ARRAY_SIZE(m->lines); i++) {
		assert_int_equal(tsem_anchor_log_replay(&again, m->lines[i], m->sizes[i]), 0);
		assert_memory_equal(again.value, m->values[i], TSEM_ANCHOR_HASH);
	}
	assert_memory_equal(again.before, m->values[3], TSEM_ANCHOR_HASH);
	assert_int_equal(again.records, 5);
	assert_int_equal(again.first, 0);
	assert_int_equal(again.begin.file.serial, 6);
	assert_int_equal(again.chain_count, 3);
	assert_int_equal(again.begin.reset, 4);
	web = tsem_anchor_log_find(&again, "web");
	assert_non_null(web);
	assert_int_equal(web->number, 2);
	assert_int_equal(web->version, 2);
	assert_true(web->known && web->violated);
	assert_int_equal(web->last.kind, TSEM_ANCHOR_VIOLATION);
	assert_false(tsem_anchor_log_find(&again, "db")->violated);
	assert_null(tsem_anchor_log_find(&again, "dc"));
	tsem_anchor_log_done(&again);
}

/* As whoever has only the specification would do it. */
static void test_register_is_what_a_tpm_makes(void **state)
{
	struct made *m = *state;
	uint8_t both[2 * TSEM_ANCHOR_HASH], hash[TSEM_ANCHOR_HASH];

	memcpy(both, m->values[3], TSEM_ANCHOR_HASH);
	memcpy(both + TSEM_ANCHOR_HASH, m->log.extended, TSEM_ANCHOR_HASH);
	(void)SHA256(both, sizeof(both), hash);
	assert_memory_equal(hash, m->values[4], TSEM_ANCHOR_HASH);
}

static void test_head_is_the_hash_over_entries(void **state)
{
	struct made *m = *state;
	const struct tsem_anchor_chain *db = tsem_anchor_log_find(&m->log, "db");
	uint8_t data[TSEM_ANCHOR_HASH + TSEM_ANCHOR_ENTRY_BYTES] = {}, hash[TSEM_ANCHOR_HASH];
	size_t size = tsem_anchor_entry_print(&db->last, (char *)data + TSEM_ANCHOR_HASH);

	(void)SHA256(data, TSEM_ANCHOR_HASH + size, hash);
	assert_memory_equal(hash, db->head, TSEM_ANCHOR_HASH);
}

/* Whatever bit of whatever line is changed, it is not taken, and nothing of it is. */
static void test_every_changed_bit_is_refused(void **state)
{
	struct made *m = *state;
	struct tsem_anchor_log log;

	assert_int_equal(tsem_anchor_log_init(&log, 13), 0);
	for (size_t i = 0; i < ARRAY_SIZE(m->lines); i++) {
		uint8_t before[TSEM_ANCHOR_HASH];

		memcpy(before, log.value, sizeof(before));
		for (size_t bit = 0; bit < 8 * m->sizes[i]; bit++) {
			m->lines[i][bit / 8] ^= (char)(1 << bit % 8);
			assert_int_equal(tsem_anchor_log_replay(&log, m->lines[i], m->sizes[i]),
					 -EBADMSG);
			m->lines[i][bit / 8] ^= (char)(1 << bit % 8);
			assert_memory_equal(log.value, before, sizeof(before));
			assert_int_equal(log.records, i);
		}
		assert_int_equal(tsem_anchor_log_replay(&log, m->lines[i], m->sizes[i]), 0);
	}
	tsem_anchor_log_done(&log);
}

static void expect_refused(struct tsem_anchor_log *log, const char *line, size_t size,
			   const char *why)
{
	assert_int_equal(tsem_anchor_log_replay(log, line, size), -EBADMSG);
	assert_non_null(strstr(log->error, why));
}

static void test_lines_out_of_order(void **state)
{
	struct made *m = *state;
	struct tsem_anchor_log log;

	assert_int_equal(tsem_anchor_log_init(&log, 13), 0);
	expect_refused(&log, m->lines[1], m->sizes[1], "line 1: it is not a checkpoint");
	assert_int_equal(tsem_anchor_log_replay(&log, m->lines[0], m->sizes[0]), 0);
	expect_refused(&log, m->lines[0], m->sizes[0], "line 2: its number");
	expect_refused(&log, m->lines[2], m->sizes[2], "its number");
	expect_refused(&log, m->lines[1], m->sizes[1] - 1, "more than entries");
	tsem_anchor_log_done(&log);
	assert_int_equal(tsem_anchor_log_init(&log, 12), 0);
	expect_refused(&log, m->lines[0], m->sizes[0], "another register");
	tsem_anchor_log_done(&log);
}

static void test_chains_go_on_after_a_boot(void **state)
{
	struct made *m = *state;
	struct tsem_anchor_begin next = begin;
	struct tsem_anchor_entry entries[1] = { entry_of("web", TSEM_ANCHOR_START, 0) };
	char *line = malloc(TSEM_ANCHOR_LINE_BYTES);
	const struct tsem_anchor_chain *web;
	struct tsem_anchor_log log, again;
	int size;

	next.reset++;
	assert_int_equal(tsem_anchor_log_init(&log, 13), 0);
	assert_int_equal(tsem_anchor_log_init(&again, 13), 0);
	size = tsem_anchor_log_begin(&log, &next, &m->log, line);
	assert_int_equal(tsem_anchor_log_replay(&again, line, size), 0);
	web = tsem_anchor_log_find(&again, "web");
	assert_int_equal(web->number, 2);
	assert_memory_equal(web->head, tsem_anchor_log_find(&m->log, "web")->head,
			    TSEM_ANCHOR_HASH);
	assert_false(web->known || web->violated);
	size = tsem_anchor_log_append(&log, entries, 1, line);
	assert_int_equal(tsem_anchor_log_replay(&again, line, size), 0);
	assert_int_equal(tsem_anchor_log_find(&again, "web")->number, 3);
	tsem_anchor_log_done(&log);
	tsem_anchor_log_done(&again);
	free(line);
}

/* A file by itself: what it begins with has all that the files before led to. */
static void test_checkpoint_has_all_of_a_log(void **state)
{
	struct made *m = *state;
	struct tsem_anchor_log log;
	const struct tsem_anchor_chain *a, *b;

	assert_int_equal(tsem_anchor_log_init(&log, 13), 0);
	assert_int_equal(tsem_anchor_log_replay(&log, m->lines[3], m->sizes[3]), 0);
	assert_int_equal(log.first, 3);
	assert_int_equal(log.records, 4);
	assert_memory_equal(log.before, m->values[2], TSEM_ANCHOR_HASH);
	assert_memory_equal(log.value, m->values[3], TSEM_ANCHOR_HASH);
	assert_int_equal(tsem_anchor_log_replay(&log, m->lines[4], m->sizes[4]), 0);
	assert_memory_equal(log.value, m->values[4], TSEM_ANCHOR_HASH);
	assert_int_equal(log.begin.reset, begin.reset);
	assert_int_equal(log.begin.counter, begin.counter);
	assert_int_equal(log.begin.time_usec, begin.time_usec);
	assert_string_equal(log.begin.boot, begin.boot);
	assert_int_equal(log.chain_count, m->log.chain_count);
	for (size_t i = 0; i < log.chain_count; i++) {
		a = &log.chains[i];
		b = &m->log.chains[i];
		assert_string_equal(a->workload, b->workload);
		assert_memory_equal(a->head, b->head, TSEM_ANCHOR_HASH);
		assert_memory_equal(a->folded, b->folded, TSEM_ANCHOR_HASH);
		assert_memory_equal(&a->last, &b->last, sizeof(a->last));
		assert_int_equal(a->number, b->number);
		assert_int_equal(a->version, b->version);
		assert_true(a->known && a->violated == b->violated);
	}
	tsem_anchor_log_done(&log);
}

/* As sha256sum says of the file before. */
static void test_checkpoint_names_the_file_before(void **state)
{
	struct made *m = *state;
	char *file = calloc(4, TSEM_ANCHOR_LINE_BYTES);
	uint8_t hash[TSEM_ANCHOR_HASH];
	size_t used = 0;

	assert_non_null(file);
	for (unsigned int i = 0; i < 3; i++, used++) {
		memcpy(file + used, m->lines[i], m->sizes[i]);
		used += m->sizes[i];
		file[used] = '\n';
	}
	(void)SHA256((uint8_t *)file, used, hash);
	free(file);
	assert_memory_equal(hash, m->log.begin.file.before, TSEM_ANCHOR_HASH);
}

/* Whoever can extend the register writes one of his own, each of which is right by itself. */
static void test_checkpoint_that_says_something_else(void **state)
{
	struct made *m = *state;
	char *line = malloc(TSEM_ANCHOR_LINE_BYTES);
	struct tsem_anchor_log log, other, later;
	int size;

	assert_int_equal(tsem_anchor_log_init(&log, 13), 0);
	assert_int_equal(tsem_anchor_log_init(&other, 13), 0);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(tsem_anchor_log_replay(&log, m->lines[i], m->sizes[i]), 0);
		assert_int_equal(tsem_anchor_log_replay(&other, m->lines[i], m->sizes[i]), 0);
	}
	other.chains[1].violated = false;
	size = tsem_anchor_log_checkpoint(&other, &next_file, line);
	expect_refused(&log, line, size, "line 4: it does not say what the lines before");
	assert_int_equal(tsem_anchor_log_init(&later, 13), 0);
	assert_int_equal(tsem_anchor_log_replay(&later, line, size), 0); /* nothing is known */
	tsem_anchor_log_done(&later);
	assert_int_equal(log.records, 3);
	assert_int_equal(tsem_anchor_log_replay(&log, m->lines[3], m->sizes[3]), 0);
	tsem_anchor_log_done(&log);
	tsem_anchor_log_done(&other);
	free(line);
}

static void test_checkpoint_of_another_file(void **state)
{
	static const struct tsem_anchor_file files[] = { { .serial = 5, .pruned = 2 },
							 { .serial = 7, .pruned = 2 },
							 { .serial = 6, .pruned = 1 },
							 { .serial = 6, .pruned = 6 } };
	struct made *m = *state;
	char *line = malloc(TSEM_ANCHOR_LINE_BYTES);
	struct tsem_anchor_log log;

	assert_int_equal(tsem_anchor_log_init(&log, 13), 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(tsem_anchor_log_replay(&log, m->lines[i], m->sizes[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_int_equal(tsem_anchor_log_checkpoint(&log, &files[i], line), -EINVAL);
	assert_int_equal(log.records, 3);
	tsem_anchor_log_done(&log);
	free(line);
}

/* Of the version before, within a boot. */
static void test_format_1_goes_on(void **state)
{
	static const char first[] =
		"{\"recnum\":0,\"pcr\":13,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":"
		"\"" FORMAT_1_DIGEST
		"\"}],\"content_type\":\"quixote\",\"content\":" FORMAT_1_CONTENT "}";
	char *line = malloc(TSEM_ANCHOR_LINE_BYTES);
	struct tsem_anchor_log log;

	(void)state;
	assert_int_equal(tsem_anchor_log_init(&log, 13), 0);
	assert_int_equal(tsem_anchor_log_replay(&log, first, sizeof(first) - 1), 0);
	assert_int_equal(log.begin.file.serial, 0);
	assert_int_equal(log.begin.counter, 9);
	assert_true(tsem_anchor_log_checkpoint(&log, &next_file, line) > 0);
	assert_int_equal(log.begin.file.serial, 6);
	assert_int_equal(log.begin.counter, 9);
	tsem_anchor_log_done(&log);
	free(line);
}

static void test_what_cannot_be_made(void **state)
{
	struct made *m = *state;
	char *line = malloc(TSEM_ANCHOR_LINE_BYTES);
	struct tsem_anchor_entry entries[TSEM_ANCHOR_BATCH + 1] = {};
	struct tsem_anchor_log empty;

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		entries[i] = entry_of("web", TSEM_ANCHOR_INTERVAL, 0);
	assert_int_equal(tsem_anchor_log_append(&m->log, entries, 0, line), -EINVAL);
	assert_int_equal(tsem_anchor_log_append(&m->log, entries, ARRAY_SIZE(entries), line),
			 -EINVAL);
	assert_int_equal(tsem_anchor_log_begin(&m->log, &begin, NULL, line), -EINVAL);
	entries[0].workload[0] = '"';
	assert_int_equal(tsem_anchor_log_append(&m->log, entries, 1, line), -EINVAL);
	assert_int_equal(m->log.records, 5);
	assert_int_equal(tsem_anchor_log_init(&empty, 13), 0);
	assert_int_equal(tsem_anchor_log_checkpoint(&empty, &next_file, line), -EINVAL);
	assert_int_equal(tsem_anchor_log_checkpoint(&m->log, &next_file, line), -EINVAL);
	assert_int_equal(tsem_anchor_log_append(&empty, entries + 1, 1, line), -EINVAL);
	tsem_anchor_log_done(&empty);
	free(line);
}

/* As many as there may be, with the longest of everything, fit into a line. */
static void test_most_of_everything(void **state)
{
	char *line = malloc(TSEM_ANCHOR_LINE_BYTES);
	struct tsem_anchor_entry entries[TSEM_ANCHOR_BATCH] = {};
	struct tsem_anchor_log log, again;
	unsigned int made = 0;
	int size;

	assert_int_equal(tsem_anchor_log_init(&log, 13), 0);
	assert_true(tsem_anchor_log_begin(&log, &begin, NULL, line) > 0);
	while (made < TSEM_ANCHOR_CHAINS) {
		for (size_t i = 0; i < TSEM_ANCHOR_BATCH; i++, made++) {
			entries[i] = entry_of("", TSEM_ANCHOR_VIOLATION, UINT64_MAX);
			(void)snprintf(entries[i].workload, sizeof(entries[i].workload), "%064u",
				       made);
			memcpy(entries[i].state, H128, sizeof(H128));
			memcpy(entries[i].measurement, H128, sizeof(H128));
			entries[i].version = entries[i].events = entries[i].lost = UINT64_MAX;
			entries[i].time_usec = UINT64_MAX;
		}
		assert_true(tsem_anchor_log_append(&log, entries, TSEM_ANCHOR_BATCH, line) > 0);
	}
	entries[0] = entry_of("more", TSEM_ANCHOR_START, 0);
	assert_int_equal(tsem_anchor_log_append(&log, entries, 1, line), -E2BIG);
	assert_int_equal(log.chain_count, TSEM_ANCHOR_CHAINS);
	assert_int_equal(tsem_anchor_log_init(&again, 13), 0);
	size = tsem_anchor_log_begin(&again, &begin, &log, line);
	assert_true(size > 0 && (size_t)size < TSEM_ANCHOR_LINE_BYTES);
	tsem_anchor_log_done(&again);
	size = tsem_anchor_log_checkpoint(&log, &next_file, line);
	assert_true(size > 0 && (size_t)size < TSEM_ANCHOR_LINE_BYTES);
	assert_int_equal(tsem_anchor_log_init(&again, 13), 0);
	assert_int_equal(tsem_anchor_log_replay(&again, line, size), 0);
	assert_int_equal(again.chain_count, TSEM_ANCHOR_CHAINS);
	tsem_anchor_log_done(&log);
	tsem_anchor_log_done(&again);
	free(line);
}

int main(void)
{
	struct CMUnitTest tests[64];
	const struct CMUnitTest made[] = {
		cmocka_unit_test_setup_teardown(test_replay_is_what_was_made, make, unmake),
		cmocka_unit_test_setup_teardown(test_register_is_what_a_tpm_makes, make, unmake),
		cmocka_unit_test_setup_teardown(test_head_is_the_hash_over_entries, make, unmake),
		cmocka_unit_test_setup_teardown(test_every_changed_bit_is_refused, make, unmake),
		cmocka_unit_test_setup_teardown(test_lines_out_of_order, make, unmake),
		cmocka_unit_test_setup_teardown(test_chains_go_on_after_a_boot, make, unmake),
		cmocka_unit_test_setup_teardown(test_checkpoint_has_all_of_a_log, make, unmake),
		cmocka_unit_test_setup_teardown(test_checkpoint_names_the_file_before, make,
						unmake),
		cmocka_unit_test_setup_teardown(test_checkpoint_that_says_something_else, make,
						unmake),
		cmocka_unit_test_setup_teardown(test_checkpoint_of_another_file, make, unmake),
		cmocka_unit_test(test_format_1_goes_on),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_made, make, unmake),
		cmocka_unit_test(test_most_of_everything),
	};
	size_t count = 0;

	ADD_TABLE(entry_cases, check_entry);
	ADD_TABLE(boot_cases, check_boot);
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		tests[count++] = made[i];
	return _cmocka_run_group_tests("anchor", tests, count, NULL, NULL);
}
