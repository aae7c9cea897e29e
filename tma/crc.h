/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * crc.h - the check of a line that is kept: CRC-32 as in zlib and gzip. Against
 * disks and crashes; whoever can write the file can write the check, too.
 */
#ifndef QUIXOTE_CRC_H
#define QUIXOTE_CRC_H

#include <stddef.h>
#include <stdint.h>

/** crc32_of() - Return: The CRC-32 of @size bytes. */
static inline uint32_t crc32_of(const char *data, size_t size)
{
	/* Four bits at a time: a table that can be looked over. */
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < size; i++) {
		crc ^= (uint8_t)data[i];
		crc = table[crc & 0xf] ^ crc >> 4;
		crc = table[crc & 0xf] ^ crc >> 4;
	}
	return ~crc;
}

/** CRC_MEMBER - First member of a line that is checked; the check is of all that follows it. */
#define CRC_MEMBER "{\"crc\":\"%08x\","

/** CRC_MEMBER_SIZE - Its length. */
#define CRC_MEMBER_SIZE 18

#endif
