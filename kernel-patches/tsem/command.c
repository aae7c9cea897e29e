// SPDX-License-Identifier: GPL-2.0-only
/*
 * command.c - the grammar of commands: KEY=VALUE separated by blanks. Tables say
 * which keys create has and which words they take; a key twice, an unknown key
 * and an unknown word are all refused.
 */

#include <linux/bitmap.h>
#include <linux/ctype.h>
#include <linux/hex.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "loadable.h"
#include "ns.h"

static const char default_scratch[] = "/tmp/:/var/tmp/:/dev/shm/";

static int take_word(const char *value, const char *const *words, unsigned int count)
{
	int i = match_string(words, count, value);

	return i < 0 ? -EINVAL : i;
}

static int take_number(const char *value, unsigned int least, unsigned int most, unsigned int *ret)
{
	unsigned int number;

	if (!isdigit(value[0]) || kstrtouint(value, 10, &number) < 0)
		return -EINVAL;
	if (number < least || number > most)
		return -EINVAL;
	*ret = number;
	return 0;
}

static int take_bool(const char *value, bool *ret)
{
	unsigned int number;
	int r = take_number(value, 0, 1, &number);

	if (r == 0)
		*ret = number;
	return r;
}

static int take_tma(struct tsem_params *params, const char *value)
{
	static const char *const words[] = {
		[TSEM_TMA_EXTERNAL] = "external",
		[TSEM_TMA_INTERNAL] = "internal",
		[TSEM_TMA_EXPORT] = "export",
	};
	int i = take_word(value, words, ARRAY_SIZE(words));

	if (i < 0)
		return i;
	params->tma = i;
	return 0;
}

static int take_violation(struct tsem_params *params, const char *value)
{
	static const char *const words[] = {
		[TSEM_VIOLATION_DENY] = "deny",
		[TSEM_VIOLATION_ISOLATE] = "isolate",
		[TSEM_VIOLATION_KILL] = "kill",
	};
	int i = take_word(value, words, ARRAY_SIZE(words));

	if (i < 0)
		return i;
	params->violation = i;
	return 0;
}

static int take_points(struct tsem_params *params, const char *value)
{
	return take_number(value, 1, TSEM_POINTS_MAX, &params->points);
}

static int take_fields(struct tsem_params *params, const char *value)
{
	static const char *const words[] = {
		[TSEM_FIELDS_STRICT] = "strict",
		[TSEM_FIELDS_PORTABLE] = "portable",
	};
	int i = take_word(value, words, ARRAY_SIZE(words));

	if (i < 0)
		return i;
	params->fields = i;
	return 0;
}

static const char *const digests[] = { "sha256", "sha384", "sha512", "sha3-256", "sm3" };
static const unsigned int digest_sizes[] = { 32, 48, 64, 32, 32 };
static_assert(ARRAY_SIZE(digests) == ARRAY_SIZE(digest_sizes));

static int take_digest(struct tsem_params *params, const char *value)
{
	int i = take_word(value, digests, ARRAY_SIZE(digests));

	if (i < 0)
		return i;
	params->digest = digests[i];
	return 0;
}

static int take_gone(struct tsem_params *params, const char *value)
{
	static const char *const words[] = {
		[TSEM_GONE_DENY] = "deny",
		[TSEM_GONE_ALLOW] = "allow",
		[TSEM_GONE_KILL] = "kill",
	};
	int i = take_word(value, words, ARRAY_SIZE(words));

	if (i < 0)
		return i;
	params->gone = i;
	return 0;
}

/* Which kinds of event each word takes in, one bit per enum tsem_since. */
static void set_events(struct tsem_params *params, unsigned int kinds)
{
	bitmap_zero(params->events, TSEM_EVENT_COUNT);
	for (unsigned int i = 1; i < TSEM_EVENT_COUNT; i++) {
		if (kinds & BIT(tsem_events[i].since))
			set_bit(i, params->events);
	}
}

static int take_events(struct tsem_params *params, const char *value)
{
	static const char *const words[] = { "v4", "default", "all" };
	static const unsigned int kinds[] = {
		BIT(TSEM_SINCE_V4),
		BIT(TSEM_SINCE_V4) | BIT(TSEM_SINCE_OURS),
		BIT(TSEM_SINCE_V4) | BIT(TSEM_SINCE_OURS) | BIT(TSEM_SINCE_LATER),
	};
	int i = take_word(value, words, ARRAY_SIZE(words));

	if (i < 0)
		return i;
	set_events(params, kinds[i]);
	if (i > 0)	/* a point of every model of ours */
		set_bit(TSEM_EVENT_BPRM_CHECK_SECURITY, params->events);
	return 0;
}

