// SPDX-License-Identifier: LGPL-2.1-or-later
/* records.c - see records.h. */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/model-life.h"
#include "../tma/crc.h"
#include "../tma/recorder.h"
#include "learned.h"
#include "phrase.h"
#include "records.h"

#define EXEC "bprm_committed_creds"

/** struct place - Where an outsider is in the list; node of the tree. */
struct place {
	struct tsem_digest coefficient;
	size_t index;
};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct tsem_digest));
}

int records_begin(const struct tsem_model *model, struct records *ret)
{
	*ret = (struct records){ .model = model, .now = time(NULL) };
	return learned_programs(model, &ret->programs);
}

void records_done(struct records *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->list[i].hex);
		free(r->list[i].told);
		free(r->list[i].text);
		free(r->list[i].task_id);
		free(r->list[i].what);
	}
	for (size_t i = 0; i < r->executed_count; i++) {
		free(r->executed[i].task_id);
		free(r->executed[i].text);
	}
	free(r->list);
	free(r->executed);
	tdestroy(r->tree, free);
	programs_done(&r->programs);
	*r = (struct records){ .model = NULL };
}

const struct executed *records_find_executed(const struct records *r, const char *task_id)
{
	for (size_t i = 0; i < r->executed_count; i++) {
		if (!strcmp(r->executed[i].task_id, task_id))
			return &r->executed[i];
	}
	return NULL;
}

/** struct given - A line. */
struct given {
	const char *text; /* of the record in it */
	size_t size;
	const char *told; /* coefficient that stands beside it; not ended */
	size_t told_size;
};

/* What stands before the record is ours, and has no text that anybody else chose. */
static struct given take_apart(const char *line, size_t size)
{
	static const char key[] = "\"record\":", coefficient[] = "\"coefficient\":\"";
	struct given given = { line, size, "", 0 };
	const char *at = memmem(line, size, key, strlen(key)), *told, *end;

	if (!at || memmem(line, at - line, "\"event\"", strlen("\"event\"")))
		return given;
	told = memmem(line, at - line, coefficient, strlen(coefficient));
	end = told ? memchr(told + strlen(coefficient), '"', at - told - strlen(coefficient))
		   : NULL;
	if (end) {
		given.told = told + strlen(coefficient);
		given.told_size = end - given.told;
	}
	given.text = at + strlen(key);
	given.text += strspn(given.text, " ");
	given.size = size - (given.text - line) - (line[size - 1] == '}');
	return given;
}

static char *hex_of(const struct tsem_digest *digest, unsigned int size)
{
	char *text = malloc(2 * size + 1);

	for (unsigned int i = 0; text && i < size; i++)
		(void)sprintf(text + 2 * i, "%02x", digest->bytes[i]);
	return text;
}

static int add_outsider(struct records *r, const struct tsem_digest *coefficient,
			const struct given *given, const struct facts *facts)
{
	unsigned int size = tsem_model_get_header(r->model)->digest_size;
	struct place *place = malloc(sizeof(*place));
	struct outsider *list = reallocarray(r->list, r->count + 1, sizeof(*list));
	struct text what = TEXT_EMPTY;
	struct outsider *o;

	if (list)
		r->list = list;
	if (!list || !place) {
		free(place);
		return -ENOMEM;
	}
	*place = (struct place){ *coefficient, r->count };
	if (!tsearch(place, &r->tree, compare)) {
		free(place);
		return -ENOMEM;
	}
	phrase_add(facts, &r->programs, &what);
	o = &r->list[r->count++];
	*o = (struct outsider){
		.coefficient = *coefficient,
		.hex = hex_of(coefficient, size),
		.told = strndup(given->told, given->told_size),
		.count = 1,
		.text = strndup(given->text, given->size),
		.task_id = strdup(facts_get(facts, "event.task_id") ?: ""),
		.what = what.data,
	};
	return o->hex && o->told && o->text && o->task_id && o->what && !what.failed ? 0 : -ENOMEM;
}

static int take_event(struct records *r, const struct tsem_digest *coefficient,
		      const struct given *given, const struct facts *facts)
{
	const struct tsem_model_point *point = tsem_model_find_point(r->model, coefficient);
	struct place **found = tfind(coefficient, &r->tree, compare);

	r->taken++;
	if (point && tsem_model_point_holds(point, r->now))
		return 0;
	if (!found)
		return add_outsider(r, coefficient, given, facts);
	r->list[(*found)->index].count++;
	return 0;
}

