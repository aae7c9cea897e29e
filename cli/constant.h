/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* constant.h - names of the numbers by which programs tell the kernel what they want. */
#ifndef QUIXOTE_CONSTANT_H
#define QUIXOTE_CONSTANT_H

#include <stdint.h>

/** enum constant_kind - What a number stands for. */
enum constant_kind {
	CONSTANT_PRCTL,
	CONSTANT_FCNTL,
	CONSTANT_IOCTL,
	CONSTANT_LIMIT,
	CONSTANT_SOCKET_OPTION, /* of level SOL_SOCKET */
	CONSTANT_TCP_OPTION,
	CONSTANT_IPV4_OPTION,
	CONSTANT_IPV6_OPTION,
};
#define CONSTANT_KIND_COUNT (CONSTANT_IPV6_OPTION + 1)

/** constant_name() - The name of a number. Return: NULL if it has none here. */
const char *constant_name(enum constant_kind kind, uint64_t value);

#endif
