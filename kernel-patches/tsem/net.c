// SPDX-License-Identifier: GPL-2.0-only
/*
 * net.c - events of sockets.
 */

#include <linux/net.h>
#include <net/sock.h>

#include "describe.h"
#include "event.h"
#include "inode.h"

static int hook_socket_create(int family, int type, int protocol, int kern)
{
	struct tsem_event event;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_SOCKET_CREATE, &r))
		return r;
	tsem_pack_u32(&event.cell, family);
	tsem_pack_u32(&event.cell, type);
	tsem_pack_u32(&event.cell, protocol);
	tsem_pack_u8(&event.cell, !!kern);
	return tsem_event_end(&event, 0);
}

/* The owner of a socket is the TASK_ID of its creator at this moment. */
static int hook_socket_post_create(struct socket *sock, int family, int type, int protocol,
				   int kern)
{
	const struct tsem_task *task = tsem_task(current);
	struct tsem_created created;

	if (!task->ns || kern)
		return 0;
	created = (struct tsem_created){ .ns_id = task->ns->id, .owner = task->task_id };
	return tsem_inode_set_created(SOCK_INODE(sock), &created);
}

static int hook_socket_connect(struct socket *sock, struct sockaddr *address, int size)
{
	struct tsem_event event;
	int r;

	if (!tsem_event_begin(&event, TSEM_EVENT_SOCKET_CONNECT, &r))
		return r;
	tsem_pack_sock(&event.cell, event.ns, sock);
	return tsem_event_end(&event, tsem_pack_address(&event.cell, event.ns, address, size));
}

static struct security_hook_list net_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(socket_create, hook_socket_create),
	LSM_HOOK_INIT(socket_post_create, hook_socket_post_create),
	LSM_HOOK_INIT(socket_connect, hook_socket_connect),
};

void __init tsem_add_net_hooks(void)
{
	security_add_hooks(net_hooks, ARRAY_SIZE(net_hooks), &tsem_lsmid);
}
