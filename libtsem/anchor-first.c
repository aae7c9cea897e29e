// SPDX-License-Identifier: LGPL-2.1-or-later
/* anchor-first.c - see anchor-first.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "anchor-first.h"
#include "cleanup.h"

int tsem_refuse_line(struct tsem_anchor_log *log, const char *why)
{
	(void)snprintf(log->error, sizeof(log->error), "line %" PRIu64 ": %s", log->lines + 1, why);
	return -EBADMSG;
}

int tsem_print(struct tsem_printing *p, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(p->text + p->used, p->room - p->used, format, arguments);
	va_end(arguments);
	if (n < 0 || (size_t)n >= p->room - p->used)
		return -E2BIG;
	p->used += n;
	return 0;
}

/** struct member - A name with what stands before it, and its value: a number or a hash. */
struct member {
	const char *before;
	uint64_t *number;
	uint8_t *hash;
};

static int take_members(struct tsem_cursor *c, const struct member *members, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct member *m = &members[i];

		if (tsem_take(c, m->before) < 0 ||
		    (m->number ? tsem_take_number(c, m->number)
			       : tsem_take_hex(c, m->hash, TSEM_ANCHOR_HASH)) < 0)
			return -EBADMSG;
	}
	return 0;
}

/* Chains. */

static int print_chain(struct tsem_printing *p, const struct tsem_anchor_chain *chain)
{
	char head[2 * TSEM_ANCHOR_HASH + 1];

	tsem_anchor_hex(chain->head, sizeof(chain->head), head);
	return tsem_print(p,
			  "{\"workload\":\"%s\",\"number\":%" PRIu64 ",\"version\":%" PRIu64
			  ",\"head\":\"%s\"}",
			  chain->workload, chain->number, chain->version, head);
}

/* With its newest entry, which has name and number. */
static int print_known_chain(struct tsem_printing *p, const struct tsem_anchor_chain *chain)
{
	char head[2 * TSEM_ANCHOR_HASH + 1], folded[2 * TSEM_ANCHOR_HASH + 1];
	char last[TSEM_ANCHOR_ENTRY_BYTES];

	tsem_anchor_hex(chain->head, sizeof(chain->head), head);
	tsem_anchor_hex(chain->folded, sizeof(chain->folded), folded);
	(void)tsem_anchor_entry_print(&chain->last, last);
	return tsem_print(p,
			  "{\"version\":%" PRIu64 ",\"head\":\"%s\",\"folded\":\"%s\","
			  "\"violated\":%d,\"last\":%s}",
			  chain->version, head, folded, chain->violated, last);
}

static int print_any_chain(struct tsem_printing *p, const struct tsem_anchor_chain *chain)
{
	return (chain->known ? print_known_chain : print_chain)(p, chain);
}

bool tsem_anchor_log_same_chains(const struct tsem_anchor_log *a, const struct tsem_anchor_log *b)
{
	char texts[2][2 * TSEM_ANCHOR_ENTRY_BYTES];

	for (size_t i = 0; i < a->chain_count && i < b->chain_count; i++) {
		struct tsem_printing p = { texts[0], 0, sizeof(texts[0]) };
		struct tsem_printing q = { texts[1], 0, sizeof(texts[1]) };

		if (print_any_chain(&p, &a->chains[i]) < 0 ||
		    print_any_chain(&q, &b->chains[i]) < 0 || strcmp(texts[0], texts[1]) != 0)
			return false;
	}
	return a->chain_count == b->chain_count;
}

static int take_chain(struct tsem_cursor *c, struct tsem_anchor_chain *chain)
{
	const struct member rest[] = { { "\",\"number\":", &chain->number, NULL },
				       { ",\"version\":", &chain->version, NULL },
				       { ",\"head\":\"", NULL, chain->head } };

	if (tsem_take(c, "{\"workload\":\"") < 0 || tsem_take_name(c, chain->workload) < 0 ||
	    take_members(c, rest, ARRAY_SIZE(rest)) < 0 || tsem_take(c, "\"}") < 0)
		return -EBADMSG;
	return chain->number ? 0 : -EBADMSG;
}

