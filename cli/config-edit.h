/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config-edit.h - one value of a configuration changed, and every other byte left
 * as the person wrote it.
 */
#ifndef QUIXOTE_CONFIG_EDIT_H
#define QUIXOTE_CONFIG_EDIT_H

#include "../orchestrator/config.h"
#include "text.h"

/**
 * config_edit_text() - Set a key in the text of a configuration.
 * @section: Without brackets; it must be there.
 * @key: Replaced where it stands; else added below the section's line.
 * Return: 0; -ENOENT (no such section).
 */
int config_edit_text(const struct text *text, const char *section, const char *key,
		     const char *value, struct text *ret);

/**
 * config_edit() - The same in a file, which has the old content or the new one.
 * @key: Of [Model].
 * @error: Filled in whenever the result is negative: also if the new content would not
 *	be a good configuration.
 */
int config_edit(const char *path, const char *key, const char *value, struct config_error *error);

#endif
