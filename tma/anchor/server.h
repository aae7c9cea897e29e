/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * server.h - the orchestrators that feed the anchor: what they say is looked
 * at, gathered for a moment, and goes into the store in one extension.
 */
#ifndef QUIXOTE_SERVER_H
#define QUIXOTE_SERVER_H

#include "store.h"

/** SERVER_CLIENTS - Most at once: workloads of one machine, and a few that ask. */
#define SERVER_CLIENTS 256u

/** struct server - Opaque. */
struct server;

/**
 * server_new() - Listen.
 * @socket: Listening, SOCK_SEQPACKET; borrowed.
 * @store: Borrowed.
 * Return: 0 or -ENOMEM.
 */
int server_new(int socket, struct store *store, struct server **ret);

/**
 * server_run() - Until SIGTERM comes at @signals, or the store fails.
 * Return: 0; or a negative errno, @store->error saying why.
 */
int server_run(struct server *server, int signals);

#endif
