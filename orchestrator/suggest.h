/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* suggest.h - "did you mean": the known word that is nearest to a mistyped one. */
#ifndef QUIXOTE_SUGGEST_H
#define QUIXOTE_SUGGEST_H

#include <stddef.h>

/**
 * suggest() - Find the nearest word.
 * @typed: What was typed.
 * @word: Word number @i of those that exist, or NULL behind the last one.
 * @userdata: For @word.
 *
 * Return: a word that @word gave, or NULL if none is near enough to be meant.
 */
const char *suggest(const char *typed, const char *(*word)(size_t i, const void *userdata),
		    const void *userdata);

#endif