static int take_program(struct records *r, const struct given *given, struct facts *facts)
{
	const char *task_id = facts_get(facts, "event.task_id");
	struct executed *list;

	if (!task_id || programs_find(&r->programs, task_id))
		return 0;
	list = reallocarray(r->executed, r->executed_count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	r->executed = list;
	list[r->executed_count] =
		(struct executed){ strdup(task_id), strndup(given->text, given->size) };
	r->executed_count++;
	if (!list[r->executed_count - 1].task_id || !list[r->executed_count - 1].text)
		return -ENOMEM;
	return programs_add(&r->programs, facts, false);
}

/* Words are about the record, not about what it came in. */
static void drop_envelope(struct facts *facts)
{
	size_t kept = 0;

	for (size_t i = 0; i < facts->count; i++) {
		if (strncmp(facts->list[i].path, "export.", 7) != 0)
			facts->list[kept++] = facts->list[i];
	}
	facts->count = kept;
}

static int take_record(struct records *r, const struct given *given)
{
	struct tsem_digest coefficient;
	struct facts facts;
	int is_event = tsem_model_digest(r->model, given->text, given->size, &coefficient), result;

	if (is_event < 0)
		return is_event;
	result = facts_parse(given->text, given->size, &facts);
	if (result < 0)
		return result;
	drop_envelope(&facts);
	result = is_event ? take_event(r, &coefficient, given, &facts)
			  : take_program(r, given, &facts);
	facts_done(&facts);
	return result;
}

/* Besides records there are lines that say how many were lost, and records that are no events. */
static bool is_remark(struct records *r, const char *line)
{
	static const char lost[] = "{\"lost\":";

	if (!strncmp(line, lost, strlen(lost))) {
		r->lost += strtoull(line + strlen(lost), NULL, 10);
		return true;
	}
	return !strncmp(line, "{\"export\": {\"type\": \"aggregate\"", 31) ||
	       !strncmp(line, "{\"export\": {\"type\": \"log\"", 25);
}

/*
 * The line behind its check, if it has one: what was damaged on a disk is no record.
 * Return: the line, or NULL.
 */
static char *behind_check(char *line, size_t *size)
{
	char member[CRC_MEMBER_SIZE + 1];

	if (*size <= CRC_MEMBER_SIZE || strncmp(line, CRC_MEMBER, strlen("{\"crc\":\"")) != 0)
		return line;
	(void)snprintf(member, sizeof(member), CRC_MEMBER,
		       crc32_of(line + CRC_MEMBER_SIZE, *size - CRC_MEMBER_SIZE - 1)); /* fits */
	if (memcmp(line, member, CRC_MEMBER_SIZE) != 0)
		return NULL;
	line += CRC_MEMBER_SIZE - 1;
	*line = '{';
	*size -= CRC_MEMBER_SIZE - 1;
	return line;
}

static int take_line(struct records *r, char *line, size_t size)
{
	struct given given;

	if (size < 2 || line[size - 1] != '\n')
		return -EBADMSG; /* it is still being written, or was cut off */
	line = behind_check(line, &size);
	if (!line)
		return -EBADMSG;
	if (is_remark(r, line))
		return 0;
	given = take_apart(line, size - 1);
	return take_record(r, &given);
}

int records_read(struct records *r, FILE *file)
{
	_cleanup_(freep) char *line = NULL;
	size_t room = 0;
	ssize_t size;

	while ((size = getline(&line, &room, file)) > 0) {
		int result = take_line(r, line, size);

		if (result == -ENOMEM)
			return result;
		r->bad += result < 0;
	}
	return ferror(file) ? -EIO : 0;
}

static int read_named(struct records *r, const char *path)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");

	if (!file)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return records_read(r, file);
}

int records_read_state(struct records *r, const char *dir, const char *name)
{
	_cleanup_(freep) char *path = NULL;
	int result = 0;

	for (unsigned int age = RECORDER_KEPT_MAX; result == 0 && age > 0; age--) {
		if (asprintf(&path, "%s/%s.%u", dir, name, age) < 0)
			path = NULL;
		result = path ? read_named(r, path) : -ENOMEM;
		free(TAKE_PTR(path));
	}
	if (result < 0)
		return result;
	if (asprintf(&path, "%s/%s", dir, name) < 0)
		path = NULL;
	return path ? read_named(r, path) : -ENOMEM;
}