static int take_known_chain(struct tsem_cursor *c, struct tsem_anchor_chain *chain)
{
	uint64_t violated = 0;
	const struct member rest[] = { { "{\"version\":", &chain->version, NULL },
				       { ",\"head\":\"", NULL, chain->head },
				       { "\",\"folded\":\"", NULL, chain->folded },
				       { "\",\"violated\":", &violated, NULL } };

	if (take_members(c, rest, ARRAY_SIZE(rest)) < 0 || violated > 1 ||
	    tsem_take(c, ",\"last\":") < 0 || tsem_anchor_entry_take(c, &chain->last) < 0 ||
	    tsem_take(c, "}") < 0)
		return -EBADMSG;
	chain->known = true;
	chain->violated = violated;
	chain->number = chain->last.number;
	memcpy(chain->workload, chain->last.workload, sizeof(chain->workload));
	return 0;
}

static int add_chain(struct tsem_anchor_log *log, const struct tsem_anchor_chain *chain)
{
	if (log->chain_count == TSEM_ANCHOR_CHAINS)
		return -E2BIG;
	if (log->chain_count &&
	    strcmp(log->chains[log->chain_count - 1].workload, chain->workload) >= 0)
		return tsem_refuse_line(log, "chains that are not sorted");
	log->chains[log->chain_count++] = *chain;
	return 0;
}

/* Up to the end of the content. @known: May have newest entries. */
static int take_chains(struct tsem_anchor_log *log, struct tsem_cursor *c, bool known)
{
	for (bool first = true; !tsem_next_is(c, "]"); first = false) {
		struct tsem_anchor_chain chain = {};
		int r = first ? 0 : tsem_take(c, ",");

		if (r == 0)
			r = known && tsem_next_is(c, "{\"version\"") ? take_known_chain(c, &chain)
								     : take_chain(c, &chain);
		if (r < 0)
			return tsem_refuse_line(log, "a chain that is spelled in another way");
		r = add_chain(log, &chain);
		if (r < 0)
			return r;
	}
	return tsem_take(c, "]}") < 0 ? tsem_refuse_line(log, "more than chains") : 0;
}

/* What stands before the chains, up to the time. */

static int print_head(struct tsem_printing *p, const char *kind, const struct tsem_anchor_begin *b)
{
	char before[2 * TSEM_ANCHOR_HASH + 1], start[2 * TSEM_ANCHOR_HASH + 1];

	tsem_anchor_hex(b->file.before, sizeof(b->file.before), before);
	tsem_anchor_hex(b->start, sizeof(b->start), start);
	return tsem_print(p,
			  "{\"kind\":\"%s\",\"format\":2,\"file\":%" PRIu64
			  ",\"before\":\"%s\",\"pruned\":%" PRIu64
			  ",\"boot\":\"%s\",\"reset\":%" PRIu64 ",\"counter\":%" PRIu64
			  ",\"start\":\"%s\",\"time\":%" PRIu64,
			  kind, b->file.serial, before, b->file.pruned, b->boot, b->reset,
			  b->counter, start, b->file.time_usec);
}

static int take_boot(struct tsem_cursor *c, struct tsem_anchor_begin *ret)
{
	uint8_t boot[16];
	const struct member rest[] = { { "\",\"reset\":", &ret->reset, NULL },
				       { ",\"counter\":", &ret->counter, NULL },
				       { ",\"start\":\"", NULL, ret->start },
				       { "\",\"time\":", &ret->file.time_usec, NULL } };

	if (tsem_take(c, "\"boot\":\"") < 0 || tsem_take_hex(c, boot, sizeof(boot)) < 0)
		return -EBADMSG;
	tsem_anchor_hex(boot, sizeof(boot), ret->boot);
	return take_members(c, rest, ARRAY_SIZE(rest));
}

/* Behind the kind. A file has a number, and its number is higher than those of pruned ones. */
static int take_head(struct tsem_cursor *c, struct tsem_anchor_begin *ret)
{
	const struct member file[] = { { "\"format\":2,\"file\":", &ret->file.serial, NULL },
				       { ",\"before\":\"", NULL, ret->file.before },
				       { "\",\"pruned\":", &ret->file.pruned, NULL } };

	if (take_members(c, file, ARRAY_SIZE(file)) < 0 || tsem_take(c, ",") < 0 ||
	    ret->file.pruned >= ret->file.serial)
		return -EBADMSG;
	return take_boot(c, ret);
}

int tsem_print_begin(struct tsem_printing *p, const struct tsem_anchor_begin *begin,
		     const struct tsem_anchor_log *old)
{
	int r = print_head(p, "begin", begin);

	if (r == 0)
		r = tsem_print(p, ",\"chains\":[");
	for (size_t i = 0; r == 0 && old && i < old->chain_count; i++) {
		if (i)
			r = tsem_print(p, ",");
		if (r == 0)
			r = print_chain(p, &old->chains[i]);
	}
	return r == 0 ? tsem_print(p, "]}") : r;
}

