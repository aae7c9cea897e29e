// SPDX-License-Identifier: GPL-2.0-only
/*
 * net.c - events of sockets.
 */

#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "describe.h"
#include "event.h"
#include "inode.h"
#include "verdict.h"

static int hook_socket_create(int family, int type, int protocol, int kern)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin_small(&event, TSEM_EVENT_SOCKET_CREATE, &r))
		return r;
	tsem_pack_u32(&event.cell, family);
	tsem_pack_u32(&event.cell, type);
	tsem_pack_u32(&event.cell, protocol);
	tsem_pack_u8(&event.cell, !!kern);
	return tsem_event_end(&event, 0);
}

/* The owner of a socket is the TASK_ID of its creator at this moment. */
static int set_owner(struct socket *sock)
{
	struct tsem_ns *ns = tsem_ns_of(current);
	int r = ns ? tsem_mark_created(SOCK_INODE(sock), 0) : 0;

	/* Also where nobody judges: later it would be told as somebody else's. */
	return r < 0 ? tsem_refuse_undescribed(ns, r) : 0;
}

static int hook_socket_post_create(struct socket *sock, int family, int type, int protocol,
				   int kern)
{
	return kern ? 0 : set_owner(sock);
}

static int hook_socket_socketpair(struct socket *a, struct socket *b)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin_small(&event, TSEM_EVENT_SOCKET_SOCKETPAIR, &r))
		return r;
	tsem_pack_sock(&event.cell, event.ns, a->sk);
	tsem_pack_sock(&event.cell, event.ns, b->sk);
	return tsem_event_end(&event, 0);
}

/* An event that is a socket and an address. */
static int addressed(enum tsem_event_id id, const struct socket *sock,
		     const struct sockaddr *address, int size)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin_small(&event, id, &r))
		return r;
	tsem_pack_sock(&event.cell, event.ns, sock->sk);
	r = tsem_pack_address(&event.cell, event.ns, address, size, true);
	return tsem_event_end(&event, r);
}

static int hook_socket_connect(struct socket *sock, struct sockaddr *address, int size)
{
	return addressed(TSEM_EVENT_SOCKET_CONNECT, sock, address, size);
}

static int hook_socket_bind(struct socket *sock, struct sockaddr *address, int size)
{
	return addressed(TSEM_EVENT_SOCKET_BIND, sock, address, size);
}

/* The address is that on which the socket listens. */
static int pack_own_address(struct tsem_event *event, struct socket *sock)
{
	struct sockaddr_storage address = {};
	int size = READ_ONCE(sock->ops)->getname(sock, (struct sockaddr *)&address, 0);

	if (size == -EOPNOTSUPP)
		size = 0;	/* one without addresses, as AF_ALG */
	if (size < 0)
		return size;
	return tsem_pack_address(&event->cell, event->ns, (struct sockaddr *)&address, size,
				 false);
}

static int hook_socket_accept(struct socket *sock, struct socket *newsock)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin_small(&event, TSEM_EVENT_SOCKET_ACCEPT, &r))
		return r < 0 ? r : set_owner(newsock);
	tsem_pack_sock(&event.cell, event.ns, sock->sk);
	r = tsem_event_end(&event, pack_own_address(&event, sock));
	return r < 0 ? r : set_owner(newsock);
}

/* An event that is a socket and numbers. */
static noinline int numbered(enum tsem_event_id id, const struct socket *sock, unsigned int count,
			     int first, int second)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin_small(&event, id, &r))
		return r;
	tsem_pack_sock(&event.cell, event.ns, sock->sk);
	if (count > 0)
		tsem_pack_u32(&event.cell, first);
	if (count > 1)
		tsem_pack_u32(&event.cell, second);
	return tsem_event_end(&event, 0);
}

static int hook_socket_listen(struct socket *sock, int backlog)
{
	return numbered(TSEM_EVENT_SOCKET_LISTEN, sock, 1, backlog, 0);
}

static int hook_socket_recvmsg(struct socket *sock, struct msghdr *msg, int size, int flags)
{
	return tsem_is_modelled() ? numbered(TSEM_EVENT_SOCKET_RECVMSG, sock, 0, 0, 0) : 0;
}

static int hook_socket_getsockname(struct socket *sock)
{
	return numbered(TSEM_EVENT_SOCKET_GETSOCKNAME, sock, 0, 0, 0);
}

static int hook_socket_getpeername(struct socket *sock)
{
	return numbered(TSEM_EVENT_SOCKET_GETPEERNAME, sock, 0, 0, 0);
}

