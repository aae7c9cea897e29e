// SPDX-License-Identifier: LGPL-2.1-or-later
/* line.c - see line.h. */
#include <stdio.h>

#include "command.h"
#include "line.h"

int line_parse(int argc, char *argv[], const struct grammar *grammar, struct line *ret)
{
	int option;

	*ret = (struct line){ .count = 0 };
	opterr = 0;
	while ((option = getopt_long(argc, argv, grammar->letters ?: ":h", grammar->options,
				     NULL)) != -1) {
		if (option == 'h')
			return fputs(grammar->help, stdout) < 0 ? 1 : -1;
		if (option == '?' || option == ':')
			return option_error(argv, option);
		if (ret->values[option])
			return command_line_error(argv[0], "%s is given twice", argv[optind - 1]);
		ret->values[option] = optarg ?: "";
	}
	ret->operands = argv + optind;
	ret->count = argc - optind;
	if (ret->count < grammar->least || ret->count > grammar->most)
		return command_line_error(argv[0], "%s is expected", grammar->operands);
	return 0;
}
