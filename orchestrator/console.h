/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * console.h - the terminal of a container: the runtime makes it inside and sends its
 * other side; what is typed and said is carried between that and our own terminal.
 */
#ifndef QUIXOTE_CONSOLE_H
#define QUIXOTE_CONSOLE_H

#include <systemd/sd-event.h>

#include "relay.h"

/**
 * struct console - A terminal.
 * @listener: Where the runtime sends it.
 * @pty: Our side.
 * @relays: In and out.
 */
struct console {
	int listener;
	int pty;
	struct relay *relays[2];
};

#define CONSOLE_EMPTY ((struct console){ .listener = -EBADF, .pty = -EBADF })

/** console_listen() - Make the socket at @path. Return: 0 or a negative errno. */
int console_listen(struct console *console, const char *path);

/**
 * console_begin() - Take what the runtime has sent, and carry.
 * @done: Called when nothing more is said.
 *
 * Return: 0; -EBADMSG if no terminal was sent; another errno.
 */
int console_begin(struct console *console, sd_event *event, relay_done_fn *done, void *userdata);

/** console_resize() - Give it the size of our own. */
void console_resize(const struct console *console);

void console_done(struct console *console);

#endif
