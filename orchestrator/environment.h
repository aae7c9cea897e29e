/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* environment.h - a list of NAME=VALUE that owns its texts. */
#ifndef QUIXOTE_ENVIRONMENT_H
#define QUIXOTE_ENVIRONMENT_H

/** environment_set() - Replace a variable, or add it. Return: 0, or -ENOMEM and the list is as it
 * was. */
int environment_set(char ***list, const char *assignment);

/** environment_set_value() - The same in two parts. */
int environment_set_value(char ***list, const char *name, const char *value);

/** environment_unset() - Remove a variable, if it is there. */
void environment_unset(char **list, const char *name);

/** environment_add_all() - Set every variable of another list; NULL is an empty one. */
int environment_add_all(char ***list, char *const *other);

/** environment_get() - Return: its value, borrowed, or NULL. */
const char *environment_get(char *const *list, const char *name);

/** environment_free() - Takes NULL. Return: NULL. */
char **environment_free(char **list);

static inline void environment_freep(char ***list)
{
	*list = environment_free(*list);
}

#endif
