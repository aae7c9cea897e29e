/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tell.h - what is said to people, to the journal and to a service manager. Nobody of them
 * is waited for: supervision goes on while they do not listen.
 */
#ifndef QUIXOTE_TELL_H
#define QUIXOTE_TELL_H

#include "outbox.h"

/** TELL_JOURNAL_IDENTIFIER - A line of every entry: whose it is. */
#define TELL_JOURNAL_IDENTIFIER "SYSLOG_IDENTIFIER=quixote-orchestrator\n"

/**
 * struct tell - Whom.
 * @lines: Standard error.
 * @journal: The system's.
 * @manager: Of services.
 */
struct tell {
	struct outbox lines;
	struct outbox journal;
	struct outbox manager;
};

/** tell_init() - @told: Called when standard error has taken all that had to wait. */
void tell_init(struct tell *tell, sd_event *event, void (*told)(void *userdata), void *userdata);

/** tell_line() - A line on standard error; cut, if it must be. */
void tell_line(struct tell *tell, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** tell_journal() - Lines NAME=VALUE; see tell_flatten(). */
void tell_journal(struct tell *tell, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** tell_manager() - As sd_notify(3); nothing without a service manager. */
void tell_manager(struct tell *tell, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** tell_alive() - The service manager's watchdog; not one more if it has not heard the last. */
void tell_alive(struct tell *tell);

/** tell_flatten() - Make one line of it, whatever it was made of. */
void tell_flatten(char *text);

/** tell_journal_connect() - Return: A socket that takes entries and never blocks, or a negative
 * errno. */
int tell_journal_connect(void);

void tell_close(struct tell *tell);

#endif
