/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * packed.h - the packed form of an object (COE, CELL, event), between the
 * hooks or the scanner on one side and hashing or printing on the other.
 *
 * Packed bytes are what formula 1 hashes in the strict projection, with one
 * difference: a TEXT with empty_if is always whole. In order of the schema:
 * presence byte of an optional member or group, numbers little-endian, TEXT and
 * BLOB with a 32-bit length, UUID and IP6 16 bytes, DIGEST its D bytes, a choice
 * as its tag and then the members of the form.
 *
 * Compiled by the kernel and by userspace. No allocation; recursion is bounded
 * by the depth of the schema.
 */
#ifndef TSEM_CORE_PACKED_H
#define TSEM_CORE_PACKED_H

#include "digest.h"
#include "schema.h"

/**
 * struct tsem_packer - Packed bytes being written.
 * @data: Where to; borrowed.
 * @size: Room at @data, in bytes.
 * @used: Bytes that the object needs so far; above @size means it did not fit
 *	and what is at @data is not an object.
 */
struct tsem_packer {
	uint8_t *data;
	size_t size;
	size_t used;
};

static inline bool tsem_packer_overflowed(const struct tsem_packer *p)
{
	return p->used > p->size;
}

static inline void tsem_pack_bytes(struct tsem_packer *p, const void *bytes, size_t size)
{
	if (p->used <= p->size && size <= p->size - p->used)
		memcpy(p->data + p->used, bytes, size);
	p->used += size;	/* lengths are bounded far below SIZE_MAX */
}

static inline void tsem_pack_u8(struct tsem_packer *p, uint8_t value)
{
	tsem_pack_bytes(p, &value, 1);
}

static inline void tsem_pack_u16(struct tsem_packer *p, uint16_t value)
{
	const uint8_t bytes[2] = { (uint8_t)value, (uint8_t)(value >> 8) };

	tsem_pack_bytes(p, bytes, sizeof(bytes));
}

static inline void tsem_pack_u32(struct tsem_packer *p, uint32_t value)
{
	const uint8_t bytes[4] = {
		(uint8_t)value, (uint8_t)(value >> 8),
		(uint8_t)(value >> 16), (uint8_t)(value >> 24),
	};

	tsem_pack_bytes(p, bytes, sizeof(bytes));
}

static inline void tsem_pack_u64(struct tsem_packer *p, uint64_t value)
{
	tsem_pack_u32(p, (uint32_t)value);
	tsem_pack_u32(p, (uint32_t)(value >> 32));
}

/** tsem_pack_text() - TEXT or BLOB: length, then the bytes. */
static inline void tsem_pack_text(struct tsem_packer *p, const void *bytes, size_t size)
{
	tsem_pack_u32(p, (uint32_t)size);
	tsem_pack_bytes(p, bytes, size);
}

/** enum tsem_fields - Projection; formula.md, section 4. */
enum tsem_fields {
	TSEM_FIELDS_STRICT,
	TSEM_FIELDS_PORTABLE,
};

/**
 * struct tsem_view - How packed bytes are to be read when hashed.
 * @digest_size: D, in bytes.
 * @fields: Projection.
 * @file_digest_hidden: The digest member of every FILE counts as zeros (a
 *	pseudonym of this path exists and the event does not execute).
 */
struct tsem_view {
	unsigned int digest_size;
	enum tsem_fields fields;
	bool file_digest_hidden;
};

/**
 * tsem_packed_check() - Whether bytes are a whole packed object.
 * @type: The object.
 * @digest_size: D, in bytes.
 * @data: Any bytes.
 * @size: Their number.
 *
 * Return: true if @size bytes at @data are exactly one well-formed object.
 */
bool tsem_packed_check(const struct tsem_type *type, unsigned int digest_size,
		       const uint8_t *data, size_t size);

/**
 * tsem_packed_hash() - Feed a packed object to a hash function.
 * @type: The object.
 * @view: Projection and digest size.
 * @data: Packed bytes for which tsem_packed_check() holds.
 * @size: Their number.
 * @hasher: Begun by the caller, who also ends it. Formula.md, sections 2 and 4.
 */
void tsem_packed_hash(const struct tsem_type *type, const struct tsem_view *view,
		      const uint8_t *data, size_t size, struct tsem_hasher *hasher);

/**
 * tsem_packed_print() - Print a packed object as canonical JSON text.
 * @type: The object.
 * @digest_size: D, in bytes.
 * @data: Packed bytes for which tsem_packed_check() holds.
 * @size: Their number.
 * @text: Where to; no NUL is added.
 * @text_size: Room there, in bytes; may be 0 with @text NULL, to measure.
 *
 * Formula.md, section 7. Writes at most @text_size bytes.
 *
 * Return: Length of the whole text in bytes, also if it did not fit.
 */
size_t tsem_packed_print(const struct tsem_type *type, unsigned int digest_size,
			 const uint8_t *data, size_t size, char *text, size_t text_size);

/**
 * tsem_packed_find() - Find a member of a packed object by its position.
 * @type: The object.
 * @digest_size: D, in bytes.
 * @data: Packed bytes for which tsem_packed_check() holds.
 * @size: Their number.
 * @position: Of the member in @type.
 * @ret_size: Bytes of the member without presence byte (with the length of a TEXT).
 *
 * Return: Where the member begins, inside @data; NULL if it is not present.
 */
const uint8_t *tsem_packed_find(const struct tsem_type *type, unsigned int digest_size,
				const uint8_t *data, size_t size, unsigned int position,
				size_t *ret_size);

#endif
