// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * constant.c - see constant.h. Those that are met with; whatever is not here is told by its
 * number. Of two names of one number the first is told.
 */
#include "constant.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "../libtsem/cleanup.h"

struct name {
	uint64_t value;
	const char *name;
};

#define NAME(constant)                                                                             \
	{                                                                                          \
		constant, #constant                                                                \
	}

static const struct name prctls[] = {
	NAME(PR_SET_PDEATHSIG),
	NAME(PR_GET_PDEATHSIG),
	NAME(PR_GET_DUMPABLE),
	NAME(PR_SET_DUMPABLE),
	NAME(PR_GET_KEEPCAPS),
	NAME(PR_SET_KEEPCAPS),
	NAME(PR_SET_NAME),
	NAME(PR_GET_NAME),
	NAME(PR_GET_SECCOMP),
	NAME(PR_SET_SECCOMP),
	NAME(PR_CAPBSET_READ),
	NAME(PR_CAPBSET_DROP),
	NAME(PR_GET_TSC),
	NAME(PR_SET_TSC),
	NAME(PR_GET_SECUREBITS),
	NAME(PR_SET_SECUREBITS),
	NAME(PR_SET_TIMERSLACK),
	NAME(PR_GET_TIMERSLACK),
	NAME(PR_MCE_KILL),
	NAME(PR_SET_MM),
	NAME(PR_SET_PTRACER),
	NAME(PR_GET_TID_ADDRESS),
	NAME(PR_SET_NO_NEW_PRIVS),
	NAME(PR_GET_NO_NEW_PRIVS),
	NAME(PR_SET_THP_DISABLE),
	NAME(PR_GET_THP_DISABLE),
	NAME(PR_SET_CHILD_SUBREAPER),
	NAME(PR_CAP_AMBIENT),
	NAME(PR_SET_VMA),
	NAME(PR_GET_SPECULATION_CTRL),
	NAME(PR_SCHED_CORE),
	NAME(PR_SET_IO_FLUSHER),
	NAME(PR_GET_CHILD_SUBREAPER),
	NAME(PR_SET_SPECULATION_CTRL),
};

static const struct name fcntls[] = {
	NAME(F_DUPFD),	    NAME(F_GETFD),	NAME(F_SETFD),	       NAME(F_GETFL),
	NAME(F_SETFL),	    NAME(F_GETLK),	NAME(F_SETLK),	       NAME(F_SETLKW),
	NAME(F_SETOWN),	    NAME(F_GETOWN),	NAME(F_SETSIG),	       NAME(F_GETSIG),
	NAME(F_SETLEASE),   NAME(F_GETLEASE),	NAME(F_NOTIFY),	       NAME(F_OFD_GETLK),
	NAME(F_OFD_SETLK),  NAME(F_OFD_SETLKW), NAME(F_DUPFD_CLOEXEC), NAME(F_SETPIPE_SZ),
	NAME(F_GETPIPE_SZ), NAME(F_ADD_SEALS),	NAME(F_GET_SEALS),
};

static const struct name ioctls[] = {
	NAME(TCGETS),	     NAME(TCSETS),	 NAME(TCSETSW),		NAME(TCSETSF),
	NAME(TCFLSH),	     NAME(TIOCGWINSZ),	 NAME(TIOCSWINSZ),	NAME(TIOCGPGRP),
	NAME(TIOCSPGRP),     NAME(TIOCSCTTY),	 NAME(TIOCNOTTY),	NAME(TIOCGSID),
	NAME(TIOCGPTN),	     NAME(TIOCSPTLCK),	 NAME(TIOCGPTPEER),	NAME(TIOCSTI),
	NAME(TIOCOUTQ),	     NAME(FIONREAD),	 NAME(FIONBIO),		NAME(FIOASYNC),
	NAME(FIOCLEX),	     NAME(FIONCLEX),	 NAME(FS_IOC_GETFLAGS), NAME(FS_IOC_SETFLAGS),
	NAME(FICLONE),	     NAME(FICLONERANGE), NAME(BLKGETSIZE64),	NAME(SIOCGIFNAME),
	NAME(SIOCGIFCONF),   NAME(SIOCGIFFLAGS), NAME(SIOCGIFADDR),	NAME(SIOCGIFMTU),
	NAME(SIOCGIFHWADDR), NAME(SIOCGIFINDEX),
};

static const struct name limits[] = {
	NAME(RLIMIT_CPU),     NAME(RLIMIT_FSIZE),    NAME(RLIMIT_DATA),	  NAME(RLIMIT_STACK),
	NAME(RLIMIT_CORE),    NAME(RLIMIT_RSS),	     NAME(RLIMIT_NPROC),  NAME(RLIMIT_NOFILE),
	NAME(RLIMIT_MEMLOCK), NAME(RLIMIT_AS),	     NAME(RLIMIT_LOCKS),  NAME(RLIMIT_SIGPENDING),
	NAME(RLIMIT_NICE),    NAME(RLIMIT_MSGQUEUE), NAME(RLIMIT_RTPRIO), NAME(RLIMIT_RTTIME),
};

