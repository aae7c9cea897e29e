// SPDX-License-Identifier: LGPL-2.1-or-later
/* upstream.c - see upstream.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "refuse.h"
#include "upstream.h"

/**
 * struct file - Being read.
 * @line: Number of the line, from 1.
 * @ended: There was an "end".
 */
struct file {
	const struct tsem_upstream_params *params;
	struct tsem_model_error *error;
	unsigned int line;
	bool any_state;
	bool ended;
};

/** struct span - The argument of a line. */
struct span {
	const char *data;
	size_t size;
};

static int refuse(const struct file *f, const char *what)
{
	(void)tsem_refuse(f->error, -EBADMSG, "%s", what);
	f->error->line = f->line;
	return -EBADMSG;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -EBADMSG;
}

static int take_digest(const struct file *f, struct span argument, struct tsem_digest *ret)
{
	struct tsem_digest digest = { .bytes = { 0 } };

	if (argument.size != 2 * f->params->digest_size)
		return refuse(f, "not a digest of the length of this hash function");
	for (size_t i = 0; i < argument.size; i++) {
		int value = hex_value(argument.data[i]);

		if (value < 0)
			return refuse(f, "not a hexadecimal digest");
		digest.bytes[i / 2] |= i % 2 ? value : value << 4;
	}
	*ret = digest;
	return 0;
}

static int visit(struct file *f, enum tsem_upstream_word word, struct span argument)
{
	struct tsem_digest digest;
	int r = take_digest(f, argument, &digest);

	return r < 0 ? r : f->params->visit(word, &digest, f->params->userdata);
}

static int take_pseudonym(struct file *f, struct span argument)
{
	return visit(f, TSEM_UPSTREAM_PSEUDONYM, argument);
}

static int take_state(struct file *f, struct span argument)
{
	f->any_state = true;
	return visit(f, TSEM_UPSTREAM_STATE, argument);
}

static int take_base(struct file *f, struct span argument)
{
	static const struct tsem_digest zero = { .bytes = { 0 } };
	struct tsem_digest base;
	int r = take_digest(f, argument, &base);

	if (r == 0 && memcmp(&base, &zero, sizeof(base)))
		return refuse(f,
			      "a base other than 0 is part of each state, and cannot be taken out");
	return r;
}

/* Of the platform: it is no part of a state. */
static int take_aggregate(struct file *f, struct span argument)
{
	struct tsem_digest aggregate;

	if (f->any_state)
		return refuse(f, "an aggregate behind a state");
	return take_digest(f, argument, &aggregate);
}

static int take_end(struct file *f, struct span argument)
{
	f->ended = true;
	return argument.size ? refuse(f, "something behind \"end\"") : 0;
}

static int take_seal(struct file *f, struct span argument)
{
	return argument.size ? refuse(f, "something behind \"seal\"") : 0;
}

static int take_nothing(struct file *f, struct span argument)
{
	return 0;
}

static const struct {
	const char *word;
	bool behind_end;
	int (*take)(struct file *f, struct span argument);
} words[] = {
	{ "#", true, take_nothing },	{ "key", false, take_nothing },
	{ "base", false, take_base },	{ "aggregate", false, take_aggregate },
	{ "seal", false, take_seal },	{ "pseudonym", false, take_pseudonym },
	{ "state", false, take_state }, { "signature", true, take_nothing },
	{ "end", false, take_end },
};

static int take_line(struct file *f, const char *line, size_t size)
{
	const char *blank = memchr(line, ' ', size);
	size_t word = blank ? (size_t)(blank - line) : size;
	struct span argument = { line + word, size - word };

	if (blank)
		argument = (struct span){ blank + 1, argument.size - 1 };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i].word) != word || memcmp(words[i].word, line, word) != 0)
			continue;
		if (f->ended && !words[i].behind_end)
			return refuse(f, "something behind the end");
		return words[i].take(f, argument);
	}
	return refuse(f, "unknown line; expected pseudonym, state, base, aggregate, seal or end");
}

int tsem_upstream_parse(const struct tsem_upstream_params *params, struct tsem_model_error *error)
{
	struct file f = { .params = params, .error = error };
	const char *at = params->data, *end = at + params->size;
	int r = 0;

	while (r == 0 && at < end) {
		const char *feed = memchr(at, '\n', end - at);

		f.line++;
		if (!feed)
			return refuse(&f, "the file was cut off in this line");
		r = take_line(&f, at, feed - at);
		at = feed + 1;
	}
	if (r == 0 && !f.ended)
		return refuse(&f, "the file was cut off: there is no last line \"end\"");
	return r;
}

void tsem_upstream_print(enum tsem_upstream_word word, const struct tsem_digest *digest,
			 unsigned int size, char ret[TSEM_UPSTREAM_LINE_BYTES])
{
	static const char *const names[TSEM_UPSTREAM_WORD_COUNT] = {
		[TSEM_UPSTREAM_PSEUDONYM] = "pseudonym",
		[TSEM_UPSTREAM_STATE] = "state",
	};
	int n = sprintf(ret, "%s ", names[word]); /* it fits */

	for (unsigned int i = 0; i < size; i++)
		n += sprintf(ret + n, "%02x", digest->bytes[i]);
	(void)strcpy(ret + n, "\n");
}
