/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* html.h - text growing as HTML: what comes from outside is shown and never acts. */
#ifndef QUIXOTE_HTML_H
#define QUIXOTE_HTML_H

#include <stdint.h>
#include <time.h>

#include "text.h"

/**
 * html_add() - Add text that may hold anything, in an element or a quoted attribute.
 * @string: Bytes as text_add_shown() takes them.
 */
void html_add(struct text *text, const char *string);

/** html_add_words() - The same for what is fit for a terminal already: phrases, names of programs. */
void html_add_words(struct text *text, const char *words);

/** html_add_time() - UTC, to the second. */
void html_add_time(struct text *text, int64_t when);

/** html_begin() - A page with the style that all have; nothing is loaded and nothing runs. */
void html_begin(struct text *text, const char *title);

void html_end(struct text *text);

#endif
