/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config-value.h - one value of a configuration at a time, from its text. Knows
 * no keys and no file. Private to config.c and its tests.
 */
#ifndef QUIXOTE_CONFIG_VALUE_H
#define QUIXOTE_CONFIG_VALUE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Each function: 0 and *ret set; -EBADMSG or -E2BIG and *ret_wrong set to what
 * is wrong ("has an unknown escape"), which is static; -ENOMEM. Outputs that are
 * not set are untouched.
 */

/** value_split() - Words, quoted and escaped as in systemd's ExecStart=; nothing is expanded. */
int value_split(const char *text, char ***ret, const char **ret_wrong);

/** value_usec() - "5s", "250ms", "2min", or a number of seconds; 1 ms to 1 h. */
int value_usec(const char *text, uint64_t *ret, const char **ret_wrong);

/** value_percent() - "95%", "99.5%": in parts of a million, up to four digits behind the point. */
int value_percent(const char *text, uint64_t *ret, const char **ret_wrong);

/** value_bytes() - "64M", "2G": 16 MiB to 8 GiB; "no" is 0. */
int value_bytes(const char *text, uint64_t *ret, const char **ret_wrong);

/** value_name() - Name of a workload. */
int value_name(const char *text, const char **ret_wrong);

/** value_unit() - Name of a service of systemd, no template. */
int value_unit(const char *text, const char **ret_wrong);

/** value_user() - User name or number. */
int value_user(const char *text, const char **ret_wrong);

/** value_path() - Absolute path: no empty, "." or ".." component, no final slash. */
int value_path(const char *text, const char **ret_wrong);

/** value_variable() - NAME=VALUE. */
int value_variable(const char *text, const char **ret_wrong);

/** value_words_free() - Takes NULL. Return: NULL. */
char **value_words_free(char **words);

static inline void value_words_freep(char ***words)
{
	*words = value_words_free(*words);
}

#endif
