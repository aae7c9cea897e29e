/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* version.h - programs that are installed together tell of which version they are. */
#ifndef TSEM_VERSION_H
#define TSEM_VERSION_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/** version_told() - Whether --version was all that was asked for; then it was printed. */
static inline bool version_told(int argc, char *argv[], const char *program)
{
	if (argc != 2 || strcmp(argv[1], "--version") != 0)
		return false;
	(void)printf("%s %s\n", program, QUIXOTE_VERSION);
	return fflush(stdout) == 0;
}

#endif
