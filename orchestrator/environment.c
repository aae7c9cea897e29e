// SPDX-License-Identifier: LGPL-2.1-or-later
/* environment.c - see environment.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "environment.h"

static bool has_name(const char *assignment, const char *name, size_t length)
{
	return strncmp(assignment, name, length) == 0 && assignment[length] == '=';
}

/* Position of the variable, or of the NULL at the end. */
static size_t find(char *const *list, const char *name, size_t length)
{
	size_t i = 0;

	while (list && list[i] && !has_name(list[i], name, length))
		i++;
	return i;
}

int environment_set(char ***list, const char *assignment)
{
	size_t i = find(*list, assignment, strcspn(assignment, "="));
	_cleanup_(freep) char *copy = strdup(assignment);
	char **longer;

	if (!copy)
		return -ENOMEM;
	if (*list && (*list)[i]) {
		free((*list)[i]);
		(*list)[i] = TAKE_PTR(copy);
		return 0;
	}
	longer = reallocarray(*list, i + 2, sizeof(**list));
	if (!longer)
		return -ENOMEM;
	longer[i] = TAKE_PTR(copy);
	longer[i + 1] = NULL;
	*list = longer;
	return 0;
}

int environment_set_value(char ***list, const char *name, const char *value)
{
	_cleanup_(freep) char *assignment = NULL;

	if (asprintf(&assignment, "%s=%s", name, value) < 0) {
		assignment = NULL;
		return -ENOMEM;
	}
	return environment_set(list, assignment);
}

void environment_unset(char **list, const char *name)
{
	size_t i = find(list, name, strlen(name));

	if (!list || !list[i])
		return;
	free(list[i]);
	for (; list[i]; i++)
		list[i] = list[i + 1];
}

int environment_add_all(char ***list, char *const *other)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && other && other[i]; i++)
		r = environment_set(list, other[i]);
	return r;
}

const char *environment_get(char *const *list, const char *name)
{
	size_t length = strlen(name), i = find(list, name, length);

	return list && list[i] ? list[i] + length + 1 : NULL;
}

char **environment_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
	return NULL;
}
