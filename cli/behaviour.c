// SPDX-License-Identifier: LGPL-2.1-or-later
/* behaviour.c - see behaviour.h. */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "behaviour.h"
#include "learned.h"
#include "phrase.h"

#define EXEC "bprm_committed_creds"

static int compare_actors(const void *a, const void *b)
{
	return strcmp(((const struct actor *)a)->key, ((const struct actor *)b)->key);
}

static void actor_free(void *node)
{
	struct actor *actor = node;

	free(actor->key);
	free(actor->name);
	free(actor->self);
	free(actor->contents);
	free(actor);
}

/* Programs. */

/* Of what has no line in the model the TASK_ID is all that is known. */
static unsigned int add_key(const struct behaviour *b, const char *task_id, struct text *key)
{
	const struct program *path[PROGRAMS_CHAIN];
	unsigned int count = programs_path(&b->programs, task_id, path);

	for (unsigned int i = 0; i < count; i++) {
		text_add_string(key, i ? "\n" : "");
		text_add_string(key, path[i]->script ?: path[i]->path);
		text_add_string(key, path[i]->script ? "\t" : "");
		text_add_string(key, path[i]->script ? path[i]->path : "");
	}
	if (!count)
		text_format(key, "\t%s", task_id);
	return count;
}

static char *take_text(struct text *t)
{
	char *text = t->failed ? NULL : t->data ?: strdup("");

	if (t->failed)
		text_done(t);
	return text;
}

static int name_actor(const struct behaviour *b, const char *task_id, struct actor *actor)
{
	const struct program *program = programs_find(&b->programs, task_id);
	struct text name = TEXT_EMPTY, self = TEXT_EMPTY;

	programs_chain(&b->programs, task_id, &name);
	if (program)
		program_name(program, &self);
	else
		programs_chain(&b->programs, task_id, &self);
	actor->name = take_text(&name);
	actor->self = take_text(&self);
	actor->contents = strdup("");
	return actor->name && actor->self && actor->contents ? 0 : -ENOMEM;
}

static int get_actor(struct behaviour *b, const char *task_id, struct actor **ret)
{
	struct actor *actor = calloc(1, sizeof(*actor)), **found;
	struct text key = TEXT_EMPTY;
	unsigned int count;

	if (!actor)
		return -ENOMEM;
	count = add_key(b, task_id, &key);
	actor->depth = count ? count - 1 : 0;
	actor->key = take_text(&key);
	found = actor->key ? tsearch(actor, &b->tree, compare_actors) : NULL;
	if (!found || *found != actor) {
		actor_free(actor);
		*ret = found ? *found : NULL;
		return found ? 0 : -ENOMEM;
	}
	b->actor_count++;
	*ret = actor;
	return name_actor(b, task_id, actor);
}

/* Digests are of one size, so that their place is found by comparing. */
static int add_content(struct actor *actor, const char *digest)
{
	size_t size = strlen(digest), at = 0;
	struct text t = TEXT_EMPTY;

	while (actor->contents[at] && strncmp(actor->contents + at, digest, size) < 0)
		at += size + 1;
	if (!strncmp(actor->contents + at, digest, size))
		return 0;
	text_add(&t, actor->contents, at);
	text_format(&t, "%s ", digest);
	text_add_string(&t, actor->contents + at);
	free(actor->contents);
	actor->contents = take_text(&t);
	return actor->contents ? 0 : -ENOMEM;
}

/** struct naming - Programs becoming actors. */
struct naming {
	struct behaviour *behaviour;
	int result;
};

static void take_program(const struct program *program, void *userdata)
{
	struct naming *n = userdata;
	const char *digest = facts_get(&program->record, program->script ? EXEC ".script.digest"
									 : EXEC ".file.digest");
	struct actor *actor;

	if (n->result == 0)
		n->result = get_actor(n->behaviour, program->task_id, &actor);
	if (n->result == 0)
		n->result = add_content(actor, digest ?: "");
}

/* Deeds. */

static bool is_address(const struct fact *object)
{
	const char *dot = strrchr(object->path, '.');

	return dot && !strcmp(dot, ".address");
}

static int add_deed(const struct tsem_model_point *point, void *userdata)
{
	struct behaviour *b = userdata;
	struct deed *deed = &b->deeds[b->deed_count];
	struct text words = TEXT_EMPTY;
	const struct fact *object;
	struct actor *actor = NULL;
	struct facts facts;
	int r = facts_parse(point->event, point->event_size, &facts);

	if (r < 0)
		return r;
	r = get_actor(b, facts_get(&facts, "event.task_id") ?: "", &actor);
	phrase_add(&facts, &b->programs, &words);
	object = phrase_object(&facts);
	*deed = (struct deed){ .actor = actor,
			       .event = phrase_event(&facts),
			       .words = take_text(&words),
			       .object = object ? strdup(object->value) : NULL,
			       .is_peer = object && is_address(object),
			       .point = point };
	b->deed_count++;
	facts_done(&facts);
	return r < 0 || !deed->words || (object && !deed->object) ? -ENOMEM : 0;
}

int behaviour_compare(const struct deed *a, const struct deed *b)
{
	int r = strcmp(a->actor->key, b->actor->key);

	return r || !a->words || !b->words ? r : strcmp(a->words, b->words);
}

static int compare_deeds(const void *a, const void *b)
{
	return behaviour_compare(a, b);
}

static void list_actor(const void *node, VISIT when, void *closure)
{
	struct behaviour *b = closure;

	if (when == postorder || when == leaf)
		b->actors[b->actor_count++] = *(struct actor *const *)node;
}

int behaviour_read(const struct tsem_model *model, struct behaviour *ret)
{
	struct naming naming = { ret, 0 };
	int r;

	*ret = (struct behaviour){ .model = model };
	ret->deeds = calloc(tsem_model_point_count(model) + 1, sizeof(*ret->deeds));
	if (!ret->deeds)
		return -ENOMEM;
	r = learned_programs(model, &ret->programs);
	if (r == 0)
		programs_each(&ret->programs, take_program, &naming);
	if (r == 0)
		r = naming.result;
	if (r == 0)
		r = tsem_model_each_point(model, add_deed, ret);
	if (r < 0)
		return -ENOMEM; /* what a model has was verified, so it parses */
	ret->actors = calloc(ret->actor_count + 1, sizeof(*ret->actors));
	if (!ret->actors)
		return -ENOMEM;
	ret->actor_count = 0;
	twalk_r(ret->tree, list_actor, ret);
	qsort(ret->deeds, ret->deed_count, sizeof(*ret->deeds), compare_deeds);
	return 0;
}

void behaviour_done(struct behaviour *b)
{
	for (size_t i = 0; i < b->deed_count; i++) {
		free(b->deeds[i].words);
		free(b->deeds[i].object);
	}
	free(b->deeds);
	free(b->actors);
	tdestroy(b->tree, actor_free);
	programs_done(&b->programs);
	*b = (struct behaviour){ .model = NULL };
}
