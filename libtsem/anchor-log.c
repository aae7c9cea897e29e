// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * anchor-log.c - see anchor-log.h. A line is made by printing its content,
 * applying that to a copy of the chains, and computing the digest; it is
 * replayed by doing the same with the content that it has.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "anchor-first.h"
#include "cleanup.h"

/* What is hashed begins with what it is, so that no hash of one kind is one of another. */
#define ROOT_TAG "quixote anchor root 1\n"
#define RECORD_TAG "quixote anchor record 1\n"

#define LINE_HEAD                                                                                  \
	"{\"recnum\":%" PRIu64                                                                     \
	",\"pcr\":%u,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"%s\"}],"                    \
	"\"content_type\":\"quixote\",\"content\":"

/* Numbers and digest of a line, with what stands around them. */
#define LINE_HEAD_BYTES 256u

/** struct hashing - SHA-256 on its way. */
struct hashing {
	struct tsem_sha256 ctx;
};

static void hash_begin(struct hashing *h)
{
	tsem_sha256_ops.init(&h->ctx);
}

static void hash_add(struct hashing *h, const void *data, size_t size)
{
	tsem_sha256_ops.update(&h->ctx, data, size);
}

static void hash_end(struct hashing *h, uint8_t ret[TSEM_ANCHOR_HASH])
{
	tsem_sha256_ops.final(&h->ctx, ret);
}

/* H(old || new): a chain's head, and what the TPM makes of a register. */
static void extend(uint8_t value[TSEM_ANCHOR_HASH], const void *data, size_t size)
{
	struct hashing h;

	hash_begin(&h);
	hash_add(&h, value, TSEM_ANCHOR_HASH);
	hash_add(&h, data, size);
	hash_end(&h, value);
}

static void hash_root(const struct tsem_anchor_log *log, uint8_t ret[TSEM_ANCHOR_HASH])
{
	char head[2 * TSEM_ANCHOR_HASH + 1];
	char line[256];
	struct hashing h;

	hash_begin(&h);
	hash_add(&h, ROOT_TAG, strlen(ROOT_TAG));
	for (size_t i = 0; i < log->chain_count; i++) {
		const struct tsem_anchor_chain *chain = &log->chains[i];
		int n;

		tsem_anchor_hex(chain->head, sizeof(chain->head), head);
		n = snprintf(line, sizeof(line), "%s %" PRIu64 " %" PRIu64 " %s\n", chain->workload,
			     chain->number, chain->version, head);
		hash_add(&h, line, n);
	}
	hash_end(&h, ret);
}

static void hash_record(const struct tsem_anchor_log *log, const char *content, size_t size,
			uint8_t ret[TSEM_ANCHOR_HASH])
{
	uint8_t root[TSEM_ANCHOR_HASH];
	struct hashing h;

	hash_root(log, root);
	hash_begin(&h);
	hash_add(&h, RECORD_TAG, strlen(RECORD_TAG));
	hash_add(&h, root, sizeof(root));
	hash_add(&h, content, size);
	hash_end(&h, ret);
}

/* Where it is, or would be. */
static size_t chain_place(const struct tsem_anchor_log *log, const char *workload, bool *ret_found)
{
	size_t low = 0, high = log->chain_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(log->chains[middle].workload, workload);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = false;
	return low;
}

const struct tsem_anchor_chain *tsem_anchor_log_find(const struct tsem_anchor_log *log,
						     const char *workload)
{
	bool found;
	size_t place = chain_place(log, workload, &found);

	return found ? &log->chains[place] : NULL;
}

static struct tsem_anchor_chain *chain_of(struct tsem_anchor_log *log, const char *workload)
{
	bool found;
	size_t place = chain_place(log, workload, &found);
	struct tsem_anchor_chain *chain = &log->chains[place];

	if (found)
		return chain;
	if (log->chain_count == TSEM_ANCHOR_CHAINS)
		return NULL;
	memmove(chain + 1, chain, (log->chain_count - place) * sizeof(*chain));
	log->chain_count++;
	*chain = (struct tsem_anchor_chain){};
	memcpy(chain->workload, workload, strlen(workload) + 1);
	return chain;
}

