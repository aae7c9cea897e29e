// SPDX-License-Identifier: LGPL-2.1-or-later
/* programs.c - see programs.h. */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "programs.h"

#define EXEC "bprm_committed_creds"

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct program *)a)->task_id, ((const struct program *)b)->task_id);
}

static void program_free(void *node)
{
	struct program *program = node;

	free(program->task_id);
	free(program->previous);
	free(program->path);
	free(program->script);
	facts_done(&program->record);
	free(program);
}

static void program_freep(struct program **program)
{
	if (*program)
		program_free(*program);
}

static int copy(char **field, const char *value)
{
	*field = strdup(value);
	return *field ? 0 : -ENOMEM;
}

static bool is_zero(const char *digest)
{
	return digest[strspn(digest, "0")] == '\0';
}

static int fill(struct program *program, const struct facts *record)
{
	const char *type = facts_get(record, "event.type");
	const char *task_id = facts_get(record, "event.task_id");
	const char *previous = facts_get(record, EXEC ".previous");
	const char *path = facts_get(record, EXEC ".file.path.pathname");
	const char *script = facts_get(record, EXEC ".script.path.pathname");

	if (!type || strcmp(type, EXEC) || !task_id || !previous || !path)
		return -EBADMSG;
	if (copy(&program->task_id, task_id) < 0 || copy(&program->path, path) < 0 ||
	    copy(&program->previous, is_zero(previous) ? "" : previous) < 0 ||
	    (script && copy(&program->script, script) < 0))
		return -ENOMEM;
	return 0;
}

int programs_add(struct programs *programs, struct facts *take_record, bool learned)
{
	_cleanup_(program_freep) struct program *program = calloc(1, sizeof(*program));
	struct program **found;
	int r;

	if (!program) {
		facts_done(take_record);
		return -ENOMEM;
	}
	program->record = *take_record;
	*take_record = (struct facts){ NULL, 0, NULL };
	program->learned = learned;
	r = fill(program, &program->record);
	if (r < 0)
		return r;
	found = tsearch(program, &programs->tree, compare);
	if (!found)
		return -ENOMEM;
	if (*found == program)
		program = NULL;
	return 0;
}

void programs_done(struct programs *programs)
{
	tdestroy(programs->tree, program_free);
	programs->tree = NULL;
}

const struct program *programs_find(const struct programs *programs, const char *task_id)
{
	const struct program key = { .task_id = (char *)task_id };
	struct program **found = tfind(&key, &programs->tree, compare);

	return found ? *found : NULL;
}

/** struct walk - What twalk_r() hands through. */
struct walk {
	void (*visit)(const struct program *program, void *userdata);
	void *userdata;
};

static void visit_node(const void *node, VISIT when, void *closure)
{
	const struct walk *walk = closure;

	if (when == postorder || when == leaf)
		walk->visit(*(struct program *const *)node, walk->userdata);
}

void programs_each(const struct programs *programs,
		   void (*visit)(const struct program *program, void *userdata), void *userdata)
{
	struct walk walk = { visit, userdata };

	twalk_r(programs->tree, visit_node, &walk);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static void add_shown(struct text *t, const char *string)
{
	text_add_shown(t, string, strlen(string));
}

void program_name(const struct program *program, struct text *t)
{
	const char *path = program->script ?: program->path;

	/* Whoever is not known by his first name is told by his full one. */
	add_shown(t, program->learned ? base_name(path) : path);
	if (program->script) {
		text_add_string(t, " (");
		add_shown(t, program->path);
		text_add_string(t, ")");
	}
	if (!program->learned)
		text_add_string(t, " (not learned)");
}

unsigned int programs_path(const struct programs *programs, const char *task_id,
			   const struct program *ret[PROGRAMS_CHAIN])
{
	const struct program *up[PROGRAMS_CHAIN], *program = programs_find(programs, task_id);
	unsigned int count = 0;

	/* A hash of itself cannot be in it; the limit is for records that lie. */
	for (; program && count < PROGRAMS_CHAIN;
	     program = programs_find(programs, program->previous))
		up[count++] = program;
	for (unsigned int i = 0; i < count; i++)
		ret[i] = up[count - 1 - i];
	return count;
}

/* Enough of it to be found in the files. */
static void add_unknown(struct text *t, const char *task_id)
{
	text_add_string(t, "program ");
	text_add_shown(t, task_id, strnlen(task_id, 8));
	text_add_string(t, "…");
}

void programs_chain(const struct programs *programs, const char *task_id, struct text *t)
{
	const struct program *path[PROGRAMS_CHAIN];
	unsigned int count = programs_path(programs, task_id, path);

	if (!count && is_zero(task_id))
		text_add_string(t, "the start of the workload");
	else if (!count)
		add_unknown(t, task_id);
	for (unsigned int i = 0; i < count; i++) {
		if (i)
			text_add_string(t, " → ");
		program_name(path[i], t);
	}
}

const struct program *programs_first_unlearned(const struct programs *programs, const char *task_id)
{
	const struct program *path[PROGRAMS_CHAIN];
	unsigned int count = programs_path(programs, task_id, path);

	for (unsigned int i = 0; i < count; i++) {
		if (!path[i]->learned)
			return path[i];
	}
	return NULL;
}
