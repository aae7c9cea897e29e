// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * digest.c - `quixote digest`: the digests of records, as formula 1 defines
 * them. Reads lines, prints lines, judges nothing.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/core/engine.h"
#include "../libtsem/core/state.h"
#include "../libtsem/hasher.h"
#include "../libtsem/set-memory.h"
#include "command.h"

#define SLOTS_FIRST 1024

/** struct digest_run - What is asked, and what has come so far. */
struct digest_run {
	const char *file;
	const char *digest;
	const char *base_hex;
	const char *aggregate_hex;
	const char **pseudonyms; /* borrowed from argv */
	size_t pseudonym_count;
	bool summary;

	struct tsem_engine engine;
	struct tsem_digest base;
	struct tsem_digest measurement;
	struct tsem_digest aggregate;
	uint8_t *packed;
	bool refused;
};

static void print_help(void)
{
	printf("usage: quixote digest [OPTION]... [FILE]\n\n"
	       "Computes the digests of records: one JSON object a line in, bare or in an export\n"
	       "envelope, one JSON object a record out. Reads standard input without FILE or with "
	       "-.\n\n"
	       "  --fields=strict|portable  Projection (portable)\n"
	       "  --digest=NAME             sha256 (default), sha384, sha512, sha3-256, sm3\n"
	       "  --base=HEX                Base nonce of the model\n"
	       "  --aggregate=HEX           Aggregate of the platform\n"
	       "  --pseudonym=PATH          The content of this file does not matter; repeatable\n"
	       "  --summary                 Measurement, state and number of coefficients at the "
	       "end\n"
	       "  -h, --help                This text\n\n"
	       "What executes a program is no coefficient of a model; its task_id is told as "
	       "well.\n"
	       "A record that is refused is named on standard error; the rest goes on, and the "
	       "exit\n"
	       "status is 1 at the end. See quixote(1).\n");
}

static void print_hex(const char *key, const struct tsem_digest *digest, unsigned int size)
{
	printf("\"%s\":\"", key);
	for (unsigned int i = 0; i < size; i++)
		printf("%02x", digest->bytes[i]);
	putchar('"');
}

