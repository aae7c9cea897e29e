/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * texts.h - texts of records that were scanned before, and the coefficients that
 * came of them: what an event repeats is neither scanned nor hashed again.
 *
 * A line is cut where the kernel's printer puts the members of the event object.
 * Those that enter the coefficient, and all behind that object, are compared byte
 * for byte with a text that was scanned; the others (pid, number, name of the
 * process, times) are read here. A line of any other form, and one that is not
 * known, is the scanner's business. No allocation; the memory is the caller's.
 */
#ifndef TSEM_CORE_TEXTS_H
#define TSEM_CORE_TEXTS_H

#include "record.h"

/** TSEM_TEXTS_COUNT - Texts that are kept: more than most models have points. */
#define TSEM_TEXTS_COUNT 2048u

/** TSEM_TEXTS_WAYS - Places where one text may be; the others are not looked at. */
#define TSEM_TEXTS_WAYS 4u

/** TSEM_TEXT_MAX - Longest text kept, in bytes: with two usual paths; others are scanned. */
#define TSEM_TEXT_MAX 1968u

/** TSEM_TEXT_PARTS - Of a line that enter the coefficient: type, digests, all behind "event". */
#define TSEM_TEXT_PARTS 3

/**
 * struct tsem_text - A line that is cut as the kernel prints it; nothing else is known of it.
 * @kind: TSEM_RECORD_EVENT or TSEM_RECORD_ASYNC.
 * @number: Of the event.
 * @pid: Of the task.
 * @parts: What enters the coefficient; inside the line.
 * @size: Bytes of all parts.
 * @hash: Of them, keyed; never 0.
 */
struct tsem_text {
	enum tsem_record_kind kind;
	uint64_t number;
	uint32_t pid;
	struct tsem_span parts[TSEM_TEXT_PARTS];
	size_t size;
	uint64_t hash;
};

/**
 * struct tsem_known_text - A text that was scanned.
 * @event: Which event it is of.
 * @sizes: Of its parts.
 * @coefficient: What it comes to.
 * @bytes: Its parts, one behind the other.
 */
struct tsem_known_text {
	enum tsem_event_id event;
	uint32_t sizes[TSEM_TEXT_PARTS];
	struct tsem_digest coefficient;
	uint8_t bytes[TSEM_TEXT_MAX];
};

/**
 * struct tsem_texts - Those that are known, of one hash function, projection and set of
 *	pseudonyms: whoever changes one of these begins with zeros again.
 * @hashes: Of @known; 0 where there is none.
 */
struct tsem_texts {
	uint64_t hashes[TSEM_TEXTS_COUNT];
	struct tsem_known_text known[TSEM_TEXTS_COUNT];
};

/** struct tsem_text_key - Secret, so that nobody can choose which texts displace each other. */
struct tsem_text_key {
	uint64_t words[2];
};

/**
 * tsem_text_cut() - Cut a line where it is printed as the kernel does.
 * @line: Without its line feed; what @ret has points into it.
 * @digest_size: D of the namespace, in bytes.
 *
 * Return: whether it could be cut: else it has to be scanned, and is not kept.
 */
bool tsem_text_cut(const char *line, size_t size, unsigned int digest_size,
		   const struct tsem_text_key *key, struct tsem_text *ret);

/** tsem_texts_find() - Return: the known text of which every byte is the same; NULL if there is
 * none. Then tsem_record_scan() takes the line, and says of it what @text and this say. */
const struct tsem_known_text *tsem_texts_find(const struct tsem_texts *texts,
					      const struct tsem_text *text);

/**
 * tsem_texts_keep() - Know a text from now on; an older one may be displaced.
 * @record: What the scanner made of the line that @text was cut of.
 * @coefficient: Of this record.
 */
void tsem_texts_keep(struct tsem_texts *texts, const struct tsem_text *text,
		     const struct tsem_record *record, const struct tsem_digest *coefficient);

#endif
