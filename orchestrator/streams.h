/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * streams.h - standard input, output and error of a workload. They are part of
 * its behaviour, so they are of one kind wherever quixote is started from.
 */
#ifndef QUIXOTE_STREAMS_H
#define QUIXOTE_STREAMS_H

#include <stdbool.h>
#include <systemd/sd-event.h>
#include <termios.h>

#include "relay.h"
#include "session.h"

/**
 * struct streams - The workload's side until it is started, ours after it.
 * @theirs: To become descriptors 0 to 2; -EBADF when given away.
 * @ours: The other ends; -EBADF when carried by a relay or not needed.
 * @input: What the input is carried from; -EBADF for a copy of descriptor 0.
 * @relays: Input, output, error; NULL if there is none.
 * @pty: Its master, for its size; -EBADF if there is none.
 * @raw: The terminal of the caller was changed and @before is how it was.
 */
struct streams {
	int theirs[3];
	int ours[3];
	int input;
	struct relay *relays[3];
	int pty;
	bool raw;
	struct termios before;
};

#define STREAMS_EMPTY                                                                              \
	((struct streams){ .theirs = { -EBADF, -EBADF, -EBADF },                                   \
			   .ours = { -EBADF, -EBADF, -EBADF },                                     \
			   .input = -EBADF,                                                        \
			   .pty = -EBADF })

/**
 * streams_open_input() - Others may read the same pipe or terminal, and take what was there
 * to read: have a description of it that does not block, while this process may open it.
 */
void streams_open_input(struct streams *streams);

/** streams_open() - Make them. Return: 0 or a negative errno. */
int streams_open(struct streams *streams, enum session_terminal terminal);

/**
 * streams_relay() - The workload has its side: close it here and begin to carry.
 * @done: Called whenever one of output and error has ended.
 */
int streams_relay(struct streams *streams, sd_event *event, relay_done_fn *done, void *userdata);

/** streams_drop_input() - Before streams_relay(): there is no input, it ends at once. */
void streams_drop_input(struct streams *streams);

/** streams_resize() - The caller's terminal has another size now. */
void streams_resize(const struct streams *streams);

/** streams_end_input() - Nobody reads any more. */
void streams_end_input(struct streams *streams);

/** streams_are_drained() - Whether all output has been written. */
bool streams_are_drained(const struct streams *streams);

/** streams_close() - Stop at once and give the terminal back as it was. */
void streams_close(struct streams *streams);

#endif
