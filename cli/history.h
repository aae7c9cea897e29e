/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * history.h - what a model was before, in the directory MODEL.history beside it:
 * each version under the digest of its content, and a log that tells who made it
 * the model, when and why. Every file in it is whole or not there.
 */
#ifndef QUIXOTE_HISTORY_H
#define QUIXOTE_HISTORY_H

#include <stddef.h>
#include <stdint.h>

/** HISTORY_ENTRIES - Most that are kept; the oldest, and versions that only they name, go. */
#define HISTORY_ENTRIES 100

/** HISTORY_DIGEST_SIZE - Digits of SHA-256, and their NUL. */
#define HISTORY_DIGEST_SIZE 65

/**
 * struct history_entry - What the model was from then on; texts are owned.
 * @number: From 1; never given twice.
 * @time: UNIX time.
 * @by: Who.
 * @what: What was done: of a change its name, else "found" (it was changed by a run or by
 *	hand), "mode" or "rollback".
 * @digest: Of the file of the model, in hexadecimal.
 * @mode: Of the configuration; "" if that was not looked at.
 * @why: In the words of who did it.
 * @note: In the words of the program.
 */
struct history_entry {
	uint64_t number;
	int64_t time;
	char *by;
	char *what;
	char *digest;
	char *mode;
	char *why;
	char *note;
};

/**
 * struct history - Of a model, ascending.
 * @dir: Its directory; -EBADF if there is none.
 */
struct history {
	int dir;
	struct history_entry *list;
	size_t count;
};

#define HISTORY_EMPTY ((struct history){ .dir = -EBADF })

/**
 * history_open() - Read the history of a model.
 * @dir: Directory of the model.
 * @name: Of the model in @dir.
 * @create: Make it if there is none.
 * @ret: To be ended by history_done().
 *
 * Return: 0, also if there is none; -EBADMSG (a log that does not parse); an errno.
 */
int history_open(int dir, const char *name, int create, struct history *ret);

void history_done(struct history *history);

/**
 * history_keep() - Keep the content of a file as a version.
 * @fd: The file, read from its start.
 * @ret: Its digest.
 * Return: 0; an errno.
 */
int history_keep(struct history *history, int fd, char ret[HISTORY_DIGEST_SIZE]);

/** history_open_version() - Return: descriptor of a version; an errno, -EBADMSG if it was changed.
 */
int history_open_version(const struct history *history, const char *digest);

/**
 * history_add() - Add an entry; its number is set. Removes what is too old.
 * @entry: Copied.
 * Return: 0; -ENOMEM; an errno, and the log is as it was.
 */
int history_add(struct history *history, const struct history_entry *entry);

#endif