static int take_nsref(struct tsem_params *params, const char *value)
{
	static const char *const words[] = { "initial", "current" };
	int i = take_word(value, words, ARRAY_SIZE(words));

	if (i < 0)
		return i;
	params->nsref_current = i;
	return 0;
}

static int take_cache(struct tsem_params *params, const char *value)
{
	return take_number(value, 1, TSEM_POOL_MAX, &params->cache);
}

static int take_deadline(struct tsem_params *params, const char *value)
{
	return take_number(value, 0, TSEM_DEADLINE_MSEC_MAX, &params->deadline_msec);
}

static int take_exec(struct tsem_params *params, const char *value)
{
	return take_bool(value, &params->export_exec);
}

static int take_remember(struct tsem_params *params, const char *value)
{
	return take_bool(value, &params->remember);
}

static int take_tnum(struct tsem_params *params, const char *value)
{
	return take_bool(value, &params->tnum);
}

static int take_batch(struct tsem_params *params, const char *value)
{
	return take_bool(value, &params->batch);
}

/* In place: \xNN becomes its byte. Returns the new length or -EINVAL. */
static int decode_text(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		u8 byte;

		if (*from != '\\') {
			if (iscntrl(*from))
				return -EINVAL;
			*to++ = *from;
			continue;
		}
		if (from[1] != 'x' || !from[2] || !from[3] || hex2bin(&byte, from + 2, 1) < 0 ||
		    !byte)
			return -EINVAL;
		*to++ = byte;
		from += 3;
	}
	*to = '\0';
	return to - text;
}

static int add_scratch(struct tsem_params *params, char *dir)
{
	int size = decode_text(dir);

	if (size < 0)
		return size;
	if (size < 2 || dir[0] != '/' || dir[size - 1] != '/' || strstr(dir, "//") ||
	    strstr(dir, "/./") || strstr(dir, "/../"))
		return -EINVAL;
	if (params->scratch_count == TSEM_SCRATCH_MAX)
		return -E2BIG;
	params->scratch[params->scratch_count++] =
		(struct tsem_scratch){ .dir = dir, .size = size };
	return 0;
}

static int take_scratch(struct tsem_params *params, const char *value)
{
	char *text = kstrdup(value, GFP_KERNEL_ACCOUNT);
	char *dir;

	if (!text)
		return -ENOMEM;
	params->scratch_text = text;
	if (!*text)	/* scratch= : none */
		return 0;
	while ((dir = strsep(&text, ":"))) {
		int r = add_scratch(params, dir);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Whether it is there is asked when all arguments are known to be good. */
static int take_model(struct tsem_params *params, const char *value)
{
	if (!tsem_loadable_name_valid(value))
		return -EINVAL;
	strscpy(params->model, value, sizeof(params->model));
	return 0;
}

/* Whether it is as long as a digest is known when all arguments are. */
static int take_key(struct tsem_params *params, const char *value)
{
	size_t size = strlen(value);

	if (!size || size % 2 || size / 2 > sizeof(params->key) ||
	    hex2bin(params->key, value, size / 2) < 0)
		return -EINVAL;
	params->key_size = size / 2;
	return 0;
}

#define OURS BIT(TSEM_VERB_CREATE)
#define EXTERNAL BIT(TSEM_VERB_EXTERNAL)
#define INTERNAL BIT(TSEM_VERB_INTERNAL)
#define EXPORT BIT(TSEM_VERB_EXPORT)
#define EVERY (OURS | EXTERNAL | INTERNAL | EXPORT)

static const struct argument {
	const char *name;
	unsigned int verbs;
	int (*take)(struct tsem_params *params, const char *value);
} keys[] = {
	{ "digest", EVERY, take_digest },
	{ "nsref", EVERY, take_nsref },
	{ "cache", EVERY, take_cache },
	{ "model", EVERY, take_model },
	{ "key", EXTERNAL | INTERNAL | EXPORT, take_key },
	{ "tnum", EXTERNAL, take_tnum },
	{ "tma", OURS, take_tma },
	{ "fields", OURS, take_fields },
	{ "events", OURS, take_events },
	{ "violation", OURS, take_violation },
	{ "points", OURS, take_points },
	{ "remember", OURS, take_remember },
	{ "exec", OURS, take_exec },
	{ "batch", OURS, take_batch },
	{ "deadline", OURS, take_deadline },
	{ "gone", OURS, take_gone },
	{ "scratch", OURS, take_scratch },
};

static int take_argument(enum tsem_verb verb, struct tsem_params *params, char *argument,
			 unsigned long *seen)
{
	char *value = strchr(argument, '=');

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(argument, keys[i].name))
			continue;
		/* Upstream lets the last of several count; its clients send none twice. */
		if (!(keys[i].verbs & BIT(verb)) || __test_and_set_bit(i, seen))
			return -EINVAL;
		return keys[i].take(params, value);
	}
	return -EINVAL;
}