int tsem_anchor_log_init(struct tsem_anchor_log *log, unsigned int pcr)
{
	*log = (struct tsem_anchor_log){ .pcr = pcr };
	log->chains = calloc(TSEM_ANCHOR_CHAINS, sizeof(*log->chains));
	return log->chains ? 0 : -ENOMEM;
}

void tsem_anchor_log_done(struct tsem_anchor_log *log)
{
	free(TAKE_PTR(log->chains));
}

/* A log of its own with the same chains, to see where a line would lead. */
static int copy_log(const struct tsem_anchor_log *log, struct tsem_anchor_log *ret)
{
	struct tsem_anchor_chain *chains = calloc(TSEM_ANCHOR_CHAINS, sizeof(*chains));

	if (!chains)
		return -ENOMEM;
	memcpy(chains, log->chains, log->chain_count * sizeof(*chains));
	*ret = *log;
	ret->chains = chains;
	return 0;
}

/* The line is good: what it leads to is the log. */
static void accept(struct tsem_anchor_log *log, struct tsem_anchor_log *next,
		   const uint8_t digest[TSEM_ANCHOR_HASH])
{
	next->lines++;
	memcpy(next->before, next->value, sizeof(next->before));
	memcpy(next->extended, digest, sizeof(next->extended));
	extend(next->value, digest, TSEM_ANCHOR_HASH);
	next->records++;
	free(log->chains);
	*log = *next;
	next->chains = NULL;
}

/* With the line feed that it has in its file. */
static void hash_line(struct tsem_anchor_log *log, const char *line, size_t size)
{
	tsem_sha256_ops.update(&log->file, line, size);
	tsem_sha256_ops.update(&log->file, "\n", 1);
}

void tsem_anchor_log_hash_file(const struct tsem_anchor_log *log, uint8_t ret[TSEM_ANCHOR_HASH])
{
	struct tsem_sha256 file = log->file;

	memset(ret, 0, TSEM_ANCHOR_HASH);
	if (log->lines)
		tsem_sha256_ops.final(&file, ret);
}

static int apply_entry(struct tsem_anchor_log *log, const struct tsem_anchor_entry *entry,
		       const char *text, size_t size)
{
	struct tsem_anchor_chain *chain = chain_of(log, entry->workload);

	if (!chain)
		return -E2BIG;
	if (entry->number != chain->number + 1)
		return tsem_refuse_line(log, "an entry is not the next one of its chain");
	extend(chain->head, text, size);
	chain->number = entry->number;
	if (entry->version > chain->version)
		chain->version = entry->version;
	chain->violated = entry->outside || (chain->violated && entry->kind != TSEM_ANCHOR_START);
	chain->last = *entry;
	chain->record = log->records;
	chain->known = true;
	return 0;
}

/* Those that the record has entries of: whatever their number, one step. */
static void fold_heads(struct tsem_anchor_log *log)
{
	for (size_t i = 0; i < log->chain_count; i++) {
		struct tsem_anchor_chain *chain = &log->chains[i];

		if (!chain->known || chain->record != log->records)
			continue;
		memcpy(chain->folded_before, chain->folded, sizeof(chain->folded));
		extend(chain->folded, chain->head, sizeof(chain->head));
	}
}

static int take_entries(struct tsem_anchor_log *log, struct tsem_cursor *c)
{
	size_t count = 0;

	if (tsem_take(c, "{\"kind\":\"append\",\"entries\":[") < 0)
		return tsem_refuse_line(log, "unknown content");
	do {
		struct tsem_anchor_entry entry;
		const char *begin;
		int r;

		if (count && tsem_take(c, ",") < 0)
			return tsem_refuse_line(log, "an entry that is spelled in another way");
		begin = c->at;
		if (tsem_anchor_entry_take(c, &entry) < 0)
			return tsem_refuse_line(log, "an entry that is spelled in another way");
		r = apply_entry(log, &entry, begin, c->at - begin);
		if (r < 0)
			return r;
	} while (++count < TSEM_ANCHOR_BATCH && !tsem_next_is(c, "]"));
	if (tsem_take(c, "]}") < 0)
		return tsem_refuse_line(log, "more than entries");
	fold_heads(log);
	return 0;
}

