/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * anchor-first.h - the content of first lines, of a log and of its further files: what is known of
 * the chains by then. For anchor-log.c alone. What is taken is what would be printed.
 */
#ifndef TSEM_ANCHOR_FIRST_H
#define TSEM_ANCHOR_FIRST_H

#include "anchor-log.h"

/** struct tsem_printing - Text on its way. */
struct tsem_printing {
	char *text;
	size_t used;
	size_t room;
};

/** tsem_print() - Add to it. Return: 0 or -E2BIG. */
int tsem_print(struct tsem_printing *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** tsem_print_begin() - Of a log whose chains are those of @old, which may be NULL. */
int tsem_print_begin(struct tsem_printing *p, const struct tsem_anchor_begin *begin,
		     const struct tsem_anchor_log *old);

/** tsem_print_checkpoint() - All of a log, as it is. */
int tsem_print_checkpoint(struct tsem_printing *p, const struct tsem_anchor_log *log);

/**
 * tsem_take_begin() - Take the content of a begin.
 * @log: Has no chains.
 * Return: 0; -EBADMSG (@log->error says why); -E2BIG.
 */
int tsem_take_begin(struct tsem_anchor_log *log, struct tsem_cursor *c);

/**
 * tsem_take_checkpoint() - Take the content of a checkpoint.
 * @log: Has no chains; or those of the lines before, and then it must say just these.
 * Return: 0; -EBADMSG; -E2BIG; -ENOMEM.
 */
int tsem_take_checkpoint(struct tsem_anchor_log *log, struct tsem_cursor *c);

/** tsem_refuse_line() - Say why the next line is not taken. Return: -EBADMSG. */
int tsem_refuse_line(struct tsem_anchor_log *log, const char *why);

#endif
