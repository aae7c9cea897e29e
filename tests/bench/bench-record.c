// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bench-record.c - what one record costs the agent: scanning, hashing and
 * looking up, beside plain SHA-256 of the same bytes and beside jansson's parse,
 * in one run. Prints a table; the ratios are what counts.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../libtsem/core/engine.h"
#include "../../libtsem/core/sha256.h"
#include "../../libtsem/hasher.h"

#define ROUNDS 200
#define LINES_MAX 4096

static char *lines[LINES_MAX];
static size_t sizes[LINES_MAX], line_count, byte_count;
static uint8_t packed[TSEM_RECORD_LINE_MAX];
static struct tsem_engine engine;

static double now_sec(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);	/* cannot fail */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void read_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	if (!file) {
		perror(path);
		exit(1);
	}
	while (line_count < LINES_MAX && getline(&line, &room, file) > 0) {
		json_t *vector = json_loads(line, JSON_ALLOW_NUL, NULL);
		const char *record = json_string_value(json_object_get(vector, "record"));

		if (record && !strstr(line, "hostile")) {
			lines[line_count] = strdup(record);
			sizes[line_count] = strlen(record);
			byte_count += sizes[line_count++];
		}
		json_decref(vector);
	}
	free(line);
	fclose(file);
}

static void scan(size_t i)
{
	struct tsem_record record;

	if (tsem_record_scan(lines[i], sizes[i], 32, packed, sizeof(packed), &record) < 0)
		abort();
}

static void judge(size_t i)
{
	struct tsem_record record;
	struct tsem_result result;

	if (tsem_record_scan(lines[i], sizes[i], 32, packed, sizeof(packed), &record) < 0)
		abort();
	tsem_engine_judge(&engine, &record, &result);
}

static void hash(size_t i)
{
	uint8_t digest[32];

	tsem_hash_init(engine.hasher);
	tsem_hash_update(engine.hasher, lines[i], sizes[i]);
	tsem_hash_final(engine.hasher, digest);
}

static void parse(size_t i)
{
	json_decref(json_loadb(lines[i], sizes[i], 0, NULL));
}

static double measure(void (*work)(size_t i), unsigned int rounds)
{
	double best = 1e9;

	for (unsigned int repetition = 0; repetition < 5; repetition++) {
		double start = now_sec(), taken;

		for (unsigned int round = 0; round < rounds; round++)
			for (size_t i = 0; i < line_count; i++)
				work(i);
		taken = (now_sec() - start) / rounds / (double)line_count;
		best = taken < best ? taken : best;
	}
	return best * 1e6;
}

static void measure_all(const char *name)
{
	double plain = measure(hash, ROUNDS), whole = measure(judge, ROUNDS);

	printf("%-22s %8.2f us  1.0\n", name, plain);
	printf("  scan alone           %8.2f us  %.1f\n", measure(scan, ROUNDS),
	       measure(scan, ROUNDS) / plain);
	printf("  scan, hash, look up  %8.2f us  %.1f\n", whole, whole / plain);
}

int main(int argc, char *argv[])
{
	struct tsem_sha256 ctx;
	struct tsem_hasher own = { &tsem_sha256_ops, &ctx }, *openssl = NULL;
	double jansson;

	if (argc != 2) {
		fprintf(stderr, "usage: bench-record VECTORS/events.jsonl\n");
		return 2;
	}
	read_lines(argv[1]);
	if (!line_count || tsem_hasher_new("sha256", &openssl) < 0)
		return 1;
	engine.fields = TSEM_FIELDS_PORTABLE;
	tsem_set_init(&engine.points, calloc(1, tsem_set_bytes(4096, 32)), 4096, 32);
	printf("%zu records of %zu bytes on average; CPU time of one, best of five, and ratio\n",
	       line_count, byte_count / line_count);
	engine.hasher = openssl;
	measure_all("SHA-256 (OpenSSL)");
	jansson = measure(parse, 20);
	printf("  jansson's parse      %8.2f us\n", jansson);
	engine.hasher = &own;
	engine.kept = (struct tsem_kept){};
	measure_all("SHA-256 (own)");
	openssl = tsem_hasher_free(openssl);
	return 0;
}
