// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * phrase.c - see phrase.h. Every text of an event is hostile: nothing of it is added
 * but through text_add_shown().
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../libtsem/cleanup.h"
#include "constant.h"
#include "phrase.h"

/* Longest path of a member inside its event. */
#define MEMBER_BYTES 128

/**
 * struct phrase - A phrase being made.
 * @type: Name of the event; the members of its CELL begin with it.
 */
struct phrase {
	const struct facts *record;
	const struct programs *programs;
	const char *type;
	struct text *text;
};

enum tsem_event_id phrase_event(const struct facts *record)
{
	const char *type = facts_get(record, "event.type");

	for (unsigned int i = 1; type && i < TSEM_EVENT_COUNT; i++) {
		if (!strcmp(tsem_events[i].name, type))
			return i;
	}
	return 0;
}

static const struct fact *find(const struct phrase *p, const char *member, const char *below)
{
	char path[2 * MEMBER_BYTES];
	int n = snprintf(path, sizeof(path), "%s.%s%s%s", p->type, member, *below ? "." : "",
			 below);

	return n > 0 && (size_t)n < sizeof(path) ? facts_find(p->record, path) : NULL;
}

/* 0 if it is not there, or is no number; bases as they are printed. */
static uint64_t number(const struct phrase *p, const char *member)
{
	const struct fact *fact = find(p, member, "");

	return fact ? strtoull(fact->value, NULL, 0) : 0;
}

static void add_fact(const struct phrase *p, const struct fact *fact)
{
	if (fact && fact->size)
		text_add_shown(p->text, fact->value, fact->size);
	else
		text_add_string(p->text, "(nothing)");
}

/* Functions of the templates. */

static void add_value(const struct phrase *p, const char *member)
{
	add_fact(p, find(p, member, ""));
}

/* FILE, MAPPED, DENTRY and SB have a PATH at different depths. */
static const struct fact *find_path(const struct phrase *p, const char *member)
{
	static const char *const below[] = { "path.pathname", "pathname", "dentry.path.pathname" };
	const struct fact *fact = NULL;

	for (size_t i = 0; !fact && i < ARRAY_SIZE(below); i++)
		fact = find(p, member, below[i]);
	return fact;
}

static void add_path(const struct phrase *p, const char *member)
{
	add_fact(p, find_path(p, member));
}

static void add_program(const struct phrase *p, const char *member)
{
	const struct fact *fact = find(p, member, "");
	const struct program *program = fact ? programs_find(p->programs, fact->value) : NULL;

	if (program)
		program_name(program, p->text);
	else
		text_add_string(p->text, "a process of unknown program");
}

/* Names in tables: what is not there is told by its number. */
struct name {
	uint64_t value;
	const char *name;
};

static void add_named(const struct phrase *p, const char *member, const struct name *names,
		      size_t count)
{
	uint64_t value = number(p, member);

	for (size_t i = 0; i < count; i++) {
		if (names[i].value == value) {
			text_add_string(p->text, names[i].name);
			return;
		}
	}
	add_value(p, member);
}

static void add_signal(const struct phrase *p, const char *member)
{
	const char *name = sigabbrev_np((int)number(p, member));

	if (name)
		text_format(p->text, "SIG%s", name);
	else
		add_value(p, member);
}

static void add_capability(const struct phrase *p, const char *member)
{
	static const char *const names[] = {
		"CHOWN",
		"DAC_OVERRIDE",
		"DAC_READ_SEARCH",
		"FOWNER",
		"FSETID",
		"KILL",
		"SETGID",
		"SETUID",
		"SETPCAP",
		"LINUX_IMMUTABLE",
		"NET_BIND_SERVICE",
		"NET_BROADCAST",
		"NET_ADMIN",
		"NET_RAW",
		"IPC_LOCK",
		"IPC_OWNER",
		"SYS_MODULE",
		"SYS_RAWIO",
		"SYS_CHROOT",
		"SYS_PTRACE",
		"SYS_PACCT",
		"SYS_ADMIN",
		"SYS_BOOT",
		"SYS_NICE",
		"SYS_RESOURCE",
		"SYS_TIME",
		"SYS_TTY_CONFIG",
		"MKNOD",
		"LEASE",
		"AUDIT_WRITE",
		"AUDIT_CONTROL",
		"SETFCAP",
		"MAC_OVERRIDE",
		"MAC_ADMIN",
		"SYSLOG",
		"WAKE_ALARM",
		"BLOCK_SUSPEND",
		"AUDIT_READ",
		"PERFMON",
		"BPF",
		"CHECKPOINT_RESTORE",
	};
	uint64_t cap = number(p, member);

	if (cap < ARRAY_SIZE(names))
		text_format(p->text, "CAP_%s", names[cap]);
	else
		add_value(p, member);
}

