/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* membership.h - whether this process is itself one of a workload. */
#ifndef QUIXOTE_MEMBERSHIP_H
#define QUIXOTE_MEMBERSHIP_H

/**
 * membership_check() - Whether a command that ends a workload may be executed here.
 *
 * Not by a member of one: it would be ended before it is done, and leave what it stopped.
 *
 * @argv: The command line, from the subcommand on, to be said how it can be typed instead.
 * Return: 0 or an exit status, said.
 */
int membership_check(char *const argv[]);

#endif
