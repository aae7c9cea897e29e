// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * model-show.c - quixote model show: a model as a tree of programs, each with what it
 * may do, in words.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/core/packed.h"
#include "../orchestrator/failure.h"
#include "../orchestrator/suggest.h"
#include "command.h"
#include "learned.h"
#include "line.h"
#include "open.h"
#include "phrase.h"
#include "programs.h"
#include "text.h"

static const char help[] =
	"usage: quixote model show [OPTION]... FILE\n"
	"\n"
	"Shows what a model allows: its programs, each below the one that executes it, with what\n"
	"it may do. FILE is the model, or a configuration (*.cfg) that names it.\n"
	"\n"
	"      --program=PATTERN    only programs whose path or name matches, such as grep, "
	"/usr/*\n"
	"      --event=NAME         only events of this name, such as file_open\n"
	"      --path=PATTERN       only what is about a path or address that matches; one that\n"
	"                           ends in a slash means all below it\n"
	"      --json               in JSON\n"
	"  -h, --help               this text\n"
	"\n"
	"In a PATTERN * stands for any text, ? for a character, [abc] for one of some.\n";

static const struct option options[] = {
	{ "program", required_argument, NULL, 'p' }, { "event", required_argument, NULL, 'e' },
	{ "path", required_argument, NULL, 'f' },    { "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },	     { NULL, 0, NULL, 0 },
};

/** struct deed - What a program may do. */
struct deed {
	char *task_id;
	char *words;
};

/**
 * struct show - A model being shown.
 * @program: Pattern of the programs that are wanted; NULL for all.
 * @event: Name of the events that are wanted; the same.
 * @path: Pattern of what they are about; the same.
 * @deeds: Sorted by task_id and words, each once.
 */
struct show {
	bool json;
	const char *program;
	const char *event;
	const char *path;
	struct opened model;
	struct programs programs;
	const struct program **list;
	size_t program_count;
	struct deed *deeds;
	size_t deed_count;
	struct text text;
};

/* Collecting. */

static void list_program(const struct program *program, void *userdata)
{
	struct show *s = userdata;

	s->list[s->program_count++] = program;
}

/* Whether the whole is not wanted. */
static bool is_filtered(const struct show *s)
{
	return s->program || s->event || s->path;
}

static bool matches(const char *pattern, const char *text)
{
	return text && fnmatch(pattern, text, 0) == 0;
}

static bool matches_path(const char *pattern, const char *path)
{
	size_t size = strlen(pattern);

	if (path && size && pattern[size - 1] == '/')
		return !strncmp(path, pattern, size);
	return matches(pattern, path);
}

static bool matches_program(const char *pattern, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return matches(pattern, path) || (slash && matches(pattern, slash + 1));
}

static bool is_wanted(const struct show *s, const struct facts *facts)
{
	const char *task_id = facts_get(facts, "event.task_id");
	const struct program *program = task_id ? programs_find(&s->programs, task_id) : NULL;
	const struct fact *object = phrase_object(facts);

	if (s->program && !(program && (matches_program(s->program, program->script) ||
					matches_program(s->program, program->path))))
		return false;
	if (s->event && strcmp(s->event, facts_get(facts, "event.type") ?: ""))
		return false;
	return !s->path || matches_path(s->path, object ? object->value : NULL);
}

static int add_deed(const struct tsem_model_point *point, void *userdata)
{
	struct show *s = userdata;
	struct text words = TEXT_EMPTY;
	struct facts facts;
	struct deed deed;
	int r = facts_parse(point->event, point->event_size, &facts);

	if (r < 0)
		return r;
	if (!is_wanted(s, &facts)) {
		facts_done(&facts);
		return 0;
	}
	phrase_add(&facts, &s->programs, &words);
	deed = (struct deed){ strdup(facts_get(&facts, "event.task_id") ?: ""), words.data };
	facts_done(&facts);
	if (!deed.task_id || !deed.words || words.failed) {
		free(deed.task_id);
		free(deed.words);
		return -ENOMEM;
	}
	s->deeds[s->deed_count++] = deed;
	return 0;
}

static int compare_deeds(const void *a, const void *b)
{
	const struct deed *x = a, *y = b;
	int r = strcmp(x->task_id, y->task_id);

	return r ? r : strcmp(x->words, y->words);
}

static int compare_programs(const void *a, const void *b)
{
	const struct program *x = *(const struct program *const *)a;
	const struct program *y = *(const struct program *const *)b;
	int r = strcmp(x->script ?: x->path, y->script ?: y->path);

	return r ? r : strcmp(x->task_id, y->task_id);
}

static int collect(struct show *s)
{
	int r;

	s->list = calloc(tsem_model_program_count(s->model.model) + 1, sizeof(*s->list));
	s->deeds = calloc(tsem_model_point_count(s->model.model) + 1, sizeof(*s->deeds));
	if (!s->list || !s->deeds)
		return -ENOMEM;
	r = learned_programs(s->model.model, &s->programs);
	programs_each(&s->programs, list_program, s);
	if (r == 0)
		r = tsem_model_each_point(s->model.model, add_deed, s);
	if (r < 0)
		return r;
	qsort(s->list, s->program_count, sizeof(*s->list), compare_programs);
	qsort(s->deeds, s->deed_count, sizeof(*s->deeds), compare_deeds);
	return 0;
}

static size_t first_deed(const struct show *s, const char *task_id)
{
	size_t low = 0, high = s->deed_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(s->deeds[middle].task_id, task_id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The next one of the same program that is told with other words; @s->deed_count if there is none.
 */
static size_t next_deed(const struct show *s, size_t i)
{
	const struct deed *last = &s->deeds[i];

	for (i++; i < s->deed_count && !strcmp(s->deeds[i].task_id, last->task_id); i++) {
		if (strcmp(s->deeds[i].words, last->words))
			return i;
	}
	return s->deed_count;
}

static size_t deeds_of(const struct show *s, const char *task_id)
{
	size_t i = first_deed(s, task_id);

	return i < s->deed_count && !strcmp(s->deeds[i].task_id, task_id) ? i : s->deed_count;
}

/* Telling. */

static void tell_deeds(struct show *s, const char *task_id, unsigned int depth)
{
	for (size_t i = deeds_of(s, task_id); i < s->deed_count; i = next_deed(s, i))
		text_format(&s->text, "%*s%s\n", 4 * depth + 4, "", s->deeds[i].words);
}

static void tell_program(struct show *s, const struct program *program, unsigned int depth)
{
	text_format(&s->text, "%*s", 4 * depth, "");
	program_name(program, &s->text);
	text_add_string(&s->text, "\n");
	tell_deeds(s, program->task_id, depth);
	if (depth == PROGRAMS_CHAIN)
		return;
	for (size_t i = 0; i < s->program_count; i++) {
		if (!strcmp(s->list[i]->previous, program->task_id))
			tell_program(s, s->list[i], depth + 1);
	}
}

static void tell_paths(struct show *s, enum tsem_model_list list, const char *what)
{
	size_t count;
	const char *const *paths = tsem_model_get_paths(s->model.model, list, &count);

	for (size_t i = 0; i < count; i++) {
		text_format(&s->text, "%s: ", what);
		text_add_shown(&s->text, paths[i], strlen(paths[i]));
		text_add_string(&s->text, "\n");
	}
}

/* What runs in no program of the model: its line is missing. */
static void tell_rest(struct show *s)
{
	const char *last = "";

	for (size_t i = 0; i < s->deed_count; i++) {
		const char *task_id = s->deeds[i].task_id;

		if (!strcmp(task_id, last) || programs_find(&s->programs, task_id))
			continue;
		last = task_id;
		programs_chain(&s->programs, task_id, &s->text);
		text_add_string(&s->text, "\n");
		tell_deeds(s, task_id, 0);
	}
}

/* Only what is wanted, each program by all that led to it. */
static void tell_filtered(struct show *s)
{
	for (size_t i = 0; i < s->program_count; i++) {
		const char *task_id = s->list[i]->task_id;

		if (deeds_of(s, task_id) == s->deed_count)
			continue;
		programs_chain(&s->programs, task_id, &s->text);
		text_add_string(&s->text, "\n");
		tell_deeds(s, task_id, 0);
	}
	tell_rest(s);
}

static void tell(struct show *s)
{
	const struct tsem_model_header *h = tsem_model_get_header(s->model.model);
	size_t points, programs;

	if (is_filtered(s)) {
		tell_filtered(s);
		return;
	}
	points = tsem_model_point_count(s->model.model);
	programs = tsem_model_program_count(s->model.model);
	text_format(&s->text,
		    "%s: %zu coefficient%s of %zu program%s; %llu training run%s; %s, %s\n",
		    h->name, points, text_plural(points), programs, text_plural(programs),
		    (unsigned long long)h->runs, text_plural(h->runs), h->digest,
		    h->fields == TSEM_FIELDS_STRICT ? "strict" : "portable");
	tell_paths(s, TSEM_MODEL_PSEUDONYMS, "content does not matter");
	tell_paths(s, TSEM_MODEL_SCRATCH, "scratch directory");
	for (size_t i = 0; i < s->program_count; i++) {
		if (!programs_find(&s->programs, s->list[i]->previous))
			tell_program(s, s->list[i], 0);
	}
	tell_rest(s);
}

static void tell_json_text(struct show *s, const char *before, const char *value)
{
	text_add_string(&s->text, before);
	if (value)
		text_add_json(&s->text, value, strlen(value));
	else
		text_add_string(&s->text, "null");
}

static void tell_json_program(struct show *s, const struct program *program)
{
	bool any = false;

	tell_json_text(s, "{\"task_id\": ", program->task_id);
	tell_json_text(s, ", \"previous\": ", *program->previous ? program->previous : NULL);
	tell_json_text(s, ", \"path\": ", program->path);
	tell_json_text(s, ", \"script\": ", program->script);
	text_add_string(&s->text, ", \"does\": [");
	for (size_t i = deeds_of(s, program->task_id); i < s->deed_count; i = next_deed(s, i)) {
		tell_json_text(s, any ? ", " : "", s->deeds[i].words);
		any = true;
	}
	text_add_string(&s->text, "]}");
}

static void tell_json_paths(struct show *s, enum tsem_model_list list, const char *name)
{
	size_t count;
	const char *const *paths = tsem_model_get_paths(s->model.model, list, &count);

	text_format(&s->text, ", \"%s\": [", name);
	for (size_t i = 0; i < count; i++)
		tell_json_text(s, i ? ", " : "", paths[i]);
	text_add_string(&s->text, "]");
}

static void tell_json(struct show *s)
{
	const struct tsem_model_header *h = tsem_model_get_header(s->model.model);

	tell_json_text(s, "{\"name\": ", h->name);
	tell_json_text(s, ", \"digest\": ", h->digest);
	tell_json_text(s,
		       ", \"fields\": ", h->fields == TSEM_FIELDS_STRICT ? "strict" : "portable");
	tell_json_text(s, ", \"nsref\": ", h->nsref);
	text_format(&s->text, ", \"runs\": %llu, \"coefficients\": %zu",
		    (unsigned long long)h->runs, tsem_model_point_count(s->model.model));
	tell_json_paths(s, TSEM_MODEL_PSEUDONYMS, "pseudonyms");
	tell_json_paths(s, TSEM_MODEL_SCRATCH, "scratch");
	text_add_string(&s->text, ", \"programs\": [");
	for (size_t i = 0, told = 0; i < s->program_count; i++) {
		if (is_filtered(s) && deeds_of(s, s->list[i]->task_id) == s->deed_count)
			continue;
		text_add_string(&s->text, told++ ? ", " : "");
		tell_json_program(s, s->list[i]);
	}
	text_add_string(&s->text, "]}\n");
}

static void show_done(struct show *s)
{
	for (size_t i = 0; i < s->deed_count; i++) {
		free(s->deeds[i].task_id);
		free(s->deeds[i].words);
	}
	free(s->deeds);
	free(s->list);
	programs_done(&s->programs);
	opened_done(&s->model);
	text_done(&s->text);
}

static int show(struct show *s, const char *path)
{
	int r = open_argument(path, &s->model);

	if (r)
		return r;
	r = collect(s);
	if (r == 0)
		(s->json ? tell_json : tell)(s);
	if (r < 0 || s->text.failed) {
		(void)fprintf(stderr, "quixote: %s: %s\n", path, strerror(r < 0 ? -r : ENOMEM));
		return EXIT_LOST;
	}
	(void)fwrite(text_get(&s->text), 1, s->text.size, stdout);
	return fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

static const char *event_name(size_t i, const void *userdata)
{
	/* Events begin with 1. */
	return i + 1 < TSEM_EVENT_COUNT ? tsem_events[i + 1].name : NULL;
}

static int check_event(const char *command, const char *name)
{
	const char *near;

	for (size_t i = 0; name && event_name(i, NULL); i++) {
		if (!strcmp(event_name(i, NULL), name))
			return 0;
	}
	if (!name)
		return 0;
	near = suggest(name, event_name, NULL);
	if (near)
		return command_line_error(command, "--event=%s: no such event, did you mean %s?",
					  name, near);
	return command_line_error(command, "--event=%s: no such event", name);
}

int model_show_main(int argc, char *argv[])
{
	static const struct grammar grammar = { help, options, 1, 1, "one FILE", NULL };
	_cleanup_(show_done) struct show s = { .json = false };
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	s.json = line.values['j'];
	s.program = line.values['p'];
	s.event = line.values['e'];
	s.path = line.values['f'];
	r = check_event(argv[0], s.event);
	return r ? r : show(&s, line.operands[0]);
}
