/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base64.h - bytes as text, RFC 4648, section 4: with padding, in one spelling. */
#ifndef TSEM_BASE64_H
#define TSEM_BASE64_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** BASE64_SIZE - Characters of so many bytes. */
#define BASE64_SIZE(bytes) (((bytes) + 2) / 3 * 4)

/** base64_print() - @ret has room for BASE64_SIZE(@size) characters and a NUL. */
void base64_print(const uint8_t *data, size_t size, char *ret);

/**
 * base64_parse() - Refuses what base64_print() would not have written.
 * @room: At @ret, which is written as far as it goes also when it is refused.
 * Return: number of bytes; -EBADMSG; -E2BIG if there is no room.
 */
ssize_t base64_parse(const char *text, size_t size, uint8_t *ret, size_t room);

#endif