static void add_family(const struct phrase *p, const char *member)
{
	static const struct name names[] = {
		{ AF_UNIX, "UNIX" },	   { AF_INET, "IPv4" },		  { AF_INET6, "IPv6" },
		{ AF_NETLINK, "netlink" }, { AF_PACKET, "packet" },	  { AF_VSOCK, "vsock" },
		{ AF_ALG, "crypto" },	   { AF_BLUETOOTH, "Bluetooth" },
	};

	add_named(p, member, names, ARRAY_SIZE(names));
}

static void add_socket_type(const struct phrase *p, const char *member)
{
	static const struct name names[] = {
		{ SOCK_STREAM, "stream" },	 { SOCK_DGRAM, "datagram" }, { SOCK_RAW, "raw" },
		{ SOCK_SEQPACKET, "seqpacket" }, { SOCK_RDM, "rdm" },
	};

	add_named(p, member, names, ARRAY_SIZE(names));
}

/* A SOCK: "an IPv4 stream socket". */
static void add_socket(const struct phrase *p, const char *member)
{
	char family[MEMBER_BYTES], type[MEMBER_BYTES];

	(void)snprintf(family, sizeof(family), "%s.family", member);
	(void)snprintf(type, sizeof(type), "%s.type", member);
	text_add_string(p->text, "a socket (");
	add_family(p, family);
	text_add_string(p->text, " ");
	add_socket_type(p, type);
	text_add_string(p->text, ")");
}

static void add_ipv4(const struct phrase *p, const char *address, const char *port)
{
	struct in_addr in = { .s_addr = htonl((uint32_t)strtoull(address, NULL, 10)) };
	char shown[INET_ADDRSTRLEN];

	text_add_string(p->text, inet_ntop(AF_INET, &in, shown, sizeof(shown)) ?: "?");
	text_add_string(p->text, ":");
	text_add_shown(p->text, port, strlen(port));
}

