/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* refuse.h - saying why a file is refused, where it is not about a line of it. */
#ifndef TSEM_REFUSE_H
#define TSEM_REFUSE_H

#include "model.h"

/** tsem_refuse() - Put a sentence into @error; what is too long is cut. Return: @r. */
int tsem_refuse(struct tsem_model_error *error, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
