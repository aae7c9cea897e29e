// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-texts.c - fuzzes known texts against the scanner: two judges are given the
 * same records, one of them each with a blank before it, which is a record all the same
 * but none that is cut. Whatever one of them says, counts or learns, the other does.
 *
 * The input is the rest of a record behind {"export": …, and an edit behind its last brace, so
 * that most runs have one record that is known and another that nearly is.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../libtsem/core/sha256.h"
#include "../../libtsem/core/texts.h"
#include "../../tma/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINE_MAX_BYTES 16384

/* After so many inputs the judges begin anew, as they learn. */
#define INPUTS 2048

#define EDIT_BYTES 4

static const char *const openings[] = {
	"{\"export\": {\"type\": \"event\"}, ",
	"{\"export\": {\"type\": \"async_event\"}, ",
};

static const char *const pseudonyms[] = { "/etc/ld.so.cache", "/usr/bin/a" };
static struct tsem_sha256 sha256;
static struct tsem_hasher hasher = { .ops = &tsem_sha256_ops, .ctx = &sha256 };

/** struct text - A record, behind a blank. */
struct text {
	char bytes[LINE_MAX_BYTES];
	size_t size;
};

static void check(int condition)
{
	if (!condition)
		abort();
}

static struct judge *make(enum judge_mode mode, int fd)
{
	const struct judge_params params = {
		.mode = mode,
		.violation = VIOLATION_ISOLATE,
		.fields = TSEM_FIELDS_PORTABLE,
		.hasher = &hasher,
		.nsref = "initial",
		.name = "fuzz",
		.pseudonyms = pseudonyms,
		.pseudonym_count = 2,
	};
	struct judge_error error;
	struct judge *judge = NULL;

	check(judge_new(&params, fd, &error, &judge) == 0);
	return judge;
}

static int empty_model(void)
{
	struct judge *judge = make(JUDGE_TRAIN, -1);
	int fd = memfd_create("model", MFD_CLOEXEC);

	check(fd >= 0);
	check(judge_write(judge, fd) == 0);
	judge_free(judge);
	return fd;
}

static int same_word(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static void check_same(const struct judgement *a, const struct judgement *b)
{
	check(a->verdict == b->verdict && a->number == b->number);
	check(a->end_workload == b->end_workload && a->garbage == b->garbage);
	check(same_word(a->told, b->told) && same_word(a->event, b->event));
	check(a->program == b->program && same_word(a->type, b->type));
	check(!memcmp(a->coefficient, b->coefficient, sizeof(a->coefficient)));
	check(!memcmp(&a->digest, &b->digest, sizeof(a->digest)));
}

static void check_same_counts(const struct judge *a, const struct judge *b)
{
	struct judge_counts counts, others;

	judge_get_counts(a, &counts);
	judge_get_counts(b, &others);
	check(!memcmp(&counts, &others, sizeof(counts)));
}

static void judge_both(struct judge *known, struct judge *scanned, const struct text *text)
{
	struct judgement a, b;

	check(judge_record(known, text->bytes + 1, text->size - 1, &a) ==
	      judge_record(scanned, text->bytes, text->size, &b));
	check_same(&a, &b);
	check_same_counts(known, scanned);
}

/* As a model the learned points are the same, with their counts, in one text. */
static void check_same_models(struct judge *a, struct judge *b)
{
	struct judge *judges[] = { a, b };
	char *texts[2];
	off_t sizes[2];

	for (int i = 0; i < 2; i++) {
		int fd = memfd_create("model", MFD_CLOEXEC);

		check(fd >= 0 && judge_write(judges[i], fd) == 0);
		sizes[i] = lseek(fd, 0, SEEK_END);
		texts[i] = malloc((size_t)sizes[i] + 1);
		check(texts[i] && pread(fd, texts[i], (size_t)sizes[i], 0) == sizes[i]);
		(void)close(fd);
	}
	check(sizes[0] == sizes[1] && !memcmp(texts[0], texts[1], (size_t)sizes[0]));
	free(texts[0]);
	free(texts[1]);
}

static void put(struct text *text, const void *bytes, size_t size)
{
	check(size <= sizeof(text->bytes) - text->size);
	memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
}

static bool begins(const uint8_t *data, size_t size, const char *text)
{
	return size >= strlen(text) && !memcmp(data, text, strlen(text));
}

/* Most seeds are records as models keep them, without envelope, and some without pid. */
static void make_text(const uint8_t *data, size_t size, const char *opening, struct text *ret)
{
	ret->size = 0;
	put(ret, " ", 1);
	if (!begins(data, size, "{\"export\"") && size) {
		put(ret, opening, strlen(opening));
		data++;
		size--;
	}
	if (begins(data, size, "\"event\": {\"context\"")) {
		put(ret, "\"event\": {\"pid\": \"7\", ", strlen("\"event\": {\"pid\": \"7\", "));
		data += strlen("\"event\": {");
		size -= strlen("\"event\": {");
	}
	put(ret, data, size);
}

/* One byte replaced, left out or put in, behind the first one. */
static void edit_text(const uint8_t edit[EDIT_BYTES], struct text *text)
{
	char *bytes = text->bytes;
	size_t at;

	if (text->size < 2)
		return;
	at = 1 + (edit[0] | (size_t)edit[1] << 8) % (text->size - 1);
	switch (edit[2] % 3) {
	case 0:
		bytes[at] = (char)edit[3];
		break;
	case 1:
		memmove(bytes + at, bytes + at + 1, text->size - at - 1);
		text->size--;
		break;
	default:
		check(text->size < sizeof(text->bytes));
		memmove(bytes + at + 1, bytes + at, text->size - at);
		bytes[at] = (char)edit[3];
		text->size++;
	}
}

/* The seeds have none: then it follows from their bytes. Returns the size of the record. */
static size_t take_edit(const uint8_t *data, size_t size, uint8_t ret[EDIT_BYTES])
{
	uint32_t hash = 0;

	if (data[size - 1] != '}') {
		memcpy(ret, data + size - EDIT_BYTES, EDIT_BYTES);
		return size - EDIT_BYTES;
	}
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ data[i]) * 0x01000193;
	memcpy(ret, &hash, EDIT_BYTES);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t edit[EDIT_BYTES];
	static const enum judge_mode modes[] = { JUDGE_TRAIN, JUDGE_SHADOW, JUDGE_ENFORCE };
	static struct judge *judges[3][2];
	static unsigned int inputs;
	static int model = -1;
	static struct text text, edited;

	if (size < EDIT_BYTES || size > LINE_MAX_BYTES / 2)
		return 0;
	if (model < 0)
		model = empty_model();
	if (inputs++ % INPUTS == 0) {
		for (int m = 0; m < 3; m++) {
			if (judges[m][0] && modes[m] == JUDGE_TRAIN)
				check_same_models(judges[m][0], judges[m][1]);
			for (int i = 0; i < 2; i++) {
				judge_free(judges[m][i]);
				judges[m][i] = make(modes[m], modes[m] == JUDGE_TRAIN ? -1 : model);
			}
		}
	}
	size = take_edit(data, size, edit);
	make_text(data, size, openings[edit[2] >> 7], &text);
	edited = text;
	edit_text(edit, &edited);
	for (int m = 0; m < 3; m++) {
		judge_both(judges[m][0], judges[m][1], &text);
		judge_both(judges[m][0], judges[m][1], &edited);
		judge_both(judges[m][0], judges[m][1], &text);
		judge_both(judges[m][0], judges[m][1], &edited);
	}
	return 0;
}
