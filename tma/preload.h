/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * preload.h - the verified model on its way into the kernel: the TMA, which reads
 * models and has no capability, writes digests to a pipe; the orchestrator, which
 * has one and reads no model, gives them to the kernel. An entry is one byte, the
 * kind, and D bytes, the digest; the end of the pipe is the end of the model.
 */
#ifndef QUIXOTE_PRELOAD_H
#define QUIXOTE_PRELOAD_H

/* The first byte of an entry. */
#define PRELOAD_PSEUDONYM 'p'
#define PRELOAD_POINT 's'

struct judge;

/**
 * preload_write() - Write what the kernel shall know of a model.
 * @fd: The pipe; blocks while it is full.
 *
 * Pseudonyms first, which are part of every coefficient; points unless training.
 *
 * Return: 0 or an errno of write().
 */
int preload_write(const struct judge *judge, int fd);

#endif
