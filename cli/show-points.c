// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * show-points.c - the coefficients of a running workload: listed, counted, and
 * the state that follows from them, docs/formula.md, section 6. The agent gives
 * them in no order; sorting and hashing is done here, where nobody waits for it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/core/state.h"
#include "../libtsem/hasher.h"
#include "../libtsem/model.h"
#include "show.h"

/* The model may grow while it is listed; it does so less and less often. */
#define ATTEMPTS 10

#define MOVED "org.quixote.Workload.PointsMoved"
#define UNKNOWN "org.quixote.Workload.CountsUnknown"

/** struct point - A coefficient. */
struct point {
	struct tsem_digest coefficient;
	uint64_t count;
};

/**
 * struct points - All of a workload.
 * @digest_size: In bytes; 0 while there is none.
 */
struct points {
	struct point *list;
	size_t count;
	size_t room;
	unsigned int digest_size;
};

static void points_done(struct points *points)
{
	free(points->list);
	*points = (struct points){};
}

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -EBADMSG;
}

static int parse_digest(const char *text, struct tsem_digest *ret, unsigned int *ret_size)
{
	size_t size = strlen(text) / 2;

	if (!size || strlen(text) % 2 || size > TSEM_DIGEST_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < size; i++) {
		int high = digit_value(text[2 * i]), low = digit_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EBADMSG;
		ret->bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret_size = (unsigned int)size;
	return 0;
}

static int add_point(struct points *points, const struct answer *answer)
{
	const char *coefficient = facts_get(&answer->facts, "parameters.coefficient");
	const char *count = facts_get(&answer->facts, "parameters.count");
	struct point point = {};
	unsigned int size;

	if (!coefficient || !count || points->count == TSEM_MODEL_POINTS ||
	    parse_digest(coefficient, &point.coefficient, &size) < 0 ||
	    (points->digest_size && points->digest_size != size))
		return -EBADMSG;
	point.count = strtoull(count, NULL, 10);
	points->digest_size = size;
	if (points->count == points->room) {
		size_t room = points->room ? 2 * points->room : 1024;
		struct point *longer = reallocarray(points->list, room, sizeof(*longer));

		if (!longer)
			return -ENOMEM;
		points->list = longer;
		points->room = room;
	}
	points->list[points->count++] = point;
	return 0;
}

static int error_of(const char *error)
{
	if (strcmp(error, MOVED) == 0)
		return -EAGAIN;
	return strcmp(error, UNKNOWN) == 0 ? -EOPNOTSUPP : -EBADMSG;
}

static int list_points(struct connection *connection, struct points *points)
{
	int r = connection_call(connection, "ListPoints", "{}", true);
	bool more = r == 0;

	points->count = 0;
	while (r == 0 && more) {
		_cleanup_(answer_done) struct answer answer = {};

		r = connection_receive(connection, CONNECTION_MSEC, &answer);
		if (r == 0 && answer.error)
			r = error_of(answer.error);
		more = answer.continues;
		if (r == 0 && more)
			r = add_point(points, &answer);
	}
	return r;
}

static int get_points(struct connection *connection, struct points *points)
{
	int r = -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < ATTEMPTS; i++)
		r = list_points(connection, points);
	return r;
}

static int compare_coefficients(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	return memcmp(x->coefficient.bytes, y->coefficient.bytes, TSEM_DIGEST_MAX);
}

/* The most frequent first. */
static int compare_counts(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	return x->count != y->count ? (x->count < y->count ? 1 : -1) : compare_coefficients(a, b);
}

static void sort(struct points *points, int (*compare)(const void *a, const void *b))
{
	if (points->count)
		qsort(points->list, points->count, sizeof(*points->list), compare);
}

static void print_digest(const struct tsem_digest *digest, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		(void)printf("%02x", digest->bytes[i]);
}

int show_counts(const struct show *show, struct connection *connection)
{
	_cleanup_(points_done) struct points points = {};
	int r = get_points(connection, &points);

	if (r < 0)
		return r;
	sort(&points, compare_counts);
	for (size_t i = 0; i < points.count; i++) {
		const struct point *point = &points.list[i];

		(void)printf(show->json ? "{\"count\": %llu, \"coefficient\": \"" : "%10llu  ",
			     (unsigned long long)point->count);
		print_digest(&point->coefficient, points.digest_size);
		(void)puts(show->json ? "\"}" : "");
	}
	return 0;
}

int show_coefficients(const struct show *show, struct connection *connection)
{
	_cleanup_(points_done) struct points points = {};
	int r = get_points(connection, &points);

	if (r < 0)
		return r;
	sort(&points, compare_coefficients);
	for (size_t i = 0; i < points.count; i++) {
		(void)fputs(show->json ? "{\"coefficient\": \"" : "", stdout);
		print_digest(&points.list[i].coefficient, points.digest_size);
		(void)puts(show->json ? "\"}" : "");
	}
	return 0;
}

/* By what the model is for, as no point need be there to tell it. */
static int get_hasher(struct connection *connection, struct tsem_hasher **ret)
{
	bool more = true;
	int r = connection_call(connection, "GetModel", "{}", true);

	*ret = NULL;
	while (r == 0 && more) {
		_cleanup_(answer_done) struct answer answer = {};
		const char *digest;

		r = connection_receive(connection, CONNECTION_MSEC, &answer);
		if (r == 0 && answer.error)
			r = -EBADMSG;
		more = answer.continues;
		digest = facts_get(&answer.facts, "parameters.digest");
		if (r == 0 && digest && !*ret)
			r = tsem_hasher_new(digest, ret);
	}
	return r == 0 && !*ret ? -EBADMSG : r;
}

int show_state(const struct show *show, struct connection *connection)
{
	static const struct tsem_digest zeros;
	_cleanup_(tsem_hasher_freep) struct tsem_hasher *hasher = NULL;
	_cleanup_(points_done) struct points points = {};
	struct tsem_digest state;
	int r;

	r = get_hasher(connection, &hasher);
	if (r == 0)
		r = get_points(connection, &points);
	if (r < 0)
		return r;
	if (points.count && points.digest_size != hasher->ops->size)
		return -EBADMSG;
	sort(&points, compare_coefficients);
	tsem_measurement_start(&zeros, &zeros, hasher, &state);
	for (size_t i = 0; i < points.count; i++)
		tsem_measurement_extend(&zeros, &points.list[i].coefficient, hasher, &state);
	(void)printf(
		show->json ? "{\"name\": \"%s\", \"digest\": \"%s\", \"points\": %zu, \"state\": \""
			   : "%s: %s state of %zu coefficients: ",
		show->name, hasher->ops->name, points.count);
	print_digest(&state, hasher->ops->size);
	(void)puts(show->json ? "\"}" : "");
	return 0;
}