static int take_content(struct tsem_anchor_log *log, const char *content, size_t size)
{
	struct tsem_cursor c = { content, content + size };
	int r;

	if (!log->records)
		r = tsem_take_begin(log, &c);
	else if (!log->lines || tsem_next_is(&c, "{\"kind\":\"checkpoint\""))
		r = tsem_take_checkpoint(log, &c);
	else
		r = take_entries(log, &c);
	if (r == 0 && c.at != c.end)
		return tsem_refuse_line(log, "something stands behind its content");
	return r;
}

/* Returns the size of the head, up to the content. */
static int take_head(struct tsem_anchor_log *log, struct tsem_cursor *c,
		     uint8_t digest[TSEM_ANCHOR_HASH])
{
	uint64_t recnum, pcr;

	if (tsem_take(c, "{\"recnum\":") < 0 || tsem_take_number(c, &recnum) < 0 ||
	    tsem_take(c, ",\"pcr\":") < 0 || tsem_take_number(c, &pcr) < 0 ||
	    tsem_take(c, ",\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"") < 0 ||
	    tsem_take_hex(c, digest, TSEM_ANCHOR_HASH) < 0 ||
	    tsem_take(c, "\"}],\"content_type\":\"quixote\",\"content\":") < 0)
		return tsem_refuse_line(log, "it is no record of this log");
	if (!log->lines)
		log->first = log->records = recnum;
	if (recnum != log->records || recnum == UINT64_MAX)
		return tsem_refuse_line(log, "its number is not the next one");
	if (pcr != log->pcr)
		return tsem_refuse_line(log, "it is about another register");
	return 0;
}

/* Into a log of its own, which nobody has if it is refused. */
static int take_line(struct tsem_anchor_log *next, const char *line, size_t size,
		     uint8_t ret_digest[TSEM_ANCHOR_HASH])
{
	struct tsem_cursor c = { line, line + size };
	uint8_t computed[TSEM_ANCHOR_HASH];
	size_t content_size;
	int r = take_head(next, &c, ret_digest);

	if (r < 0)
		return r;
	if (c.at == c.end || c.end[-1] != '}')
		return tsem_refuse_line(next, "it does not end as a record");
	content_size = c.end - 1 - c.at;
	r = take_content(next, c.at, content_size);
	if (r < 0)
		return r;
	hash_record(next, c.at, content_size, computed);
	return memcmp(computed, ret_digest, sizeof(computed)) == 0
		       ? 0
		       : tsem_refuse_line(next, "its digest does not follow from its content");
}

int tsem_anchor_log_replay(struct tsem_anchor_log *log, const char *line, size_t size)
{
	struct tsem_anchor_log next = { .chains = NULL };
	uint8_t digest[TSEM_ANCHOR_HASH];
	int r;

	if (size >= TSEM_ANCHOR_LINE_BYTES)
		return tsem_refuse_line(log, "it is too long");
	r = copy_log(log, &next);
	if (r < 0)
		return r;
	r = take_line(&next, line, size, digest);
	if (r == 0) {
		hash_line(&next, line, size);
		accept(log, &next, digest);
	} else {
		memcpy(log->error, next.error, sizeof(log->error));
	}
	free(next.chains);
	return r;
}

/* The content stands in @ret behind room for the head; the head goes before it. */
static int finish_line(struct tsem_anchor_log *log, const struct tsem_printing *p, char *ret)
{
	uint8_t digest[TSEM_ANCHOR_HASH];
	char hex[2 * TSEM_ANCHOR_HASH + 1], head[LINE_HEAD_BYTES];
	struct tsem_anchor_log next = { .chains = NULL };
	int r = copy_log(log, &next), n;

	if (r < 0)
		return r;
	r = take_content(&next, p->text, p->used);
	if (r == 0) {
		hash_record(&next, p->text, p->used, digest);
		tsem_anchor_hex(digest, sizeof(digest), hex);
		n = snprintf(head, sizeof(head), LINE_HEAD, log->records, log->pcr, hex);
		memmove(ret + n, p->text, p->used);
		memcpy(ret, head, n);
		ret[n + p->used] = '}';
		ret[n + p->used + 1] = '\0';
		r = n + (int)p->used + 1;
		hash_line(&next, ret, r);
		accept(log, &next, digest);
	}
	free(next.chains);
	return r == -EBADMSG ? -EINVAL : r;
}

static struct tsem_printing printing_in(char *line)
{
	return (struct tsem_printing){ .text = line + LINE_HEAD_BYTES,
				       .room = TSEM_ANCHOR_LINE_BYTES - LINE_HEAD_BYTES - 2 };
}

int tsem_anchor_log_begin(struct tsem_anchor_log *log, const struct tsem_anchor_begin *begin,
			  const struct tsem_anchor_log *old, char *ret)
{
	struct tsem_printing p = printing_in(ret);
	struct tsem_anchor_begin b = *begin;
	int r;

	b.file.time_usec = begin->time_usec;
	if (old)
		tsem_anchor_log_hash_file(old, b.file.before);
	r = log->lines ? -EINVAL : tsem_print_begin(&p, &b, old);
	return r < 0 ? r : finish_line(log, &p, ret);
}

int tsem_anchor_log_checkpoint(struct tsem_anchor_log *log, const struct tsem_anchor_file *file,
			       char *ret)
{
	struct tsem_printing p = printing_in(ret);
	struct tsem_anchor_log with = *log; /* the same chains */
	int r;

	with.begin.file = *file;
	tsem_anchor_log_hash_file(log, with.begin.file.before);
	r = log->lines ? tsem_print_checkpoint(&p, &with) : -EINVAL;
	return r < 0 ? r : finish_line(log, &p, ret);
}

/* Several of one workload follow each other. */
static void number_entries(const struct tsem_anchor_log *log, struct tsem_anchor_entry *entries,
			   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct tsem_anchor_chain *chain =
			tsem_anchor_log_find(log, entries[i].workload);

		entries[i].number = chain ? chain->number + 1 : 1;
		for (size_t k = 0; k < i; k++)
			entries[i].number += !strcmp(entries[k].workload, entries[i].workload);
	}
}

