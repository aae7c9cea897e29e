/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* anchored.h - the anchor's log, read and replayed: its newest file, and those before. */
#ifndef QUIXOTE_ANCHORED_H
#define QUIXOTE_ANCHORED_H

#include "../libtsem/anchor-log.h"
#include "../tma/anchor/settings.h"

/**
 * struct anchored - A log.
 * @text: Whole files, each line with its line feed; what was not whole is left out.
 * @size: Of it, up to where it was replayed.
 * @log: After that; its first line is the newest file's.
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

/**
 * anchored_add_before() - Put the files before the newest one before it in @a->text, until a record
 * is in it. Each is what the one after it says.
 * @from: Number of the record; more than there are for none.
 * Return: 0; -ENOENT (one is missing); -EBADMSG (one is another); -EFBIG; -ENOMEM; an errno of
 * read().
 */
int anchored_add_before(const struct settings *settings, uint64_t from, struct anchored *a);

/**
 * struct anchored_kept - What is there of the files before.
 * @newest: Number of the newest file; 0 if it has none.
 * @oldest: From which on all are there, each as the one after it says.
 * @pruned: Up to which the anchor has removed them.
 * @missing: The one before @oldest should be there, and is not.
 * @changed: It is there, and is another.
 */
struct anchored_kept {
	uint64_t newest;
	uint64_t oldest;
	uint64_t pruned;
	bool missing;
	bool changed;
};

/** anchored_look_back() - Return: 0, whatever is found; -ENOMEM; an errno of read(). */
int anchored_look_back(const struct settings *settings, struct anchored *a,
		       struct anchored_kept *ret);

void anchored_done(struct anchored *anchored);

#endif
