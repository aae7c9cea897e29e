// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * model-volatile.c - quixote model volatile: what differs from run to run, which rule
 * would leave it out, and what that would allow besides.
 */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../orchestrator/failure.h"
#include "command.h"
#include "config-edit.h"
#include "learned.h"
#include "line.h"
#include "phrase.h"
#include "revision.h"
#include "volatile.h"

/* Things that a rule would allow, told one by one. */
#define TOLD_MAX 12

/* Of a value that differs: enough of a digest. */
#define EXAMPLE_BYTES 24

static const char help[] =
	"usage: quixote model volatile [OPTION]... FILE\n"
	"       quixote model volatile [OPTION]... --accept=RULE FILE\n"
	"\n"
	"Tells what differs between training runs in one member only: the content of a file, a "
	"part\n"
	"of a name, a port; the narrowest rule that would leave it out; and what this would allow\n"
	"besides what was learned. Nothing is changed unless a RULE is accepted: then the model "
	"is\n"
	"derived anew, and the rule is added to the configuration. FILE is the model, or a\n"
	"configuration (*.cfg) that names it.\n"
	"\n"
	"      --accept=RULE  a rule as it is told: Pseudonym=FILE or Scratch=DIRECTORY/\n"
	"      --try=RULE     tell what another rule would allow\n"
	"      --why=TEXT     the reason, kept in the model\n"
	"      --json         in JSON\n"
	"  -h, --help         this text\n";

