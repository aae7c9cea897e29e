// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * evil.c - a library that does something when it is loaded, for tests/vm/attacks.
 */
#include <unistd.h>

__attribute__((constructor)) static void owned(void)
{
	static const char word[] = "owned\n";

	(void)!write(1, word, sizeof(word) - 1);
}