static int nibble(char digit)
{
	const char *digits = "0123456789abcdef", *at = digit ? strchr(digits, digit) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* NULL is zeros. */
static int parse_digest(const char *hex, unsigned int size, struct tsem_digest *ret)
{
	struct tsem_digest digest = { { 0 } };

	if (hex && strlen(hex) != 2 * (size_t)size)
		return -EINVAL;
	for (unsigned int i = 0; hex && i < size; i++) {
		int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		digest.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret = digest;
	return 0;
}

static int run_init(struct digest_run *run)
{
	unsigned int size = run->engine.hasher->ops->size;
	int r;

	if (parse_digest(run->base_hex, size, &run->base) < 0)
		return command_line_error("digest", "--base takes %u lower-case hexadecimal digits",
					  2 * size);
	if (parse_digest(run->aggregate_hex, size, &run->aggregate) < 0)
		return command_line_error(
			"digest", "--aggregate takes %u lower-case hexadecimal digits", 2 * size);
	run->packed = malloc(TSEM_RECORD_LINE_MAX);
	r = run->packed ? tsem_set_new(&run->engine.points, SLOTS_FIRST, size) : -ENOMEM;
	if (r == 0)
		r = tsem_set_new(&run->engine.pseudonyms, SLOTS_FIRST, size);
	for (size_t i = 0; r == 0 && i < run->pseudonym_count; i++) {
		struct tsem_digest pseudonym;

		tsem_pseudonym(run->pseudonyms[i], strlen(run->pseudonyms[i]), run->engine.hasher,
			       &pseudonym);
		r = tsem_set_insert(&run->engine.pseudonyms, &pseudonym);
	}
	tsem_measurement_start(&run->base, &run->aggregate, run->engine.hasher, &run->measurement);
	return r;
}

static void run_done(struct digest_run *run)
{
	free(run->packed);
	free(run->pseudonyms);
	free(run->engine.points.memory);
	free(run->engine.pseudonyms.memory);
	run->engine.hasher = tsem_hasher_free(run->engine.hasher);
}

static int judge(struct digest_run *run, const struct tsem_record *record, struct tsem_result *ret)
{
	tsem_engine_judge(&run->engine, record, ret);
	while (ret->judgement == TSEM_JUDGED_FULL) {
		int r = tsem_set_grow(&run->engine.points);

		if (r < 0)
			return r;
		tsem_engine_judge(&run->engine, record, ret);
	}
	if (ret->judgement == TSEM_JUDGED_LEARNED)
		tsem_measurement_extend(&run->base, &ret->coefficient, run->engine.hasher,
					&run->measurement);
	return 0;
}

/* What executes is judged by the TASK_ID that it derives; the coefficient is that of the record. */
static void print_result(const struct digest_run *run, unsigned long line,
			 const struct tsem_record *record, const struct tsem_result *result)
{
	unsigned int size = run->engine.hasher->ops->size;
	struct tsem_digest coefficient;

	tsem_event_coefficient(record->event, &record->p_task_id, &record->task_id, &result->coe_id,
			       &result->cell_id, run->engine.hasher, &coefficient);
	printf("{\"line\":%lu,", line);
	print_hex("coe", &result->coe_id, size);
	putchar(',');
	print_hex("cell", &result->cell_id, size);
	putchar(',');
	print_hex("coefficient", &coefficient, size);
	if (record->event == TSEM_EVENT_BPRM_COMMITTED_CREDS) {
		putchar(',');
		print_hex("task_id", &result->coefficient, size);
	}
	printf("}\n");
}

static int take_line(struct digest_run *run, const char *text, size_t size, unsigned long line)
{
	struct tsem_record record;
	struct tsem_result result;
	int r;

	r = tsem_record_scan(text, size, run->engine.hasher->ops->size, run->packed,
			     TSEM_RECORD_LINE_MAX, &record);
	if (r < 0) {
		run->refused = true;
		fprintf(stderr, "%s:%lu: %s\n", run->file, line, tsem_reject_name(r));
		return 0;
	}
	if (record.kind == TSEM_RECORD_AGGREGATE || record.kind == TSEM_RECORD_LOG)
		return 0; /* they have no digests */
	r = judge(run, &record, &result);
	if (r == 0)
		print_result(run, line, &record, &result);
	return r;
}

static int read_lines(struct digest_run *run, FILE *file)
{
	_cleanup_(freep) char *text = NULL;
	unsigned long line = 0;
	size_t room = 0;
	ssize_t size;
	int r = 0;

	while (r == 0 && (size = getline(&text, &room, file)) >= 0) {
		line++;
		if (size && text[size - 1] == '\n')
			size--;
		r = take_line(run, text, (size_t)size, line);
	}
	return r == 0 && ferror(file) ? -errno : r;
}

static unsigned int compared_bytes; /* qsort() has no argument to pass it by */

static int compare_points(const void *a, const void *b)
{
	return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, compared_bytes);
}

/* All points in ascending order. */
static int compute_state(struct digest_run *run, struct tsem_digest *ret)
{
	const struct tsem_set *points = &run->engine.points;
	const uint8_t **sorted = calloc(points->count + 1, sizeof(*sorted));
	size_t count = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t slot = 0; slot < points->slots; slot++) {
		const struct tsem_set_entry *entry = tsem_set_at(points, slot);

		if (entry)
			sorted[count++] = entry->digest;
	}
	compared_bytes = points->digest_size;
	qsort(sorted, count, sizeof(*sorted), compare_points);

	tsem_measurement_start(&run->base, &run->aggregate, run->engine.hasher, ret);
	for (size_t i = 0; i < count; i++) {
		struct tsem_digest point = { { 0 } };

		memcpy(point.bytes, sorted[i], points->digest_size);
		tsem_measurement_extend(&run->base, &point, run->engine.hasher, ret);
	}
	free(sorted);
	return 0;
}

