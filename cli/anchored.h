/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* anchored.h - the anchor's log of this boot, read and replayed. */
#ifndef QUIXOTE_ANCHORED_H
#define QUIXOTE_ANCHORED_H

#include "../libtsem/anchor-log.h"
#include "../tma/anchor/settings.h"

/**
 * struct anchored - A log.
 * @text: The whole file, each line with its line feed; what was not whole is left out.
 * @size: Of it, up to where it was replayed.
 * @log: After that.
 * @error: A sentence, after a failure.
 */
struct anchored {
	char *text;
	size_t size;
	struct tsem_anchor_log log;
	char error[400];
};

#define ANCHORED_EMPTY ((struct anchored){ .text = NULL })

/** anchored_read() - Return: 0; -ENOENT if there is none; -EBADMSG; an errno of read(). */
int anchored_read(const struct settings *settings, struct anchored *ret);

/**
 * anchored_read_until() - The same, up to the line after which the register has a value.
 * Return: also -ESTALE if it never has.
 */
int anchored_read_until(const struct settings *settings, const uint8_t value[TSEM_ANCHOR_HASH],
			struct anchored *ret);

void anchored_done(struct anchored *anchored);

#endif
