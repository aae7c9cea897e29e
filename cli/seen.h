/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seen.h - how far a verifier has seen the log of a machine: quixote verify --state=FILE. Evidence
 * has to go on from there. The file has two lines, docs/attestation.md.
 */
#ifndef QUIXOTE_SEEN_H
#define QUIXOTE_SEEN_H

#include <errno.h>
#include <openssl/evp.h>

#include "../libtsem/anchor-log.h"
#include "text.h"

/**
 * struct seen - What was seen.
 * @path: Of the file; borrowed.
 * @lock: Of the file beside it; -EBADF if it is not locked.
 * @known: There is something; else all that follows but @key has no meaning.
 * @key: SHA-256 of the machine's key.
 * @made_usec: When the newest evidence was made, by the machine's clock.
 * @believed: Number of the record whose checkpoint was believed; 0 if the log is proved from its
 *            begin on.
 * @log: As it was then, and one checkpoint later.
 * @met: The log in evidence has come past where this one ended.
 */
struct seen {
	const char *path;
	int lock;
	bool known;
	uint8_t key[TSEM_ANCHOR_HASH];
	uint64_t made_usec;
	uint64_t believed;
	struct tsem_anchor_log log;
	bool met;
};

/** SEEN_EMPTY - Before anything; seen_done() ends it, too. */
#define SEEN_EMPTY ((struct seen){ .lock = -EBADF })

/**
 * seen_lock() - Keep other verifiers away from a file, until seen_done(). Waits for nobody.
 * @seen: Its @path says which.
 * Return: 0; -EBUSY if another one has it; -ENOMEM; an errno of open().
 */
int seen_lock(struct seen *seen, struct text *why);

/**
 * seen_read() - Read a file; that it is not there yet is no failure.
 * @ret: Its @path says which; to be ended by seen_done(), whatever the result.
 * @why: A sentence, whenever a result is negative, here and below.
 * Return: 0; -EBADMSG; -EKEYREJECTED (of another machine); -ENOMEM; an errno of open().
 */
int seen_read(struct seen *ret, EVP_PKEY *ak, unsigned int pcr, struct text *why);

/**
 * seen_look() - Hold a log that is being replayed against it, after each line.
 * Return: 0, and @seen->met once they have met; -EKEYREJECTED.
 */
int seen_look(struct seen *seen, const struct tsem_anchor_log *log, struct text *why);

/** seen_end() - The same, after the last line. */
int seen_end(const struct seen *seen, const struct tsem_anchor_log *log, struct text *why);

/**
 * seen_write() - This is what is seen now; whole, or not at all.
 * @believed: As in struct seen.
 * @log: It gets a checkpoint.
 */
int seen_write(const struct seen *seen, uint64_t made_usec, uint64_t believed,
	       struct tsem_anchor_log *log, struct text *why);

void seen_done(struct seen *seen);

#endif
