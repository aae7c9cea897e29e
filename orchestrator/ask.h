/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ask.h - the side of those who ask the orchestrator to arm a process: the other
 * side is armer.h.
 */
#ifndef QUIXOTE_ASK_H
#define QUIXOTE_ASK_H

#include <sys/types.h>

/**
 * ask_open_container() - The waiting first process of a container that a runtime has created.
 * @pid_file: As the runtime has written it.
 * @ret: Its number, which stays its own if the caller is its reaper.
 * Return: A pidfd or a negative errno.
 */
int ask_open_container(const char *pid_file, pid_t *ret);

/** ask_connect() - Connect to the socket at @path. Return: A descriptor or a negative errno. */
int ask_connect(const char *path);

/**
 * ask_to_arm() - Have the process of a pidfd armed.
 * @fd: From ask_connect(); of no more use afterwards.
 *
 * Waits for the answer, ten seconds at most.
 *
 * Return: 0; -EPROTO; an errno of the socket, or what the orchestrator answers.
 */
int ask_to_arm(int fd, int pidfd);

#endif