static void add_ipv6(const struct phrase *p, const char *address, const char *port)
{
	struct in6_addr in = { 0 };
	char shown[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < sizeof(in.s6_addr) && strnlen(address + 2 * i, 2) == 2; i++) {
		const char digits[] = { address[2 * i], address[2 * i + 1], '\0' };

		in.s6_addr[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	text_format(p->text, "[%s]:", inet_ntop(AF_INET6, &in, shown, sizeof(shown)) ?: "?");
	text_add_shown(p->text, port, strlen(port));
}

static void add_unix(const struct phrase *p, const struct fact *address)
{
	if (!address->size) {
		text_add_string(p->text, "an unnamed UNIX socket");
		return;
	}
	text_add_string(p->text, "UNIX socket ");
	if (address->value[0])
		text_add_shown(p->text, address->value, address->size);
	else {
		text_add_string(p->text, "@");
		text_add_shown(p->text, address->value + 1, address->size - 1);
	}
}

/* ADDR and its kin: one of four forms. */
static void add_address(const struct phrase *p, const char *member)
{
	const struct fact *in = find(p, member, "af_inet.address");
	const struct fact *in6 = find(p, member, "af_inet6.address");
	const struct fact *un = find(p, member, "af_unix.address");
	const struct fact *port = find(p, member, in ? "af_inet.port" : "af_inet6.port");

	if (in && port)
		add_ipv4(p, in->value, port->value);
	else if (in6 && port)
		add_ipv6(p, in6->value, port->value);
	else if (un)
		add_unix(p, un);
	else if (find(p, member, "af_other.address"))
		text_add_string(p->text, "an address of another family");
	else
		text_add_string(p->text, "whoever is connected");
}

/* A FILE being opened: the verb follows from its flags. */
static void add_open(const struct phrase *p, const char *member)
{
	static const char *const access[] = {
		[O_RDONLY] = "reading",
		[O_WRONLY] = "writing",
		[O_RDWR] = "reading and writing",
		[O_ACCMODE] = "control",
	};
	char flags_member[MEMBER_BYTES], mode_member[MEMBER_BYTES];
	uint64_t flags;

	(void)snprintf(flags_member, sizeof(flags_member), "%s.flags", member);
	(void)snprintf(mode_member, sizeof(mode_member), "%s.inode.mode", member);
	flags = number(p, flags_member);
	if (flags & PHRASE_OPENED_FOR_EXEC) {
		text_add_string(p->text, "execute ");
		add_path(p, member);
	} else if (S_ISDIR(number(p, mode_member))) {
		text_add_string(p->text, "list directory ");
		add_path(p, member);
	} else {
		text_add_string(p->text, "open ");
		add_path(p, member);
		text_format(p->text, " for %s",
			    flags & O_APPEND && flags & O_ACCMODE ? "appending"
								  : access[flags & O_ACCMODE]);
	}
}

static void add_protection(const struct phrase *p, const char *member)
{
	uint64_t prot = number(p, member);

	text_format(p->text, "%s",
		    prot & PROT_EXEC	? "as code"
		    : prot & PROT_WRITE ? "writable"
					: "readable");
}

static void add_constant(const struct phrase *p, const char *member, enum constant_kind kind)
{
	const char *name = find(p, member, "") ? constant_name(kind, number(p, member)) : NULL;

	if (name)
		text_add_string(p->text, name);
	else
		add_value(p, member);
}

static void add_prctl(const struct phrase *p, const char *member)
{
	add_constant(p, member, CONSTANT_PRCTL);
}

static void add_fcntl(const struct phrase *p, const char *member)
{
	add_constant(p, member, CONSTANT_FCNTL);
}

static void add_ioctl(const struct phrase *p, const char *member)
{
	add_constant(p, member, CONSTANT_IOCTL);
}

static void add_limit(const struct phrase *p, const char *member)
{
	add_constant(p, member, CONSTANT_LIMIT);
}

/* Of the level beside it. */
static void add_option(const struct phrase *p, const char *member)
{
	static const struct {
		uint64_t level;
		enum constant_kind kind;
	} levels[] = {
		{ SOL_SOCKET, CONSTANT_SOCKET_OPTION },
		{ IPPROTO_TCP, CONSTANT_TCP_OPTION },
		{ IPPROTO_IP, CONSTANT_IPV4_OPTION },
		{ IPPROTO_IPV6, CONSTANT_IPV6_OPTION },
	};
	uint64_t level = number(p, "level");

	for (size_t i = 0; find(p, "level", "") && i < ARRAY_SIZE(levels); i++) {
		if (levels[i].level == level && constant_name(levels[i].kind, number(p, member))) {
			add_constant(p, member, levels[i].kind);
			return;
		}
	}
	add_value(p, member);
	text_add_string(p->text, " (level ");
	add_value(p, "level");
	text_add_string(p->text, ")");
}

static void add_mode(const struct phrase *p, const char *member)
{
	text_format(p->text, "%04o", (unsigned int)number(p, member) & 07777);
}

static const struct function {
	const char *name;
	void (*add)(const struct phrase *p, const char *member);
} functions[] = {
	{ "value", add_value },	     { "path", add_path },	 { "program", add_program },
	{ "signal", add_signal },    { "cap", add_capability },	 { "family", add_family },
	{ "type", add_socket_type }, { "socket", add_socket },	 { "address", add_address },
	{ "open", add_open },	     { "prot", add_protection }, { "mode", add_mode },
	{ "prctl", add_prctl },	     { "fcntl", add_fcntl },	 { "ioctl", add_ioctl },
	{ "limit", add_limit },	     { "option", add_option },
};

/* In braces: a function and the member that it is for. */
static const char *const templates[TSEM_EVENT_COUNT] = {
	[TSEM_EVENT_BPRM_COMMITTED_CREDS] = "become {path file}",
	[TSEM_EVENT_TASK_KILL] = "send {signal sig} to {program target}",
	[TSEM_EVENT_TASK_SETPGID] = "set the process group of {program task}",
	[TSEM_EVENT_TASK_GETPGID] = "ask for the process group of {program task}",
	[TSEM_EVENT_TASK_GETSID] = "ask for the session of {program task}",
	[TSEM_EVENT_TASK_SETNICE] = "set the priority of {program task} to {value nice}",
	[TSEM_EVENT_TASK_SETIOPRIO] = "set the I/O priority of {program task}",
	[TSEM_EVENT_TASK_GETIOPRIO] = "ask for the I/O priority of {program task}",
	[TSEM_EVENT_TASK_PRLIMIT] = "look at or set limits of another process",
	[TSEM_EVENT_TASK_SETRLIMIT] = "set limit {limit new_rlim.resource} of {program task}",
	[TSEM_EVENT_TASK_SETSCHEDULER] = "set the scheduling of {program task}",
	[TSEM_EVENT_TASK_GETSCHEDULER] = "ask for the scheduling of {program task}",
	[TSEM_EVENT_TASK_PRCTL] = "call prctl ({prctl option})",
	[TSEM_EVENT_FILE_OPEN] = "{open file}",
	[TSEM_EVENT_MMAP_FILE] = "map {path file} {prot prot}",
	[TSEM_EVENT_FILE_IOCTL] = "control {path file} (ioctl {ioctl cmd})",
	[TSEM_EVENT_FILE_LOCK] = "lock {path file}",
	[TSEM_EVENT_FILE_FCNTL] = "control the descriptor of {path file} (fcntl {fcntl cmd})",
	[TSEM_EVENT_FILE_RECEIVE] = "receive the opened file {path file}",
	[TSEM_EVENT_UNIX_STREAM_CONNECT] = "connect {socket sock} to another one of this machine",
	[TSEM_EVENT_UNIX_MAY_SEND] = "send from {socket sock} to another one of this machine",
	[TSEM_EVENT_SOCKET_CREATE] = "create a socket ({family family} {type type})",
	[TSEM_EVENT_SOCKET_CONNECT] = "connect to {address addr}",
	[TSEM_EVENT_SOCKET_BIND] = "bind a socket to {address addr}",
	[TSEM_EVENT_SOCKET_ACCEPT] = "accept a connection on {address addr}",
	[TSEM_EVENT_SOCKET_LISTEN] = "listen on {socket sock}",
	[TSEM_EVENT_SOCKET_SOCKETPAIR] = "create {socket socka} with its other end",
	[TSEM_EVENT_SOCKET_SENDMSG] = "send to {address addr}",
	[TSEM_EVENT_SOCKET_RECVMSG] = "receive from {socket sock}",
	[TSEM_EVENT_SOCKET_GETSOCKNAME] = "ask for the own address of {socket sock}",
	[TSEM_EVENT_SOCKET_GETPEERNAME] = "ask for the other address of {socket sock}",
	[TSEM_EVENT_SOCKET_SETSOCKOPT] = "set option {option optname} of {socket sock}",
	[TSEM_EVENT_SOCKET_SHUTDOWN] = "shut down {socket sock}",
	[TSEM_EVENT_PTRACE_TRACEME] = "be traced by {program source}",
	[TSEM_EVENT_KERNEL_MODULE_REQUEST] = "have the kernel load module {value kmod_name}",
	[TSEM_EVENT_KERNEL_LOAD_DATA] = "load data into the kernel (kind {value id})",
	[TSEM_EVENT_KERNEL_READ_FILE] = "load {path file} into the kernel",
	[TSEM_EVENT_SB_MOUNT] = "mount {value dev_name} on {path path}",
	[TSEM_EVENT_SB_UMOUNT] = "unmount {path mnt}",
	[TSEM_EVENT_SB_REMOUNT] = "remount {path sb}",
	[TSEM_EVENT_SB_PIVOTROOT] = "make {path new_path} the root directory",
	[TSEM_EVENT_SB_STATFS] = "look at the file system of {path dentry}",
	[TSEM_EVENT_MOVE_MOUNT] = "move the mount {path from_path} to {path to_path}",
	[TSEM_EVENT_SHM_ASSOCIATE] = "use shared memory",
	[TSEM_EVENT_SHM_SHMCTL] = "control shared memory",
	[TSEM_EVENT_SHM_SHMAT] = "attach shared memory",
	[TSEM_EVENT_SEM_ASSOCIATE] = "use a semaphore",
	[TSEM_EVENT_SEM_SEMCTL] = "control a semaphore",
	[TSEM_EVENT_SEM_SEMOP] = "change a semaphore",
	[TSEM_EVENT_SYSLOG] = "use the kernel log (action {value type})",
	[TSEM_EVENT_SETTIME] = "set the clock",
	[TSEM_EVENT_QUOTACTL] = "control quotas of {path sb}",
	[TSEM_EVENT_QUOTA_ON] = "switch on quotas with {path dentry}",
	[TSEM_EVENT_MSG_QUEUE_ASSOCIATE] = "use a message queue",
	[TSEM_EVENT_MSG_QUEUE_MSGCTL] = "control a message queue",
	[TSEM_EVENT_MSG_QUEUE_MSGSND] = "send to a message queue",
	[TSEM_EVENT_MSG_QUEUE_MSGRCV] = "receive from a message queue",
	[TSEM_EVENT_IPC_PERMISSION] = "use an IPC object of user {value ipcp.uid}",
	[TSEM_EVENT_KEY_ALLOC] = "make a key",
	[TSEM_EVENT_KEY_PERMISSION] = "use a key of user {value key_ref.uid}",
	[TSEM_EVENT_NETLINK_SEND] = "send a netlink message",
	[TSEM_EVENT_INODE_CREATE] = "create {path dentry} with mode {mode mode}",
	[TSEM_EVENT_INODE_LINK] = "link {path new_dentry} to {path old_dentry}",
	[TSEM_EVENT_INODE_UNLINK] = "remove {path dentry}",
	[TSEM_EVENT_INODE_SYMLINK] = "create the symbolic link {path dentry} to {value old_name}",
	[TSEM_EVENT_INODE_MKDIR] = "create directory {path dentry}",
	[TSEM_EVENT_INODE_RMDIR] = "remove directory {path dentry}",
	[TSEM_EVENT_INODE_MKNOD] = "create the special file {path dentry}",
	[TSEM_EVENT_INODE_RENAME] = "rename {path old_dentry} to {path new_dentry}",
	[TSEM_EVENT_INODE_SETATTR] = "change attributes of {path dentry}",
	[TSEM_EVENT_INODE_GETATTR] = "look at {path path}",
	[TSEM_EVENT_INODE_SETXATTR] = "set the attribute {value name} of {path dentry}",
	[TSEM_EVENT_INODE_GETXATTR] = "read the attribute {value name} of {path dentry}",
	[TSEM_EVENT_INODE_LISTXATTR] = "list the attributes of {path dentry}",
	[TSEM_EVENT_INODE_REMOVEXATTR] = "remove the attribute {value name} of {path dentry}",
	[TSEM_EVENT_INODE_KILLPRIV] = "take the privileges from {path dentry}",
	[TSEM_EVENT_TUN_DEV_CREATE] = "create a tunnel device",
	[TSEM_EVENT_TUN_DEV_ATTACH_QUEUE] = "attach a queue of a tunnel device",
	[TSEM_EVENT_TUN_DEV_ATTACH] = "attach a tunnel device",
	[TSEM_EVENT_TUN_DEV_OPEN] = "open a tunnel device",
	[TSEM_EVENT_BPF] = "call bpf (command {value cmd})",
	[TSEM_EVENT_BPF_MAP] = "use a BPF map",
	[TSEM_EVENT_BPF_PROG] = "use a BPF program",
	[TSEM_EVENT_PTRACE_ACCESS_CHECK] = "look into {program child} (ptrace)",
	[TSEM_EVENT_CAPABLE] = "use {cap cap}",
	[TSEM_EVENT_CAPGET] = "ask for the capabilities of {program target}",
	[TSEM_EVENT_CAPSET] = "set its capabilities to {value effective}",
	[TSEM_EVENT_FILE_IOCTL_COMPAT] = "control {path file} (ioctl {ioctl cmd})",
	[TSEM_EVENT_FILE_TRUNCATE] = "truncate {path file}",
	[TSEM_EVENT_TASK_ALLOC] = "start a process",
	[TSEM_EVENT_BPRM_CHECK_SECURITY] = "execute {path file}",
	[TSEM_EVENT_CRED_PREPARE] = "prepare new credentials",
	[TSEM_EVENT_PATH_TRUNCATE] = "truncate {path path}",
	[TSEM_EVENT_PATH_UNLINK] = "remove {path dentry}",
	[TSEM_EVENT_PATH_MKDIR] = "create directory {path dentry}",
	[TSEM_EVENT_PATH_RMDIR] = "remove directory {path dentry}",
	[TSEM_EVENT_PATH_SYMLINK] = "create the symbolic link {path dentry} to {value old_name}",
	[TSEM_EVENT_PATH_MKNOD] = "create {path dentry}",
	[TSEM_EVENT_PATH_LINK] = "link {path new_dentry} to {path old_dentry}",
	[TSEM_EVENT_PATH_RENAME] = "rename {path old_dentry} to {path new_dentry}",
	[TSEM_EVENT_FILE_MPROTECT] = "make memory of {path file} usable {prot prot}",
	[TSEM_EVENT_URING_OVERRIDE_CREDS] = "use other credentials through io_uring",
	[TSEM_EVENT_URING_SQPOLL] = "have the kernel poll io_uring",
	[TSEM_EVENT_URING_CMD] = "control {path file} through io_uring",
	[TSEM_EVENT_USERNS_CREATE] = "create a user namespace",
	[TSEM_EVENT_PERF_EVENT_OPEN] = "measure performance (perf_event_open)",
	[TSEM_EVENT_BPF_PROG_LOAD] = "load the BPF program {value name}",
	[TSEM_EVENT_BPF_TOKEN_CREATE] = "create a BPF token for {path path}",
	[TSEM_EVENT_TASK_FIX_SETUID] = "become user {value cred.uid} (effective {value cred.euid})",
	[TSEM_EVENT_TASK_FIX_SETGID] =
		"become group {value cred.gid} (effective {value cred.egid})",
	[TSEM_EVENT_TASK_FIX_SETGROUPS] = "set its {value count} supplementary groups",
	[TSEM_EVENT_PATH_CHROOT] = "make {path path} its root directory",
	[TSEM_EVENT_INODE_SET_ACL] = "set the access list of {path dentry}",
	[TSEM_EVENT_INODE_REMOVE_ACL] = "remove the access list of {path dentry}",
	[TSEM_EVENT_KERNEL_POST_LOAD_DATA] = "load {value description} into the kernel",
	[TSEM_EVENT_SB_KERN_MOUNT] = "have {path sb} mounted",
};

const char *phrase_template(enum tsem_event_id event)
{
	return templates[event];
}

static const struct function *find_function(const char *name, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		if (strlen(functions[i].name) == size && !memcmp(functions[i].name, name, size))
			return &functions[i];
	}
	return NULL;
}

int phrase_is_function(const char *name, size_t size)
{
	return find_function(name, size) != NULL;
}

/* What stands in braces, from behind the first to before the last. */
static void apply(const struct phrase *p, const char *call, size_t size)
{
	size_t name_size = strcspn(call, " ");
	const struct function *function = find_function(call, name_size);
	char member[MEMBER_BYTES];

	/* Templates are ours and tested; a bad one tells less, and that is all. */
	if (!function || name_size >= size || size - name_size > sizeof(member))
		return;
	memcpy(member, call + name_size + 1, size - name_size - 1);
	member[size - name_size - 1] = '\0';
	function->add(p, member);
}

static void apply_template(const struct phrase *p, const char *template)
{
	while (*template) {
		size_t plain = strcspn(template, "{"), call;

		text_add(p->text, template, plain);
		template += plain;
		if (!*template)
			return;
		call = strcspn(++template, "}");
		apply(p, template, call);
		template += call + (template[call] ? 1 : 0);
	}
}

static bool is_below(const char *path, const char *type, const char *end)
{
	size_t type_size = strlen(type), size = strlen(path), end_size = strlen(end);

	return !strncmp(path, type, type_size) && path[type_size] == '.' && size > end_size &&
	       !strcmp(path + size - end_size, end);
}

const struct fact *phrase_object(const struct facts *record)
{
	static const char *const ends[] = { ".pathname", ".address", ".kmod_name", ".name" };
	const char *type = facts_get(record, "event.type");

	for (size_t e = 0; type && e < ARRAY_SIZE(ends); e++) {
		for (size_t i = 0; i < record->count; i++) {
			if (is_below(record->list[i].path, type, ends[e]))
				return &record->list[i];
		}
	}
	return NULL;
}

const struct fact *phrase_counted_object(const struct facts *record)
{
	const char *type = facts_get(record, "event.type");

	for (size_t i = 0; type && i < record->count; i++) {
		if (is_below(record->list[i].path, type, ".scratch"))
			return NULL;
	}
	return phrase_object(record);
}

void phrase_add(const struct facts *record, const struct programs *programs, struct text *text)
{
	const char *type = facts_get(record, "event.type");
	enum tsem_event_id event = phrase_event(record);
	const struct phrase p = { record, programs, type, text };
	const struct fact *object = phrase_object(record);

	if (event && templates[event]) {
		apply_template(&p, templates[event]);
		return;
	}
	text_add_shown(text, type ?: "?", strlen(type ?: "?"));
	if (object) {
		text_add_string(text, " ");
		text_add_shown(text, object->value, object->size);
	}
}