static const struct option options[] = {
	{ "accept", required_argument, NULL, 'a' }, { "try", required_argument, NULL, 't' },
	{ "why", required_argument, NULL, 'w' },    { "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },	    { NULL, 0, NULL, 0 },
};

/**
 * struct effect - Of a rule.
 * @before: Coefficients.
 * @after: The same.
 * @list: What it would allow, in words, each once.
 */
struct effect {
	size_t before, after;
	void *tree;
	char **list;
	size_t count;
};

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void effect_done(struct effect *e)
{
	tdestroy(e->tree, free); /* the texts of the list are its nodes */
	free(e->list);
}

/* Names below a scratch directory count no more: one stands for all of them. */
static int put_star(const struct rewritten *point, const struct rule *rule, struct text *ret)
{
	const char *at = point->text, *end = at + point->size, *found;
	size_t size = strlen(rule->path);

	while (rule->list == TSEM_MODEL_SCRATCH &&
	       (found = memmem(at, end - at, rule->path, size))) {
		const char *quote = memchr(found + size, '"', end - found - size) ?: end;

		text_add(ret, at, found + size - at);
		if (quote > found + size)
			text_add_string(ret, "*");
		at = quote;
	}
	text_add(ret, at, end - at);
	return ret->failed ? -ENOMEM : 0;
}

static int add_words(struct effect *e, const struct programs *programs, const struct facts *facts,
		     const struct rule *rule)
{
	struct text words = TEXT_EMPTY;
	char **list, **found;

	programs_chain(programs, facts_get(facts, "event.task_id") ?: "", &words);
	text_add_string(&words, ": ");
	phrase_add(facts, programs, &words);
	text_add_string(&words,
			rule->list == TSEM_MODEL_PSEUDONYMS ? ", whatever its content" : "");
	list = reallocarray(e->list, e->count + 1, sizeof(*list));
	if (list)
		e->list = list;
	found = list && !words.failed ? tsearch(words.data, &e->tree, compare_texts) : NULL;
	if (found && *found == words.data)
		e->list[e->count++] = words.data;
	else
		text_done(&words);
	return found ? 0 : -ENOMEM;
}

static int add_point(struct effect *e, const struct programs *programs,
		     const struct rewritten *point, const struct rule *rule)
{
	_cleanup_(text_done) struct text text = TEXT_EMPTY;
	struct facts facts;
	int r = put_star(point, rule, &text);

	if (r == 0)
		r = facts_parse(text.data, text.size, &facts);
	if (r < 0)
		return r;
	r = add_words(e, programs, &facts, rule);
	facts_done(&facts);
	return r;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What changes under the rule is what it generalises. */
static int measure(const struct generalised *g, const struct rule *rule, struct effect *ret)
{
	struct programs programs = { NULL };
	int r = learned_programs(g->model, &programs);

	ret->before = g->rewrite.point_count;
	ret->after = tsem_model_point_count(g->model);
	for (size_t i = 0; r == 0 && i < g->rewrite.point_count; i++) {
		const struct rewritten *point = &g->rewrite.points[i];

		/* What only follows from another name of a program is generalised there. */
		if (point->changed &&
		    memmem(point->text, point->size, rule->path, strlen(rule->path)))
			r = add_point(ret, &programs, point, rule);
	}
	programs_done(&programs);
	if (ret->count)
		qsort(ret->list, ret->count, sizeof(*ret->list), compare_lines);
	return r;
}

/* Telling. */

static void add_json_list(struct text *t, const char *name, char *const *list, size_t count)
{
	text_format(t, ", \"%s\": [", name);
	for (size_t i = 0; i < count && list[i]; i++) {
		text_add_string(t, i ? ", " : "");
		text_add_json(t, list[i], strlen(list[i]));
	}
	text_add_string(t, "]");
}

static void add_rule(struct text *t, const struct rule *rule)
{
	text_format(t, "%s=", rule_key(rule->list));
	text_add_shown(t, rule->path, strlen(rule->path));
}

static void tell_json(const struct variable *v, const struct effect *e, struct text *t)
{
	struct text rule = TEXT_EMPTY;

	text_format(t, "{\"member\": \"%s\", \"of\": ", v->member);
	text_add_json(t, v->of, strlen(v->of));
	text_format(t, ", \"coefficients\": %llu, \"rule\": ", (unsigned long long)v->points);
	if (v->rule.path)
		add_rule(&rule, &v->rule);
	if (v->rule.path)
		text_add_json(t, text_get(&rule), rule.size);
	else
		text_add_string(t, "null");
	text_done(&rule);
	add_json_list(t, "examples", v->examples, VOLATILE_EXAMPLES);
	text_format(t, ", \"before\": %zu, \"after\": %zu", e->before, e->after);
	add_json_list(t, "allows", e->list, e->count);
	text_add_string(t, "}\n");
}

static void tell_effect(const struct rule *rule, const struct effect *e, struct text *t)
{
	text_add_string(t, "  ");
	add_rule(t, rule);
	text_format(t, " makes %zu coefficients of %zu, and allows:\n", e->after, e->before);
	for (size_t i = 0; i < e->count && i < TOLD_MAX; i++)
		text_format(t, "    %s\n", e->list[i]);
	if (e->count > TOLD_MAX)
		text_format(t, "    and %zu more; see --json\n", e->count - TOLD_MAX);
}

static void tell_variable(const struct variable *v, struct text *t)
{
	text_format(t, "%s of ", v->member);
	text_add_shown(t, v->of, strlen(v->of));
	text_format(t, " differs in %llu coefficients:", (unsigned long long)v->points);
	for (size_t i = 0; i < VOLATILE_EXAMPLES && v->examples[i]; i++) {
		size_t size = strlen(v->examples[i]);

		text_add_string(t, i ? ", " : " ");
		text_add_shown(t, v->examples[i], size < EXAMPLE_BYTES ? size : EXAMPLE_BYTES);
		text_add_string(t, size < EXAMPLE_BYTES ? "" : "…");
	}
	text_add_string(t, v->points > VOLATILE_EXAMPLES ? ", and more\n" : "\n");
}

static void tell(const struct variable *v, const struct effect *e, struct text *t)
{
	if (v->points)
		tell_variable(v, t);
	if (v->rule.path)
		tell_effect(&v->rule, e, t);
	else
		text_add_string(
			t, !strcmp(v->member, "name")
				   ? "  no rule is narrow enough: give it a directory of its own\n"
				   : "  no rule leaves it out: let the program use the same each "
				     "time\n");
}

static int tell_one(const struct revision *r, const struct variable *v, bool json, struct text *t)
{
	struct generalised g = { .model = NULL };
	_cleanup_(effect_done) struct effect effect = { .tree = NULL };
	int result = 0;

	if (v->rule.path)
		result = generalise(r->opened.model, r->opened.hasher, &v->rule, &g);
	if (result == 0 && v->rule.path)
		result = measure(&g, &v->rule, &effect);
	if (result == 0)
		(json ? tell_json : tell)(v, &effect, t);
	generalised_done(&g);
	return result;
}

static int print(const struct revision *r, int result, struct text *t)
{
	if (result < 0 || t->failed)
		return revision_fail(r, result < 0 ? result : -ENOMEM);
	(void)fwrite(text_get(t), 1, t->size, stdout);
	return fflush(stdout) ? EXIT_LOST : EXIT_SUCCESS;
}

static int tell_all(const struct revision *r, bool json)
{
	_cleanup_(variables_done) struct variables variables = { NULL, 0 };
	_cleanup_(text_done) struct text text = TEXT_EMPTY;
	int result = variables_find(r->opened.model, &variables);

	for (size_t i = 0; result == 0 && i < variables.count; i++)
		result = tell_one(r, &variables.list[i], json, &text);
	if (tsem_model_get_header(r->opened.model)->runs < 2)
		text_add_string(&text,
				json ? "" : "a single run differs from nothing: run it again\n");
	else if (!variables.count && !json)
		text_add_string(&text, "nothing differs in one member only\n");
	return print(r, result, &text);
}

/* Accepting. */

static int take_rule(const char *text, struct rule *ret)
{
	for (unsigned int list = 0; list < TSEM_MODEL_LIST_COUNT; list++) {
		const char *key = rule_key(list), *path = text + strlen(key) + 1;
		bool is_directory = list == TSEM_MODEL_SCRATCH;

		if (strncmp(text, key, strlen(key)) != 0 || text[strlen(key)] != '=')
			continue;
		if (path[0] != '/' || !path[1] || (path[strlen(path) - 1] == '/') != is_directory)
			break;
		ret->list = list;
		ret->path = strdup(path);
		return ret->path ? 0 : EXIT_LOST;
	}
	return command_line_error(
		"model volatile",
		"\"%s\" is no rule; expected Pseudonym=/FILE or Scratch=/DIRECTORY/", text);
}

/* The list as a configuration has it. */
static void add_paths(const struct tsem_model *model, enum tsem_model_list list, struct text *t)
{
	size_t count;
	const char *const *paths = tsem_model_get_paths(model, list, &count);

	for (size_t i = 0; i < count; i++) {
		text_add_string(t, i ? " " : "");
		text_add_word(t, paths[i]);
	}
}

static int configure(const struct revision *r, const struct rule *rule)
{
	_cleanup_(text_done) struct text value = TEXT_EMPTY;
	struct config_error error;

	add_paths(r->opened.model, rule->list, &value);
	if (r->config &&
	    config_edit(r->argument, rule_key(rule->list), text_get(&value), &error) == 0)
		return 0;
	if (r->config)
		(void)fprintf(stderr, "quixote: %s\n", error.text);
	(void)fprintf(stderr, "quixote: %s: the configuration must have, below [Model]: %s=%s\n",
		      r->path, rule_key(rule->list), text_get(&value));
	return r->config ? EXIT_CONFIGURATION : 0;
}

static int accept_rule(struct revision *r, const struct rule *rule, const char *why)
{
	struct generalised g = { .model = NULL };
	struct text note = TEXT_EMPTY;
	uint64_t change;
	int result = generalise(r->opened.model, r->opened.hasher, rule, &g);

	if (result < 0)
		return result == -EEXIST
			       ? command_line_error("model volatile", "the model has this rule")
			       : revision_fail(r, result);
	add_rule(&note, rule);
	rewrite_done(&g.rewrite); /* it points into the old model */
	(void)tsem_model_free(r->opened.model);
	r->opened.model = TAKE_PTR(g.model);
	result = revision_change(r,
				 &(struct tsem_model_change){ .what = TSEM_MODEL_GENERALISE,
							      .why = why,
							      .note = text_get(&note) },
				 &change);
	if (result == 0)
		result = revision_commit(r, &(struct history_entry){ .what = (char *)"generalise",
								     .why = (char *)why,
								     .note = note.data });
	text_done(&note);
	return result ?: configure(r, rule);
}

static int work(struct revision *r, const struct line *line, const struct rule *rule)
{
	const struct variable variable = { .rule = *rule, .member = "rule", .of = rule->path };
	struct text text = TEXT_EMPTY;
	int result;

	if (!rule->path)
		return tell_all(r, line->values['j']);
	result = tell_one(r, &variable, line->values['j'], &text);
	if (result == -EEXIST)
		result = command_line_error("model volatile", "the model has this rule");
	else
		result = print(r, result, &text);
	text_done(&text);
	if (result || !line->values['a'])
		return result;
	return accept_rule(r, rule, line->values['w']);
}

int model_volatile_main(int argc, char *argv[])
{
	static const struct grammar grammar = { help, options, 1, 1, "one FILE", NULL };
	_cleanup_(revision_done) struct revision revision = REVISION_EMPTY;
	struct rule rule = { .path = NULL };
	struct line line;
	int r = line_parse(argc, argv, &grammar, &line);

	if (r == 0 && line.values['a'] && line.values['t'])
		r = command_line_error(argv[0], "either --accept or --try is expected");
	if (r == 0 && (line.values['a'] ?: line.values['t']))
		r = take_rule(line.values['a'] ?: line.values['t'], &rule);
	if (r == 0)
		r = revision_begin(line.operands[0], &revision);
	if (r == 0)
		r = work(&revision, &line, &rule);
	free(rule.path);
	return r < 0 ? EXIT_SUCCESS : r;
}
