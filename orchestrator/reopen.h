/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* reopen.h - a shared pipe or terminal that does not block, without a change for who shares it. */
#ifndef QUIXOTE_REOPEN_H
#define QUIXOTE_REOPEN_H

/**
 * reopen_nonblocking() - Open what a descriptor is open for once more.
 * @fd: Of a pipe or a terminal. Regular files, of which the position is shared, are not opened.
 * @mode: O_RDONLY or O_WRONLY; never more than @fd itself allows.
 *
 * Return: A description of one's own, with O_NONBLOCK, or a negative errno.
 */
int reopen_nonblocking(int fd, int mode);

#endif
