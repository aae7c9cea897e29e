/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * channel.h - the kernel's files: the control file with which a namespace is
 * made and owned, its event descriptor, its status file.
 *
 * The kernel's side is docs/architecture.md, "Kernel interface". Where one of
 * the files is a socket (a control plane served by a process, as the tests do)
 * it is connected to instead of opened; nothing else differs.
 */
#ifndef TSEM_CHANNEL_H
#define TSEM_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** TSEM_CHANNEL_DIR - Where the kernel has its control plane. */
#define TSEM_CHANNEL_DIR "/sys/kernel/security/tsem"

/** TSEM_COMMAND_MAX - Longest command with its line feed, in bytes: the kernel's limit. */
#define TSEM_COMMAND_MAX 4096

/**
 * struct tsem_channel - A namespace and the descriptor that owns it.
 * @dir: The control plane.
 * @control: Control file; owns the namespace.
 * @id: Of the namespace; 0 before it was created.
 * @internal: The kernel judges it; set before it is created.
 */
struct tsem_channel {
	int dir;
	int control;
	uint64_t id;
	bool internal;
};

#define TSEM_CHANNEL_EMPTY ((struct tsem_channel){ .dir = -EBADF, .control = -EBADF })

/** struct tsem_status - What the status file says; a key that is missing counts as 0. */
struct tsem_status {
	uint64_t events;
	uint64_t waiting;
	uint64_t exported;
	uint64_t remembered;
	uint64_t refused;
	uint64_t dropped;
	uint64_t expired;
	uint64_t unknown;
	uint64_t pool_low;
	uint64_t points;
	uint64_t forensics;
	uint64_t bytes;
	uint64_t members;
	uint64_t gone;
	uint64_t entered;
	uint64_t untold;
};

/**
 * tsem_channel_open() - Open the control file.
 * @path: Directory of the control plane; NULL for the kernel's.
 * @ret: To be closed by tsem_channel_close().
 *
 * Return: 0; -ENOENT if there is no TSEM; -EACCES or -EPERM without
 * CAP_MAC_ADMIN or inside a namespace; another errno of open().
 */
int tsem_channel_open(const char *path, struct tsem_channel *ret);

/** tsem_channel_close() - Close both descriptors; the namespace lives on while it has members. */
void tsem_channel_close(struct tsem_channel *channel);

/**
 * tsem_channel_command() - One command.
 * @format: Without line feed, as printf().
 *
 * Return: 0; -E2BIG if it is longer than the kernel takes; -EINVAL if it holds
 * a line feed; -EIO on a short write; the kernel's errno.
 */
int tsem_channel_command(const struct tsem_channel *channel, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * tsem_channel_create() - Make the namespace.
 * @arguments: KEY=VALUE, separated by blanks.
 *
 * Return: 0 and the id in @channel; -EPROTO if the kernel does not tell it; else
 * as tsem_channel_command().
 */
int tsem_channel_create(struct tsem_channel *channel, const char *arguments);

/** tsem_channel_arm() - Let the process of a pidfd enter with its next exec. */
int tsem_channel_arm(const struct tsem_channel *channel, int pidfd);

/**
 * tsem_channel_open_events() - Open the event descriptor, for reading and writing.
 *
 * Its read never blocks. The last close tells the kernel that the reader is gone.
 *
 * Return: The descriptor, or a negative errno.
 */
int tsem_channel_open_events(const struct tsem_channel *channel);

/** tsem_channel_open_counts() - Open the counts file. Return: The descriptor, or a negative errno.
 */
int tsem_channel_open_counts(const struct tsem_channel *channel);

/** tsem_channel_open_status() - Open the status file. Return: The descriptor, or a negative errno.
 */
int tsem_channel_open_status(const struct tsem_channel *channel);

/**
 * tsem_status_read() - Read the status file as it is now.
 * @fd: From tsem_channel_open_status(); its position is not used.
 *
 * Return: 0; -EBADMSG if it does not parse; an errno of pread().
 */
int tsem_status_read(int fd, struct tsem_status *ret);

/**
 * tsem_status_parse() - Parse the text of a status file.
 * @text: Lines "key value".
 * @size: Bytes at @text.
 *
 * Unknown keys are skipped: a newer kernel may count more. A known key with a
 * value that is no decimal number, a key twice and a line without end are refused.
 *
 * Return: 0 or -EBADMSG.
 */
int tsem_status_parse(const char *text, size_t size, struct tsem_status *ret);

/**
 * tsem_scratch_escape() - Write a directory as the scratch key of create wants it.
 * @dir: Absolute, with final slash.
 * @text: Where to; NUL-terminated.
 * @size: Room there, in bytes.
 *
 * Colon, blank, backslash and control bytes become \xNN.
 *
 * Return: Length of the text, or -E2BIG.
 */
int tsem_scratch_escape(const char *dir, char *text, size_t size);

#endif