int tsem_anchor_log_append(struct tsem_anchor_log *log, struct tsem_anchor_entry *entries,
			   size_t count, char *ret)
{
	struct tsem_printing p = printing_in(ret);
	char text[TSEM_ANCHOR_ENTRY_BYTES];
	int r;

	if (!count || count > TSEM_ANCHOR_BATCH || !log->lines)
		return -EINVAL;
	number_entries(log, entries, count);
	r = tsem_print(&p, "{\"kind\":\"append\",\"entries\":[");
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (!tsem_anchor_entry_is_valid(&entries[i]))
			return -EINVAL;
		(void)tsem_anchor_entry_print(&entries[i], text);
		r = tsem_print(&p, "%s%s", i ? "," : "", text);
	}
	if (r == 0)
		r = tsem_print(&p, "]}");
	return r < 0 ? r : finish_line(log, &p, ret);
}

int tsem_anchor_log_parse_boot(const char *text, char ret[33])
{
	static const size_t groups[] = { 8, 4, 4, 4, 12 };
	static const char digits[] = "0123456789abcdef";
	char boot[33];
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		if (i && *text++ != '-')
			return -EBADMSG;
		for (size_t k = 0; k < groups[i]; k++, text++) {
			if (!*text || !strchr(digits, *text))
				return -EBADMSG;
			boot[used++] = *text;
		}
	}
	if (*text && strcmp(text, "\n") != 0)
		return -EBADMSG;
	boot[used] = '\0';
	memcpy(ret, boot, sizeof(boot));
	return 0;
}