int tsem_print_checkpoint(struct tsem_printing *p, const struct tsem_anchor_log *log)
{
	char value[2 * TSEM_ANCHOR_HASH + 1];
	int r = print_head(p, "checkpoint", &log->begin);

	tsem_anchor_hex(log->value, sizeof(log->value), value);
	if (r == 0)
		r = tsem_print(p,
			       ",\"begun\":%" PRIu64 ",\"records\":%" PRIu64
			       ",\"value\":\"%s\",\"chains\":[",
			       log->begin.time_usec, log->records, value);
	for (size_t i = 0; r == 0 && i < log->chain_count; i++) {
		if (i)
			r = tsem_print(p, ",");
		if (r == 0)
			r = print_any_chain(p, &log->chains[i]);
	}
	return r == 0 ? tsem_print(p, "]}") : r;
}

/* A log of format 1, of the version before, has one file, and goes on. */
int tsem_take_begin(struct tsem_anchor_log *log, struct tsem_cursor *c)
{
	struct tsem_anchor_begin *b = &log->begin;
	int r = tsem_take(c, "{\"kind\":\"begin\",");

	if (r == 0 && tsem_next_is(c, "\"format\":1,"))
		r = tsem_take(c, "\"format\":1,") < 0 ? -EBADMSG : take_boot(c, b);
	else if (r == 0)
		r = take_head(c, b);
	if (r < 0 || tsem_take(c, ",\"chains\":[") < 0)
		return tsem_refuse_line(log, "it is not the begin of a log");
	b->time_usec = b->file.time_usec;
	memcpy(log->value, b->start, sizeof(log->value));
	tsem_sha256_ops.init(&log->file);
	return take_chains(log, c, false);
}

/* One spelling, and what was known before: both by printing it. */
static int compare_checkpoint(struct tsem_anchor_log *log, const char *content, size_t size)
{
	_cleanup_(freep) char *text = malloc(TSEM_ANCHOR_LINE_BYTES);
	struct tsem_printing p = { .text = text, .room = TSEM_ANCHOR_LINE_BYTES };

	if (!text)
		return -ENOMEM;
	if (tsem_print_checkpoint(&p, log) < 0 || p.used != size ||
	    memcmp(text, content, size) != 0)
		return tsem_refuse_line(log, "it does not say what the lines before it led to");
	return 0;
}

/* The file before, if it was replayed, is the one that is meant. */
static int check_file(const struct tsem_anchor_log *log, const struct tsem_anchor_file *file)
{
	uint8_t hash[TSEM_ANCHOR_HASH];

	tsem_anchor_log_hash_file(log, hash);
	if (log->begin.file.serial && file->serial != log->begin.file.serial + 1)
		return -EBADMSG;
	return file->pruned < log->begin.file.pruned ||
			       memcmp(file->before, hash, sizeof(hash)) != 0
		       ? -EBADMSG
		       : 0;
}

int tsem_take_checkpoint(struct tsem_anchor_log *log, struct tsem_cursor *c)
{
	const char *content = c->at;
	struct tsem_anchor_begin b = {};
	uint8_t value[TSEM_ANCHOR_HASH];
	uint64_t records = 0; /* is compared with the rest */
	const struct member rest[] = { { ",\"begun\":", &b.time_usec, NULL },
				       { ",\"records\":", &records, NULL },
				       { ",\"value\":\"", NULL, value } };
	int r;

	if (tsem_take(c, "{\"kind\":\"checkpoint\",") < 0 || take_head(c, &b) < 0 ||
	    take_members(c, rest, ARRAY_SIZE(rest)) < 0 || tsem_take(c, "\",\"chains\":[") < 0)
		return tsem_refuse_line(log, "it is not a checkpoint");
	if (log->lines) {
		if (check_file(log, &b.file) < 0)
			return tsem_refuse_line(log, "it is not that of the file after this one");
		log->begin.file = b.file;
		tsem_sha256_ops.init(&log->file);
		c->at = c->end;
		return compare_checkpoint(log, content, c->end - content);
	}
	log->begin = b;
	memcpy(log->value, value, sizeof(value));
	tsem_sha256_ops.init(&log->file);
	r = take_chains(log, c, true);
	return r < 0 ? r : compare_checkpoint(log, content, c->at - content);
}
