// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * call.c - see call.h. The tokens are those of the record scanner, which is
 * bounded and allocates nothing; what records do not have, true, false, null
 * and values that are skipped, is here.
 */
#include <errno.h>
#include <string.h>

#include "../libtsem/cleanup.h"
#include "../libtsem/core/scanner.h"
#include "call.h"

static bool is_name_byte(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '.' || byte == '-' || byte == '_';
}

/* A name as it may be repeated in an answer. */
static int copy_name(const uint8_t *bytes, size_t size, char ret[CALL_NAME_BYTES])
{
	if (!size || size >= CALL_NAME_BYTES)
		return -EBADMSG;
	for (size_t i = 0; i < size; i++) {
		if (!is_name_byte(bytes[i]))
			return -EBADMSG;
	}
	memcpy(ret, bytes, size);
	ret[size] = '\0';
	return 0;
}

static int take_name(struct tsem_scanner *s, char ret[CALL_NAME_BYTES])
{
	uint8_t bytes[CALL_NAME_BYTES];
	struct tsem_packer out = { .data = bytes, .size = sizeof(bytes) };

	if (tsem_scan_peek(s) != '"')
		return -EBADMSG;
	s->at++;
	if (tsem_scan_string(s, &out) < 0 || tsem_packer_overflowed(&out))
		return -EBADMSG;
	return copy_name(bytes, out.used, ret);
}

static bool take_word(struct tsem_scanner *s, const char *word)
{
	size_t size = strlen(word);

	tsem_scan_blanks(s);
	if ((size_t)(s->end - s->at) < size || memcmp(s->at, word, size) != 0)
		return false;
	s->at += size;
	return true;
}

static int take_bool(struct tsem_scanner *s, bool *ret)
{
	if (take_word(s, "true"))
		*ret = true;
	else if (take_word(s, "false"))
		*ret = false;
	else
		return -EBADMSG;
	return 0;
}

/* Of a parameter that is not known: whatever it is that has no brackets. */
static int skip_value(struct tsem_scanner *s)
{
	static const char number[] = "+-.0123456789eE";
	const uint8_t *begin;
	bool word;

	if (tsem_scan_peek(s) == '"' || tsem_scan_peek(s) == '{')
		return tsem_scan_skip(s, 3) < 0 ? -EBADMSG : 0;
	if (take_bool(s, &word) == 0 || take_word(s, "null"))
		return 0;
	for (begin = s->at; s->at < s->end && *s->at && strchr(number, *s->at);)
		s->at++;
	return s->at > begin ? 0 : -EBADMSG;
}

static int take_interface(struct tsem_scanner *s, struct call *call)
{
	return take_name(s, call->interface);
}

static int take_outside(struct tsem_scanner *s, struct call *call)
{
	return take_bool(s, &call->outside);
}

static const struct {
	const char *name;
	enum call_parameter bit;
	uint8_t first; /* byte of its value; 0: any of true and false */
	int (*take)(struct tsem_scanner *s, struct call *call);
} parameters[] = {
	{ "interface", CALL_INTERFACE, '"', take_interface },
	{ "outside", CALL_OUTSIDE, 0, take_outside },
};

static bool has_type(struct tsem_scanner *s, uint8_t first)
{
	uint8_t byte = tsem_scan_peek(s);

	return first ? byte == first : byte == 't' || byte == 'f';
}

static int take_parameter(struct tsem_scanner *s, struct call *call)
{
	struct tsem_key key;

	if (tsem_scan_key(s, &key) < 0 || !key.size)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		if (!tsem_key_is(&key, parameters[i].name))
			continue;
		if (call->given & parameters[i].bit)
			return -EBADMSG;
		if (take_word(s, "null"))
			return 0; /* as if it were not there */
		if (!has_type(s, parameters[i].first))
			break;
		call->given |= parameters[i].bit;
		return parameters[i].take(s, call);
	}
	if (!call->wrong[0] && copy_name(key.bytes, key.size, call->wrong) < 0)
		return -EBADMSG;
	return skip_value(s);
}

static int take_parameters(struct tsem_scanner *s, struct call *call)
{
	bool more;
	int r = tsem_scan_open(s, &more);

	while (r == 0 && more) {
		r = take_parameter(s, call);
		if (r == 0)
			r = tsem_scan_more(s, &more);
	}
	return r < 0 ? -EBADMSG : 0;
}

static int take_method(struct tsem_scanner *s, struct call *call)
{
	return take_name(s, call->method);
}

static int take_more(struct tsem_scanner *s, struct call *call)
{
	return take_bool(s, &call->more);
}

static int take_oneway(struct tsem_scanner *s, struct call *call)
{
	return take_bool(s, &call->oneway);
}

/* Another protocol on the same connection: there is none. */
static int take_upgrade(struct tsem_scanner *s, struct call *call)
{
	bool upgrade = false;

	return take_bool(s, &upgrade) < 0 || upgrade ? -EBADMSG : 0;
}

static const struct {
	const char *name;
	int (*take)(struct tsem_scanner *s, struct call *call);
} members[] = {
	{ "method", take_method }, { "parameters", take_parameters }, { "more", take_more },
	{ "oneway", take_oneway }, { "upgrade", take_upgrade },
};

static int take_member(struct tsem_scanner *s, struct call *call, unsigned int *seen)
{
	struct tsem_key key;

	if (tsem_scan_key(s, &key) < 0)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (!tsem_key_is(&key, members[i].name))
			continue;
		if (*seen & 1u << i)
			return -EBADMSG;
		*seen |= 1u << i;
		return members[i].take(s, call);
	}
	return -EBADMSG;
}

int call_parse(const char *data, size_t size, struct call *ret)
{
	struct tsem_scanner s = { .at = (const uint8_t *)data,
				  .end = (const uint8_t *)data + size };
	struct call call = {};
	unsigned int seen = 0;
	bool more;
	int r;

	if (size >= CALL_BYTES || !tsem_is_utf8(s.at, size))
		return -EBADMSG;
	r = tsem_scan_open(&s, &more);
	while (r == 0 && more) {
		r = take_member(&s, &call, &seen);
		if (r == 0)
			r = tsem_scan_more(&s, &more);
	}
	tsem_scan_blanks(&s);
	if (r < 0 || s.at != s.end || !call.method[0])
		return -EBADMSG;
	*ret = call;
	return 0;
}
