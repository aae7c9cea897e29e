// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/*
 * packed.c - walking packed objects along the tables of the schema: checking,
 * hashing, printing, finding. One walk serves all: it decides which members are
 * there and how long they are, the visitors decide what becomes of them.
 */

#include "packed.h"

#ifdef __KERNEL__
#include <asm/div64.h>
#endif

/* No object of the schema has more members; a test holds the schema to it. */
#define MEMBERS_MAX 16

/** struct cursor - Unread packed bytes; @bad once something did not fit. */
struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	unsigned int digest_size;
	bool bad;
};

static const uint8_t *take(struct cursor *c, size_t size)
{
	const uint8_t *at = c->at;

	if (c->bad || size > (size_t)(c->end - c->at)) {
		c->bad = true;
		return NULL;
	}
	c->at += size;
	return at;
}

static uint32_t four_bytes(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static uint64_t little_endian(const uint8_t *bytes, unsigned int size)
{
	uint64_t value = 0;

	if (size == 4)
		return four_bytes(bytes);
	if (size == 8)
		return four_bytes(bytes) | (uint64_t)four_bytes(bytes + 4) << 32;
	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

/* Size of a value of this kind; 0 if it says its own. */
static unsigned int kind_size(uint8_t kind, unsigned int digest_size)
{
	static const uint8_t sizes[TSEM_KIND_COUNT] = {
		[TSEM_KIND_BOOL] = 1, [TSEM_KIND_U16] = 2,   [TSEM_KIND_U32] = 4,
		[TSEM_KIND_U64] = 8,  [TSEM_KIND_S32] = 4,   [TSEM_KIND_S64] = 8,
		[TSEM_KIND_UUID] = 16, [TSEM_KIND_IP6] = 16,
	};

	return kind == TSEM_KIND_DIGEST ? digest_size : sizes[kind];
}

/* Take a whole value that is neither object nor choice. */
static const uint8_t *take_scalar(struct cursor *c, uint8_t kind, size_t *ret_size)
{
	size_t size = kind_size(kind, c->digest_size);
	const uint8_t *value;

	if (!size) {
		const uint8_t *length = take(c, 4);

		if (!length)
			return NULL;
		size = 4 + (size_t)little_endian(length, 4);
		c->at = length;
	}
	value = take(c, size);
	if (value && kind == TSEM_KIND_BOOL && *value > 1)
		c->bad = true;
	*ret_size = size;
	return c->bad ? NULL : value;
}

/** struct members - Where a walk through one object is. */
struct members {
	uint8_t group_seen;	/* one bit per group */
	uint8_t group_present;
	uint16_t present;	/* one bit per member */
	const uint8_t *begin[MEMBERS_MAX];
};

/*
 * Whether a member is there; takes its presence byte. *ret_byte says whether
 * there was one: the members of a group share that of the first.
 */
static bool take_presence(struct cursor *c, const struct tsem_member *m, struct members *state,
			  bool *ret_byte)
{
	uint8_t bit = m->group ? (uint8_t)(1U << (m->group - 1)) : 0;
	const uint8_t *byte;

	*ret_byte = false;
	if (!(m->flags & TSEM_MEMBER_OPTIONAL))
		return true;
	if (state->group_seen & bit)
		return state->group_present & bit;

	byte = take(c, 1);
	if (!byte || *byte > 1) {
		c->bad = true;
		return false;
	}
	*ret_byte = true;
	state->group_seen |= bit;
	if (*byte)
		state->group_present |= bit;
	return *byte;
}

static const struct tsem_form *take_form(struct cursor *c, const struct tsem_choice *choice)
{
	const uint8_t *tag = take(c, 1);

	for (unsigned int i = 0; tag && i < choice->form_count; i++) {
		if (choice->forms[i].tag == *tag)
			return &choice->forms[i];
	}
	c->bad = true;
	return NULL;
}

/* Checking, and skipping. Recursion ends with the schema: no type contains itself. */

static void skip_object(struct cursor *c, const struct tsem_type *type);

static void skip_value(struct cursor *c, const struct tsem_member *m)
{
	const struct tsem_form *form;
	size_t size;

	switch (m->kind) {
	case TSEM_KIND_OBJECT:
		skip_object(c, &tsem_types[m->index]);
		break;
	case TSEM_KIND_CHOICE:
		form = take_form(c, &tsem_choices[m->index]);
		if (form)
			skip_object(c, &tsem_types[form->type]);
		break;
	default:
		(void)take_scalar(c, m->kind, &size);	/* remembers what is bad */
	}
}

static void skip_object(struct cursor *c, const struct tsem_type *type)
{
	struct members state = { .present = 0 };

	for (unsigned int i = 0; i < type->member_count && !c->bad; i++) {
		bool byte;

		if (take_presence(c, &type->members[i], &state, &byte))
			skip_value(c, &type->members[i]);
	}
}

bool tsem_packed_check(const struct tsem_type *type, unsigned int digest_size, const uint8_t *data,
		       size_t size)
{
	struct cursor c = { .at = data, .end = data + size, .digest_size = digest_size };

	skip_object(&c, type);
	return !c.bad && c.at == c.end;
}

const uint8_t *tsem_packed_find(const struct tsem_type *type, unsigned int digest_size,
				const uint8_t *data, size_t size, unsigned int position,
				size_t *ret_size)
{
	struct cursor c = { .at = data, .end = data + size, .digest_size = digest_size };
	struct members state = { .present = 0 };

	for (unsigned int i = 0; i <= position && i < type->member_count; i++) {
		bool byte, present = take_presence(&c, &type->members[i], &state, &byte);
		const uint8_t *begin = c.at;

		if (present)
			skip_value(&c, &type->members[i]);
		if (c.bad)
			return NULL;
		if (i == position && present) {
			*ret_size = (size_t)(c.at - begin);
			return begin;
		}
	}
	return NULL;
}

/* Hashing. */

/** struct hashing - Bytes from @from up to the cursor are still to be hashed, as they are. */
struct hashing {
	struct cursor c;
	const uint8_t *from;
	const struct tsem_view *view;
	struct tsem_hasher *hasher;
};

static void flush(struct hashing *h, const uint8_t *to)
{
	if (to > h->from)
		tsem_hash_update(h->hasher, h->from, (size_t)(to - h->from));
}

/* What stands between @from and the cursor is not hashed. */
static void leave_out(struct hashing *h, const uint8_t *from)
{
	flush(h, from);
	h->from = h->c.at;
}

static void hash_number(struct hashing *h, uint64_t value, unsigned int size)
{
	uint8_t bytes[8];

	for (unsigned int i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	tsem_hash_update(h->hasher, bytes, size);
}

static bool is_hex(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
	       (byte >= 'A' && byte <= 'F');
}

static size_t hex_run(const uint8_t *text, size_t size)
{
	size_t run = 0;

	while (run < size && is_hex(text[run]))
		run++;
	return run;
}

/* Each longest run of five or more hexadecimal digits is one asterisk. */
static void hash_absname(struct hashing *h, const uint8_t *text, size_t size)
{
	size_t length = 0, run;

	for (size_t i = 0; i < size; i += run ? run : 1) {
		run = hex_run(text + i, size - i);
		length += run >= 5 || !run ? 1 : run;
	}
	hash_number(h, length, 4);
	for (size_t i = 0; i < size; i += run ? run : 1) {
		run = hex_run(text + i, size - i);
		if (run >= 5)
			tsem_hash_update(h->hasher, "*", 1);
		else
			tsem_hash_update(h->hasher, text + i, run ? run : 1);
	}
}

/* The number behind /dev/loop is one asterisk. */
static void hash_loop(struct hashing *h, const uint8_t *text, size_t size)
{
	static const char prefix[] = "/dev/loop";
	size_t prefix_size = sizeof(prefix) - 1, end = prefix_size;

	if (size > prefix_size && !memcmp(text, prefix, prefix_size))
		while (end < size && text[end] >= '0' && text[end] <= '9')
			end++;
	if (end == prefix_size) {
		hash_number(h, size, 4);
		tsem_hash_update(h->hasher, text, size);
		return;
	}
	hash_number(h, prefix_size + 1 + size - end, 4);
	tsem_hash_update(h->hasher, text, prefix_size);
	tsem_hash_update(h->hasher, "*", 1);
	tsem_hash_update(h->hasher, text + end, size - end);
}

static bool begins_with(const uint8_t *text, size_t size, const char *prefix, size_t prefix_size)
{
	return size >= prefix_size && !memcmp(text, prefix, prefix_size);
}

/* Whether the member "name" beside it makes a value one that does not matter. */
static bool is_uservalue(const struct tsem_type *type, const struct members *state)
{
	for (unsigned int i = 0; i < type->member_count; i++) {
		const uint8_t *text = state->begin[i];
		size_t size;

		if (type->members[i].kind != TSEM_KIND_TEXT || !text ||
		    memcmp(type->members[i].name, "name", sizeof("name")))
			continue;
		size = (size_t)little_endian(text, 4);
		text += 4;
		return begins_with(text, size, "user.", 5) ||
		       begins_with(text, size, "trusted.overlay.", 16);
	}
	return false;
}

static uint64_t fsclass(uint64_t magic)
{
	for (unsigned int i = 0; i < TSEM_LOCAL_FILESYSTEM_COUNT; i++) {
		if (tsem_local_filesystems[i] == magic)
			return 0;
	}
	return magic;
}

/* The value, which the cursor has passed, in the named projection of its member. */
static void hash_projected(struct hashing *h, const struct tsem_type *type,
			   const struct tsem_member *m, const struct members *state,
			   const uint8_t *value, size_t size)
{
	uint64_t number = size <= 8 ? little_endian(value, (unsigned int)size) : 0;

	if ((m->project == TSEM_PROJECT_ABSNAME && (size < 5 || value[4])) ||
	    (m->project == TSEM_PROJECT_USERVALUE && !is_uservalue(type, state)))
		return;		/* hashed as it is */

	leave_out(h, value);
	switch ((enum tsem_named_projection)m->project) {
	case TSEM_PROJECT_NONE:
		break;
	case TSEM_PROJECT_FSCLASS:
		hash_number(h, fsclass(number), 8);
		break;
	case TSEM_PROJECT_EPHEMERAL:
		hash_number(h, number >= 32768 ? 65535 : number, 2);
		break;
	case TSEM_PROJECT_ABSNAME:
		hash_absname(h, value + 4, size - 4);
		break;
	case TSEM_PROJECT_SIZE01:
		hash_number(h, number != 0, 8);
		break;
	case TSEM_PROJECT_SIGN:
		hash_number(h, (int64_t)number < 0 ? ~(uint64_t)0 : number != 0, 8);
		break;
	case TSEM_PROJECT_LOOP:
		hash_loop(h, value + 4, size - 4);
		break;
	case TSEM_PROJECT_USERVALUE:
		hash_number(h, 0, 4);
		break;
	}
}

static void hash_object(struct hashing *h, const struct tsem_type *type);

static void hash_scalar(struct hashing *h, const struct tsem_type *type,
			const struct tsem_member *m, const struct members *state)
{
	static const uint8_t zeros[TSEM_DIGEST_MAX];
	const uint8_t *value;
	size_t size;

	value = take_scalar(&h->c, m->kind, &size);
	if (!value)
		return;
	if (m->empty_if >= 0 && (state->present & (1U << m->empty_if))) {
		leave_out(h, value);
		hash_number(h, 0, 4);
	} else if (h->view->file_digest_hidden && m->kind == TSEM_KIND_DIGEST &&
		   type == &tsem_types[TSEM_TYPE_FILE]) {
		leave_out(h, value);
		tsem_hash_update(h->hasher, zeros, size);
	} else if (m->project && h->view->fields == TSEM_FIELDS_PORTABLE) {
		hash_projected(h, type, m, state, value, size);
	}
}

static void hash_value(struct hashing *h, const struct tsem_type *type,
		       const struct tsem_member *m, const struct members *state)
{
	const struct tsem_form *form;

	switch (m->kind) {
	case TSEM_KIND_OBJECT:
		hash_object(h, &tsem_types[m->index]);
		break;
	case TSEM_KIND_CHOICE:
		form = take_form(&h->c, &tsem_choices[m->index]);
		if (form)
			hash_object(h, &tsem_types[form->type]);
		break;
	default:
		hash_scalar(h, type, m, state);
	}
}

static void hash_object(struct hashing *h, const struct tsem_type *type)
{
	struct members state = { .present = 0 };

	for (unsigned int i = 0; i < type->member_count && !h->c.bad; i++) {
		const struct tsem_member *m = &type->members[i];
		bool local = (m->flags & TSEM_MEMBER_LOCAL) &&
			     h->view->fields == TSEM_FIELDS_PORTABLE;
		const uint8_t *begin = h->c.at;
		bool byte, present = take_presence(&h->c, m, &state, &byte);

		if (present) {
			state.present |= (uint16_t)(1U << i);
			state.begin[i] = h->c.at;
		}
		if (local) {
			if (present)
				skip_value(&h->c, m);
			leave_out(h, begin);
		} else if (present) {
			hash_value(h, type, m, &state);
		}
	}
}

void tsem_packed_hash(const struct tsem_type *type, const struct tsem_view *view,
		      const uint8_t *data, size_t size, struct tsem_hasher *hasher)
{
	struct hashing h = {
		.c = { .at = data, .end = data + size, .digest_size = view->digest_size },
		.from = data,
		.view = view,
		.hasher = hasher,
	};

	hash_object(&h, type);
	flush(&h, h.c.at);
}

/* Printing. */

/** struct text - Text being written; counts on where it no longer fits. */
struct text {
	char *start;
	size_t size;
	size_t used;
};

static void put(struct text *t, const void *bytes, size_t size)
{
	if (t->used <= t->size && size <= t->size - t->used)
		memcpy(t->start + t->used, bytes, size);
	else if (t->used < t->size)
		memcpy(t->start + t->used, bytes, t->size - t->used);
	t->used += size;
}

static void put_byte(struct text *t, char byte)
{
	if (t->used < t->size)
		t->start[t->used] = byte;
	t->used++;
}

static const char digits[] = "0123456789abcdef";

static void put_hex(struct text *t, const uint8_t *bytes, size_t size)
{
	char pairs[2 * TSEM_DIGEST_MAX];

	while (size) {
		size_t piece = size < TSEM_DIGEST_MAX ? size : TSEM_DIGEST_MAX;

		for (size_t i = 0; i < piece; i++) {
			pairs[2 * i] = digits[bytes[i] >> 4];
			pairs[2 * i + 1] = digits[bytes[i] & 15];
		}
		put(t, pairs, 2 * piece);
		bytes += piece;
		size -= piece;
	}
}

static unsigned int divide_by_ten(uint64_t *value)
{
#ifdef __KERNEL__
	return do_div(*value, 10);
#else
	unsigned int rest = (unsigned int)(*value % 10);

	*value /= 10;
	return rest;
#endif
}

/* In its quotes. */
static void put_number(struct text *t, uint64_t value, unsigned int base, bool negative)
{
	char text[32];
	size_t at = sizeof(text);

	if (negative)
		value = 0 - value;
	text[--at] = '"';
	do {
		if (base == 10) {
			text[--at] = digits[divide_by_ten(&value)];
		} else {
			text[--at] = digits[value & (base - 1)];
			value >>= base == 16 ? 4 : 3;
		}
	} while (value);
	if (base == 16)
		text[--at] = 'x';
	if (base != 10)
		text[--at] = '0';
	if (negative)
		text[--at] = '-';
	text[--at] = '"';
	put(t, text + at, sizeof(text) - at);
}

static bool is_continuation(const uint8_t *bytes, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return false;
	}
	return true;
}

/* Length of the character of valid UTF-8 that begins here; 0 if there is none. */
static size_t character(const uint8_t *bytes, size_t size)
{
	uint8_t first = bytes[0], second = size > 1 ? bytes[1] : 0;
	size_t length = first >= 0xc2 && first <= 0xdf ? 2 :
			(first & 0xf0) == 0xe0	       ? 3 :
			first >= 0xf0 && first <= 0xf4 ? 4 :
							 0;

	if (!length || length > size || !is_continuation(bytes, 1, length))
		return 0;
	if ((first == 0xe0 && second < 0xa0) ||	/* overlong */
	    (first == 0xed && second > 0x9f) ||	/* surrogate */
	    (first == 0xf0 && second < 0x90) ||	/* overlong */
	    (first == 0xf4 && second > 0x8f))	/* above U+10FFFF */
		return 0;
	return length;
}

static void put_escape(struct text *t, uint8_t byte)
{
	put(t, byte & 0x80 ? "\\udc" : "\\u00", 4);
	put_hex(t, &byte, 1);
}

static void put_text(struct text *t, const uint8_t *bytes, size_t size)
{
	size_t plain = 0;	/* bytes before i that are written as they are */

	for (size_t i = 0; i < size;) {
		uint8_t byte = bytes[i];
		size_t length = byte & 0x80 ? character(bytes + i, size - i) :
				byte >= 0x20 && byte != 0x7f && byte != '"' && byte != '\\';

		if (length) {
			plain += length;
			i += length;
			continue;
		}
		put(t, bytes + i - plain, plain);
		plain = 0;
		if (byte == '"' || byte == '\\') {
			put(t, "\\", 1);
			plain = 1;
		} else {
			put_escape(t, byte);
		}
		i++;
	}
	put(t, bytes + size - plain, plain);
}

static void print_scalar(struct text *t, struct cursor *c, const struct tsem_member *m)
{
	size_t size;
	const uint8_t *value = take_scalar(c, m->kind, &size);
	uint64_t number;

	if (!value)
		return;
	switch (m->kind) {
	case TSEM_KIND_TEXT:
		put_byte(t, '"');
		put_text(t, value + 4, size - 4);
		put_byte(t, '"');
		break;
	case TSEM_KIND_BLOB:
		put_byte(t, '"');
		put_hex(t, value + 4, size - 4);
		put_byte(t, '"');
		break;
	case TSEM_KIND_UUID:
	case TSEM_KIND_IP6:
	case TSEM_KIND_DIGEST:
		put_byte(t, '"');
		put_hex(t, value, size);
		put_byte(t, '"');
		break;
	case TSEM_KIND_S32:
		number = (uint64_t)(int64_t)(int32_t)little_endian(value, 4);
		put_number(t, number, m->base, (int64_t)number < 0);
		break;
	case TSEM_KIND_S64:
		number = little_endian(value, 8);
		put_number(t, number, m->base, (int64_t)number < 0);
		break;
	default:
		put_number(t, little_endian(value, (unsigned int)size), m->base, false);
	}
}

static void print_object(struct text *t, struct cursor *c, const struct tsem_type *type);

static void print_value(struct text *t, struct cursor *c, const struct tsem_member *m)
{
	const struct tsem_form *form;

	switch (m->kind) {
	case TSEM_KIND_OBJECT:
		print_object(t, c, &tsem_types[m->index]);
		break;
	case TSEM_KIND_CHOICE:
		form = take_form(c, &tsem_choices[m->index]);
		if (!form)
			return;
		put(t, "{\"", 2);
		put(t, form->name, strlen(form->name));
		put(t, "\": ", 3);
		print_object(t, c, &tsem_types[form->type]);
		put_byte(t, '}');
		break;
	default:
		print_scalar(t, c, m);
	}
}

static void print_object(struct text *t, struct cursor *c, const struct tsem_type *type)
{
	struct members state = { .present = 0 };
	size_t comma = TSEM_KEY_COMMA;	/* of the next key that is not printed */

	put_byte(t, '{');
	for (unsigned int i = 0; i < type->member_count && !c->bad; i++) {
		const struct tsem_member *m = &type->members[i];
		bool byte;

		if (!take_presence(c, m, &state, &byte))
			continue;
		put(t, m->key + comma, m->key_size - comma);
		comma = 0;
		print_value(t, c, m);
	}
	put_byte(t, '}');
}

size_t tsem_packed_print(const struct tsem_type *type, unsigned int digest_size,
			 const uint8_t *data, size_t size, char *text, size_t text_size)
{
	struct cursor c = { .at = data, .end = data + size, .digest_size = digest_size };
	struct text t = { .start = text, .size = text_size };

	print_object(&t, &c, type);
	return t.used;
}
