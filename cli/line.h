/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* line.h - the command line of a subcommand, taken apart by a table. */
#ifndef QUIXOTE_LINE_H
#define QUIXOTE_LINE_H

#include <getopt.h>

/**
 * struct grammar - What may be typed.
 * @help: For --help.
 * @options: As for getopt_long(), of long options; @val is a letter, and 'h' prints @help.
 * @least: Operands at least.
 * @most: Operands at most.
 * @operands: What is expected, for messages: "one FILE".
 * @letters: Short options as for getopt_long(), ":" first; NULL: -h only.
 */
struct grammar {
	const char *help;
	const struct option *options;
	int least;
	int most;
	const char *operands;
	const char *letters;
};

/**
 * struct line - What was typed; borrowed from argv.
 * @values: By the letter of the option: its value, "" if it takes none, NULL if it was not given.
 * @operands: @count of them.
 */
struct line {
	const char *values[128];
	char *const *operands;
	int count;
};

/** line_parse() - Return: 0; an exit status, said; -1 after --help. */
int line_parse(int argc, char *argv[], const struct grammar *grammar, struct line *ret);

#endif
