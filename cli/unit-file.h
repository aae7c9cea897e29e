/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unit-file.h - what a file of a unit says of its command, as text: enough to see that
 * it says something else now. What it means systemd alone knows.
 */
#ifndef QUIXOTE_UNIT_FILE_H
#define QUIXOTE_UNIT_FILE_H

#include "text.h"

/** UNIT_FILE_BYTES - As much as systemd reads of a line; no file of a unit comes near it. */
#define UNIT_FILE_BYTES (1u << 20)

/**
 * unit_file_add_commands() - Add each line of ExecStart= in a section [Service] as a comment.
 * @data: Content of the file.
 * @size: UNIT_FILE_BYTES at most.
 * @ret: One line "# ExecStart=VALUE" each, continued lines in one.
 * Return: 0; -E2BIG; -EBADMSG (a NUL byte); -ENOMEM.
 */
int unit_file_add_commands(const char *data, size_t size, struct text *ret);

#endif
