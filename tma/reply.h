/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reply.h - answers in JSON, in a buffer that does not grow: whole answers or
 * none.
 */
#ifndef QUIXOTE_REPLY_H
#define QUIXOTE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../libtsem/core/coefficient.h"

/**
 * struct reply - Answers that wait to be sent.
 * @data: Memory; borrowed.
 * @size: Of it.
 * @begin: First byte that was not sent.
 * @end: Behind the last one.
 * @full: Something did not fit since reply_open().
 * @opened: Where the answer that is being written begins.
 */
struct reply {
	char *data;
	size_t size;
	size_t begin;
	size_t end;
	bool full;
	size_t opened;
};

static inline bool reply_is_pending(const struct reply *reply)
{
	return reply->begin < reply->end;
}

/** reply_open() - Begin an answer. @error: Name of an error, or NULL. */
void reply_open(struct reply *reply, const char *error);

/** reply_close() - End it; if it did not fit, it was never there. Return: whether it fits. */
bool reply_close(struct reply *reply, bool continues);

/* Members of the object that is open. A name is what it is; texts are escaped. */
void reply_begin(struct reply *reply, const char *name);
void reply_end(struct reply *reply);
void reply_number(struct reply *reply, const char *name, uint64_t value);
void reply_text(struct reply *reply, const char *name, const char *value);
void reply_digest(struct reply *reply, const char *name, const struct tsem_digest *digest,
		  unsigned int size);

/** reply_json() - A value that is JSON already. */
void reply_json(struct reply *reply, const char *name, const char *json, size_t size);

/** reply_texts() - An array of one text. */
void reply_texts(struct reply *reply, const char *name, const char *const *values, size_t count);

#endif
