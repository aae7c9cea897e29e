/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bell.h - the socket beside the management socket on which a workload is asked to take a
 * new model. Who connects has asked: nothing is read. It is answered once, when that is
 * decided.
 */
#ifndef QUIXOTE_BELL_H
#define QUIXOTE_BELL_H

#include <stdint.h>
#include <systemd/sd-event.h>

#define BELL_TEXT_BYTES 1020

/**
 * struct bell_answer - What is said to who has asked, in one message.
 * @result: 0, or a negative errno.
 * @text: For people; NUL-terminated.
 */
struct bell_answer {
	int32_t result;
	char text[BELL_TEXT_BYTES];
};

struct bell;

/**
 * bell_new() - Make it, as the user whose files are touched at the moment.
 * @dir: Directory of the management socket; borrowed.
 * @uid: Who may ask besides root.
 * @rung: Called when somebody asks; bell_answer() answers him. Nobody else is heard before that.
 */
int bell_new(sd_event *event, int dir, uid_t uid, void (*rung)(void *userdata), void *userdata,
	     struct bell **ret);

/** bell_answer() - Answer who has asked, if he is still there. Takes NULL. */
void bell_answer(struct bell *bell, int result, const char *text);

/** bell_free() - Takes NULL. Return: NULL. */
struct bell *bell_free(struct bell *bell);

#endif
