// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * object.c - scanning an object along its type. It walks text and schema
 * together and packs as it goes. Members mostly come in the order of the
 * schema; an object where they do not is gone through once to find them, and
 * then in order.
 */

#include "scanner.h"

/* No object of the schema has more members; a test holds the schema to it. */
#define MEMBERS_MAX 16

/* Numbers. */

/* Value of each lower-case hexadecimal digit, plus one; 0 for what is none. */
static const uint8_t hex_values[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* The string between quotes; escapes in it are resolved into @decoded. */
static int take_plain(struct tsem_scanner *s, uint8_t *decoded, size_t room, const uint8_t **ret,
		      size_t *ret_size)
{
	struct tsem_packer out = { .data = decoded, .size = room };
	const uint8_t *start;
	int r;

	if (tsem_scan_peek(s) != '"')
		return tsem_scan_wrong_kind(s);
	start = ++s->at;
	tsem_scan_plain(s);
	if (s->at < s->end && *s->at == '"') {
		*ret = start;
		*ret_size = (size_t)(s->at++ - start);
		return 0;
	}
	s->at = start;
	r = tsem_scan_string(s, &out);
	if (r < 0)
		return r;
	*ret = decoded;
	*ret_size = out.used; /* above @room: no number is that long */
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
	uint64_t most; /* of the positive values */
	bool is_signed;
	uint8_t bytes;
} numbers[TSEM_KIND_COUNT] = {
	[TSEM_KIND_BOOL] = { 1, false, 1 },	    [TSEM_KIND_U16] = { UINT16_MAX, false, 2 },
	[TSEM_KIND_U32] = { UINT32_MAX, false, 4 }, [TSEM_KIND_U64] = { UINT64_MAX, false, 8 },
	[TSEM_KIND_S32] = { INT32_MAX, true, 4 },   [TSEM_KIND_S64] = { INT64_MAX, true, 8 },
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

static void pack_number(struct tsem_packer *p, uint64_t value, unsigned int size)
{
	switch (size) {
	case 1:
		tsem_pack_u8(p, (uint8_t)value);
		break;
	case 2:
		tsem_pack_u16(p, (uint16_t)value);
		break;
	case 4:
		tsem_pack_u32(p, (uint32_t)value);
		break;
	default:
		tsem_pack_u64(p, value);
	}
}

static int scan_number(struct tsem_scanner *s, const struct tsem_member *m)
{
	uint8_t decoded[64];
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
	pack_number(&s->packer, value, numbers[m->kind].bytes);
	return 0;
}

/* Text and raw bytes. */

static void pack_length_at(struct tsem_packer *p, size_t at, size_t length)
{
	struct tsem_packer field = *p;

	field.used = at;
	tsem_pack_u32(&field, (uint32_t)length);
}

static int scan_text(struct tsem_scanner *s)
{
	size_t at = s->packer.used;
	int r;

	if (tsem_scan_peek(s) != '"')
		return tsem_scan_wrong_kind(s);
	s->at++;
	tsem_pack_u32(&s->packer, 0);
	r = tsem_scan_string(s, &s->packer);
	if (r < 0)
		return r;
	pack_length_at(&s->packer, at, s->packer.used - at - 4);
	return 0;
}

/* Four bytes of eight digits; false if they are none, which printing them again tells. */
static bool hex_eight(const uint8_t *text, uint8_t bytes[4])
{
	const uint64_t ones = TSEM_SCAN_ONES;
	uint64_t eight = tsem_scan_eight(text), letters = eight >> 6 & ones;
	uint64_t values = (eight & 0x0f * ones) + 9 * letters;
	uint64_t pairs = (values << 4 | values >> 8) & 0x00ff00ff00ff00ffu;

	bytes[0] = (uint8_t)pairs;
	bytes[1] = (uint8_t)(pairs >> 16);
	bytes[2] = (uint8_t)(pairs >> 32);
	bytes[3] = (uint8_t)(pairs >> 48);
	return !(values & 0xf0 * ones) &&
	       values + '0' * ones + ('a' - '9' - 1) * (((values + 6 * ones) >> 4) & ones) == eight;
}

/* Decode in pieces of one digest; an odd digit at the end is only looked at. */
static int hex_pairs(struct tsem_scanner *s, const uint8_t *text, size_t size)
{
	uint8_t bytes[TSEM_DIGEST_MAX];
	size_t used = 0;

	for (; size >= 8; size -= 8, text += 8) {
		if (used == sizeof(bytes)) {
			tsem_pack_bytes(&s->packer, bytes, used);
			used = 0;
		}
		if (!hex_eight(text, bytes + used))
			return -TSEM_REJECT_HEX;
		used += 4;
	}
	tsem_pack_bytes(&s->packer, bytes, used);
	for (; size >= 2; size -= 2, text += 2) {
		uint8_t high = hex_values[text[0]], low = hex_values[text[1]];

		if (!high || !low)
			return -TSEM_REJECT_HEX;
		tsem_pack_u8(&s->packer, (uint8_t)((high - 1) << 4 | (low - 1)));
	}
	return size && !hex_values[*text] ? -TSEM_REJECT_HEX : 0;
}

/* Whether quotes stand where they do around so many digits; what is between is not looked at. */
static bool has_length(struct tsem_scanner *s, size_t digits)
{
	return digits && tsem_scan_peek(s) == '"' && (size_t)(s->end - s->at) >= digits + 2 &&
	       s->at[digits + 1] == '"';
}

/* @bytes is the size that it must have; 0 for a BLOB, which says its own. */
static int scan_hex(struct tsem_scanner *s, unsigned int bytes)
{
	uint8_t decoded[2 * TSEM_DIGEST_MAX + 1];
	size_t size, used = s->packer.used;
	const uint8_t *text;
	int r;

	if (has_length(s, 2 * bytes) && hex_pairs(s, s->at + 1, 2 * bytes) == 0) {
		s->at += 2 * bytes + 2;
		return 0;
	}
	/* It may still have escapes; if not, what is wrong with it is found again. */
	s->packer.used = used;
	r = take_plain(s, decoded, sizeof(decoded), &text, &size);
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

static int scan_choice(struct tsem_scanner *s, const struct tsem_choice *choice, unsigned int depth)
{
	const struct tsem_form *form = NULL;
	struct tsem_key key;
	bool more;
	int r;

	if (tsem_scan_peek(s) != '{')
		return tsem_scan_wrong_kind(s);
	r = tsem_scan_open(s, &more);
	if (r < 0)
		return r;
	if (!more)
		return -TSEM_REJECT_CHOICE;
	r = tsem_scan_key(s, &key);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < choice->form_count; i++) {
		if (tsem_key_is(&key, choice->forms[i].name))
			form = &choice->forms[i];
	}
	if (!form)
		return -TSEM_REJECT_CHOICE;
	tsem_pack_u8(&s->packer, form->tag);
	r = tsem_scan_object(s, &tsem_types[form->type], depth + 1);
	if (r == 0)
		r = tsem_scan_more(s, &more);
	if (r == 0 && more) {
		r = tsem_scan_key(s, &key);
		if (r == 0)
			r = tsem_key_is(&key, form->name) ? -TSEM_REJECT_DUPLICATE_KEY
							  : -TSEM_REJECT_CHOICE;
	}
	return r;
}

static int scan_value(struct tsem_scanner *s, const struct tsem_member *m, unsigned int depth)
{
	switch (m->kind) {
	case TSEM_KIND_OBJECT:
		return tsem_scan_peek(s) == '{'
			       ? tsem_scan_object(s, &tsem_types[m->index], depth + 1)
			       : tsem_scan_wrong_kind(s);
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
static unsigned int find_member(const struct tsem_type *type, const struct tsem_key *key)
{
	for (unsigned int i = 0; i < type->member_count; i++) {
		if (tsem_key_is(key, type->members[i].name))
			return i;
	}
	return type->member_count;
}

/* Take a key that stands as the kernel writes it, if it is this one. */
static bool take_known_key(struct tsem_scanner *s, const struct tsem_member *m)
{
	size_t size = m->key_size - TSEM_KEY_COMMA;

	if ((size_t)(s->end - s->at) < size || memcmp(s->at, m->key + TSEM_KEY_COMMA, size))
		return false;
	s->at += size;
	return true;
}

/* Take a key in whatever spelling. */
static int take_spelled(struct tsem_scanner *s, const struct tsem_type *type, unsigned int *ret)
{
	struct tsem_key key;
	int r = tsem_scan_key(s, &key);

	if (r == 0)
		*ret = find_member(type, &key);
	return r;
}

/* Take a key, tried first where it is expected. */
static int take_member(struct tsem_scanner *s, const struct tsem_type *type, unsigned int next,
		       unsigned int *ret)
{
	tsem_scan_blanks(s);
	for (unsigned int i = next; i < type->member_count; i++) {
		if (take_known_key(s, &type->members[i])) {
			*ret = i;
			return 0;
		}
	}
	return take_spelled(s, type, ret);
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
	if (o->present == (1U << type->member_count) - 1)
		return 0;
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

static void pack_presence(struct tsem_scanner *s, const struct tsem_type *type, unsigned int i,
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
static int scan_disordered(struct tsem_scanner *s, const struct tsem_type *type, unsigned int depth)
{
	const uint8_t *values[MEMBERS_MAX] = { NULL }, *end;
	struct order o = { .present = 0 };
	bool more;
	int r = tsem_scan_open(s, &more);

	while (r == 0 && more) {
		unsigned int i;

		r = take_member(s, type, 0, &i);
		if (r < 0)
			return r;
		if (i == type->member_count) {
			r = tsem_scan_skip(s, depth + 1);
			return r < 0 ? r : -TSEM_REJECT_UNKNOWN_KEY;
		}
		if (is_present(&o, i))
			return -TSEM_REJECT_DUPLICATE_KEY;
		o.present |= (uint16_t)(1U << i);
		values[i] = s->at;
		r = tsem_scan_skip(s, depth + 1);
		if (r == 0)
			r = tsem_scan_more(s, &more);
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
int tsem_scan_object(struct tsem_scanner *s, const struct tsem_type *type, unsigned int depth)
{
	const uint8_t *start = s->at;
	size_t used = s->packer.used;
	struct order o = { .present = 0 };
	unsigned int next = 0;
	bool more;
	int r;

	if (depth > TSEM_DEPTH_MAX)
		return -TSEM_REJECT_DEPTH;
	r = tsem_scan_open(s, &more);
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
			r = tsem_scan_more(s, &more);
	}
	for (; next < type->member_count; next++)
		pack_presence(s, type, next, &o, false);
	return r < 0 ? r : check_presence(type, &o);
}