static const enum tsem_tma upstream_tma[] = {
	[TSEM_VERB_EXTERNAL] = TSEM_TMA_EXTERNAL,
	[TSEM_VERB_INTERNAL] = TSEM_TMA_INTERNAL,
	[TSEM_VERB_EXPORT] = TSEM_TMA_EXPORT,
};

/* Without keys: what each verb means. Upstream's keep upstream's defaults. */
static void set_defaults(enum tsem_verb verb, struct tsem_params *params)
{
	*params = (struct tsem_params){
		.digest = "sha256",
		.gone = TSEM_GONE_DENY,
		.violation = TSEM_VIOLATION_ISOLATE,
		.points = TSEM_POINTS_DEFAULT,
		.cache = TSEM_POOL_DEFAULT,
	};
	if (verb == TSEM_VERB_CREATE) {
		params->fields = TSEM_FIELDS_PORTABLE;
		(void)take_events(params, "default");
	} else {
		params->fields = TSEM_FIELDS_STRICT;
		params->upstream = true;
		params->tma = upstream_tma[verb];
		(void)take_events(params, "v4");
	}
}

static int check_params(enum tsem_verb verb, struct tsem_params *params)
{
	unsigned int i = match_string(digests, ARRAY_SIZE(digests), params->digest);

	/* Where nobody is asked there is nothing to remember. */
	if (params->remember && params->tma != TSEM_TMA_EXTERNAL)
		return -EINVAL;
	if (verb == TSEM_VERB_CREATE)
		return params->scratch_text ? 0 : take_scratch(params, default_scratch);
	if (params->key_size && params->key_size != digest_sizes[i])
		return -EINVAL;
	/* A verdict names its task by one of both. */
	return verb == TSEM_VERB_EXTERNAL && !params->key_size && !params->tnum ? -EINVAL : 0;
}

/**
 * tsem_params_parse() - Parse what stands behind create, external or export.
 * @verb: Which of them.
 * @arguments: Text without line feed; changed.
 * @ret: Parameters with defaults where nothing was said; to be given to
 *	tsem_params_done(). Untouched on failure.
 *
 * Return: 0; -EINVAL (grammar, key, value); -E2BIG (too many directories); -ENOMEM.
 */
int tsem_params_parse(enum tsem_verb verb, char *arguments, struct tsem_params *ret)
{
	struct tsem_params params;
	unsigned long seen = 0;
	char *argument;
	int r = 0;

	set_defaults(verb, &params);
	while (r == 0 && (argument = strsep(&arguments, " "))) {
		if (*argument)
			r = take_argument(verb, &params, argument, &seen);
	}
	if (r == 0)
		r = check_params(verb, &params);
	if (r < 0) {
		tsem_params_done(&params);
		return r;
	}
	*ret = params;
	return 0;
}

void tsem_params_done(struct tsem_params *params)
{
	memzero_explicit(params->key, sizeof(params->key));
	kfree(params->scratch_text);
	params->scratch_text = NULL;
}

/**
 * tsem_release_parse() - Parse what stands behind upstream's trusted and untrusted.
 * @arguments: Text without line feed; changed.
 * @ret: The process, and its serial number or the key or both.
 *
 * Return: 0 or -EINVAL.
 */
int tsem_release_parse(char *arguments, struct tsem_release *ret)
{
	char *argument;

	*ret = (struct tsem_release){};
	while ((argument = strsep(&arguments, " "))) {
		size_t size = strlen(argument);

		if (!size)
			continue;
		if (!strncmp(argument, "pid=", 4)) {
			if (kstrtoint(argument + 4, 10, &ret->pid) < 0)
				return -EINVAL;
		} else if (!strncmp(argument, "tnum=", 5)) {
			if (!isdigit(argument[5]) || kstrtou64(argument + 5, 10, &ret->tnum) < 0 ||
			    !ret->tnum)
				return -EINVAL;
		} else if (!strncmp(argument, "key=", 4) && size > 4 && size % 2 == 0 &&
			   size / 2 - 2 <= sizeof(ret->key)) {
			ret->key_size = size / 2 - 2;
			if (hex2bin(ret->key, argument + 4, ret->key_size) < 0)
				return -EINVAL;
		} else {
			return -EINVAL;
		}
	}
	return ret->pid > 0 && (ret->key_size || ret->tnum) ? 0 : -EINVAL;
}
