// SPDX-License-Identifier: LGPL-2.1-or-later
/* refuse.c - see refuse.h. */
#include <stdarg.h>
#include <stdio.h>

#include "refuse.h"

int tsem_refuse(struct tsem_model_error *error, int r, const char *format, ...)
{
	va_list args;

	error->line = 0;
	va_start(args, format);
	(void)vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return r;
}