static int hook_socket_setsockopt(struct socket *sock, int level, int optname)
{
	return numbered(TSEM_EVENT_SOCKET_SETSOCKOPT, sock, 2, level, optname);
}

static int hook_socket_shutdown(struct socket *sock, int how)
{
	return numbered(TSEM_EVENT_SOCKET_SHUTDOWN, sock, 1, how, 0);
}

/* A server answers whoever asked: formula.md, section 3, rule 7. */
static bool names_peer(const struct socket *sock, const struct msghdr *msg)
{
	return msg->msg_name && msg->msg_namelen > 0 &&
	       !(sock->sk->sk_userlocks & SOCK_BINDPORT_LOCK);
}

static noinline int describe_sendmsg(const struct socket *sock, const struct msghdr *msg)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin_small(&event, TSEM_EVENT_SOCKET_SENDMSG, &r))
		return r;
	tsem_pack_sock(&event.cell, event.ns, sock->sk);
	tsem_pack_u8(&event.cell, names_peer(sock, msg));
	if (names_peer(sock, msg))
		r = tsem_pack_address(&event.cell, event.ns, msg->msg_name, msg->msg_namelen,
				      false);
	return tsem_event_end(&event, r);
}

static int hook_socket_sendmsg(struct socket *sock, struct msghdr *msg, int size)
{
	return tsem_is_modelled() ? describe_sendmsg(sock, msg) : 0;
}

static int two_socks(enum tsem_event_id id, const struct sock *sock, const struct sock *other)
{
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin_small(&event, id, &r))
		return r;
	tsem_pack_sock(&event.cell, event.ns, sock);
	tsem_pack_sock(&event.cell, event.ns, other);
	return tsem_event_end(&event, 0);
}

static int hook_unix_stream_connect(struct sock *sock, struct sock *other, struct sock *newsk)
{
	return two_socks(TSEM_EVENT_UNIX_STREAM_CONNECT, sock, other);
}

static int hook_unix_may_send(struct socket *sock, struct socket *other)
{
	return two_socks(TSEM_EVENT_UNIX_MAY_SEND, sock->sk, other->sk);
}

static int hook_netlink_send(struct sock *sk, struct sk_buff *skb)
{
	const struct netlink_skb_parms *parms = &NETLINK_CB(skb);
	struct user_namespace *to;
	struct tsem_event event __uninitialized;
	int r;

	if (!tsem_event_begin_small(&event, TSEM_EVENT_NETLINK_SEND, &r))
		return r;
	to = tsem_reference_userns(event.ns);
	tsem_pack_sock(&event.cell, event.ns, sk);
	tsem_pack_u32(&event.cell, from_kuid(to, parms->creds.uid));
	tsem_pack_u32(&event.cell, from_kgid(to, parms->creds.gid));
	tsem_pack_u32(&event.cell, parms->portid);
	tsem_pack_u32(&event.cell, parms->dst_group);
	tsem_pack_u32(&event.cell, parms->flags);
	tsem_pack_u8(&event.cell, parms->nsid_is_set);
	tsem_pack_u32(&event.cell, parms->nsid);
	return tsem_event_end(&event, 0);
}

static struct security_hook_list net_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(socket_create, hook_socket_create),
	LSM_HOOK_INIT(socket_post_create, hook_socket_post_create),
	LSM_HOOK_INIT(socket_socketpair, hook_socket_socketpair),
	LSM_HOOK_INIT(socket_connect, hook_socket_connect),
	LSM_HOOK_INIT(socket_bind, hook_socket_bind),
	LSM_HOOK_INIT(socket_accept, hook_socket_accept),
	LSM_HOOK_INIT(socket_listen, hook_socket_listen),
	LSM_HOOK_INIT(socket_sendmsg, hook_socket_sendmsg),
	LSM_HOOK_INIT(socket_recvmsg, hook_socket_recvmsg),
	LSM_HOOK_INIT(socket_getsockname, hook_socket_getsockname),
	LSM_HOOK_INIT(socket_getpeername, hook_socket_getpeername),
	LSM_HOOK_INIT(socket_setsockopt, hook_socket_setsockopt),
	LSM_HOOK_INIT(socket_shutdown, hook_socket_shutdown),
	LSM_HOOK_INIT(unix_stream_connect, hook_unix_stream_connect),
	LSM_HOOK_INIT(unix_may_send, hook_unix_may_send),
	LSM_HOOK_INIT(netlink_send, hook_netlink_send),
};

void __init tsem_add_net_hooks(void)
{
	security_add_hooks(net_hooks, ARRAY_SIZE(net_hooks), &tsem_lsmid);
}
