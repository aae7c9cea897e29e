/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ask.h - the side of those who ask the orchestrator to arm a process: the other
 * side is armer.h, for a process that asks for itself entrance.h.
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

/**
 * ask_connect() - Connect to the socket at @path.
 *
 * Waits for a place in its queue, ten seconds at most; whoever sends or receives by what it
 * returns waits as long.
 *
 * Return: A descriptor; -ETIMEDOUT; another negative errno.
 */
int ask_connect(const char *path);

/**
 * ask_to_arm() - Have the process of a pidfd armed.
 * @fd: From ask_connect(); of no more use afterwards.
 *
 * Return: As ask_answer().
 */
int ask_to_arm(int fd, int pidfd);

/**
 * ask_answer() - What the orchestrator answers to whoever is meant by the connection itself.
 *
 * Return: 0; -ETIMEDOUT after ten seconds; -ECONNRESET if it has gone away; -EPROTO if it answers
 * nonsense; another errno of the socket, or what it answers.
 */
int ask_answer(int fd);

#endif
