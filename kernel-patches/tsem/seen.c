// SPDX-License-Identifier: GPL-2.0-only
/*
 * seen.c - what a model may ask about an event. Members have the names that a
 * record prints, so a model depends on the catalogue and not on how it is packed.
 */

#include <linux/export.h>

#include "loadable.h"

/** tsem_event_types() - Above every number that tsem_seen_type() tells. Context: Any. */
unsigned int tsem_event_types(void)
{
	return TSEM_EVENT_COUNT;
}
EXPORT_SYMBOL_GPL(tsem_event_types);

/** tsem_event_name() - Name of the events of a type; NULL if there is none. Context: Any. */
const char *tsem_event_name(unsigned int type)
{
	return type < TSEM_EVENT_COUNT ? tsem_events[type].name : NULL;
}
EXPORT_SYMBOL_GPL(tsem_event_name);

/** tsem_seen_type() - Type of an event, from 1. Context: Any. */
unsigned int tsem_seen_type(const struct tsem_seen *event)
{
	return event->raw->event;
}
EXPORT_SYMBOL_GPL(tsem_seen_type);

/** tsem_seen_digest_name() - Hash function of the namespace, as digest= names it. Context: Any. */
const char *tsem_seen_digest_name(const struct tsem_seen *event)
{
	return event->ns->alg.name;
}
EXPORT_SYMBOL_GPL(tsem_seen_digest_name);

/**
 * struct place - Where a search through nested objects is.
 * @type: The object.
 * @data: Its packed bytes, and perhaps more.
 * @size: Their number.
 */
struct place {
	const struct tsem_type *type;
	const u8 *data;
	size_t size;
};

/* Leave the first word of a path, its length in *ret_size, and go on behind the dot. */
static const char *next_word(const char *path, size_t *ret_size)
{
	*ret_size = strcspn(path, ".");
	return path[*ret_size] ? path + *ret_size + 1 : NULL;
}

static bool is_word(const char *word, size_t size, const char *name)
{
	return strlen(name) == size && !memcmp(word, name, size);
}

/* A choice is there in one form, and only that is found. */
static int enter_choice(struct place *place, const struct tsem_choice *choice, const char *word,
			size_t word_size)
{
	for (unsigned int i = 0; i < choice->form_count; i++) {
		const struct tsem_form *form = &choice->forms[i];

		if (!is_word(word, word_size, form->name))
			continue;
		if (place->size < 1 || place->data[0] != form->tag)
			return -ENOENT;
		*place = (struct place){ &tsem_types[form->type], place->data + 1,
					 place->size - 1 };
		return 0;
	}
	return -EINVAL;
}

/* Find a member, and make it the place. */
static const struct tsem_member *enter_member(struct place *place, unsigned int digest_size,
					      const char *word, size_t word_size, int *ret)
{
	for (unsigned int i = 0; i < place->type->member_count; i++) {
		const struct tsem_member *member = &place->type->members[i];

		if (!is_word(word, word_size, member->name))
			continue;
		place->data = tsem_packed_find(place->type, digest_size, place->data, place->size,
					       i, &place->size);
		*ret = place->data ? 0 : -ENOENT;
		return member;
	}
	*ret = -EINVAL;
	return NULL;
}

static struct place begin(const struct tsem_seen *event, const char **path)
{
	const struct tsem_raw *raw = event->raw;
	const struct tsem_subject *subject = event->subject;

	if (!strncmp(*path, "COE.", 4)) {
		*path += 4;
		return (struct place){ &tsem_coe, subject->coe, sizeof(subject->coe) };
	}
	return (struct place){ &tsem_events[raw->event].cell, raw->cell, raw->cell_size };
}

/* Follow a path to the scalar that it names. */
static int find(const struct tsem_seen *event, const char *path, enum tsem_kind *ret_kind,
		struct kvec *ret)
{
	struct place place = begin(event, &path);

	while (path) {
		const struct tsem_member *member;
		const char *word = path;
		size_t word_size;
		int r;

		path = next_word(path, &word_size);
		member = enter_member(&place, tsem_ns_digest_size(event->ns), word, word_size, &r);
		if (r < 0)
			return r;
		*ret_kind = member->kind;
		if (member->kind == TSEM_KIND_OBJECT) {
			place.type = &tsem_types[member->index];
		} else if (member->kind == TSEM_KIND_CHOICE && path) {
			word = path;
			path = next_word(path, &word_size);
			r = enter_choice(&place, &tsem_choices[member->index], word, word_size);
			if (r < 0)
				return r;
		} else if (path) {
			return -EINVAL;
		}
	}
	*ret = (struct kvec){ .iov_base = (void *)place.data, .iov_len = place.size };
	return 0;
}

static u64 number_at(const u8 *bytes, size_t size)
{
	u64 value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

/**
 * tsem_seen_number() - Get a number of an event.
 * @event: The event.
 * @member: Its place in the record: keys joined by dots, in the object of the event or,
 *	after "COE.", of the task: "file.inode.mode", "COE.euid".
 * @ret: The number; of a signed one its bytes, not extended.
 *
 * Context: Any.
 * Return: 0; -ENOENT if this event does not have the member now; -EINVAL if its type never
 * has, or it is no number.
 */
int tsem_seen_number(const struct tsem_seen *event, const char *member, u64 *ret)
{
	enum tsem_kind kind;
	struct kvec value;
	int r = find(event, member, &kind, &value);

	if (r < 0)
		return r;
	if (kind > TSEM_KIND_S64)
		return -EINVAL;
	*ret = number_at(value.iov_base, value.iov_len);
	return 0;
}
EXPORT_SYMBOL_GPL(tsem_seen_number);

/**
 * tsem_seen_bytes() - Get a text or digest of an event.
 * @event: The event.
 * @member: As for tsem_seen_number().
 * @ret: Where it is, not ended by NUL; borrowed from @event.
 *
 * Context: Any.
 * Return: 0; -ENOENT if this event does not have the member now; -EINVAL if its type never
 * has, or it is a number or an object.
 */
int tsem_seen_bytes(const struct tsem_seen *event, const char *member, struct kvec *ret)
{
	enum tsem_kind kind;
	struct kvec value;
	int r = find(event, member, &kind, &value);

	if (r < 0)
		return r;
	if (kind <= TSEM_KIND_S64 || kind >= TSEM_KIND_OBJECT)
		return -EINVAL;
	if (kind == TSEM_KIND_TEXT || kind == TSEM_KIND_BLOB) {
		value.iov_base += 4;	/* its length */
		value.iov_len -= 4;
	}
	*ret = value;
	return 0;
}
EXPORT_SYMBOL_GPL(tsem_seen_bytes);

/**
 * tsem_seen_hash() - Hash with the function of the namespace.
 * @event: An event of it.
 * @parts: What is hashed, one behind the other.
 * @count: Their number.
 * @ret_digest: As many bytes as a digest of the namespace has.
 *
 * Context: Any.
 */
void tsem_seen_hash(const struct tsem_seen *event, const struct kvec *parts, unsigned int count,
		    u8 *ret_digest)
{
	TSEM_HASH_ON_STACK(hash, &event->ns->alg);

	tsem_hash_init(&hash->hasher);
	for (unsigned int i = 0; i < count; i++)
		tsem_hash_update(&hash->hasher, parts[i].iov_base, parts[i].iov_len);
	tsem_hash_final(&hash->hasher, ret_digest);
}
EXPORT_SYMBOL_GPL(tsem_seen_hash);