static int print_summary(struct digest_run *run)
{
	unsigned int size = run->engine.hasher->ops->size;
	struct tsem_digest state;
	int r = compute_state(run, &state);

	if (r < 0)
		return r;
	putchar('{');
	print_hex("measurement", &run->measurement, size);
	putchar(',');
	print_hex("state", &state, size);
	printf(",\"coefficients\":%zu}\n", run->engine.points.count);
	return 0;
}

static int run_file(struct digest_run *run)
{
	FILE *file = stdin;
	int r;

	if (run->file) {
		file = fopen(run->file, "re");
		if (!file) {
			fprintf(stderr, "quixote digest: %s: %s\n", run->file, strerror(errno));
			return 1;
		}
	} else {
		run->file = "<stdin>";
	}
	r = read_lines(run, file);
	if (file != stdin)
		fclose(file);
	if (r == 0 && run->summary)
		r = print_summary(run);
	if (r == 0 && fflush(stdout))
		r = -errno;
	if (r == 0 && ferror(stdout))
		r = -EIO;
	if (r < 0)
		fprintf(stderr, "quixote digest: %s: %s\n", run->file, strerror(-r));
	return r < 0 || run->refused;
}

enum { OPT_FIELDS = 256, OPT_DIGEST, OPT_BASE, OPT_AGGREGATE, OPT_PSEUDONYM, OPT_SUMMARY };

static const struct option options[] = {
	{ "fields", required_argument, NULL, OPT_FIELDS },
	{ "digest", required_argument, NULL, OPT_DIGEST },
	{ "base", required_argument, NULL, OPT_BASE },
	{ "aggregate", required_argument, NULL, OPT_AGGREGATE },
	{ "pseudonym", required_argument, NULL, OPT_PSEUDONYM },
	{ "summary", no_argument, NULL, OPT_SUMMARY },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int take_fields(struct digest_run *run, const char *word)
{
	static const char *const words[] = {
		[TSEM_FIELDS_STRICT] = "strict",
		[TSEM_FIELDS_PORTABLE] = "portable",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word))
			continue;
		run->engine.fields = (enum tsem_fields)i;
		return 0;
	}
	return command_line_error("digest", "--fields takes strict or portable, not '%s'", word);
}

/* Returns 0 to go on, else the exit status plus one. */
static int take_options(struct digest_run *run, int argc, char *argv[])
{
	int option, r;

	while ((option = getopt_long(argc, argv, ":h", options, NULL)) >= 0) {
		switch (option) {
		case OPT_FIELDS:
			r = take_fields(run, optarg);
			if (r)
				return r + 1;
			break;
		case OPT_DIGEST:
			run->digest = optarg;
			break;
		case OPT_BASE:
			run->base_hex = optarg;
			break;
		case OPT_AGGREGATE:
			run->aggregate_hex = optarg;
			break;
		case OPT_PSEUDONYM:
			run->pseudonyms[run->pseudonym_count++] = optarg;
			break;
		case OPT_SUMMARY:
			run->summary = true;
			break;
		case 'h':
			print_help();
			return 1;
		default:
			return option_error(argv, option) + 1;
		}
	}
	if (argc - optind > 1)
		return command_line_error("digest", "one file at most") + 1;
	if (optind < argc && strcmp(argv[optind], "-"))
		run->file = argv[optind];
	return 0;
}

int digest_main(int argc, char *argv[])
{
	struct digest_run run = {
		.digest = "sha256",
		.engine = { .fields = TSEM_FIELDS_PORTABLE },
		.pseudonyms = calloc((size_t)argc + 1, sizeof(*run.pseudonyms)),
	};
	int r;

	r = run.pseudonyms ? take_options(&run, argc, argv) : 2;
	if (r) {
		free(run.pseudonyms);
		return r - 1;
	}
	r = tsem_hasher_new(run.digest, &run.engine.hasher);
	if (r < 0) {
		free(run.pseudonyms);
		return command_line_error("digest",
					  "--digest takes sha256, sha384, sha512, sha3-256 or sm3, "
					  "not '%s'",
					  run.digest);
	}
	r = run_init(&run);
	if (r < 0)
		fprintf(stderr, "quixote digest: %s\n", strerror(-r));
	r = r ? (r < 0 ? 1 : r) : run_file(&run);
	run_done(&run);
	return r;
}
