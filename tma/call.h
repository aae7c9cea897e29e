/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * call.h - a call on the management socket, from its text: one JSON object as
 * Varlink has it. Knows which members a call can have, not which methods there
 * are.
 */
#ifndef QUIXOTE_CALL_H
#define QUIXOTE_CALL_H

#include <stdbool.h>
#include <stddef.h>

/** CALL_BYTES - Longest call with its NUL: the longest that a method of ours needs, tenfold. */
#define CALL_BYTES 4096

/** CALL_NAME_BYTES - Longest name of a method, interface or parameter, with its NUL. */
#define CALL_NAME_BYTES 64

/** enum call_parameter - Bits: parameters that some method has. */
enum call_parameter {
	CALL_INTERFACE = 1 << 0,
	CALL_OUTSIDE = 1 << 1,
};

/**
 * struct call - What is asked for.
 * @method: Letters, digits, '.', '-' and '_' only, as are all names here.
 * @more: Several answers are expected.
 * @oneway: None is.
 * @given: enum call_parameter bits.
 * @interface: Parameter.
 * @outside: Parameter.
 * @wrong: Name of the first parameter that no method has, or of another type; empty if there is
 *	none.
 */
struct call {
	char method[CALL_NAME_BYTES];
	bool more;
	bool oneway;
	unsigned int given;
	char interface[CALL_NAME_BYTES];
	bool outside;
	char wrong[CALL_NAME_BYTES];
};

/**
 * call_parse() - Parse a call.
 * @data: Its text, without the NUL that ends it.
 *
 * Return: 0; -EBADMSG for what is no call: its sender cannot be answered.
 */
int call_parse(const char *data, size_t size, struct call *ret);

#endif