static const struct name socket_options[] = {
	NAME(SO_DEBUG),	       NAME(SO_REUSEADDR),     NAME(SO_DONTROUTE),     NAME(SO_BROADCAST),
	NAME(SO_SNDBUF),       NAME(SO_RCVBUF),	       NAME(SO_KEEPALIVE),     NAME(SO_OOBINLINE),
	NAME(SO_PRIORITY),     NAME(SO_LINGER),	       NAME(SO_REUSEPORT),     NAME(SO_PASSCRED),
	NAME(SO_RCVLOWAT),     NAME(SO_SNDLOWAT),      NAME(SO_RCVTIMEO),      NAME(SO_SNDTIMEO),
	NAME(SO_BINDTODEVICE), NAME(SO_ATTACH_FILTER), NAME(SO_DETACH_FILTER), NAME(SO_TIMESTAMP),
	NAME(SO_PASSSEC),      NAME(SO_SNDBUFFORCE),   NAME(SO_RCVBUFFORCE),   NAME(SO_MARK),
	NAME(SO_BUSY_POLL),    NAME(SO_INCOMING_CPU),  NAME(SO_ATTACH_BPF),    NAME(SO_ZEROCOPY),
};

static const struct name tcp_options[] = {
	NAME(TCP_NODELAY),	NAME(TCP_MAXSEG),	 NAME(TCP_CORK),
	NAME(TCP_KEEPIDLE),	NAME(TCP_KEEPINTVL),	 NAME(TCP_KEEPCNT),
	NAME(TCP_SYNCNT),	NAME(TCP_LINGER2),	 NAME(TCP_DEFER_ACCEPT),
	NAME(TCP_WINDOW_CLAMP), NAME(TCP_QUICKACK),	 NAME(TCP_CONGESTION),
	NAME(TCP_MD5SIG),	NAME(TCP_USER_TIMEOUT),	 NAME(TCP_FASTOPEN),
	NAME(TCP_ULP),		NAME(TCP_NOTSENT_LOWAT), NAME(TCP_FASTOPEN_CONNECT),
};

static const struct name ipv4_options[] = {
	NAME(IP_TOS),
	NAME(IP_TTL),
	NAME(IP_HDRINCL),
	NAME(IP_OPTIONS),
	NAME(IP_PKTINFO),
	NAME(IP_RECVERR),
	NAME(IP_MTU_DISCOVER),
	NAME(IP_FREEBIND),
	NAME(IP_TRANSPARENT),
	NAME(IP_MULTICAST_IF),
	NAME(IP_MULTICAST_TTL),
	NAME(IP_MULTICAST_LOOP),
	NAME(IP_ADD_MEMBERSHIP),
	NAME(IP_DROP_MEMBERSHIP),
	NAME(IP_BIND_ADDRESS_NO_PORT),
};

static const struct name ipv6_options[] = {
	NAME(IPV6_V6ONLY),	   NAME(IPV6_RECVPKTINFO),    NAME(IPV6_UNICAST_HOPS),
	NAME(IPV6_RECVERR),	   NAME(IPV6_MULTICAST_HOPS), NAME(IPV6_MULTICAST_IF),
	NAME(IPV6_MULTICAST_LOOP), NAME(IPV6_JOIN_GROUP),     NAME(IPV6_LEAVE_GROUP),
	NAME(IPV6_TCLASS),	   NAME(IPV6_MTU_DISCOVER),
};

#define LIST(names)                                                                                \
	{                                                                                          \
		names, ARRAY_SIZE(names)                                                           \
	}

static const struct {
	const struct name *names;
	size_t count;
} lists[CONSTANT_KIND_COUNT] = {
	[CONSTANT_PRCTL] = LIST(prctls),
	[CONSTANT_FCNTL] = LIST(fcntls),
	[CONSTANT_IOCTL] = LIST(ioctls),
	[CONSTANT_LIMIT] = LIST(limits),
	[CONSTANT_SOCKET_OPTION] = LIST(socket_options),
	[CONSTANT_TCP_OPTION] = LIST(tcp_options),
	[CONSTANT_IPV4_OPTION] = LIST(ipv4_options),
	[CONSTANT_IPV6_OPTION] = LIST(ipv6_options),
};

const char *constant_name(enum constant_kind kind, uint64_t value)
{
	for (size_t i = 0; i < lists[kind].count; i++) {
		if (lists[kind].names[i].value == value)
			return lists[kind].names[i].name;
	}
	return NULL;
}
