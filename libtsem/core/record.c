// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * record.c - the record scanner. It walks text and schema together and packs
 * as it goes. Members mostly come in the order of the schema; an object where
 * they do not is gone through once to find them, and then in order. Depth is
 * bounded by the schema, and by eight for what is skipped.
 */

#include "record.h"

#define DEPTH_MAX 8
#define MEMBERS_MAX 16
#define KEY_MAX 32

/** struct scanner - Text not read yet, and the packed bytes so far. */
struct scanner {
	const uint8_t *at;
	const uint8_t *end;
	unsigned int digest_size;
	struct tsem_packer packer;
};

/** struct key - A decoded key; one that is longer than any known is cut to what matches none. */
struct key {
	uint8_t bytes[KEY_MAX];
	size_t size;
};

/* UTF-8 of the whole line, before anything else is looked at. */

static size_t multibyte(const uint8_t *bytes, size_t size)
{
	uint8_t first = bytes[0], second = size > 1 ? bytes[1] : 0;
	size_t length = first >= 0xc2 && first <= 0xdf ? 2 :
			(first & 0xf0) == 0xe0	       ? 3 :
			first >= 0xf0 && first <= 0xf4 ? 4 :
							 0;

	if (!length || length > size)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
	    (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
		return 0;
	return length;
}

static bool is_utf8(const uint8_t *bytes, size_t size)
{
	const uint64_t high = 0x8080808080808080u;

	for (size_t i = 0; i < size;) {
		uint64_t eight;
		size_t length;

		if (size - i >= sizeof(eight)) {
			memcpy(&eight, bytes + i, sizeof(eight));
			if (!(eight & high)) {
				i += sizeof(eight);
				continue;
			}
		}
		if (!(bytes[i] & 0x80)) {
			i++;
			continue;
		}
		length = multibyte(bytes + i, size - i);
		if (!length)
			return false;
		i += length;
	}
	return true;
}

/* Tokens. */

static void skip_blanks(struct scanner *s)
{
	while (s->at < s->end &&
	       (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

/* The next byte that is no blank; 0 at the end. Raw NUL bytes are no JSON either. */
static uint8_t peek(struct scanner *s)
{
	skip_blanks(s);
	return s->at < s->end ? *s->at : 0;
}

static int expect(struct scanner *s, uint8_t byte)
{
	if (peek(s) != byte)
		return -TSEM_REJECT_JSON;
	s->at++;
	return 0;
}

static int nibble(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Four hexadecimal digits; a negative value if they are not. */
static int32_t take_unit(struct scanner *s)
{
	int32_t unit = 0;

	if (s->end - s->at < 4)
		return -1;
	for (unsigned int i = 0; i < 4; i++) {
		int digit = nibble(s->at[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	s->at += 4;
	return unit;
}

static size_t encode(uint32_t point, uint8_t *out)
{
	if (point < 0x80) {
		out[0] = (uint8_t)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (uint8_t)(0xc0 | point >> 6);
		out[1] = (uint8_t)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (uint8_t)(0xe0 | point >> 12);
		out[1] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | point >> 18);
	out[1] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (point & 0x3f));
	return 4;
}

/* Behind \u: a character, or the raw byte that a lone surrogate dc80 to dcff stands for. */
static int take_unicode(struct scanner *s, uint8_t out[4], size_t *ret_size)
{
	int32_t unit = take_unit(s), low;

	if (unit < 0)
		return -TSEM_REJECT_ESCAPE;
	if (unit < 0xd800 || unit > 0xdfff) {
		*ret_size = encode((uint32_t)unit, out);
		return 0;
	}
	if (unit >= 0xdc00) {
		if (unit < 0xdc80 || unit > 0xdcff)
			return -TSEM_REJECT_ESCAPE;
		out[0] = (uint8_t)(unit & 0xff);
		*ret_size = 1;
		return 0;
	}
	if (s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u')
		return -TSEM_REJECT_ESCAPE;
	s->at += 2;
	low = take_unit(s);
	if (low < 0xdc00 || low > 0xdfff)
		return -TSEM_REJECT_ESCAPE;
	*ret_size = encode(0x10000u + (((uint32_t)unit - 0xd800u) << 10) +
				   ((uint32_t)low - 0xdc00u), out);
	return 0;
}

/* Behind the backslash. */
static int take_escape(struct scanner *s, uint8_t out[4], size_t *ret_size)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

	if (s->at == s->end)
		return -TSEM_REJECT_JSON;
	if (*s->at == 'u') {
		s->at++;
		return take_unicode(s, out, ret_size);
	}
	for (unsigned int i = 0; i < sizeof(from) - 1; i++) {
		if (*s->at != (uint8_t)from[i])
			continue;
		s->at++;
		out[0] = (uint8_t)to[i];
		*ret_size = 1;
		return 0;
	}
	return -TSEM_REJECT_ESCAPE;
}

/* A string from behind its opening quote, decoded into a packer; room is its business. */
static int take_string(struct scanner *s, struct tsem_packer *out)
{
	for (;;) {
		const uint8_t *plain = s->at;
		uint8_t bytes[4];
		size_t size;
		int r;

		while (s->at < s->end && *s->at >= 0x20 && *s->at != '"' && *s->at != '\\')
			s->at++;
		if (s->at > plain)
			tsem_pack_bytes(out, plain, (size_t)(s->at - plain));
		if (s->at == s->end || *s->at < 0x20)
			return -TSEM_REJECT_JSON;
		if (*s->at++ == '"')
			return 0;
		r = take_escape(s, bytes, &size);
		if (r < 0)
			return r;
		tsem_pack_bytes(out, bytes, size);
	}
}

/* A key and its colon. */
static int take_key(struct scanner *s, struct key *ret)
{
	struct tsem_packer out = { .data = ret->bytes, .size = sizeof(ret->bytes) };
	int r = expect(s, '"');

	if (r == 0)
		r = take_string(s, &out);
	if (r == 0)
		r = expect(s, ':');
	ret->size = tsem_packer_overflowed(&out) ? 0 : out.used;
	if (tsem_packer_overflowed(&out))
		ret->bytes[0] = '\0';
	return r;
}

static bool key_is(const struct key *key, const char *name)
{
	return strlen(name) == key->size && !memcmp(key->bytes, name, key->size);
}

/* Whether another member follows; takes the comma or the closing brace. */
static int more_members(struct scanner *s, bool *ret_more)
{
	uint8_t byte = peek(s);

	if (byte != ',' && byte != '}')
		return -TSEM_REJECT_JSON;
	s->at++;
	*ret_more = byte == ',';
	return 0;
}

/* Take the brace, and the other one if the object is empty. */
static int open_object(struct scanner *s, bool *ret_more)
{
	int r = expect(s, '{');

	if (r < 0)
		return r;
	*ret_more = peek(s) != '}';
	if (!*ret_more)
		s->at++;
	return 0;
}

/* What a value is that is neither string nor object: refused, for its kind or as no JSON. */
static int wrong_kind(struct scanner *s)
{
	uint8_t byte = peek(s);

	if (byte == '"' || byte == '{' || byte == '[' || byte == '-' || byte == 't' ||
	    byte == 'f' || byte == 'n' || (byte >= '0' && byte <= '9'))
		return -TSEM_REJECT_VALUE_KIND;
	return -TSEM_REJECT_JSON;
}

static int skip_value(struct scanner *s, unsigned int depth);

static int skip_object(struct scanner *s, unsigned int depth)
{
	bool more;
	int r;

	if (depth > DEPTH_MAX)
		return -TSEM_REJECT_DEPTH;
	r = open_object(s, &more);
	while (r == 0 && more) {
		struct key key;

		r = take_key(s, &key);
		if (r == 0)
			r = skip_value(s, depth + 1);
		if (r == 0)
			r = more_members(s, &more);
	}
	return r;
}

/* Go past a value without looking at it; @depth is that of an object that begins here. */
static int skip_value(struct scanner *s, unsigned int depth)
{
	struct tsem_packer nowhere = { .size = 0 };

	switch (peek(s)) {
	case '"':
		s->at++;
		return take_string(s, &nowhere);
	case '{':
		return skip_object(s, depth);
	default:
		return wrong_kind(s);
	}
}

/* Numbers. */

/* Value of each lower-case hexadecimal digit, plus one; 0 for what is none. */
static const uint8_t hex_values[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* The string between quotes; escapes in it are resolved into @decoded. */
static int take_plain(struct scanner *s, uint8_t *decoded, size_t room, const uint8_t **ret,
		      size_t *ret_size)
{
	struct tsem_packer out = { .data = decoded, .size = room };
	const uint8_t *start;
	int r;

	if (peek(s) != '"')
		return wrong_kind(s);
	start = ++s->at;
	while (s->at < s->end && *s->at >= 0x20 && *s->at != '"' && *s->at != '\\')
		s->at++;
	if (s->at < s->end && *s->at == '"') {
		*ret = start;
		*ret_size = (size_t)(s->at++ - start);
		return 0;
	}
	s->at = start;
	r = take_string(s, &out);
	if (r < 0)
		return r;
	*ret = decoded;
	*ret_size = out.used;	/* above @room: no number is that long */
	return 0;
}

/* Digits of @base, with the prefix that the form of section 7 wants, to a value. */
static int parse_digits(const uint8_t *text, size_t size, unsigned int base, uint64_t *ret)
{
	bool overflow = false;
	uint64_t value = 0;

	if (base == 16) {
		if (size < 3 || text[0] != '0' || text[1] != 'x')
			return -TSEM_REJECT_NUMBER_FORM;
		text += 2;
		size -= 2;
	} else if (base == 8) {
		if (size < 2 || text[0] != '0')
			return -TSEM_REJECT_NUMBER_FORM;
		text++;
		size--;
	}
	if (!size || (text[0] == '0' && size > 1))
		return -TSEM_REJECT_NUMBER_FORM;
	for (size_t i = 0; i < size; i++) {
		unsigned int digit = hex_values[text[i]];

		if (!digit || digit > base)
			return -TSEM_REJECT_NUMBER_FORM;
		digit--;
		/* So many digits fit whatever they are, and the division is a slow one. */
		if (i >= 15 && value > (UINT64_MAX - digit) / base)
			overflow = true;
		value = value * base + digit;
	}
	*ret = value;
	return overflow ? -TSEM_REJECT_OVERFLOW : 0;
}

static const struct {
	uint64_t most;		/* of the positive values */
	bool is_signed;
	uint8_t bytes;
} numbers[TSEM_KIND_COUNT] = {
	[TSEM_KIND_BOOL] = { 1, false, 1 },
	[TSEM_KIND_U16] = { UINT16_MAX, false, 2 },
	[TSEM_KIND_U32] = { UINT32_MAX, false, 4 },
	[TSEM_KIND_U64] = { UINT64_MAX, false, 8 },
	[TSEM_KIND_S32] = { INT32_MAX, true, 4 },
	[TSEM_KIND_S64] = { INT64_MAX, true, 8 },
};

static int parse_number(const uint8_t *text, size_t size, const struct tsem_member *m,
			uint64_t *ret)
{
	bool negative = numbers[m->kind].is_signed && size && text[0] == '-';
	uint64_t value;
	int r = parse_digits(text + negative, size - negative, m->base, &value);

	if (r < 0)
		return r;
	if (negative && !value)
		return -TSEM_REJECT_NUMBER_FORM;
	if (value > numbers[m->kind].most + negative)
		return -TSEM_REJECT_OVERFLOW;
	*ret = negative ? 0 - value : value;
	return 0;
}

static int scan_number(struct scanner *s, const struct tsem_member *m)
{
	uint8_t decoded[64], bytes[8];
	const uint8_t *text;
	uint64_t value;
	size_t size;
	int r = take_plain(s, decoded, sizeof(decoded), &text, &size);

	if (r < 0)
		return r;
	if (text == decoded && size > sizeof(decoded))
		return -TSEM_REJECT_NUMBER_FORM;
	r = parse_number(text, size, m, &value);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	tsem_pack_bytes(&s->packer, bytes, numbers[m->kind].bytes);
	return 0;
}

/* Text and raw bytes. */

static void pack_length_at(struct tsem_packer *p, size_t at, size_t length)
{
	struct tsem_packer field = *p;

	field.used = at;
	tsem_pack_u32(&field, (uint32_t)length);
}

static int scan_text(struct scanner *s)
{
	size_t at = s->packer.used;
	int r;

	if (peek(s) != '"')
		return wrong_kind(s);
	s->at++;
	tsem_pack_u32(&s->packer, 0);
	r = take_string(s, &s->packer);
	if (r < 0)
		return r;
	pack_length_at(&s->packer, at, s->packer.used - at - 4);
	return 0;
}

/* Decode in pieces of one digest; an odd digit at the end is only looked at. */
static int hex_pairs(struct scanner *s, const uint8_t *text, size_t size)
{
	uint8_t bytes[TSEM_DIGEST_MAX];
	size_t used = 0;

	for (size_t i = 0; i + 1 < size; i += 2) {
		uint8_t high = hex_values[text[i]], low = hex_values[text[i + 1]];

		if (!high || !low)
			return -TSEM_REJECT_HEX;
		bytes[used++] = (uint8_t)((high - 1) << 4 | (low - 1));
		if (used == sizeof(bytes)) {
			tsem_pack_bytes(&s->packer, bytes, used);
			used = 0;
		}
	}
	if (size % 2 && !hex_values[text[size - 1]])
		return -TSEM_REJECT_HEX;
	tsem_pack_bytes(&s->packer, bytes, used);
	return 0;
}

/* @bytes is the size that it must have; 0 for a BLOB, which says its own. */
static int scan_hex(struct scanner *s, unsigned int bytes)
{
	uint8_t decoded[2 * TSEM_DIGEST_MAX + 1];
	const uint8_t *text;
	size_t size;
	int r = take_plain(s, decoded, sizeof(decoded), &text, &size);

	if (r < 0)
		return r;
	if (text == decoded && size > sizeof(decoded))
		return bytes ? -TSEM_REJECT_LENGTH : -TSEM_REJECT_TOO_LONG;
	if (!bytes) {
		if (size % 2)
			return -TSEM_REJECT_HEX;
		tsem_pack_u32(&s->packer, (uint32_t)(size / 2));
		return hex_pairs(s, text, size);
	}
	r = hex_pairs(s, text, size);
	if (r == 0 && size != 2 * bytes)
		r = -TSEM_REJECT_LENGTH;
	return r;
}

/* Objects. */

static int scan_object(struct scanner *s, const struct tsem_type *type, unsigned int depth);

static int scan_choice(struct scanner *s, const struct tsem_choice *choice, unsigned int depth)
{
	const struct tsem_form *form = NULL;
	struct key key;
	bool more;
	int r;

	if (peek(s) != '{')
		return wrong_kind(s);
	r = open_object(s, &more);
	if (r < 0)
		return r;
	if (!more)
		return -TSEM_REJECT_CHOICE;
	r = take_key(s, &key);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < choice->form_count; i++) {
		if (key_is(&key, choice->forms[i].name))
			form = &choice->forms[i];
	}
	if (!form)
		return -TSEM_REJECT_CHOICE;
	tsem_pack_u8(&s->packer, form->tag);
	r = scan_object(s, &tsem_types[form->type], depth + 1);
	if (r == 0)
		r = more_members(s, &more);
	if (r == 0 && more) {
		r = take_key(s, &key);
		if (r == 0)
			r = key_is(&key, form->name) ? -TSEM_REJECT_DUPLICATE_KEY : -TSEM_REJECT_CHOICE;
	}
	return r;
}

static int scan_value(struct scanner *s, const struct tsem_member *m, unsigned int depth)
{
	switch (m->kind) {
	case TSEM_KIND_OBJECT:
		return peek(s) == '{' ? scan_object(s, &tsem_types[m->index], depth + 1) :
					wrong_kind(s);
	case TSEM_KIND_CHOICE:
		return scan_choice(s, &tsem_choices[m->index], depth + 1);
	case TSEM_KIND_TEXT:
		return scan_text(s);
	case TSEM_KIND_BLOB:
		return scan_hex(s, 0);
	case TSEM_KIND_UUID:
	case TSEM_KIND_IP6:
		return scan_hex(s, 16);
	case TSEM_KIND_DIGEST:
		return scan_hex(s, s->digest_size);
	default:
		return scan_number(s, m);
	}
}

/* Position of a key; member_count if there is none. */
static unsigned int find_member(const struct tsem_type *type, const struct key *key)
{
	for (unsigned int i = 0; i < type->member_count; i++) {
		if (key_is(key, type->members[i].name))
			return i;
	}
	return type->member_count;
}

/* Take a key that stands as a producer writes it, if it is this one. */
static bool take_known_key(struct scanner *s, const char *name)
{
	const uint8_t *at = s->at;

	if (at == s->end || *at++ != '"')
		return false;
	for (; *name; name++, at++) {
		if (at == s->end || *at != (uint8_t)*name)
			return false;
	}
	if (s->end - at < 2 || at[0] != '"' || at[1] != ':')
		return false;
	s->at = at + 2;
	return true;
}

/* Take a key in whatever spelling, tried first where it is expected. */
static int take_member(struct scanner *s, const struct tsem_type *type, unsigned int next,
		       unsigned int *ret)
{
	struct key key;
	int r;

	skip_blanks(s);
	for (unsigned int i = next; i < type->member_count; i++) {
		if (take_known_key(s, type->members[i].name)) {
			*ret = i;
			return 0;
		}
	}
	r = take_key(s, &key);
	if (r == 0)
		*ret = find_member(type, &key);
	return r;
}

/** struct order - What an object has, and what of its presence bytes is written. */
struct order {
	uint16_t present;
	uint8_t groups_written;
};

static bool is_present(const struct order *o, unsigned int i)
{
	return o->present & (1U << i);
}

/* Whether any member of a group is there. */
static bool group_present(const struct tsem_type *type, const struct order *o, uint8_t group)
{
	for (unsigned int i = 0; i < type->member_count; i++) {
		if (type->members[i].group == group && is_present(o, i))
			return true;
	}
	return false;
}

static int check_presence(const struct tsem_type *type, const struct order *o)
{
	for (unsigned int i = 0; i < type->member_count; i++) {
		const struct tsem_member *m = &type->members[i];

		if (is_present(o, i))
			continue;
		if (!(m->flags & TSEM_MEMBER_OPTIONAL))
			return -TSEM_REJECT_MISSING_KEY;
		if (m->group && group_present(type, o, m->group))
			return -TSEM_REJECT_GROUP;
	}
	return 0;
}

static void pack_presence(struct scanner *s, const struct tsem_type *type, unsigned int i,
			  struct order *o, bool present)
{
	const struct tsem_member *m = &type->members[i];
	uint8_t bit = m->group ? (uint8_t)(1U << (m->group - 1)) : 0;

	if (!(m->flags & TSEM_MEMBER_OPTIONAL) || (o->groups_written & bit))
		return;
	o->groups_written |= bit;
	tsem_pack_u8(&s->packer, present);
}

/* Find where the values are, in whatever order, and pack them in that of the schema. */
static int scan_disordered(struct scanner *s, const struct tsem_type *type, unsigned int depth)
{
	const uint8_t *values[MEMBERS_MAX] = { NULL }, *end;
	struct order o = { .present = 0 };
	bool more;
	int r = open_object(s, &more);

	while (r == 0 && more) {
		unsigned int i;

		r = take_member(s, type, 0, &i);
		if (r < 0)
			return r;
		if (i == type->member_count) {
			r = skip_value(s, depth + 1);
			return r < 0 ? r : -TSEM_REJECT_UNKNOWN_KEY;
		}
		if (is_present(&o, i))
			return -TSEM_REJECT_DUPLICATE_KEY;
		o.present |= (uint16_t)(1U << i);
		values[i] = s->at;
		r = skip_value(s, depth + 1);
		if (r == 0)
			r = more_members(s, &more);
	}
	if (r == 0)
		r = check_presence(type, &o);
	end = s->at;
	for (unsigned int i = 0; r == 0 && i < type->member_count; i++) {
		pack_presence(s, type, i, &o, is_present(&o, i));
		if (!is_present(&o, i))
			continue;
		s->at = values[i];
		r = scan_value(s, &type->members[i], depth);
	}
	s->at = end;
	return r;
}

/* An object from its opening brace. */
static int scan_object(struct scanner *s, const struct tsem_type *type, unsigned int depth)
{
	const uint8_t *start = s->at;
	size_t used = s->packer.used;
	struct order o = { .present = 0 };
	unsigned int next = 0;
	bool more;
	int r;

	if (depth > DEPTH_MAX)
		return -TSEM_REJECT_DEPTH;
	r = open_object(s, &more);
	while (r == 0 && more) {
		unsigned int i;

		r = take_member(s, type, next, &i);
		if (r < 0)
			return r;
		if (i < next || i == type->member_count) {
			/* Another order, or a fault that the other way finds as well. */
			s->at = start;
			s->packer.used = used;
			return scan_disordered(s, type, depth);
		}
		for (; next < i; next++)
			pack_presence(s, type, next, &o, false);
		pack_presence(s, type, i, &o, true);
		o.present |= (uint16_t)(1U << i);
		next = i + 1;
		r = scan_value(s, &type->members[i], depth);
		if (r == 0)
			r = more_members(s, &more);
	}
	for (; next < type->member_count; next++)
		pack_presence(s, type, next, &o, false);
	return r < 0 ? r : check_presence(type, &o);
}

/* Records. */

/** enum part - What a record is made of. */
enum part {
	PART_EXPORT,
	PART_EVENT,
	PART_COE,
	PART_AGGREGATE,
	PART_LOG,
	PART_CELL,
};
#define PART_COUNT (PART_CELL + 1)

static const char *const part_names[PART_COUNT] = {
	[PART_EXPORT] = "export",	[PART_EVENT] = "event", [PART_COE] = "COE",
	[PART_AGGREGATE] = "aggregate", [PART_LOG] = "log",
};

static const struct tsem_member export_members[] = {
	{ .name = "type", .kind = TSEM_KIND_TEXT, .empty_if = -1 },
};
static const struct tsem_member aggregate_members[] = {
	{ .name = "value", .kind = TSEM_KIND_DIGEST, .empty_if = -1 },
};
static const struct tsem_member log_members[] = {
	{ .name = "process", .kind = TSEM_KIND_TEXT, .empty_if = -1 },
	{ .name = "event", .kind = TSEM_KIND_TEXT, .empty_if = -1 },
	{ .name = "action", .kind = TSEM_KIND_TEXT, .empty_if = -1 },
};
static const struct tsem_type export_type = { "export", export_members, 1 };
static const struct tsem_type aggregate_type = { "aggregate", aggregate_members, 1 };
static const struct tsem_type log_type = { "log", log_members, 3 };

static const struct tsem_type *const part_types[PART_COUNT] = {
	[PART_EXPORT] = &export_type,	    [PART_EVENT] = &tsem_event_object,
	[PART_COE] = &tsem_coe,		    [PART_AGGREGATE] = &aggregate_type,
	[PART_LOG] = &log_type,
};

/* Parts that each kind has, one bit each; the CELL of a kind without event is none. */
#define PART(name) (1U << PART_##name)
#define EVENT_PARTS (PART(EVENT) | PART(COE) | PART(CELL))

static const struct {
	const char *name;
	unsigned int parts;
} kinds[TSEM_RECORD_KIND_COUNT] = {
	[TSEM_RECORD_BARE] = { NULL, EVENT_PARTS },
	[TSEM_RECORD_EVENT] = { "event", PART(EXPORT) | EVENT_PARTS },
	[TSEM_RECORD_ASYNC] = { "async_event", PART(EXPORT) | EVENT_PARTS },
	[TSEM_RECORD_AGGREGATE] = { "aggregate", PART(EXPORT) | PART(AGGREGATE) },
	[TSEM_RECORD_LOG] = { "log", PART(EXPORT) | PART(LOG) },
};

/** struct parts - Of one record, as they come. */
struct parts {
	unsigned int seen;
	struct tsem_span spans[PART_COUNT];
	enum tsem_event_id event;	/* whose CELL was found; none if its name is unknown */
	struct key cell_key;
};

static enum tsem_event_id find_event(const uint8_t *name, size_t size)
{
	for (unsigned int i = 1; i < TSEM_EVENT_COUNT; i++) {
		const char *known = tsem_events[i].name;

		if (size && known[0] == (char)name[0] && strlen(known) == size &&
		    !memcmp(known, name, size))
			return (enum tsem_event_id)i;
	}
	return TSEM_EVENT_NONE;
}

static enum part find_part(const struct key *key)
{
	for (unsigned int i = 0; i < PART_CELL; i++) {
		if (key_is(key, part_names[i]))
			return (enum part)i;
	}
	return PART_CELL;
}

static int scan_cell(struct scanner *s, const struct key *key, struct parts *parts)
{
	if (parts->seen & PART(CELL)) {
		bool twice = key->size == parts->cell_key.size &&
			     !memcmp(key->bytes, parts->cell_key.bytes, key->size);
		int r = skip_value(s, 2);

		if (r < 0)
			return r;
		return twice ? -TSEM_REJECT_DUPLICATE_KEY : -TSEM_REJECT_UNKNOWN_KEY;
	}
	parts->cell_key = *key;
	parts->event = find_event(key->bytes, key->size);
	if (!parts->event)
		return skip_value(s, 2);
	return peek(s) == '{' ? scan_object(s, &tsem_events[parts->event].cell, 2) :
				wrong_kind(s);
}

static int scan_part(struct scanner *s, struct parts *parts)
{
	size_t start = s->packer.used;
	struct key key;
	enum part part;
	int r = take_key(s, &key);

	if (r < 0)
		return r;
	part = find_part(&key);
	if (part == PART_CELL)
		r = scan_cell(s, &key, parts);
	else if (parts->seen & (1U << part))
		return -TSEM_REJECT_DUPLICATE_KEY;
	else
		r = peek(s) == '{' ? scan_object(s, part_types[part], 2) : wrong_kind(s);
	if (r < 0)
		return r;
	parts->seen |= 1U << part;
	parts->spans[part] = (struct tsem_span){ s->packer.data + start, s->packer.used - start };
	return 0;
}

/* A packed TEXT; moves on behind it. */
static struct tsem_span read_text(const uint8_t **at)
{
	const uint8_t *p = *at;
	size_t size = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;

	*at = p + 4 + size;
	return (struct tsem_span){ p + 4, size };
}

static bool text_is(const struct tsem_span *text, const char *name)
{
	return strlen(name) == text->size && !memcmp(name, text->data, text->size);
}

static int check_log(const struct tsem_span *log)
{
	const uint8_t *at = log->data;
	struct tsem_span event, action;

	(void)read_text(&at);
	event = read_text(&at);
	action = read_text(&at);
	if (!find_event(event.data, event.size))
		return -TSEM_REJECT_UNKNOWN_EVENT;
	return text_is(&action, "LOG") || text_is(&action, "DENY") ? 0 : -TSEM_REJECT_EXPORT_KIND;
}

static int find_kind(const struct parts *parts, enum tsem_record_kind *ret)
{
	const uint8_t *at = parts->spans[PART_EXPORT].data;
	struct tsem_span name;

	if (!(parts->seen & PART(EXPORT))) {
		*ret = TSEM_RECORD_BARE;
		return 0;
	}
	name = read_text(&at);
	for (unsigned int i = TSEM_RECORD_EVENT; i < TSEM_RECORD_KIND_COUNT; i++) {
		if (text_is(&name, kinds[i].name)) {
			*ret = (enum tsem_record_kind)i;
			return 0;
		}
	}
	return -TSEM_REJECT_EXPORT_KIND;
}

static uint64_t read_number(const uint8_t **at, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = bytes; i--;)
		value = value << 8 | (*at)[i];
	*at += bytes;
	return value;
}

static void read_digest(const uint8_t **at, unsigned int size, struct tsem_digest *ret)
{
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->bytes, *at, size);
	*at += size;
}

/* The members of the event object, in the order of the schema. */
static int read_event(struct scanner *s, const struct parts *parts, struct tsem_record *ret)
{
	const uint8_t *at = parts->spans[PART_EVENT].data;
	struct tsem_span type;

	ret->pid = *at++ ? (uint32_t)read_number(&at, 4) : 0;
	at += 8;	/* context */
	ret->number = read_number(&at, 8);
	(void)read_text(&at);	/* process */
	type = read_text(&at);
	at += 16;	/* ttd, p_ttd */
	read_digest(&at, s->digest_size, &ret->task_id);
	read_digest(&at, s->digest_size, &ret->p_task_id);

	ret->event = parts->event;
	if (ret->event && text_is(&type, tsem_events[ret->event].name))
		return 0;
	if (!find_event(type.data, type.size))
		return -TSEM_REJECT_UNKNOWN_EVENT;
	return parts->event ? -TSEM_REJECT_EVENT_MISMATCH : -TSEM_REJECT_UNKNOWN_KEY;
}

static int assemble(struct scanner *s, const struct parts *parts, struct tsem_record *ret)
{
	const uint8_t *at = parts->spans[PART_AGGREGATE].data;
	unsigned int wanted;
	int r = find_kind(parts, &ret->kind);

	if (r < 0)
		return r;
	wanted = kinds[ret->kind].parts;
	if (parts->seen & ~wanted)
		return -TSEM_REJECT_UNKNOWN_KEY;
	if (wanted & ~parts->seen)
		return -TSEM_REJECT_MISSING_KEY;
	if (ret->kind == TSEM_RECORD_AGGREGATE) {
		read_digest(&at, s->digest_size, &ret->aggregate);
		return 0;
	}
	if (ret->kind == TSEM_RECORD_LOG)
		return check_log(&parts->spans[PART_LOG]);
	ret->object = parts->spans[PART_EVENT];
	ret->coe = parts->spans[PART_COE];
	ret->cell = parts->spans[PART_CELL];
	return read_event(s, parts, ret);
}

static int scan_line(struct scanner *s, struct parts *parts)
{
	bool more;
	int r;

	if (peek(s) != '{')
		return -TSEM_REJECT_JSON;
	r = open_object(s, &more);
	while (r == 0 && more) {
		r = scan_part(s, parts);
		if (r == 0)
			r = more_members(s, &more);
	}
	if (r < 0)
		return r;
	if (peek(s) || s->at != s->end)
		return -TSEM_REJECT_TRAILING;
	return tsem_packer_overflowed(&s->packer) ? -TSEM_REJECT_TOO_LONG : 0;
}

int tsem_record_scan(const char *line, size_t size, unsigned int digest_size, uint8_t *buffer,
		     size_t buffer_size, struct tsem_record *ret)
{
	struct scanner s = {
		.at = (const uint8_t *)line,
		.end = (const uint8_t *)line + size,
		.digest_size = digest_size,
		.packer = { .data = buffer, .size = buffer_size },
	};
	struct tsem_record record = { .kind = TSEM_RECORD_BARE };
	struct parts parts = { .seen = 0 };
	int r;

	if (size > TSEM_RECORD_LINE_MAX)
		return -TSEM_REJECT_TOO_LONG;
	if (!is_utf8(s.at, size))
		return -TSEM_REJECT_UTF8;
	r = scan_line(&s, &parts);
	if (r == 0)
		r = assemble(&s, &parts, &record);
	if (r == 0)
		*ret = record;
	return r;
}

uint64_t tsem_record_peek_number(const char *line, size_t size)
{
	static const char key[] = "\"number\": \"";
	size_t key_size = sizeof(key) - 1;

	for (size_t i = 0; i + key_size < size; i++) {
		uint64_t value = 0;

		if (memcmp(line + i, key, key_size))
			continue;
		for (i += key_size; i < size && line[i] >= '0' && line[i] <= '9'; i++) {
			if (value > UINT64_MAX / 10 - 1)
				return 0;
			value = value * 10 + (uint64_t)(line[i] - '0');
		}
		return i < size && line[i] == '"' ? value : 0;
	}
	return 0;
}

const char *tsem_reject_name(int reject)
{
	static const char *const names[TSEM_REJECT_COUNT] = {
		[TSEM_REJECT_UTF8] = "utf8",
		[TSEM_REJECT_JSON] = "json",
		[TSEM_REJECT_TRAILING] = "trailing",
		[TSEM_REJECT_DEPTH] = "depth",
		[TSEM_REJECT_DUPLICATE_KEY] = "duplicate-key",
		[TSEM_REJECT_MISSING_KEY] = "missing-key",
		[TSEM_REJECT_UNKNOWN_KEY] = "unknown-key",
		[TSEM_REJECT_VALUE_KIND] = "value-kind",
		[TSEM_REJECT_ESCAPE] = "escape",
		[TSEM_REJECT_NUMBER_FORM] = "number-form",
		[TSEM_REJECT_OVERFLOW] = "overflow",
		[TSEM_REJECT_HEX] = "hex",
		[TSEM_REJECT_LENGTH] = "length",
		[TSEM_REJECT_GROUP] = "group",
		[TSEM_REJECT_CHOICE] = "choice",
		[TSEM_REJECT_UNKNOWN_EVENT] = "unknown-event",
		[TSEM_REJECT_EVENT_MISMATCH] = "event-mismatch",
		[TSEM_REJECT_EXPORT_KIND] = "export-kind",
		[TSEM_REJECT_TOO_LONG] = "too-long",
	};

	if (reject < 0)
		reject = -reject;
	return reject < TSEM_REJECT_COUNT && names[reject] ? names[reject] : "?";
}
