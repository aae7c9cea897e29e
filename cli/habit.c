// SPDX-License-Identifier: LGPL-2.1-or-later
/* habit.c - see habit.h. */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../libtsem/cleanup.h"
#include "habit.h"
#include "phrase.h"

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static uint64_t number(const struct facts *facts, const char *path)
{
	return strtoull(facts_get(facts, path) ?: "0", NULL, 0);
}

static bool is_look(const struct facts *facts)
{
	uint64_t mode = number(facts, "inode_getattr.path.inode.mode");

	return phrase_event(facts) == TSEM_EVENT_INODE_GETATTR && S_ISREG(mode) && mode & 0111;
}

static bool is_execution(const struct facts *facts)
{
	return phrase_event(facts) == TSEM_EVENT_FILE_OPEN &&
	       number(facts, "file_open.file.flags") & PHRASE_OPENED_FOR_EXEC;
}

int habits_add(struct habits *habits, const struct facts *learned)
{
	const char *task_id = facts_get(learned, "event.task_id");
	const struct fact *object = phrase_object(learned);
	void **tree = is_look(learned) ? &habits->looked : &habits->executed;
	_cleanup_(freep) char *key = NULL;
	char **found;

	if (!task_id || !object || (!is_look(learned) && !is_execution(learned)))
		return 0;
	if (asprintf(&key, "%s %s", task_id, object->value) < 0) {
		key = NULL;
		return -ENOMEM;
	}
	found = tsearch(key, tree, compare);
	if (!found)
		return -ENOMEM;
	if (*found == key)
		key = NULL;
	return 0;
}

/** struct search - For something that a program looked at and executed. */
struct search {
	const struct habits *habits;
	const char *task_id;
	bool found;
};

static void consider(const void *node, VISIT when, void *closure)
{
	struct search *search = closure;
	const char *key = *(const char *const *)node;

	if (when != postorder && when != leaf)
		return;
	if (!strncmp(key, search->task_id, strlen(search->task_id)))
		search->found |= tfind(key, &search->habits->looked, compare) != NULL;
}

bool habits_has(const struct habits *habits, const struct facts *seen)
{
	struct search search = { habits, facts_get(seen, "event.task_id"), false };

	if (search.task_id && is_look(seen))
		twalk_r(habits->executed, consider, &search);
	return search.found;
}

void habits_done(struct habits *habits)
{
	tdestroy(habits->looked, free);
	tdestroy(habits->executed, free);
	*habits = (struct habits){ NULL, NULL };
}
